//! Takes the properties of a result of `Test-OAuthConnectivity`, gives a record.
//!
//! Names of properties and the bracket tags are not localised, prose is; so only addresses, ids, diagnostics and the
//! result are taken.

use super::{LogRecord, LogSource};
use crate::base::Secret;

impl LogRecord {
    /// The record of a result that begins in this line, from `Task`, `Detail` and `ResultType`. When it was is left
    /// open: the detail prints a date in the language of the server.
    pub fn tested(line: u64, task: &str, detail: &str, result: &str) -> Self {
        let mut record = Self::new(LogSource::TestOAuthConnectivity, line);
        let detail = &rejoined(detail);
        record.result = some(result.trim());
        record.operation = some(task.trim());
        record.client_request_id = after(detail, "Client request ID:").and_then(first_word);
        record.path = detail.find("https://").and_then(|at| first_word(detail.get(at..)?));
        record.diagnostics = after(detail, "diagnostics:").map(|rest| {
            let line = rest.lines().next().unwrap_or_default();
            line.trim().to_owned()
        });
        record.errors = some(&errors(detail));
        record.token_dump = detail.find("{\"typ\"").and_then(|at| {
            let dump = detail.get(at..)?.lines().next()?;
            Some(Secret::new(dump.as_bytes().to_vec()))
        });
        record
    }
}

/// The lines as the cmdlet wrote them: `Format-List` breaks them at the width of the window. What begins with no mark
/// of its own goes on with the line before.
fn rejoined(detail: &str) -> String {
    const MARKS: [&str; 16] = [
        "Information:",
        "Error:",
        "Warning:",
        "Exception:",
        "Token:",
        "Client request ID",
        "Exchange ",
        "HTTP response",
        "The configuration ",
        "The token cache ",
        "sending ",
        "System.",
        "Microsoft.",
        "at ",
        "---",
        "{\"typ\"",
    ];
    let mut text = String::with_capacity(detail.len());
    let mut goes_on = false;
    for line in detail.lines().map(str::trim) {
        let marked = MARKS.iter().any(|mark| line.starts_with(mark));
        if goes_on && !marked && !line.is_empty() {
            text.push(' ');
        } else if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
        // A heading stands alone.
        goes_on = !line.is_empty() && !line.ends_with(':');
    }
    text
}

/// Lines that begin with `Error:` and the exception's first line, joined. Where the request to the token service was
/// the last step, also the place where it could not be sent.
fn errors(detail: &str) -> String {
    const ASKING: &str = "GetActorTokenFromAuthServer]";
    let mut found: Vec<&str> = Vec::new();
    let mut exception = false;
    let asking = detail.rfind(ASKING).and_then(|at| detail.get(at + ASKING.len()..));
    let unsent = asking.is_some_and(|rest| !rest.contains("[OAuth"));
    for line in detail.lines().map(str::trim) {
        let told = ["AADSTS", "Exception: "].into_iter().any(|mark| line.contains(mark))
            || (unsent && line.contains("GetRequestStream"));
        if told || exception || line.starts_with("Error:") {
            found.push(line);
        }
        exception = line == "Exception:";
    }
    found.dedup();
    found.truncate(20);
    found.join("; ")
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.find(mark).and_then(|at| text.get(at + mark.len()..))
}

fn first_word(text: &str) -> Option<String> {
    let word = text.split_ascii_whitespace().next()?;
    some(word.trim_end_matches(['.', ',', ';', '\'', '"']))
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_request_that_was_not_sent_is_an_error() {
        let asking =
            "Information:[ACSTokenBuildRequest:GetActorTokenFromAuthServer] Sending to 'https://a/'\n";
        let broke = "Exception:\nSystem.Net.WebException: (403) Forbidden.\n   at System.Net.HttpWebRequest.GetRequestStream()\n";
        let errors = |detail: &str| LogRecord::tested(1, "", detail, "Error").errors.unwrap();
        assert!(errors(&format!("{asking}{broke}")).contains("GetRequestStream"));
        // A later step: the token is there, and it was the target that could not be reached.
        let later = format!("{asking}Information:[OAuthCredentials:Authenticate] send request\n{broke}");
        assert!(!errors(&later).contains("GetRequestStream"));
    }
}
