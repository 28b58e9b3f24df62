//! Takes one connection, gives findings of `coverage-undecrypted`: a TLS connection stayed closed.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ConnectionCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-undecrypted",
    check: CheckId::Coverage,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["A15"],
    title: "a TLS connection stayed closed",
    looks_at: "Connections whose TLS could not be opened, with the reason.",
    matters: "What is inside could be anything: neither absence of Basic nor presence of OAuth follows \
             from it.",
    bad: "TLS without a key log",
    good: "TLS with --keylog",
    repair: "Record with a key log (SSLKEYLOGFILE of the client, --keylog), behind the TLS end point, or \
             with a decrypting proxy and a HAR export.",
    sources: &["RFC 9850"],
    scope: Scope::Connection(examine),
};

fn examine(case: &ConnectionCase<'_>, out: &mut Out<'_>) {
    let Some(tls) = &case.connection.tls else { return };
    if let Some(reason) = &tls.undecrypted {
        out.say("a TLS connection stayed closed")
            .observed(shown(&format!("{}: {reason}", case.name.unwrap_or("server name not known"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_closed_tls() {
        assert!(Scene::healthy().closed_tls("mail.contoso.com").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_open_traffic() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
