//! Takes JSON text, gives the same text with only those strings replaced that hold secrets. RFC 8259; HAR 1.2
//! for the meaning of pairs and bodies.
//!
//! Nothing is parsed into a map and written again: order, numbers, white space and unknown members stay. What
//! the HAR reader forgives (control characters, lone surrogates, a cut end) is forgiven here.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::field::LENIENT;
use super::vault::Kind;
use super::{Redactor, names, people};
use crate::base::percent::decode_form;
use crate::import::har::scan::{Fault, Scan, Text};
use crate::limits;

/// A value with its place. Strings are not decoded before they are looked at.
pub(super) enum Tree<'a> {
    /// With its quotes.
    Text(Text<'a>, Range<usize>),
    /// A number or a literal.
    Other,
    List(Vec<Self>),
    Object(Vec<(Text<'a>, Self)>),
    /// A string that the end of the file cut.
    Cut(Range<usize>),
}

/// Why a text is not JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NoJson {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// What stands around a value.
#[derive(Clone, Copy, Default)]
struct Around<'n> {
    /// The member's name.
    name: &'n [u8],
    /// The name of the list or object that holds the object.
    list: &'n [u8],
    /// Whether long random strings are secrets here.
    random: bool,
}

/// The name of the claims of a token, in reports of ours and inside of tokens.
const CLAIMS: &[u8] = b"claims";

/// All values of a text that holds one or several. A cut text is read up to the cut.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Tree<'_>>, NoJson> {
    parse_but_entries(bytes, &mut |tree| Some(tree))
}

/// Where the entries of a HAR file stand: `{"log": {"entries": [`.
const ENTRIES: (usize, &[u8]) = (2, b"entries");

/// The same, but what `entry` takes of the entries of a HAR file: a file has ten thousands of them.
fn parse_but_entries<'a>(
    bytes: &'a [u8],
    entry: &mut dyn FnMut(Tree<'a>) -> Option<Tree<'a>>,
) -> Result<Vec<Tree<'a>>, NoJson> {
    let mut scan = Scan::new(bytes);
    let mut all = Vec::new();
    let mut nodes = limits::REDACT_JSON_NODES;
    while scan.peek().is_some() {
        let tree = read(&mut scan, (0, b""), &mut nodes, entry).map_err(|fault| {
            let what = match fault {
                Fault::Cut => "the text goes on",
                Fault::Expected(what) => what,
                Fault::Deep | Fault::Large => "less nesting, or fewer values",
            };
            NoJson { at: scan.position(), what }
        })?;
        all.push(tree);
    }
    Ok(all)
}

fn read<'a>(
    scan: &mut Scan<'a>,
    (depth, named): (usize, &[u8]),
    nodes: &mut usize,
    entry: &mut dyn FnMut(Tree<'a>) -> Option<Tree<'a>>,
) -> Result<Tree<'a>, Fault> {
    *nodes = nodes.checked_sub(1).filter(|_| depth <= limits::EXPORT_DEPTH).ok_or(Fault::Deep)?;
    let kept = |result: Result<bool, Fault>| match result {
        Ok(_) | Err(Fault::Cut) => Ok(()),
        Err(fault) => Err(fault),
    };
    match scan.peek() {
        Some(b'{') => {
            let mut members = Vec::new();
            kept(scan.object(|scan, name| {
                let tree = read(scan, (depth + 1, name.raw()), nodes, entry)?;
                members.push((name, tree));
                Ok(())
            }))?;
            Ok(Tree::Object(members))
        }
        Some(b'[') => {
            let mut elements = Vec::new();
            kept(scan.array(|scan| {
                let tree = read(scan, (depth + 1, b""), nodes, entry)?;
                elements.extend(if (depth, named) == ENTRIES { entry(tree) } else { Some(tree) });
                Ok(())
            }))?;
            Ok(Tree::List(elements))
        }
        Some(b'"') => {
            let start = scan.position();
            match scan.string() {
                Ok(text) => Ok(Tree::Text(text, start..scan.position())),
                Err(Fault::Cut) => Ok(Tree::Cut(start..scan.length())),
                Err(fault) => Err(fault),
            }
        }
        Some(_) => scan.scalar().map(|_| Tree::Other),
        None => Err(Fault::Cut),
    }
}

impl<'a> Tree<'a> {
    fn text(&self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Text(text, _) => Some(text.bytes()),
            _ => None,
        }
    }

    fn member(&self, names: &[&str]) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let is = |name: &Text<'_>| names.iter().any(|known| name.raw() == known.as_bytes());
        members.iter().rev().find(|(name, _)| is(name)).map(|(_, tree)| tree)
    }
}

/// What stands in the place of strings.
type Edits = Vec<(Range<usize>, Vec<u8>)>;

impl Redactor {
    /// A document: HAR, a report of ours, any other JSON, one text or several.
    pub(super) fn json_document(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NoJson> {
        let mut edits = Vec::new();
        let inside = Around { name: ENTRIES.1, list: ENTRIES.1, random: true };
        let trees = parse_but_entries(bytes, &mut |entry| match entry {
            Tree::Object(_) => {
                self.tree(bytes, &entry, inside, &mut edits);
                None
            }
            other => Some(other),
        })?;
        for tree in &trees {
            self.tree(bytes, tree, Around { random: true, ..Around::default() }, &mut edits);
        }
        edits.sort_by_key(|(range, _)| range.start);
        Ok(super::text::splice(bytes, &edits))
    }

    /// JSON in a body or a field; `None` when nothing changed, and when it is no JSON.
    pub(super) fn json(&mut self, bytes: &[u8], random: bool) -> Option<Option<Vec<u8>>> {
        self.json_in(bytes, Around { random, ..Around::default() })
    }

    fn json_in(&mut self, bytes: &[u8], around: Around<'_>) -> Option<Option<Vec<u8>>> {
        let trees = parse(bytes).ok()?;
        if !trees.iter().all(|tree| matches!(tree, Tree::List(_) | Tree::Object(_))) {
            return None;
        }
        let mut edits = Vec::new();
        for tree in &trees {
            self.tree(bytes, tree, around, &mut edits);
        }
        edits.sort_by_key(|(range, _)| range.start);
        Some((!edits.is_empty()).then(|| super::text::splice(bytes, &edits)))
    }

    /// The claims of a token: nested tokens lose their signatures, everything else stays readable.
    pub(super) fn claims(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let random = std::mem::replace(&mut self.random, false);
        let changed = self.json_in(payload, Around { name: CLAIMS, ..Around::default() }).flatten();
        self.random = random;
        changed
    }

    fn tree(&mut self, bytes: &[u8], tree: &Tree<'_>, around: Around<'_>, edits: &mut Edits) {
        match tree {
            Tree::Object(members) => {
                if !self.named_pair(bytes, tree, around, edits) {
                    self.object(bytes, tree, members, around, edits);
                }
            }
            Tree::List(elements) => {
                for element in elements {
                    if !self.listed_pair(element, around, edits) {
                        self.tree(bytes, element, Around { list: around.name, ..around }, edits);
                    }
                }
            }
            Tree::Text(text, range) => {
                let value = text.bytes();
                let new = self.string(&value, around);
                replace(edits, range, &value, new);
            }
            Tree::Cut(range) => {
                // Nobody knows what it would have been.
                if range.len() > 4 {
                    edits.push((range.start + 1..range.end, b"[cut]".to_vec()));
                }
            }
            Tree::Other => {}
        }
    }

    fn object(
        &mut self,
        bytes: &[u8],
        tree: &Tree<'_>,
        members: &[(Text<'_>, Tree<'_>)],
        around: Around<'_>,
        edits: &mut Edits,
    ) {
        let is_key = tree.member(&["kty"]).is_some();
        let body = self.body_of(tree, around, edits) || self.token_of(tree, edits);
        for (name, value) in members {
            let name = name.bytes();
            if body && &*name == b"text" {
                continue;
            }
            if let Tree::Text(text, range) = value {
                let given = text.bytes();
                // RFC 7518 6: the private members of a key.
                let private = is_key && matches!(&*name, b"d" | b"p" | b"q" | b"dp" | b"dq" | b"qi" | b"k");
                // `{"headers": {"Authorization": "…"}}`
                let new = match around.name {
                    _ if private => Some(self.vault.mark(&given, Kind::PrivateKey)),
                    b"headers" | b"requestHeaders" | b"responseHeaders" => self.field(&name, &given),
                    b"cookies" => Some(self.cookie_value(&given)),
                    holder if name.eq_ignore_ascii_case(b"name") && people::is_holder(holder) => {
                        let named = self.people.as_mut().map(|people| people.name(&given));
                        named.or_else(|| self.string(&given, Around { name: &name, ..around }))
                    }
                    _ => self.string(&given, Around { name: &name, ..around }),
                };
                replace(edits, range, &given, new);
                continue;
            }
            self.tree(bytes, value, Around { name: &name, list: around.name, random: around.random }, edits);
        }
    }

    /// `{"name": …, "value": …}` of header fields, cookies, parameters; whether it was one.
    fn named_pair(&mut self, bytes: &[u8], tree: &Tree<'_>, around: Around<'_>, edits: &mut Edits) -> bool {
        let name = tree.member(&["name", "Name", "key"]).and_then(Tree::text);
        let value = tree.member(&["value", "Value"]);
        let (Some(name), Some(Tree::Text(value, range)), Tree::Object(members)) = (name, value, tree) else {
            return false;
        };
        let given = value.bytes();
        let list = String::from_utf8_lossy(around.list).to_ascii_lowercase();
        let new = if list.contains("header") || list.contains("trailer") {
            self.lines(&name, &given)
        } else if list.contains("cookie") {
            Some(self.cookie_value(&given))
        } else {
            self.stored_parameter(&name, &given)
        };
        replace(edits, range, &given, new);
        for (member, other) in members {
            if !matches!(other, Tree::Text(_, at) if at == range) {
                let member = member.bytes();
                self.tree(bytes, other, Around { name: &member, list: around.list, ..around }, edits);
            }
        }
        true
    }

    /// Repeated fields that an exporter joined by line feeds.
    fn lines(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        if !value.contains(&b'\n') {
            return self.field(name, value);
        }
        let lines: Vec<Vec<u8>> = value
            .split(|byte| *byte == b'\n')
            .map(|line| self.field(name, line).unwrap_or_else(|| line.to_vec()))
            .collect();
        Some(lines.join(&b'\n'))
    }

    /// A parameter as exporters keep it: decoded, or still encoded.
    fn stored_parameter(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let encoded = memchr::memchr(b'%', value).is_some() && !value.contains(&b' ');
        if !encoded {
            return self.parameter(&decode_form(name), value);
        }
        let named = [&super::needles::percent(name, b"-._~", false), &b"="[..], value].concat();
        let new = self.pairs(&named)?;
        let at = named.len() - value.len();
        Some(new.get(at..)?.to_vec())
    }

    /// `["name", "value"]` of header fields; whether it was one.
    fn listed_pair(&mut self, element: &Tree<'_>, around: Around<'_>, edits: &mut Edits) -> bool {
        let list = String::from_utf8_lossy(around.name).to_ascii_lowercase();
        let (Tree::List(pair), true) = (element, list.contains("header")) else { return false };
        let [Tree::Text(name, _), Tree::Text(value, range), ..] = pair.as_slice() else { return false };
        let given = value.bytes();
        let new = self.lines(&name.bytes(), &given);
        replace(edits, range, &given, new);
        true
    }

    /// `postData` and `content`: a text with its type; whether there was one.
    fn body_of(&mut self, tree: &Tree<'_>, around: Around<'_>, edits: &mut Edits) -> bool {
        let media = tree.member(&["mimeType"]).and_then(Tree::text);
        let encoding = tree.member(&["encoding", "_encoding"]).and_then(Tree::text);
        let Some(Tree::Text(text, range)) = tree.member(&["text"]) else { return false };
        if media.is_none() && encoding.is_none() && !matches!(around.name, b"content" | b"postData") {
            return false;
        }
        let given = text.bytes();
        let media = media.unwrap_or_default();
        let base64 = encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"base64"));
        let bare: Vec<u8> =
            given.iter().copied().filter(|byte| base64 && !byte.is_ascii_whitespace()).collect();
        let new = match LENIENT.decode(&bare) {
            Ok(decoded) if base64 => {
                self.exported_body(&media, &decoded).map(|new| STANDARD.encode(new).into_bytes())
            }
            _ => self.body(&media, &given),
        };
        replace(edits, range, &given, new);
        true
    }

    /// A token in a report of ours that shows secrets: its text, whatever it looks like; whether there was one.
    fn token_of(&mut self, tree: &Tree<'_>, edits: &mut Edits) -> bool {
        let Some(Tree::Text(text, range)) = tree.member(&["text"]) else { return false };
        if tree.member(&["role"]).is_none() || tree.member(&["fingerprint"]).is_none() {
            return false;
        }
        let given = text.bytes();
        let new = self.secret_value(b"token", &given);
        replace(edits, range, &given, new);
        true
    }

    /// An authority with somebody's name and password in it (RFC 3986 3.2.1).
    pub(super) fn authority(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        const SCHEME: &[u8] = b"https://";
        let changed = self.address(&[SCHEME, value].concat())?;
        changed.strip_prefix(SCHEME).map(<[u8]>::to_vec)
    }

    /// A string under a name.
    fn string(&mut self, value: &[u8], around: Around<'_>) -> Option<Vec<u8>> {
        let named = if around.name.is_empty() { around.list } else { around.name };
        if names::Promise::of(named).holds(value) {
            return self.secret_value(named, value);
        }
        if self.people.is_some() && people::is_name(named) && !value.contains(&b'@') {
            return self.people.as_mut().map(|people| people.name(value));
        }
        // A name of anything, but for one that stands elsewhere as that of a person.
        if named.eq_ignore_ascii_case(b"name")
            && self.people.as_ref().is_some_and(|people| people.knows(value))
        {
            return self.people.as_mut().map(|people| people.name(value));
        }
        if let Some(new) = self.people.as_mut().and_then(|people| people.puid(named, value)) {
            return Some(new);
        }
        let address = value.get(..8).is_some_and(|start| {
            start.starts_with(b"http://") || start.starts_with(b"https://") || start.starts_with(b"ws")
        });
        // Targets of requests, in reports and in custom members.
        let target = value.starts_with(b"/")
            && (value.contains(&b'?') || matches!(named, b"target" | b"path" | b"url" | b"redirectURL"));
        if address || target {
            return self.address(value);
        }
        if matches!(named, b"host" | b"authority") && memchr::memchr(b'@', value).is_some() {
            return self.authority(value);
        }
        self.value(value, around.random && !names::is_public(named))
    }

    /// Text that may be JSON again.
    pub(super) fn value(&mut self, value: &[u8], random: bool) -> Option<Vec<u8>> {
        let bare = value.trim_ascii();
        if matches!(bare.first(), Some(b'{' | b'['))
            && matches!(bare.last(), Some(b'}' | b']'))
            && let Some(Some(found)) = self.deeper(|this| this.json(value, random))
        {
            return found;
        }
        self.leaf(value, random)
    }
}

fn replace(edits: &mut Edits, range: &Range<usize>, old: &[u8], new: Option<Vec<u8>>) {
    let Some(new) = new.filter(|new| new != old) else { return };
    let text = String::from_utf8_lossy(&new);
    let literal = serde_json::to_string(&text).unwrap_or_else(|_| "\"\"".to_owned());
    edits.push((range.clone(), literal.into_bytes()));
}
