//! Takes a text without requests, gives what a server is quoted with in it: `x-ms-diagnostics` in the sentence of an
//! exception, an error of Exchange as a caller.
//!
//! So administrators have it: from the answer of an availability request, from an event, from the end of what
//! `Test-OAuthConnectivity` prints, from a column of the log of IIS (Microsoft Support, "Resolve free/busy errors"; Microsoft
//! Q&A 1381627). Prose counts for nothing: a number has its reason or category behind it, and a code of the token
//! service has Exchange as a caller beside it, because people sign in to other things, too.

use std::ops::Range;

use crate::base::lossy;
use crate::logrecord::{LogRecord, LogSource};
use crate::soap::{codes, diagnostics, token_service};

/// Records of one text, so that a hostile one cannot make millions.
const RECORDS: usize = 100;

/// Bytes that follow the beginning of an event up to its status.
const EVENT: usize = 2000;

/// The application as which Skype for Business Server calls.
const LYNC: &str = "00000004-0000-0ff1-ce00-000000000000";

/// Bytes of a text in which a failed call of Exchange is looked for.
const TOLD: usize = 1 << 20;

/// Words of events and of web pages that Exchange shows when it has no certificate to sign with.
const EVENTS: [&str; 3] =
    ["needed to sign the outgoing token", "HMACProvider.GetCertificates", "V1ProfileLocalTokenIssuer"];

/// The event 32054 of LS Storage Service, by which Skype for Business Server tells that Exchange refuses it.
const STORAGE: &str = "Storage Service had an EWS Autodiscovery failure";

/// What is quoted outside of fields of the messages at `heads`, which are read as such.
pub(super) fn records(text: &[u8], heads: &[Range<usize>]) -> Vec<LogRecord> {
    // XML is a document of a kind of its own, whole or damaged.
    if text.trim_ascii_start().starts_with(b"<") {
        return Vec::new();
    }
    let text = &*lossy(text);
    let mut found: Vec<LogRecord> = Vec::new();
    for (at, said) in diagnostics::quoted(text) {
        if found.len() >= RECORDS {
            break;
        }
        let known = found.iter().any(|record| record.diagnostics.as_deref() == Some(said.as_str()));
        // Lines may be as long as the text: only those of a message are looked at.
        let read = known || heads.iter().any(|head| head.contains(&at)) && is_field(text, at);
        if !read {
            let line = line_of(text, at);
            found.push(LogRecord { diagnostics: Some(said), ..LogRecord::new(LogSource::Quoted, line) });
        }
    }
    found.extend(failure(text));
    found.extend(storage(text));
    found.extend(unlinked(text));
    found
}

/// What to do with a text that quotes nothing, and names codes.
pub(super) fn hint(text: &[u8]) -> String {
    let text = &*lossy(text.get(..text.len().min(TOLD)).unwrap_or_default());
    let told = token_service::codes_in(text).into_iter().find(|code| codes::aadsts(code).is_some());
    let told = told.or_else(|| text.contains("4000000;reason").then(|| "4000000".to_owned()));
    told.map_or_else(String::new, |code| format!("; for what it names: oauthtrace explain {code}"))
}

/// Whether what stands there is the value of the field, from the start of a line, or one that was joined to it.
fn is_field(text: &str, at: usize) -> bool {
    let line = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let name = line.trim().trim_start_matches("< ").split(':').next().unwrap_or_default().trim_end();
    name.eq_ignore_ascii_case("x-ms-diagnostics")
}

/// A failed call of Exchange itself, which tells a code of the token service or an error by its name.
fn failure(text: &str) -> Option<LogRecord> {
    const CALLERS: [&str; 6] = [
        "Exchange.Security.OAuth",
        "token from Auth Server",
        "[OAuth",
        "TokenBuildRequest:",
        "TestOAuthConnectivity",
        "MSExchange OAuth",
    ];
    let text = text.get(..text.floor_char_boundary(TOLD))?;
    let called = CALLERS.iter().filter_map(|caller| text.find(caller)).min();
    let event = EVENTS.iter().filter_map(|words| text.find(words)).min();
    let at = called.or(event)?;
    let told = token_service::codes_in(text).into_iter().any(|code| code.starts_with("AADSTS"));
    (told || codes::outbound(text).is_some()).then_some(())?;
    // Addresses before it are those of whoever tells of it.
    let detail = text.get(line_at(text, at).start..)?;
    let tested = LogRecord::tested(line_of(text, at), "", detail, "Error");
    // An event tells it in a sentence of its own.
    let sentence =
        || event.and_then(|event| text.get(line_at(text, event)).map(|line| line.trim().to_owned()));
    Some(LogRecord {
        source: LogSource::Quoted,
        diagnostics: None,
        token_dump: None,
        errors: tested.errors.or_else(sentence),
        ..tested
    })
}

/// The call of Skype for Business Server that was refused ("Skype for Business and Exchange integration fails if wildcards
/// used in AcceptedDomains entries").
fn storage(text: &str) -> Option<LogRecord> {
    let at = text.find(STORAGE)?;
    let rest = text.get(at..text.floor_char_boundary(at + EVENT))?;
    let status = ["(401)", "(403)"].into_iter().find(|status| rest.contains(status))?;
    let uri = rest.split_once("Autodiscover Uri=").and_then(|(_, uri)| uri.split(',').next());
    let (host, path) = uri.and_then(|uri| uri.split_once("://")?.1.split_once('/')).unzip();
    Some(LogRecord {
        status: status.trim_matches(['(', ')']).parse().ok(),
        host: host.map(str::to_owned),
        path: path.map(|path| format!("/{path}")),
        authentication: Some("Bearer".into()),
        remarks: Some(format!("S2S~{LYNC}")),
        errors: Some(format!("event 32054: {STORAGE}")),
        ..LogRecord::new(LogSource::Quoted, line_of(text, at))
    })
}

/// A call that the back end refused for its linked account: the caller is shown a fault, with status 500 (Microsoft Support,
/// "Resolve free/busy errors").
fn unlinked(text: &str) -> Option<LogRecord> {
    let at = text.find("missing a linked account for RBAC roles")?;
    Some(LogRecord {
        status: Some(500),
        authentication: Some("Bearer".into()),
        errors: text.get(line_at(text, at)).map(|line| line.trim().to_owned()),
        ..LogRecord::new(LogSource::Quoted, line_of(text, at))
    })
}

/// The line around a place.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
    start..end
}

/// The number of the line around a place, from 1.
fn line_of(text: &str, at: usize) -> u64 {
    text.get(..at).map_or(1, |before| memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        records(text.as_bytes(), &[]).into_iter().filter_map(|record| record.diagnostics).collect()
    }

    #[test]
    fn refusals_are_found_in_sentences() {
        let whole = "2000005;reason=\"The user is ambiguous.\";error_category=\"invalid_user\"";
        for text in [
            format!(
                "Proxy web request failed. , inner exception: HTTP status 401: Unauthorized diagnostics: {whole}\n"
            ),
            format!("x-ms-diagnostics →{}", whole.replace(' ', "\n  ")),
            format!("request-id: 33086db3x-ms-diagnostics: {whole}Server: Microsoft-IIS/8.5"),
            format!("{whole}, {whole}."),
        ] {
            assert_eq!(said(&text), [whole], "{text}");
        }
        let logged = "2000008;reason=\"The+token\";error_category=\"invalid_grant\"";
        assert_eq!(
            said(&format!("Bearer+error=\"invalid_token\"  \n{logged} 443")),
            [logged.replace('+', " ")]
        );
        let spaced = "2000000; reason=\"x\";error_category=\"invalid_signature\"";
        assert_eq!(said(&format!("Boolean reloadConfig, diagnostics: {spaced}.")), [spaced]);
        assert_eq!(
            said("diagnostics: 2000001;error_category=\"invalid_token\""),
            ["2000001;error_category=\"invalid_token\""]
        );
    }

    #[test]
    fn prose_is_no_refusal() {
        for text in [
            "2000005 means invalid_user",
            "const N = 2000005; reason about it",
            "12000005;reason=\"x\"",
            "2000005;",
            "2000099;reason=\"x\"",
            "20000",
            "AADSTS50012: sign in again",
            "<x>diagnostics: 2000005;reason=\"x\"</x>",
            "Missing signing certificate.",
        ] {
            assert!(records(text.as_bytes(), &[]).is_empty(), "{text}");
        }
    }

    #[test]
    fn fields_of_messages_are_left_to_them() {
        let text = "HTTP/1.1 401 x\nx-ms-diagnostics: 2000001;error_category=\"invalid_token\"\n\n";
        let heads = std::iter::once(0..text.len()).collect::<Vec<_>>();
        assert!(records(text.as_bytes(), &heads).is_empty());
        assert_eq!(records(text.as_bytes(), &[]).len(), 1);
    }

    #[test]
    fn failed_calls_of_exchange_are_found() {
        let text = "Error: Unable to get token from Auth Server. Error code: 'invalid_client'. Description: 'AADSTS70002: x. AADSTS50012: y";
        let [record] = &records(text.as_bytes(), &[])[..] else { panic!() };
        assert!(record.errors.as_deref().unwrap().contains("AADSTS50012"));
        let event = "MSExchange OAuth 2004\nUnable to find the certificate with thumbprint 37C1 in the current computer or the certificate is missing private key. The certificate is needed to sign the outgoing token.\n";
        let [record] = &records(event.as_bytes(), &[])[..] else { panic!() };
        assert_eq!(
            codes::outbound(record.errors.as_deref().unwrap()).unwrap().code,
            "MissingSigningCertificate"
        );
    }

    #[test]
    fn events_are_found() {
        let event = "Source: LS Storage Service\nEvent ID: 32054\nStorage Service had an EWS Autodiscovery failure.\nUnsupportedStoreException: code=ErrorIncorrectExchangeServerVersion, reason=GetUserSettings failed, smtpAddress=bob@contoso.com, Autodiscover Uri=https://autodiscover.contoso.com/autodiscover/autodiscover.svc, Autodiscover WebProxy=<NULL> ---> The remote server returned an error: (401) Unauthorized.";
        let [record] = &records(event.as_bytes(), &[])[..] else { panic!() };
        assert_eq!((record.line, record.status), (3, Some(401)));
        assert_eq!(record.host.as_deref(), Some("autodiscover.contoso.com"));
        assert!(!format!("{record:?}").contains("bob@"));
        let fault = "System.Web.Services.Protocols.SoapException: The application is missing a linked account for RBAC roles, or the linked account has no RBAC role assignments, or the calling users account is logon disabled.";
        let [record] = &records(fault.as_bytes(), &[])[..] else { panic!() };
        assert_eq!((record.status, record.errors.as_deref()), (Some(500), Some(fault)));
        let page = "Exception information: \n    Exception type: ExAssertException \n    Exception message: ASSERT: HMACProvider.GetCertificates:protectionCertificates.Length<1\n   at x";
        let [record] = &records(page.as_bytes(), &[])[..] else { panic!() };
        assert_eq!(
            codes::outbound(record.errors.as_deref().unwrap()).unwrap().code,
            "MissingSigningCertificate"
        );
    }

    #[test]
    fn codes_are_told_where_nothing_else_is() {
        assert!(hint(b"AADSTS50012: x").ends_with("explain AADSTS50012"));
        assert!(
            hint(b"x-ms-diagnostics=4000000;reason=\"Flighting is not enabled\"")
                .ends_with("explain 4000000")
        );
        assert_eq!(hint(b"AADSTS99999999: x"), "");
    }
}
