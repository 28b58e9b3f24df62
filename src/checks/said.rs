//! A sentence about the evidence, and where in it inputs are named: reports for people name the file there, those
//! for programs the number.

use std::borrow::Cow;
use std::fmt;

/// A sentence, and the inputs that it speaks of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Said {
    /// Without the names of inputs.
    text: String,
    /// Where in the text an input is named, from the front to the back, and which.
    inputs: Vec<(usize, u32)>,
}

impl Said {
    /// The name of an input, alone.
    pub(crate) fn input(number: u32) -> Self {
        Self { text: String::new(), inputs: vec![(0, number)] }
    }

    /// The sentence with more behind it.
    #[must_use]
    pub(crate) fn then(mut self, more: impl Into<Self>) -> Self {
        let (more, before) = (more.into(), self.text.len());
        self.text.push_str(&more.text);
        self.inputs.extend(more.inputs.into_iter().map(|(at, input)| (at + before, input)));
        self
    }

    /// The words, without the names of inputs.
    pub fn words(&self) -> &str {
        &self.text
    }

    /// The beginning of the sentence, of so many bytes of its words.
    pub(crate) fn until(&self, end: usize) -> Self {
        let Some(text) = self.text.get(..end) else { return self.clone() };
        let inputs = self.inputs.iter().copied().filter(|(at, _)| *at <= end).collect();
        Self { text: text.to_owned(), inputs }
    }

    /// The sentence with inputs called as `name` says.
    pub fn naming<'n>(&self, name: impl Fn(u32) -> Cow<'n, str>) -> Cow<'_, str> {
        if self.inputs.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let (mut said, mut from) = (String::new(), 0);
        for (at, input) in &self.inputs {
            said.push_str(self.text.get(from..*at).unwrap_or_default());
            said.push_str(&name(*input));
            from = *at;
        }
        said.push_str(self.text.get(from..).unwrap_or_default());
        Cow::Owned(said)
    }

    /// The sentence with inputs called by their numbers, `input 3`.
    pub fn numbered(&self) -> Cow<'_, str> {
        self.naming(|input| Cow::Owned(format!("input {input}")))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.numbered())
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, inputs: Vec::new() }
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_named_where_they_stand_and_nowhere_else() {
        let said =
            Said::from("input 1 says: lost in ").then(Said::input(3)).then(" and ").then(Said::input(0));
        assert_eq!(said.to_string(), "input 1 says: lost in input 3 and input 0");
        let called = said.naming(|input| format!("<{input}>").into());
        assert_eq!(called, "input 1 says: lost in <3> and <0>");
        assert_eq!(said.words(), "input 1 says: lost in  and ");
    }

    #[test]
    fn a_beginning_keeps_the_inputs_that_stand_in_it() {
        let said = Said::from("of ").then(Said::input(7)).then(": give ").then(Said::input(8));
        assert_eq!(said.until(3).to_string(), "of input 7");
        assert_eq!(said.until(2).to_string(), "of");
        assert_eq!(said.until(100), said);
    }
}
