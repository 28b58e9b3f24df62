//! How names of secrets end, for those who mask them.

/// Ends of names that carry a secret, in lower case and without hyphens, underscores and points: `NewPassword`,
/// `userPassword`, `appClientSecret`.
pub const ENDINGS: [&str; 13] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "authtoken",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "sessionkey",
];

/// Whether a name, written so, ends in one of them.
pub fn promise(plain: &str) -> bool {
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
}
