//! Takes the text of `Export-Clixml`, gives its objects. [MS-PSRP] 2.2.5.
//!
//! Free of locale, wrapping and truncation, so it is the form to prefer. Entities of DTDs are refused, nesting is
//! bounded.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::object::{Kind, Object, Value};

/// Nesting of objects in one file; `Export-Clixml -Depth` is rarely above 5.
const DEPTH: usize = 100;
/// Properties and elements of one file.
const NODES: usize = 2_000_000;

/// Reads all top-level objects; those inside lists and dictionaries count as top-level when the outermost object is
/// one (as `provision collect` writes).
///
/// # Errors
/// One line: where the text stops being CLIXML. Objects before that place are lost only when the first is damaged.
pub fn read(text: &str, path: &str) -> Result<Vec<Object>, String> {
    read_asked(text, path).map(|export| export.objects)
}

/// What an export holds.
pub struct Export {
    /// The objects.
    pub objects: Vec<Object>,
    /// The cmdlets that were asked: one that gave nothing has no objects, but is a key of the dictionary.
    pub asked: Vec<Kind>,
    /// Whether the text ends where it should, so that no object was lost behind the last one.
    pub whole: bool,
}

/// The same, with what was asked.
///
/// # Errors
/// Those of [`read`].
pub fn read_asked(text: &str, path: &str) -> Result<Export, String> {
    let mut parser = Parser {
        reader: Reader::from_str(text),
        path,
        types: HashMap::new(),
        objects: HashMap::new(),
        nodes: 0,
        count: 0,
    };
    let (mut found, mut asked, mut whole) = (Vec::new(), Vec::new(), false);
    loop {
        match parser.next() {
            Ok(Event::Start(tag)) if tag.local_name().as_ref() == "Objs" => {}
            Ok(Event::Start(tag)) => {
                let tag = tag.into_owned();
                match parser.value(&tag, 0) {
                    Ok(value) => flatten(value, None, path, &mut found, &mut asked),
                    Err(error) if found.is_empty() => return Err(error),
                    Err(_) => break,
                }
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref() == "Objs" => whole = true,
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) if found.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(Export { objects: found, asked, whole })
}

/// Takes lists and dictionaries apart until objects with properties are left. `key` is the dictionary's key, which
/// names the cmdlet where a type does not.
fn flatten(value: Value, key: Option<&str>, path: &str, found: &mut Vec<Object>, asked: &mut Vec<Kind>) {
    match value {
        Value::List(values, _) => {
            values.into_iter().for_each(|value| flatten(value, key, path, found, asked));
        }
        Value::Object(mut object) if object.display.as_deref() == Some(DICTIONARY) => {
            for (name, value) in std::mem::take(&mut object.properties) {
                // `$null` is what a variable holds whose cmdlet failed, too.
                if value != Value::Nothing {
                    asked.extend(Kind::of_cmdlet(&name));
                }
                flatten(value, Some(&name), path, found, asked);
            }
        }
        Value::Object(mut object) => {
            if object.kind == Kind::Other {
                object.kind = Kind::of_properties(&object);
            }
            if object.kind == Kind::Other
                && let Some(kind) = key.and_then(Kind::of_cmdlet)
            {
                object.kind = kind;
            }
            object.place = match key {
                Some(key) => format!("{path}: object {} ({key})", found.len() + 1),
                None => format!("{path}: object {}", found.len() + 1),
            };
            found.push(*object);
        }
        _ => {}
    }
}

/// Marks a dictionary on its way through [`flatten`].
const DICTIONARY: &str = "\u{0}dictionary";

struct Parser<'t> {
    reader: Reader<&'t [u8]>,
    path: &'t str,
    /// Type names by `TN RefId`.
    types: HashMap<String, Vec<String>>,
    /// `ToString` of objects by `RefId`, for `Ref`.
    objects: HashMap<String, Value>,
    nodes: usize,
    count: usize,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Result<Event<'t>, String> {
        let at = self.reader.buffer_position();
        let event = self.reader.read_event().map_err(|error| format!("{}: byte {at}: {error}", self.path))?;
        if matches!(event, Event::DocType(_)) {
            return Err(format!("{}: byte {at}: a DTD has no place in CLIXML", self.path));
        }
        Ok(event)
    }

    fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
        let found = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
        Some(
            quick_xml::escape::unescape(&found.value)
                .map_or_else(|_| found.value.to_string(), |text| text.into_owned()),
        )
    }

    /// Reads one value whose start tag was just read, to its end tag.
    fn value(&mut self, tag: &BytesStart<'_>, depth: usize) -> Result<Value, String> {
        self.nodes += 1;
        if depth > DEPTH || self.nodes > NODES {
            return Err(format!("{}: nested or grown beyond what is read", self.path));
        }
        match tag.local_name().as_ref() {
            "Obj" => self.object(tag, depth),
            "Ref" => {
                self.text()?;
                Ok(self.empty(tag))
            }
            name => {
                let name = name.to_owned();
                let text = self.text()?;
                Ok(simple(&name, text))
            }
        }
    }

    /// The value of an element without content: an object that was written before, or an empty text.
    fn empty(&self, tag: &BytesStart<'_>) -> Value {
        match tag.local_name().as_ref() {
            "S" => Value::Text(String::new()),
            "Ref" => {
                let known = Self::attribute(tag, "RefId").and_then(|id| self.objects.get(&id).cloned());
                known.unwrap_or(Value::Nothing)
            }
            _ => Value::Nothing,
        }
    }

    /// Text to the end tag of the current element; elements inside are skipped.
    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut open = 0usize;
        loop {
            match self.next()? {
                Event::Text(part) => text.push_str(&part),
                Event::CData(part) => text.push_str(&part),
                Event::GeneralRef(part) => {
                    let whole = format!("&{};", &*part);
                    text.push_str(&quick_xml::escape::unescape(&whole).unwrap_or_default());
                }
                Event::Start(_) => open += 1,
                Event::End(_) if open == 0 => return Ok(unescape(&text)),
                Event::End(_) => open -= 1,
                Event::Eof => return Err(format!("{}: ends inside an element", self.path)),
                _ => {}
            }
        }
    }

    fn object(&mut self, tag: &BytesStart<'_>, depth: usize) -> Result<Value, String> {
        if depth == 0 {
            self.count += 1;
        }
        let mut object = Object::new(format!("{}: object {}", self.path, self.count));
        let mut list: Option<Vec<Value>> = None;
        let mut dictionary = false;
        loop {
            match self.next()? {
                Event::Start(inner) => {
                    let inner = inner.into_owned();
                    match inner.local_name().as_ref() {
                        "TN" => {
                            let names = self.type_names()?;
                            object.kind =
                                names.iter().find_map(|name| Kind::of_type(name)).unwrap_or(object.kind);
                            if let Some(id) = Self::attribute(&inner, "RefId") {
                                self.types.insert(id, names);
                            }
                        }
                        "ToString" => object.display = Some(self.text()?),
                        "Props" | "MS" => self.properties(&mut object, depth)?,
                        "LST" | "IE" | "STK" | "QUE" => {
                            list.get_or_insert_default().extend(self.elements(depth)?)
                        }
                        "DCT" => {
                            dictionary = true;
                            self.entries(&mut object, depth)?;
                        }
                        // The value that an enumeration or a boxed number carries beside its text.
                        _ => {
                            let value = self.value(&inner, depth + 1)?;
                            if object.display.is_none() {
                                object.display = value.as_text().map(str::to_owned);
                            }
                        }
                    }
                }
                Event::Empty(inner) => match inner.local_name().as_ref() {
                    "LST" | "IE" | "STK" | "QUE" => {
                        list.get_or_insert_default();
                    }
                    "TNRef" => {
                        let names = Self::attribute(&inner, "RefId").and_then(|id| self.types.get(&id));
                        object.kind = names
                            .and_then(|names| names.iter().find_map(|name| Kind::of_type(name)))
                            .unwrap_or(object.kind);
                    }
                    _ => {}
                },
                Event::End(_) => break,
                Event::Eof => return Err(format!("{}: ends inside an object", self.path)),
                _ => {}
            }
        }
        let value = match list {
            Some(values) => Value::List(values, false),
            None => {
                if dictionary {
                    object.display = Some(DICTIONARY.to_owned());
                }
                Value::Object(Box::new(object))
            }
        };
        if let Some(id) = Self::attribute(tag, "RefId") {
            // Only the text is needed where an object is referred to again.
            let short = match &value {
                Value::Object(object) => Value::Text(object.display.clone().unwrap_or_default()),
                other => other.clone(),
            };
            self.objects.insert(id, short);
        }
        Ok(value)
    }

    fn type_names(&mut self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        loop {
            match self.next()? {
                Event::Start(_) => names.push(self.text()?),
                Event::End(_) => return Ok(names),
                Event::Eof => return Err(format!("{}: ends inside type names", self.path)),
                _ => {}
            }
        }
    }

    fn properties(&mut self, object: &mut Object, depth: usize) -> Result<(), String> {
        loop {
            match self.next()? {
                Event::Start(tag) => {
                    let tag = tag.into_owned();
                    let name = Self::attribute(&tag, "N").map(|name| unescape(&name)).unwrap_or_default();
                    let value = self.value(&tag, depth + 1)?;
                    object.properties.push((name, value));
                }
                Event::Empty(tag) => {
                    let name = Self::attribute(&tag, "N").map(|name| unescape(&name)).unwrap_or_default();
                    object.properties.push((name, self.empty(&tag)));
                }
                Event::End(_) => return Ok(()),
                Event::Eof => return Err(format!("{}: ends inside properties", self.path)),
                _ => {}
            }
        }
    }

    fn elements(&mut self, depth: usize) -> Result<Vec<Value>, String> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Event::Start(tag) => {
                    let tag = tag.into_owned();
                    values.push(self.value(&tag, depth + 1)?);
                }
                Event::Empty(tag) => values.push(self.empty(&tag)),
                Event::End(_) => return Ok(values),
                Event::Eof => return Err(format!("{}: ends inside a list", self.path)),
                _ => {}
            }
        }
    }

    /// `DCT`: entries of a key and a value.
    fn entries(&mut self, object: &mut Object, depth: usize) -> Result<(), String> {
        loop {
            match self.next()? {
                Event::Start(_) => {
                    let mut pair = self.elements(depth)?.into_iter();
                    let key =
                        pair.next().and_then(|key| key.as_text().map(str::to_owned)).unwrap_or_default();
                    object.properties.push((key, pair.next().unwrap_or(Value::Nothing)));
                }
                Event::End(_) => return Ok(()),
                Event::Eof => return Err(format!("{}: ends inside a dictionary", self.path)),
                _ => {}
            }
        }
    }
}

fn simple(name: &str, text: String) -> Value {
    match name {
        "Nil" => Value::Nothing,
        "B" => Value::Bool(text.trim().eq_ignore_ascii_case("true")),
        "BA" => STANDARD
            .decode(text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>())
            .map_or(Value::Text(text), Value::Bytes),
        "DT" => super::dates::iso(&text).map_or(Value::Text(text), Value::Date),
        _ => Value::Text(text),
    }
}

/// `_x000D_` and its like stand for characters that XML cannot hold.
fn unescape(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(letter) => {
                out.push(letter);
                rest = rest.get(at + 7..).unwrap_or_default();
            }
            None => {
                out.push_str("_x");
                rest = rest.get(at + 2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#;

    #[test]
    fn a_dictionary_of_lists_gives_its_objects() {
        let text = format!(
            r#"{HEAD}<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T></TN><DCT><En><S N="Key">AuthConfig</S><Obj N="Value" RefId="1"><TN RefId="1"><T>Deserialized.Microsoft.Exchange.Data.Directory.SystemConfiguration.AuthConfig</T></TN><ToString>Auth Configuration</ToString><Props><S N="CurrentCertificateThumbprint">AB</S><DT N="NextCertificateEffectiveDate">2026-12-01T00:00:00Z</DT><B N="IsValid">true</B></Props></Obj></En><En><S N="Key">Get-AcceptedDomain</S><Obj N="Value" RefId="2"><LST><Obj RefId="3"><Props><S N="DomainName">a&amp;b_x000A_c</S></Props></Obj></LST></Obj></En></DCT></Obj></Objs>"#
        );
        let objects = read(&text, "s.xml").unwrap();
        assert_eq!(objects.len(), 2);
        assert_eq!(objects[0].kind, Kind::AuthConfig);
        assert_eq!(objects[0].text("currentcertificatethumbprint"), Some("AB"));
        assert_eq!(objects[0].flag("IsValid"), Some(true));
        assert!(matches!(objects[0].get("NextCertificateEffectiveDate"), Some(Value::Date(_))));
        assert_eq!(objects[1].kind, Kind::AcceptedDomain);
        assert_eq!(objects[1].text("DomainName"), Some("a&b\nc"));
    }

    /// [MS-PSRP] 2.2.5: types and objects are written once and referred to, and there are four kinds of lists.
    #[test]
    fn what_was_written_before_is_referred_to() {
        let server = |name: &str, types: &str| {
            format!(
                r#"<Obj RefId="9">{types}<ToString>x</ToString><Props><S N="Name">{name}</S></Props></Obj>"#
            )
        };
        let types = r#"<TN RefId="4"><T>Microsoft.Exchange.Data.Directory.SystemConfiguration.AuthServer</T><T>System.Object</T></TN>"#;
        let shared = r#"<Obj N="Type" RefId="7"><ToString>AzureAD</ToString><I32>3</I32></Obj>"#;
        let more = r#"<Obj RefId="8"><TNRef RefId="4" /><MS><Ref N="Type" RefId="7" /><Ref N="Lost" RefId="70" /><S N="Empty" /><Nil N="Realm" /><Obj N="Names" RefId="5"><QUE><S>a</S><Ref RefId="7" /><S /></QUE></Obj><Obj N="None" RefId="6"><STK /></Obj><Obj N="Number" RefId="10"><I32>7</I32></Obj></MS></Obj>"#;
        let first = server("one", types).replace("</Props>", &format!("{shared}</Props>"));
        let text = format!("{HEAD}<Obj RefId=\"1\"><IE>{first}{more}</IE></Obj></Objs>");
        let objects = read(&text, "s.xml").unwrap();
        let [one, two] = &objects[..] else { panic!("{objects:?}") };
        assert_eq!((one.kind, two.kind), (Kind::AuthServer, Kind::AuthServer));
        assert_eq!((one.text("Name"), one.text("Type")), (Some("one"), Some("AzureAD")));
        assert_eq!((two.text("Type"), two.text("Number")), (Some("AzureAD"), Some("7")));
        assert_eq!((two.get("Lost"), two.get("Realm")), (Some(&Value::Nothing), Some(&Value::Nothing)));
        assert_eq!(two.text("Empty"), Some(""));
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(two.get("Names"), Some(&Value::List(vec![text("a"), text("AzureAD"), text("")], false)));
        assert_eq!(two.get("None"), Some(&Value::List(Vec::new(), false)));
        assert!(one.place.ends_with("object 1") && two.place.ends_with("object 2"), "{}", two.place);
    }

    #[test]
    fn a_cmdlet_whose_output_was_written_before_was_asked() {
        let entry = |key: &str, value: &str| format!("<En><S N=\"Key\">{key}</S>{value}</En>");
        let text = [
            entry("Get-AuthServer", r#"<Obj N="Value" RefId="2"><LST /></Obj>"#),
            entry("Get-MailUser", r#"<Ref N="Value" RefId="2" />"#),
            entry("Get-AuthConfig", r#"<Nil N="Value" />"#),
        ];
        let text = format!("{HEAD}<Obj RefId=\"0\"><DCT>{}</DCT></Obj></Objs>", text.concat());
        let export = read_asked(&text, "s.xml").unwrap();
        assert_eq!(export.asked, [Kind::AuthServer, Kind::MailUser]);
        assert!(export.whole && export.objects.is_empty());
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_put_back() {
        for (written, meant) in [
            ("a_x000D__x000A_b", "a\r\nb"),
            ("_x005F_x000A_", "_x000A_"),
            ("_x000G_", "_x000G_"),
            ("_x00", "_x00"),
            ("_x000Ab", "_x000Ab"),
            ("_xD800_", "_xD800_"),
        ] {
            assert_eq!(unescape(written), meant);
        }
    }

    #[test]
    fn damage_and_tricks_are_refused_in_one_line() {
        assert!(read(&format!("{HEAD}<Obj RefId=\"0\"><Props><S N=\"a\">x"), "s.xml").is_err());
        assert!(read("<!DOCTYPE x [<!ENTITY a 'b'>]><Objs/>", "s.xml").unwrap_err().contains("DTD"));
        let deep = format!("{HEAD}{}", "<Obj RefId=\"0\"><LST>".repeat(5000));
        assert!(read(&deep, "s.xml").unwrap_err().contains("nested"));
    }
}
