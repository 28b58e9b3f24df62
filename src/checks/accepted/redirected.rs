//! Takes one exchange, gives findings of `accepted-redirected`: the call was redirected.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-redirected",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A05"],
    title: "the call was redirected",
    looks_at: "Status 300 to 399 (304 aside) to a request that presented a token in scope, unless it leads \
             to another Autodiscover address.",
    matters: "Exchange does not redirect EWS calls; a device in front sends them to its sign-in page, \
             where no token helps.",
    bad: "302 to /my.policy",
    good: "200",
    repair: "Publish EWS and Autodiscover without pre-authentication on the device that answered.",
    sources: &["Microsoft Learn: hybrid deployment prerequisites"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(status @ (300..=303 | 305..=399)) = case.status() else { return };
    let Some(seen) = case.presented() else { return };
    let Some(response) = case.response() else { return };
    // Devices leave an empty field beside their own.
    let all = response.head.all("location").filter_map(|field| std::str::from_utf8(field.value).ok());
    let to = all.map(str::trim).find(|to| !to.is_empty()).unwrap_or_default();
    let path = to.split(['?', '#']).next().unwrap_or_default();
    if !path.to_ascii_lowercase().contains("/autodiscover/") {
        let leads = match path {
            "" => "without Location".to_owned(),
            path => format!("to {}", crate::checks::place::shown_path(path)),
        };
        out.say("the call was redirected, not answered")
            .observed(quoted(&format!("status {status} {leads}")))
            .expected("a successful answer")
            .token(seen.id)
            .location("response.header.location");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_sign_in_page() {
        assert!(Scene::healthy().status(302).response_header("Location", "/my.policy").fires(&RULE));
    }

    #[test]
    fn tells_where_it_leads_if_anywhere() {
        let observed = |scene: Scene| {
            let found = scene.judge().findings;
            found.into_iter().find(|finding| finding.rule == RULE.id).unwrap().observed
        };
        let redirected = Scene::healthy().status(302);
        let empty = redirected.response_header("Location", "");
        assert_eq!(observed(Scene::healthy().status(302)), "status 302 without Location");
        assert_eq!(observed(empty.response_header("Location", "/my.policy?x")), "status 302 to /my.policy");
    }

    #[test]
    fn stays_silent_on_autodiscover() {
        assert!(
            !Scene::healthy()
                .status(302)
                .response_header("Location", "https://b.contoso.com/autodiscover/autodiscover.xml")
                .fires(&RULE)
        );
    }
}
