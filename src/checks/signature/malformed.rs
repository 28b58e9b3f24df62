//! Takes a distinct token, gives findings of `token-malformed`: the token is not in compact serialisation.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;
use crate::token::jwt::Fault;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "token-malformed",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C01"],
    title: "the token is not in compact serialisation",
    looks_at: "The form of tokens in scope: three parts (five when encrypted), base64url without padding, \
             JSON objects inside.",
    matters: "Exchange refuses anything else (2000001). Two parts, the last dot lost, are read here and \
             warned about. What is written with padding or other letters is read, too, but no signature \
             over it counts.",
    bad: "eyJ….eyJ… with a cut payload",
    good: "header.payload.signature",
    repair: "Compare with the sender's own log; a device that limits header length cuts tokens.",
    sources: &["RFC 7515 5.2 and 7.1"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Some(jwt) = &case.token.jwt else { return };
    // A bound of this tool says nothing against the token: `coverage` names it.
    for fault in jwt.faults.iter().filter(|fault| fault.bound().is_none()) {
        let (severity, what) = match fault {
            Fault::TwoParts => (Severity::Warning, "two parts: the last dot is lost".to_owned()),
            Fault::LenientEncoding(part) => {
                (Severity::Error, format!("the {part} uses padding or the standard alphabet"))
            }
            Fault::Parts(count) => (Severity::Error, format!("{count} parts")),
            Fault::Encoding(part, at) => {
                (Severity::Error, format!("the {part} is not base64url at byte {at}"))
            }
            Fault::Json(part, _) => (Severity::Error, format!("the {part} is not a JSON object")),
            Fault::SignatureRemoved | Fault::TooLong(_) | Fault::TooDeep => continue,
        };
        out.say("the token is not in compact serialisation")
            .severity(severity)
            .observed(what)
            .expected("three parts of base64url without padding");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_a_lost_dot() {
        assert!(Scene::healthy().without_last_dot().fires(&RULE));
    }

    #[test]
    fn a_signature_that_a_reader_has_to_repair_is_not_verified() {
        let forms: [fn(String) -> String; 2] =
            [|text| text + "==", |text| text.replace('_', "/").replace('-', "+")];
        for form in forms {
            let judgement = Scene::healthy().actor_form(form).judge();
            let found: Vec<_> =
                judgement.findings.iter().filter(|finding| finding.check == RULE.check).collect();
            assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [RULE.id]);
            assert_eq!(found[0].severity, Severity::Error);
            let states = judgement.judged.values().map(|(_, signature)| signature.state);
            assert!(!states.into_iter().any(|state| state == "verified"));
        }
    }

    #[test]
    fn of_an_encrypted_token_nobody_knows_whether_it_is_signed() {
        let encrypted = "Bearer eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.BBBB.CCCC.DDDD";
        let judgement = Scene::healthy().authorization(encrypted).judge();
        let states = judgement.judged.values().map(|(_, signature)| signature.state);
        assert_eq!(states.collect::<Vec<_>>(), ["no-key"]);
    }

    #[test]
    fn stays_silent_on_three_parts() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
