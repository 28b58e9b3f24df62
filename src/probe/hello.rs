//! Takes a connected line and a version, sends a ClientHello that offers everything up to it, gives what
//! the server chose and the certificates it showed in the clear. For servers that current clients do not
//! speak to. RFC 2246, 4346, 5246; the handshake is never finished.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384, ECDH_P521, EphemeralPrivateKey, X25519};
use aws_lc_rs::rand::SystemRandom;
use bytes::Bytes;

use super::dial::{Line, reason};
use crate::limits;
use crate::wire::stream::{Chunk, Direction, FrameRef, StreamEvent};
use crate::wire::tls::secrets::Secrets;
use crate::wire::tls::suites::{CipherSuite, KeyExchange, TLS13, known, offered};
use crate::wire::tls::{Tls, Version};

/// What a server chose.
pub(super) struct Chosen {
    pub(super) version: String,
    pub(super) suite: String,
    pub(super) certificates: Vec<Bytes>,
}

/// What a hello is to learn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Version and suite.
    Hello,
    /// The certificates too.
    Certificates,
}

/// Every suite with a certificate that hides anything, old before unusual ones. TLS 1.3 has suites of its own.
pub(super) fn usual(version: Version) -> Vec<CipherSuite> {
    use KeyExchange::{Dhe, Ecdhe, Rsa};
    if version >= Version::TLS13 {
        return TLS13.to_vec();
    }
    offered(|suite| matches!(suite.key_exchange, Ecdhe | Dhe | Rsa))
}

/// The others that need nothing but a certificate, or not even that: without encryption, without
/// authentication, with ciphers that are not opened here.
pub(super) fn unusual(version: Version) -> Vec<CipherSuite> {
    use KeyExchange::{Anon, Dhe, Ecdhe, Rsa};
    if version >= Version::TLS13 {
        return Vec::new();
    }
    let usual = usual(version);
    let mut all = known(|suite| matches!(suite.key_exchange, Ecdhe | Dhe | Rsa | Anon));
    // TLS_NULL_WITH_NULL_NULL is never negotiated (RFC 5246 A.5).
    all.retain(|suite| suite.0 != 0 && !usual.contains(suite));
    all
}

/// Offers `suites` in versions up to `version`; in TLS 1.3 alone where that is the version.
pub(super) fn offer(
    mut line: Line,
    host: &str,
    version: Version,
    suites: &[CipherSuite],
    until: Until,
) -> Result<Chosen, String> {
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| "no random numbers".to_owned())?;
    let shares = if version >= Version::TLS13 { key_shares()? } else { Vec::new() };
    let hello = client_hello(version, random, host, suites, &shares);
    line.write_all(&hello).map_err(|error| reason(&error))?;
    let mut tls = Tls::new(Arc::new(Secrets::default()));
    let frame = [FrameRef { number: 0, time: None }];
    let mut ignore = |_: Direction, _: StreamEvent<'_>| {};
    tls.push(Direction::Sent, StreamEvent::Data(Chunk { bytes: &hello, frames: &frame }), &mut ignore);
    let mut buffer = [0; 8192];
    let mut total = 0;
    loop {
        let count = match line.read(&mut buffer) {
            Ok(count) => count,
            Err(error) => return chosen(&tls).ok_or_else(|| reason(&error)),
        };
        if let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) {
            tls.push(Direction::Received, StreamEvent::Data(Chunk { bytes, frames: &frame }), &mut ignore);
        }
        let ledger = tls.ledger();
        if let Some(alert) = ledger.alert {
            return Err(format!("TLS alert: {alert}"));
        }
        if (until == Until::Hello || !ledger.facts.certificates.is_empty())
            && let Some(chosen) = chosen(&tls)
        {
            return Ok(chosen);
        }
        total += count;
        if count == 0 || total > limits::TLS_HANDSHAKE_BYTES {
            let none =
                if total == 0 { "the server closed the connection" } else { "the answer is no ServerHello" };
            return chosen(&tls).ok_or_else(|| none.to_owned());
        }
    }
}

fn chosen(tls: &Tls) -> Option<Chosen> {
    let facts = tls.facts();
    Some(Chosen {
        version: facts.version.clone()?,
        suite: facts.cipher.clone()?,
        certificates: facts.certificates.clone(),
    })
}

/// A share of every group that is offered (RFC 8446 4.2.8), so that no server asks for another hello.
fn key_shares() -> Result<Vec<u8>, String> {
    let mut shares = Vec::new();
    for (group, algorithm) in [(29, &X25519), (23, &ECDH_P256), (24, &ECDH_P384), (25, &ECDH_P521)] {
        let key = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new())
            .and_then(|key| key.compute_public_key())
            .map_err(|_| "no key for TLS 1.3".to_owned())?;
        extension(&mut shares, group, key.as_ref());
    }
    Ok(shares)
}

/// One record with one ClientHello, with the extensions without which servers refuse.
fn client_hello(
    version: Version,
    random: [u8; 32],
    host: &str,
    suites: &[CipherSuite],
    shares: &[u8],
) -> Vec<u8> {
    let mut suites = suites.to_vec();
    // Renegotiation is safe (RFC 5746); old servers want to hear it.
    suites.push(CipherSuite(0x00ff));
    let mut extensions = Vec::new();
    if host.parse::<std::net::IpAddr>().is_err() {
        let name = vector16(&[&[0], &vector16(host.as_bytes())[..]].concat());
        extension(&mut extensions, 0, &name);
    }
    // Groups: P-256, P-384, P-521, X25519; points uncompressed.
    extension(&mut extensions, 10, &vector16(&[0, 23, 0, 24, 0, 25, 0, 29]));
    extension(&mut extensions, 11, &[1, 0]);
    if version >= Version::TLS12 {
        // RSA, ECDSA and DSA with SHA-2 and SHA-1, and RSA-PSS.
        let algorithms = [4, 1, 5, 1, 6, 1, 4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 2, 1, 2, 3, 2, 2];
        extension(&mut extensions, 13, &vector16(&algorithms));
    }
    extension(&mut extensions, 23, &[]);
    if version >= Version::TLS13 {
        // The hello itself names TLS 1.2 then (RFC 8446 4.1.2).
        extension(&mut extensions, 43, &[&[2], &Version::TLS13.0.to_be_bytes()[..]].concat());
        extension(&mut extensions, 51, &vector16(shares));
    }
    let mut body = version.min(Version::TLS12).0.to_be_bytes().to_vec();
    body.extend(random);
    body.push(0);
    body.extend(vector16(&suites.iter().flat_map(|suite| suite.0.to_be_bytes()).collect::<Vec<_>>()));
    body.extend([1, 0]);
    // Some load balancers hang on hellos of 256 to 511 bytes (RFC 7685): header and two lengths are 10.
    let length = body.len() + extensions.len() + 10;
    if (256..512).contains(&length) {
        extension(&mut extensions, 21, &vec![0; 512 - length]);
    }
    body.extend(vector16(&extensions));
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let message = [&[1, length[1], length[2], length[3]][..], &body].concat();
    // The record names TLS 1.0, as clients do: what stands in the hello counts.
    [&[22, 3, 1][..], &vector16(&message)].concat()
}

/// Bytes behind a length of two bytes.
fn vector16(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn extension(extensions: &mut Vec<u8>, number: u16, data: &[u8]) {
    extensions.extend(number.to_be_bytes());
    extensions.extend(vector16(data));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_is_one_record_that_fits_old_servers() {
        let hello = client_hello(Version::TLS12, [7; 32], "mail.contoso.com", &usual(Version::TLS12), &[]);
        assert_eq!(hello.get(..3), Some(&[22, 3, 1][..]));
        assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
        assert!(!(256..512).contains(&(hello.len() - 5)), "{}", hello.len());
    }
}
