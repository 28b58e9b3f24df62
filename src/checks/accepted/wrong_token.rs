//! Takes what was remembered, gives findings of `accepted-wrong-token`: the server accepts a token that is wrong here.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::facts::{Call, Signed};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CaptureCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-wrong-token",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["I05"],
    title: "the server accepts a token that is wrong here",
    looks_at: "Calls that succeed, against what was computed here of their tokens: signature, validity, audience, tenant.",
    matters: "Either what was given here is not what the server has (keys, tenant, the clock of the recording), or the server \
              does not look at its tokens.",
    bad: "200 for a token whose signature is wrong by --sts-keys",
    good: "401 for it",
    repair: "Look at what was given first: are --sts-keys, --cert and --tenant those of this organisation, and was the clock \
             of the recording right? If they are: oauthtrace probe <url>",
    sources: &["[MS-XOAUTH] 3.2.5.6", "RFC 7519 4.1"],
    scope: Scope::Capture(examine),
};

fn examine(case: &CaptureCase<'_>, out: &mut Out<'_>) {
    for (call, seen) in &case.memory.facts.calls {
        let faults = faults(call);
        if !call.accepted() || !call.exchange || call.logged || faults.is_empty() {
            continue;
        }
        let hit = out.say("the server accepts a token that is wrong here");
        hit.observed(format!("status {}; {}", call.status.unwrap_or_default(), faults.join("; ")))
            .expected("a refusal")
            .location("response.status");
        if let Some(key) = seen.key() {
            hit.exchange(key);
        }
    }
}

/// What is wrong with the token of a call, in words.
fn faults(call: &Call) -> Vec<&'static str> {
    let host = call.audience.as_ref().map(|(same, _)| *same);
    let all = [
        (call.signed == Signed::Failed, "its signature is wrong by the given keys"),
        (call.in_time == Some(false), "it is outside its time by the clock of the recording"),
        (host == Some(false), "its audience is another host"),
        (call.tenant == Some(false), "it belongs to another tenant, or to none"),
    ];
    all.into_iter().filter(|(wrong, _)| *wrong).map(|(_, words)| words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{OTHER_TENANT, Scene};

    #[test]
    fn fires_on_success_for_a_token_that_is_wrong() {
        for scene in [
            Scene::healthy().tampered(),
            Scene::healthy().used_after_expiry(90_000),
            Scene::healthy().both_realms(OTHER_TENANT),
        ] {
            assert!(scene.fires(&RULE));
        }
    }

    #[test]
    fn stays_silent_on_a_refusal_and_on_a_good_token() {
        assert!(
            !Scene::healthy().tampered().refused("2000000;error_category=\"invalid_signature\"").fires(&RULE)
        );
        assert!(!Scene::healthy().tampered().ews("Error", "ErrorAccessDenied").fires(&RULE));
        assert!(!Scene::healthy().fires(&RULE));
    }
}
