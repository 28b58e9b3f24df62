//! Takes what was decoded and judged, gives text for people and documents for machines.
//!
//! One model, many renderings. A rendering knows no rule and no decoder; secrets are masked here, in one
//! place, for all of them. The same model gives the same bytes.

/// Schemes that were sent and offered.
pub mod authentication;
/// Which certificate stands where, as cells of a table.
pub mod certificates;
/// The members of a token, one a line.
pub mod claims;
/// Commands on lines of their own.
pub mod commands;
/// The exchanges as a table.
pub mod csv;
/// Causes, scenarios and the conversation in words.
pub mod diagnosis;
/// Characters that must not reach a terminal or a document as they are.
pub mod escape;
/// One self-contained page.
pub mod html;
/// JSON, schema `inspect/1` and `verify/1`.
pub mod json;
/// JUnit XML.
pub mod junit;
/// Exchanges as reports list them.
pub mod listed;
/// What `inspect` remembers while exchanges arrive.
pub mod listing;
/// For a ticket.
pub mod markdown;
/// What must not be printed, and what stands in its place.
pub mod mask;
/// JSON lines.
pub mod ndjson;
/// The numbers that reports print for exchanges and tokens.
pub mod numbers;
/// Where to look.
pub mod places;
/// Why a connection is not complete.
pub mod reason;
/// What `verify` remembers while exchanges arrive.
pub mod recorder;

/// Certificates: `cert`.
pub mod cert;
#[cfg(test)]
mod sample;
/// SARIF 2.1.0.
pub mod sarif;
/// One token: `token`.
pub mod single;
#[cfg(test)]
mod tests;
/// What an administrator reads first.
pub mod text;
/// Sentences that renderings share.
pub mod words;

use std::io::{self, Write};
use std::path::Path;

use crate::base::Instant;
use crate::checks::finding::Severity;
use crate::checks::judge::Judgement;
use crate::connection::Connection;
use crate::diagnose::Diagnosis;
use crate::pipeline::Input;
use crate::token::store::TokenStore;
pub use listed::{Exchanges, Listed};
use numbers::{Numbers, Order};

/// Everything that a report of `inspect` shows.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// All exchanges, sorted by key; the index in this list is the number that is printed.
    pub exchanges: Exchanges,
    /// Distinct tokens.
    pub tokens: TokenStore,
    /// The order in which tokens are printed.
    pub order: Order,
    /// All connections, sorted by input and ordinal.
    pub connections: Vec<Connection>,
}

/// Everything that a report of `verify` shows.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// The judgement.
    pub judgement: Judgement,
    /// What is wrong, as far as it can be told.
    pub diagnosis: Diagnosis,
    /// The numbers of exchanges that are printed.
    pub numbers: Numbers,
    /// The order in which tokens are printed.
    pub order: Order,
    /// What was seen, in numbers.
    pub coverage: Coverage,
    /// What was expected, for the reader of the report.
    pub expected: Expected,
    /// The exchanges, for renderings that list them; its token store is its own.
    pub listing: Option<Inspection>,
    /// With a baseline: for each finding, whether it was known.
    pub known: Option<Vec<bool>>,
    /// What `provision check` judged by; nothing for traffic.
    pub provision: Option<Provision>,
}

/// What `provision check` judged by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provision {
    /// The procedure.
    pub profile: &'static str,
    /// The culture that dates were read in, where one was named.
    pub culture: Option<String>,
}

/// What was seen, in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// Transport connections.
    pub connections: u64,
    /// Connections whose TLS stayed closed.
    pub undecrypted: u64,
    /// Connections with bytes missing between bytes that were seen.
    pub gaps: u64,
    /// Whether an input was cut.
    pub truncated: bool,
    /// Exchanges in all.
    pub exchanges: u64,
}

/// What was expected, for the reader of the report.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Names of the tenant.
    pub tenants: Vec<String>,
    /// Hosts; empty for all.
    pub hosts: Vec<String>,
    /// Applications in scope.
    pub principals: Vec<String>,
    /// One line for each certificate.
    pub certificates: Vec<String>,
    /// `--at`
    pub at: Option<Instant>,
    /// In seconds.
    pub leeway: i64,
    /// The threshold.
    pub fail_on: Severity,
}

/// A rendering.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// One document.
    Json,
    /// One line for each exchange or finding.
    Ndjson,
    /// One self-contained page.
    Html,
    /// JUnit XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// For a ticket.
    Markdown,
    /// The exchanges as a table.
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Json,
        Self::Ndjson,
        Self::Html,
        Self::Junit,
        Self::Sarif,
        Self::Markdown,
        Self::Csv,
    ];

    /// The suffixes that `--report` knows, for messages.
    pub const SUFFIXES: &str = ".json .ndjson .html .xml (JUnit) .sarif .md .csv .txt";

    /// The rendering that a file's suffix stands for.
    pub fn of_suffix(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "ndjson" => Some(Self::Ndjson),
            "html" => Some(Self::Html),
            "xml" => Some(Self::Junit),
            "sarif" => Some(Self::Sarif),
            "md" => Some(Self::Markdown),
            "csv" => Some(Self::Csv),
            "txt" => Some(Self::Text),
            _ => None,
        }
    }

    /// Whether it shows every exchange, also in `verify`.
    pub const fn lists_exchanges(self) -> bool {
        matches!(self, Self::Html | Self::Csv)
    }
}

/// How to render.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Print secrets instead of masking them.
    pub show_secrets: bool,
    /// ANSI colours in text.
    pub color: bool,
    /// Columns of text.
    pub width: usize,
}

/// What is rendered.
#[derive(Clone, Copy, Debug)]
pub enum Document<'d> {
    /// Of `inspect`.
    Inspection(&'d Inspection),
    /// Of `verify`.
    Verification(&'d Verification),
}

/// Renders a document.
///
/// # Errors
/// Those of `out`.
pub fn render(
    document: &Document<'_>,
    format: Format,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    match (format, document) {
        (Format::Text, Document::Inspection(inspection)) => text::inspection(inspection, options, out),
        (Format::Text, Document::Verification(verification)) => {
            text::verification(verification, options, out)
        }
        (Format::Json, Document::Inspection(inspection)) => json::inspection(inspection, options, out),
        (Format::Json, Document::Verification(verification)) => {
            json::verification(verification, options, out)
        }
        (Format::Ndjson, Document::Inspection(inspection)) => ndjson::inspection(inspection, options, out),
        (Format::Ndjson, Document::Verification(verification)) => {
            ndjson::verification(verification, options, out)
        }
        (Format::Markdown, Document::Inspection(inspection)) => {
            markdown::inspection(inspection, options, out)
        }
        (Format::Markdown, Document::Verification(verification)) => {
            markdown::verification(verification, options, out)
        }
        (Format::Junit, Document::Inspection(inspection)) => junit::inspection(inspection, out),
        (Format::Junit, Document::Verification(verification)) => {
            junit::verification(verification, options, out)
        }
        (Format::Sarif, Document::Inspection(inspection)) => sarif::inspection(inspection, out),
        (Format::Sarif, Document::Verification(verification)) => {
            sarif::verification(verification, options, out)
        }
        (Format::Csv, Document::Inspection(inspection)) => csv::exchanges(inspection, options, out),
        (Format::Csv, Document::Verification(verification)) => match &verification.listing {
            Some(listing) => csv::exchanges(listing, options, out),
            None => Err(io::Error::other("the exchanges were not kept")),
        },
        (Format::Html, Document::Inspection(inspection)) => html::inspection(inspection, options, out),
        (Format::Html, Document::Verification(verification)) => {
            html::verification(verification, options, out)
        }
    }
}
