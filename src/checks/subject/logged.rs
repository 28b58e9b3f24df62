//! Takes a line of a log, gives what rules ask of it.

use crate::base::{base64url, is_guid};
use crate::checks::expectations::Expectations;
use crate::checks::finding::Severity;
use crate::checks::judge::standing;
use crate::checks::place::{self, Place};
use crate::logrecord::{LogRecord, LogSource};
use crate::soap;

/// One line of a log.
#[derive(Clone, Copy, Debug)]
pub struct LogCase<'a> {
    /// The line.
    pub record: &'a LogRecord,
    /// Applications in scope.
    pub principals: &'a [String],
}

impl<'a> LogCase<'a> {
    /// A view of a line.
    pub fn of(record: &'a LogRecord, expected: &'a Expectations) -> Self {
        Self { record, principals: &expected.principals }
    }

    /// Columns that may name the calling application.
    fn texts(&self) -> impl Iterator<Item = String> + '_ {
        let record = self.record;
        let dump = record.token_dump.as_ref().map(|dump| String::from_utf8_lossy(dump.expose()).into_owned());
        let sent = record.token_sent.as_ref().and_then(|token| payload(token.expose()));
        [record.user.clone(), record.remarks.clone(), dump, sent]
            .into_iter()
            .flatten()
            .map(|text| text.to_ascii_lowercase())
    }

    /// Whether the line names an application in scope.
    pub fn in_scope(&self) -> bool {
        let named = |text: String| self.principals.iter().any(|id| text.contains(&id.to_ascii_lowercase()));
        self.texts().any(named)
    }

    /// Whether the line names an application, and it is not in scope: `S2S~<application>`.
    pub fn of_another(&self) -> bool {
        !self.in_scope() && self.texts().any(|text| text.contains("s2s~"))
    }

    /// The application that the line names: `S2S~<application>`, else the one that its token was issued to.
    pub fn application(&self) -> Option<String> {
        let named = self.texts().find_map(|text| {
            let id = text.get(text.find("s2s~")? + 4..)?.get(..36)?;
            is_guid(id).then(|| id.to_owned())
        });
        named.or_else(|| self.texts().find_map(|text| issued_to(&text)))
    }

    /// The EWS response code that the line tells of inside a successful answer to a token.
    pub fn ews_error(&self) -> Option<&'a str> {
        let record = self.record;
        if !self.by_token()
            || !matches!(record.source, LogSource::Ews | LogSource::Autodiscover)
            || !matches!(record.status, Some(200..=299))
        {
            return None;
        }
        let words = record.errors.as_deref()?.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.into_iter().find(|word| soap::codes::ews(word).is_some())
    }

    /// Whether the request went to a path that OAuth calls use.
    pub fn at_exchange(&self) -> bool {
        place::of(None, self.record.path.as_deref().unwrap_or_default()) == Place::Exchange
    }

    /// Whether the caller was authenticated by `scheme` (lower case).
    pub fn authenticated_by(&self, scheme: &str) -> bool {
        self.record.authentication.as_deref().is_some_and(|named| named.trim().eq_ignore_ascii_case(scheme))
    }

    /// Whether the caller was authenticated by a token.
    pub fn by_token(&self) -> bool {
        self.authenticated_by("bearer") || self.authenticated_by("bearerpreauth")
    }

    /// How bad a failed call is: an error for an application in scope, information for another, a warning where the
    /// line names none.
    pub fn severity(&self) -> Severity {
        match self.in_scope() {
            true => Severity::Error,
            false if self.of_another() => Severity::Info,
            false => Severity::Warning,
        }
    }

    /// Whether a password was sent to a path that OAuth calls use.
    pub fn password_sent(&self) -> bool {
        self.at_exchange() && self.authenticated_by("basic")
    }

    /// What `x-ms-diagnostics` said, in its own column or among the errors.
    pub fn diagnostics(&self) -> Option<soap::diagnostics::Diagnostics> {
        let record = self.record;
        if let Some(said) = record.diagnostics.as_deref().and_then(soap::diagnostics::parse) {
            return Some(said);
        }
        let errors = record.errors.as_deref()?;
        let at = errors.find("200000")?;
        soap::diagnostics::parse(errors.get(at..)?).filter(|said| said.category.is_some())
    }

    /// Whether the server asked itself: a health mailbox, from the server's own address.
    pub fn is_own_health_check(&self) -> bool {
        let record = self.record;
        let user = record.user.as_deref().unwrap_or_default().rsplit(['\\', '/']).next().unwrap_or_default();
        user.to_ascii_lowercase().starts_with("healthmailbox")
            && record.client.is_none_or(|address| address.to_canonical().is_loopback())
    }

    /// Whether it tells that Exchange itself got no token. Where the other side says with a number of its own why it
    /// refuses, there was a token, and that side did not want it.
    pub fn outbound_failure(&self) -> bool {
        let record = self.record;
        let result = record.result.as_deref().unwrap_or_default().to_ascii_lowercase();
        let errors = record.errors.as_deref().unwrap_or_default();
        let of_token_service = || errors.contains("AADSTS") || soap::codes::outbound(errors).is_some();
        let caller = [LogSource::OAuthOutbound, LogSource::TestOAuthConnectivity, LogSource::Quoted];
        caller.contains(&record.source)
            && (result.contains("fail") || result.contains("error"))
            && (self.diagnostics().is_none() || of_token_service())
    }

    /// Whether the line tells of a fault beside its status: an error, a number, or a status of the server behind.
    pub fn went_wrong(&self) -> bool {
        self.record.errors.is_some()
            || self.diagnostics().is_some()
            || self.record.back_end_status.is_some_and(|status| status >= 400)
    }

    /// What the line tells, without the user.
    pub fn summary(&self) -> String {
        let record = self.record;
        let mut parts = vec![match record.source {
            LogSource::Quoted => "quoted".to_owned(),
            source => format!("{} log", source.name()),
        }];
        parts.extend(record.authentication.clone());
        parts.extend(record.path.clone());
        parts.extend(record.status.map(|status| status.to_string()));
        let behind = record.back_end_status.filter(|status| record.status != Some(*status));
        parts.extend(behind.map(|status| format!("({status} behind)")));
        let said = record.diagnostics.as_deref().or(record.errors.as_deref());
        parts.extend(said.map(standing::quoted));
        standing::shown(&parts.join(" "))
    }
}

/// The claims of a token as text.
fn payload(token: &[u8]) -> Option<String> {
    let payload = token.split(|byte| *byte == b'.').nth(1)?;
    Some(String::from_utf8_lossy(&base64url::decode(payload).ok()?).into_owned())
}

/// The application that claims in small letters name: as issuer of an outer token, as the name of an actor token that the
/// token service issued.
fn issued_to(claims: &str) -> Option<String> {
    ["\"iss\"", "\"nameid\""].into_iter().find_map(|claim| {
        let rest = claims.get(claims.find(claim)? + claim.len()..)?.trim_start().strip_prefix(':')?;
        let id = rest.trim_start().trim_start_matches(['"', '/']).get(..36)?;
        (is_guid(id) && !id.starts_with("00000001-")).then(|| id.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_line_names_its_application() {
        let app = "00000004-0000-0ff1-ce00-000000000000";
        let of = |claims: &str| issued_to(&claims.to_ascii_lowercase());
        assert_eq!(of(&format!(r#"{{"iss":"{app}@t","nameid":"1003"}}"#)).as_deref(), Some(app));
        let actor = format!(r#""iss": "00000001-0000-0000-c000-000000000000@t" "nameid": "/{app}@t""#);
        assert_eq!(of(&actor).as_deref(), Some(app));
        assert_eq!(of(r#"{"iss":"https://sts.windows.net/x/"}"#), None);
    }
}
