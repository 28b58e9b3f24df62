//! Takes the values of authentication fields, gives schemes with their parameters. RFC 9110 11, RFC 7235.
//!
//! Exchange joins several schemes in one value (`Bearer …, error="invalid_token",Negotiate,NTLM,Basic
//! realm="host"`), so a comma may begin a parameter or a scheme.

/// One challenge of a `WWW-Authenticate` value, or the credentials of an `Authorization` value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Challenge {
    /// The scheme as written.
    pub scheme: String,
    /// Its parameters in order, quotes removed; names as written.
    pub parameters: Vec<(String, String)>,
    /// `token68` after the scheme (NTLM, Negotiate).
    pub token: Option<String>,
}

/// Reads all challenges of one field value. Never fails; unreadable rests are a challenge with an empty scheme.
pub fn parse(value: &str) -> Vec<Challenge> {
    let _ = value;
    todo!("helper: http")
}
