//! Takes one use of a token, gives findings of `audience-uri`: an Entra token is meant for another address.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::{claimed, shown};
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;
use crate::token::Role;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-uri",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E08"],
    title: "an Entra token is meant for another address",
    looks_at: "`aud` of Entra tokens: an absolute URI whose scheme and authority are the request's.",
    matters: "Exchange answers 2000003 otherwise. With TLS offloading Exchange sees http where the token \
             says https.",
    bad: "aud https://autodiscover.contoso.com/, request to https://mail.contoso.com",
    good: "aud https://mail.contoso.com/",
    repair: "Register the address: add https://<host>/ to the service principal names of \
             00000002-0000-0ff1-ce00-000000000000; do not terminate TLS in front of Exchange.",
    sources: &["Microsoft Learn: Hybrid Modern Authentication"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let token = case.token.token;
    let Some(exchange) = case.presented() else { return };
    if !matches!(token.role, Role::Access | Role::Id) {
        return;
    }
    let audience = token.claim("aud").unwrap_or_default();
    let Some(asked) = exchange.host() else {
        out.missing("a request does not name its host, so its token's audience cannot be compared");
        return;
    };
    let uri = audience
        .split_once("://")
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest.split('/').next().unwrap_or_default()));
    let right = match &uri {
        Some((scheme, host)) => {
            let used = exchange.request().and_then(|request| request.scheme.as_deref());
            used.is_none_or(|used| used.eq_ignore_ascii_case(scheme))
                && place::authority(host, Some(scheme)) == place::authority(asked, Some(scheme))
        }
        // The bare id of Exchange names no address, and Exchange compares addresses.
        None => false,
    };
    if !right {
        out.say("the Entra token is meant for another address")
            .observed(claimed(token, "aud"))
            .expected(format!("https://{}/", shown(asked)))
            .claim("aud");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_host() {
        assert!(Scene::healthy().entra("https://other.contoso.com/").fires(&RULE));
    }

    #[test]
    fn fires_on_what_is_no_address() {
        for audience in ["00000002-0000-0ff1-ce00-000000000000", "mail.contoso.com", ""] {
            assert!(Scene::healthy().entra(audience).fires(&RULE), "{audience}");
        }
    }

    #[test]
    fn stays_silent_on_the_host() {
        assert!(!Scene::healthy().entra("https://mail.contoso.com/").fires(&RULE));
    }
}
