//! Takes one use of a token, gives findings of `transport-url-token`: a token travelled in a URL.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::UseCase;
use crate::token::Half;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "transport-url-token",
    check: CheckId::Transport,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A14"],
    title: "a token travelled in a URL",
    looks_at: "Tokens in scope in the query or path of request targets, and in those that `Referer` tells of.",
    matters: "URLs are logged everywhere; the token in them can be used by whoever reads the log.",
    bad: "GET /ews?access_token=eyJ…",
    good: "Authorization: Bearer eyJ…",
    repair: "Find the client by its user agent: it must send the token in the Authorization field.",
    sources: &["RFC 6750 2.3 and 5.3"],
    scope: Scope::Use(examine),
};

fn examine(case: &UseCase<'_>, out: &mut Out<'_>) {
    let place = &case.sighting.location;
    let url = ["query", "path", "target", "header.referer"].iter().any(|part| place.part.starts_with(part));
    if !case.carried && place.half == Half::Request && url {
        out.say("a token travelled in a URL").observed(place.to_string()).expected("the Authorization field");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::exchange::{Exchange, Head};

    #[test]
    fn fires_on_a_query() {
        assert!(Scene::healthy().in_query().fires(&RULE));
    }

    #[test]
    fn fires_on_an_address_that_the_request_tells_of() {
        let scene = Scene::healthy();
        let referer = format!("https://portal.contoso.com/?access_token={}", scene.token());
        let told = move |exchange: &mut Exchange| {
            let fields = [(&b"Referer"[..], referer.as_bytes())];
            exchange.request.as_mut().unwrap().head = Head::from_pairs(fields);
        };
        assert!(scene.change(told).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_header() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
