//! Takes a judgement, gives what is wrong: the cause with its evidence, the scenarios, the conversation.
//!
//! Findings say what differs from what must be; a cause says which one thing explains them, how sure that is, and
//! the command that repairs it. Causes are data, one file each. What does not suffice is called `cannot-tell`.

/// How a cause is declared and weighed.
pub mod cause;
/// The list of all causes.
pub mod causes;
/// What was done with the access: greetings, history, archive, …
pub mod scenarios;
/// The conversation, step by step, with the step that broke.
pub mod sequence;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
/// What the state of the organisation says of a cause.
mod witness;

use std::collections::BTreeSet;

use crate::base::Instant;
use crate::checks::Verdict;
use crate::checks::expectations::Expectations;
use crate::checks::finding::Severity;
use crate::checks::judge::Judgement;
use crate::checks::organisation::StateCase;

use cause::{Case, Confidence, Found, Rank};
use scenarios::Scenario;
use sequence::Step;

/// What is wrong, as far as it can be told.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The leading cause first; empty when nothing is wrong, or nothing that has a cause.
    pub causes: Vec<Found>,
    /// Scenarios that were seen, and the three of Microsoft's success checks always.
    pub scenarios: Vec<Scenario>,
    /// The conversation in the order of time.
    pub sequence: Vec<Step>,
}

/// Diagnoses a judgement.
pub fn diagnose(judgement: &Judgement, expected: &Expectations) -> Diagnosis {
    let organisation = (!expected.state.is_empty())
        .then(|| StateCase::expected(expected, expected.at.unwrap_or_else(Instant::now)));
    let case = Case { expected, judgement, organisation: organisation.as_ref() };
    let causes = if judgement.verdict == Verdict::Pass { Vec::new() } else { weigh(&case) };
    Diagnosis {
        causes,
        scenarios: scenarios::read(&judgement.facts),
        sequence: sequence::read(&judgement.facts),
    }
}

/// All causes that something speaks for. A fallback stands behind the cause that explains it.
fn weigh(case: &Case<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = causes::CAUSES.iter().filter_map(|cause| cause::weigh(cause, case)).collect();
    let root =
        found.iter().any(|found| found.cause.rank == Rank::Root && found.confidence > Confidence::Possible);
    // What may be is not worth a line beside what is.
    if root {
        found.retain(|found| found.cause.rank != Rank::Root || found.confidence > Confidence::Possible);
    }
    found.sort_by_key(|found| {
        let first = if root { found.cause.rank } else { Rank::Root };
        (first, std::cmp::Reverse(found.confidence), std::cmp::Reverse(found.score), found.cause.id)
    });
    if root {
        explained_away(&mut found, case);
    }
    if found.is_empty() {
        found.extend(cause::weigh(&causes::cannot_tell::CAUSE, case));
    }
    found
}

/// One fault shows in many places, and each of them looks like a cause. What explains nothing that a better cause
/// does not explain is taken away.
fn explained_away(found: &mut Vec<Found>, case: &Case<'_>) {
    let telling = |index: &usize| {
        let finding = case.judgement.findings.get(*index);
        finding.is_some_and(|finding| finding.severity > Severity::Info)
    };
    let (mut findings, mut exchanges) = (BTreeSet::new(), BTreeSet::new());
    found.retain(|one| {
        let new = one.supporting.iter().filter(|index| telling(index)).any(|index| !findings.contains(index))
            || one.exchanges.iter().any(|key| !exchanges.contains(key));
        if new || one.cause.rank != Rank::Root {
            findings.extend(one.supporting.iter().copied());
            exchanges.extend(one.exchanges.iter().copied());
            return true;
        }
        false
    });
}
