//! Takes a verification, gives SARIF 2.1.0 (OASIS) for code scanning.
//!
//! A finding is a result; a required check that is not established is a result of kind `open`, so that a
//! run without evidence never looks clean. Captures have no lines: places are logical locations.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::write_json;
use super::mask::Mask;
use super::places::place;
use super::{Inspection, Options, Verification, diagnosis, words};
use crate::base::Fingerprint;
use crate::checks::finding::{Evidence, Finding, Severity};
use crate::checks::{CheckResult, Outcome};
use crate::explain;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// `verify -o sarif`
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let judgement = &verification.judgement;
    let open: Vec<_> = judgement
        .checks
        .iter()
        .filter(|check| check.required && check.outcome == Outcome::NotEstablished)
        .collect();

    let mut rules: BTreeMap<String, String> = BTreeMap::new();
    for finding in &judgement.findings {
        rules.entry(finding.rule.to_owned()).or_insert_with(|| mask.text(&finding.message).into_owned());
    }
    for check in &open {
        rules.insert(open_id(check), format!("the check {} is not established", check.id.name()));
    }
    let index: BTreeMap<&str, usize> = rules.keys().map(String::as_str).zip(0..).collect();

    let mut results = Vec::new();
    for (number, finding) in judgement.findings.iter().enumerate() {
        let known = verification.known.as_ref().and_then(|known| known.get(number)).copied();
        results.push(result(finding, known, index.get(finding.rule).copied(), verification, mask));
    }
    for check in open {
        let id = open_id(check);
        let text = std::iter::once(&check.summary).chain(&check.missing);
        let text = text.map(|line| mask.text(&line.numbered()).into_owned()).collect::<Vec<_>>().join("\n");
        results.push(json!({
            "ruleId": id,
            "ruleIndex": index.get(id.as_str()),
            "kind": "open",
            "level": "none",
            "message": { "text": text },
            "locations": verification.inputs.iter().take(1).map(|input| physical(&input.path)).collect::<Vec<_>>(),
        }));
    }
    let described: Vec<_> = rules.iter().map(|(id, text)| described(id, text)).collect();
    let run = json!({
        "tool": { "driver": {
            "name": "oauthtrace",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": described,
        } },
        "columnKind": "unicodeCodePoints",
        "artifacts": artifacts(&verification.inputs),
        "invocations": [{ "executionSuccessful": true }],
        "results": results,
        "properties": {
            "verdict": judgement.verdict.name(),
            "summary": words::sentence(verification),
            "checks": judgement.checks.iter().map(|check| json!({
                "id": check.id.name(), "required": check.required, "outcome": check.outcome.name(),
            })).collect::<Vec<_>>(),
            "causes": verification.diagnosis.causes.iter().map(|found| json!({
                "id": found.cause.id,
                "confidence": found.confidence.name(),
                "title": found.cause.title,
                "summary": mask.text(&found.summary),
                "evidence": diagnosis::evidence(found, verification, mask),
                "commands": found.commands.iter().map(|command| mask.text(command)).collect::<Vec<_>>(),
                "for": rules_of(&found.supporting, verification),
                "against": rules_of(&found.contradicting, verification),
            })).collect::<Vec<_>>(),
        },
    });
    document(&run, out)
}

/// `inspect -o sarif`: nothing is judged, so there are no results.
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let run = json!({
        "tool": { "driver": {
            "name": "oauthtrace",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
        } },
        "columnKind": "unicodeCodePoints",
        "artifacts": artifacts(&inspection.inputs),
        "invocations": [{ "executionSuccessful": true }],
        "results": [],
    });
    document(&run, out)
}

/// The rules of findings, as the results name them.
fn rules_of(indices: &[usize], verification: &Verification) -> Vec<&'static str> {
    let findings = &verification.judgement.findings;
    let mut rules: Vec<_> =
        indices.iter().filter_map(|&index| findings.get(index)).map(|finding| finding.rule).collect();
    rules.dedup();
    rules
}

/// A rule with the text of its page.
fn described(id: &str, text: &str) -> Value {
    let Some(page) = explain::find(id).into_iter().next() else {
        return json!({ "id": id, "shortDescription": { "text": text } });
    };
    let sections: Vec<_> = page.sections.iter().map(|(heading, text)| format!("{heading}: {text}")).collect();
    json!({
        "id": id,
        "shortDescription": { "text": page.title },
        "help": { "text": sections.join("\n\n") },
    })
}

fn document(run: &Value, out: &mut dyn Write) -> io::Result<()> {
    let document = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    write_json(&document, true, out)?;
    out.write_all(b"\n")
}

fn open_id(check: &CheckResult) -> String {
    format!("not-established/{}", check.id.name())
}

fn result(
    finding: &Finding,
    known: Option<bool>,
    index: Option<usize>,
    verification: &Verification,
    mask: Mask,
) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut text = mask.text(&finding.message).into_owned();
    for (word, value) in
        [("observed", &finding.observed), ("expected", &finding.expected), ("help", &finding.help)]
    {
        if !value.is_empty() {
            text.push_str(&format!("\n{word}: {}", mask.text(value)));
        }
    }
    let of_cause = format!("{}\0{}\0{}", finding.rule, finding.observed, finding.expected);
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": text },
        "occurrenceCount": finding.count.max(1),
        "locations": finding.evidence.iter().map(|evidence| location(evidence, verification)).collect::<Vec<_>>(),
        "partialFingerprints": { "cause/v1": Fingerprint::of(of_cause.as_bytes()).to_string() },
        "properties": { "check": finding.check.name() },
    });
    if let Value::Object(members) = &mut result {
        if let Some(index) = index {
            members.insert("ruleIndex".into(), index.into());
        }
        if finding.severity == Severity::Info {
            members.insert("kind".into(), "informational".into());
            members.insert("level".into(), "none".into());
        }
        if let Some(known) = known {
            members.insert("baselineState".into(), if known { "unchanged" } else { "new" }.into());
        }
    }
    result
}

fn location(evidence: &Evidence, verification: &Verification) -> Value {
    let path =
        evidence.input.and_then(|input| verification.inputs.get(input as usize)).map(|input| &input.path);
    let mut location = path.map_or(json!({}), |path| physical(path));
    if let Value::Object(members) = &mut location {
        let name = place(evidence, verification);
        if !name.is_empty() {
            members.insert("logicalLocations".into(), json!([{ "fullyQualifiedName": name }]));
        }
        if !evidence.frames.is_empty() {
            members.insert("properties".into(), json!({ "frames": evidence.frames }));
        }
    }
    location
}

fn physical(path: &str) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(path) } } })
}

fn artifacts(inputs: &[crate::pipeline::Input]) -> Vec<Value> {
    let one = |input: &crate::pipeline::Input| {
        let mut artifact = json!({ "location": { "uri": uri(&input.path) }, "length": input.bytes });
        if let (Some(hash), Value::Object(members)) = (input.sha256, &mut artifact) {
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            members.insert("hashes".into(), json!({ "sha-256": hex }));
        }
        artifact
    };
    inputs.iter().map(one).collect()
}

/// A path as a URI reference (RFC 3986): `/` stays, everything that is not unreserved is encoded.
fn uri(path: &str) -> String {
    let mut encoded = String::new();
    if path.starts_with('/') {
        encoded.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte))
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(uri("captures/a b.pcap"), "captures/a%20b.pcap");
        assert_eq!(uri("/tmp/x.har"), "file:///tmp/x.har");
        assert_eq!(uri("c:x"), "c%3Ax");
    }
}
