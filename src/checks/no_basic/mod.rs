//! Did anybody still send a password? One file per rule.

/// The server offers Basic.
pub(crate) mod basic_offered;
/// A password was sent with Basic authentication.
pub(crate) mod basic_sent;
/// A password was sent with Basic authentication to another path.
pub(crate) mod basic_sent_elsewhere;
/// A log tells of Basic authentication.
pub(crate) mod log_basic;
/// A log tells of a password in a URL.
pub(crate) mod log_password_in_url;
/// A password was sent to the token service.
pub(crate) mod password_grant;
/// A password stands in a SOAP request.
pub(crate) mod password_in_soap;
/// A password stands in a URL.
pub(crate) mod password_in_url;

use crate::checks::judge::standing::shown;
use crate::checks::place::shown_path;
use crate::checks::subject::ExchangeCase;

/// Host and path of a request, for messages: never the query, which may hold secrets.
pub(crate) fn target(case: &ExchangeCase<'_>) -> String {
    shown(&format!("{}{}", case.host().unwrap_or_default(), shown_path(case.path())))
}
/// A secret stands in the script.
pub(crate) mod script_secret;
/// No intra-organisation connector is enabled.
pub(crate) mod state_connector;
