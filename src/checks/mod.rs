//! Takes exchanges, connections and tokens, gives the outcome of every check and the verdict.
//!
//! The contract's table: thirteen checks, rules under them, one pure function from outcomes to verdict.
//! "No evidence" cannot be spelled as pass.

/// Tokens without traffic.
pub mod alone;
/// Fields in the body of a token request, however it is declared.
mod body_fields;
/// What was computed of a token, to be held against what a server says.
mod computed;
/// What is expected: tenant, certificates, keys, hosts.
pub mod expectations;
/// Findings and their evidence.
pub mod finding;
/// The driver: feeds subjects to rules, remembers what later decisions need.
pub mod judge;
/// The driver for state and scripts.
pub mod judge_state;
/// What is out of the ordinary about an exchange.
pub mod marks;
/// What rules on state and scripts look at.
pub mod organisation;
/// What kind of place a host, path or address is.
pub mod place;
/// What `probe` learns of a live service.
pub mod probed;
/// Whether a realm is the tenant.
pub mod realm;
/// How a rule is declared.
pub mod rule;
/// The list of all rules.
pub mod rules;
/// Sentences that name inputs.
pub mod said;
/// Rules by what they look at.
mod scoped;
/// What rules look at.
pub mod subject;
/// From what rules say to findings.
mod tally;
/// What an exchange tells of a token that is not in it.
mod unseen;

/// Did Exchange accept the tokens?
mod accepted;
/// Was the token meant for this server?
mod audience;
/// Is the uploaded certificate good?
mod certificate;
/// Do outer and actor token belong together?
mod chain;
/// Do the challenges name the right parties?
mod challenge;
/// Could everything be read?
mod coverage;
/// Who speaks, for which tenant?
mod issuer;
/// Was the token valid when it was used?
mod lifetime;
/// Did anybody still send a password?
mod no_basic;
/// Was OAuth used at all?
mod oauth;
/// Is every signature right?
mod signature;
/// Were token requests well formed and granted?
mod token_request;
/// Did tokens travel protected?
mod transport;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod testing_state;

use finding::Severity;
use said::Said;

/// The checks of the contract, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CheckId {
    /// Was a token in scope seen?
    Oauth,
    /// Is it `<principal>@<tenant>`?
    Issuer,
    /// Does every signature verify?
    Signature,
    /// Do outer and actor token belong together?
    Chain,
    /// Was it meant for this server?
    Audience,
    /// Was it valid when it was used?
    Lifetime,
    /// Is the uploaded certificate good?
    Certificate,
    /// Did anybody still send a password?
    NoBasic,
    /// Did tokens travel protected?
    Transport,
    /// Did Exchange accept them?
    Accepted,
    /// Were token requests well formed and granted?
    TokenRequest,
    /// Do the challenges name the right parties?
    Challenge,
    /// Was everything readable?
    Coverage,
}

impl CheckId {
    /// All, in the contract's order.
    pub const ALL: [Self; 13] = [
        Self::Oauth,
        Self::Issuer,
        Self::Signature,
        Self::Chain,
        Self::Audience,
        Self::Lifetime,
        Self::Certificate,
        Self::NoBasic,
        Self::Transport,
        Self::Accepted,
        Self::TokenRequest,
        Self::Challenge,
        Self::Coverage,
    ];

    /// The id in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Chain => "chain",
            Self::Audience => "audience",
            Self::Lifetime => "lifetime",
            Self::Certificate => "certificate",
            Self::NoBasic => "no-basic",
            Self::Transport => "transport",
            Self::Accepted => "accepted",
            Self::TokenRequest => "token-request",
            Self::Challenge => "challenge",
            Self::Coverage => "coverage",
        }
    }
}

/// What became of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The condition of the contract's table held on everything that was seen, and enough was seen.
    Pass,
    /// An error hangs under it.
    Fail,
    /// Nothing wrong was seen, but the evidence does not suffice.
    NotEstablished,
    /// Its precondition did not occur.
    NotApplicable,
}

impl Outcome {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEstablished => "not-established",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// One check with its outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckResult {
    /// Which.
    pub id: CheckId,
    /// Whether `not-established` makes the verdict incomplete; depends on what was seen and given.
    pub required: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// One line for people.
    pub summary: Said,
    /// What was not seen or not supplied, and what to do about it; empty unless not established.
    pub missing: Vec<Said>,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Every required check passed.
    Pass,
    /// A finding at or above the threshold.
    Fail,
    /// Nothing wrong was seen, but something required was not established.
    Incomplete,
}

impl Verdict {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Incomplete => "incomplete",
        }
    }

    /// The contract's rule: fail if any finding is at or above `fail_on`, else incomplete if a required
    /// check is not established, else pass.
    pub fn of(
        checks: &[CheckResult],
        findings: impl IntoIterator<Item = Severity>,
        fail_on: Severity,
    ) -> Self {
        if findings.into_iter().any(|severity| severity >= fail_on) {
            Self::Fail
        } else if checks.iter().any(|check| check.required && check.outcome == Outcome::NotEstablished) {
            Self::Incomplete
        } else {
            Self::Pass
        }
    }
}
