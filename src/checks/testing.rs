//! Scenes for the tests of rules: a healthy call of Skype for Business Online to Exchange, and what can be
//! changed in it. Tokens are signed with keys made for the run.

pub(crate) mod probe;
/// Exchanges with the token service, and documents.
mod services;

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::expectations::{EXCHANGE, Expectations, SKYPE};
use super::finding::Severity;
use super::judge::{Judge, Judgement};
use super::rule::{Out, Rule, Scope};
use super::subject::{Proof, Standing, TokenCase};
use crate::base::Instant;
use crate::connection::{Connection, Content, TlsLedger};
use crate::exchange::{
    Body, Endpoint, Exchange, ExchangeKey, Head, Oddity, Protocol, Request, Response, TlsFacts,
};
use crate::keys::certificate::Certificate;
use crate::keys::load::Loaded;
use crate::keys::{Key, KeyRing, Origin};
use crate::sink::Sink as _;
use crate::token::store::{Hint, TokenStore};

/// The tenant.
pub(crate) const TENANT: &str = "11111111-2222-3333-4444-555555555555";
/// Another tenant.
pub(crate) const OTHER_TENANT: &str = "99999999-2222-3333-4444-555555555555";
const ACS: &str = "00000001-0000-0000-c000-000000000000";
pub(crate) const HOST: &str = "mail.contoso.com";

/// Whose key signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Signer {
    /// The token service, whose keys are given.
    Acs,
    /// Exchange, whose certificate is given.
    Exchange,
    /// Nobody known.
    Stranger,
}

/// A key pair with its certificate.
pub(crate) struct Identity {
    pair: aws_lc_rs::signature::RsaKeyPair,
    /// Its certificate.
    pub(crate) certificate: Certificate,
}

fn identity(signer: Signer) -> &'static Identity {
    static MADE: OnceLock<[Identity; 3]> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        ["ACS", "Microsoft Exchange Server Auth Certificate", "Stranger"].map(|name| {
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
            let mut wanted = rcgen::CertificateParams::default();
            wanted.distinguished_name = rcgen::DistinguishedName::new();
            wanted.distinguished_name.push(rcgen::DnType::CommonName, name);
            wanted.not_before = rcgen::date_time_ymd(2024, 1, 1);
            wanted.not_after = rcgen::date_time_ymd(2029, 1, 1);
            let der = wanted.self_signed(&key).unwrap().der().to_vec();
            Identity {
                pair: aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap(),
                certificate: Certificate::from_der(&der, "test").unwrap(),
            }
        })
    });
    match signer {
        Signer::Exchange => &made[1],
        Signer::Stranger => &made[2],
        Signer::Acs => &made[0],
    }
}

fn key_of(certificate: &Certificate, source: &str, origin: Origin) -> Key {
    Key {
        source: source.into(),
        origin,
        kid: None,
        x5t: Some(certificate.thumbprint),
        x5t_s256: Some(certificate.thumbprint_s256),
        algorithm: None,
        material: certificate.key.clone(),
        certificate: Some(Arc::new(certificate.clone())),
    }
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign(signer: Signer, header: &Value, payload: &str) -> String {
    let input = format!("{}.{}", b64(header.to_string()), b64(payload));
    let pair = &identity(signer).pair;
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", b64(signature))
}

/// How the token travels.
#[derive(Clone, Debug)]
enum Carriage {
    Header,
    Form(String),
    Query,
}

type Text = fn(String) -> String;
type Change<T> = Vec<Box<dyn Fn(&mut T)>>;

/// A call and what was given to judge it.
pub(crate) struct Scene {
    outer_header: Map<String, Value>,
    outer: Map<String, Value>,
    outer_text: Option<Text>,
    actor_header: Map<String, Value>,
    actor: Map<String, Value>,
    actor_form: Text,
    token_form: Text,
    alone: bool,
    wrapped: bool,
    signed_outside: bool,
    entra: bool,
    carriage: Carriage,
    authorization: Option<String>,
    changes: Change<Exchange>,
    expect: Change<Expectations>,
    more: Vec<Exchange>,
    connections: Vec<Connection>,
    truncated: bool,
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Scene {
    /// The moment of the call.
    pub(crate) const NOW: i64 = 1_750_000_000;

    /// A call with nothing wrong: outer token around an actor token of the token service, over TLS,
    /// answered 200.
    pub(crate) fn healthy() -> Self {
        let audience = format!("{EXCHANGE}/{HOST}@{TENANT}");
        let issuer = format!("{ACS}@{TENANT}");
        let x5t = identity(Signer::Acs).certificate.x5t();
        Self {
            outer_header: object(json!({"alg": "none", "typ": "JWT"})),
            outer: object(json!({
                "aud": audience, "iss": format!("{SKYPE}@{TENANT}"), "nbf": Self::NOW - 60,
                "iat": Self::NOW - 60, "exp": Self::NOW + 28_000, "nameid": "100320001A2B3C4D",
                "nii": "urn:federation:MicrosoftOnline", "upn": "anna@contoso.com",
                "smtp": "anna@contoso.com", "sip": "sip:anna@contoso.com",
            })),
            outer_text: None,
            actor_header: object(json!({"typ": "JWT", "alg": "RS256", "x5t": x5t})),
            actor: object(json!({
                "aud": audience, "iss": issuer, "identityprovider": issuer,
                "nameid": format!("{SKYPE}@{TENANT}"), "nbf": Self::NOW - 100, "iat": Self::NOW - 100,
                "exp": Self::NOW + 80_000, "trustedfordelegation": "true",
            })),
            actor_form: |text| text,
            token_form: |text| text,
            alone: false,
            wrapped: false,
            signed_outside: false,
            entra: false,
            carriage: Carriage::Header,
            authorization: None,
            changes: Vec::new(),
            expect: Vec::new(),
            more: Vec::new(),
            connections: Vec::new(),
            truncated: false,
        }
    }

    pub(crate) fn change(mut self, change: impl Fn(&mut Exchange) + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Changes what is expected.
    pub(crate) fn expect(mut self, change: impl Fn(&mut Expectations) + 'static) -> Self {
        self.expect.push(Box::new(change));
        self
    }

    pub(crate) fn outer(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.outer.insert(claim.into(), value.into());
        self
    }

    pub(crate) fn outer_without(mut self, claim: &str) -> Self {
        self.outer.remove(claim);
        self
    }

    pub(crate) fn outer_text(mut self, change: Text) -> Self {
        self.outer_text = Some(change);
        self
    }

    pub(crate) fn outer_signed(mut self) -> Self {
        self.signed_outside = true;
        self
    }

    pub(crate) fn actor(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.actor.insert(claim.into(), value.into());
        self
    }

    pub(crate) fn actor_without(mut self, claim: &str) -> Self {
        self.actor.remove(claim);
        self
    }

    pub(crate) fn actor_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.actor_header.insert(name.into(), value.into());
        self
    }

    pub(crate) fn actor_header_without(mut self, name: &str) -> Self {
        self.actor_header.remove(name);
        self
    }

    /// The actor token with `alg` none and no signature.
    pub(crate) fn actor_unsigned(mut self) -> Self {
        self.actor_form = |text| text.rsplit_once('.').unwrap().0.to_owned() + ".";
        self.actor_header_without("x5t").actor_header("alg", "none")
    }

    /// The actor token without the signature that its header promises.
    pub(crate) fn actor_stripped(mut self) -> Self {
        self.actor_form = |text| text.rsplit_once('.').unwrap().0.to_owned() + ".";
        self.alone()
    }

    /// The actor token signed with HMAC, keyed with the certificate.
    pub(crate) fn actor_hmac(mut self) -> Self {
        self.actor_form = |text| {
            let input = text.rsplit_once('.').unwrap().0;
            let certificate = &identity(Signer::Acs).certificate.der;
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, certificate);
            format!("{input}.{}", b64(aws_lc_rs::hmac::sign(&key, input.as_bytes())))
        };
        self.actor_header("alg", "HS256")
    }

    /// The actor token with another payload than was signed.
    pub(crate) fn tampered(mut self) -> Self {
        self.actor_form = |text| {
            let parts: Vec<_> = text.split('.').collect();
            let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
            let altered = payload.replacen("\"true\"", "\"True\"", 1);
            assert_ne!(altered, payload);
            format!("{}.{}.{}", parts[0], b64(altered), parts[2])
        };
        self
    }

    /// Presents the actor token without an outer one.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    pub(crate) fn nested_twice(mut self) -> Self {
        self.wrapped = true;
        self
    }

    pub(crate) fn outer_masked(mut self) -> Self {
        self.token_form = |token| token + "***";
        self
    }

    /// Writes the actor token in another form.
    pub(crate) fn actor_form(mut self, form: fn(String) -> String) -> Self {
        self.actor_form = form;
        self
    }

    pub(crate) fn without_last_dot(mut self) -> Self {
        self.token_form = |text| text.strip_suffix('.').unwrap().to_owned();
        self
    }

    pub(crate) fn application(self, id: &str) -> Self {
        let name = format!("{id}@{TENANT}");
        self.outer("iss", name.clone()).actor("nameid", name)
    }

    pub(crate) fn both_realms(self, realm: &str) -> Self {
        let name = format!("{SKYPE}@{realm}");
        self.outer("iss", name.clone()).actor("nameid", name)
    }

    pub(crate) fn both_audiences(self, audience: String) -> Self {
        self.outer("aud", audience.clone()).actor("aud", audience)
    }

    /// An Entra token for `audience` instead of the pair.
    pub(crate) fn entra(mut self, audience: &str) -> Self {
        self.entra = true;
        self.outer = object(json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
            "appid": SKYPE, "ver": "1.0", "scp": "EWS.AccessAsUser.All", "nbf": Self::NOW - 60,
            "exp": Self::NOW + 3600,
        }));
        self
    }

    pub(crate) fn in_form(mut self, field: &str) -> Self {
        self.carriage = Carriage::Form(field.into());
        self
    }

    pub(crate) fn in_query(mut self) -> Self {
        self.carriage = Carriage::Query;
        self
    }

    pub(crate) fn authorization(mut self, value: &str) -> Self {
        self.authorization = Some(value.into());
        self
    }

    pub(crate) fn target(self, target: &str) -> Self {
        let target = target.to_owned();
        self.change(move |exchange| exchange.request.as_mut().unwrap().target.clone_from(&target))
    }

    pub(crate) fn host(self, host: &str) -> Self {
        let host = host.to_owned();
        self.change(move |exchange| exchange.request.as_mut().unwrap().host = Some(host.clone()))
    }

    pub(crate) fn client(self, address: &str) -> Self {
        let address = address.parse().unwrap();
        self.change(move |exchange| exchange.client = Some(Endpoint { address, port: 40_000 }))
    }

    pub(crate) fn sni(self, name: &str) -> Self {
        let facts = Arc::new(TlsFacts { sni: Some(name.into()), ..TlsFacts::default() });
        self.change(move |exchange| exchange.tls = Some(Arc::clone(&facts)))
    }

    /// From a capture, over TLS.
    pub(crate) fn captured(self) -> Self {
        self.change(|exchange| exchange.connection = Some(0))
    }

    /// From a capture, without TLS.
    pub(crate) fn clear(self) -> Self {
        self.change(|exchange| {
            exchange.connection = Some(0);
            exchange.tls = None;
            exchange.request.as_mut().unwrap().scheme = Some("http".into());
        })
    }

    pub(crate) fn at(self, seconds: i64) -> Self {
        self.change(move |exchange| {
            let at = Instant::from_seconds(seconds);
            exchange.request.as_mut().unwrap().times = Some((at, at));
            exchange.response.as_mut().unwrap().times = Some((at, at));
        })
    }

    pub(crate) fn used_after_expiry(self, seconds: i64) -> Self {
        self.outer("exp", Self::NOW + 100).at(Self::NOW + 100 + seconds)
    }

    pub(crate) fn used_before_start(self, seconds: i64) -> Self {
        self.outer("nbf", Self::NOW + 100).at(Self::NOW + 100 - seconds)
    }

    pub(crate) fn status(self, status: u16) -> Self {
        self.change(move |exchange| {
            let response = exchange.response.as_mut().unwrap();
            response.status = status;
            response.body = Body { complete: true, ..Body::default() };
        })
    }

    pub(crate) fn response_header(self, name: &str, value: &str) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.change(move |exchange| {
            let head = &mut exchange.response.as_mut().unwrap().head;
            let mut pairs: Vec<(Vec<u8>, Vec<u8>)> =
                head.fields().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
            pairs.push((name.clone().into(), value.clone().into()));
            *head = Head::from_pairs(pairs.iter().map(|(name, value)| (&name[..], &value[..])));
        })
    }

    pub(crate) fn date(self, offset: i64) -> Self {
        let at = jiff::Timestamp::from_second(Self::NOW + offset).unwrap();
        self.response_header("Date", &at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }

    /// Refused with 401, a challenge, and (unless empty) this `x-ms-diagnostics`.
    pub(crate) fn refused(self, diagnostics: &str) -> Self {
        let challenge =
            format!("Bearer client_id=\"{EXCHANGE}\", trusted_issuers=\"{ACS}@*\", error=\"invalid_token\"");
        let scene = self.refused_with(&challenge);
        if diagnostics.is_empty() { scene } else { scene.response_header("x-ms-diagnostics", diagnostics) }
    }

    pub(crate) fn refused_with(self, challenge: &str) -> Self {
        self.status(401).response_header("WWW-Authenticate", challenge)
    }

    /// An empty Bearer, answered 401 with this challenge.
    pub(crate) fn discovery(self, challenge: &str) -> Self {
        self.authorization("Bearer").refused_with(challenge)
    }

    pub(crate) fn ews(self, class: &str, code: &str) -> Self {
        let text = format!(
            r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:GetFolderResponse><m:M ResponseClass="{class}"><m:ResponseCode>{code}</m:ResponseCode></m:M></m:GetFolderResponse></s:Body></s:Envelope>"#
        );
        self.change(move |exchange| exchange.response.as_mut().unwrap().body = body(&text))
    }

    pub(crate) fn oddity(self, name: &'static str) -> Self {
        self.change(move |exchange| exchange.oddities.push(Oddity { name, detail: "detail".into() }))
    }

    /// Changes the certificate of `--cert`.
    pub(crate) fn certificate(self, change: impl Fn(&mut Certificate) + 'static) -> Self {
        self.expect(move |expected| {
            expected.certificates.iter_mut().flat_map(|(_, file)| &mut file.certificates).for_each(&change);
        })
    }

    pub(crate) fn certificate_file(self, change: impl Fn(&mut Loaded) + 'static) -> Self {
        self.expect(move |expected| expected.certificates.iter_mut().for_each(|(_, file)| change(file)))
    }

    /// The certificate of `--cert` valid from and to so many days from the call.
    pub(crate) fn certificate_valid(self, from: i64, to: i64) -> Self {
        self.certificate(move |certificate| {
            certificate.not_before = Instant::from_seconds(Self::NOW + from * 86_400);
            certificate.not_after = Instant::from_seconds(Self::NOW + to * 86_400);
        })
    }

    /// A second certificate for `--cert`, newer than the first.
    pub(crate) fn newer_certificate(self) -> Self {
        self.expect(|expected| {
            let mut certificate = identity(Signer::Stranger).certificate.clone();
            certificate.not_before = Instant::from_seconds(Self::NOW - 86_400);
            let loaded = Loaded { certificates: vec![certificate], ..Loaded::default() };
            expected.certificates.push(("new.cer".into(), loaded));
        })
    }

    /// One more connection.
    pub(crate) fn connection(mut self, change: impl Fn(&mut Connection)) -> Self {
        let mut connection = Connection {
            ordinal: u32::try_from(self.connections.len()).unwrap(),
            first_frame: 1,
            content: Content::Http1,
            ..Connection::default()
        };
        change(&mut connection);
        self.connections.push(connection);
        self
    }

    /// One more connection: TLS to `name` that stayed closed.
    pub(crate) fn closed_tls(self, name: &str) -> Self {
        let facts = TlsFacts {
            sni: Some(name.into()).filter(|name: &String| !name.is_empty()),
            ..TlsFacts::default()
        };
        let facts = Arc::new(facts);
        self.connection(move |connection| {
            connection.content = Content::Tls;
            connection.tls = Some(TlsLedger {
                facts: Arc::clone(&facts),
                undecrypted: Some("no keys".into()),
                ..TlsLedger::default()
            });
        })
    }

    pub(crate) fn truncated(mut self) -> Self {
        self.truncated = true;
        self
    }

    pub(crate) fn token(&self) -> String {
        if self.entra {
            let header =
                json!({"typ": "JWT", "alg": "RS256", "x5t": identity(Signer::Acs).certificate.x5t()});
            return sign(Signer::Acs, &header, &Value::Object(self.outer.clone()).to_string());
        }
        let header = Value::Object(self.actor_header.clone());
        let mut actor =
            (self.actor_form)(sign(Signer::Acs, &header, &Value::Object(self.actor.clone()).to_string()));
        if self.alone {
            return actor;
        }
        if self.wrapped {
            actor = self.wrap(&actor);
        }
        (self.token_form)(self.wrap(&actor))
    }

    fn wrap(&self, actor: &str) -> String {
        let mut outer = self.outer.clone();
        outer.entry("actortoken").or_insert_with(|| actor.into());
        let mut payload = Value::Object(outer).to_string();
        if let Some(change) = self.outer_text {
            payload = change(payload);
        }
        if self.signed_outside {
            let header =
                json!({"typ": "JWT", "alg": "RS256", "x5t": identity(Signer::Acs).certificate.x5t()});
            return sign(Signer::Acs, &header, &payload);
        }
        format!("{}.{}.", b64(Value::Object(self.outer_header.clone()).to_string()), b64(payload))
    }

    /// The exchanges of the scene.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        let mut exchange = plain();
        let request = exchange.request.as_mut().unwrap();
        let token = self.token();
        let value = match (&self.authorization, &self.carriage) {
            (Some(value), _) => value.clone(),
            (None, Carriage::Header) => format!("Bearer {token}"),
            (None, Carriage::Form(field)) => {
                request.body = body(&format!("{field}={token}"));
                String::new()
            }
            (None, Carriage::Query) => {
                request.target = format!("/ews/exchange.asmx?access_token={token}");
                String::new()
            }
        };
        let mut pairs: Vec<(&[u8], &[u8])> = vec![(b"Host", HOST.as_bytes())];
        match &self.carriage {
            Carriage::Form(_) => pairs.push((b"Content-Type", b"application/x-www-form-urlencoded")),
            _ => pairs.push((b"Content-Type", b"text/xml")),
        }
        if !value.is_empty() {
            pairs.push((b"Authorization", value.as_bytes()));
        }
        request.head = Head::from_pairs(pairs);
        for change in &self.changes {
            change(&mut exchange);
        }
        let mut all = vec![exchange];
        all.extend(self.more.iter().cloned());
        all
    }

    /// What the scene is judged with.
    pub(crate) fn expectations(&self) -> Expectations {
        let own = identity(Signer::Exchange).certificate.clone();
        let acs = key_of(&identity(Signer::Acs).certificate, "acs.json", Origin::TokenService);
        let uploaded = key_of(&own, "OAuthCert.cer", Origin::Uploaded);
        let loaded = Loaded { certificates: vec![own], keys: vec![uploaded.clone()], ..Loaded::default() };
        let mut expected = Expectations {
            tenants: vec![TENANT.into(), "contoso.com".into()],
            certificates: vec![("OAuthCert.cer".into(), loaded)],
            sts_keys_given: true,
            keys: KeyRing { keys: vec![acs, uploaded] },
            ..Expectations::default()
        };
        for change in &self.expect {
            change(&mut expected);
        }
        expected
    }

    /// The connections of the scene.
    pub(crate) fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Judges the scene.
    pub(crate) fn judge(&self) -> Judgement {
        let expected = self.expectations();
        let mut judge = Judge::new(&expected);
        for exchange in self.exchanges() {
            judge.exchange(exchange);
        }
        for connection in &self.connections {
            judge.connection(connection.clone());
        }
        if self.truncated {
            judge.truncated(0);
        }
        judge.finish()
    }

    /// Whether a rule for tokens speaks when the actor token's signature came to `proof`.
    pub(crate) fn fires_on_proof(&self, rule: &'static Rule, proof: &Proof) -> bool {
        let expected = self.expectations();
        let mut store = TokenStore::default();
        let (outer, _) = store.intern(self.token().as_bytes(), Hint::Access);
        let id = store.get(outer).unwrap().actor.unwrap();
        let token = store.get(id).unwrap();
        let case =
            TokenCase { expected: &expected, store: &store, id, token, standing: Standing::InScope, proof };
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        let Scope::Token(examine) = rule.scope else { panic!("{} does not look at tokens", rule.id) };
        examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
        !hits.is_empty()
    }

    /// Whether the rule has a finding.
    pub(crate) fn fires(&self, rule: &Rule) -> bool {
        self.severity(rule).is_some()
    }

    /// The severity of the rule's first finding.
    pub(crate) fn severity(&self, rule: &Rule) -> Option<Severity> {
        let judgement = self.judge();
        judgement.findings.iter().find(|finding| finding.rule == rule.id).map(|finding| finding.severity)
    }
}

/// A body, whole.
pub(crate) fn body(text: &str) -> Body {
    Body { bytes: text.to_owned().into(), total: text.len() as u64, complete: true, ..Body::default() }
}

/// A POST to EWS over TLS, answered 200, without credentials.
pub(crate) fn plain() -> Exchange {
    let at = Instant::from_seconds(Scene::NOW);
    let end = |address: &str, port| Some(Endpoint { address: address.parse().unwrap(), port });
    Exchange {
        key: ExchangeKey { input: 0, frame: 1, sub: 0 },
        connection: None,
        frames: None,
        until: None,
        client: end("10.0.0.1", 40_000),
        server: end("10.0.0.2", 443),
        protocol: Protocol::Http11,
        tls: Some(Arc::new(TlsFacts::default())),
        request: Some(Box::new(Request {
            method: "POST".into(),
            target: "/ews/exchange.asmx".into(),
            scheme: Some("https".into()),
            host: Some(HOST.into()),
            head: Head::default(),
            body: Body { complete: true, ..Body::default() },
            times: Some((at, at)),
        })),
        response: Some(Box::new(Response {
            status: 200,
            head: Head::default(),
            body: Body { complete: true, ..Body::default() },
            times: Some((at, at)),
        })),
        oddities: Vec::new(),
    }
}
