//! Takes the body of an Exchange answer, gives the operation, its response codes and the SOAP fault.
//!
//! EWS `ResponseMessage` (`ResponseClass`, `ResponseCode`, `MessageText`), SOAP 1.1 and 1.2 faults. Entities
//! are not resolved, depth is bounded, and damaged or cut XML gives what was found before the damage.

use std::cell::RefCell;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::base::{AnyOf, Lately, lossy};
use crate::limits::XML_DEPTH;

/// Results that are kept of one body; batches repeat the same few codes.
const RESULTS: usize = 64;

/// One response message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResponseMessage {
    /// `Success`, `Warning` or `Error`.
    pub class: String,
    /// For example `NoError`, `ErrorAccessDenied`.
    pub code: String,
    /// In words.
    pub text: String,
}

/// A SOAP fault.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fault {
    /// `faultcode`, or the value of `Code` (SOAP 1.2), without its prefix.
    pub code: String,
    /// `faultstring`, or `Reason`.
    pub text: String,
    /// The EWS response code in the detail.
    pub response_code: Option<String>,
}

/// What a SOAP body says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Local name of the first child of the body, for example `CreateItemResponse`.
    pub operation: Option<String>,
    /// Response messages in order; the first `RESULTS` of them.
    pub messages: Vec<ResponseMessage>,
    /// The fault.
    pub fault: Option<Fault>,
    /// It nests deeper than `limits::XML_DEPTH`, and was read up to there.
    pub too_deep: bool,
}

impl Outcome {
    /// Whether nothing in it is an error.
    pub fn is_success(&self) -> bool {
        self.fault.is_none() && self.errors().next().is_none()
    }

    /// The response messages that are errors. Some codes of warnings begin with `Error` and go with results
    /// (`ErrorNameResolutionMultipleResults`); one tells of an item that was not processed
    /// (`ErrorBatchProcessingStopped`, [MS-OXWSCDATA] 2.2.5.24). With any other class such a code is an error, whatever
    /// the class says: a success has `NoError`.
    pub fn errors(&self) -> impl Iterator<Item = &ResponseMessage> {
        self.messages.iter().filter(|message| {
            message.class.eq_ignore_ascii_case("error")
                || (!message.class.eq_ignore_ascii_case("warning") && message.code.starts_with("Error"))
                || message.code == "ErrorBatchProcessingStopped"
        })
    }
}

/// A class or a code begins where a value does; `NoError` is none.
static ERROR_OR_FAULT: LazyLock<AnyOf> =
    LazyLock::new(|| AnyOf::new(&[b"\"Error", b"'Error", b">Error", b"Fault"]));
static CLASS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"ResponseClass="));

thread_local! {
    static SUSPICIOUS: RefCell<Lately<bool>> = const { RefCell::new(Lately::new()) };
    static CLASSED: RefCell<Lately<bool>> = const { RefCell::new(Lately::new()) };
    static DECISIVE: RefCell<Lately<bool>> = const { RefCell::new(Lately::new()) };
}

/// Whether an error may be in it: a class or a code that says so (`"Error"`, `>ErrorAccessDenied`), or a
/// fault. Item properties may say the same by chance.
pub fn is_suspicious(body: &[u8]) -> bool {
    SUSPICIOUS.with_borrow_mut(|lately| lately.of(body, || ERROR_OR_FAULT.is_in(body)))
}

/// Whether a response message has begun, which says how the operation went.
pub fn names_class(body: &[u8]) -> bool {
    CLASSED.with_borrow_mut(|lately| lately.of(body, || CLASS.find(body).is_some()))
}

/// Whether the beginning of an answer decides whether there is an error in the whole: a list of one
/// folder's contents, whose only response message has begun. Operations on several items may fail for
/// each of them, and are read further.
pub fn decides(beginning: &[u8]) -> bool {
    DECISIVE.with_borrow_mut(|lately| lately.of(beginning, || is_list_of_one(beginning)))
}

fn is_list_of_one(beginning: &[u8]) -> bool {
    let mut classes = CLASS.find_iter(beginning);
    let Some(first) = classes.next() else { return false };
    let name = beginning.get(..first).unwrap_or_default();
    let lists = [&b"Find"[..], b"Sync", b"ResolveNames", b"ExpandDL"];
    let start = memchr::memrchr(b'<', name).map_or(0, |at| at + 1);
    let name = name.get(start..).unwrap_or_default();
    let local = memchr::memchr(b':', name).map_or(name, |at| name.get(at + 1..).unwrap_or_default());
    lists.iter().any(|list| local.starts_with(list)) && classes.next().is_none()
}

/// Reads a SOAP envelope; `None` when the bytes do not hold one.
pub fn read(body: &[u8]) -> Option<Outcome> {
    let start = body.iter().position(|byte| *byte == b'<')?;
    let text = lossy(body.get(start..)?);
    // Most answers hold no SOAP at all, or a success: one look decides.
    memchr::memmem::find(text.as_bytes(), b"Envelope")?;
    let mut reader = Reader::from_str(&text);
    let mut walk = Walk::default();
    // A damaged rest costs only itself: what was read before it counts.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => walk.open(&start, true),
            Event::Empty(start) => walk.open(&start, false),
            Event::End(_) => walk.close(),
            Event::Text(text) => walk.text(&text),
            Event::CData(text) => walk.text(&text),
            Event::GeneralRef(name) => walk.text(match &*name {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                "quot" => "\"",
                "apos" => "'",
                _ => "",
            }),
            Event::Eof => break,
            _ => {}
        }
        if walk.too_deep {
            walk.outcome.too_deep = true;
            break;
        }
    }
    walk.envelope.then_some(walk.outcome)
}

/// Roles that a request asks for in its `ManagementRole` header ([MS-OXWSCDATA] 2.2.4: `UserRoles`,
/// `ApplicationRoles`), at most a few.
pub fn management_roles(body: &[u8]) -> Vec<String> {
    const ROLES: usize = 32;
    let Some(from) = memchr::memmem::find(body, b"ManagementRole") else { return Vec::new() };
    let rest = body.get(from..).unwrap_or_default();
    let end =
        memchr::memmem::find(rest.get(14..).unwrap_or_default(), b"ManagementRole").map_or(0, |at| at + 14);
    let text = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
    let mut roles = Vec::new();
    for part in text.split('<').filter(|part| roles_tag(part)).take(ROLES) {
        if let Some((_, role)) = part.split_once('>') {
            let role = role.trim();
            if !role.is_empty() && role.len() <= 64 && role.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                roles.push(role.to_owned());
            }
        }
    }
    roles
}

/// `Role>…` or `t:Role>…`
fn roles_tag(part: &str) -> bool {
    let name = part.split(['>', ' ']).next().unwrap_or_default();
    name.rsplit(':').next() == Some("Role") && !name.starts_with('/')
}

/// Where the reader is.
#[derive(Default)]
struct Walk {
    path: Vec<String>,
    outcome: Outcome,
    envelope: bool,
    too_deep: bool,
}

impl Walk {
    fn open(&mut self, start: &BytesStart<'_>, has_content: bool) {
        let name = start.local_name().into_inner().to_owned();
        self.envelope |= self.path.is_empty() && name == "Envelope";
        let parent = self.path.last().map(String::as_str);
        if parent == Some("Body") && self.path.len() == 2 && self.outcome.operation.is_none() {
            self.outcome.operation = Some(name.clone());
            if name == "Fault" {
                self.outcome.fault = Some(Fault::default());
            }
        }
        let class =
            start.attributes().flatten().find(|one| one.key.local_name().into_inner() == "ResponseClass");
        if let Some(class) = class
            && self.outcome.messages.len() < RESULTS
        {
            let class = class.value.into_owned();
            self.outcome.messages.push(ResponseMessage { class, ..ResponseMessage::default() });
        }
        if has_content {
            self.path.push(name);
            self.too_deep = self.path.len() > XML_DEPTH;
        }
    }

    fn close(&mut self) {
        self.path.pop();
    }

    fn text(&mut self, text: &str) {
        let Some(name) = self.path.last().map(String::as_str) else { return };
        if text.trim().is_empty() {
            return;
        }
        if let Some(fault) = &mut self.outcome.fault {
            let parent = self.path.iter().rev().nth(1).map(String::as_str);
            match (name, parent) {
                ("faultcode", _) | ("Value", Some("Code")) => fault.code.push_str(local(text)),
                ("faultstring", _) | ("Text", Some("Reason")) => fault.text.push_str(text.trim()),
                ("ResponseCode" | "ErrorCode", _) => {
                    fault.response_code.get_or_insert_with(String::new).push_str(text.trim());
                }
                _ => {}
            }
            return;
        }
        match name {
            // GetUserPhoto, GetDelegate and others put code and class on the response itself.
            "ResponseCode" | "ErrorCode" => match self.outcome.messages.last_mut() {
                Some(message) if message.code.is_empty() => message.code.push_str(text.trim()),
                Some(_) => {}
                None => self
                    .outcome
                    .messages
                    .push(ResponseMessage { code: text.trim().to_owned(), ..ResponseMessage::default() }),
            },
            "MessageText" | "ErrorMessage" => {
                if let Some(message) = self.outcome.messages.last_mut() {
                    message.text.push_str(text.trim());
                }
            }
            _ => {}
        }
    }
}

fn local(name: &str) -> &str {
    let name = name.trim();
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Any bytes: must not panic.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(body: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>{body}</s:Body></s:Envelope>"#
        )
    }

    #[test]
    fn an_error_inside_a_200_is_found() {
        let body = envelope(
            r#"<m:CreateItemResponse><m:ResponseMessages><m:CreateItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:CreateItemResponseMessage><m:CreateItemResponseMessage ResponseClass="Error"><m:MessageText>Access &amp; denied</m:MessageText><m:ResponseCode>ErrorAccessDenied</m:ResponseCode></m:CreateItemResponseMessage></m:ResponseMessages></m:CreateItemResponse>"#,
        );
        let outcome = read(body.as_bytes()).unwrap();
        assert_eq!(outcome.operation.as_deref(), Some("CreateItemResponse"));
        assert_eq!(outcome.messages.len(), 2);
        let errors: Vec<_> = outcome.errors().map(|error| error.code.as_str()).collect();
        assert_eq!(errors, ["ErrorAccessDenied"]);
        assert!(!outcome.is_success());
    }

    #[test]
    fn a_warning_is_an_error_when_nothing_was_done() {
        let warning = |code: &str| {
            envelope(&format!(
                r#"<m:R><m:M ResponseClass="Warning"><m:ResponseCode>{code}</m:ResponseCode></m:M></m:R>"#
            ))
        };
        let success = |code: &str| read(warning(code).as_bytes()).unwrap().is_success();
        assert!(!success("ErrorBatchProcessingStopped"));
        assert!(success("ErrorNameResolutionMultipleResults"), "the results are there");
    }

    #[test]
    fn a_class_of_success_does_not_hide_a_code() {
        let answer = |code: &str| {
            envelope(&format!(
                r#"<m:R><m:M ResponseClass="Success"><m:ResponseCode>{code}</m:ResponseCode></m:M></m:R>"#
            ))
        };
        let success = |code: &str| read(answer(code).as_bytes()).unwrap().is_success();
        assert!(success("NoError") && !success("ErrorAccessDenied"));
    }

    #[test]
    fn faults_of_both_soap_versions() {
        let old = envelope(
            r"<s:Fault><faultcode>a:ErrorInvalidManagementRoleHeader</faultcode><faultstring>no linked account</faultstring><detail><e:ResponseCode>ErrorInvalidManagementRoleHeader</e:ResponseCode></detail></s:Fault>",
        );
        let fault = read(old.as_bytes()).unwrap().fault.unwrap();
        assert_eq!(fault.code, "ErrorInvalidManagementRoleHeader");
        assert_eq!(fault.text, "no linked account");
        assert_eq!(fault.response_code.as_deref(), Some("ErrorInvalidManagementRoleHeader"));
        let new = envelope(
            r"<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>bad</s:Text></s:Reason></s:Fault>",
        );
        let fault = read(new.as_bytes()).unwrap().fault.unwrap();
        assert_eq!((fault.code.as_str(), fault.text.as_str()), ("Sender", "bad"));
    }

    #[test]
    fn cut_and_damaged_xml_gives_what_was_found() {
        let whole = envelope(
            r#"<m:GetFolderResponse><m:M ResponseClass="Error"><m:ResponseCode>ErrorFolderNotFound</m:ResponseCode></m:M></m:GetFolderResponse>"#,
        );
        let cut = whole.split("</m:M>").next().unwrap();
        assert!(!read(cut.as_bytes()).unwrap().is_success());
        assert!(read(&whole.as_bytes()[..60]).is_none_or(|outcome| outcome.is_success()));
        assert_eq!(read(b"<html><body>Envelope</body></html>"), None);
        assert_eq!(read(b""), None);
    }

    #[test]
    fn a_beginning_decides_for_lists_only() {
        let message = |operation: &str| {
            envelope(&format!(
                r#"<m:{operation}Response><m:ResponseMessages><m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>"#
            ))
        };
        assert!(decides(message("FindItem").as_bytes()));
        assert!(decides(message("SyncFolderItems").as_bytes()));
        assert!(!decides(message("GetItem").as_bytes()));
        assert!(!decides(format!("{0}{0}", message("FindItem")).as_bytes()), "several folders");
        assert!(!decides(b"<s:Envelope><s:Body><s:Fault>"));
    }

    #[test]
    fn errors_and_faults_are_suspicious_and_successes_are_not() {
        for body in
            [r#"<a ResponseClass="Error">"#, "<a>ErrorAccessDenied", "ResponseClass='Error'", "<s:Fault>"]
        {
            assert!(is_suspicious(body.as_bytes()), "{body}");
        }
        assert!(!is_suspicious(br#"<a ResponseClass="Success"><b>NoError</b>"#));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = envelope(&"<a>".repeat(100_000));
        assert!(read(deep.as_bytes()).is_some());
    }

    #[test]
    fn entities_are_not_resolved() {
        let bomb = format!(
            r#"<!DOCTYPE x [<!ENTITY a "aaaa">]>{}"#,
            envelope("<s:Fault><faultstring>&a;&a;</faultstring></s:Fault>")
                .trim_start_matches(r#"<?xml version="1.0"?>"#)
        );
        assert_eq!(read(bomb.as_bytes()).unwrap().fault.unwrap().text, "");
    }
}
