//! Takes one exchange, gives findings of `request-answer`: the answer of the token service is unusual.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-answer",
    check: CheckId::TokenRequest,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["H08"],
    title: "the answer of the token service is unusual",
    looks_at: "Cache-Control, `token_type` and `expires_in` of granted requests.",
    matters: "RFC 6749 wants no-store and token_type Bearer; an answer without may come from an \
             intermediary.",
    bad: "200 without Cache-Control",
    good: "Cache-Control: no-store, token_type Bearer",
    repair: "Nothing to repair when Exchange accepts the token.",
    sources: &["RFC 6749 5.1"],
    scope: Scope::Exchange(examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(answer) = case.granted().filter(|answer| answer.granted) else { return };
    let stored = case
        .response()
        .and_then(|response| response.head.text("cache-control"))
        .is_some_and(|value| value.to_ascii_lowercase().contains("no-store"));
    let bearer = answer.token_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let mut odd = Vec::new();
    if !stored {
        odd.push("no Cache-Control: no-store");
    }
    if !bearer {
        odd.push("token_type is not Bearer");
    }
    if answer.expires_in.is_some_and(|seconds| seconds <= 0) {
        odd.push("expires_in is not positive");
    }
    if !odd.is_empty() {
        out.say("the answer of the token service is unusual").observed(odd.join(", ")).location("response");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_without_no_store() {
        assert!(
            Scene::healthy()
                .token_request(
                    "grant_type=client_credentials",
                    200,
                    r#"{"access_token":"x","token_type":"Bearer"}"#
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_a_refusal() {
        assert!(
            !Scene::healthy()
                .token_request("grant_type=client_credentials", 400, r#"{"error":"invalid_client"}"#)
                .fires(&RULE)
        );
    }
}
