//! Takes packets, gives TCP segments and UDP datagrams: link headers peeled, tunnels entered, fragments
//! joined.

use std::net::IpAddr;

use crate::wire::capture::Packet;
use crate::wire::stream::FrameRef;

/// TCP flags that matter here (RFC 9293 3.1), as the header's low byte has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// FIN
    pub const fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// SYN
    pub const fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// RST
    pub const fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// ACK
    pub const fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// A TCP segment in place.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The packet that carried it.
    pub frame: FrameRef,
    /// Sender.
    pub source: (IpAddr, u16),
    /// Receiver.
    pub destination: (IpAddr, u16),
    /// Keeps equal four-tuples in different tunnels or VLANs apart; 0 outside.
    pub realm: u32,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// Flags.
    pub flags: Flags,
    /// Payload that was captured.
    pub payload: &'a [u8],
    /// Payload that a snap length cut off after it.
    pub cut: u32,
}

/// What a packet carried.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    /// TCP.
    Tcp(Segment<'a>),
    /// A UDP datagram: QUIC is named and counted, nothing else is looked at.
    Udp {
        /// The packet.
        frame: FrameRef,
        /// Sender.
        source: (IpAddr, u16),
        /// Receiver.
        destination: (IpAddr, u16),
        /// Payload.
        payload: &'a [u8],
    },
}

/// From packets to transport. One per thread that reads packets: it holds the fragments.
#[derive(Debug, Default)]
pub struct Decapsulator {}

impl Decapsulator {
    /// Takes one packet and calls `out` for each transport unit in it (more than one when a fragment
    /// completes a datagram).
    pub fn push(&mut self, packet: &Packet<'_>, out: impl FnMut(Transport<'_>)) {
        let _ = (packet, out);
        todo!("helper: link and ip")
    }

    /// Lines about what was not carried on: packets by kind (unknown link type 147: 12, ARP: 3, fragments
    /// without a beginning: 2, …), in a stable order.
    pub fn notices(&self) -> Vec<(String, u64)> {
        todo!("helper: link and ip")
    }
}
