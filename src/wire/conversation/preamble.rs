//! Takes the first bytes of both directions, says what is spoken, and how long a proxy's preamble is.
//!
//! PROXY protocol (haproxy's `proxy-protocol.txt`, versions 1 and 2), SOCKS 4, 4a and 5 (RFC 1928, 1929).

use crate::base::Reader;
use crate::wire::http::{h1::Http1, h2::Http2};
use crate::wire::stream::Direction;
use crate::wire::tls::Tls;

/// What the first bytes of a stream are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recognised {
    /// TLS records.
    Tls,
    /// HTTP/1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// So many bytes of each direction are a proxy's; what follows is to be recognised anew.
    Preamble([usize; 2]),
    /// None of these.
    Other,
    /// Too few bytes to tell.
    Unclear,
}

/// Recognises what one direction begins with, preambles aside.
pub(super) fn direction(direction: Direction, bytes: &[u8]) -> Recognised {
    if bytes.is_empty() {
        return Recognised::Unclear;
    }
    // HTTP/2 before HTTP/1: its preface looks like a request line.
    let answers = [
        (Recognised::Tls, Tls::recognise(bytes)),
        (Recognised::Http2, Http2::recognise(direction, bytes)),
        (Recognised::Http1, Http1::recognise(direction, bytes)),
    ];
    if let Some((what, _)) = answers.iter().find(|(_, answer)| *answer == Some(true)) {
        return *what;
    }
    if answers.iter().any(|(_, answer)| answer.is_none()) { Recognised::Unclear } else { Recognised::Other }
}

/// Recognises what a whole stream begins with.
pub(super) fn stream(sent: &[u8], received: &[u8]) -> Recognised {
    match proxy_protocol(sent) {
        Some(Some(length)) => return Recognised::Preamble([length, 0]),
        Some(None) => return Recognised::Unclear,
        None => {}
    }
    match socks(sent, received) {
        Some(Some(lengths)) => return Recognised::Preamble(lengths),
        Some(None) => return Recognised::Unclear,
        None => {}
    }
    // A server may answer in HTTP to something that is not.
    match (direction(Direction::Sent, sent), direction(Direction::Received, received)) {
        (Recognised::Other, answer) => answer,
        (Recognised::Unclear, Recognised::Other) => Recognised::Unclear,
        (Recognised::Unclear, answer) => answer,
        (answer, _) => answer,
    }
}

const PROXY_V2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// `None`: not a PROXY header. `Some(None)`: perhaps, more bytes are needed. Else its length.
fn proxy_protocol(sent: &[u8]) -> Option<Option<usize>> {
    if sent.is_empty() {
        return None;
    }
    let begins = |with: &[u8]| sent.iter().zip(with).all(|(a, b)| a == b);
    if begins(PROXY_V2) {
        let mut reader = Reader::new(sent);
        let length = reader.skip(14).and_then(|()| reader.u16());
        let whole = length.map(|length| 16 + usize::from(length));
        return Some(whole.filter(|whole| *whole <= sent.len()));
    }
    if begins(b"PROXY ") {
        // At most 107 bytes with the line end.
        let line = sent.iter().take(107).position(|byte| *byte == b'\n');
        return match line {
            Some(end) => Some(Some(end + 1)),
            None if sent.len() < 107 => Some(None),
            None => None,
        };
    }
    None
}

/// The same for a SOCKS negotiation, with the lengths of both directions.
fn socks(sent: &[u8], received: &[u8]) -> Option<Option<[usize; 2]>> {
    match sent.first()? {
        4 => socks4(sent, received),
        5 => socks5(sent, received),
        _ => None,
    }
}

fn socks4(sent: &[u8], received: &[u8]) -> Option<Option<[usize; 2]>> {
    let mut reader = Reader::new(sent);
    reader.skip(1)?;
    let Some(command) = reader.u8() else { return Some(None) };
    if !matches!(command, 1 | 2) {
        return None;
    }
    let (Some(_port), Some(address)) = (reader.u16(), reader.u32()) else { return Some(None) };
    let texts = if (1..256).contains(&address) { 2 } else { 1 };
    for _ in 0..texts {
        let Some(length) = reader.rest().iter().take(256).position(|byte| *byte == 0) else {
            return if reader.remaining() < 256 { Some(None) } else { None };
        };
        reader.skip(length + 1)?;
    }
    match received {
        [0, 0x5a, ..] if received.len() >= 8 => Some(Some([reader.position(), 8])),
        [] | [0] | [0, 0x5a, ..] => Some(None),
        _ => None,
    }
}

fn socks5(sent: &[u8], received: &[u8]) -> Option<Option<[usize; 2]>> {
    let (mut client, mut server) = (Reader::new(sent), Reader::new(received));
    client.skip(1)?;
    let Some(methods) = client.u8() else { return Some(None) };
    if methods == 0 {
        return None;
    }
    let Some(offered) = client.take(usize::from(methods)) else { return Some(None) };
    if offered.iter().any(|method| *method > 9 && *method < 0x80) {
        return None;
    }
    let (Some(version), Some(method)) = (server.u8(), server.u8()) else { return Some(None) };
    if version != 5 || !matches!(method, 0 | 2) {
        return None;
    }
    if method == 2 {
        let passed = (|| {
            client.skip(1)?;
            let user = client.u8()?;
            client.skip(usize::from(user))?;
            let password = client.u8()?;
            client.skip(usize::from(password))?;
            server.skip(2)
        })();
        if passed.is_none() {
            return Some(None);
        }
    }
    let message = |reader: &mut Reader<'_>| {
        let [version, code, _, kind] = reader.array::<4>()?;
        let length = match kind {
            1 => 4,
            3 => usize::from(reader.u8()?),
            _ => 16,
        };
        reader.skip(length + 2)?;
        Some((version, code))
    };
    let (Some(request), Some(reply)) = (message(&mut client), message(&mut server)) else {
        return Some(None);
    };
    if request != (5, 1) || reply != (5, 0) {
        return None;
    }
    Some(Some([client.position(), server.position()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_header_ends_where_it_says() {
        let line = b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n";
        let whole = [&line[..], b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(proxy_protocol(&whole), Some(Some(line.len())));
        assert_eq!(proxy_protocol(&line[..20]), Some(None));
        let mut second = PROXY_V2.to_vec();
        second.extend([0x21, 0x11, 0, 12]);
        second.extend([0; 12]);
        assert_eq!(proxy_protocol(&second[..20]), Some(None));
        assert_eq!(proxy_protocol(&second), Some(Some(28)));
        assert_eq!(proxy_protocol(b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(proxy_protocol(b"PROPFIND / HTTP/1.1\r\n"), None);
    }

    #[test]
    fn a_socks_negotiation_ends_after_the_reply() {
        let mut sent = vec![5, 1, 0, 5, 1, 0, 3, 4];
        sent.extend(b"host\x01\xbb");
        let received = [5, 0, 5, 0, 0, 1, 10, 0, 0, 1, 0, 80];
        assert_eq!(socks(&sent, &received), Some(Some([14, 12])));
        assert_eq!(socks(&sent, &received[..5]), Some(None));
        assert_eq!(socks(&sent[..9], &received), Some(None));
        let four = [4, 1, 0, 80, 0, 0, 0, 1, b'u', 0, b'h', 0, b'G'];
        assert_eq!(socks(&four, &[0, 0x5a, 0, 0, 0, 0, 0, 0]), Some(Some([12, 8])));
        assert_eq!(socks(&four, &[0, 0x5b, 0, 0, 0, 0, 0, 0]), None);
    }
}
