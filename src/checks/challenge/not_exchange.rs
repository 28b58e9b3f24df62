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
    use crate::checks::testing::probe::{question, speaks};

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
}
