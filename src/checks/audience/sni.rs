//! Takes one use of a token, gives findings of `audience-sni`: TLS was opened under another name.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-sni",
    check: CheckId::Audience,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["E04"],
    title: "TLS was opened under another name",
    looks_at: "Server name of the TLS handshake against the authority of the request.",
    matters: "A reverse proxy that rewrites names sits between; the outermost name is the one that tokens \
             are issued for.",
    bad: "SNI exch01.contoso.local, Host: mail.contoso.com",
    good: "SNI and Host mail.contoso.com",
    repair: "Nothing to repair as long as the audience fits the Host field.",
    sources: &["RFC 6066 3"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some(exchange) = case.presented() else { return };
    let sni = exchange.exchange.tls.as_ref().and_then(|tls| tls.sni.as_deref());
    if let (Some(sni), Some(host)) = (sni, exchange.host())
        && place::bare_host(sni) != place::bare_host(host)
    {
        out.say("TLS was opened under another name than the request's host").observed(format!(
            "SNI {}, host {}",
            shown(sni),
            shown(host)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_name() {
        assert!(Scene::healthy().sni("exch01.contoso.local").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_same_name() {
        assert!(!Scene::healthy().sni("mail.contoso.com").fires(&RULE));
    }
}
