//! Takes findings on the state of the organisation, gives what they say for or against a cause.
//!
//! Traffic shows that something fails, state shows what is set so. Where both speak of one thing, they are evidence
//! for one cause, each with its source; where the state shows that the thing is in order, that is evidence against it
//! (or the servers have not read it yet).

use super::cause::{Reason, Source, Weighing};
use crate::checks::finding::{Finding, Severity};

/// From this weight on a finding is the fault itself, so that its command is the repair.
const REPAIRS: i32 = 60;
/// What each further finding of the same kind adds.
const FURTHER: i32 = 5;
/// What it takes away when the state shows that all is set well.
const SET_WELL: i32 = 25;

impl<'a> Weighing<'a> {
    /// Findings of these rules speak for it, each with its weight; those on another application than the one that
    /// traffic named do not. Whether there is any.
    pub fn state(&mut self, rules: &[(&str, i32)]) -> bool {
        self.state_where(rules, |_| true)
    }

    /// The same for findings that `fits` accepts.
    pub fn state_where(&mut self, rules: &[(&str, i32)], fits: impl Fn(&Finding) -> bool) -> bool {
        let named = self.known("application").map(str::to_ascii_lowercase);
        let judgement = self.case.judgement;
        let mut any = false;
        for (rule, weight) in rules {
            for (index, finding) in judgement.findings.iter().enumerate() {
                let other =
                    finding.about.as_ref().zip(named.as_ref()).is_some_and(|(own, named)| own != named);
                if finding.rule != *rule || finding.severity == Severity::Info || other || !fits(finding) {
                    continue;
                }
                self.score += if any && *weight > FURTHER { FURTHER } else { *weight };
                any |= *weight > 0;
                self.reasons.push(Reason { source: Source::State, text: self.told(finding) });
                self.supporting.insert(index);
                if *weight >= REPAIRS {
                    for line in finding.help.lines().filter(|line| !line.trim().is_empty()) {
                        if !self.repairs.iter().any(|known| known == line) {
                            self.repairs.push(line.to_owned());
                        }
                    }
                }
                self.application(finding.about.as_deref());
            }
        }
        any
    }

    /// The first finding of a rule that `fits` accepts.
    pub fn first_state(&self, rule: &str, fits: impl Fn(&Finding) -> bool) -> Option<&'a Finding> {
        self.case.judgement.findings.iter().find(|finding| finding.rule == rule && fits(finding))
    }

    /// The state shows that all is set well: either it is something else, or servers have not read it yet.
    pub fn set_well(&mut self, reason: impl Into<String>) -> &mut Self {
        self.state_against(SET_WELL, reason)
    }

    /// Something in the state speaks against it.
    pub fn state_against(&mut self, weight: i32, reason: impl Into<String>) -> &mut Self {
        self.score -= weight;
        self.doubts.push(Reason { source: Source::State, text: reason.into() });
        self
    }

    /// The message of a finding, with what was seen and where.
    fn told(&self, finding: &Finding) -> String {
        let place = finding.evidence.first();
        let file = place.and_then(|place| self.case.expected.state.get(place.input? as usize));
        let location = place.and_then(|place| place.location.as_deref());
        let place: Vec<&str> = file.map(|file| file.path.as_str()).into_iter().chain(location).collect();
        let seen =
            if finding.observed.is_empty() { String::new() } else { format!(": {}", finding.observed) };
        if place.is_empty() {
            format!("{}{seen}", finding.message)
        } else {
            format!("{}{seen} ({})", finding.message, place.join(", "))
        }
    }
}
