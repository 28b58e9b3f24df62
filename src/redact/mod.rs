//! Takes an export or a report, gives a copy that is safe to send: structural, and searched afterwards.
//!
//! The input is gone through twice: first to learn its secrets, then to replace them, also where they stand
//! without a name. Then the copy is searched for every secret of the input, in raw, base64, URL-encoded and
//! JSON-escaped form, and is not delivered when one is found.

mod body;
mod entropy;
mod field;
mod json;
mod markup;
mod message;
mod mitmproxy;
mod names;
mod needles;
mod params;
mod people;
mod saz;
mod search;
mod text;
mod token;
mod vault;

use std::borrow::Cow;

use crate::base::Secret;
use crate::import::text::folds::unfold_all;
use crate::limits;
use crate::wire::capture::sniff::{HEAD, Sniffed, sniff};
use needles::Needles;
use people::People;
pub use vault::Kind;
use vault::Vault;

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Replace names of people by pseudonyms.
    pub mask_people: bool,
    /// The bytes of `--fingerprint-key`.
    pub fingerprint_key: Option<Secret>,
    /// Tried on protected archives.
    pub passwords: Vec<Secret>,
}

/// Why there is no copy.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RedactError {
    /// The input cannot be read, or is of a kind that is not redacted. Says what to do.
    #[error("{0}")]
    Unreadable(String),
    /// A secret of the input stands in the copy. Says where, and never which.
    #[error("not written: a secret of the input would remain in {0}")]
    Survivor(String),
}

/// The copy, and what was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redacted {
    /// The file.
    pub bytes: Vec<u8>,
    /// How often each kind of secret was masked.
    pub masked: Vec<(Kind, u64)>,
    /// How many names of people were replaced.
    pub people: u64,
    /// Distinct secrets of the input.
    pub secrets: usize,
    /// How many of them are too short or too plain to be searched for.
    pub unsearched: usize,
    /// Worth a line each.
    pub notices: Vec<String>,
}

/// What a file is, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Har,
    Json,
    Saz,
    Mitmproxy,
    Text,
}

/// What is known while one file is gone through.
#[derive(Default)]
struct Redactor {
    vault: Vault,
    /// All secrets, in the second pass.
    needles: Needles,
    people: Option<People>,
    /// Texts inside texts.
    depth: usize,
    /// Whether long random strings are secrets: not in reports of ours, which are full of fingerprints.
    random: bool,
    bodies_removed: u64,
    bodies_cut: u64,
    messages_removed: u64,
}

impl Redactor {
    /// Looks into a text inside a text; `None` where that goes too deep.
    fn deeper<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= limits::REDACT_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = look(self);
        self.depth -= 1;
        Some(result)
    }

    fn notices(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut tell = |count: u64, what: &str| {
            if count > 0 {
                all.push(format!("{count} {what}"));
            }
        };
        tell(self.bodies_removed, "bodies could not be decoded and were taken out");
        tell(self.bodies_cut, "bodies are damaged and were kept up to the damage");
        tell(self.messages_removed, "messages of WebSocket, TCP, UDP or DNS were emptied");
        all
    }
}

/// Makes the copy of a file that was unpacked from any compression around it.
///
/// # Errors
/// When the input cannot be read whole, is of a kind that is not redacted, or when a secret would remain.
pub fn redact(bytes: &[u8], options: &Options) -> Result<Redacted, RedactError> {
    redact_planted(bytes, options, &[])
}

/// The same with secrets that the policy does not know, but the search must find: for tests.
fn redact_planted(bytes: &[u8], options: &Options, planted: &[&[u8]]) -> Result<Redacted, RedactError> {
    let form = form(bytes)?;
    let mut redactor = Redactor {
        vault: Vault::new(options.fingerprint_key.as_ref().map(Secret::expose)),
        people: options.mask_people.then(People::default),
        random: !(form == Form::Json && is_report(bytes)),
        ..Redactor::default()
    };
    // Windows tools write UTF-16; the copy is UTF-8.
    let utf8 = crate::import::text::utf8(bytes);
    // The rest of credentials that a mail broke into lines would be a word like any other.
    let utf8 = if form == Form::Text { Cow::Owned(unfold_all(&utf8).into_owned()) } else { utf8 };
    let text: &[u8] = if matches!(form, Form::Text | Form::Har | Form::Json) { &utf8 } else { bytes };
    let unpacked = if form == Form::Saz { Some(saz::unpack(bytes, &options.passwords)?) } else { None };
    redactor.pass(form, text, unpacked.as_ref())?;
    let census = search::census(form, bytes, &options.passwords);
    census.iter().for_each(|(secret, kind)| {
        redactor.vault.remember(secret, *kind);
    });
    // What one secret's mark replaced, another pass would have to find again: all are known from here on.
    redactor.needles = Needles::new(redactor.vault.searchable());
    redactor.vault.recount();
    redactor.people.iter_mut().for_each(People::recount);
    (redactor.bodies_removed, redactor.bodies_cut, redactor.messages_removed) = (0, 0, 0);
    let (out, inside) = redactor.pass(form, text, unpacked.as_ref())?;
    let planted = planted.iter().map(|secret| (usize::MAX, *secret));
    let sought = Needles::new(redactor.vault.searchable().chain(planted));
    if let Some(place) = search::survivor(form, &out, &inside, &sought) {
        return Err(RedactError::Survivor(place));
    }
    let (secrets, unsearched) = redactor.vault.sizes();
    let mut notices = unpacked.map(|unpacked| unpacked.notices).unwrap_or_default();
    notices.extend(redactor.notices());
    Ok(Redacted {
        bytes: out,
        masked: redactor.vault.counts().collect(),
        people: redactor.people.map_or(0, |people| people.count),
        secrets,
        unsearched,
        notices,
    })
}

/// A copy, and the parts of it that compression hides, with their places.
type Pass = (Vec<u8>, Vec<(String, Vec<u8>)>);

impl Redactor {
    fn pass(
        &mut self,
        form: Form,
        text: &[u8],
        unpacked: Option<&saz::Unpacked>,
    ) -> Result<Pass, RedactError> {
        Ok(match (form, unpacked) {
            (Form::Saz, Some(unpacked)) => self.archive(unpacked)?,
            (Form::Mitmproxy, _) => (self.flows(text)?, Vec::new()),
            (Form::Har | Form::Json, _) => {
                let out = self.json_document(text);
                (out.map_err(|error| damaged(form, &error))?, Vec::new())
            }
            _ => {
                let out = match message::apart(text) {
                    Some(parts) => parts.into_iter().flat_map(|part| self.message(part)).collect(),
                    None => self.leaf(text, true).unwrap_or_else(|| text.to_vec()),
                };
                (out, Vec::new())
            }
        })
    }
}

fn damaged(form: Form, error: &json::NoJson) -> RedactError {
    let kind = if form == Form::Har { "HAR file" } else { "JSON text" };
    RedactError::Unreadable(format!(
        "is a damaged {kind} (expected {} at byte {}), and what cannot be read cannot be vouched for; \
         export it again",
        error.what, error.at
    ))
}

/// What to do with a file, by its content.
fn form(bytes: &[u8]) -> Result<Form, RedactError> {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    let kind = sniff(head);
    let refused = |told: String| Err(RedactError::Unreadable(told));
    match kind {
        // What stands in such a dump is cut into lines, or in hexadecimal: no search would find it.
        Sniffed::Text if crate::import::text::trace::is_trace(&crate::import::text::utf8(bytes)) => refused(
            "is a trace of curl, which is not redacted: record it with curl -v, and redact that".to_owned(),
        ),
        Sniffed::Text if crate::import::text::network::is_trace(&crate::import::text::utf8(bytes)) => refused(
            "is a trace of System.Net, which is not redacted: its dumps hide what they hold; send the output of \
             inspect -o json, which holds no secrets"
                .to_owned(),
        ),
        Sniffed::Har => Ok(Form::Har),
        Sniffed::Json => Ok(Form::Json),
        Sniffed::Zip => Ok(Form::Saz),
        Sniffed::Mitmproxy => Ok(Form::Mitmproxy),
        Sniffed::Text | Sniffed::Xml | Sniffed::Log => Ok(Form::Text),
        Sniffed::Empty => refused("is empty".to_owned()),
        Sniffed::Burp => refused(
            "is a Burp export, which is not redacted: save the messages as text, or as HAR, and redact that"
                .to_owned(),
        ),
        kind if kind.is_capture() => refused(format!(
            "is {}, and packets are not redacted: send the output of inspect -o json, which holds no \
             secrets, or export the traffic as HAR and redact that",
            kind.describe()
        )),
        kind => refused(format!(
            "is {}: expected HAR, SAZ, mitmproxy flows, text, or JSON of inspect or verify",
            kind.describe()
        )),
    }
}

/// Whether this is JSON that this tool wrote.
fn is_report(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    memchr::memmem::find(head, b"\"oauthtrace/").is_some()
}

/// Entry for fuzzing: nothing panics, and what is delivered holds no bearer value of the input.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = redact(data, &Options { mask_people: true, ..Options::default() });
}

#[cfg(test)]
mod tests;
