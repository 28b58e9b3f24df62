//! Takes the bytes of an export, gives exchanges: no layers below.
//!
//! One odd entry costs itself, with its index in the message.

/// Burp Suite XML.
pub mod burp;
/// HTTP Archive 1.2.
pub mod har;
/// Logs of IIS and Exchange, output of `Test-OAuthConnectivity`.
pub mod logs;
mod message;
/// mitmproxy flow dumps.
pub mod mitmproxy;
pub(crate) mod raw;
/// Fiddler session archives.
pub mod saz;
/// Plain text that holds tokens.
pub mod text;
mod tunnels;
mod when;

use crate::base::Secret;
use crate::connection::{Connection, LeftOut};
use crate::exchange::{Enough, Exchange};
use crate::logrecord::LogRecord;

/// What an import says besides its exchanges: entries that could not be used, bounds that were reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Which entry, member or line, counted from 0; `None` for the whole file.
    pub entry: Option<u64>,
    /// One line: what was expected, what was found, where. Never a secret.
    pub text: String,
    /// The messages that could not be read and were left out, if this is what the notice tells.
    pub loss: Option<LeftOut>,
}

impl Notice {
    /// Something that costs no message.
    pub fn new(entry: Option<u64>, text: impl Into<String>) -> Self {
        Self { entry, text: text.into(), loss: None }
    }

    /// Something that costs messages.
    pub fn lost(entry: Option<u64>, text: impl Into<String>, loss: LeftOut) -> Self {
        Self { loss: Some(loss), ..Self::new(entry, text) }
    }
}

/// Why an export cannot be used at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Damaged beyond use; says where and what was expected.
    #[error("{0}")]
    Damaged(String),
    /// Looked like this kind at its beginning, and is none: in a directory it is skipped.
    #[error("{0}")]
    Kind(String),
    /// A version that this tool does not know.
    #[error("{0}")]
    Version(String),
    /// A password is needed.
    #[error("is protected by a password; give --password-file")]
    PasswordMissing,
    /// None of the passwords opens it.
    #[error("none of the given passwords opens it")]
    PasswordWrong,
    /// A bound of `limits` was reached before anything could be used.
    #[error("{0}")]
    Limit(String),
}

/// Where an import puts what it reads. `key.input` is filled by the caller.
pub trait Receiver {
    /// One exchange, `key.frame` being the entry's index.
    fn exchange(&mut self, exchange: Exchange);
    /// Something to tell.
    fn notice(&mut self, notice: Notice);
    /// A text that looks like a token, found in plain text outside any message, with the offset of its
    /// first byte in the file (in its UTF-8 form where the file was UTF-16).
    fn token(&mut self, text: &[u8], offset: u64);
    /// A connection that an export tells of but does not hold readable (a tunnel that the proxy did not
    /// open). `input` and `ordinal` are filled by the caller.
    fn connection(&mut self, connection: Connection) {
        let _ = connection;
    }
    /// A record of a log. `input` is filled by the caller.
    fn log_record(&mut self, record: LogRecord) {
        let _ = record;
    }
    /// The file was cut, and was used up to the cut; a notice says where.
    fn truncated(&mut self) {}
}

/// Takes exchanges on a thread of its own, in any order. `key.input` is filled by whoever made it.
pub type Worker<'f> = Box<dyn FnMut(Exchange) + Send + 'f>;

/// Settings that imports need.
#[derive(Clone, Debug, Default)]
pub struct ImportSettings {
    /// Tried in order on protected archives.
    pub passwords: Vec<Secret>,
    /// See [`crate::sink::Sink::enough`]; HAR asks it, whose bodies cost most to decode.
    pub enough: Option<Enough>,
    /// Whether somebody named the file: among those of a directory prose about the words of a server is no evidence.
    pub named: bool,
}

/// A receiver that keeps everything, for tests and small files.
#[derive(Debug, Default)]
pub struct Collected {
    /// In the order of the file, but for those whose credentials may have been taken out: they come last.
    pub exchanges: Vec<Exchange>,
    /// In the order of the file.
    pub notices: Vec<Notice>,
    /// Texts that look like tokens, with their offsets.
    pub tokens: Vec<(u64, Vec<u8>)>,
    /// Records of logs.
    pub log_records: Vec<LogRecord>,
    /// Connections that stayed closed.
    pub connections: Vec<Connection>,
    /// Whether the file was cut.
    pub truncated: bool,
}

impl Receiver for Collected {
    fn exchange(&mut self, exchange: Exchange) {
        self.exchanges.push(exchange);
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    fn token(&mut self, text: &[u8], offset: u64) {
        self.tokens.push((offset, text.to_vec()));
    }

    fn log_record(&mut self, record: LogRecord) {
        self.log_records.push(record);
    }

    fn connection(&mut self, connection: Connection) {
        self.connections.push(connection);
    }

    fn truncated(&mut self) {
        self.truncated = true;
    }
}
