//! Takes the last line of a head that a text holds, says whether it goes on where the text ends.

/// Whether the last line of a head is a challenge that goes on where the text ends: behind `client_id=` or a comma, inside
/// of quotes or of a name (RFC 9110 5.6.4, 11.6.1). What is left of it would accuse the server of what was only lost.
pub(super) fn is_cut(head: &[u8]) -> bool {
    challenge(head).is_some_and(|value| {
        value.iter().filter(|byte| **byte == b'"').count() % 2 == 1
            || matches!(value.trim_ascii_end(), [] | [.., b'=' | b','])
            || ends_in_name(value)
    })
}

/// The value of the challenge that the last line of a head holds.
fn challenge(head: &[u8]) -> Option<&[u8]> {
    let line = head.rsplit(|byte| *byte == b'\n').next()?;
    let (name, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
    let known = ["www-authenticate", "proxy-authenticate"];
    let is = |known: &&str| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
    value.get(1..).filter(|_| known.iter().any(is))
}

/// Whether a challenge ends with the beginning of the name of a scheme or parameter, as servers of this kind send them:
/// `Bea`. No scheme is called so.
fn ends_in_name(value: &[u8]) -> bool {
    const NAMES: [&str; 11] = [
        "bearer",
        "negotiate",
        "ntlm",
        "basic",
        "digest",
        "kerberos",
        "client_id=",
        "trusted_issuers=",
        "token_types=",
        "authorization_uri=",
        "realm=",
    ];
    // A blank ends a name, and what stands behind one is none.
    let word = value.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii_start();
    let begins = |name: &&str| {
        let begin = name.as_bytes().get(..word.len()).filter(|begin| begin.len() < name.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    };
    !word.is_empty() && NAMES.iter().any(begins)
}

/// Whether the last line of a head is a challenge that ends with the beginning of a name.
pub(super) fn is_cut_in_name(head: &[u8]) -> bool {
    challenge(head).is_some_and(ends_in_name)
}
