//! Takes a verification, gives JUnit XML as CI servers read it: a test case for each check.
//!
//! `fail` is a failure, a required check that is not established is an error, any other outcome that is no
//! pass is skipped. The suite's failures and errors together are zero exactly when the verdict is `pass`,
//! unless only warnings fail or a baseline is used: then the case `verdict` says what the status says.

use std::io::{self, Write};

use super::mask::Mask;
use super::places::place;
use super::{Inspection, Options, Verification, diagnosis, words};
use crate::checks::finding::Severity;
use crate::checks::{CheckResult, Outcome, Verdict};

/// `verify -o junit`
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let judgement = &verification.judgement;
    let is_failure = |check: &&CheckResult| fails(check, verification);
    let is_error = |check: &&CheckResult| check.required && check.outcome == Outcome::NotEstablished;
    let is_skipped = |check: &&CheckResult| {
        !is_failure(check) && !is_error(check) && !matches!(check.outcome, Outcome::Pass | Outcome::Fail)
    };
    let count =
        |which: &dyn Fn(&&CheckResult) -> bool| judgement.checks.iter().filter(|check| which(check)).count();
    let failures = count(&is_failure) + usize::from(judgement.verdict == Verdict::Fail);
    let errors = count(&is_error) + usize::from(judgement.verdict == Verdict::Incomplete);
    let numbers = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{}\"",
        judgement.checks.len() + 1,
        count(&is_skipped)
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"oauthtrace\" {numbers}>")?;
    writeln!(out, "  <testsuite name=\"oauthtrace verify\" {numbers}>")?;

    let sentence = words::sentence(verification);
    case(
        "verdict",
        match judgement.verdict {
            Verdict::Pass => None,
            Verdict::Fail => Some(("failure", "fail", sentence.as_str())),
            Verdict::Incomplete => Some(("error", "incomplete", sentence.as_str())),
        },
        &words::scope(verification).join("\n"),
        out,
    )?;
    for check in &judgement.checks {
        let summary = check.summary.numbered();
        let summary = mask.text(&summary);
        let problem = if is_failure(&check) {
            Some(("failure", "fail", &*summary))
        } else if is_error(&check) {
            Some(("error", "not-established", &*summary))
        } else if is_skipped(&check) {
            Some(("skipped", check.outcome.name(), &*summary))
        } else {
            None
        };
        case(check.id.name(), problem, &details(check, verification, mask), out)?;
    }
    // Causes are no cases: they explain those that failed.
    let causes: Vec<_> = verification
        .diagnosis
        .causes
        .iter()
        .map(|found| diagnosis::plain(found, verification, mask))
        .collect();
    if !causes.is_empty() {
        let heading = diagnosis::heading(causes.len());
        writeln!(out, "    <system-out>{heading}&#10;{}</system-out>", escape(&causes.join("\n\n")))?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

/// A check fails a build when a finding at or above the threshold hangs under it that is not known.
fn fails(check: &CheckResult, verification: &Verification) -> bool {
    let known = verification.known.as_deref().unwrap_or_default();
    verification.judgement.findings.iter().enumerate().any(|(index, finding)| {
        finding.check == check.id
            && finding.severity >= verification.expected.fail_on
            && known.get(index) != Some(&true)
    })
}

fn case(name: &str, problem: Option<(&str, &str, &str)>, text: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "    <testcase classname=\"oauthtrace\" name=\"{}\"", escape(name))?;
    match problem {
        None if text.is_empty() => writeln!(out, "/>"),
        None => writeln!(out, ">\n      <system-out>{}</system-out>\n    </testcase>", escape(text)),
        Some(("skipped", _, message)) => {
            writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escape(message))
        }
        Some((element, kind, message)) => writeln!(
            out,
            ">\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>",
            escape(kind),
            escape(message),
            escape(text)
        ),
    }
}

fn details(check: &CheckResult, verification: &Verification, mask: Mask) -> String {
    let mut text: Vec<String> =
        check.missing.iter().map(|line| mask.text(&line.numbered()).into_owned()).collect();
    for finding in verification.judgement.findings.iter().filter(|finding| finding.check == check.id) {
        if finding.severity == Severity::Info {
            continue;
        }
        text.push(format!("{}[{}]: {}", finding.severity.name(), finding.rule, mask.text(&finding.message)));
        for (word, value) in
            [("observed", &finding.observed), ("expected", &finding.expected), ("help", &finding.help)]
        {
            if !value.is_empty() {
                text.push(format!("  {word}: {}", mask.text(value)));
            }
        }
        text.extend(
            finding.evidence.iter().map(|evidence| format!("  at {}", place(evidence, verification))),
        );
    }
    text.join("\n")
}

/// `inspect -o junit`: nothing is judged, so the one case passes.
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let numbers = "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\"";
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"oauthtrace\" {numbers}>")?;
    writeln!(out, "  <testsuite name=\"oauthtrace inspect\" {numbers}>")?;
    let line = |input: &crate::pipeline::Input| {
        format!("{}: {}, {}", input.path, input.kind.name(), super::words::found(input))
    };
    let text: Vec<_> = inspection.inputs.iter().map(line).collect();
    case("inputs were read", None, &text.join("\n"), out)?;
    writeln!(out, "  </testsuite>\n</testsuites>")
}

/// XML 1.0 text and attribute values; characters that XML cannot hold are shown escaped.
fn escape(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "&#10;"));
        for c in super::escape::terminal(line).chars() {
            match c {
                '<' => clean.push_str("&lt;"),
                '>' => clean.push_str("&gt;"),
                '&' => clean.push_str("&amp;"),
                '"' => clean.push_str("&quot;"),
                '\u{fffe}' | '\u{ffff}' => clean.extend(c.escape_unicode()),
                c => clean.push(c),
            }
        }
        clean.push_str(end);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escape("<a b=\"]]>\0\"\nc"), "&lt;a b=&quot;]]&gt;\\u{0}&quot;&#10;c");
    }
}
