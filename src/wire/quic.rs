//! Takes UDP datagrams, names and counts QUIC connections (RFC 9000 17.2); nothing inside is opened.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use crate::base::file_and_frame;
use crate::connection::{Connection, Content};
use crate::exchange::Endpoint;
use crate::limits;
use crate::wire::stream::FrameRef;

type End = (IpAddr, u16);

/// The QUIC connections of one capture, by their addresses.
#[derive(Debug, Default)]
pub struct Quic {
    connections: HashMap<(End, End), Connection, RandomState>,
    over: u64,
}

impl Quic {
    /// Takes one datagram. `ordinal` numbers a connection that begins with it; gives whether it was used.
    pub fn push(
        &mut self,
        input: u32,
        ordinal: u32,
        frame: FrameRef,
        source: End,
        destination: End,
        payload: &[u8],
    ) -> bool {
        let key = if source <= destination { (source, destination) } else { (destination, source) };
        let full = self.connections.len() >= limits::QUIC_CONNECTIONS;
        let mut fresh = false;
        let connection = match self.connections.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(_) if !is_long_header(payload) => return false,
            Entry::Vacant(_) if full => {
                self.over += 1;
                return false;
            }
            Entry::Vacant(entry) => {
                fresh = true;
                let (file, first_frame) = file_and_frame(frame.number);
                // Who sends first asks; an Initial of a server would come second.
                entry.insert(Connection {
                    input: input.saturating_add(file),
                    ordinal,
                    first_frame,
                    times: frame.time.map(|at| (at, at)),
                    client: Some(endpoint(source)),
                    server: Some(endpoint(destination)),
                    content: Content::Quic,
                    open_at_end: true,
                    ..Connection::default()
                })
            }
        };
        let sent = connection.client == Some(endpoint(source));
        let flow = if sent { &mut connection.sent } else { &mut connection.received };
        flow.bytes += payload.len() as u64;
        if let (Some((_, last)), Some(at)) = (&mut connection.times, frame.time) {
            *last = at.max(*last);
        }
        fresh
    }

    /// All connections, in the order in which they began, and how many datagrams began further ones.
    pub fn finish(self) -> (Vec<Connection>, u64) {
        let mut all: Vec<_> = self.connections.into_values().collect();
        all.sort_by_key(|connection| connection.ordinal);
        (all, self.over)
    }
}

fn endpoint((address, port): End) -> Endpoint {
    Endpoint { address, port }
}

/// A long header of QUIC 1 or 2 (RFC 9000, RFC 9369) or of a draft, in a datagram as large as a client's
/// first must be, or a server's answer usually is.
fn is_long_header(payload: &[u8]) -> bool {
    let [first, a, b, c, d, ..] = payload else { return false };
    let known = match [*a, *b, *c, *d] {
        [0, 0, 0, 1] | [0x6b, 0x33, 0x43, 0xcf] => true,
        [0xff, 0, 0, draft] => (20..=34).contains(&draft),
        _ => false,
    };
    first & 0xc0 == 0xc0 && known && payload.len() >= 1200
}

/// For fuzzing: datagrams between two ends, each behind a byte with its length and one with its direction.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let mut quic = Quic::default();
    let mut rest = data;
    let mut number = 0;
    while let [length, ends, more @ ..] = rest {
        let (payload, after) = more.split_at((usize::from(*length) * 8).min(more.len()));
        let end = |bits: u8| (IpAddr::from([10, 0, 0, bits]), 443);
        let frame = FrameRef { number, time: None };
        quic.push(0, 0, frame, end(ends & 3), end(ends >> 2 & 3), payload);
        number += 1;
        rest = after;
    }
    quic.finish();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_counted_in_both_directions() {
        let (client, server) = (("10.0.0.1".parse().unwrap(), 50000), ("10.0.0.2".parse().unwrap(), 443));
        let frame = FrameRef { number: 7, time: None };
        let mut initial = vec![0; 1200];
        initial[..5].copy_from_slice(&[0xc3, 0, 0, 0, 1]);
        let mut quic = Quic::default();
        assert!(!quic.push(0, 1, frame, client, server, b"\x40 short header first"));
        assert!(quic.push(0, 2, frame, client, server, &initial));
        assert!(!quic.push(0, 3, frame, server, client, &[0x40; 100]));
        let (all, over) = quic.finish();
        assert_eq!((all.len(), over), (1, 0));
        assert_eq!((all[0].sent.bytes, all[0].received.bytes), (1200, 100));
        assert_eq!((all[0].ordinal, all[0].content), (2, Content::Quic));
    }

    #[test]
    fn other_datagrams_are_not_quic() {
        assert!(!is_long_header(&[0xc3; 1300]));
        assert!(!is_long_header(&[0xc3, 0, 0, 0, 1]));
        assert!(!is_long_header(b""));
    }
}
