//! Takes `Format-List` text as people copy it, gives its lines as the cmdlet printed them, with their numbers.
//!
//! Forums put an empty line behind every line (the paste of Microsoft Q&A 108027), documents and mails indent a block or
//! quote it. Neither is said by the cmdlet: an empty line parts objects, and a name begins its line.

/// Property lines that have to be there before their spacing tells something.
const ENOUGH: usize = 4;

/// The lines of a text with their numbers, counted from 0. Of a text that was copied with an empty line behind every
/// line those are left out, and what the cmdlet printed as one empty line is one.
pub(super) fn lines<'t>(text: &'t str) -> Vec<(usize, &'t str)> {
    let mark = if is_quoted(text) { '>' } else { '\0' };
    let bare = |line: &'t str| match line.strip_prefix(mark) {
        Some(rest) => rest.strip_prefix(' ').unwrap_or(rest),
        None => line,
    };
    let all: Vec<(usize, &str)> = text.lines().map(bare).enumerate().collect();
    if !is_double_spaced(&all) {
        return all;
    }
    let mut kept = Vec::with_capacity(all.len());
    let mut gap: Vec<(usize, &str)> = Vec::new();
    for (number, line) in all {
        if line.trim().is_empty() {
            gap.push((number, line));
            continue;
        }
        let printed = gap.len().saturating_sub(1) / 2;
        kept.extend(gap.drain(..).take(printed));
        gap.clear();
        // So are the blanks at its end, which would tell of a value that was broken at a blank.
        kept.push((number, line.trim_end()));
    }
    kept
}

/// Whether a mail or a forum quotes every line.
fn is_quoted(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| line.starts_with('>') && !line.starts_with(">>"))
}

/// Whether nine of ten properties have an empty line behind them, and mostly another name than the one before: objects
/// of which a single property was asked for look alike, but repeat its name.
fn is_double_spaced(lines: &[(usize, &str)]) -> bool {
    let (mut properties, mut spaced, mut changed) = (0, 0, 0);
    let mut before = "";
    for (at, (_, line)) in lines.iter().enumerate() {
        let Some(name) = name(line) else { continue };
        let next = lines.get(at + 1).map_or("", |(_, next)| next.trim());
        properties += 1;
        spaced += usize::from(next.is_empty());
        changed += usize::from(name != before);
        before = name;
    }
    properties >= ENOUGH && spaced * 10 >= properties * 9 && changed * 2 > properties
}

/// The name of a property, wherever the line begins.
fn name(line: &str) -> Option<&str> {
    let name = line.split_once(" :")?.0.trim();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then_some(name)
}

/// Blanks in front of a line.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The line without so many blanks in front, if it has them.
pub(super) fn dedented(line: &str, blanks: usize) -> &str {
    let bare = line.get(..blanks).is_some_and(|front| front.bytes().all(|byte| byte == b' '));
    line.get(blanks..).filter(|_| bare).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::format_list::read;
    use crate::state::object::Kind;

    #[test]
    fn empty_lines_of_a_forum_are_left_out() {
        let printed = "Name : a\nRealm : b\nEnabled : True\nType : c\n\nName : d\nRealm : e\n";
        let copied = printed.replace('\n', "    \n\n");
        let back: Vec<&str> = lines(&copied).into_iter().map(|(_, line)| line.trim_end()).collect();
        assert_eq!(back.join("\n"), printed.trim_end());
        assert_eq!(lines(&copied).get(1).map(|(number, _)| *number), Some(2));
    }

    #[test]
    fn what_is_printed_with_empty_lines_stays() {
        for text in [
            "Role : a\n\nRole : b\n\nRole : c\n\nRole : d\n\n",
            "Name : a\nRealm : b\n\nName : c\nRealm : d\n\n",
            "Name : a\n\nRealm : b\n",
        ] {
            let same: Vec<(usize, &str)> = text.lines().enumerate().collect();
            assert_eq!(lines(text), same, "{text}");
        }
    }

    #[test]
    fn objects_are_read_however_they_were_copied() {
        let printed = "Name                 : HybridIOC - 2c0c\nDiscoveryEndpoint    : https://autodiscover-s.outlook.com/autodiscover/\n                       autodiscover.svc\nTargetAddressDomains : {contoso.mail.onmicrosoft.com}\nEnabled              : False\n\nName                 : b\nDiscoveryEndpoint    : c\nTargetAddressDomains : {d}\nEnabled              : True\n";
        let double = printed.replace('\n', "    \n\n");
        let indented: String = printed.lines().map(|line| format!("   {line}\n")).collect();
        let prose = format!("This is what I get:\n\n{indented}\nand nothing else : b\n");
        let whole = read(printed, "a");
        assert_eq!(whole.iter().map(|object| object.kind).collect::<Vec<_>>(), [Kind::Connector; 2]);
        let quoted: String = printed.lines().map(|line| format!("> {line}\n")).collect();
        for copied in [double, indented, prose, quoted] {
            let objects = read(&copied, "a");
            for (object, printed) in objects.iter().zip(&whole) {
                assert_eq!(object.properties, printed.properties, "{copied}");
            }
            assert_eq!(objects.len(), 2, "{copied}");
        }
    }

    #[test]
    fn indentation_is_taken_away_where_it_is() {
        assert_eq!((indent("   a"), dedented("   a", 3), dedented(" a", 3)), (3, "a", " a"));
        assert_eq!(dedented("é", 1), "é");
    }
}
