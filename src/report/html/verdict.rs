//! Verdict, checks and findings as the page shows them.

use crate::checks::finding::{Evidence, Finding, Severity};
use crate::report::claims::pretty;
use crate::report::commands::Part;
use crate::report::escape::{lines, terminal};
use crate::report::mask::Mask;
use crate::report::places::{member_name, place, shown_part};
use crate::report::reason::counted;
use crate::report::{Verification, commands, diagnosis, words};

pub(super) struct Verdict {
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) sentence: String,
    pub(super) scope: Vec<String>,
}

impl Verdict {
    pub(super) fn of(verification: &Verification) -> Self {
        let verdict = verification.judgement.verdict;
        let mut scope = words::scope(verification);
        scope.extend(verification.expected.certificates.iter().map(|line| terminal(line).into_owned()));
        Self {
            class: verdict.name(),
            word: words::verdict(verdict),
            sentence: words::sentence(verification),
            scope,
        }
    }
}

pub(super) struct Cause {
    pub(super) title: String,
    pub(super) confidence: &'static str,
    pub(super) summary: String,
    pub(super) evidence: Vec<String>,
    /// Numbers of exchanges that speak for it.
    pub(super) exchanges: Vec<usize>,
    pub(super) commands: Vec<String>,
}

pub(super) fn causes(verification: &Verification, mask: Mask) -> Vec<Cause> {
    let clean = |text: &str| lines(&mask.text(text));
    let all = verification.diagnosis.causes.iter();
    all.map(|found| Cause {
        title: found.cause.title.into(),
        confidence: found.confidence.name(),
        summary: clean(&found.summary),
        evidence: diagnosis::evidence(found, verification, mask).iter().map(|line| clean(line)).collect(),
        exchanges: diagnosis::exchanges(found, verification),
        commands: found.commands.iter().map(|command| clean(command)).collect(),
    })
    .collect()
}

pub(super) fn scenarios(verification: &Verification, mask: Mask) -> Vec<String> {
    let all = verification.diagnosis.scenarios.iter();
    all.map(|scenario| lines(&mask.text(&diagnosis::scenario(scenario)))).collect()
}

pub(super) struct Check {
    pub(super) id: &'static str,
    pub(super) class: &'static str,
    pub(super) outcome: &'static str,
    pub(super) summary: String,
    /// Place of its worst finding in the list, where that is a problem.
    pub(super) finding: Option<usize>,
}

pub(super) fn checks(verification: &Verification, mask: Mask) -> Vec<Check> {
    let all = verification.judgement.checks.iter();
    let findings = words::worst_first(verification);
    let of = |id| {
        let problem = |(_, one): &(usize, &Finding)| one.check == id && one.severity > Severity::Info;
        findings.iter().position(problem)
    };
    all.map(|check| Check {
        finding: of(check.id),
        id: check.id.name(),
        class: check.outcome.name(),
        outcome: words::outcome(check.outcome),
        summary: terminal(&mask.text(&words::by_name(&check.summary, verification))).into_owned(),
    })
    .collect()
}

pub(super) struct Place {
    pub(super) text: String,
    pub(super) exchange: Option<usize>,
}

pub(super) struct Snippet {
    pub(super) before: String,
    pub(super) marked: String,
    pub(super) after: String,
}

pub(super) struct Help {
    pub(super) command: bool,
    pub(super) text: String,
}

pub(super) struct Shown {
    pub(super) rule: &'static str,
    pub(super) check: &'static str,
    pub(super) severity: &'static str,
    pub(super) message: String,
    pub(super) known: bool,
    pub(super) times: String,
    pub(super) observed: String,
    pub(super) expected: String,
    pub(super) help: Vec<Help>,
    pub(super) snippet: Option<Snippet>,
    pub(super) places: Vec<Place>,
}

pub(super) fn findings(verification: &Verification, mask: Mask) -> Vec<Shown> {
    let clean = |text: &str| lines(&mask.text(text));
    let all = words::worst_first(verification).into_iter();
    all.map(|(index, finding)| Shown {
        rule: finding.rule,
        check: finding.check.name(),
        severity: finding.severity.name(),
        message: clean(&finding.message),
        known: verification.known.as_ref().and_then(|known| known.get(index)) == Some(&true),
        times: counted(finding.count, "time"),
        observed: clean(&finding.observed),
        expected: clean(&finding.expected),
        help: commands::parts(&diagnosis::help(finding, verification))
            .into_iter()
            .map(|part| match part {
                Part::Prose(text) => Help { command: false, text: clean(&text) },
                Part::Command(text) => Help { command: true, text: clean(&text) },
            })
            .collect(),
        snippet: finding.evidence.iter().find_map(|evidence| snippet(evidence, verification, mask)),
        places: finding.evidence.iter().map(|evidence| shown(evidence, verification)).collect(),
    })
    .collect()
}

fn shown(evidence: &Evidence, verification: &Verification) -> Place {
    Place {
        text: terminal(&place(evidence, verification)).into_owned(),
        exchange: evidence.exchange.and_then(|key| verification.numbers.rank(&key)),
    }
}

fn snippet(evidence: &Evidence, verification: &Verification, mask: Mask) -> Option<Snippet> {
    let store = &verification.judgement.tokens;
    let token = store.get(evidence.token?)?;
    let claim = evidence.claim.as_deref()?;
    let pretty = pretty(shown_part(token, claim)?, token, store, &verification.order, mask);
    let span = pretty.member(member_name(claim)).unwrap_or(0..1);
    Some(Snippet {
        before: pretty.text.get(..span.start)?.to_owned(),
        marked: pretty.text.get(span.clone())?.to_owned(),
        after: pretty.text.get(span.end..)?.to_owned(),
    })
}
