//! Takes the bytes of a pasted message, gives them with credentials in one line again that a mail or a terminal broke into
//! several: no field is without a colon, and no token has a blank inside.

use std::borrow::Cow;

use crate::limits;

/// Schemes behind which a line may end.
const SCHEMES: [&[u8]; 4] = [b"basic", b"bearer", b"negotiate", b"ntlm"];

/// The message with `Authorization` in one line.
pub(super) fn unfold(message: &[u8]) -> Cow<'_, [u8]> {
    join(message, true)
}

/// A text of any number of messages, with the same of each.
pub(crate) fn unfold_all(text: &[u8]) -> Cow<'_, [u8]> {
    join(text, false)
}

fn join(message: &[u8], head_only: bool) -> Cow<'_, [u8]> {
    let within = |at: usize| !head_only || at <= limits::HEAD_BYTES;
    let mut out = Vec::new();
    let (mut copied, mut at, mut end, mut credentials) = (0, 0, 0, false);
    while let Some(rest) = message.get(at..).filter(|rest| !rest.is_empty() && within(at)) {
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..length).unwrap_or_default();
        let text = line.trim_ascii();
        if text.is_empty() && head_only {
            break;
        }
        if credentials && !text.is_empty() && text.iter().all(|byte| is_credential(*byte)) {
            let before = message.get(copied..end).unwrap_or_default();
            out.extend_from_slice(before);
            let last = before.rsplit(|byte| matches!(byte, b' ' | b'\t' | b':')).next().unwrap_or_default();
            if SCHEMES.iter().any(|scheme| last.eq_ignore_ascii_case(scheme)) {
                out.push(b' ');
            }
            copied = at + (line.len() - line.trim_ascii_start().len());
        } else {
            let name = text.split(|byte| *byte == b':').next().unwrap_or_default();
            let proxy = name.eq_ignore_ascii_case(b"proxy-authorization");
            credentials = proxy || name.eq_ignore_ascii_case(b"authorization");
        }
        end = at + line.trim_ascii_end().len();
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(message);
    }
    out.extend_from_slice(message.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn is_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_credentials_are_put_together() {
        let whole =
            "GET / HTTP/1.1\r\nAuthorization: Bearer eyJa.eyJb.sig_nature\r\nHost: h\r\n\r\neyJ\r\nabc";
        for text in [
            whole.to_owned(),
            whole.replace("eyJb", "eyJ\r\nb"),
            whole.replace("eyJb", "\r\n eyJ\r\n\tb"),
            whole.replace("Bearer ", "Bearer\r\n "),
            whole.replace(".sig", " \r\n.sig"),
        ] {
            assert_eq!(String::from_utf8_lossy(&unfold(text.as_bytes())), whole, "{text}");
            let twice = [&text[..], "\r\n\r\n", &text].concat();
            let expected = [whole, "\r\n\r\n", whole].concat();
            assert_eq!(String::from_utf8_lossy(&unfold_all(twice.as_bytes())), expected);
        }
        for text in
            ["", "\n", "GET / HTTP/1.1", "Authorization: Bearer\n\nabc", "Authorization: Basic a\nX: b\nabc"]
        {
            assert_eq!(String::from_utf8_lossy(&unfold(text.as_bytes())), text);
        }
    }
}
