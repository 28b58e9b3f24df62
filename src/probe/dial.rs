//! Takes a host and a deadline, gives a connected socket that keeps to it, or why there is none.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::address::Address;
use crate::limits;

/// The moment at which a question is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// What is left; `None` when nothing is.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// A socket whose every wait ends at the deadline.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    deadline: Deadline,
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Line {
    /// Client and server, as the system knows them.
    pub(super) fn ends(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        (self.stream.local_addr().ok(), self.stream.peer_addr().ok())
    }

    fn left(&self) -> io::Result<Duration> {
        self.deadline.left().ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))
    }
}

/// Systems differ in how they say that the time is over.
fn plain_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        let count = self.stream.read(buffer).map_err(plain_timeout)?;
        self.received += count as u64;
        Ok(count)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        let count = self.stream.write(bytes).map_err(plain_timeout)?;
        self.sent += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Connects to the host, or to the proxy and through it to the host.
pub(super) fn dial(to: &Address, proxy: Option<&Address>, deadline: Deadline) -> Result<Line, String> {
    let first = proxy.unwrap_or(to);
    let mut line = connect(first, deadline)?;
    if proxy.is_some() && to.tls {
        tunnel(&mut line, to).map_err(|why| format!("proxy {}: {why}", first.authority()))?;
    }
    Ok(line)
}

fn connect(to: &Address, deadline: Deadline) -> Result<Line, String> {
    let addresses = resolve(to, deadline)?;
    let mut last = "no address".to_owned();
    let count = addresses.len();
    for (tried, address) in addresses.into_iter().enumerate() {
        let Some(left) = deadline.left() else {
            return Err(format!("timeout: {} did not answer", to.authority()));
        };
        // The addresses share what is left, so that a dead one does not take all of it.
        let share = left / u32::try_from(count.saturating_sub(tried)).unwrap_or(1).max(1);
        match TcpStream::connect_timeout(&address, share.max(Duration::from_millis(1))) {
            Ok(stream) => {
                // Requests are small and whole.
                let _ = stream.set_nodelay(true);
                return Ok(Line { stream, deadline, sent: 0, received: 0 });
            }
            Err(error) => last = format!("{address}: {}", reason(&error)),
        }
    }
    Err(last)
}

/// Names are looked up on a thread of its own: the system's resolver knows no deadline.
fn resolve(to: &Address, deadline: Deadline) -> Result<Vec<SocketAddr>, String> {
    let (give, take) = mpsc::channel();
    let (host, port) = (to.host.clone(), to.port);
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(|all| all.take(8).collect::<Vec<_>>());
        // Nobody waits any more when the deadline has passed.
        let _ = give.send(found);
    });
    match take.recv_timeout(deadline.left().unwrap_or_default()) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(format!("DNS: {} has no address", to.host)),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(format!("DNS: {} is not known ({error})", to.host)),
        Err(_) => Err(format!("timeout: looking up {} took too long", to.host)),
    }
}

/// `CONNECT` (RFC 9110 9.3.6); the head of the answer is read byte by byte, so that nothing of TLS is taken.
fn tunnel(line: &mut Line, to: &Address) -> Result<(), String> {
    let authority = to.authority();
    let ask = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    line.write_all(ask.as_bytes()).map_err(|error| reason(&error))?;
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        match line.read(&mut byte).map_err(|error| reason(&error))? {
            0 => return Err("closed the connection".to_owned()),
            _ => head.extend(byte),
        }
        if head.len() > limits::HEAD_BYTES {
            return Err("answers without end".to_owned());
        }
    }
    let status =
        String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    match status.split(' ').nth(1) {
        Some(code) if code.len() == 3 && code.starts_with('2') => Ok(()),
        _ => Err(format!("refused the tunnel: {status}")),
    }
}

/// An error of a connection in plain words.
pub(super) fn reason(error: &io::Error) -> String {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match inner {
            rustls::Error::AlertReceived(alert) => format!("the server sent the TLS alert {alert:?}"),
            other => format!("TLS: {other}"),
        };
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "timeout: no answer in time".to_owned(),
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        _ => error.to_string(),
    }
}
