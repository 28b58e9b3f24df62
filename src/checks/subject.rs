//! What rules look at: typed views of tokens, uses, exchanges, connections and certificates, with the
//! facts that several rules share computed once.

/// Lines of logs.
mod logged;

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::base::{Instant, Question, Seen, lossy, lower};
use crate::connection::Connection;
use crate::exchange::{Exchange, Request, Response};
use crate::keys::Origin;
use crate::keys::certificate::Certificate;
use crate::keys::load::Loaded;
use crate::keys::s2s_metadata::{self, Document};
use crate::limits;
use crate::soap;
use crate::token::principal::Principal;
use crate::token::store::TokenStore;
use crate::token::{Role, Sighting, Token, TokenId};
use crate::wire::http::body::{self, CodingError, Glimpse};
use crate::wire::http::challenge::{self, Challenge, Sent};

pub use self::logged::LogCase;
use super::CheckId;
use super::expectations::Expectations;
use super::judge::facts::Signed;
use super::judge::memory::Memory;
use super::place::{self, Place};

/// How far a token is judged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Standing {
    /// Listed only.
    #[default]
    Other,
    /// Exchange's own self-issued token in the tenant, with `--cert`: judged by some checks.
    SelfIssued,
    /// Of an application in scope.
    InScope,
}

impl Standing {
    /// Whether a check judges tokens of this standing (contract, "In scope").
    pub const fn judged_by(self, check: CheckId) -> bool {
        match self {
            Self::InScope => true,
            Self::SelfIssued => matches!(
                check,
                CheckId::Signature | CheckId::Lifetime | CheckId::Certificate | CheckId::TokenRequest
            ),
            Self::Other => false,
        }
    }
}

/// What the signature of a token came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Proof {
    /// Not a JWT: opaque or encrypted.
    #[default]
    NoJwt,
    /// `alg` is `none`.
    Unsigned,
    /// The header names an algorithm, but the signature part is empty or masked.
    Removed,
    /// Not the compact form to the letter: no signature over it counts (RFC 7515 5.2), whatever a reader makes of it.
    Malformed,
    /// Right.
    Verified {
        /// The key, described.
        key: String,
        /// Where it came from.
        origin: Origin,
        /// RSA under 2048 bits.
        weak: bool,
        /// Thumbprint of the key's certificate.
        thumbprint: Option<[u8; 20]>,
    },
    /// Wrong.
    Failed {
        /// The key that the token named, described.
        key: Option<String>,
    },
    /// No key of that name was supplied.
    NoKey,
    /// The key cannot be used with the algorithm.
    WrongKind {
        /// The key, described.
        key: String,
        /// HMAC asked for, asymmetric key given.
        confusion: bool,
        /// The token names that key itself.
        named: bool,
    },
    /// An algorithm that is not verified here.
    UnknownAlgorithm,
}

/// A distinct token.
#[derive(Clone, Copy, Debug)]
pub struct TokenCase<'a> {
    /// What is expected.
    pub expected: &'a Expectations,
    /// All tokens.
    pub store: &'a TokenStore,
    /// Its identity.
    pub id: TokenId,
    /// The token.
    pub token: &'a Token,
    /// How far it is judged.
    pub standing: Standing,
    /// What its signature came to.
    pub proof: &'a Proof,
}

impl<'a> TokenCase<'a> {
    /// The actor token inside.
    pub fn actor(&self) -> Option<&'a Token> {
        self.store.get(self.token.actor?)
    }

    /// The actor token inside, for rules that compare the two: one that cannot be read says nothing to compare.
    pub fn outer_and_actor(&self) -> Option<(&'a Token, &'a Token)> {
        let actor = self.actor().filter(|actor| actor.claims().is_some())?;
        (self.token.role == Role::Outer).then_some((self.token, actor))
    }

    /// Whether it is self-issued: see [`self_issued`].
    pub fn self_issued(&self) -> bool {
        self_issued(self.token)
    }

    /// The algorithm, `none` in any case as `none`.
    pub fn algorithm(&self) -> Option<&'a str> {
        algorithm(self.token)
    }

    /// The application and its claim.
    pub fn application(&self) -> Option<(&'static str, Principal<'a>)> {
        Some((self.token.application_claim()?, self.token.application()?))
    }
}

/// The algorithm, `none` in any case as `none`.
pub fn algorithm(token: &Token) -> Option<&str> {
    let name = token.jwt.as_ref()?.algorithm()?;
    Some(if name.eq_ignore_ascii_case("none") { "none" } else { name })
}

/// Whether a token is signed, or was before its source removed the signature.
pub fn is_signed(token: &Token) -> bool {
    token.jwt.as_ref().is_some_and(|jwt| jwt.is_signed())
        || algorithm(token).is_some_and(|name| name != "none")
}

/// An assertion, or a token whose `iss` is its own `nameid` (contract, `signature`).
pub fn self_issued(token: &Token) -> bool {
    match token.role {
        Role::Assertion => true,
        Role::Actor => match (token.principal("iss"), token.principal("nameid")) {
            (Some(issuer), Some(name)) => issuer.is(name.id) && same(issuer.realm, name.realm),
            _ => false,
        },
        _ => false,
    }
}

fn same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => true,
        _ => false,
    }
}

/// The realm of the tenant that a token names in its application claim; for Entra tokens `tid`, or the
/// tenant in the path of `iss`.
pub fn realm_of(token: &Token) -> Option<&str> {
    match token.role {
        Role::Access | Role::Id => token.claim("tid").or_else(|| {
            let (_, rest) = token.claim("iss")?.split_once("://")?;
            rest.split('/').nth(1).filter(|part| !part.is_empty())
        }),
        _ => token.application()?.realm,
    }
}

/// One use of a token.
#[derive(Clone, Copy, Debug)]
pub struct UseCase<'a> {
    /// The token.
    pub token: TokenCase<'a>,
    /// The exchange; `None` for plain text.
    pub exchange: Option<&'a ExchangeCase<'a>>,
    /// Where it stood (or the token that carries it).
    pub sighting: &'a Sighting,
    /// Whether it travelled inside another token.
    pub carried: bool,
    /// The moment at which it is judged.
    pub at: Option<Instant>,
}

impl<'a> UseCase<'a> {
    /// Whether so many seconds beside a bound may come from a zone that nobody knows.
    pub(crate) fn may_be_zone(&self, beyond: i64) -> bool {
        const WIDEST: i64 = 14 * 3600;
        let unknown = || self.exchange.is_some_and(|case| case.exchange.zone_is_unknown());
        beyond <= WIDEST + self.token.expected.leeway && self.token.expected.at.is_none() && unknown()
    }

    /// The exchange, when the token itself was presented in its request, to something that is no
    /// token service.
    pub fn presented(&self) -> Option<&'a ExchangeCase<'a>> {
        let case = self.exchange?;
        (!self.carried
            && self.sighting.presented
            && self.sighting.location.half == crate::token::Half::Request
            && self.token.token.role != Role::Assertion
            && case.place != Place::TokenService)
            .then_some(case)
    }
}

/// What cannot be said where an export names no zone.
pub(crate) const NO_ZONE: &str = "an export does not say in which zone its clock ran, and in another one the token was \
     within its time: give the moment with --at, or export again with dates that name their zone";

/// A token seen in an exchange, with its standing.
#[derive(Clone, Copy, Debug)]
pub struct SeenToken<'a> {
    /// Which.
    pub id: TokenId,
    /// The token.
    pub token: &'a Token,
    /// How far it is judged.
    pub standing: Standing,
    /// Where it stood.
    pub sighting: &'a Sighting,
    /// What its signature came to: the actor's for an outer token.
    pub signed: Signed,
}

/// One exchange that is in scope.
#[derive(Debug)]
pub struct ExchangeCase<'a> {
    /// What is expected.
    pub expected: &'a Expectations,
    /// All tokens so far.
    pub store: &'a TokenStore,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// What the request went to.
    pub place: Place,
    /// The path of the target.
    path: &'a str,
    /// The moment at which it is judged.
    pub at: Option<Instant>,
    /// The tokens in it, those inside others left out.
    pub tokens: Vec<SeenToken<'a>>,
    offered: OnceCell<Vec<Challenge>>,
    sent: OnceCell<Vec<Sent>>,
    form: OnceCell<Vec<(String, String)>>,
    glimpse: Option<Glimpse<'a>>,
    tokenless_request: bool,
    /// `None` when it is the body's own bytes.
    answer: OnceCell<Option<Vec<u8>>>,
    ews: OnceCell<Option<soap::ews::Outcome>>,
    granted: OnceCell<Option<soap::token_service::Answer>>,
    document: OnceCell<Option<Document>>,
    skew: OnceCell<Option<i64>>,
    hosts: OnceCell<(usize, bool)>,
}

impl<'a> ExchangeCase<'a> {
    /// A view of `exchange`.
    pub fn new(
        expected: &'a Expectations,
        store: &'a TokenStore,
        exchange: &'a Exchange,
        place: Place,
        tokens: Vec<SeenToken<'a>>,
    ) -> Self {
        Self {
            expected,
            store,
            exchange,
            place,
            path: exchange.request.as_ref().map_or("", |request| request.path()),
            at: expected.at.or_else(|| exchange.moment()),
            tokens,
            offered: OnceCell::new(),
            sent: OnceCell::new(),
            form: OnceCell::new(),
            glimpse: None,
            tokenless_request: false,
            answer: OnceCell::new(),
            ews: OnceCell::new(),
            granted: OnceCell::new(),
            document: OnceCell::new(),
            skew: OnceCell::new(),
            hosts: OnceCell::new(),
        }
    }

    /// The request.
    pub fn request(&self) -> Option<&'a Request> {
        self.exchange.request.as_deref()
    }

    /// The response.
    pub fn response(&self) -> Option<&'a Response> {
        self.exchange.response.as_deref()
    }

    /// Status of the response.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status)
    }

    /// The authority as the message names it, user information left out.
    pub fn host(&self) -> Option<&'a str> {
        self.request()?.host.as_deref().map(place::without_user)
    }

    /// How many `Host` fields the request has, and whether they name different hosts.
    pub fn hosts(&self) -> (usize, bool) {
        *self.hosts.get_or_init(|| {
            let Some(request) = self.request() else { return (0, false) };
            let mut hosts = request.head.all("host").map(|field| field.value);
            let Some(first) = hosts.next() else { return (0, false) };
            hosts.fold((1, false), |(count, differ), host| {
                (count + 1, differ || !host.eq_ignore_ascii_case(first))
            })
        })
    }

    /// The path of the target.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// Whether it went to Exchange, as far as the path tells.
    pub fn at_exchange(&self) -> bool {
        matches!(self.place, Place::Exchange | Place::ExchangeOther)
    }

    /// The first token in scope that the request presented as a credential.
    pub fn presented(&self) -> Option<&SeenToken<'a>> {
        self.tokens.iter().find(|seen| {
            seen.standing == Standing::InScope
                && seen.sighting.presented
                && seen.sighting.location.half == crate::token::Half::Request
                && seen.token.role != Role::Assertion
        })
    }

    /// Challenges of the response.
    pub fn offered(&self) -> &[Challenge] {
        self.offered.get_or_init(|| {
            self.response().map(|response| challenge::challenges(&response.head)).unwrap_or_default()
        })
    }

    /// The first offered challenge of the scheme `Bearer`.
    pub fn bearer_challenge(&self) -> Option<&Challenge> {
        self.offered().iter().find(|offer| offer.is("bearer"))
    }

    /// Whether the whole head of the response is there, so that something follows from what does not stand in it.
    pub fn is_head_whole(&self) -> bool {
        self.response().is_some_and(|response| !response.head.partial)
    }

    /// Credentials of the request, those for a proxy left out.
    pub fn sent(&self) -> &[Sent] {
        self.sent.get_or_init(|| {
            let Some(request) = self.request() else { return Vec::new() };
            let mut sent = challenge::credentials_sent(&request.head);
            sent.retain(|sent| sent.header == "authorization");
            sent
        })
    }

    /// Whether the request carries credentials of `scheme` (lower case).
    pub fn sends(&self, scheme: &str) -> bool {
        self.sent().iter().any(|sent| sent.scheme == scheme && !sent.empty)
    }

    /// Whether the request carries `Bearer` with nothing behind it: discovery.
    pub fn sends_empty_bearer(&self) -> bool {
        self.sent().iter().any(|sent| sent.scheme == "bearer" && sent.empty)
    }

    /// Fields of a form in the request's body, decoded; of a body that was cut, those that are whole.
    pub fn form(&self) -> &[(String, String)] {
        self.form.get_or_init(|| {
            let Some(request) = self.request() else { return Vec::new() };
            let kind = lower(request.head.text("content-type").unwrap_or_default());
            if request.body.bytes.is_empty() || !(kind.is_empty() || kind.contains("form")) {
                return Vec::new();
            }
            let (content, fault) = body::content(&request.head, &request.body);
            let kept = &request.body;
            let decoded = matches!(fault, None | Some(CodingError::NotCoded(_)));
            let cut = !(kept.complete && decoded) || kept.bytes.len() >= limits::BODY_KEPT;
            let mut fields = place::form_fields(&lossy(&content));
            if cut && !content.ends_with(b"&") {
                fields.pop();
            }
            fields
        })
    }

    /// A field of the form, by name in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.form().iter().find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    /// The same with what is known of the response's content, and whether the request's names no token.
    pub(crate) fn with(self, glimpse: Option<Glimpse<'a>>, tokenless_request: bool) -> Self {
        Self { glimpse, tokenless_request, ..self }
    }

    /// The content of the response's body, up to [`limits::ANSWER_BYTES`].
    pub fn answer(&self) -> &[u8] {
        if let Some(glimpse) = self.glimpse.as_ref().filter(|glimpse| glimpse.whole) {
            return &glimpse.bytes;
        }
        let Some(response) = self.response() else { return &[] };
        let decoded = self.answer.get_or_init(|| {
            match body::content_prefix(&response.head, &response.body, limits::ANSWER_BYTES).0 {
                Cow::Owned(decoded) => Some(decoded),
                Cow::Borrowed(_) => None,
            }
        });
        let own = &response.body.bytes;
        decoded.as_deref().unwrap_or_else(|| own.get(..limits::ANSWER_BYTES).unwrap_or(own))
    }

    /// Whether the content of the response's body cannot be read though the body is there: it is damaged, coded in a way
    /// that is not known, or shown by a source that cannot show its bytes (RFC 9110 8.4).
    pub(crate) fn is_answer_garbled(&self) -> bool {
        let Some(Response { head, body: kept, .. }) = self.response() else { return false };
        if self.glimpse.is_some() || kept.bytes.is_empty() || !body::is_coded(head, kept) {
            return false;
        }
        let (content, trouble) = body::content_prefix(head, kept, limits::ANSWER_BYTES);
        match trouble {
            None => false,
            // Who decodes a body seldom changes the field that says that it is coded.
            Some(CodingError::NotCoded(_) | CodingError::Unknown(_)) => {
                let plain = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
                !matches!(plain.trim_ascii_start(), [b'<' | b'{', ..])
            }
            Some(_) => true,
        }
    }

    /// Roles that an EWS request asks for in its `ManagementRole` header.
    pub fn management_roles(&self) -> Vec<String> {
        let Some(request) = self.request() else { return Vec::new() };
        if request.body.bytes.is_empty() {
            return Vec::new();
        }
        let longest = crate::limits::ANSWER_BYTES;
        let (content, _) = body::content_prefix(&request.head, &request.body, longest);
        soap::ews::management_roles(&content)
    }

    /// Whether the header of a SOAP request holds a password: see [`soap::request::password`].
    pub fn soap_password(&self) -> bool {
        // It stands in a `UsernameToken`, which names one.
        let without = |request: &&Request| self.tokenless_request || request.body.bytes.is_empty();
        let Some(request) = self.request().filter(|request| !without(request)) else { return false };
        let (content, _) = body::content_prefix(&request.head, &request.body, limits::REQUEST_BYTES);
        soap::request::password(content.get(..limits::REQUEST_BYTES).unwrap_or(&content))
    }

    /// What EWS said in the response, when it is SOAP and an error may be in it: successes are many and
    /// large, and one look tells that they hold none.
    pub fn ews(&self) -> Option<&soap::ews::Outcome> {
        self.ews
            .get_or_init(|| {
                // What told enough decides, too: see `Sink::enough`.
                let told = self.response().is_some_and(|response| response.body.told);
                let known = self.glimpse.as_ref();
                let known = known.filter(|seen| {
                    seen.whole || told || seen.bytes.ask(Question::Decides, soap::ews::decides)
                });
                let body = known.map_or_else(|| Seen::Plain(self.answer()), |seen| seen.bytes.clone());
                let suspicious = body.ask(Question::Error, soap::ews::is_suspicious);
                if suspicious { soap::ews::read(&body) } else { None }
            })
            .as_ref()
    }

    /// Whether an EWS answer that a rule looked at nests deeper than is read.
    pub fn ews_too_deep(&self) -> bool {
        self.ews.get().and_then(Option::as_ref).is_some_and(|outcome| outcome.too_deep)
    }

    /// What the token service said in the response to a token request, when it is JSON.
    pub fn granted(&self) -> Option<&soap::token_service::Answer> {
        // Answers of others are many and large.
        let read = || self.token_request().and_then(|_| soap::token_service::read(self.answer()));
        self.granted.get_or_init(read).as_ref()
    }

    /// The S2S metadata document that was answered, when the path and the body are of one.
    pub fn document(&self) -> Option<&Document> {
        let ends = "/metadata/json/1";
        let path = self.path();
        let asked = path.len().checked_sub(ends.len()).and_then(|at| path.get(at..));
        if self.status() != Some(200) || !asked.is_some_and(|end| end.eq_ignore_ascii_case(ends)) {
            return None;
        }
        let read = || s2s_metadata::document(self.answer(), limits::JSON_BODY_NODES);
        self.document.get_or_init(read).as_ref()
    }

    /// Seconds that the server's clock is ahead of the recording.
    pub(crate) fn skew(&self) -> Option<i64> {
        *self.skew.get_or_init(|| super::lifetime::clock_skew::offset(self))
    }

    /// What `x-ms-diagnostics` of the response says: each server on the way may write one.
    pub fn diagnostics(&self) -> Option<soap::diagnostics::Diagnostics> {
        let values: Vec<_> =
            self.response()?.head.all("x-ms-diagnostics").map(|field| lossy(field.value)).collect();
        soap::diagnostics::all(values.iter().map(|value| &**value))
    }

    /// Whether it is a request for a token that this tool judges: application grants, no interactive ones.
    pub fn token_request(&self) -> Option<&str> {
        if self.place != Place::TokenService || !self.request()?.may_post() {
            return None;
        }
        let grant = self.field("grant_type").unwrap_or_default();
        let acs = self.path().to_ascii_lowercase().contains("/tokens/oauth/2");
        let interactive =
            ["authorization_code", "refresh_token", "device_code"].iter().any(|name| grant.ends_with(name));
        (acs || (!interactive && !grant.is_empty()) || self.field("assertion").is_some()).then_some(grant)
    }

    /// Whether packets show the request without TLS: where it was sent so, or where a mirror was decrypted.
    pub fn is_mirrored(&self) -> bool {
        self.exchange.connection.is_some() && self.exchange.tls.is_none()
    }

    /// Whether `named`, the host in a token's audience, is the authority of the request; `None` where that names none,
    /// or several.
    pub fn is_host(&self, named: &str) -> Option<bool> {
        let asked = self.host().filter(|_| !self.hosts().1)?;
        let scheme = self.request().and_then(|request| request.scheme.as_deref());
        // Packets without TLS may be those of a decrypted mirror: either default port is none.
        let scheme = scheme.filter(|_| !self.is_mirrored());
        Some(place::authority(named, scheme) == place::authority(asked, scheme))
    }

    /// Whether the request travelled without TLS: `None` when the source does not know.
    pub fn clear(&self) -> Option<bool> {
        if self.exchange.tls.is_some() {
            return Some(false);
        }
        let scheme = self.request().and_then(|request| request.scheme.as_deref());
        match (self.exchange.connection, scheme) {
            (Some(_), _) => Some(true),
            (None, Some("https")) => Some(false),
            (None, Some("http")) => Some(true),
            _ => None,
        }
    }
}

/// The host in the audience of a token, where that has the form `<application>/<host>@<realm>`; an address has none.
pub fn audience_host(token: &Token) -> Option<&str> {
    let host = token.principal("aud")?.host?;
    (!host.is_empty() && !host.starts_with('/')).then_some(host)
}

/// One connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionCase<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// The name that the client asked for or the certificate shows.
    pub name: Option<&'a str>,
}

/// One certificate of `--cert`.
#[derive(Clone, Copy, Debug)]
pub struct CertificateCase<'a> {
    /// What is expected.
    pub expected: &'a Expectations,
    /// The file.
    pub path: &'a str,
    /// What the file held.
    pub loaded: &'a Loaded,
    /// The certificate.
    pub certificate: &'a Certificate,
    /// First and last moment of use.
    pub uses: Option<(Instant, Instant)>,
    /// Whether a judged token was verified with it.
    pub used: bool,
    /// Whether a later one (by start of validity) was given too.
    pub superseded: bool,
}

/// Everything that was remembered.
#[derive(Clone, Copy, Debug)]
pub struct CaptureCase<'a> {
    /// What is expected.
    pub expected: &'a Expectations,
    /// All tokens.
    pub store: &'a TokenStore,
    /// What was remembered.
    pub memory: &'a Memory,
}
