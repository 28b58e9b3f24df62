//! Takes `Export-Csv` text, gives objects. RFC 4180, with PowerShell's `#TYPE` line and either separator.

use super::object::{Kind, Object, Value};

/// Reads all rows.
///
/// # Errors
/// One line, when there is no header row.
pub fn read(text: &str, path: &str) -> Result<Vec<Object>, String> {
    read_whole(text, path).map(|(objects, _)| objects)
}

/// The same, and whether the last row is there as a whole, so that none was lost behind it.
///
/// # Errors
/// Those of [`read`].
pub fn read_whole(text: &str, path: &str) -> Result<(Vec<Object>, bool), String> {
    let (kind, body) = match text.strip_prefix("#TYPE ") {
        Some(rest) => {
            let (name, body) = rest.split_once('\n').unwrap_or((rest, ""));
            (Kind::of_type(name.trim()), body)
        }
        None => (None, text),
    };
    let first = body.lines().next().unwrap_or_default();
    let separator = if first.matches(';').count() > first.matches(',').count() { ';' } else { ',' };
    let (rows, closed) = rows(body, separator);
    let mut rows = rows.into_iter();
    let header = rows.next().filter(|row| row.len() > 1).ok_or_else(|| format!("{path}: no header row"))?;
    let mut whole = closed;
    let mut objects: Vec<Object> = rows
        .enumerate()
        .map(|(number, row)| {
            whole = closed && row.len() >= header.len();
            let mut object = Object::new(format!("{path}: row {}", number + 1));
            object.properties = header.iter().cloned().zip(row.into_iter().map(value)).collect();
            object.kind = kind.unwrap_or_else(|| Kind::of_properties(&object));
            object
        })
        .collect();
    if !whole && let Some((_, last)) = objects.last_mut().and_then(|last| last.properties.last_mut()) {
        last.shorten();
    }
    Ok((objects, whole))
}

fn value(text: String) -> Value {
    match text.as_str() {
        "" => Value::Nothing,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        _ => Value::from(text),
    }
}

/// All rows, and whether the text ends outside of quotes.
fn rows(text: &str, separator: char) -> (Vec<Vec<String>>, bool) {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter if letter == separator && !quoted => row.push(std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    (rows, !quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_cells_and_the_type_line_are_understood() {
        let text = "#TYPE Selected.Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain\r\n\"Name\";\"DomainName\"\r\n\"a \"\"b\"\"\";\"contoso.example\"\r\n";
        let [object] = &read(text, "d.csv").unwrap()[..] else { panic!() };
        assert_eq!(object.kind, Kind::AcceptedDomain);
        assert_eq!(object.text("Name"), Some("a \"b\""));
        assert!(read("nothing here", "d.csv").is_err());
    }

    #[test]
    fn a_row_that_was_cut_is_told() {
        let text = "\"Name\",\"Role\"\r\n\"a\",\"b\"\r\n\"c\",\"UserApplication\"\r\n";
        let cut = |at: usize| {
            let (objects, whole) = read_whole(&text[..at], "d.csv").unwrap();
            (whole, objects.last().and_then(|last| last.get("Role").cloned()))
        };
        let role = Some(Value::Text("UserApplication".into()));
        assert_eq!((cut(text.len()), cut(text.len() - 2)), ((true, role.clone()), (true, role)));
        assert_eq!(cut(text.len() - 6), (false, Some(Value::List(Vec::new(), true))));
        assert_eq!(cut(text.len() - 20), (false, None));
    }

    #[test]
    fn the_type_of_a_collection_is_not_its_content() {
        for name in [
            "System.String[]",
            "System.Collections.ArrayList",
            "Microsoft.Exchange.Data.MultiValuedProperty`1[System.String]",
            "Microsoft.Graph.PowerShell.Models.MicrosoftGraphKeyCredential[]",
        ] {
            let text = format!("\"AppId\",\"ServicePrincipalNames\"\r\n\"a\",\"{name}\"\r\n");
            let [object] = &read(&text, "d.csv").unwrap()[..] else { panic!() };
            let value = object.get("ServicePrincipalNames").unwrap();
            assert!(value.is_cut() && value.texts().is_empty() && !value.is_empty(), "{name}");
        }
    }
}
