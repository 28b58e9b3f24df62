//! Takes the two byte streams of one connection, gives its exchanges and its ledger.
//!
//! Recognises what is spoken by what is said, on any port: TLS, HTTP/1, HTTP/2 with prior knowledge,
//! SOCKS, PROXY protocol; goes into tunnels (`CONNECT`, TLS inside TLS).
