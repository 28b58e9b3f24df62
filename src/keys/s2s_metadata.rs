//! Takes an S2S metadata document, gives its signing keys and what it says of its publisher.
//!
//! [MS-XOAUTH] and [MS-SPS2SAUTH] metadata: `/autodiscover/metadata/json/1` of Exchange, `/metadata/json/1` of
//! ACS, `/_layouts/15/metadata/json/1` of SharePoint. The spellings differ in letter case only.

use super::certificate::Certificate;
use super::{Key, Origin, jwks, pem};
use crate::json::{self, Member, Node, Value};

/// What a document says of its publisher.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    /// `name`
    pub name: Option<String>,
    /// `realm`; `*` of Exchange Online.
    pub realm: Option<String>,
    /// `serviceName`: the application id.
    pub service_name: Option<String>,
    /// `issuer`: `<application>@<realm>`.
    pub issuer: Option<String>,
    /// `allowedAudiences`
    pub allowed_audiences: Vec<String>,
    /// `endpoints`
    pub endpoints: Vec<Endpoint>,
}

/// One of `endpoints`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Endpoint {
    /// `location`: a URL.
    pub location: String,
    /// `protocol`, for example `OAuth2`.
    pub protocol: Option<String>,
    /// `usage`: `issuance`, `metadata`, …
    pub usage: Option<String>,
}

/// A document as it stands, to judge rather than to use: keys that do not fit are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    /// Its publisher.
    pub metadata: Metadata,
    /// Its signing keys, in order.
    pub keys: Vec<Published>,
}

/// One signing key of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// `keyinfo.x5t`, decoded, with its text.
    pub named: Option<(String, Option<Vec<u8>>)>,
    /// The certificate of `keyvalue`, where it is one.
    pub certificate: Option<Certificate>,
}

/// Reads the body of an answer, at most `nodes` values; `None` when it is no such document.
pub fn document(text: &[u8], nodes: usize) -> Option<Document> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let root = json::parse_bounded(text, nodes).ok().filter(is_metadata)?;
    let signing = |node: &&Node| {
        get(node, "usage").and_then(Node::as_str).is_none_or(|usage| usage.eq_ignore_ascii_case("signing"))
    };
    let published = |node: &Node| {
        let named = get(node, "keyinfo").and_then(|info| get(info, "x5t")).and_then(Node::as_str);
        let value = get(node, "keyvalue").and_then(|value| get(value, "value")).and_then(Node::as_str);
        let der = value.and_then(|value| pem::base64(value.as_bytes()));
        Published {
            named: named.map(|text| (text.to_owned(), jwks::thumbprint(text))),
            certificate: der.and_then(|der| Certificate::from_der(&der, "metadata").ok()),
        }
    };
    Some(Document {
        metadata: publisher(&root),
        keys: elements(get(&root, "keys")).iter().filter(signing).map(published).collect(),
    })
}

/// Whether a JSON object is such a document: keys that carry `keyvalue`, or the names around them.
pub(super) fn is_metadata(document: &Node) -> bool {
    let keys = elements(get(document, "keys"));
    keys.iter().any(|key| get(key, "keyvalue").is_some())
        || (get(document, "keys").is_some() && get(document, "serviceName").is_some())
}

/// The keys of a document, with a line for each that could not be used.
pub(super) fn read(document: &Node, source: &str, origin: Origin) -> (Metadata, Vec<Key>, Vec<String>) {
    let (mut keys, mut notices) = (Vec::new(), Vec::new());
    for (index, node) in elements(get(document, "keys")).iter().enumerate() {
        match key(node, source, origin) {
            Ok(key) => keys.push(key),
            Err(reason) => notices.push(format!("{source}: key {index} is not used: {reason}")),
        }
    }
    (publisher(document), keys, notices)
}

fn publisher(document: &Node) -> Metadata {
    let text = |name: &str| get(document, name).and_then(Node::as_str).map(str::to_owned);
    Metadata {
        name: text("name"),
        realm: text("realm"),
        service_name: text("serviceName"),
        issuer: text("issuer"),
        allowed_audiences: elements(get(document, "allowedAudiences"))
            .iter()
            .filter_map(|audience| audience.as_str().map(str::to_owned))
            .collect(),
        endpoints: elements(get(document, "endpoints")).iter().map(endpoint).collect(),
    }
}

fn endpoint(node: &Node) -> Endpoint {
    let text = |name: &str| get(node, name).and_then(Node::as_str).map(str::to_owned);
    Endpoint {
        location: text("location").unwrap_or_default(),
        protocol: text("protocol"),
        usage: text("usage"),
    }
}

fn key(node: &Node, source: &str, origin: Origin) -> Result<Key, String> {
    if let Some(usage) = get(node, "usage").and_then(Node::as_str)
        && !usage.eq_ignore_ascii_case("signing")
    {
        return Err(format!("its usage is {usage}"));
    }
    let value = get(node, "keyvalue").ok_or("it has no keyvalue")?;
    let encoded = get(value, "value").and_then(Node::as_str).ok_or("its keyvalue has no value")?;
    let der = pem::base64(encoded.as_bytes()).ok_or("its value is not base64")?;
    let certificate = Certificate::from_der(&der, source).map_err(|error| error.to_string())?;
    let said = get(node, "keyinfo").and_then(|info| get(info, "x5t")).and_then(Node::as_str);
    if let Some(said) = said.and_then(jwks::thumbprint)
        && said != certificate.thumbprint
    {
        return Err(format!("its x5t is not that of its certificate, {}", certificate.x5t()));
    }
    Ok(Key::of_certificate(certificate, source, origin))
}

/// A member by its name in any case.
fn get<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let same = |member: &&Member| member.name.eq_ignore_ascii_case(name);
    node.members().iter().find(same).map(|member| &member.value)
}

fn elements(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::Array(elements)) => elements,
        _ => &[],
    }
}
