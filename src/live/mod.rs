//! Takes packets of an interface, gives a pcapng file and a judgement that grows while it is recorded.
//!
//! Packets wait a moment before they are written and decoded, so that keys which their end points log after
//! the handshake stand before them in the file, and are there when they are decoded.

/// The files that are written.
pub mod files;
/// The interfaces.
pub mod interfaces;
/// Key logs that grow.
pub mod keys;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::files::Files;
use self::interfaces::{Interface, Next};
use self::keys::KeyLogs;
use crate::base;
use crate::limits;
use crate::pipeline::live::Live;
use crate::sink::Sink;
use crate::wire::capture::{LinkType, Packet};
use crate::wire::tls::secrets::Secrets;

/// How long packets wait for their keys.
const PATIENCE: Duration = Duration::from_millis(700);

/// When to stop by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Until {
    /// After this time.
    pub duration: Option<Duration>,
    /// After this many packets.
    pub count: Option<u64>,
}

/// What came of a recording.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Packets that were taken.
    pub packets: u64,
    /// Packets that the kernel or the card lost.
    pub dropped: u64,
    /// Exchanges in them.
    pub exchanges: u64,
    /// Bytes written.
    pub written: u64,
    /// Lines for people.
    pub notices: Vec<String>,
    /// Packets that could not be read, by kind.
    pub unread: Vec<(String, u64)>,
    /// Why it ended early.
    pub failed: Option<String>,
}

struct Waiting {
    at: Instant,
    time: base::Instant,
    original: u32,
    bytes: Vec<u8>,
}

/// A recording in progress.
struct Recording<'r, S> {
    files: Option<&'r mut Files>,
    logs: &'r mut KeyLogs,
    secrets: Arc<Secrets>,
    link: LinkType,
    live: Live,
    sink: &'r mut S,
    waiting: VecDeque<Waiting>,
    held: usize,
    given: u64,
}

/// Records until `stop` is set or `until` is reached; `news` is called now and then, and after every batch.
pub fn record<S: Sink>(
    interface: &mut Interface,
    mut files: Option<&mut Files>,
    logs: &mut KeyLogs,
    until: Until,
    stop: &AtomicBool,
    sink: &mut S,
    news: &mut dyn FnMut(&mut S),
) -> Recorded {
    let secrets = Arc::clone(logs.secrets());
    let mut recorded = Recorded::default();
    if let Some(files) = files.as_deref_mut()
        && let Err(error) = files.begin(interface.link(), interface.snap(), interface.name())
    {
        recorded.failed = Some(error);
        return recorded;
    }
    let live = Live::new(0, Arc::clone(&secrets));
    let mut recording = Recording {
        files,
        logs,
        secrets,
        link: interface.link(),
        live,
        sink,
        waiting: VecDeque::new(),
        held: 0,
        given: 0,
    };
    let begun = Instant::now();
    let enough = |packets: u64| {
        until.count.is_some_and(|count| packets >= count)
            || until.duration.is_some_and(|duration| begun.elapsed() >= duration)
    };
    let mut released = Instant::now();
    while !stop.load(Ordering::Relaxed) && !enough(recorded.packets) {
        match interface.wait() {
            Next::Packet { time, original, bytes } => {
                recorded.packets += 1;
                recording.take(time, original, bytes);
            }
            Next::Nothing => {}
            Next::Failed(why) => {
                recorded.failed = Some(why);
                break;
            }
        }
        if released.elapsed() > Duration::from_millis(100) || recording.held > limits::LIVE_HELD_BYTES {
            released = Instant::now();
            if let Err(why) = recording.release(PATIENCE) {
                recorded.failed = Some(why);
                break;
            }
            news(recording.sink);
        }
    }
    if recorded.failed.is_none() && !recording.waiting.is_empty() && recording.logs.any() {
        // The last packets get their chance, too.
        std::thread::sleep(PATIENCE / 2);
    }
    let (received, dropped) = interface.statistics();
    recorded.dropped = dropped;
    if let Err(why) = recording.release(Duration::ZERO) {
        recorded.failed.get_or_insert(why);
    }
    let Recording { files, live, sink, .. } = recording;
    if let Some(files) = files {
        if let Err(why) = files.finish(received.max(recorded.packets), dropped) {
            recorded.failed.get_or_insert(why);
        }
        recorded.written = files.written();
    }
    (recorded.exchanges, recorded.notices, recorded.unread) = live.finish(sink);
    news(sink);
    recorded
}

impl<S: Sink> Recording<'_, S> {
    fn take(&mut self, time: base::Instant, original: u32, bytes: &[u8]) {
        self.held += bytes.len();
        self.waiting.push_back(Waiting { at: Instant::now(), time, original, bytes: bytes.to_vec() });
    }

    /// Writes and decodes what has waited long enough, after a look for new keys.
    fn release(&mut self, patience: Duration) -> Result<(), String> {
        let fresh = self.logs.read();
        if let Some(files) = self.files.as_deref_mut()
            && !fresh.expose().is_empty()
        {
            files.secrets(fresh.expose())?;
        }
        // Without key logs there is nothing to wait for.
        let patience = if self.logs.any() { patience } else { Duration::ZERO };
        while let Some(first) = self.waiting.front() {
            if first.at.elapsed() < patience && self.held <= limits::LIVE_HELD_BYTES {
                break;
            }
            let Some(first) = self.waiting.pop_front() else { break };
            self.held = self.held.saturating_sub(first.bytes.len());
            self.given += 1;
            let packet = Packet {
                number: self.given,
                time: Some(first.time),
                link: self.link,
                bytes: &first.bytes,
                original: first.original,
            };
            if let Some(files) = self.files.as_deref_mut() {
                files.packet(&packet)?;
            }
            self.live.push(&packet, self.sink);
        }
        if let Some(files) = self.files.as_deref_mut() {
            files.flush()?;
        }
        Ok(())
    }
}

impl<S> std::fmt::Debug for Recording<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({} packets, {:?})", self.given, self.secrets)
    }
}
