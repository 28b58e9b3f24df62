//! Takes `Export-Csv` text, gives objects. RFC 4180, with PowerShell's `#TYPE` line and either separator.

use super::object::{Kind, Object, Value};

/// Reads all rows.
///
/// # Errors
/// One line, when there is no header row.
pub fn read(text: &str, path: &str) -> Result<Vec<Object>, String> {
    let (kind, body) = match text.strip_prefix("#TYPE ") {
        Some(rest) => {
            let (name, body) = rest.split_once('\n').unwrap_or((rest, ""));
            (Kind::of_type(name.trim()), body)
        }
        None => (None, text),
    };
    let first = body.lines().next().unwrap_or_default();
    let separator = if first.matches(';').count() > first.matches(',').count() { ';' } else { ',' };
    let mut rows = rows(body, separator).into_iter();
    let header = rows.next().filter(|row| row.len() > 1).ok_or_else(|| format!("{path}: no header row"))?;
    Ok(rows
        .enumerate()
        .map(|(number, row)| {
            let mut object = Object::new(format!("{path}: row {}", number + 1));
            object.properties = header.iter().cloned().zip(row.into_iter().map(value)).collect();
            object.kind = kind.unwrap_or_else(|| Kind::of_properties(&object));
            object
        })
        .collect())
}

fn value(text: String) -> Value {
    match text.as_str() {
        "" => Value::Nothing,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        _ => Value::from(text),
    }
}

fn rows(text: &str, separator: char) -> Vec<Vec<String>> {
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
    rows
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
