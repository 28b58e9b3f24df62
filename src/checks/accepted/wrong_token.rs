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
        let observed = format!("status {}; {}", call.status.unwrap_or_default(), faults.join("; "));
        // Of many exchanges of one kind the first are known; the last of these stands for the others.
        let mut others = seen.count.saturating_sub(seen.exchanges.len() as u64);
        for &key in seen.exchanges.iter().rev() {
            out.say("the server accepts a token that is wrong here")
                .observed(observed.clone())
                .expected("a refusal")
                .location("response.status")
                .exchange(key)
                .places(1 + std::mem::take(&mut others));
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
    use crate::checks::judge::Judge;
    use crate::checks::testing::{OTHER_TENANT, Scene};
    use crate::sink::Sink as _;

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
    fn stays_silent_where_the_check_of_audiences_does() {
        for authority in ["mail.contoso.com:443", "mail.contoso.com:80", "MAIL.contoso.com"] {
            assert!(!Scene::healthy().clear().host(authority).fires(&RULE), "{authority}");
        }
        assert!(Scene::healthy().clear().host("owa.contoso.com").fires(&RULE));
    }

    #[test]
    fn all_exchanges_of_a_kind_are_counted_and_the_first_are_named() {
        let scene = Scene::healthy().tampered();
        let expectations = scene.expectations();
        let mut judge = Judge::new(&expectations);
        for frame in (0..40).rev() {
            let mut exchange = scene.exchanges().remove(0);
            exchange.key.frame = frame;
            judge.exchange(exchange);
        }
        let judged = judge.finish();
        let found = judged.findings.iter().find(|finding| finding.rule == RULE.id).unwrap();
        let frames: Vec<_> = found.evidence.iter().map(|evidence| evidence.exchange.unwrap().frame).collect();
        assert_eq!(found.count, 40);
        assert_eq!(frames, (0..16).collect::<Vec<_>>());
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
