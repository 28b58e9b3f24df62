//! Takes text, tells whether it is a GUID: of tenants, applications, keys and requests.

/// Whether it is 8-4-4-4-12 hexadecimal digits of any case, without braces (RFC 9562 4).
pub fn is_guid(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
