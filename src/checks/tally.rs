//! Takes what rules say, place by place, gives findings: one for each rule and cause.
//!
//! Memory grows with the number of causes, not of places. Which places are listed does not depend on the
//! order in which they came.

use std::collections::HashMap;

use crate::exchange::ExchangeKey;
use crate::limits::{CAUSES_KEPT, EVIDENCE_LISTED};
use crate::token::TokenId;

use super::finding::{Evidence, Finding, Severity};
use super::rule::Hit;

/// Index of a cause in its [`Tally`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CauseId(usize);

impl CauseId {
    /// Its place in the list that [`Tally::merge`] gives.
    pub(super) const fn index(self) -> usize {
        self.0
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Cause {
    rule: &'static str,
    severity: Severity,
    text: String,
}

/// Findings in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    index: HashMap<Cause, usize, foldhash::fast::RandomState>,
    findings: Vec<Finding>,
    per_rule: HashMap<&'static str, usize, foldhash::fast::RandomState>,
}

/// What orders evidence. Token identities differ from thread to thread and take no part.
type Order<'e> =
    (Option<u32>, Option<ExchangeKey>, Option<u32>, &'e Option<String>, &'e Option<String>, &'e [u64]);

fn order(evidence: &Evidence) -> Order<'_> {
    (
        evidence.input,
        evidence.exchange,
        evidence.connection,
        &evidence.location,
        &evidence.claim,
        &evidence.frames,
    )
}

impl Tally {
    /// The finding that `hit` belongs to, made when it is new.
    pub(super) fn cause(&mut self, hit: &Hit) -> CauseId {
        let text = match &hit.cause {
            Some(text) => text.clone(),
            None => format!("{}\n{}", hit.message, hit.observed),
        };
        let mut cause = Cause { rule: hit.rule.id, severity: hit.severity, text };
        if let Some(&index) = self.index.get(&cause) {
            return CauseId(index);
        }
        let kept = self.per_rule.entry(hit.rule.id).or_default();
        let mut finding = Finding {
            rule: hit.rule.id,
            check: hit.rule.check,
            severity: hit.severity,
            message: hit.message.clone().into_owned(),
            observed: hit.observed.to_string(),
            expected: hit.expected.to_string(),
            help: hit.help.clone().into_owned(),
            about: hit.about.clone(),
            count: 0,
            evidence: Vec::new(),
        };
        if *kept >= CAUSES_KEPT {
            cause.text.clear();
            if let Some(&index) = self.index.get(&cause) {
                return CauseId(index);
            }
            finding.message =
                format!("{} (further causes, not listed one by one) (limit CAUSES_KEPT)", hit.rule.title);
            finding.observed.clear();
        }
        *kept += 1;
        self.index.insert(cause, self.findings.len());
        self.findings.push(finding);
        CauseId(self.findings.len() - 1)
    }

    /// Findings that are not marked in `told`, in the order in which they came; marks them.
    pub(super) fn news(&self, told: &mut Vec<bool>) -> Vec<&Finding> {
        told.resize(self.findings.len(), false);
        let fresh = self.findings.iter().zip(told).filter(|(finding, told)| finding.count > 0 && !**told);
        let mark = |(finding, told): (_, &mut bool)| {
            *told = true;
            finding
        };
        fresh.map(mark).collect()
    }

    /// Counts a place; `evidence` is only asked for when it may be listed.
    pub(super) fn place(
        &mut self,
        cause: CauseId,
        hit: &Hit,
        exchange: Option<ExchangeKey>,
        evidence: impl FnOnce() -> Evidence,
    ) {
        let Some(finding) = self.findings.get_mut(cause.0) else { return };
        finding.count += hit.places;
        let full = finding.evidence.len() >= EVIDENCE_LISTED;
        // Places that are no exchange (connections, text) are ordered by more than that.
        let last = finding.evidence.last().and_then(|last| last.exchange);
        let later = last.is_some_and(|last| Some(last) < exchange);
        if !(full && later) {
            // The words of the earliest place stand, in whatever order places come.
            if insert(&mut finding.evidence, evidence()) == 0 && !finding.observed.is_empty() {
                finding.message = hit.message.clone().into_owned();
                finding.observed = hit.observed.to_string();
                finding.expected = hit.expected.to_string();
                finding.help = hit.help.clone().into_owned();
            }
        }
    }

    /// Takes over another tally, whose tokens are known here as `tokens` says. Gives its causes' places
    /// in this one.
    pub(super) fn merge(&mut self, other: Self, tokens: &[TokenId]) -> Vec<CauseId> {
        let mut causes: Vec<Option<Cause>> = vec![None; other.findings.len()];
        for (cause, index) in other.index {
            if let Some(slot) = causes.get_mut(index) {
                *slot = Some(cause);
            }
        }
        let mut moved = Vec::with_capacity(causes.len());
        for (cause, mut finding) in causes.into_iter().zip(other.findings) {
            for evidence in &mut finding.evidence {
                evidence.token = evidence.token.map(|id| tokens.get(id.0 as usize).copied().unwrap_or(id));
            }
            let Some(cause) = cause else { continue };
            moved.push(CauseId(self.take_over(cause, finding)));
        }
        moved
    }

    fn take_over(&mut self, cause: Cause, finding: Finding) -> usize {
        match self.index.get(&cause) {
            Some(&index) => {
                if let Some(mine) = self.findings.get_mut(index) {
                    mine.count += finding.count;
                    let earlier = |a: &Finding, b: &Finding| {
                        a.evidence.first().map(order) < b.evidence.first().map(order)
                    };
                    if earlier(&finding, mine) {
                        mine.message.clone_from(&finding.message);
                        mine.observed.clone_from(&finding.observed);
                        mine.expected.clone_from(&finding.expected);
                        mine.help.clone_from(&finding.help);
                    }
                    for evidence in finding.evidence {
                        insert(&mut mine.evidence, evidence);
                    }
                }
                index
            }
            None => {
                *self.per_rule.entry(cause.rule).or_default() += 1;
                self.index.insert(cause, self.findings.len());
                self.findings.push(finding);
                self.findings.len() - 1
            }
        }
    }

    /// Follows a renumbering of the tokens.
    pub(super) fn renumber(&mut self, tokens: &[TokenId]) {
        for evidence in self.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
            evidence.token = evidence.token.map(|id| tokens.get(id.0 as usize).copied().unwrap_or(id));
        }
    }

    /// All findings: by check, worst first, rule, first place, words.
    pub(super) fn finish(self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.findings.into_iter().filter(|finding| finding.count > 0).collect();
        findings.sort_by(|a, b| {
            (a.check, b.severity, a.rule)
                .cmp(&(b.check, a.severity, b.rule))
                .then_with(|| a.evidence.first().map(order).cmp(&b.evidence.first().map(order)))
                .then_with(|| (&a.message, &a.observed).cmp(&(&b.message, &b.observed)))
        });
        findings
    }
}

/// Gives the place that the evidence took.
fn insert(list: &mut Vec<Evidence>, evidence: Evidence) -> usize {
    let at = list.partition_point(|listed| order(listed) <= order(&evidence));
    if at < EVIDENCE_LISTED {
        list.insert(at, evidence);
        list.truncate(EVIDENCE_LISTED);
    }
    at
}
