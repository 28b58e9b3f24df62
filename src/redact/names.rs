//! Takes the name of a field, member or element, says whether its value is a secret by that name.

/// Names that mean a secret wherever they stand; compared without case, hyphens and underscores.
const ANYWHERE: [&str; 47] = [
    "accesskey",
    "accesstoken",
    "actort",
    "actortoken",
    "apikey",
    "appcontext",
    "appcontexttoken",
    "assertion",
    "authorization",
    "authtoken",
    "bearertoken",
    "binarysecret",
    "binarysecuritytoken",
    "canary",
    "ciphervalue",
    "clientassertion",
    "clientsecret",
    "codeverifier",
    "csrftoken",
    "devicecode",
    "formdigest",
    "idtoken",
    "idtokenhint",
    "jsessionid",
    "logontoken",
    "passwd",
    "password",
    "pfxpassword",
    "privatekey",
    "proxyauthorization",
    "pwd",
    "refreshtoken",
    "requestverificationtoken",
    "samlresponse",
    "secret",
    "securitytoken",
    "sessionid",
    "sessionkey",
    "sessiontoken",
    "sharedsecret",
    "signaturevalue",
    "spapptoken",
    "subjecttoken",
    "subscriptionkey",
    "wresult",
    "xowacanary",
    "xsrftoken",
];

/// Names that mean one only among parameters of forms, queries and fragments.
const PARAMETERS: [&str; 10] =
    ["auth", "bearer", "code", "credential", "flowtoken", "key", "sig", "signature", "token", "ctx"];

/// Passwords among them.
const PASSWORDS: [&str; 7] =
    ["passwd", "password", "pwd", "pfxpassword", "clientsecret", "secret", "sharedsecret"];

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

/// Whether a member, element or attribute holds a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| ANYWHERE.contains(&name.as_str()))
}

/// Whether a parameter of a form, a query or a fragment does.
pub(super) fn is_secret_parameter(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| ANYWHERE.contains(&name.as_str()) || PARAMETERS.contains(&name.as_str()))
}

/// Whether the secret is a password, which nobody should be able to search for elsewhere.
pub(super) fn is_password(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| PASSWORDS.contains(&name.as_str()))
}

/// Whether a value is public although it looks random.
pub(super) fn is_public(name: &[u8]) -> bool {
    plain(name).is_some_and(|name| PUBLIC.contains(&name.as_str()))
}
