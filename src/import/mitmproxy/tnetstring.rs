//! Takes bytes of typed netstrings, gives their values, borrowed and unfolded only when asked for.
//!
//! `LENGTH:DATA` and a type byte (tnetstrings.info; mitmproxy adds `;` for Unicode text):
//! `,` bytes, `#` integer, `^` float, `!` boolean, `~` null, `]` list, `}` dictionary.

/// One value. Lists and dictionaries are the bytes of their elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Value<'a> {
    data: &'a [u8],
    kind: u8,
}

/// Why no value stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It goes on after the end.
    Cut,
    /// No length, or a type byte that is not known.
    Malformed,
}

impl<'a> Value<'a> {
    /// Reads the value at the start of `bytes`: gives it and what follows.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Fault> {
        let digits = bytes.iter().take(13).take_while(|byte| byte.is_ascii_digit()).count();
        let (length, rest) = bytes.split_at_checked(digits).ok_or(Fault::Malformed)?;
        match rest.first() {
            Some(b':') if digits > 0 => {}
            None if digits < 13 => return Err(Fault::Cut),
            _ => return Err(Fault::Malformed),
        }
        let length: usize =
            std::str::from_utf8(length).ok().and_then(|text| text.parse().ok()).ok_or(Fault::Malformed)?;
        let rest = rest.get(1..).unwrap_or_default();
        let (data, rest) = rest.split_at_checked(length).ok_or(Fault::Cut)?;
        let (&kind, rest) = rest.split_first().ok_or(Fault::Cut)?;
        if !b",;#^!~]}".contains(&kind) {
            return Err(Fault::Malformed);
        }
        Ok((Self { data, kind }, rest))
    }

    /// Its bytes, whatever it is.
    pub(crate) fn data(self) -> &'a [u8] {
        self.data
    }

    /// Its type byte.
    pub(crate) fn kind(self) -> u8 {
        self.kind
    }

    /// Whether it is a dictionary.
    pub(crate) fn is_dictionary(self) -> bool {
        self.kind == b'}'
    }

    /// Elements of a list, or keys and values of a dictionary in turn; ends at the first fault.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> {
        let mut rest = if matches!(self.kind, b']' | b'}') { self.data } else { &[] };
        std::iter::from_fn(move || {
            let (value, after) = Self::read(rest).ok()?;
            rest = after;
            Some(value)
        })
    }

    /// Whether it is a list whose elements can be read to the last.
    pub(crate) fn is_list_of_whole(self) -> bool {
        let mut rest = self.data;
        while !rest.is_empty() {
            let Ok((_, after)) = Self::read(rest) else { return false };
            rest = after;
        }
        self.kind == b']'
    }

    /// A member of a dictionary, the last of its name.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        if !self.is_dictionary() {
            return None;
        }
        let mut elements = self.elements();
        let mut found = None;
        while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
            if key.data == name.as_bytes() {
                found = Some(value);
            }
        }
        found.filter(|value| value.kind != b'~')
    }

    /// The first of several names that is there and not null.
    pub(crate) fn any(self, names: &[&str]) -> Option<Self> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Bytes or text.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        matches!(self.kind, b',' | b';').then_some(self.data)
    }

    /// Bytes or text as a string, replacement characters where it is not UTF-8.
    pub(crate) fn text(self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// An integer or a float.
    pub(crate) fn number(self) -> Option<f64> {
        let text = matches!(self.kind, b'#' | b'^').then(|| std::str::from_utf8(self.data).ok())??;
        text.trim().parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// An integer.
    pub(crate) fn integer(self) -> Option<i64> {
        (self.kind == b'#').then(|| std::str::from_utf8(self.data).ok()?.trim().parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_type() {
        let (value, rest) = Value::read(b"26:1:a,2:12#1:b;0:~1:c,3:1.5^}x").unwrap();
        assert_eq!(rest, b"x");
        assert_eq!(value.get("a").unwrap().integer(), Some(12));
        assert_eq!(value.get("c").unwrap().number(), Some(1.5));
        assert_eq!(value.get("b"), None);
        assert!(!value.is_list_of_whole(), "a dictionary");
        for (bytes, whole) in [(&b"4:1:a,]"[..], true), (b"0:]", true), (b"5:1:a,x]", false)] {
            assert_eq!(Value::read(bytes).unwrap().0.is_list_of_whole(), whole);
        }
    }

    #[test]
    fn a_cut_is_told_from_damage() {
        for cut in [&b"12"[..], b"12:abc", b"3:abc", b""] {
            assert_eq!(Value::read(cut), Err(Fault::Cut));
        }
        for damaged in [&b"x"[..], b"3:abcx", b":", b"99999999999999:", b"-1:x,"] {
            assert_eq!(Value::read(damaged), Err(Fault::Malformed));
        }
    }
}
