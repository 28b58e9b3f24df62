//! Takes the lines of a text, gives the table that begins at one of them, and leaves out rows that a list says again.

use super::{Object, Value, prompt, uncoloured, value};
use crate::state::table::{self, Column};

/// Rows that are looked for among the lists, so that a hostile text cannot make every row be compared with all.
const COMPARED: usize = 500;

/// A table.
pub(super) struct Found {
    /// Rows: the number of the line, and what stands in each column.
    pub(super) rows: Vec<(usize, Vec<(String, Value)>)>,
    /// Whether a row may be lost.
    pub(super) doubtful: bool,
    /// Whether an error record stands in it.
    pub(super) failed: bool,
    /// The first line behind it.
    pub(super) behind: usize,
}

/// A line as the console showed it.
fn shown(lines: &[(usize, &str)], at: usize) -> Option<String> {
    lines.get(at).map(|(_, raw)| uncoloured(raw).trim_end().replace('\u{a0}', " "))
}

/// The columns of a table whose names stand in this line, how many empty lines a forum put between its lines, and the
/// line behind the dashes.
fn begins(lines: &[(usize, &str)], at: usize) -> Option<(Vec<Column>, usize, usize)> {
    let spaced =
        (at + 1..lines.len()).take(3).take_while(|at| shown(lines, *at).is_some_and(|line| line.is_empty()));
    let gap = spaced.count();
    let dashes = shown(lines, at + 1 + gap)?;
    if !dashes.trim_start().starts_with(['-', '\u{2010}', '\u{2013}']) {
        return None;
    }
    Some((table::columns(&shown(lines, at)?, &dashes)?, gap, at + 2 + gap))
}

/// The table whose names stand in this line.
pub(super) fn at(lines: &[(usize, &str)], at: usize, ended: bool, left: &mut usize) -> Option<Found> {
    let (columns, gap, mut next) = begins(lines, at)?;
    let mut found = Found { rows: Vec::new(), doubtful: false, failed: false, behind: next };
    let mut rows: Vec<(usize, String)> = Vec::new();
    while let Some(line) = shown(lines, next) {
        if line.trim().is_empty() {
            let empty = (next..lines.len())
                .take_while(|at| shown(lines, *at).is_some_and(|line| line.is_empty()))
                .take(gap + 1);
            let empty = empty.count();
            if empty == 0 || empty > gap {
                break;
            }
            next += empty;
            continue;
        }
        if prompt(&line).is_some() || line.starts_with("**********") || begins(lines, next).is_some() {
            break;
        }
        if line.contains("CategoryInfo") || line.contains("FullyQualifiedErrorId") {
            (found.failed, found.doubtful) = (true, true);
        } else if is_message(&line) {
            found.doubtful = true;
        } else if let Some((number, _)) = lines.get(next) {
            rows.push((*number, line));
        }
        next += 1;
    }
    let cut = !ended && next >= lines.len();
    let read = table::read(&columns, &rows, value, left);
    found.rows = read.rows;
    found.doubtful |= read.doubtful;
    found.behind = next;
    if let Some((_, last)) = found.rows.last_mut().filter(|_| cut) {
        // Whatever stands behind the last letter was lost, and it may be the last of what could be more: see `shorten`.
        let whole = last.iter().rposition(|(_, value)| *value != Value::Nothing).unwrap_or_default();
        last.iter_mut().skip(whole).for_each(|(_, value)| value.shorten());
    }
    Some(found)
}

/// `WARNING: …`, `VERBOSE: …`, in any language.
fn is_message(line: &str) -> bool {
    line.split_once(':').is_some_and(|(word, _)| {
        let word = word.trim_end();
        word.chars().count() >= 4 && word.chars().all(char::is_uppercase)
    })
}

/// Leaves out the rows that say nothing which another object, with more properties, does not say: people paste a table
/// and then the list.
pub(super) fn leave_out_repeated(objects: &mut Vec<Object>, rows: &[usize]) {
    let told = |value: &Value| match value {
        Value::List(_, true) => None,
        Value::Nothing => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        other => Some(other.texts().concat().split_whitespace().collect::<String>().to_ascii_lowercase()),
    };
    let repeated = |row: &Object| {
        objects.iter().any(|other| {
            other.kind == row.kind
                && other.properties.len() > row.properties.len()
                && row.properties.iter().any(|(_, value)| told(value).is_some_and(|text| !text.is_empty()))
                && row.properties.iter().all(|(name, value)| {
                    told(value).is_none_or(|text| other.get(name).and_then(told) == Some(text))
                })
        })
    };
    let all = rows.iter().take(COMPARED);
    let left_out: Vec<usize> = all.copied().filter(|at| objects.get(*at).is_some_and(repeated)).collect();
    for at in left_out.into_iter().rev() {
        objects.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::format_list::read;
    use crate::state::format_list::read_asked;

    const TABLE: &str = "Name      Enabled\n----      -------\nHybridIOC    True\n";

    #[test]
    fn a_prompt_asterisks_and_another_table_end_a_table() {
        let other = TABLE.replace("HybridIOC", "Other    ");
        for behind in ["[PS] C:\\>", "**********************\nWindows PowerShell transcript end", &other] {
            let objects =
                read(&format!("[PS] C:\\>Get-IntraOrganizationConnector\n\n{TABLE}{behind}\n"), "a.txt");
            let names: Vec<_> = objects.iter().map(|object| object.name().to_owned()).collect();
            let both = behind == other;
            assert_eq!(names, if both { vec!["HybridIOC", "Other"] } else { vec!["HybridIOC"] }, "{behind}");
        }
    }

    #[test]
    fn a_row_of_an_error_record_or_a_message_is_no_row() {
        for (line, failed) in [
            ("    + CategoryInfo          : NotSpecified: (:) [], X", true),
            ("    + FullyQualifiedErrorId : [Server=EX01]", true),
            ("WARNING: there is more", false),
            ("ATTENTION : il y en a plus", false),
        ] {
            let text = format!("[PS] C:\\>Get-IntraOrganizationConnector\n\n{TABLE}{line}\n\n[PS] C:\\>");
            let output = read_asked(&text, "a.txt");
            assert_eq!((output.objects.len(), output.unread.len()), (1, 1), "{line}");
            assert_eq!(output.unread[0].failed, failed, "{line}");
        }
        assert!(is_message("WARN: x") && !is_message("ABC: x") && !is_message("Name: x") && !is_message("x"));
    }

    #[test]
    fn only_a_row_that_says_something_which_the_same_object_says_is_left_out() {
        let object = |kind: &str, pairs: &[(&str, Value)]| {
            let properties = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let kind = crate::state::object::Kind::of_cmdlet(kind).unwrap();
            Object { kind, properties, ..Object::new("a".into()) }
        };
        let text = |text: &str| Value::Text(text.into());
        let (connector, server) = ("Get-IntraOrganizationConnector", "Get-AuthServer");
        let whole = |kind| {
            object(kind, &[("Name", text("A b")), ("Enabled", Value::Bool(true)), ("Realm", Value::Nothing)])
        };
        let left = |row: Object, other: Object| {
            let mut objects = vec![row, other];
            leave_out_repeated(&mut objects, &[0]);
            objects.len()
        };
        let row = || object(connector, &[("Name", text("a B")), ("Enabled", Value::Bool(true))]);
        assert_eq!(left(row(), whole(connector)), 1);
        assert_eq!(left(row(), whole(server)), 2);
        assert_eq!(left(object(connector, &[("Realm", Value::Nothing)]), whole(connector)), 2);
        assert_eq!(left(object(connector, &[("Name", Value::List(Vec::new(), true))]), whole(connector)), 2);
        assert_eq!(left(object(connector, &[("Name", text("c"))]), whole(connector)), 2);
    }
}
