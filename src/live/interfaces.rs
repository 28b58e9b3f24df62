//! Takes the name of an interface, gives its packets; lists the interfaces. libpcap, by the crate `pcap`.

use std::time::Duration;

use pcap::{Active, Capture, Device};

use crate::base::Instant;
use crate::wire::capture::LinkType;

/// Bytes of one packet that are taken: all, with offload too.
const SNAP: i32 = 262_144;

/// Bytes that the kernel holds while this program is busy.
const BUFFER: i32 = 32 << 20;

/// Milliseconds after which the kernel gives what it has.
const WAIT: i32 = 50;

/// Between two questions to a quiet interface.
const PAUSE: Duration = Duration::from_millis(10);

/// Why an interface cannot be recorded.
#[derive(Debug)]
pub enum Trouble {
    /// There is none of that name, or the filter is wrong.
    Usage(String),
    /// No right to record.
    Privilege(String),
    /// Anything else.
    System(String),
}

/// An interface that is recorded.
pub struct Interface {
    name: String,
    capture: Capture<Active>,
}

/// What came of waiting for a packet.
#[derive(Debug)]
pub enum Next<'a> {
    /// A packet.
    Packet {
        /// When.
        time: Instant,
        /// Its length on the wire.
        original: u32,
        /// What was captured.
        bytes: &'a [u8],
    },
    /// None for a moment.
    Nothing,
    /// The interface went away, or the like.
    Failed(String),
}

impl Interface {
    /// Opens it, with a filter in libpcap's language.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn open(name: &str, filter: Option<&str>) -> Result<Self, Trouble> {
        let trouble = |error: pcap::Error| explain(name, &error);
        let mut capture = Capture::from_device(name)
            .map_err(trouble)?
            .promisc(name != "any")
            .snaplen(SNAP)
            .buffer_size(BUFFER)
            .timeout(WAIT)
            .open()
            .and_then(Capture::setnonblock)
            .map_err(trouble)?;
        if let Some(filter) = filter {
            capture
                .filter(filter, true)
                .map_err(|error| Trouble::Usage(format!("-f {filter}: {}", words(&error))))?;
        }
        Ok(Self { name: name.to_owned(), capture })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its link type.
    pub fn link(&self) -> LinkType {
        // libpcap's own numbers differ from those of files for raw IP only.
        match self.capture.get_datalink().0 {
            12 | 14 => LinkType(101),
            other => LinkType(u32::try_from(other).unwrap_or(0)),
        }
    }

    /// Bytes of one packet that are taken.
    pub fn snap(&self) -> u32 {
        SNAP.unsigned_abs()
    }

    /// Waits a moment for the next packet.
    #[expect(clippy::useless_conversion, reason = "systems differ in the widths of timeval")]
    pub fn wait(&mut self) -> Next<'_> {
        match self.capture.next_packet() {
            Ok(packet) => {
                let stamp = packet.header.ts;
                let micros = i64::from(stamp.tv_usec);
                let nanos =
                    i64::from(stamp.tv_sec).saturating_mul(1_000_000_000).saturating_add(micros * 1000);
                Next::Packet {
                    time: Instant::from_nanos(nanos),
                    original: packet.header.len,
                    bytes: packet.data,
                }
            }
            // Linux waits without end where nothing arrives, whatever the timeout: a signal or the end of
            // the time would not be seen. So it is asked, and left alone for a moment.
            Err(pcap::Error::TimeoutExpired) => {
                std::thread::sleep(PAUSE);
                Next::Nothing
            }
            Err(error) => Next::Failed(format!("{}: {}", self.name, words(&error))),
        }
    }

    /// Packets received and lost since the start, as the kernel counts.
    pub fn statistics(&mut self) -> (u64, u64) {
        self.capture.stats().map_or((0, 0), |stat| {
            (u64::from(stat.received), u64::from(stat.dropped).saturating_add(u64::from(stat.if_dropped)))
        })
    }
}

impl std::fmt::Debug for Interface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Interface({})", self.name)
    }
}

/// One line for each interface: name, addresses, description.
///
/// # Errors
/// See [`Trouble`].
pub fn list() -> Result<Vec<String>, Trouble> {
    let devices = Device::list().map_err(|error| explain("interfaces", &error))?;
    let line = |device: Device| {
        let addresses: Vec<String> = device.addresses.iter().map(|known| known.addr.to_string()).collect();
        let state = if device.flags.is_up() { "" } else { "down" };
        let parts = [addresses.join(" "), device.desc.unwrap_or_default(), state.to_owned()];
        let known: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        format!("{}\t{}", device.name, known.join("; ")).trim_end().to_owned()
    };
    Ok(devices.into_iter().map(line).collect())
}

fn words(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

fn explain(name: &str, error: &pcap::Error) -> Trouble {
    let text = words(error);
    let lower = text.to_ascii_lowercase();
    if lower.contains("permission") || lower.contains("not permitted") || lower.contains("access is denied") {
        let program = std::env::current_exe()
            .map_or_else(|_| "oauthtrace".to_owned(), |path| path.display().to_string());
        return Trouble::Privilege(format!(
            "{name}: no right to record ({text}): run as root, or once: sudo setcap cap_net_raw,cap_net_admin=eip {program}"
        ));
    }
    if lower.contains("no such device") || lower.contains("doesn't exist") || lower.contains("not found") {
        return Trouble::Usage(format!("{name}: there is no such interface; --list shows them"));
    }
    Trouble::System(format!("{name}: {text}"))
}
