//! Takes the lines of a table (`Format-Table`, or what a cmdlet prints by itself), gives its rows by column.
//!
//! A line of names, a line of dashes below each name and as long as it, then one line a row (Microsoft:
//! Format-Table). At least one blank parts columns, at the same place in all rows; texts begin below their name,
//! numbers and `True`/`False` end below its end. Values that are wider than their column end in `…`, or `...` in
//! Windows PowerShell, and columns that are wider than the console are not printed at all: neither is guessed. Where
//! the rows do not tell where a column ends, what stands there is not read.

use super::object::Value;

/// Columns of one table.
const COLUMNS: usize = 200;
/// Cells of all tables of a text: a row of one letter has as many as the widest one.
pub(super) const CELLS: usize = 1_000_000;
/// Columns up to this width are cut without a mark.
const UNMARKED: usize = 3;

/// A column: its name, and where the dashes below it stand, in letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    start: usize,
    end: usize,
}

/// What was read of a table.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    /// Rows: the number of the line, and what stands in each column.
    pub(super) rows: Vec<(usize, Vec<(String, Value)>)>,
    /// Whether lines stand in it that are no row, so that a row may be lost.
    pub(super) doubtful: bool,
}

/// The columns, where the first line holds names and the second the dashes below them.
pub(super) fn columns(names: &str, dashes: &str) -> Option<Vec<Column>> {
    let names: Vec<char> = names.chars().collect();
    let dashes: Vec<char> = dashes.chars().map(plain_dash).collect();
    let mut found: Vec<Column> = Vec::new();
    let mut at = 0;
    while let Some(letter) = dashes.get(at) {
        if *letter == ' ' {
            at += 1;
            continue;
        }
        let start = at;
        while dashes.get(at) == Some(&'-') {
            at += 1;
        }
        // Something else than dashes, or another line than the names have.
        let blank_behind = dashes.get(at).is_none_or(|letter| *letter == ' ');
        let name: String = names.get(start..at)?.iter().collect();
        if at == start || !blank_behind || !is_name(&name) || found.len() >= COLUMNS {
            return None;
        }
        found.push(Column { name, start, end: at });
    }
    // Nothing beside the names: their line says nothing else.
    let letters = names.iter().filter(|letter| **letter != ' ').count();
    let named: usize =
        found.iter().map(|column| column.name.chars().filter(|letter| *letter != ' ').count()).sum();
    (letters == named && !found.is_empty()).then_some(found)
}

/// Typographic dashes that copying made of single ones.
const fn plain_dash(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' => '-',
        other => other,
    }
}

/// A name of a property, or of a calculated one: it has no blank at its ends.
fn is_name(name: &str) -> bool {
    name.trim() == name
        && name.starts_with(char::is_alphanumeric)
        && !name.contains(|letter: char| letter.is_control() || "{}=:".contains(letter))
}

/// The table of these lines, of which no more cells are read than are left.
pub(super) fn read(
    columns: &[Column],
    lines: &[(usize, String)],
    value: fn(&str) -> Value,
    left: &mut usize,
) -> Table {
    let most = *left / columns.len().max(1);
    let mut table = Table::default();
    let mut rows: Vec<(usize, Vec<char>)> = Vec::new();
    for (number, line) in lines {
        // Letters that take two columns of the console, and tabs, shift what stands behind them.
        if rows.len() >= most || line.chars().any(|letter| letter == '\t' || is_wide(letter)) {
            table.doubtful = true;
            continue;
        }
        rows.push((*number, line.chars().collect()));
    }
    *left = left.saturating_sub(rows.len().saturating_mul(columns.len()));
    let ends = ends(columns, &rows);
    let mut begins_at = 0;
    let mut spans = Vec::with_capacity(columns.len());
    for (at, end) in ends.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| ends.get(before));
        spans.push((begins_at, end.place, end.certain && before.is_none_or(|before| before.certain)));
        begins_at = end.place.saturating_add(1);
    }
    for (number, row) in rows {
        let mut cells = Vec::with_capacity(columns.len());
        for (column, (from, to, certain)) in columns.iter().zip(&spans) {
            let text: String = row.get(*from..(*to).min(row.len())).unwrap_or_default().iter().collect();
            let width = to.saturating_sub(*from);
            let read = match text.trim() {
                _ if !certain => Value::List(Vec::new(), true),
                cut if is_cut(cut) || (width <= UNMARKED && cut.chars().count() == width) => {
                    cut_value(cut, value)
                }
                whole => value(whole),
            };
            cells.push((column.name.clone(), read));
        }
        // A line that goes on with what is above it (`-Wrap`), or a row whose first value is empty.
        let first = cells.first().is_some_and(|(_, first)| *first == Value::Nothing);
        match table.rows.last_mut().filter(|_| first) {
            Some((_, above)) => {
                table.doubtful = true;
                let more = above.iter_mut().zip(&cells).filter(|(_, (_, more))| *more != Value::Nothing);
                more.for_each(|((_, value), _)| value.shorten());
            }
            None => table.rows.push((number, cells)),
        }
    }
    table
}

/// Where a column ends, and whether the rows leave no doubt of it.
struct End {
    place: usize,
    certain: bool,
}

fn ends(columns: &[Column], rows: &[(usize, Vec<char>)]) -> Vec<End> {
    let mut used = vec![false; columns.last().map_or(0, |column| column.end)];
    for (_, row) in rows {
        let letters = row.iter().zip(&mut used).filter(|(letter, _)| **letter != ' ');
        letters.for_each(|(_, used)| *used = true);
    }
    let blank = |at: usize| used.get(at).is_none_or(|used| !used);
    let mut found = Vec::with_capacity(columns.len());
    let mut from = 0;
    for (number, (column, next)) in columns.iter().zip(columns.iter().skip(1)).enumerate() {
        let before = next.start.saturating_sub(1);
        let end = if blank(before) {
            // Below the name begins the next value, or it is short and stands at the end. Blanks inside of the one before
            // it may part it from words of a next one that is wider than its name and stands at its end.
            let left = |row: &[char]| -> String {
                row.get(from..before.min(row.len())).unwrap_or_default().iter().collect()
            };
            let behind = columns.get(number + 2).map_or(usize::MAX, |column| column.start);
            let fills = |row: &[char]| {
                let text = |from: usize, to: usize| row.get(from..to.min(row.len())).unwrap_or_default();
                let name = text(next.start, next.end);
                name.len() == next.end - next.start
                    && !name.contains(&' ')
                    && text(next.end, behind).iter().all(|letter| *letter == ' ')
            };
            let exact = rows.iter().all(|(_, row)| fills(row));
            let doubt = |(_, row): &(usize, Vec<char>)| {
                let text = left(row);
                text.trim().contains(if exact { " " } else { "  " })
            };
            End { place: before, certain: !rows.iter().any(doubt) }
        } else {
            // The next one is wider than its name and ends below the end of that.
            let free: Vec<usize> = (column.end..before).filter(|at| blank(*at)).collect();
            let one = free.windows(2).all(|pair| matches!(pair, [one, two] if one + 1 == *two));
            End { place: free.last().copied().unwrap_or(before), certain: one && !free.is_empty() }
        };
        from = end.place + 1;
        found.push(end);
    }
    found.push(End { place: usize::MAX, certain: true });
    found
}

/// Whether the console cut a value: at its end, or numbers at their beginning.
fn is_cut(text: &str) -> bool {
    let number = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_digit());
    text.ends_with(['…'])
        || text.ends_with("...")
        || text.starts_with(['…'])
        || text.strip_prefix("...").is_some_and(number)
}

/// What is left of a value that was cut: of a list its first elements.
fn cut_value(text: &str, value: fn(&str) -> Value) -> Value {
    let mut left = if text.starts_with('{') { value(text) } else { Value::Nothing };
    left.shorten();
    left
}

/// Letters that take two columns: those of East Asia.
const fn is_wide(letter: char) -> bool {
    matches!(letter as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f
        | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::format_list::{Output, read, read_asked};
    use crate::state::object::{Kind, Object};

    const IDS: [&str; 2] = ["00000002-0000-0ff1-ce00-000000000000", "00000004-0000-0ff1-ce00-000000000000"];

    fn cut() -> Value {
        Value::List(Vec::new(), true)
    }

    fn rows(text: &str) -> Vec<Object> {
        read(text, "a.txt")
    }

    fn below(command: &str, table: &str) -> Output {
        read_asked(&format!("[PS] C:\\>{command}\n\n{table}\n\n[PS] C:\\>"), "a.txt")
    }

    /// Laid out as public pages show what the cmdlet prints by itself.
    #[test]
    fn certificates_are_read_as_the_cmdlet_prints_them() {
        let table = "Thumbprint                                Services   Subject\n----------                                --------   -------\n9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1  ....S..    CN=Microsoft Exchange Server Auth Certificate\n773666E4D7C50DF9D2F8D0DD5FDA06E1D1A0D7B2  IP.WS..    CN=mail.contoso.example, O=Contoso Holding Internat...\n";
        for output in [below("Get-ExchangeCertificate", table), below("x", table)] {
            let [auth, mail] = &output.objects[..] else { panic!("{output:?}") };
            assert!(output.objects.iter().all(|object| object.kind == Kind::ExchangeCertificate));
            assert_eq!(auth.text("Thumbprint"), Some("9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1"));
            assert_eq!(auth.text("Services"), Some("....S.."));
            assert_eq!(auth.text("Subject"), Some("CN=Microsoft Exchange Server Auth Certificate"));
            assert_eq!((mail.get("Subject"), mail.place.as_str()), (Some(&cut()), "a.txt:6"));
            assert!(auth.get("HasPrivateKey").is_none(), "a column that is not shown is not known");
        }
    }

    #[test]
    fn flags_stand_at_the_end_of_their_column_and_texts_at_its_beginning() {
        let [one, two] = IDS;
        let table = format!(
            "Name            ApplicationIdentifier                Enabled Realm LinkedAccount\n----            ---------------------                ------- ----- -------------\nExchange Online {one}    True       a/b/Exchange Online-ApplicationAccount\nSfBOnline       {two}   False       a/b/SfBOnline-ApplicationAccount\n"
        );
        let output = below("Get-PartnerApplication | ft -a", &table);
        assert_eq!(output.asked, [Kind::PartnerApplication]);
        let told: Vec<_> = output
            .objects
            .iter()
            .map(|one| {
                (one.text("Name"), one.text("ApplicationIdentifier"), one.flag("Enabled"), one.get("Realm"))
            })
            .collect();
        let empty = Some(&Value::Nothing);
        assert_eq!(
            told,
            [
                (Some("Exchange Online"), Some(one), Some(true), empty),
                (Some("SfBOnline"), Some(two), Some(false), empty)
            ]
        );
    }

    #[test]
    fn a_value_that_the_console_cut_is_not_the_value() {
        let table = "Name                AppId               Names\n----                -----               -----\nOffice 365 Excha... 00000002-0000-0f... {https://mail.contoso.example/, https://autod...\nSkype for Business… …ff1-ce00-00000000  {a, b, c, d...}\n";
        let [one, two] = &rows(table)[..] else { panic!() };
        for (object, name) in [(one, "Name"), (one, "AppId"), (two, "Name"), (two, "AppId")] {
            assert_eq!(object.get(name), Some(&cut()), "{name}");
        }
        let names = one.get("Names").unwrap();
        assert!(names.is_cut() && names.texts() == ["https://mail.contoso.example/"], "{names:?}");
        assert!(two.get("Names").unwrap().is_cut());
    }

    #[test]
    fn what_the_rows_do_not_part_is_not_read() {
        // Blanks were lost on the way; a value as wide as two columns; dates that end below their name.
        for table in [
            "Name Enabled\n---- -------\nSfBOnline True\nExchange Online True\n",
            "Server          NotAfter\n------          --------\nEX001 09/06/2029 10:00:00\nEX002 09/06/2029 10:00:00\n",
            "Server     NotAfter\n------     --------\nEX01   9 Jun 2029 10\nEX02   9 Jun 2029 11\n",
        ] {
            for object in rows(table) {
                assert!(object.properties.iter().all(|(_, value)| *value == cut()), "{object:?}");
            }
        }
    }

    #[test]
    fn what_is_no_table_stays_text() {
        for other in [
            "Name  Id\n----  ---\na     b\n",
            "Name\n-----\na\n",
            "PublicKeySi\nze\n-----------\n2048\n",
            "Some heading\n============\nx\n",
            "----\n----\n",
        ] {
            assert!(rows(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_row_that_may_be_lost_is_told() {
        let head = "Name            Enabled\n----            -------\n";
        let unread =
            |rows: &str| below("Get-IntraOrganizationConnector | ft", &format!("{head}{rows}")).unread.len();
        assert_eq!(unread("HybridIOC          True\n"), 0);
        for more in [
            "HybridIOC          True\nWARNING: more results are there\n",
            "HybridIOC          True\n\nand so on\n",
            "HybridIOC          True\n                  False\n",
            "HybridIOC\tTrue\nb                  True\n",
            "接続               True\n",
        ] {
            assert_eq!(unread(more), 1, "{more}");
        }
    }

    #[test]
    fn a_value_that_goes_on_in_the_next_line_is_not_read() {
        let table = "Name       Url                  Enabled\n----       ---                  -------\nHybridIOC  https://autodiscover    True\n           -s.outlook.com/\n";
        let [object] = &rows(table)[..] else { panic!() };
        assert_eq!(
            (object.text("Name"), object.get("Url"), object.flag("Enabled")),
            (Some("HybridIOC"), Some(&cut()), Some(true))
        );
    }

    #[test]
    fn the_last_row_of_a_text_that_was_cut_is_known_up_to_there() {
        let text = "Name      Type    Realm\n----      ----    -----\nACS       Micros";
        let [object] = &rows(text)[..] else { panic!() };
        let told = |name: &str| object.get(name);
        assert_eq!(
            (object.text("Name"), told("Type"), told("Realm")),
            (Some("ACS"), Some(&cut()), Some(&cut()))
        );
    }

    #[test]
    fn forums_and_colours_leave_a_table_what_it_is() {
        let table = "Name      Enabled\n----      -------\nHybridIOC    True\nOther       False\n";
        let double = table.replace('\n', "\n\n");
        let coloured = table.replace("Name      Enabled", "\u{1b}[32;1mName      Enabled\u{1b}[0m");
        let typographic = table.replace('-', "\u{2013}");
        for text in [table, &double, &coloured, &typographic] {
            let flags: Vec<_> =
                rows(text).iter().map(|one| (one.name().to_owned(), one.flag("Enabled"))).collect();
            assert_eq!(flags, [("HybridIOC".into(), Some(true)), ("Other".into(), Some(false))], "{text}");
        }
    }

    #[test]
    fn a_list_of_the_same_takes_the_place_of_the_row() {
        let table = "Name      Enabled\n----      -------\nHybridIOC    True\n\n";
        let list = "Name                 : HybridIOC\nDiscoveryEndpoint    : https://a/\nTargetAddressDomains : {b}\nEnabled              : ";
        let prompt = "[PS] C:\\>Get-IntraOrganizationConnector";
        let count = |flag: &str| rows(&format!("{prompt}\n\n{table}{prompt} | fl\n\n{list}{flag}\n")).len();
        assert_eq!((count("True"), count("False")), (1, 2), "one that says something else stays");
    }

    /// Names and one other column, as a table shows them.
    fn told(lines: &[&str]) -> Vec<Vec<Value>> {
        let columns = columns(lines[0], lines[1]).unwrap();
        let rows: Vec<_> =
            lines.iter().skip(2).enumerate().map(|(at, line)| (at, (*line).to_owned())).collect();
        let text = |text: &str| match text {
            "" => Value::Nothing,
            text => Value::Text(text.to_owned()),
        };
        let table = super::read(&columns, &rows, text, &mut 100);
        table.rows.into_iter().map(|(_, row)| row.into_iter().map(|(_, value)| value).collect()).collect()
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn words_that_may_belong_to_either_column_are_not_read() {
        let head = ["Name                 Till", "----                 ----"];
        let read = |rows: &[&str]| told(&[&head[..], rows].concat());
        // The last word of a date is as long as the name below which it ends.
        assert_eq!(read(&["SfBOnline      9 Jun 2029"]), [[cut(), cut()]]);
        assert_eq!(read(&["Exchange Online      2029"]), [[cut(), cut()]]);
        assert_eq!(read(&["SfBOnline            2029"]), [[text("SfBOnline"), text("2029")]]);
        // Where one is shorter, or longer, they stand below the beginning of their name.
        for shorter in
            ["SfB                  29", "SfB                  2029 x", "SfB                  2029x"]
        {
            let rows = read(&["Exchange Online      2029", shorter]);
            assert_eq!(rows[0], [text("Exchange Online"), text("2029")], "{shorter}");
            assert_eq!(rows[1][0], text("SfB"), "{shorter}");
        }
        assert_eq!(read(&["SfBOnline      9 Jun 2029", "SfB                    29"])[0], [cut(), cut()]);
    }

    #[test]
    fn numbers_that_are_wider_than_their_name_end_below_it() {
        let head = ["Name          Id", "----          --"];
        let read = |rows: &[&str]| told(&[&head[..], rows].concat());
        assert_eq!(read(&["SfB        12345", "Exch       67890"])[1], [text("Exch"), text("67890")]);
        // Two gaps: which of them parts the columns is not known.
        assert_eq!(read(&["Exchange Onl 345"]), [[cut(), cut()]]);
        assert_eq!(read(&["Exchange345"]).len(), 1);
    }

    #[test]
    fn a_narrow_column_that_is_full_may_have_been_cut() {
        let read = |row: &str| told(&["Id  Name", "--  ----", row]).remove(0);
        assert_eq!(read("abc b"), [cut(), text("b")]);
        assert_eq!(read("ab  b"), [text("ab"), text("b")]);
        let wide = |row: &str| told(&["Wide Name", "---- ----", row]).remove(0);
        assert_eq!(wide("abcd b"), [text("abcd"), text("b")]);
    }

    #[test]
    fn marks_of_a_cut_stand_at_the_end_and_in_front_of_numbers() {
        for (value, was_cut) in [
            ("abc...", true),
            ("abc…", true),
            ("…23", true),
            ("...23", true),
            ("...abc", false),
            ("a...b", false),
            ("a…b", false),
        ] {
            assert_eq!(is_cut(value), was_cut, "{value}");
        }
    }

    #[test]
    fn names_alone_stand_in_the_first_line_and_dashes_below_each() {
        assert_eq!(columns("Name Id", "---- --").unwrap().len(), 2);
        for (names, dashes) in [
            ("Name x", "----"),
            ("Name x", "---- "),
            ("Name Id", "---- -="),
            ("Name Id", "------="),
            ("Na:me", "-----"),
            ("{Name}", "------"),
            ("Na\u{1}me", "-----"),
            ("Name=", "-----"),
            (" Name", "-----"),
            ("-name", "-----"),
            ("", ""),
            ("  ", "  "),
        ] {
            assert_eq!(columns(names, dashes), None, "{names:?} {dashes:?}");
        }
        let many = |count: usize| columns(&"a ".repeat(count), &"- ".repeat(count)).is_some();
        assert!(many(COLUMNS) && !many(COLUMNS + 1));
    }

    #[test]
    fn no_more_cells_are_read_than_are_left() {
        let columns = columns("Name Id", "---- --").unwrap();
        let rows: Vec<_> = (0..3).map(|at| (at, "a    b".to_owned())).collect();
        let read = |mut left: usize| {
            let table = super::read(&columns, &rows, |text| Value::Text(text.into()), &mut left);
            (table.rows.len(), table.doubtful, left)
        };
        assert_eq!(read(7), (3, false, 1));
        assert_eq!(read(6), (3, false, 0));
        assert_eq!(read(5), (2, true, 1));
    }
}
