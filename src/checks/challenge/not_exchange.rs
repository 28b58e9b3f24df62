//! Takes what `probe` learned of a question, gives findings of `challenge-not-exchange`: something else than Exchange answered.

use crate::checks::CheckId;
use crate::checks::challenge::names_both;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::probed::ProbeCase;
use crate::checks::rule::{Out, Rule, Scope};
use crate::wire::http::challenge::challenges;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "challenge-not-exchange",
    check: CheckId::Challenge,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "something else than Exchange answered",
    looks_at: "Live answers at Exchange paths that are no challenge: redirections, and statuses other than 401, and answers without request-id, X-FEServer and the Bearer challenge, all three.",
    matters: "A device that authenticates or redirects in front of EWS and Autodiscover keeps callers with OAuth tokens out.",
    bad: "302 to a sign-in page",
    good: "401 with Bearer challenge, request-id and X-FEServer",
    repair: "Publish EWS and Autodiscover without pre-authentication and without redirection; compare with the answer on the server itself (https://localhost/ews/exchange.asmx).",
    sources: &["Microsoft Learn: hybrid deployment prerequisites"],
    scope: Scope::Probe(examine),
};

fn examine(case: &ProbeCase<'_>, out: &mut Out<'_>) {
    let Some((question, exchange)) = case.challenge() else { return };
    let Some(response) = &exchange.response else { return };
    let request = exchange.request.as_ref();
    let path = request.map_or(String::new(), |request| request.path().to_ascii_lowercase());
    // Skype and Teams call these; the others are told in passing.
    let needed = path.starts_with("/ews") || path.starts_with("/autodiscover");
    let mut offered = challenges(&response.head);
    offered.retain(|offer| offer.is("bearer"));
    if !offered.is_empty() {
        // Every address has to tell: what one says, a caller of another does not learn.
        if needed && !offered.iter().any(names_both) {
            out.missing(format!(
                "{}: the challenge does not name both Exchange and the issuers that it trusts",
                question.url
            ));
        }
        return;
    }
    if needed {
        out.missing(format!("{} gave no Bearer challenge (status {})", question.url, response.status));
    }
    let status = response.status;
    let bare = ["request-id", "x-feserver"].iter().all(|name| response.head.get(name).is_none());
    let (message, observed, location) = if let Some(target) = &question.redirect {
        let target = shown(target);
        (
            "redirects to another place, which was not asked",
            format!("Location: {target}"),
            "response.header.location",
        )
    } else if bare {
        let lacks = "no request-id, X-FEServer and Bearer challenge".to_owned();
        ("was not answered by Exchange, as it seems", lacks, "response.header")
    } else if status != 401 {
        ("did not answer an empty Bearer with 401", "no challenge".to_owned(), "response.status")
    } else {
        return;
    };
    let host = exchange.request.as_ref().and_then(|request| request.host.as_deref()).unwrap_or_default();
    out.say(format!("{} {message}", shown(&question.url)))
        .severity(if needed { Severity::Warning } else { Severity::Info })
        .observed(format!("status {status}, {observed}"))
        .expected("401 with Bearer challenge, request-id and X-FEServer")
        .cause(format!("{host} {message} {status} {observed}"))
        .location(location);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::Expectations;
    use crate::checks::probed::Question;
    use crate::checks::testing::probe::Thing as _;
    use crate::checks::testing::probe::{question, speaks};
    use crate::state::cloud::Cloud;

    #[test]
    fn fires_on_a_sign_in_page() {
        let mut thing = question(302, &[("Location", "https://sts.example/")]);
        thing.redirect = Some("https://sts.example/".into());
        assert!(speaks(&RULE, &thing));
    }

    #[test]
    fn stays_silent_on_a_challenge() {
        let thing = question(401, &[("WWW-Authenticate", "Bearer client_id=\"x\"")]);
        assert!(!speaks(&RULE, &thing));
    }

    #[test]
    fn what_the_calls_need_is_missing_where_its_answer_tells_nothing() {
        let said = |thing: &Question| {
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let expected = Expectations::default();
            let case = ProbeCase { probed: thing.probed(), expected: &expected, cloud: Cloud::Worldwide };
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            (hits.first().map(|hit| (hit.severity, hit.message.to_string())), missing.len())
        };
        let at = |path: &str, status: u16, fields: &[(&str, &str)]| {
            let mut thing = question(status, fields);
            thing.exchange.as_mut().unwrap().request.as_mut().unwrap().target = path.into();
            said(&thing)
        };
        let exchange = ("request-id", "x");
        for (path, severity, missing) in [
            ("/ews/exchange.asmx", Severity::Warning, 1),
            ("/autodiscover/autodiscover.svc", Severity::Warning, 1),
            ("/oab/", Severity::Info, 0),
        ] {
            let (hit, left) = at(path, 403, &[]);
            assert_eq!((hit.as_ref().unwrap().0, left), (severity, missing), "{path}");
            assert!(hit.unwrap().1.contains("was not answered by Exchange"), "{path}");
            let (hit, left) = at(path, 403, &[exchange]);
            assert!(
                hit.unwrap().1.contains("did not answer an empty Bearer with 401") && left == missing,
                "{path}"
            );
            assert_eq!(
                at(path, 401, &[exchange, ("WWW-Authenticate", "Negotiate")]),
                (None, missing),
                "{path}"
            );
            // A challenge that does not say whom it trusts.
            assert_eq!(
                at(path, 401, &[("WWW-Authenticate", "Bearer client_id=\"x\"")]),
                (None, missing),
                "{path}"
            );
        }
        let whole = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"";
        assert_eq!(at("/ews/exchange.asmx", 401, &[("WWW-Authenticate", whole)]), (None, 0));
    }
}
