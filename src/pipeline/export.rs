//! Takes an export, gives its exchanges to the sink under the input's number.

use std::io::Read;

use super::sources::Found;
use super::{Input, Kind, Settings};
use crate::connection::Connection;
use crate::exchange::Exchange;
use crate::import::{ImportError, ImportSettings, Notice, Receiver, burp, har, logs, mitmproxy, saz, text};
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
        self.records += 1;
        self.sink.log_record(record);
    }

    fn truncated(&mut self) {
        self.input.truncated = true;
    }
}

/// Reads an export whole. `false`: text in a directory that holds no traffic and no token.
pub(super) fn read<S: Sink>(
    mut opened: Opened,
    found: &Found,
    settings: &Settings,
    input: &mut Input,
    sink: &mut S,
) -> Result<bool, String> {
    let expected = match opened.compression {
        None => found.size().unwrap_or(0).min(limits::EXPORT_BYTES),
        Some(_) => 0,
    };
    // One byte more, so that the end is found without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0).saturating_add(1));
    if let Err(error) = opened.read.by_ref().take(limits::EXPORT_BYTES).read_to_end(&mut bytes) {
        input.truncated = true;
        input.notices.push(format!("{error}; it was used up to there"));
    } else if bytes.len() as u64 == limits::EXPORT_BYTES {
        input.truncated = true;
        input.notices.push(format!("only the first {} bytes were read", limits::EXPORT_BYTES));
    }
    drop(opened);
    let import = match input.kind {
        Kind::Har => har::read,
        Kind::Saz => saz::read,
        Kind::Mitmproxy => mitmproxy::read,
        Kind::Burp => burp::read,
        Kind::Log => logs::read,
        _ => text::read,
    };
    let textual = matches!(input.kind, Kind::Text | Kind::Log);
    let import_settings = ImportSettings { passwords: settings.passwords.clone() };
    let mut receiver = Into { input, sink, tokens: 0, records: 0, connections: 0, notices: 0 };
    let mut result = import(&bytes, &import_settings, &mut receiver);
    if result.is_err() && receiver.input.kind == Kind::Log {
        // A log of another kind may still hold tokens.
        result = text::read(&bytes, &import_settings, &mut receiver);
    }
    let Into { tokens, records, notices, .. } = receiver;
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
