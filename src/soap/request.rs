//! Takes the beginning of a SOAP request to Exchange, gives operation, folder and roles.
//!
//! EWS: the first child of `Body`, `DistinguishedFolderId`, `ItemClass`, the `ManagementRole` header. Entities are
//! not resolved, depth is bounded; cut or damaged XML gives what stood before.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::limits::{NAME_SHOWN, XML_DEPTH};

/// Roles, folders and item classes of one request that are kept.
const KEPT: usize = 8;

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Local name of the first child of the body, for example `CreateItem`.
    pub operation: Option<String>,
    /// `Id` of distinguished folders, lower case, in order.
    pub folders: Vec<String>,
    /// `ItemClass` values.
    pub classes: Vec<String>,
    /// Roles of the `ManagementRole` header.
    pub roles: Vec<String>,
    /// Whether the request impersonates a user.
    pub impersonates: bool,
}

/// Reads the beginning of an envelope; `None` when it does not hold one.
pub fn read(body: &[u8]) -> Option<Asked> {
    let start = body.iter().position(|byte| *byte == b'<')?;
    let body = body.get(start..)?;
    memchr::memmem::find(body, b"Envelope")?;
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    let mut asked = Asked::default();
    let mut path: Vec<String> = Vec::new();
    let mut envelope = false;
    // A damaged or cut rest costs only itself.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                envelope |= open(&start, &path, &mut asked);
                path.push(start.local_name().into_inner().to_owned());
                if path.len() > XML_DEPTH {
                    break;
                }
            }
            Event::Empty(start) => envelope |= open(&start, &path, &mut asked),
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) => {
                let list = match path.last().map(String::as_str) {
                    Some("Role") if path.iter().any(|name| name == "ManagementRole") => &mut asked.roles,
                    Some("ItemClass") => &mut asked.classes,
                    _ => continue,
                };
                keep(list, text.trim());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    envelope.then_some(asked)
}

/// Notes what an element says; whether it is the envelope.
fn open(start: &BytesStart<'_>, path: &[String], asked: &mut Asked) -> bool {
    let name = start.local_name().into_inner().to_owned();
    match (path.last().map(String::as_str), name.as_str()) {
        (None, "Envelope") => return true,
        (Some("Body"), _) if path.len() == 2 && asked.operation.is_none() => {
            asked.operation = Some(name.chars().take(NAME_SHOWN).collect());
        }
        (_, "DistinguishedFolderId") => {
            let id = start.attributes().flatten().find(|one| one.key.local_name().into_inner() == "Id");
            if let Some(id) = id {
                keep(&mut asked.folders, &id.value.to_ascii_lowercase());
            }
        }
        (_, "ExchangeImpersonation") => asked.impersonates = true,
        _ => {}
    }
    false
}

fn keep(list: &mut Vec<String>, value: &str) {
    let value: String = value.chars().filter(|letter| !letter.is_control()).take(NAME_SHOWN).collect();
    if !value.is_empty() && list.len() < KEPT && !list.contains(&value) {
        list.push(value);
    }
}

/// Any bytes: must not panic.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="t" xmlns:m="m"><s:Header><t:ManagementRole><t:ApplicationRoles><t:Role>ArchiveApplication</t:Role></t:ApplicationRoles></t:ManagementRole></s:Header><s:Body><m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:DistinguishedFolderId Id="RecoverableItemsPurges"/></m:SavedItemFolderId><m:Items><t:Message><t:ItemClass>IPM.Note</t:ItemClass></t:Message></m:Items></m:CreateItem></s:Body></s:Envelope>"#;

    #[test]
    fn operation_folder_class_and_roles_are_found() {
        let asked = read(CALL.as_bytes()).unwrap();
        assert_eq!(asked.operation.as_deref(), Some("CreateItem"));
        assert_eq!(asked.folders, ["recoverableitemspurges"]);
        assert_eq!(asked.roles, ["ArchiveApplication"]);
        assert_eq!(asked.classes, ["IPM.Note"]);
    }

    #[test]
    fn a_cut_request_gives_what_stood_before_the_cut() {
        let cut = CALL.split("<m:Items>").next().unwrap();
        assert_eq!(read(cut.as_bytes()).unwrap().folders.len(), 1);
        assert_eq!(read(b"<a>"), None);
        assert_eq!(read(b""), None);
    }

    #[test]
    fn depth_and_entities_are_bounded() {
        let deep = format!("<Envelope><Body><Get>{}", "<a>".repeat(10_000));
        assert_eq!(read(deep.as_bytes()).unwrap().operation.as_deref(), Some("Get"));
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><Envelope><Body><Get><ItemClass>&a;</ItemClass></Get></Body></Envelope>"#;
        assert!(read(bomb.as_bytes()).unwrap().classes.is_empty());
    }
}
