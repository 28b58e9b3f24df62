//! One request as a server's log tells of it: evidence beside captures where TLS stayed closed.
//!
//! Logs tell what was asked, how the caller was authenticated and how it ended, but hold no message: a
//! record is no exchange and is never counted as one. Members are `None` where the log has no such
//! column or leaves it empty.

/// The result of `Test-OAuthConnectivity`.
mod connectivity;

use std::net::IpAddr;

use crate::base::{Instant, Secret};

/// Which log a record comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LogSource {
    /// IIS, W3C extended format.
    Iis,
    /// Exchange `Logging\HttpProxy`.
    HttpProxy,
    /// Exchange `Logging\Ews`.
    Ews,
    /// Exchange `Logging\Autodiscover`.
    Autodiscover,
    /// Exchange `Logging\OAuthOutbound`.
    OAuthOutbound,
    /// Output of the cmdlet `Test-OAuthConnectivity`.
    TestOAuthConnectivity,
    /// What a server said, copied out of a log, an event or a message without what stood around it.
    Quoted,
}

impl LogSource {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iis => "iis",
            Self::HttpProxy => "http-proxy",
            Self::Ews => "ews",
            Self::Autodiscover => "autodiscover",
            Self::OAuthOutbound => "oauth-outbound",
            Self::TestOAuthConnectivity => "test-oauth-connectivity",
            Self::Quoted => "quoted",
        }
    }
}

/// One line of a log, or one result of `Test-OAuthConnectivity`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// Which input, counted from 0.
    pub input: u32,
    /// Line of the file that it begins in, counted from 1.
    pub line: u64,
    /// Which log.
    pub source: LogSource,
    /// When; IIS and Exchange write UTC.
    pub time: Option<Instant>,
    /// Who asked.
    pub client: Option<IpAddr>,
    /// Name or address of the server that wrote it.
    pub server: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// Host that was asked for.
    pub host: Option<String>,
    /// Path without query; for `Test-OAuthConnectivity` the target's address.
    pub path: Option<String>,
    /// Whether the query has a parameter that is a password; the query itself is not kept.
    pub password_in_query: bool,
    /// Application ids that a token in the query names, in lower case; the token itself is not kept.
    pub applications_in_query: Option<String>,
    /// Status that the client got.
    pub status: Option<u16>,
    /// Status that the back end gave to the front end.
    pub back_end_status: Option<u16>,
    /// Status behind the status and the Windows error of IIS: `401 1 1326` is a refused password.
    pub substatus: Option<(u16, u32)>,
    /// Which service wrote it, in the words of the log (`Ews`, `Autodiscover`, `Rest`).
    pub service: Option<String>,
    /// Whether the log has a column for the authentication, filled or not.
    pub tells_authentication: bool,
    /// `Bearer` and `BearerPreAuth` for OAuth, `Negotiate`, `NTLM`, `Basic`, …
    pub authentication: Option<String>,
    /// The user, as far as one was authenticated. A person's name: mask it where people are masked.
    pub user: Option<String>,
    /// As sent.
    pub user_agent: Option<String>,
    /// SOAP action or the like.
    pub operation: Option<String>,
    /// `request-id`.
    pub request_id: Option<String>,
    /// `client-request-id`.
    pub client_request_id: Option<String>,
    /// `x-ms-diagnostics`.
    pub diagnostics: Option<String>,
    /// `WWW-Authenticate` of the answer.
    pub challenge: Option<String>,
    /// Error columns, joined with `; `.
    pub errors: Option<String>,
    /// Columns of free text that may name the calling application, joined with `; `.
    pub remarks: Option<String>,
    /// `result-code` of the OAuthOutbound log, `ResultType` of the cmdlet.
    pub result: Option<String>,
    /// A readable dump of a token without its signature: it can be read, never verified.
    pub token_dump: Option<Secret>,
    /// The token that a field added for `Authorization` holds, with its signature.
    pub token_sent: Option<Secret>,
    /// A line that could not be read: only its place is known, and that something is missing there.
    pub unreadable: bool,
}

impl LogRecord {
    /// A record of which only the place is known.
    pub const fn new(source: LogSource, line: u64) -> Self {
        Self {
            input: 0,
            line,
            source,
            time: None,
            client: None,
            server: None,
            method: None,
            host: None,
            path: None,
            password_in_query: false,
            applications_in_query: None,
            status: None,
            back_end_status: None,
            substatus: None,
            service: None,
            tells_authentication: false,
            authentication: None,
            user: None,
            user_agent: None,
            operation: None,
            request_id: None,
            client_request_id: None,
            diagnostics: None,
            challenge: None,
            errors: None,
            remarks: None,
            result: None,
            token_dump: None,
            token_sent: None,
            unreadable: false,
        }
    }
}
