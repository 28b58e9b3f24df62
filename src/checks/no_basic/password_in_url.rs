//! Takes one exchange, gives findings of `password-in-url`: a password stands in a URL.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::exchange::{PASSWORD_IN_ADDRESS, PASSWORD_IN_QUERY, is_password_parameter};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "password-in-url",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A01"],
    title: "a password stands in a URL",
    looks_at: "User information (`user:password@`) and parameters named password, passwd, pwd, pass or passphrase, \
             also with user before it, in request targets.",
    matters: "URLs are logged everywhere: by proxies, by IIS, in the browser's history.",
    bad: "GET https://anna:secret@mail.contoso.com/ews/",
    good: "GET https://mail.contoso.com/ews/",
    repair: "Find the client by its address and user agent and move it to OAuth; then switch Basic off \
             for the path: Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" \
             -BasicAuthentication $false. Change the password: it was recorded.",
    sources: &["RFC 9110 4.2.4"],
    scope: Scope::Marked(Marks::TARGET.and(Marks::ODD), examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(request) = case.request() else { return };
    let authority = request
        .target
        .split_once("://")
        .map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default())
        .or(request.host.as_deref());
    let user = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    // Exports keep the whole address, which browsers do not send: the password left by another way.
    let tells = |name: &str| case.exchange.oddities.iter().any(|oddity| oddity.name == name);
    let told = tells(PASSWORD_IN_ADDRESS);
    let in_user =
        told || user.is_some_and(|user| user.split_once(':').is_some_and(|(_, word)| !word.is_empty()));
    // Older writers part fields with semicolons (HTML 4.01, B.2.2).
    let mut fields = request.query().unwrap_or_default().split(';').flat_map(place::fields);
    let named = fields.any(|(name, value)| is_password_parameter(&name, &value));
    let named = named || tells(PASSWORD_IN_QUERY);
    if in_user || named {
        let hit = out.say("a password stands in a URL");
        hit.observed(format!(
            "{} in the target of {}",
            if named { "a password parameter" } else { "user information" },
            super::target(case)
        ))
        .expected("no password in a URL")
        .location("request.target");
        if !matches!(case.place, Place::Exchange | Place::TokenService) {
            hit.severity(Severity::Warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_parameter() {
        assert!(Scene::healthy().target("/ews/exchange.asmx?password=secret").fires(&RULE));
        assert!(Scene::healthy().target("/ews/exchange.asmx?user=a;password=secret").fires(&RULE));
        assert!(!Scene::healthy().target("/ews/exchange.asmx?user=a;password=").fires(&RULE));
    }

    #[test]
    fn fires_however_the_name_is_written_and_on_no_other_name() {
        for (name, fires) in
            [("user_password", true), ("UserPwd", true), ("pass%77ord", true), ("changePassword", false)]
        {
            let target = format!("/ews/exchange.asmx?{name}=secret");
            assert_eq!(Scene::healthy().target(&target).fires(&RULE), fires, "{name}");
        }
    }

    #[test]
    fn fires_on_a_parameter_named_pass_and_not_where_it_counts_or_switches() {
        for (query, fires) in [
            ("user=a&pass=secret", true),
            ("PASS=hunter2", true),
            ("p%61ss=secret", true),
            ("passphrase=secret", true),
            ("pass=", false),
            ("pass=2", false),
            ("pass=true", false),
            ("bypass=secret", false),
        ] {
            let target = format!("/ews/exchange.asmx?{query}");
            assert_eq!(Scene::healthy().target(&target).fires(&RULE), fires, "{query}");
        }
    }

    #[test]
    fn fires_on_the_last_of_many_parameters() {
        let target = format!("/ews/exchange.asmx?{}password=secret", "a=b&".repeat(2000));
        assert!(Scene::healthy().target(&target).fires(&RULE));
    }

    #[test]
    fn fires_on_user_information_that_an_export_tells_of() {
        assert!(Scene::healthy().oddity(PASSWORD_IN_ADDRESS).fires(&RULE));
        assert!(!Scene::healthy().oddity("export-user-in-address").fires(&RULE));
    }

    #[test]
    fn fires_on_a_parameter_that_an_export_tells_of() {
        assert!(Scene::healthy().oddity(PASSWORD_IN_QUERY).fires(&RULE));
    }

    #[test]
    fn fires_on_user_information_with_a_password_only() {
        for (user, fires) in [("bob:pw@", true), ("bob:@", false), ("bob@", false), ("", false)] {
            let whole = format!("https://{user}mail.contoso.com/ews/exchange.asmx");
            assert_eq!(Scene::healthy().target(&whole).fires(&RULE), fires, "{whole}");
            let host = format!("{user}mail.contoso.com");
            assert_eq!(Scene::healthy().host(&host).oddity("odd").fires(&RULE), fires, "{host}");
        }
    }

    #[test]
    fn stays_silent_without_one() {
        assert!(!Scene::healthy().target("/ews/exchange.asmx?a=b").fires(&RULE));
    }
}
