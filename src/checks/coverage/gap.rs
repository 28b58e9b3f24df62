//! Takes one connection, gives findings of `coverage-gap`: bytes are missing in a connection.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::plural;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ConnectionCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-gap",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &[],
    title: "bytes are missing in a connection",
    looks_at: "Bytes of the transport stream that are missing between bytes that were seen.",
    matters: "Nothing is joined across a gap; what stood in it is not judged.",
    bad: "1460 bytes missing",
    good: "no byte missing",
    repair: "Record again with a larger buffer (tcpdump -B 65536), or nearer to the server; where packets were \
             recorded in part, record them whole (tcpdump -s 0).",
    sources: &["RFC 9293"],
    scope: Scope::Connection(examine),
};

fn examine(case: &ConnectionCase<'_>, out: &mut Out<'_>) {
    let missing = case.connection.sent.missing + case.connection.received.missing;
    if missing > 0 {
        out.say("bytes are missing in a connection")
            .observed(format!("{} missing", plural(missing, "byte")))
            .cause("gap");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_gap() {
        assert!(Scene::healthy().connection(|one| one.sent.missing = 10).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_whole_connection() {
        assert!(!Scene::healthy().connection(|_| ()).fires(&RULE));
    }
}
