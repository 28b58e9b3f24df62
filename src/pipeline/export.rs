//! Takes an export, gives its exchanges to the sink under the input's number.

use std::fs::File;
use std::io::{self, Read};

use super::sources::Found;
use super::{Input, Kind, Settings};
use crate::connection::{Connection, LeftOut};
use crate::exchange::Exchange;
use crate::import::{
    ImportError, ImportSettings, Notice, Receiver, Worker, burp, har, logs, mitmproxy, saz, text,
};
use crate::limits;
use crate::logrecord::LogRecord;
use crate::sink::Sink;
use crate::wire::capture::decompress::Opened;

/// Notices of one export that are listed; the rest is counted.
const NOTICES: usize = 100;

struct Into<'i, S> {
    input: &'i mut Input,
    sink: &'i mut S,
    tokens: u64,
    records: u64,
    connections: u32,
    notices: usize,
}

impl<S: Sink> Receiver for Into<'_, S> {
    fn exchange(&mut self, mut exchange: Exchange) {
        exchange.key.input = self.input.number;
        self.input.exchanges += 1;
        self.sink.exchange(exchange);
    }

    fn notice(&mut self, notice: Notice) {
        if let Some(loss) = notice.loss {
            self.sink.left_out(self.input.number, loss, &notice.text);
        }
        self.notices += 1;
        if self.notices <= NOTICES {
            // The text names the entry in the words of the format.
            self.input.notices.push(notice.text);
        }
    }

    fn token(&mut self, text: &[u8], offset: u64) {
        self.tokens += 1;
        self.sink.token_text(self.input.number, offset, text);
    }

    fn connection(&mut self, connection: Connection) {
        let ordinal = self.connections;
        self.connections += 1;
        self.sink.connection(Connection { input: self.input.number, ordinal, ..connection });
    }

    fn log_record(&mut self, mut record: LogRecord) {
        record.input = self.input.number;
        self.records += u64::from(!record.unreadable);
        self.sink.log_record(record);
    }

    fn truncated(&mut self) {
        self.input.truncated = true;
    }
}

/// Reads an export. `false`: text in a directory that holds no traffic and no token.
pub(super) fn read<S: Sink>(
    opened: Opened,
    found: &Found,
    settings: &Settings,
    input: &mut Input,
    sink: &mut S,
) -> Result<bool, String> {
    let kind = input.kind;
    let textual = matches!(kind, Kind::Text | Kind::Log);
    let import_settings =
        ImportSettings { passwords: settings.passwords.clone(), enough: sink.enough(), named: found.named };
    let told = input.notices.len();
    let mut source = Ending { read: opened.read, error: None };
    let mut receiver = Into { input, sink, tokens: 0, records: 0, connections: 0, notices: 0 };
    let mut beginning = Vec::new();
    let in_place = if kind == Kind::Saz && opened.compression.is_none() {
        archive(found, settings, &import_settings, &mut receiver)
    } else {
        None
    };
    let (result, limited) = if let Some(result) = in_place {
        source.read = Box::new(io::empty());
        (result, false)
    } else if kind == Kind::Har {
        let read = |workers: Vec<Worker<'_>>, receiver: &mut Into<'_, S>| {
            har::read_from(&mut source, &import_settings, workers, receiver)
        };
        // The thread that reads builds exchanges as well.
        (on_threads(settings.workers() - 1, &mut receiver, read), false)
    } else if let Some(result) = log_by_line(kind, &mut source, &mut beginning, &mut receiver) {
        (result, false)
    } else {
        let expected = if opened.compression.is_none() { found.size().unwrap_or(0) } else { 0 };
        let bytes = whole(&mut beginning.as_slice().chain(&mut source), expected);
        let limited = bytes.len() as u64 == limits::EXPORT_BYTES;
        (import(kind, &bytes, &import_settings, &mut receiver), limited)
    };
    let Into { tokens, records, notices, .. } = receiver;
    input.records = records;
    if let Some(error) = source.error {
        input.truncated = true;
        input.notices.insert(told, format!("{error}; it was used up to there"));
    } else if limited {
        input.truncated = true;
        let text = format!("only the first {} bytes were read (limit EXPORT_BYTES)", limits::EXPORT_BYTES);
        sink.left_out(input.number, LeftOut::request(), &text);
        input.notices.insert(told, text);
    }
    let tokens = tokens + records;
    if notices > NOTICES {
        input.notices.push(format!("{} further notices", notices - NOTICES));
    }
    match result {
        Err(ImportError::Kind(_)) if !found.named => return Ok(false),
        Err(error) if input.exchanges == 0 && tokens == 0 => return Err(error.to_string()),
        Err(error) => {
            input.truncated = true;
            input.notices.push(format!("{error}; what came before was used"));
        }
        Ok(()) => {}
    }
    Ok(!textual || found.named || input.exchanges + tokens > 0)
}

/// Reads a log that says at its beginning which it is; else gives what was read of it.
fn log_by_line(
    kind: Kind,
    source: &mut dyn Read,
    beginning: &mut Vec<u8>,
    receiver: &mut dyn Receiver,
) -> Option<Result<(), ImportError>> {
    if kind != Kind::Log {
        return None;
    }
    let (bytes, declares) = logs::beginning(source);
    *beginning = bytes;
    declares.then(|| logs::read_lines(&mut beginning.as_slice().chain(source), receiver))
}

/// Reads an archive where it lies, on several threads; `None` where it must be read whole, from the start.
fn archive<S: Sink>(
    found: &Found,
    settings: &Settings,
    import_settings: &ImportSettings,
    receiver: &mut Into<'_, S>,
) -> Option<Result<(), ImportError>> {
    let size = found.size()?;
    let file = File::open(found.path.as_ref()?).ok()?;
    let count = match settings.workers() {
        1 => 0,
        threads => threads,
    };
    on_threads(count, receiver, |workers, receiver| {
        saz::read_file(&file, size, import_settings, workers, receiver)
    })
}

/// Reads with so many workers.
fn on_threads<S: Sink, R>(
    count: usize,
    receiver: &mut Into<'_, S>,
    read: impl FnOnce(Vec<Worker<'_>>, &mut Into<'_, S>) -> R,
) -> R {
    let number = receiver.input.number;
    let mut forks: Vec<(S, u64)> = (0..count).map(|_| (receiver.sink.fork(), 0)).collect();
    let workers = forks.iter_mut().map(|(sink, count)| worker(sink, count, number)).collect();
    let result = read(workers, receiver);
    for (sink, count) in forks {
        receiver.input.exchanges += count;
        receiver.sink.join(sink);
    }
    result
}

/// Gives exchanges to a fork of the sink, and counts them.
fn worker<'f, S: Sink>(sink: &'f mut S, count: &'f mut u64, number: u32) -> Worker<'f> {
    Box::new(move |mut exchange| {
        exchange.key.input = number;
        *count += 1;
        sink.exchange(exchange);
    })
}

/// Reads all, up to the bound. `expected` is a hint.
fn whole(source: &mut dyn Read, expected: u64) -> Vec<u8> {
    let expected = usize::try_from(expected.min(limits::EXPORT_BYTES)).unwrap_or(0);
    // One byte more, so that the end is found without growing.
    let mut bytes = Vec::with_capacity(expected.saturating_add(1));
    let _ = source.take(limits::EXPORT_BYTES).read_to_end(&mut bytes);
    bytes
}

fn import(
    kind: Kind,
    bytes: &[u8],
    settings: &ImportSettings,
    receiver: &mut dyn Receiver,
) -> Result<(), ImportError> {
    match kind {
        Kind::Saz => saz::read(bytes, settings, receiver),
        Kind::Mitmproxy => mitmproxy::read(bytes, settings, receiver),
        Kind::Burp => burp::read(bytes, settings, receiver),
        // A log of another kind may still hold tokens; where it holds none, what is wrong with the log is told.
        Kind::Log => logs::read(bytes, settings, receiver)
            .or_else(|error| text::read(bytes, settings, receiver).map_err(|_| error)),
        _ => text::read(bytes, settings, receiver).or_else(|error| match error {
            // A few lines of a log, copied without its head.
            ImportError::Kind(_) if settings.named => logs::bare::read(bytes, receiver).map_err(|_| error),
            error => Err(error),
        }),
    }
}

/// A file that ends where it cannot be read any further, and remembers why.
struct Ending {
    read: Box<dyn Read + Send>,
    error: Option<io::Error>,
}

impl Read for Ending {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.read.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.error = Some(error);
                Ok(0)
            }
            result => result,
        }
    }
}
