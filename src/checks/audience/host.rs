//! Takes one use of a token, gives findings of `audience-host`: the token is meant for another host.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{UseCase, audience_host};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "audience-host",
    check: CheckId::Audience,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["E03"],
    title: "the token is meant for another host",
    looks_at: "The host in `aud` against the authority of the request (`Host`, `:authority`), letter case \
             and the default port aside.",
    matters: "Exchange compares the two and answers 2000003 when they differ: a proxy rewrote the host, or \
             the caller used a name that the token was not issued for.",
    bad: "aud …/mail.contoso.com@…, Host: owa.contoso.com",
    good: "aud …/mail.contoso.com@…, Host: mail.contoso.com",
    repair: "Publish Exchange with the host name unchanged, and register that name: \
             Get-WebServicesVirtualDirectory | Format-List ExternalUrl; add https://<host> to the service \
             principal names of 00000002-0000-0ff1-ce00-000000000000.",
    sources: &["[MS-XOAUTH] 3.2.5.6", "Microsoft Support: KB 3090197"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let Some((exchange, token)) = super::presented(case) else { return };
    let Some(host) = audience_host(token) else { return };
    let Some(asked) = exchange.host() else {
        out.missing(super::NO_HOST);
        return;
    };
    if exchange.hosts().1 {
        out.missing(
            "a request names several hosts in its Host fields, so its token's audience cannot be compared",
        );
        return;
    }
    if exchange.is_host(host) == Some(false) {
        out.say("the token is meant for another host")
            .observed(format!("aud names {}, the request went to {}", shown(host), shown(asked)))
            .expected(shown(asked))
            .claim("aud");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_another_host() {
        assert!(Scene::healthy().host("owa.contoso.com").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_the_request_names_several_hosts() {
        let twice = |other: &'static str| {
            Scene::healthy().host("owa.contoso.com").change(move |exchange| {
                let head = &mut exchange.request.as_mut().unwrap().head;
                let fields: Vec<_> = head.fields().filter(|field| !field.is("host")).collect();
                let own = fields.iter().map(|field| (field.name, field.value));
                let hosts = ["owa.contoso.com", other].map(|host| (&b"Host"[..], host.as_bytes()));
                *head = crate::exchange::Head::from_pairs(hosts.into_iter().chain(own));
            })
        };
        assert!(!twice("mail.contoso.com").fires(&RULE));
        let audience = |scene: &Scene| {
            let checks = scene.judge().checks;
            checks.into_iter().find(|check| check.id == CheckId::Audience).unwrap().outcome
        };
        assert_eq!(audience(&twice("mail.contoso.com")), crate::checks::Outcome::NotEstablished);
        assert!(twice("OWA.contoso.com").fires(&RULE), "the same host twice");
    }

    #[test]
    fn stays_silent_on_the_default_port() {
        assert!(!Scene::healthy().host("Mail.Contoso.com:443").fires(&RULE));
        assert!(!Scene::healthy().clear().host("mail.contoso.com:443").fires(&RULE));
        assert!(!Scene::healthy().clear().host("mail.contoso.com:80").fires(&RULE));
        assert!(Scene::healthy().clear().host("mail.contoso.com:8443").fires(&RULE));
    }
}
