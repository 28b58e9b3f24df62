//! Takes the name of a field, member or element, says whether its value is a secret by that name.

use super::entropy;
use crate::base::secret_names;
use crate::report::mask;

/// Names that mean a secret wherever they stand; compared without case, hyphens and underscores.
const ANYWHERE: [&str; 33] = [
    "actort",
    "actortoken",
    "appcontext",
    "appcontexttoken",
    "assertion",
    "authorization",
    "bearertoken",
    "binarysecuritytoken",
    "canary",
    "ciphervalue",
    "clientassertion",
    "codeverifier",
    "csrftoken",
    "devicecode",
    "formdigest",
    "idtoken",
    "idtokenhint",
    "jsessionid",
    "logontoken",
    "proxyauthorization",
    "requestverificationtoken",
    "samlresponse",
    "securitytoken",
    "sessionid",
    "sessionkey",
    "sessiontoken",
    "signaturevalue",
    "spapptoken",
    "subjecttoken",
    "subscriptionkey",
    "wresult",
    "xowacanary",
    "xsrftoken",
];

/// Names that mean one only among parameters of forms, queries and fragments.
const PARAMETERS: [&str; 11] =
    ["auth", "bearer", "code", "credential", "flowtoken", "key", "pass", "sig", "signature", "token", "ctx"];

/// Passwords among the endings.
const PASSWORDS: [&str; 6] = ["passcode", "passphrase", "passwd", "password", "pwd", "secret"];

/// Members whose values look random and are none.
const PUBLIC: [&str; 28] = [
    "address",
    "authority",
    "host",
    "ipaddress",
    "serveripaddress",
    "sni",
    "etag",
    "sha1",
    "sha256",
    "fingerprint",
    "thumbprint",
    "x5t",
    "x5c",
    "x5t#s256",
    "kid",
    "keyid",
    "n",
    "e",
    "x",
    "y",
    "itemid",
    "changekey",
    "contentmd5",
    "requestid",
    "clientrequestid",
    "correlationid",
    "ifnonematch",
    "ifmatch",
];

/// Without case, hyphens, underscores and a namespace's prefix.
fn plain(name: &[u8]) -> Option<String> {
    // No known name is longer.
    if name.len() > 64 {
        return None;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let name = name.rsplit(':').next().unwrap_or_default();
    Some(name.chars().filter(|letter| !matches!(letter, '-' | '_' | '$' | '.')).collect())
}

fn ends(name: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| name.ends_with(ending))
}

fn means_secret(name: &str) -> bool {
    ANYWHERE.contains(&name) || secret_names::promise(name)
}

/// Whether a member, element or attribute holds a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| means_secret(&name))
}

/// Whether a parameter of a form, a query or a fragment does.
pub(super) fn is_secret_parameter(name: &[u8]) -> bool {
    let known = |name: String| means_secret(&name) || PARAMETERS.contains(&name.as_str());
    plain(name).is_some_and(known) || mask::is_secret_parameter(&String::from_utf8_lossy(name))
}

/// What the name of a member or variable says of its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Promise {
    /// Nothing.
    Nothing,
    /// It is a secret if it looks random: `var token = "…"`, but also `"key": "Subject"`.
    IfRandom,
    /// It is a secret.
    Secret,
}

impl Promise {
    /// What this name says.
    pub(super) fn of(name: &[u8]) -> Self {
        if is_secret(name) {
            return Self::Secret;
        }
        let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let may =
            plain(last).is_some_and(|name| PARAMETERS.contains(&name.as_str()) || name.ends_with("token"));
        if may { Self::IfRandom } else { Self::Nothing }
    }

    /// Whether this value under that name is a secret.
    pub(super) fn holds(self, value: &[u8]) -> bool {
        match self {
            Self::Nothing => false,
            Self::IfRandom => entropy::is_random(value),
            Self::Secret => true,
        }
    }
}

/// Whether the secret is a password, which nobody should be able to search for elsewhere.
pub(super) fn is_password(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| name == "pass" || ends(&name, &PASSWORDS))
}

/// Whether a value is public although it looks random.
pub(super) fn is_public(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| PUBLIC.contains(&name.as_str()))
}
