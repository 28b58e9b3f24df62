//! Takes an earlier `verify -o json`, tells which findings are new.
//!
//! A finding is known when the earlier report holds one of the same rule, severity, observation and
//! expectation: places and counts differ from capture to capture, and so do moments and spans. Known findings stay in the report and
//! do not decide the status. Evidence that was missing then and is missing now is still missing: absence
//! of evidence never becomes a pass by having been absent before.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::error::Category;

use super::expectations::read_small;
use super::status::Complaints;
use crate::base::Instant;
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
                    let text = |text: Option<String>| lasting(&finding.rule, &text.unwrap_or_default());
                    let (observed, expected) = (text(finding.observed), text(finding.expected));
                    (finding.rule, finding.severity, observed, expected)
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
                lasting(finding.rule, &finding.observed),
                lasting(finding.rule, &finding.expected),
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

/// A text of a finding without what is another in every recording of the same fault: when a thing was used, for how
/// long it lasts or is past its end, the times of tokens and those that a server quotes. The end of a certificate or key
/// tells which it is, and stays.
fn lasting(rule: &str, text: &str) -> String {
    let of_key = rule.starts_with("certificate-") || rule.starts_with("state-");
    let words: Vec<&str> = text.split(' ').collect();
    let bare = |at: usize| words.get(at).map_or("", |word| word.trim_end_matches([',', ';', '.', ')']));
    let kept = (0..words.len()).map(|at| {
        let used = at > 1 && bare(at - 2) == "used" && bare(at - 1) == "at";
        let moment = bare(at).contains('T') && Instant::parse(bare(at)).is_some() && (!of_key || used);
        let counts = !bare(at).is_empty() && bare(at).bytes().all(|byte| byte.is_ascii_digit());
        let span = counts && matches!(bare(at + 1), "s" | "days");
        if moment || span { "…" } else { bare(at) }
    });
    kept.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_spans_do_not_make_a_finding_new() {
        for (rule, one, other) in [
            (
                "lifetime-expired",
                "used at 2026-11-25T17:51:41Z, expired at 2026-11-25T17:46:40Z, 301 s before",
                "used at 2026-11-26T08:00:00.5Z, expired at 2026-11-26T07:00:00Z, 3600 s before",
            ),
            (
                "certificate-expired",
                "valid until 2026-11-20T09:46:40Z, used at 2026-11-25T09:46:50Z",
                "valid until 2026-11-20T09:46:40Z, used at 2026-11-26T09:46:50Z",
            ),
            (
                "certificate-expires-soon",
                "19 days left, until 2026-12-15T09:46:40Z",
                "3 days left, until 2026-12-15T09:46:40Z",
            ),
            ("lifetime-clock-skew", "36790 s ahead", "4000 s ahead"),
            (
                "accepted-refused",
                "401, 2000002 token_expired: it is 2026-11-25T09:46:50.000Z",
                "401, 2000002 token_expired: it is 2026-11-26T09:46:50.000Z",
            ),
        ] {
            assert_eq!(lasting(rule, one), lasting(rule, other), "{rule}");
        }
    }

    #[test]
    fn another_certificate_or_number_is_new() {
        for (rule, one, other) in [
            (
                "certificate-expired",
                "valid until 2026-11-20T09:46:40Z, used at 2026-11-25T09:46:50Z",
                "valid until 2026-11-21T09:46:40Z, used at 2026-11-25T09:46:50Z",
            ),
            ("accepted-refused", "401, 2000001 invalid_token", "401, 2000005 invalid_user"),
            ("lifetime-clock-skew", "36790 s ahead", "36790 s behind"),
        ] {
            assert_ne!(lasting(rule, one), lasting(rule, other), "{rule}");
        }
    }
}
