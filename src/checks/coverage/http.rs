//! Takes one exchange, gives findings of `coverage-http`: an HTTP message is odd.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-http",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["F09"],
    title: "an HTTP message is odd",
    looks_at: "What the decoders found odd about a message: folded fields, contradicting lengths, missing \
             ends, and entries of exports without a time.",
    matters: "The message was read as well as it could be; another reader may have read it differently.",
    bad: "two Content-Length fields that differ",
    good: "one Content-Length",
    repair: "Nothing to repair in the recording; look at the sender when a token or an answer depends on \
             it.",
    sources: &["RFC 9112"],
    scope: Scope::Marked(Marks::ODD, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    for oddity in &case.exchange.oddities {
        out.say("an HTTP message is odd")
            .observed(format!("{}: {}", oddity.name, shown(&oddity.detail)))
            .cause(oddity.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_an_oddity() {
        assert!(Scene::healthy().oddity("http-length-conflict").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_plain_message() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
