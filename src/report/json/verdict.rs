//! Takes checks, findings and coverage, gives the records of the schema.

use serde::Serialize;

use crate::checks::CheckResult;
use crate::checks::finding::{Evidence, Finding};
use crate::checks::organisation::thumbprints::Row;
use crate::diagnose::cause::Found;
use crate::report::mask::Mask;
use crate::report::{Coverage, Verification};

#[derive(Serialize)]
pub(super) struct CheckRecord {
    id: &'static str,
    required: bool,
    outcome: &'static str,
    summary: String,
    missing: Vec<String>,
}

/// One check.
pub(super) fn check(check: &CheckResult, mask: Mask) -> CheckRecord {
    CheckRecord {
        id: check.id.name(),
        required: check.required,
        outcome: check.outcome.name(),
        summary: mask.text(&check.summary.numbered()).into_owned(),
        missing: check.missing.iter().map(|line| mask.text(&line.numbered()).into_owned()).collect(),
    }
}

#[derive(Serialize)]
struct EvidenceRecord<'f> {
    input: Option<u32>,
    exchange: Option<usize>,
    frames: &'f [u64],
    token: Option<usize>,
    location: Option<&'f str>,
    claim: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<u32>,
    time: Option<String>,
}

#[derive(Serialize)]
pub(in crate::report) struct FindingRecord<'f> {
    rule: &'static str,
    check: &'static str,
    severity: &'static str,
    message: String,
    observed: String,
    expected: String,
    help: String,
    count: u64,
    evidence: Vec<EvidenceRecord<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct CauseRecord<'f> {
    id: &'static str,
    confidence: &'static str,
    summary: String,
    commands: Vec<String>,
    #[serde(rename = "for")]
    supporting: &'f [usize],
    #[serde(rename = "against")]
    contradicting: &'f [usize],
    reasons: Vec<ReasonRecord>,
}

#[derive(Serialize)]
struct ReasonRecord {
    speaks: &'static str,
    source: &'static str,
    text: String,
}

/// All causes, the leading one first.
pub(super) fn causes(verification: &Verification, mask: Mask) -> Vec<CauseRecord<'_>> {
    let all = verification.diagnosis.causes.iter();
    all.map(|found| CauseRecord {
        id: found.cause.id,
        confidence: found.confidence.name(),
        summary: mask.text(&found.summary).into_owned(),
        commands: found.commands.iter().map(|line| mask.text(line).into_owned()).collect(),
        supporting: &found.supporting,
        contradicting: &found.contradicting,
        reasons: reasons(found, mask),
    })
    .collect()
}

fn reasons(found: &Found, mask: Mask) -> Vec<ReasonRecord> {
    let sides = [("for", &found.reasons), ("against", &found.doubts)];
    let all = sides.into_iter().flat_map(|(speaks, reasons)| reasons.iter().map(move |one| (speaks, one)));
    all.map(|(speaks, one)| ReasonRecord {
        speaks,
        source: one.source.name(),
        text: mask.text(&one.text).into_owned(),
    })
    .collect()
}

#[derive(Serialize)]
pub(super) struct ScenarioRecord {
    id: &'static str,
    state: &'static str,
    strength: &'static str,
    exchanges: Vec<usize>,
}

/// All scenarios.
pub(super) fn scenarios(verification: &Verification) -> Vec<ScenarioRecord> {
    let all = verification.diagnosis.scenarios.iter();
    all.map(|scenario| ScenarioRecord {
        id: scenario.kind.name(),
        state: scenario.state.name(),
        strength: scenario.strength.name(),
        exchanges: scenario.exchanges.iter().filter_map(|key| verification.numbers.rank(key)).collect(),
    })
    .collect()
}

/// All findings.
pub(in crate::report) fn findings(verification: &Verification, mask: Mask) -> Vec<FindingRecord<'_>> {
    let all = verification.judgement.findings.iter().enumerate();
    all.map(|(index, one)| finding(index, one, verification, mask)).collect()
}

fn finding<'f>(
    index: usize,
    finding: &'f Finding,
    verification: &Verification,
    mask: Mask,
) -> FindingRecord<'f> {
    let known = verification.known.as_ref().and_then(|known| known.get(index));
    FindingRecord {
        rule: finding.rule,
        check: finding.check.name(),
        severity: finding.severity.name(),
        message: mask.text(&finding.message).into_owned(),
        observed: mask.text(&finding.observed).into_owned(),
        expected: mask.text(&finding.expected).into_owned(),
        help: mask.text(&finding.help).into_owned(),
        count: finding.count,
        evidence: finding.evidence.iter().map(|place| evidence(place, verification)).collect(),
        new: known.map(|known| !known),
    }
}

fn evidence<'f>(evidence: &'f Evidence, verification: &Verification) -> EvidenceRecord<'f> {
    EvidenceRecord {
        input: evidence.input,
        exchange: evidence.exchange.and_then(|key| verification.numbers.rank(&key)),
        frames: &evidence.frames,
        token: evidence.token.and_then(|token| verification.order.number(token)),
        location: evidence.location.as_deref(),
        claim: evidence.claim.as_deref(),
        connection: evidence.connection,
        time: evidence.time.map(|time| time.to_string()),
    }
}

#[derive(Serialize)]
pub(super) struct ThumbprintRecord<'r> {
    thumbprint: &'r str,
    x5t: &'r str,
    auth_config: Option<&'static str>,
    servers: &'r [String],
    given: &'r [String],
    uploaded: &'r [String],
    signs_tokens: bool,
    not_after: Option<String>,
}

/// Which certificate stands where.
pub(super) fn thumbprints(rows: &[Row]) -> Vec<ThumbprintRecord<'_>> {
    fn record(row: &Row) -> ThumbprintRecord<'_> {
        ThumbprintRecord {
            thumbprint: &row.thumbprint,
            x5t: &row.x5t,
            auth_config: row.auth_config,
            servers: &row.servers,
            given: &row.given,
            uploaded: &row.uploaded,
            signs_tokens: row.signs,
            not_after: row.not_after.map(|at| at.to_string()),
        }
    }
    rows.iter().map(record).collect()
}

#[derive(Serialize)]
pub(super) struct CoverageRecord {
    connections: u64,
    undecrypted: u64,
    gaps: u64,
    truncated: bool,
}

/// What was seen, in numbers.
pub(super) fn coverage(coverage: &Coverage) -> CoverageRecord {
    CoverageRecord {
        connections: coverage.connections,
        undecrypted: coverage.undecrypted,
        gaps: coverage.gaps,
        truncated: coverage.truncated,
    }
}
