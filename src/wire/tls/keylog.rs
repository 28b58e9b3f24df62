//! Takes lines of a key log, gives labels, what they are found by, and secrets.
//!
//! The NSS key log format as RFC 9850 fixed it, and the older forms `RSA`, `RSA Session-ID:` and
//! `PMS_CLIENT_RANDOM` that Wireshark reads. Lines end with LF, CRLF or CR; `#` begins a comment; labels
//! and hex may be of any case. UTF-16 with a byte order mark (what PowerShell's `>` writes) is read too.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::base::{lossy, utf8};

/// A secret that is found by the client random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Label {
    /// `CLIENT_RANDOM`: master secret of SSL 3.0 to TLS 1.2.
    Master,
    /// `PMS_CLIENT_RANDOM`: premaster secret.
    Premaster,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`.
    ClientEarly,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`.
    ClientTraffic,
    /// `SERVER_TRAFFIC_SECRET_0`.
    ServerTraffic,
}

impl Label {
    /// The word in the file.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Master => "CLIENT_RANDOM",
            Self::Premaster => "PMS_CLIENT_RANDOM",
            Self::ClientEarly => "CLIENT_EARLY_TRAFFIC_SECRET",
            Self::ClientHandshake => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            Self::ServerHandshake => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            Self::ClientTraffic => "CLIENT_TRAFFIC_SECRET_0",
            Self::ServerTraffic => "SERVER_TRAFFIC_SECRET_0",
        }
    }

    const ALL: [Self; 7] = [
        Self::Master,
        Self::Premaster,
        Self::ClientEarly,
        Self::ClientHandshake,
        Self::ServerHandshake,
        Self::ClientTraffic,
        Self::ServerTraffic,
    ];
}

/// Labels that are known and of no use here: exporters, Encrypted ClientHello, QUIC.
const IGNORED: [&str; 5] =
    ["EXPORTER_SECRET", "EARLY_EXPORTER_SECRET", "ECH_SECRET", "ECH_CONFIG", "TLS_EXPORTER"];

/// How others begin: QUIC, and what KeyUpdates lead to, which follows from the secrets before them. OpenSSL writes
/// `CLIENT_TRAFFIC_SECRET_N` for each.
const IGNORED_BEGINNINGS: [&str; 3] = ["QUIC_", "CLIENT_TRAFFIC_SECRET_", "SERVER_TRAFFIC_SECRET_"];

/// What one line says.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A secret by client random.
    ByRandom(Label, [u8; 32], Zeroizing<Vec<u8>>),
    /// `RSA`: premaster secret by the first eight bytes of the encrypted one.
    ByEncrypted([u8; 8], Zeroizing<Vec<u8>>),
    /// `RSA Session-ID:… Master-Key:…`.
    BySession(Vec<u8>, Zeroizing<Vec<u8>>),
    /// Known, and of no use.
    Ignored,
}

/// Reads one line; `None` for one that is not understood.
pub(super) fn line(text: &str) -> Option<Line> {
    let mut words = text.split_ascii_whitespace();
    let label = words.next()?;
    let is = |name: &str| label.eq_ignore_ascii_case(name);
    let begins = |with: &str| after(label, with).is_some();
    let known = Label::ALL.iter().any(|label| is(label.name()));
    if IGNORED.iter().any(|name| is(name)) || !known && IGNORED_BEGINNINGS.into_iter().any(begins) {
        return Some(Line::Ignored);
    }
    let first = words.next()?;
    let second = words.next()?;
    if words.next().is_some() {
        return None;
    }
    if is("RSA") {
        if let (Some(id), Some(key)) = (after(first, "Session-ID:"), after(second, "Master-Key:")) {
            return Some(Line::BySession(hex(id)?.to_vec(), secret(key, 48..=48)?));
        }
        return Some(Line::ByEncrypted(hex(first)?.as_slice().try_into().ok()?, secret(second, 48..=48)?));
    }
    let label = Label::ALL.into_iter().find(|label| is(label.name()))?;
    let lengths = match label {
        Label::Master => 48..=48,
        Label::Premaster => 1..=1024,
        _ => 32..=48,
    };
    Some(Line::ByRandom(label, hex(first)?.as_slice().try_into().ok()?, secret(second, lengths)?))
}

fn after<'a>(word: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = word.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn secret(word: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<Zeroizing<Vec<u8>>> {
    hex(word).filter(|bytes| lengths.contains(&bytes.len()))
}

/// Values of hexadecimal digits, `0xff` for what is none: key logs are mostly digits.
const DIGITS: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut value = 0;
    while value < 16_u8 {
        let digit = b"0123456789abcdef"[value as usize];
        table[digit as usize] = value;
        table[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    table
};

fn hex(word: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = word.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    let mut seen = 0;
    bytes.extend(pairs.iter().map(|&[high, low]| {
        let (high, low) = (DIGITS[high as usize], DIGITS[low as usize]);
        seen |= high | low;
        high << 4 | low
    }));
    (seen <= 0x0f).then_some(bytes)
}

/// The text of a key log: byte order marks removed, UTF-16 turned into UTF-8.
pub(super) fn text(bytes: &[u8]) -> Zeroizing<String> {
    match utf8::text(bytes) {
        Cow::Borrowed(text) => Zeroizing::new(lossy(text).into_owned()),
        // What is converted holds the secrets, too.
        Cow::Owned(text) => Zeroizing::new(lossy(&Zeroizing::new(text)).into_owned()),
    }
}

/// The lines that say something: neither empty nor comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let all = std::iter::from_fn(move || {
        let text = rest.take()?;
        let end = memchr::memchr2(b'\n', b'\r', text.as_bytes());
        let line = end.and_then(|end| text.get(..end)).unwrap_or(text);
        rest = end.and_then(|end| text.get(end + 1..));
        Some(line)
    });
    all.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_every_kind_and_case_are_read() {
        let random = "AB".repeat(32);
        let master = "cd".repeat(48);
        let by_random =
            |label, bytes: usize| Some(Line::ByRandom(label, [0xab; 32], vec![0xcd; bytes].into()));
        assert!(line(&format!("CLIENT_RANDOM {random} {master}")) == by_random(Label::Master, 48));
        assert!(line(&format!("client_random\t{random}  {master}")) == by_random(Label::Master, 48));
        let traffic = "Cd".repeat(32);
        assert!(
            line(&format!("SERVER_TRAFFIC_SECRET_0 {random} {traffic}"))
                == by_random(Label::ServerTraffic, 32)
        );
        assert!(
            line(&format!("RSA Session-ID:0102 Master-Key:{master}"))
                == Some(Line::BySession(vec![1, 2], vec![0xcd; 48].into()))
        );
        assert!(
            line(&format!("RSA 0102030405060708 {master}"))
                == Some(Line::ByEncrypted([1, 2, 3, 4, 5, 6, 7, 8], vec![0xcd; 48].into()))
        );
        assert!(line("QUIC_SERVER_TRAFFIC_SECRET_0 ab cd") == Some(Line::Ignored));
        for generation in ["N", "1", "17"] {
            let text = format!("CLIENT_TRAFFIC_SECRET_{generation} {random} {traffic}");
            assert!(line(&text) == Some(Line::Ignored), "{text}");
        }
    }

    #[test]
    fn broken_lines_are_not_understood() {
        let random = "ab".repeat(32);
        for text in [
            "CLIENT_RANDOM",
            &format!("CLIENT_RANDOM {random} abc"),
            &format!("CLIENT_RANDOM {random} zz"),
            &format!("CLIENT_RANDOM {random} {}", "cd".repeat(47)),
            &format!("UNKNOWN_LABEL {random} {}", "cd".repeat(48)),
            &format!("CLIENT_TRAFFIC_SECRET_0 {random} abc"),
            "é è ê",
        ] {
            assert!(line(text).is_none(), "{text}");
        }
    }

    #[test]
    fn comments_carriage_returns_and_utf_16_do_not_disturb() {
        let text = text(b"\xff\xfe#\0 \0x\0\r\0\n\0a\0\r\0\n\0b\0");
        assert_eq!(lines(&text).collect::<Vec<_>>(), ["a", "b"]);
        let plain = "# x\r\nCLIENT_RANDOM a b\r\n";
        let little: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bare in [little, big] {
            assert_eq!(*super::text(&bare), plain, "without a byte order mark");
        }
    }
}
