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
        let dump = dump(detail);
        let detail = &rejoined(detail);
        record.result = some(result.trim());
        record.operation = some(task.trim());
        record.client_request_id = after(detail, "Client request ID:").and_then(first_word);
        record.path = detail.find("https://").and_then(|at| first_word(detail.get(at..)?));
        record.diagnostics = after_broken(detail, "diagnostics:").map(|rest| {
            // The window may end right behind the colon.
            let next = rest.trim_start();
            let rest = if next.starts_with(|letter: char| letter.is_ascii_digit()) { next } else { rest };
            diagnostics(rest.lines().next().unwrap_or_default().trim())
        });
        record.errors = some(&errors(detail));
        record.token_dump = dump.map(|dump| Secret::new(dump.into_bytes()));
        record
    }
}

/// The dump of a token with the breaks that the window made: whoever reads it takes them out of its strings.
fn dump(detail: &str) -> Option<String> {
    const HEADER: &str = "{\"typ\"";
    let begins = |text: &str| {
        let mut letters = text.chars().filter(|letter| !letter.is_whitespace());
        HEADER.chars().all(|wanted| letters.next() == Some(wanted))
    };
    let (at, _) = detail.match_indices('{').find(|(at, _)| detail.get(*at..).is_some_and(begins))?;
    let rest = detail.get(at..)?;
    let mut lines = rest.lines().map(str::trim);
    let mut dump = lines.next()?.to_owned();
    // The actor token inside of it may begin a line.
    for line in lines.take_while(|line| !line.is_empty() && (line.starts_with(HEADER) || !is_marked(line))) {
        dump.push('\n');
        dump.push_str(line);
    }
    Some(dump)
}

/// How lines of the detail begin.
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

fn is_marked(line: &str) -> bool {
    MARKS.iter().any(|mark| line.starts_with(mark))
}

/// The lines as the cmdlet wrote them: `Format-List` breaks them at the width of the window. What begins with no mark
/// of its own goes on with the line before.
fn rejoined(detail: &str) -> String {
    let width = |line: &str| line.chars().count();
    let window = detail.lines().map(width).max().unwrap_or_default();
    let continued = |(line, next): &(&str, &str)| {
        let next = next.trim();
        !line.trim_end().ends_with(':') && !line.is_empty() && !next.is_empty() && !is_marked(next)
    };
    let pairs = || detail.lines().zip(detail.lines().skip(1)).filter(continued);
    // It cuts at its width wherever that is, and not at blanks; one that stood last on the line is lost.
    let anywhere = pairs().count() > 2 && pairs().all(|(line, _)| width(line) + 1 >= window);
    let mut text = String::with_capacity(detail.len());
    let mut before: Option<&str> = None;
    for whole in detail.lines() {
        let line = whole.trim();
        match before {
            Some(last) if !is_marked(line) && !line.is_empty() => {
                let first = line.split(' ').next().unwrap_or_default();
                // A word that would have fit into the line stands in it whole.
                let long = width(last.rsplit(' ').next().unwrap_or_default()) + width(first) > window;
                let cut = width(last) == window && !whole.starts_with(' ') && (anywhere || long);
                text.push_str(if cut { "" } else { " " });
            }
            _ if !text.is_empty() => text.push('\n'),
            _ => {}
        }
        text.push_str(line);
        // A heading stands alone. One that reaches the end of the line is none.
        let heading = line.ends_with(':') && width(whole) < window;
        before = (!line.is_empty() && !heading).then_some(whole);
    }
    text
}

/// Lines that begin with `Error:` and the exception's first line, joined. Where the request to the token service was
/// the last step, also the place where it could not be sent.
fn errors(detail: &str) -> String {
    const ASKING: &str = "GetActorTokenFromAuthServer]";
    const SENDING: &str = "GetRequestStream";
    let mut found: Vec<&str> = Vec::new();
    let mut exception = false;
    let asking = detail.rfind(ASKING).and_then(|at| detail.get(at + ASKING.len()..));
    let unsent = asking.is_some_and(|rest| !rest.contains("[OAuth"));
    // Not even the first call left this server: there was no challenge to answer.
    let unheard = asking.is_none() && !detail.contains("received: Bearer") && detail.contains(SENDING);
    for line in detail.lines().map(str::trim) {
        let told = ["AADSTS", "Exception: "].into_iter().any(|mark| line.contains(mark))
            || (unsent && line.contains(SENDING));
        if told || exception || line.starts_with("Error:") {
            found.push(line);
        }
        exception = line == "Exception:";
    }
    if unheard {
        found.push("GetRequestStream: the call itself could not be sent");
        found.extend(detail.contains("InternetWebProxy").then_some("it goes through InternetWebProxy"));
    }
    let broken = broken_codes(detail);
    found.extend(broken.iter().map(String::as_str));
    found.dedup();
    found.truncate(20);
    found.join("; ")
}

/// Codes of the token service that the width of the window cut in two: `AADSTS500 12:`.
fn broken_codes(detail: &str) -> Vec<String> {
    const MARK: &str = "AADSTS";
    let bare: String = detail.chars().filter(|letter| !letter.is_whitespace()).collect();
    let rests = bare.match_indices(MARK).filter_map(|(at, _)| bare.get(at + MARK.len()..));
    let codes = rests.filter_map(|rest| {
        let digits = rest.get(..rest.find(|letter: char| !letter.is_ascii_digit())?)?;
        (!digits.is_empty() && rest.get(digits.len()..)?.starts_with(':')).then(|| format!("{MARK}{digits}:"))
    });
    let mut codes: Vec<String> = codes.take(20).filter(|code| !detail.contains(code.as_str())).collect();
    codes.dedup();
    codes
}

/// What follows a word that the width of the window may have cut in two.
fn after_broken<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    if let Some(rest) = after(text, mark) {
        return Some(rest);
    }
    let first = mark.chars().next()?;
    text.match_indices(first).find_map(|(at, _)| {
        let mut rest = text.get(at..)?.chars();
        for wanted in mark.chars() {
            let found = rest.by_ref().find(|letter| !letter.is_whitespace())?;
            (found == wanted).then_some(())?;
        }
        Some(rest.as_str())
    })
}

/// Diagnostics whose number or category the width of the window cut in two; the sentence between stays as it is.
fn diagnostics(line: &str) -> String {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let Some((number, rest)) = line.split_once(';') else { return line.to_owned() };
    if number.chars().any(|letter| !letter.is_ascii_digit() && !letter.is_whitespace()) {
        return line.to_owned();
    }
    let rest = match after_broken(rest, "error_category=") {
        Some(category) if !rest.contains("error_category=") || category.contains(' ') => {
            let before = rest.strip_suffix(category).unwrap_or(rest).trim_end_matches('=');
            let before = before.rsplit_once(';').map_or("", |(before, _)| before);
            let whole = category.split_once([',', ';']).map_or(category, |(whole, _)| whole);
            format!("{before};error_category={}", bare(whole))
        }
        _ => rest.to_owned(),
    };
    format!("{};{rest}", bare(number))
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
    fn what_the_window_cut_in_two_is_put_together() {
        let tested = |detail: &str| LogRecord::tested(1, "", detail, "Error");
        let whole = "2000005;reason=\"The user is ambiguous.\";error_category=\"invalid_user\"";
        let line = format!("X: (401) Unauthorized., diagnostics: {whole}");
        for at in 24..line.len() {
            let (one, other) = line.split_at(at);
            let said = tested(&format!("Exception:\n{one}\n{other}\n")).diagnostics.unwrap();
            let reason = said.find("reason").zip(said.rfind(';'));
            let category = said.replace(' ', "");
            assert!(
                category.ends_with(";error_category=\"invalid_user\"") || reason.is_none(),
                "{at}: {said}"
            );
            assert!(said.starts_with("2000005;"), "{at}: {said}");
            if at > line.find("error_cat").unwrap() {
                assert_eq!(said, whole, "{at}");
            }
        }
        let code = "Error:[X:GetActorTokenFromAuthServer] AADSTS70002: Error. AADSTS50012: Client";
        for at in 20..code.len() {
            let (one, other) = code.split_at(at);
            let errors = tested(&format!("{one}\n{other}\n")).errors.unwrap();
            assert!(errors.contains("AADSTS70002:") && errors.contains("AADSTS50012:"), "{at}: {errors}");
        }
        assert_eq!(tested("Exception:\nX: no diagnostic s").diagnostics, None);
    }

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
