//! What a rule says: one finding for one rule and one cause, with the places it was seen at.

use crate::base::Instant;
use crate::exchange::ExchangeKey;
use crate::token::TokenId;

use super::CheckId;

/// How bad a finding is. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Explains what is seen.
    Info,
    /// Probably wrong, or risky.
    Warning,
    /// Certainly wrong.
    Error,
}

impl Severity {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One place that supports a finding. Fields are `None` where the source does not know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Evidence {
    /// Which input.
    pub input: Option<u32>,
    /// Which exchange; its printed number is found when all are known.
    pub exchange: Option<ExchangeKey>,
    /// Which connection of the input (its ordinal), for findings without an exchange.
    pub connection: Option<u32>,
    /// Frames that hold the bytes in question.
    pub frames: Vec<u64>,
    /// Which token.
    pub token: Option<TokenId>,
    /// For example `request.header.authorization`.
    pub location: Option<String>,
    /// The claim or header member, for example `iss`.
    pub claim: Option<String>,
    /// When.
    pub time: Option<Instant>,
}

/// What a rule found. One finding stands for one rule and one cause, however often it was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The rule's id, for example `issuer-tenant`.
    pub rule: &'static str,
    /// The check it hangs under.
    pub check: CheckId,
    /// How bad.
    pub severity: Severity,
    /// One line, lower case, without a final stop.
    pub message: String,
    /// What was seen; never a secret.
    pub observed: String,
    /// What would have been right; empty where that makes no sense.
    pub expected: String,
    /// What to do: one or several lines, with the exact command where there is one.
    pub help: String,
    /// The application that it is about, by its id; only what is said of the state of an organisation has one.
    pub about: Option<String>,
    /// How often.
    pub count: u64,
    /// The first places, at most `limits::EVIDENCE_LISTED`.
    pub evidence: Vec<Evidence>,
}
