//! Takes the output of `Test-OAuthConnectivity`, gives its results.
//!
//! Either `Format-List` text (`Name : value`, further lines of a value indented or not) or CLIXML
//! (`<S N="Name">`). What stands in `Detail` is read by [`LogRecord::tested`].

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::import::when;
use crate::logrecord::LogRecord;

const PROPERTIES: [&str; 8] =
    ["RunspaceId", "Task", "Detail", "ResultType", "Identity", "IsValid", "ObjectState", "PSComputerName"];

/// Bytes before the first property of a copy that begins in the middle of a detail.
const LEAD: usize = 1 << 20;

/// The properties of one result, as text, with the line it begins in.
#[derive(Default)]
struct Result {
    line: u64,
    detail: String,
    task: String,
    kind: String,
}

/// Reads all results; with them, what was wrong with the text behind the last.
pub(super) fn records(text: &str) -> (Vec<LogRecord>, Option<String>) {
    let (results, damage) = if is_clixml(text) { of_clixml(text) } else { (of_list(text), None) };
    let complete = results.into_iter().filter(|result| !result.kind.is_empty());
    (complete.map(Result::record).collect(), damage)
}

/// Whether it is what the cmdlet prints without `Format-List`.
pub(super) fn is_table(text: &str) -> bool {
    text.lines().any(|line| line.split_whitespace().eq(["Task", "Detail", "ResultType"]))
}

/// Whether the text is XML of any kind: the lists never begin so.
pub(super) fn is_clixml(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

fn of_list(text: &str) -> Vec<Result> {
    let mut results: Vec<Result> = Vec::new();
    let mut open = "";
    // Where the values of the object begin.
    let mut column = 0;
    // A copy may begin in the middle of the detail, and tell its result behind it.
    let mut lead = String::new();
    for (line, number) in text.lines().zip(1_u64..) {
        let property = line.split_once(':').map(|(name, _)| name.trim());
        let property = property.and_then(|name| PROPERTIES.into_iter().find(|known| *known == name));
        // Inside a value such a word is indented to the column of values.
        let property = property.filter(|_| !line.starts_with("     "));
        if let Some(name) = property {
            let first = matches!(name, "RunspaceId" | "Task") && open != "RunspaceId";
            if first || results.is_empty() {
                let cut = name == "ResultType" && results.is_empty();
                let detail = if cut { std::mem::take(&mut lead) } else { String::new() };
                results.push(Result { line: if cut { 1 } else { number }, detail, ..Result::default() });
            }
            open = name;
            column = line.find(": ").map_or(0, |colon| colon + 2);
        }
        let value = if property.is_some() {
            line.split_once(':').map_or("", |(_, value)| value).trim()
        } else {
            line
        };
        // A window that cuts anywhere cuts before blanks, too.
        let inside = value.get(..column).is_some_and(|lead| lead.trim().is_empty());
        let value =
            if property.is_none() && inside { value.get(column..).unwrap_or_default() } else { value.trim() };
        let Some(result) = results.last_mut() else {
            if lead.len() < LEAD {
                lead.push_str(value.trim());
                lead.push('\n');
            }
            continue;
        };
        let to = match open {
            "Detail" => &mut result.detail,
            "Task" => &mut result.task,
            "ResultType" if property.is_some() => &mut result.kind,
            _ => continue,
        };
        to.push_str(value.trim_end());
        to.push('\n');
    }
    results
}

fn of_clixml(text: &str) -> (Vec<Result>, Option<String>) {
    let mut reader = Reader::from_str(text);
    let mut results: Vec<Result> = Vec::new();
    let mut open: Option<String> = None;
    let (mut line, mut counted, mut depth) = (1, 0, 0_u64);
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match event {
            Ok(Event::Start(element)) => {
                depth += 1;
                let name = element.try_get_attribute("N").ok().flatten();
                open = name.map(|name| name.value.into_owned());
                let starts = open.as_deref() == Some("Task");
                if starts || results.is_empty() {
                    line += text.get(counted..at).map_or(0, |text| text.matches('\n').count() as u64);
                    counted = at;
                    results.push(Result { line, ..Result::default() });
                }
            }
            Ok(Event::Text(text)) => {
                let value = text.into_inner().replace("_x000D_", "").replace("_x000A_", "\n");
                let Some(result) = results.last_mut() else { continue };
                match open.as_deref() {
                    Some("Detail") => result.detail.push_str(&value),
                    Some("Task") => result.task.push_str(&value),
                    // An enumeration: its text stands in `ToString` of the object.
                    Some("ResultType") => result.kind.push_str(&value),
                    None if result.kind.is_empty() && is_result(value.trim()) => result.kind = value,
                    _ => {}
                }
            }
            // The five of XML itself (XML 1.0 4.6); others are a DTD's, and none is read.
            Ok(Event::GeneralRef(name)) => {
                let Some(result) = results.last_mut() else { continue };
                let plain = match &*name.into_inner() {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "",
                };
                if open.as_deref() == Some("Detail") {
                    result.detail.push_str(plain);
                }
            }
            Ok(Event::End(element)) => {
                depth = depth.saturating_sub(1);
                if element.local_name().as_ref() == "Obj" {
                    open = None;
                }
            }
            Ok(Event::DocType(_)) => {
                return (results, Some(format!("a DTD has no place in CLIXML (at byte {at})")));
            }
            Ok(Event::Eof) if depth > 0 => {
                return (results, Some(format!("it ends inside an element (at byte {at})")));
            }
            Ok(Event::Eof) => return (results, None),
            Err(error) => return (results, Some(format!("{error} (at byte {at})"))),
            Ok(_) => {}
        }
    }
}

fn is_result(text: &str) -> bool {
    matches!(text, "Success" | "Error" | "Warning")
}

impl Result {
    fn record(self) -> LogRecord {
        let mut record = LogRecord::tested(self.line, &self.task, &self.detail, &self.kind);
        record.time = self.detail.split_once("last successfully loaded at").and_then(|(_, rest)| {
            let parsed = |text: &str| Some(when::parse(text.split(" UTC").next()?.trim())?.0);
            let mut lines = rest.lines().map(str::trim);
            let first = lines.next()?;
            // The window's width may break the line inside the date.
            parsed(first).or_else(|| parsed(&format!("{first} {}", lines.next()?)))
        });
        record
    }
}
