//! Takes rows, gives a table without borders whose last column takes the rest of the line.
//!
//! Cells arrive with their line breaks made: the table library would cut long words, and a cut GUID cannot
//! be searched for.

use comfy_table::{ContentArrangement, Table, presets};

/// Lines of a table. `indent` columns stand free in front.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, indent: usize) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if !header.is_empty() {
        table.set_header(header.iter().copied());
    }
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let space = " ".repeat(indent);
    table.lines().map(|line| format!("{space}{line}").trim_end().to_owned()).collect()
}

/// Columns that are left for the last cell, when the others need so much.
pub(super) fn rest<'c>(width: usize, indent: usize, others: impl IntoIterator<Item = Vec<&'c str>>) -> usize {
    let longest =
        |cells: Vec<&str>| cells.into_iter().map(|cell| cell.chars().count()).max().unwrap_or(0) + 2;
    let taken: usize = others.into_iter().map(longest).sum();
    width.saturating_sub(indent + taken).max(20)
}
