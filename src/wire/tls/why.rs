//! Takes a connection that stayed closed, gives one line: why, and what to supply.

use super::half::{Half, State};
use super::keylog::Label;
use super::suites::{CipherSuite, KeyExchange};
use super::{Tls, Version};
use crate::limits;

/// Why a direction was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// No secret is known.
    NoKeys,
    /// The cipher is none that is opened here.
    Unsupported,
    /// TLS compression.
    Compressed,
    /// Without the server's random there are no keys, up to TLS 1.2.
    ServerHelloLost,
    /// Without the client's random there are no keys.
    ClientHelloLost,
    /// Neither hello was captured.
    Midway,
    /// More ciphertext waited than the bound allows.
    WaitedTooLong {
        /// Too much of all connections together, not of this one.
        all: bool,
    },
    /// RC4 after a loss.
    StreamCipherLost,
}

impl Tls {
    /// The line, when a direction carried application data of which nothing was opened.
    pub(super) fn explain(&self) -> Option<String> {
        let closed = |half: &Half| half.protected && !half.opened_data() && !half.waits_with_keys();
        if !self.halves.iter().any(closed) {
            return None;
        }
        let mut parts = Vec::new();
        match &self.ledger.client_random {
            Some(random) => parts.push(format!("client random {random}")),
            None => parts.push("ClientHello not captured".to_owned()),
        }
        if let Some(version) = self.version() {
            parts.push(version.to_string());
        }
        if let Some(suite) = self.cipher_suite() {
            parts.push(suite.to_string());
        }
        Some(format!("{}: {}", parts.join(", "), self.particulars()))
    }

    fn cipher_suite(&self) -> Option<CipherSuite> {
        let server = self.negotiations.iter().rev().find_map(|negotiation| negotiation.server.as_ref());
        self.suite13.or(server.map(|hello| hello.suite))
    }

    /// Whether hellos are missing, without which no key is found or used up to TLS 1.2.
    pub(super) fn hello_lost(&self) -> bool {
        matches!(self.cause(), Reason::ServerHelloLost | Reason::ClientHelloLost | Reason::Midway)
    }

    fn cause(&self) -> Reason {
        let seen = |hello: fn(&super::negotiation::Negotiation) -> bool| self.negotiations.iter().any(hello);
        let (client, server) = (seen(|one| one.client.is_some()), seen(|one| one.server.is_some()));
        self.reason.unwrap_or(match (client, server) {
            (false, false) => Reason::Midway,
            (false, true) => Reason::ClientHelloLost,
            (true, false) if self.halves.iter().any(|half| half.holes) => Reason::ServerHelloLost,
            (true, _) => Reason::NoKeys,
        })
    }

    fn particulars(&self) -> String {
        match self.cause() {
            Reason::NoKeys => self.missing(),
            Reason::Unsupported => {
                "this cipher is not supported; record again with AES or ChaCha20, or export HAR or SAZ".to_owned()
            }
            Reason::Compressed => {
                "TLS compression is not supported; record again with compression off".to_owned()
            }
            Reason::ServerHelloLost => "the ServerHello was not captured: up to TLS 1.2 its random is part of \
                                              the keys, so the connection cannot be opened, and no TLS 1.3 traffic \
                                              secret for this client random is in the key logs; record again from \
                                              the start of the connection"
                .to_owned(),
            Reason::ClientHelloLost => {
                "without its random no key can be found; record again from the start of the connection".to_owned()
            }
            Reason::Midway => "the capture starts in the middle of the connection, and no TLS 1.3 traffic \
                                     secret opens it; record again from the start of the connection, or give all files \
                                     of one recording together"
                .to_owned(),
            Reason::WaitedTooLong { all } => self.waited(all),
            Reason::StreamCipherLost => {
                "bytes were lost, and RC4 cannot go on after a loss; record again without loss".to_owned()
            }
        }
    }

    /// Ciphertext was let go before its keys came, if they came.
    fn waited(&self, all: bool) -> String {
        let random = self.negotiations.iter().find_map(|one| Some(one.client.as_ref()?.random));
        let late = random.is_some_and(|random| !self.secrets.labels(&random).is_empty());
        let what = match late {
            true => "its keys came too late: more ciphertext stood before them than is kept",
            false => "too much ciphertext waited for keys that were not there yet",
        };
        let kept = match all {
            true => format!("({} MiB in all) (limit TLS_WAITING_TOTAL)", limits::TLS_WAITING_TOTAL >> 20),
            false => format!("({} MiB a connection) (limit TLS_WAITING)", limits::TLS_WAITING >> 20),
        };
        format!(
            "{what} {kept}; give the keys as a key log file with --keylog, or the capture as a \
             file, which is looked through for keys first: standard input cannot be"
        )
    }

    /// Which lines were looked for, and where.
    fn missing(&self) -> String {
        let (keylogs, key_files) = self.secrets.sources();
        let tls13 = self.version().is_some_and(|version| version >= Version::TLS13);
        let random =
            self.negotiations.iter().find_map(|negotiation| Some(negotiation.client.as_ref()?.random));
        let there = random.map(|random| self.secrets.labels(&random)).unwrap_or_default();
        let wanted: &[Label] = if tls13 {
            &[Label::ClientHandshake, Label::ServerHandshake, Label::ClientTraffic, Label::ServerTraffic]
        } else {
            &[Label::Master, Label::Premaster]
        };
        let absent: Vec<&str> =
            wanted.iter().filter(|label| !there.contains(label)).map(|label| label.name()).collect();
        let found_but_wrong = if tls13 { absent.is_empty() } else { absent.len() < wanted.len() };
        let sources = listed("key log", &keylogs);
        if found_but_wrong || self.ledger.records_failed > 0 {
            return format!(
                "the secrets in {sources} for this client random do not open its records; give the key log that \
                 was written while this was recorded"
            );
        }
        let mut line = format!("no {} line for this client random in {sources}", absent.join(" or "));
        let rsa = self.cipher_suite().and_then(CipherSuite::row).map(|suite| suite.key_exchange);
        let rsa = rsa == Some(KeyExchange::Rsa) && !tls13;
        if !key_files.is_empty() {
            let exchange = if rsa { "does not fit" } else { "cannot open this key exchange" };
            line.push_str(&format!(", and {} {exchange}", listed("server key", &key_files)));
        }
        line.push_str("; supply the key log (SSLKEYLOGFILE) of the client or the server with --keylog");
        if rsa {
            line.push_str(", or the server's RSA private key with --tls-key");
        }
        line
    }
}

/// `no key log`, `1 key log (a)`, `2 key logs (a, b)`; at most four names.
fn listed(what: &str, names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { ", …" } else { "" };
    match names.len() {
        0 => format!("no {what} (none was given)"),
        1 => format!("1 {what} ({shown})"),
        count => format!("{count} {what}s ({shown}{more})"),
    }
}

impl Half {
    /// Whether any of its records was opened with the keys of application data.
    pub(super) fn opened_data(&self) -> bool {
        self.opened_application
    }

    /// Whether its present keys are those of application data.
    pub(super) fn at_application_level(&self) -> bool {
        match &self.state {
            State::Legacy { .. } => true,
            State::Modern(modern) => modern.level != super::half::Level::Handshake,
            State::Clear | State::Dead => false,
        }
    }

    fn waits_with_keys(&self) -> bool {
        self.outer_end.is_none() && self.waiting.is_empty() && matches!(self.state, State::Clear)
    }
}

/// The name of an alert (RFC 8446 6), with its number.
pub(super) fn alert(description: u8) -> String {
    let name = match description {
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unknown alert",
    };
    format!("{name} ({description})")
}
