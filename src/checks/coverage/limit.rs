//! Takes everything that was remembered, gives findings of `coverage-limit`: a bound of the tool was reached.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::plural;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::CaptureCase;
use crate::limits;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-limit",
    check: CheckId::Coverage,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "a bound of the tool was reached",
    looks_at: "The bounds on memory, time, depth and ratio that keep hostile traffic from exhausting this tool.",
    matters: "What lies beyond a bound was not read: traffic that reaches one is damaged, unusually large, or \
              made to exhaust readers. What was cut off a long body (BODY_*) is an info: errors and tokens \
              stand at its beginning.",
    bad: "a body that unpacks to a thousand times its size",
    good: "a body of a few mebibytes",
    repair: "Look at what the report says of the connection or file; record less of it, or only the \
             connections in question. src/limits.rs holds each bound with its reason.",
    sources: &["src/limits.rs"],
    scope: Scope::Capture(examine),
};

fn examine(case: &CaptureCase<'_>, out: &mut Out<'_>) {
    let mut reached = case.memory.limits.clone();
    for (text, count) in case.store.unread() {
        for (name, _) in limits::named(text) {
            *reached.entry(name).or_default() += count;
        }
    }
    for (name, count) in reached {
        let value = limits::ALL.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| *value);
        let hit = out
            .say(format!("a bound of the tool was reached: {name}"))
            .observed(format!("{name} = {value}, reached {}", plural(count, "time")))
            .cause(name);
        if name.starts_with("BODY_") && name.ends_with("KEPT") {
            hit.severity(Severity::Info);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::exchange::Oddity;

    #[test]
    fn fires_on_a_bound() {
        let oddity = || Oddity { name: "http-head-too-long", detail: "too long (limit HEAD_BYTES)".into() };
        assert!(Scene::healthy().connection(|one| one.oddities.push(oddity())).fires(&RULE));
    }

    #[test]
    fn names_the_bound_and_takes_bodies_that_are_kept_in_part_for_no_trouble() {
        let found = |detail: &'static str| {
            let oddity = move || Oddity { name: "odd", detail: detail.into() };
            let judgement = Scene::healthy().connection(|one| one.oddities.push(oddity())).judge();
            let found = judgement.findings.into_iter().find(|finding| finding.rule == RULE.id).unwrap();
            (found.severity, found.observed)
        };
        let (severity, observed) = found("too long (limit HEAD_BYTES)");
        assert_eq!(severity, Severity::Warning);
        assert_eq!(observed, format!("HEAD_BYTES = {}, reached 1 time", limits::HEAD_BYTES));
        assert_eq!(found("kept in part (limit BODY_KEPT)").0, Severity::Info);
        assert_eq!(found("not read on (limit BODY_DECODED)").0, Severity::Warning);
        assert_eq!(found("not joined (limit JOINABLE_KEPT)").0, Severity::Warning);
    }

    #[test]
    fn stays_silent_on_other_oddities() {
        assert!(!Scene::healthy().oddity("http-length-conflict").fires(&RULE));
    }
}
