//! Takes the bytes of capture files, gives exchanges and connections; one folder a layer, in the order
//! of the data: capture, link, ip, tcp, tls, http.
//!
//! Every layer is a state machine without sockets, clocks or threads. Odd traffic is never an `Err`: it
//! becomes an anomaly that is counted. A gap is a value, and nothing is ever joined across one.

/// Capture files: pcap, pcapng, NetMon, ETL.
pub mod capture;
/// What travels on one connection: recognises protocols and hands bytes on.
pub mod conversation;
/// HTTP/1.x and HTTP/2.
pub mod http;
/// IPv4, IPv6, fragments, tunnels.
pub mod ip;
/// Link layers: from a frame to a datagram.
pub mod link;
/// QUIC: named and counted.
pub mod quic;
/// Byte streams as events.
pub mod stream;
/// TCP connections.
pub mod tcp;
/// TLS, opened passively.
pub mod tls;
