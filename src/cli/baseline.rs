//! Takes an earlier `verify -o json`, tells which findings are new.
//!
//! A finding is known when the earlier report holds one of the same rule, severity, observation and
//! expectation: places and counts differ from capture to capture. Known findings stay in the report and
//! do not decide the status. Evidence that was missing then and is missing now is still missing: absence
//! of evidence never becomes a pass by having been absent before.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::error::Category;

use super::expectations::read_small;
use super::status::Complaints;
use crate::checks::Verdict;
use crate::import::text::utf8;
use crate::report::Verification;

/// What an earlier report found.
pub type Known = BTreeSet<(String, String, String, String)>;

#[derive(Deserialize)]
struct Earlier {
    #[serde(default)]
    schema: String,
    #[serde(default)]
    findings: Vec<EarlierFinding>,
}

#[derive(Deserialize)]
struct EarlierFinding {
    rule: String,
    severity: String,
    observed: Option<String>,
    expected: Option<String>,
}

/// Reads the file.
pub fn read(path: &Path, complaints: &mut Complaints) -> Option<Known> {
    let bytes = read_small(path, complaints)?;
    let wanted = "the output of `oauthtrace verify -o json` expected";
    // PowerShell's `>` writes UTF-16.
    match serde_json::from_slice::<Earlier>(&utf8(&bytes)) {
        Ok(earlier) if earlier.schema == crate::report::json::VERIFY_SCHEMA => Some(
            earlier
                .findings
                .into_iter()
                .map(|finding| {
                    let text = Option::unwrap_or_default;
                    (finding.rule, finding.severity, text(finding.observed), text(finding.expected))
                })
                .collect(),
        ),
        Ok(earlier) if earlier.schema.is_empty() => {
            complaints.unreadable(format!("{}: {wanted}, found JSON without a schema", path.display()));
            None
        }
        Ok(earlier) => {
            complaints.unreadable(format!("{}: {wanted}, found schema {}", path.display(), earlier.schema));
            None
        }
        Err(error) => {
            let found = match error.classify() {
                Category::Eof => "it is cut short",
                Category::Data => "it has another form",
                Category::Syntax | Category::Io => "it is no JSON",
            };
            let place = format!("line {}, column {}", error.line(), error.column());
            complaints.unreadable(format!("{}: {wanted}, but {found} ({place})", path.display()));
            None
        }
    }
}

/// Marks what is known, and lets only what is new decide the verdict.
pub fn apply(known: &Known, verification: &mut Verification) {
    let judgement = &mut verification.judgement;
    let is_known: Vec<bool> = judgement
        .findings
        .iter()
        .map(|finding| {
            known.contains(&(
                finding.rule.to_owned(),
                finding.severity.name().to_owned(),
                finding.observed.clone(),
                finding.expected.clone(),
            ))
        })
        .collect();
    let new = judgement.findings.iter().zip(&is_known).filter(|(_, known)| !**known);
    judgement.verdict = Verdict::of(
        &judgement.checks,
        new.map(|(finding, _)| finding.severity),
        verification.expected.fail_on,
    );
    verification.known = Some(is_known);
}
