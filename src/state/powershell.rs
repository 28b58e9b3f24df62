//! Takes text, gives one PowerShell literal.
//!
//! about_Quoting_Rules: inside single quotes nothing is expanded, and a quote is written twice. PowerShell takes
//! four typographic quotes for the ASCII one, so they are doubled too.

use std::fmt;

/// Text that stands in a script as a single-quoted literal: one argument, whatever is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Literal(String);

/// What PowerShell's tokenizer takes for a single quote.
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

impl Literal {
    /// A literal for this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text without quotes.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for letter in self.0.chars() {
            if QUOTES.contains(&letter) {
                write!(f, "{letter}")?;
            }
            write!(f, "{letter}")?;
        }
        f.write_str("'")
    }
}

/// Reads a single-quoted literal at the start of `script` as PowerShell's tokenizer does: gives its text and what
/// follows. The other half of [`Literal`], for `lint` and for tests.
pub fn read_literal(script: &str) -> Option<(String, &str)> {
    let mut letters = script.char_indices().peekable();
    letters.next().filter(|(_, letter)| QUOTES.contains(letter))?;
    let mut text = String::new();
    while let Some((at, letter)) = letters.next() {
        if !QUOTES.contains(&letter) {
            text.push(letter);
            continue;
        }
        match letters.peek() {
            Some((_, next)) if QUOTES.contains(next) => {
                text.push(letter);
                letters.next();
            }
            _ => return script.get(at + letter.len_utf8()..).map(|rest| (text, rest)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_of_every_kind_are_doubled() {
        assert_eq!(Literal::new("O'Brien’s $(x) `n").to_string(), "'O''Brien’’s $(x) `n'");
    }

    proptest! {
        #[test]
        fn whatever_the_text_it_is_one_literal_and_nothing_more(text in any::<String>(), tail in "[ -~]{0,9}") {
            prop_assume!(!tail.starts_with(QUOTES));
            let script = format!("{}{tail}", Literal::new(text.clone()));
            prop_assert_eq!(read_literal(&script), Some((text, tail.as_str())));
        }
    }
}
