//! Takes the text of a log, gives its rows with the columns that the log declares.
//!
//! IIS separates with blanks and writes `+` for blanks inside (W3C Extended Log File Format); Exchange
//! writes comma-separated values with quotes (RFC 4180). Both declare columns in `#Fields:`; HttpProxy
//! logs also begin with a bare row of names.

use crate::limits;

/// A row with its columns.
pub(super) struct Row<'t> {
    /// From 1.
    pub(super) line: u64,
    /// Names in lower case.
    pub(super) columns: &'t [String],
    /// Empty when the line could not be told apart into the columns.
    pub(super) values: Vec<String>,
}

impl Row<'_> {
    /// The first of the named columns that is not empty.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let column = self.columns.iter().position(|column| column == name)?;
            self.values.get(column).map(String::as_str).filter(|value| !matches!(*value, "" | "-"))
        })
    }

    /// Whether the log declares one of the columns.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.columns.iter().any(|column| names.contains(&column.as_str()))
    }

    /// The first column whose name contains `part`.
    pub(super) fn like(&self, part: &str) -> Option<&str> {
        let column = self.columns.iter().position(|column| column.contains(part))?;
        self.values.get(column).map(String::as_str).filter(|value| !matches!(*value, "" | "-"))
    }
}

/// What a log says of itself.
#[derive(Clone, Default)]
pub(super) struct Table {
    /// The directives `#Software` and `#Log-type`, in lower case.
    pub(super) kind: String,
    pub(super) columns: Vec<String>,
    /// Rows that could not be told apart into columns.
    pub(super) odd: u64,
}

/// Reads rows line by line. A row of another width than its columns is given as far as it goes when it is one
/// short (the last line of a log that is being written), and counted and told with its line otherwise.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) table: Table,
    /// A row whose quoted value holds a line feed, with the line that it begins in.
    open: Option<(String, u64)>,
}

impl Rows {
    /// Takes the next line, without its end. Numbers count from 1.
    pub(super) fn push(&mut self, line: &str, number: u64, each: &mut dyn FnMut(&Table, &Row<'_>)) {
        let line = line.trim_end_matches('\r');
        if let Some((row, first)) = &mut self.open {
            row.push('\n');
            row.push_str(line);
            if !is_open(row) {
                let (row, first) = (std::mem::take(row), *first);
                self.open = None;
                self.values(split_commas(&row), first, each);
            }
            return;
        }
        if let Some(directive) = line.strip_prefix('#') {
            self.table.directive(directive);
        } else if line.len() > limits::HEAD_BYTES || line.bytes().any(|byte| byte < b' ' && byte != b'\t') {
            // What a crash leaves of a page that was not written, and lines that no server writes.
            self.odd(number, each);
        } else if self.table.blanks() {
            if !line.is_empty() {
                self.values(split_blanks(line), number, each);
            }
        } else if is_open(line) {
            self.open = Some((line.to_owned(), number));
        } else if !line.is_empty() {
            self.values(split_commas(line), number, each);
        }
    }

    /// A line that cannot be a row.
    pub(super) fn odd(&mut self, number: u64, each: &mut dyn FnMut(&Table, &Row<'_>)) {
        self.table.odd += 1;
        each(&self.table, &Row { line: number, columns: &self.table.columns, values: Vec::new() });
    }

    /// The end of the log.
    pub(super) fn finish(mut self, each: &mut dyn FnMut(&Table, &Row<'_>)) -> Table {
        if let Some((row, first)) = self.open.take() {
            self.values(split_commas(&row), first, each);
        }
        self.table
    }

    fn values(&mut self, values: Vec<String>, number: u64, each: &mut dyn FnMut(&Table, &Row<'_>)) {
        let table = &mut self.table;
        if is_names(&values) {
            table.columns = values.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        } else if table.columns.is_empty() || values.len() + 1 < table.columns.len() {
            self.odd(number, each);
        } else {
            each(table, &Row { line: number, columns: &table.columns, values });
        }
    }
}

/// Whether a quoted value goes on in the next line.
fn is_open(row: &str) -> bool {
    row.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 && row.len() < limits::HEAD_BYTES
}

impl Table {
    fn directive(&mut self, text: &str) {
        let Some((name, value)) = text.split_once(':') else { return };
        match name.trim().to_ascii_lowercase().as_str() {
            "fields" => {
                let value = value.trim();
                let names = if value.contains(',') { split_commas(value) } else { split_blanks(value) };
                self.columns = names.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
            }
            "software" | "log-type" => {
                self.kind.push_str(&value.to_ascii_lowercase());
                self.kind.push('\n');
            }
            _ => {}
        }
    }

    /// Whether blanks separate, as IIS does.
    fn blanks(&self) -> bool {
        self.columns.iter().any(|name| name == "date") && self.columns.iter().any(|name| name == "time")
    }
}

fn is_names(values: &[String]) -> bool {
    values.len() > 3
        && values.first().is_some_and(|first| {
            let first = first.trim().to_ascii_lowercase();
            first == "datetime" || first == "date-time"
        })
}

pub(super) fn split_blanks(line: &str) -> Vec<String> {
    line.split_ascii_whitespace().map(|value| value.replace('+', " ")).collect()
}

pub(super) fn split_commas(line: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut value = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                value.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(std::mem::take(&mut value)),
            letter => value.push(letter),
        }
    }
    values.push(value);
    values
}
