//! How a rule is declared: what it looks at (by type), what it says, and the text that explains it.
//!
//! A rule is one file below its check's folder plus one line in `checks::rules::RULES`. Its identity is
//! its id; its documentation stands on the declaration and feeds `explain`, reports and `docs/rules.md`.

use std::borrow::Cow;
use std::fmt;

use crate::base::Instant;
use crate::exchange::ExchangeKey;
use crate::token::TokenId;

use super::CheckId;
use super::finding::Severity;
use super::marks::Marks;
use super::organisation::StateCase;
use super::organisation::script::CommandCase;
use super::probed::ProbeCase;
use super::subject::{
    CaptureCase, CertificateCase, ConnectionCase, ExchangeCase, LogCase, TokenCase, UseCase,
};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable, kebab-case.
    pub id: &'static str,
    /// The check that its findings hang under.
    pub check: CheckId,
    /// Severity of its findings, unless the rule says otherwise for one of them.
    pub severity: Severity,
    /// Version that brought it.
    pub since: &'static str,
    /// Ids of the rule candidates of the field notes that it stands for; empty for the contract's own.
    pub candidates: &'static [&'static str],
    /// One line.
    pub title: &'static str,
    /// First part of the page: what it looks at.
    pub looks_at: &'static str,
    /// Second part: why it matters.
    pub matters: &'static str,
    /// Third part: a value that makes it speak …
    pub bad: &'static str,
    /// … and one that does not.
    pub good: &'static str,
    /// Fourth part: how to repair. Also the help of its findings.
    pub repair: &'static str,
    /// Where the knowledge comes from.
    pub sources: &'static [&'static str],
    /// What it looks at, and the function that does.
    pub scope: Scope,
}

/// What a rule looks at. The driver calls the function once for each such thing.
#[derive(Clone, Copy, Debug)]
pub enum Scope {
    /// Each distinct token that the check judges.
    Token(for<'a> fn(&TokenCase<'a>, &mut Out<'_>)),
    /// Each use of such a token in an exchange or text.
    Use(for<'a> fn(&UseCase<'a>, &mut Out<'_>)),
    /// Each exchange that is in scope.
    Exchange(for<'a> fn(&ExchangeCase<'a>, &mut Out<'_>)),
    /// The same, for a rule that has nothing to say of an exchange that bears none of these marks.
    Marked(Marks, for<'a> fn(&ExchangeCase<'a>, &mut Out<'_>)),
    /// Each line of a log, and each result of `Test-OAuthConnectivity`.
    Log(for<'a> fn(&LogCase<'a>, &mut Out<'_>)),
    /// Each connection.
    Connection(for<'a> fn(&ConnectionCase<'a>, &mut Out<'_>)),
    /// Each certificate given with `--cert`, after all traffic was seen.
    Certificate(for<'a> fn(&CertificateCase<'a>, &mut Out<'_>)),
    /// The whole run, after all traffic was seen.
    Capture(for<'a> fn(&CaptureCase<'a>, &mut Out<'_>)),
    /// Each service and each question of `probe`; never recorded traffic.
    Probe(for<'a> fn(&ProbeCase<'a>, &mut Out<'_>)),
    /// The state of the organisation, as its cmdlets print it.
    State(for<'a> fn(&StateCase<'a>, &mut Out<'_>)),
    /// The commands of scripts that somebody is about to run.
    Command(for<'a> fn(&CommandCase<'a>, &mut Out<'_>)),
}

impl Scope {
    /// A word for the catalogue.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Use(_) => "use of a token",
            Self::Exchange(_) | Self::Marked(..) => "exchange",
            Self::Log(_) => "line of a log",
            Self::Connection(_) => "connection",
            Self::Certificate(_) => "certificate",
            Self::Capture(_) => "all inputs together",
            Self::Probe(_) => "live service (`probe`)",
            Self::State(_) => "state of the organisation",
            Self::Command(_) => "commands of scripts",
        }
    }
}

/// What was seen, or would have been right. A capture may hold a million places that agree in everything but a
/// moment: their words are made for the ones that are listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Words {
    /// Words.
    Text(Cow<'static, str>),
    /// A token was used at a moment beyond a bound, so many seconds.
    Used {
        /// The moment.
        at: Instant,
        /// What the bound is, and when.
        bound: (&'static str, Instant),
        /// How far beyond it, and on which side the bound lies.
        beyond: (i64, &'static str),
    },
    /// A number of seconds, and what stands before and behind it.
    Seconds(&'static str, i64, &'static str),
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Used { at, bound: (name, bound), beyond: (seconds, side) } => {
                write!(f, "used at {at}, {name} {bound}, {seconds} s {side}")
            }
            Self::Seconds(before, seconds, behind) => write!(f, "{before}{seconds} s{behind}"),
        }
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned().into())
    }
}

impl PartialEq for Rule {
    /// Each has an id of its own.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// What one call of a rule said, before the driver adds where it was.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad.
    pub severity: Severity,
    /// One line, lower case, without a final stop.
    pub message: Cow<'static, str>,
    /// What was seen.
    pub observed: Words,
    /// What would have been right.
    pub expected: Words,
    /// What to do.
    pub help: Cow<'static, str>,
    /// What tells this cause from others of the same rule; message and observed when not set.
    pub cause: Option<String>,
    /// Claim or header member.
    pub claim: Option<&'static str>,
    /// Place in the message, where it is not the place of the token.
    pub location: Option<String>,
    /// The token, where it is not the subject itself.
    pub token: Option<TokenId>,
    /// The exchange, where the subject is none.
    pub exchange: Option<ExchangeKey>,
    /// The input, where there is no exchange.
    pub input: Option<u32>,
    /// The application that it is about.
    pub about: Option<String>,
    /// How many places it stands for: more than one where the others were only counted.
    pub places: u64,
}

impl Hit {
    /// What was seen; never a secret.
    pub fn observed(&mut self, text: impl Into<Words>) -> &mut Self {
        self.observed = text.into();
        self
    }

    /// What would have been right.
    pub fn expected(&mut self, text: impl Into<Words>) -> &mut Self {
        self.expected = text.into();
        self
    }

    /// What to do, instead of the rule's own repair.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Cow::Owned(text.into());
        self
    }

    /// Another severity than the rule's.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// What tells this cause from others.
    pub fn cause(&mut self, text: impl Into<String>) -> &mut Self {
        self.cause = Some(text.into());
        self
    }

    /// The claim or header member that it is about.
    pub fn claim(&mut self, name: &'static str) -> &mut Self {
        self.claim = Some(name);
        self
    }

    /// The place in the message that it is about.
    pub fn location(&mut self, place: impl Into<String>) -> &mut Self {
        self.location = Some(place.into());
        self
    }

    /// The exchange that it is about.
    pub fn exchange(&mut self, key: ExchangeKey) -> &mut Self {
        self.exchange = Some(key);
        self
    }

    /// The input that it is about.
    pub fn input(&mut self, input: u32) -> &mut Self {
        self.input = Some(input);
        self
    }

    /// The application that it is about, where a rule looks at several.
    pub fn about(&mut self, application: &str) -> &mut Self {
        self.about = Some(application.to_ascii_lowercase());
        self
    }

    /// How many places it stands for.
    pub fn places(&mut self, count: u64) -> &mut Self {
        self.places = count;
        self
    }

    /// The token that it is about.
    pub fn token(&mut self, token: TokenId) -> &mut Self {
        self.token = Some(token);
        self
    }
}

/// Takes what a rule says.
#[derive(Debug)]
pub struct Out<'h> {
    rule: &'static Rule,
    hits: &'h mut Vec<Hit>,
    missing: &'h mut Vec<(CheckId, String)>,
}

impl<'h> Out<'h> {
    /// For one rule; the driver makes it.
    pub(super) fn new(
        rule: &'static Rule,
        hits: &'h mut Vec<Hit>,
        missing: &'h mut Vec<(CheckId, String)>,
    ) -> Self {
        Self { rule, hits, missing }
    }

    /// A finding. The message is one line, lower case, without a final stop.
    pub fn say(&mut self, message: impl Into<Cow<'static, str>>) -> &mut Hit {
        self.hits.push(Hit {
            rule: self.rule,
            severity: self.rule.severity,
            message: message.into(),
            observed: Words::Text(Cow::Borrowed("")),
            expected: Words::Text(Cow::Borrowed("")),
            help: Cow::Borrowed(self.rule.repair),
            cause: None,
            claim: None,
            location: None,
            token: None,
            exchange: None,
            input: None,
            about: None,
            places: 1,
        });
        let last = self.hits.len() - 1;
        &mut self.hits[last]
    }

    /// Not a finding: the check cannot be established, and what to supply.
    pub fn missing(&mut self, reason: impl Into<String>) {
        self.missing.push((self.rule.check, reason.into()));
    }
}

/// What a rule for logs says of a line.
#[cfg(test)]
pub(crate) fn hits_on_line(rule: &'static Rule, record: &crate::logrecord::LogRecord) -> Vec<Hit> {
    let (mut hits, mut missing) = (Vec::new(), Vec::new());
    let Scope::Log(examine) = rule.scope else { panic!("{} does not look at logs", rule.id) };
    let principals = [super::expectations::SKYPE.to_owned()];
    let case = LogCase { record, principals: &principals };
    examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
    hits
}

/// Whether a rule for logs speaks on a line.
#[cfg(test)]
pub(crate) fn fires_on_line(rule: &'static Rule, record: &crate::logrecord::LogRecord) -> bool {
    !hits_on_line(rule, record).is_empty()
}

/// A line of the HttpProxy log about a call of EWS.
#[cfg(test)]
pub(crate) fn line(authentication: &str, status: u16) -> crate::logrecord::LogRecord {
    crate::logrecord::LogRecord {
        authentication: Some(authentication.into()),
        status: Some(status),
        path: Some("/ews/exchange.asmx".into()),
        ..crate::logrecord::LogRecord::new(crate::logrecord::LogSource::HttpProxy, 7)
    }
}
