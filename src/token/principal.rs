//! Takes a claim's text, gives the application, host and realm it names.
//!
//! Grammar `name[/host][@realm]` (Entra's AADSTS90022; [MS-XOAUTH] 3.2.5.6 for audiences, where all
//! three parts are required). Newer texts print a slash in front of the name, the older page one before
//! the `@`: both are read, and the form is kept so that a report can say which it was.

use std::fmt;

/// A name in the grammar `name[/host][@realm]`. Rules compare its parts and never split strings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Principal<'t> {
    /// The application: the text up to the first `/` or the last `@`, as written.
    pub id: &'t str,
    /// The text between the slash and the `@`; `None` without a slash, `Some("")` for `id/@realm`.
    pub host: Option<&'t str>,
    /// The text after the last `@`; `None` without one.
    pub realm: Option<&'t str>,
    /// Whether a slash stood in front of the name (`/id@realm`).
    pub leading_slash: bool,
}

impl<'t> Principal<'t> {
    /// Reads a name. `None` when no application id is left (empty text, `@realm`).
    pub fn parse(text: &'t str) -> Option<Self> {
        let (leading_slash, rest) = match text.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (name, realm) = parted(rest, memchr::memrchr(b'@', rest.as_bytes()));
        let (id, host) = parted(name, memchr::memchr(b'/', name.as_bytes()));
        (!id.is_empty()).then_some(Self { id, host, realm, leading_slash })
    }

    /// Whether the application is `id`. Identifiers are GUIDs, so letter case does not matter here;
    /// a rule tells when only the case differs.
    pub fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }
}

/// What stands before and after the byte at a place.
fn parted(text: &str, at: Option<usize>) -> (&str, Option<&str>) {
    match at.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

impl fmt::Display for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.leading_slash {
            f.write_str("/")?;
        }
        f.write_str(self.id)?;
        if let Some(host) = &self.host {
            write!(f, "/{host}")?;
        }
        if let Some(realm) = &self.realm {
            write!(f, "@{realm}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, Option<String>, bool) {
        let name = Principal::parse(text).unwrap();
        assert_eq!(name.to_string(), text);
        (name.id.to_owned(), name.host.map(str::to_owned), name.realm.map(str::to_owned), name.leading_slash)
    }

    #[test]
    fn every_slash_form_is_read() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("a@r"), ("a".into(), None, some("r"), false));
        assert_eq!(parts("a/@r"), ("a".into(), some(""), some("r"), false));
        assert_eq!(parts("a/h@r"), ("a".into(), some("h"), some("r"), false));
        assert_eq!(parts("/a@r"), ("a".into(), None, some("r"), true));
        assert_eq!(parts("a"), ("a".into(), None, None, false));
        assert_eq!(Principal::parse("@r"), None);
        assert_eq!(Principal::parse(""), None);
    }
}
