//! Takes the beginning of a SOAP request to Exchange, gives operation, folder and roles.
//!
//! EWS: the first child of `Body`, `DistinguishedFolderId`, `ItemClass`, the `ManagementRole` header. Entities are
//! not resolved, depth is bounded; cut or damaged XML gives what stood before.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::base::AnyOf;
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
}

/// What a request says of itself, as it stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word<'b> {
    /// Local name of the first child of the body.
    Operation(&'b [u8]),
    /// `Id` of a distinguished folder.
    Folder(&'b [u8]),
    /// Text in an `ItemClass`.
    Class(&'b [u8]),
    /// Text in a role of the `ManagementRole` header.
    Role(&'b [u8]),
}

/// Reads the beginning of an envelope; `None` when it does not hold one.
pub fn read(body: &[u8]) -> Option<Asked> {
    let mut asked = Asked::default();
    let see = |word: Word<'_>| match word {
        Word::Operation(name) => {
            asked.operation = Some(String::from_utf8_lossy(name).chars().take(NAME_SHOWN).collect());
        }
        Word::Folder(id) => keep(&mut asked.folders, &String::from_utf8_lossy(id).to_ascii_lowercase()),
        Word::Class(text) => keep_text(&mut asked.classes, text),
        Word::Role(text) => keep_text(&mut asked.roles, text),
    };
    walk(body, see).then_some(asked)
}

/// Tells `see` what the beginning of an envelope says; whether it is one.
///
/// Every call of a recording comes through here, and a few names of each are wanted: tags are searched in
/// place, nothing is resolved or checked, and what follows the last of them is not searched.
pub fn walk<'b>(body: &'b [u8], mut see: impl FnMut(Word<'b>)) -> bool {
    if ENVELOPE.find(body).is_none() {
        return false;
    }
    let mut path: Vec<&[u8]> = Vec::with_capacity(16);
    let mut envelope = false;
    let (mut operation, mut searched) = (false, false);
    let Some(mut at) = memchr::memchr(b'<', body) else { return false };
    // A damaged or cut rest costs only itself.
    while let Some((piece, end)) = body.get(at..).and_then(piece) {
        let from = at + end;
        match piece {
            Piece::Open { name, tag, empty } => {
                match (path.last(), name) {
                    (None, b"Envelope") => envelope = true,
                    (Some(&b"Body"), _) if path.len() == 2 && !operation => {
                        operation = true;
                        see(Word::Operation(name));
                    }
                    (_, b"DistinguishedFolderId") => {
                        attribute(tag, b"Id").into_iter().for_each(|id| see(Word::Folder(id)));
                    }
                    _ => {}
                }
                if !empty {
                    path.push(name);
                }
                if path.len() > XML_DEPTH {
                    break;
                }
            }
            Piece::Close => {
                path.pop();
            }
            Piece::Other => {}
        }
        let rest = body.get(from..).unwrap_or_default();
        // Most tags follow one another.
        let text = if rest.first() == Some(&b'<') { Some(0) } else { memchr::memchr(b'<', rest) };
        let Some(text) = text else { break };
        at = from + text;
        let text = rest.get(..text).unwrap_or_default();
        match path.last() {
            Some(&b"Role") if path.contains(&&b"ManagementRole"[..]) => see(Word::Role(text)),
            Some(&b"ItemClass") => see(Word::Class(text)),
            _ => {}
        }
        if operation && envelope && !searched {
            searched = true;
            if !WANTED.is_in(rest) {
                break;
            }
        }
    }
    envelope
}

/// Whether the beginning of an envelope holds a password in plain text: a `Password` in a `UsernameToken` (WS-Security
/// UsernameToken Profile 1.1 3.1, which WS-Trust uses too). A digest of one is none, nor is an empty one.
pub fn password(body: &[u8]) -> bool {
    let Some(found) = USERNAME_TOKEN.find(body) else { return false };
    if ENVELOPE.find(body).is_none() {
        return false;
    }
    let mut rest = body.get(found..).unwrap_or_default();
    // Values of an editor may hold the word; a few places are looked at.
    for _ in 0..KEPT {
        let Some(at) = memchr::memmem::find(rest, b"Password") else { return false };
        let open = memchr::memrchr(b'<', rest.get(..at).unwrap_or_default());
        let Some((Piece::Open { name: b"Password", tag, empty: false }, end)) =
            open.and_then(|open| piece(rest.get(open..)?).map(|(found, length)| (found, open + length)))
        else {
            rest = rest.get(at + 8..).unwrap_or_default();
            continue;
        };
        let digest = attribute(tag, b"Type").is_some_and(|kind| kind.ends_with(b"#PasswordDigest"));
        let text = rest.get(end..).unwrap_or_default();
        let value = text.get(..memchr::memchr(b'<', text).unwrap_or(text.len())).unwrap_or_default();
        if !digest && (!value.trim_ascii().is_empty() || text.starts_with(b"<![CDATA[")) {
            return true;
        }
        rest = text;
    }
    false
}

/// Entities are not resolved: what stands around them is kept.
fn keep_text(list: &mut Vec<String>, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let mut parts = text.split('&');
    keep(list, parts.next().unwrap_or_default().trim());
    parts.filter_map(|part| part.split_once(';')).for_each(|(_, rest)| keep(list, rest.trim()));
}

/// What is still wanted when the operation is known: without a word of it the rest is not searched.
static WANTED: LazyLock<AnyOf> =
    LazyLock::new(|| AnyOf::new(&[b"DistinguishedFolderId", b"ItemClass", b"Role"]));
static USERNAME_TOKEN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"UsernameToken"));
static ENVELOPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"Envelope"));

/// What stands at a `<`.
enum Piece<'b> {
    Open {
        /// Local name.
        name: &'b [u8],
        /// The whole tag.
        tag: &'b [u8],
        empty: bool,
    },
    Close,
    /// Comments, processing instructions, declarations, CDATA sections.
    Other,
}

/// What stands at the beginning of `rest`, which is a `<`, and where it ends.
fn piece(rest: &[u8]) -> Option<(Piece<'_>, usize)> {
    let until = |end: &[u8]| memchr::memmem::find(rest, end).map(|at| (Piece::Other, at + end.len()));
    match rest.get(1)? {
        b'/' => Some((Piece::Close, rest.iter().position(|byte| *byte == b'>')? + 1)),
        b'?' => until(b"?>"),
        b'!' if rest.starts_with(b"<!--") => until(b"-->"),
        b'!' if rest.starts_with(b"<![CDATA[") => until(b"]]>"),
        // The internal subset of a document type stands in brackets.
        b'!' => match memchr::memchr2(b'[', b'>', rest)? {
            at if rest.get(at) == Some(&b'>') => Some((Piece::Other, at + 1)),
            _ => until(b"]>"),
        },
        _ => {
            // Names are short: bytes one by one are as fast as any search.
            let ends = |byte: &u8| matches!(byte, b'>' | b'"' | b'\'' | b' ' | b'\t' | b'\r' | b'\n' | b'/');
            let length = rest.iter().skip(1).position(ends)?;
            let end = match rest.get(length + 1)? {
                b'>' => length + 2,
                _ => tag_end(rest)?,
            };
            let tag = rest.get(..end)?;
            let inside = tag.get(1..tag.len() - 1)?;
            let length = match rest.get(length + 1)? {
                b'"' | b'\'' => inside
                    .iter()
                    .position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/'))
                    .unwrap_or(inside.len()),
                _ => length,
            };
            let name = inside.get(..length)?;
            Some((Piece::Open { name: local(name), tag, empty: inside.ends_with(b"/") }, tag.len()))
        }
    }
}

/// Where a tag ends: a `>` in an attribute's value does not end it.
fn tag_end(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', rest.get(at..)?)?;
        match *rest.get(at)? {
            b'>' => return Some(at + 1),
            quote => at += memchr::memchr(quote, rest.get(at + 1..)?)? + 2,
        }
    }
}

fn local(name: &[u8]) -> &[u8] {
    let colon = name.iter().position(|byte| *byte == b':');
    colon.map_or(name, |at| name.get(at + 1..).unwrap_or_default())
}

/// The value of an attribute, by its local name.
fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let mut rest = tag;
    while let Some(equals) = memchr::memchr(b'=', rest) {
        let (before, after) = rest.split_at_checked(equals)?;
        let word = before.trim_ascii_end();
        let start = word.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        let value = after.get(1..)?.trim_ascii_start();
        let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let end = memchr::memchr(*quote, value)?;
        if local(word.get(start..)?) == name {
            return value.get(..end);
        }
        rest = value.get(end + 1..)?;
    }
    None
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
    let _ = password(data);
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
    fn what_only_looks_like_a_tag_is_none() {
        let odd = r#"<!DOCTYPE a [<!ELEMENT x (y)>]><!-- <Envelope> --><s:Envelope a='>' b="<Body>"><s:Body
            ><![CDATA[<m:Wrong>]]><?x <m:Wrong> ?><m:GetItem ><t:DistinguishedFolderId x="Id=1" Id = 'Inbox' />
            <t:ItemClass>IPM.&amp;Note</t:ItemClass><t:Role>No</t:Role></m:GetItem></s:Body></s:Envelope>"#;
        let asked = read(odd.as_bytes()).unwrap();
        assert_eq!(asked.operation.as_deref(), Some("GetItem"));
        assert_eq!(asked.folders, ["inbox"]);
        assert_eq!(asked.classes, ["IPM.", "Note"]);
        assert!(asked.roles.is_empty());
    }

    #[test]
    fn a_password_is_found_in_plain_text_only() {
        let header = |token: &str| {
            format!(
                "<S:Envelope><S:Header><wsse:Security><wsse:UsernameToken>{token}</wsse:UsernameToken></wsse:Security></S:Header>"
            )
        };
        for (token, expected) in [
            ("<wsse:Username>Password</wsse:Username><wsse:Password>x</wsse:Password>", true),
            ("<Password Type='http://x#PasswordText'>x</Password>", true),
            ("<wsse:Password Type=\"http://x#PasswordDigest\">x</wsse:Password>", false),
            ("<wsse:Password><![CDATA[x]]></wsse:Password>", true),
            ("<wsse:Password> </wsse:Password>", false),
            ("<wsse:Password/>", false),
            ("<wsse:Password", false),
            ("<wsse:PasswordHint>x</wsse:PasswordHint>", false),
            ("<wsse:Password>x", true),
            ("", false),
        ] {
            assert_eq!(password(header(token).as_bytes()), expected, "{token}");
        }
        assert!(!password(b"<UsernameToken><Password>x</Password></UsernameToken>"), "no envelope");
        assert!(!password(b"<Envelope><Password>x</Password>"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_is_searched_to_its_end(text in "(<(/|!|!--|\\?|!\\[CDATA\\[)?(s:)?(Envelope|Body|Role|a)( Id=)?[\"'>&; ]{0,3}){0,20}") {
            let _ = read(text.as_bytes());
            let _ = password(text.replace("Role", "UsernameToken><Password").as_bytes());
        }
    }

    #[test]
    fn depth_and_entities_are_bounded() {
        let deep = format!("<Envelope><Body><Get>{}", "<a>".repeat(10_000));
        assert_eq!(read(deep.as_bytes()).unwrap().operation.as_deref(), Some("Get"));
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><Envelope><Body><Get><ItemClass>&a;</ItemClass></Get></Body></Envelope>"#;
        assert!(read(bomb.as_bytes()).unwrap().classes.is_empty());
    }
}
