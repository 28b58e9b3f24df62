//! Takes the body of an answer of Autodiscover, gives the codes in it.
//!
//! A SOAP answer says in `ErrorCode` how the whole, and each user or domain that was asked for, went; single settings
//! have one, too (Microsoft Learn, "ErrorCode (SOAP)"). Answers in other forms are none of these.

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::base::lossy;
use crate::limits::XML_DEPTH;

/// Codes that are kept of one body.
const CODES: usize = 16;

/// What the codes of answers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// The caller is to ask elsewhere.
    Elsewhere,
    /// What was asked for is not known here.
    Unknown,
    /// The service could not answer.
    Failed,
}

/// One code of the documented ones; `None` for `NoError`, and for what is not known.
pub fn meaning(code: &str) -> Option<Meaning> {
    Some(match code {
        "RedirectAddress" | "RedirectUrl" => Meaning::Elsewhere,
        "InvalidUser" | "InvalidDomain" | "NotFederated" => Meaning::Unknown,
        "InvalidRequest" | "InvalidSetting" | "ServerBusy" | "InternalServerError" => Meaning::Failed,
        _ => return None,
    })
}

/// The codes that say that something was not answered, each once, in order. Those of single settings are left.
pub fn codes(body: &[u8]) -> Vec<(String, Meaning)> {
    let mut found: Vec<(String, Meaning)> = Vec::new();
    if memmem::find(body, b"Autodiscover").is_none() || memmem::find(body, b"ErrorCode").is_none() {
        return found;
    }
    let text = lossy(body);
    let mut reader = Reader::from_str(&text);
    let mut path: Vec<String> = Vec::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) if path.len() < XML_DEPTH => {
                path.push(start.local_name().into_inner().to_owned());
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) if path.last().is_some_and(|name| name == "ErrorCode") => {
                let of_setting = path.iter().any(|name| name.ends_with("SettingError"));
                let code = text.trim();
                let known = found.iter().any(|(known, _)| known == code);
                if let Some(meaning) = meaning(code).filter(|_| !of_setting && !known && found.len() < CODES)
                {
                    found.push((code.to_owned(), meaning));
                }
            }
            Event::Start(_) | Event::Eof => break,
            _ => {}
        }
    }
    found
}

/// Any bytes: must not panic.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = codes(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(user: &str) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
             <GetUserSettingsResponseMessage xmlns=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\">\
             <Response><ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses><UserResponse>{user}\
             </UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"
        )
    }

    #[test]
    fn codes_of_users_are_found_and_those_of_settings_left() {
        let of = |user: &str| codes(answer(user).as_bytes());
        assert_eq!(of("<ErrorCode>NoError</ErrorCode>"), []);
        assert_eq!(
            of("<ErrorCode>RedirectAddress</ErrorCode><RedirectTarget>a@b</RedirectTarget>"),
            [("RedirectAddress".to_owned(), Meaning::Elsewhere)]
        );
        let twice = "<ErrorCode>InvalidUser</ErrorCode></UserResponse><UserResponse><ErrorCode>InvalidUser</ErrorCode>";
        assert_eq!(of(twice), [("InvalidUser".to_owned(), Meaning::Unknown)]);
        let setting = "<ErrorCode>NoError</ErrorCode><UserSettingErrors><UserSettingError>\
                       <ErrorCode>InvalidSetting</ErrorCode></UserSettingError></UserSettingErrors>";
        assert_eq!(of(setting), []);
        assert_eq!(codes(answer("<ErrorCode>InvalidUser</Err").replace("Autodiscover", "x").as_bytes()), []);
    }
}
