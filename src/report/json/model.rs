//! Takes exchanges, tokens, connections and inputs, gives the records of the schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::checks::judge::SignatureState;
use crate::connection::{Connection, Flow, State};
use crate::exchange::{ExchangeKey, Field, Head};
use crate::json::{Node, Value};
use crate::pipeline::Input;
use crate::report::mask::{Mask, stand_in};
use crate::report::numbers::Order;
use crate::report::{Inspection, Listed, authentication};
use crate::token::principal::Principal;
use crate::token::store::TokenStore;
use crate::token::{Half, Token, TokenId};

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
pub(super) struct InputRecord<'i> {
    path: &'i str,
    kind: &'static str,
    compression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<u32>,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    exchanges: u64,
}

/// One input.
pub(super) fn input(input: &Input) -> InputRecord<'_> {
    InputRecord {
        path: &input.path,
        kind: input.kind.name(),
        compression: input.compression,
        follows: input.follows,
        bytes: input.bytes,
        sha256: input.sha256.map(|hash| hex(&hash)),
        exchanges: input.exchanges,
    }
}

#[derive(Serialize)]
struct TlsRecord<'e> {
    version: Option<&'e str>,
    cipher: Option<&'e str>,
    sni: Option<&'e str>,
}

#[derive(Serialize)]
struct RequestRecord<'e> {
    method: &'e str,
    scheme: Option<&'e str>,
    host: Option<Cow<'e, str>>,
    target: String,
    headers: Vec<(String, String)>,
    body_bytes: u64,
}

#[derive(Serialize)]
struct ResponseRecord {
    status: u16,
    headers: Vec<(String, String)>,
    body_bytes: u64,
}

#[derive(Serialize)]
struct SentRecord {
    scheme: Option<String>,
    header: &'static str,
    empty: bool,
}

#[derive(Serialize)]
struct AuthenticationRecord {
    sent: Vec<SentRecord>,
    offered: Vec<String>,
}

/// Where an exchange ended that goes on in another input.
#[derive(Serialize)]
struct UntilRecord {
    input: u32,
    frame: u64,
}

#[derive(Serialize)]
pub(in crate::report) struct ExchangeRecord<'e> {
    index: usize,
    input: u32,
    time: Option<String>,
    frames: Option<(u64, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<UntilRecord>,
    client: Option<String>,
    server: Option<String>,
    protocol: &'static str,
    tls: Option<TlsRecord<'e>>,
    complete: bool,
    request: Option<RequestRecord<'e>>,
    response: Option<ResponseRecord>,
    authentication: AuthenticationRecord,
    tokens: Vec<usize>,
}

/// One exchange.
pub(in crate::report) fn exchange<'e>(
    index: usize,
    listed: &'e Listed,
    store: &TokenStore,
    order: &Order,
    mask: Mask,
) -> ExchangeRecord<'e> {
    let exchange = &listed.exchange;
    let texts = |half| listed.texts(store, half);
    let asked = texts(Half::Request);
    // A server may quote what it was given.
    let answered = [&texts(Half::Response)[..], &asked].concat();
    let tokens = listed.numbers(order, None);
    ExchangeRecord {
        index,
        input: exchange.key.input,
        time: exchange.time().map(|time| time.to_string()),
        frames: exchange.frames,
        until: exchange.until.as_deref().map(|&(input, frame)| UntilRecord { input, frame }),
        client: exchange.client.map(|end| end.to_string()),
        server: exchange.server.map(|end| end.to_string()),
        protocol: exchange.protocol.name(),
        tls: exchange.tls.as_ref().map(|facts| TlsRecord {
            version: facts.version.as_deref(),
            cipher: facts.cipher.as_deref(),
            sni: facts.sni.as_deref(),
        }),
        complete: exchange.complete(),
        request: exchange.request.as_ref().map(|request| RequestRecord {
            method: &request.method,
            scheme: request.scheme.as_deref(),
            host: request.host.as_deref().map(|host| mask.host(host)),
            target: mask.known(&request.target, &asked).into_owned(),
            headers: headers(&request.head, true, &asked, mask),
            body_bytes: request.body.total,
        }),
        response: exchange.response.as_ref().map(|response| ResponseRecord {
            status: response.status,
            headers: headers(&response.head, false, &answered, mask),
            body_bytes: response.body.total,
        }),
        authentication: AuthenticationRecord {
            sent: authentication::sent(exchange)
                .into_iter()
                .map(|sent| SentRecord { scheme: sent.scheme, header: sent.header, empty: sent.empty })
                .collect(),
            offered: authentication::offered(exchange),
        },
        tokens,
    }
}

/// All exchanges in print order, each opened for its own record only.
pub(super) struct Exchanges<'i> {
    pub(super) inspection: &'i Inspection,
    pub(super) mask: Mask,
}

impl Serialize for Exchanges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Inspection { exchanges, tokens, order, .. } = self.inspection;
        let mut records = serializer.serialize_seq(Some(exchanges.len()))?;
        for (index, listed) in exchanges.iter().enumerate() {
            records.serialize_element(&exchange(index, &listed, tokens, order, self.mask))?;
        }
        records.end()
    }
}

/// Pairs in the order of the wire. What a client sends in the fields of a challenge is no challenge, but credentials.
fn headers(head: &Head, sent: bool, tokens: &[Bytes], mask: Mask) -> Vec<(String, String)> {
    let name = |name: &[u8]| crate::report::escape::header_text(name).into_owned();
    let is_challenge = |field: &Field<'_>| field.is("www-authenticate") || field.is("proxy-authenticate");
    let masked = |field: Field<'_>| match sent && is_challenge(&field) {
        true => mask.field(b"authorization", field.value, tokens),
        false => mask.field(field.name, field.value, tokens),
    };
    head.fields().map(|field| (name(field.name), masked(field))).collect()
}

#[derive(Serialize)]
struct PrincipalRecord {
    id: String,
    host: Option<String>,
    realm: Option<String>,
}

impl PrincipalRecord {
    fn of(name: &Principal<'_>, mask: Mask) -> Option<Self> {
        let masked = mask.name(name);
        let name = Principal::parse(&masked)?;
        Some(Self {
            id: name.id.to_owned(),
            host: name.host.map(str::to_owned),
            realm: name.realm.map(str::to_owned),
        })
    }
}

#[derive(Serialize)]
struct SignatureRecord<'t> {
    state: &'static str,
    key: Option<&'t str>,
}

#[derive(Serialize)]
pub(super) struct TokenRecord<'t> {
    index: usize,
    fingerprint: Option<String>,
    role: &'static str,
    location: Option<String>,
    exchanges: Vec<usize>,
    count: u64,
    header: Option<Json<'t>>,
    claims: Option<Json<'t>>,
    duplicates: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duplicate_members: Vec<(String, Json<'t>)>,
    actor: Option<usize>,
    principal: Option<PrincipalRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_scope: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureRecord<'t>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

type Judged = BTreeMap<TokenId, (bool, SignatureState)>;

/// All tokens in print order, each parsed for its own record only where there are many.
pub(super) struct Tokens<'t, N> {
    pub(super) store: &'t TokenStore,
    pub(super) order: &'t Order,
    /// The number of an exchange, where it is printed.
    pub(super) number: N,
    pub(super) judged: Option<&'t Judged>,
    pub(super) mask: Mask,
}

impl<N: Fn(&ExchangeKey) -> Option<usize>> Serialize for Tokens<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut records = serializer.serialize_seq(None)?;
        for (index, id) in self.order.tokens().iter().enumerate() {
            let one = |token: &Token| records.serialize_element(&self.record(index, *id, token));
            self.store.visit(*id, one).transpose()?;
        }
        records.end()
    }
}

impl<N: Fn(&ExchangeKey) -> Option<usize>> Tokens<'_, N> {
    fn record<'t>(&'t self, index: usize, id: TokenId, token: &'t Token) -> TokenRecord<'t> {
        let Self { store, order, number, judged, mask } = self;
        let seen = store.sightings(id);
        let inside = token.actor.and_then(|actor| Some((&store.get(actor)?.text[..], order.number(actor))));
        let members = Members { inside, mask: *mask };
        let verdict = judged.and_then(|judged| judged.get(&id));
        let twice = duplicates(token);
        TokenRecord {
            index,
            fingerprint: Some(token.fingerprint.to_string()),
            role: token.role.name(),
            location: seen.and_then(|seen| seen.first.as_ref()).map(|(_, at)| location(token, at, store)),
            exchanges: seen
                .map(|seen| seen.exchanges.iter().filter_map(number).collect())
                .unwrap_or_default(),
            count: seen.map_or(0, |seen| seen.count),
            header: token.header().map(|node| Json { node, members, hidden: false }),
            claims: token.claims().map(|node| Json { node, members, hidden: false }),
            duplicate_members: if twice.is_empty() { Vec::new() } else { duplicate_members(token, members) },
            duplicates: twice,
            actor: token.actor.and_then(|actor| order.number(actor)),
            principal: token.application().and_then(|name| PrincipalRecord::of(&name, *mask)),
            in_scope: judged.map(|_| verdict.is_some_and(|(in_scope, _)| *in_scope)),
            signature: verdict
                .map(|(_, state)| SignatureRecord { state: state.state, key: state.key.as_deref() }),
            text: mask.shows().then(|| String::from_utf8_lossy(&token.text).into_owned()),
        }
    }
}

/// Where a token stood; for one inside another, the claim that holds it is named, too.
pub(in crate::report) fn location(token: &Token, at: &crate::token::Location, store: &TokenStore) -> String {
    let mut place = at.to_string();
    if token.depth > 0 {
        let carrier = token.carried_by.first().and_then(|id| store.get(*id));
        let name = carrier.and_then(Token::claims).and_then(|claims| {
            claims
                .members()
                .iter()
                .find(|member| member.value.as_str().is_some_and(|text| text.as_bytes() == &token.text[..]))
        });
        let claim = name.map_or("actortoken", |member| member.name.as_str());
        place = format!("{place}#{claim}");
    }
    place
}

fn duplicates(token: &Token) -> Vec<String> {
    let parts = [token.header(), token.claims()].into_iter().flatten();
    parts.flat_map(Node::duplicates).map(str::to_owned).collect()
}

/// Every occurrence after the first, which `claims` and `header` show: nothing is lost.
fn duplicate_members<'t>(token: &'t Token, members: Members<'t>) -> Vec<(String, Json<'t>)> {
    let mut all = Vec::new();
    for part in [token.header(), token.claims()].into_iter().flatten() {
        for member in part.repeated().into_iter().filter_map(|at| part.members().get(at)) {
            let hidden = members.mask.hides(&member.name);
            all.push((member.name.clone(), Json { node: &member.value, members, hidden }));
        }
    }
    all
}

/// What the values of claims need to be shown: tokens inside tokens become references.
#[derive(Clone, Copy)]
struct Members<'t> {
    /// Text and number of the token inside.
    inside: Option<(&'t [u8], Option<usize>)>,
    mask: Mask,
}

/// A node as JSON. The first of repeated members is shown; numbers stay as written.
struct Json<'t> {
    node: &'t Node,
    members: Members<'t>,
    /// Whether its name promises a secret.
    hidden: bool,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = |node, hidden| Json { node, members: self.members, hidden };
        match &self.node.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(text) if self.hidden => serializer.serialize_str(&stand_in(text.as_bytes())),
            Value::String(text) if self.hidden => serializer.serialize_str(&stand_in(text.as_bytes())),
            Value::Number(text) => match RawValue::from_string(text.clone()) {
                Ok(raw) => raw.serialize(serializer),
                Err(_) => serializer.serialize_str(text),
            },
            Value::String(text) => self.members.string(text, serializer),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(&of(item, self.hidden)))?;
                list.end()
            }
            Value::Object(members) => {
                let mut map = serializer.serialize_map(None)?;
                let repeated = self.node.repeated();
                for (index, member) in members.iter().enumerate() {
                    if repeated.binary_search(&index).is_err() {
                        let hidden = self.hidden || self.members.mask.hides_among(&member.name, members);
                        map.serialize_entry(&member.name, &of(&member.value, hidden))?;
                    }
                }
                map.end()
            }
        }
    }
}

impl Members<'_> {
    /// A token inside is shown as a reference to its own entry, anything else like a token is masked.
    fn string<S: Serializer>(self, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(number) = self.inside.filter(|inside| inside.0 == text.as_bytes()).map(|inside| inside.1)
        {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry("token", &number)?;
            return map.end();
        }
        serializer.serialize_str(&self.mask.text(text))
    }
}

#[derive(Serialize)]
struct FlowRecord {
    bytes: u64,
    missing: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ConnectionRecord {
    index: usize,
    input: u32,
    client: Option<String>,
    server: Option<String>,
    state: &'static str,
    reason: Option<String>,
    sent: FlowRecord,
    received: FlowRecord,
}

/// One connection.
pub(super) fn connection((index, connection): (usize, &Connection)) -> ConnectionRecord {
    ConnectionRecord {
        index,
        input: connection.input,
        client: connection.client.map(|end| end.to_string()),
        server: connection.server.map(|end| end.to_string()),
        state: match connection.state() {
            State::Complete => "complete",
            State::Partial => "partial",
            State::Undecrypted => "undecrypted",
        },
        reason: crate::report::reason::of(connection),
        sent: flow(&connection.sent),
        received: flow(&connection.received),
    }
}

fn flow(flow: &Flow) -> FlowRecord {
    FlowRecord { bytes: flow.bytes, missing: flow.missing, sha256: flow.sha256.map(|hash| hex(&hash)) }
}
