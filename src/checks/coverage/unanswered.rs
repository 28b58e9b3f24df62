//! Takes what `probe` learned of a question, gives findings of `coverage-unanswered`: a question was not answered, or not to its end.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-unanswered",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "a question was not answered, or not to its end",
    looks_at: "Name resolution, connection, TLS handshake and answer, each within --timeout and the bounds on size.",
    matters: "What was not answered is not known to be right.",
    bad: "connection refused",
    good: "an answer",
    repair: "Check name, port and firewall from the network in which the callers are: Skype for Business Online and Teams come from the internet. A slow server gets more time with --timeout.",
    sources: &["RFC 9110 15"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some(question) = case.question() else { return };
    if let Some(trouble) = &question.trouble {
        let state = if question.exchange.is_some() { "not answered to the end" } else { "not answered" };
        out.say(format!("{} was {state}", shown(&question.url))).observed(shown(trouble));
        out.missing(format!("{}: {trouble}", question.url));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::probe::{question, speaks};

    #[test]
    fn fires_on_a_refused_connection() {
        let mut thing = question(401, &[]);
        thing.trouble = Some("connection refused".into());
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_an_answer() {
        let thing = question(401, &[]);
        assert!(!speaks(&RULE, &thing));
    }
}
