//! Takes a paragraph, gives lines of a width. Words are never cut: a GUID stays a GUID.

/// Lines of at most `width` columns, where words allow it. Line feeds in the text stay.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| paragraph(line, width)).collect()
}

fn paragraph(text: &str, width: usize) -> Vec<String> {
    // Lines that begin with white space are commands or samples: they stay as they are.
    if text.starts_with([' ', '\t']) {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in text.split(' ') {
        let long = word.chars().count();
        if columns > 0 && columns + 1 + long > width {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        if columns > 0 {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += long;
    }
    lines.push(line);
    lines
}

/// Lines of an address, broken before `/`, `?` and `&`; a part that is still too long is cut hard.
pub fn wrap_address(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = vec![String::new()];
    let mut columns = 0;
    let mut part = String::new();
    let mut flush = |part: &mut String| {
        let long = part.chars().count();
        if columns > 0 && columns + long > width {
            lines.push(String::new());
            columns = 0;
        }
        for c in part.drain(..) {
            if columns == width {
                lines.push(String::new());
                columns = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
            columns += 1;
        }
    };
    for c in text.chars() {
        if matches!(c, '/' | '?' | '&') {
            flush(&mut part);
        }
        part.push(c);
    }
    flush(&mut part);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_cut() {
        let guid = "00000004-0000-0ff1-ce00-000000000000";
        assert_eq!(wrap(&format!("of {guid} is"), 10), ["of", guid, "is"]);
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn commands_stay_on_their_line() {
        assert_eq!(wrap("run\n  Set-AuthServer -Identity x", 8), ["run", "  Set-AuthServer -Identity x"]);
    }

    #[test]
    fn addresses_break_at_their_parts() {
        assert_eq!(
            wrap_address("mail.contoso.com/ews/exchange.asmx", 20),
            ["mail.contoso.com/ews", "/exchange.asmx"]
        );
        assert_eq!(wrap_address("abcdefghijklmnop", 8), ["abcdefgh", "ijklmnop"]);
    }
}
