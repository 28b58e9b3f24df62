//! Takes JSON values, gives lines that people can read and line tools can cut: members of the document and
//! records of its lists on lines of their own, everything deeper on the record's line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::report::escape::{is_harmful, is_plain};

/// Levels that are laid out: the document and its lists.
const LEVELS: usize = 2;

/// How deep we are, and whether something stands before.
#[derive(Debug, Default)]
pub(super) struct Layout {
    depth: usize,
    empty: bool,
}

impl Layout {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth < LEVELS && !self.empty {
            self.line(out)?;
        }
        self.empty = false;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        match (first, self.depth <= LEVELS) {
            (true, false) => Ok(()),
            (false, false) => out.write_all(b", "),
            (true, true) => self.line(out),
            (false, true) => {
                out.write_all(b",")?;
                self.line(out)
            }
        }
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| out.write_all(b"  "))
    }
}

/// JSON of another layout, whose strings are written as [`Layout`] writes them.
///
/// # Errors
/// Those of `out`.
pub(in crate::report) fn write_json<T: Serialize + ?Sized>(
    document: &T,
    lines: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = if lines { serde_json::to_string_pretty(document)? } else { serde_json::to_string(document)? };
    // Line breaks stand between members only: those in strings are escaped already.
    text.split_inclusive('\n').try_for_each(|line| match line.strip_suffix('\n') {
        Some(line) => write_visibly(line, out).and_then(|()| out.write_all(b"\n")),
        None => write_visibly(line, out),
    })
}

/// A text with what is invisible or changes direction as escapes of JSON.
fn write_visibly<W: ?Sized + Write>(text: &str, out: &mut W) -> io::Result<()> {
    if is_plain(text) {
        return out.write_all(text.as_bytes());
    }
    let mut rest = text;
    while let Some(at) = rest.find(is_harmful) {
        let (before, from) = rest.split_at(at);
        out.write_all(before.as_bytes())?;
        let mut chars = from.chars();
        if let Some(c) = chars.next() {
            c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
        }
        rest = chars.as_str();
    }
    out.write_all(rest.as_bytes())
}

impl Formatter for Layout {
    /// JSON allows invisible and direction-changing characters; the terminal that shows it suffers them.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        write_visibly(fragment, out)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_is_written_in_any_layout() {
        let odd = "a\u{9b}31m\u{85}\u{7f}\u{202e}\u{2028}\n\u{e9}\u{1f600}";
        let document = serde_json::json!({ "key": odd, "list": [odd] });
        for lines in [false, true] {
            let mut out = Vec::new();
            write_json(&document, lines, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.chars().any(|c| is_harmful(c) && c != '\n'), "{text:?}");
            assert!(text.contains("\u{e9}\u{1f600}") && (text.lines().count() > 1) == lines);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), document);
        }
    }
}
