//! More exchanges for scenes: requests to the token service, and metadata documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ACS, HOST, Scene, Signer, TENANT, body, identity, plain, sign};
use crate::checks::expectations::EXCHANGE;
use crate::exchange::Head;

impl Scene {
    /// One more exchange: a request to the token service.
    pub(crate) fn token_request(mut self, form: &str, status: u16, answer: &str) -> Self {
        let mut exchange = plain();
        exchange.key.frame = 100;
        let request = exchange.request.as_mut().unwrap();
        request.target = format!("/{TENANT}/tokens/OAuth/2");
        request.host = Some("accounts.accesscontrol.windows.net".into());
        request.head = Head::from_pairs([(&b"Content-Type"[..], &b"application/x-www-form-urlencoded"[..])]);
        request.body = body(form);
        let response = exchange.response.as_mut().unwrap();
        response.status = status;
        response.head = Head::from_pairs([(&b"Content-Type"[..], &b"application/json"[..])]);
        response.body = body(answer);
        self.more.push(exchange);
        self
    }

    fn assertion(self, signer: Signer, issuer: &str, service: &str, seconds: i64) -> Self {
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": identity(signer).certificate.x5t()});
        let payload = json!({
            "aud": format!("{service}/accounts.accesscontrol.windows.net@{TENANT}"), "iss": issuer,
            "nameid": issuer, "nbf": Self::NOW - 10, "exp": Self::NOW - 10 + seconds,
        });
        let token = sign(signer, &header, &payload.to_string());
        let form = format!(
            "grant_type=http%3A%2F%2Foauth.net%2Fgrant_type%2Fjwt%2F1.0%2Fbearer&assertion={token}&resource={EXCHANGE}/outlook.office365.com@{TENANT}"
        );
        self.token_request(&form, 200, "{}")
    }

    /// One more exchange: Exchange's own assertion.
    pub(crate) fn assertion_by(self, signer: Signer) -> Self {
        self.assertion(signer, &format!("{EXCHANGE}@{TENANT}"), ACS, 600)
    }

    pub(crate) fn assertion_for(self, seconds: i64) -> Self {
        self.assertion(Signer::Exchange, &format!("{EXCHANGE}@{TENANT}"), ACS, seconds)
    }

    pub(crate) fn assertion_from(self, issuer: &str) -> Self {
        self.assertion(Signer::Exchange, issuer, ACS, 600)
    }

    pub(crate) fn assertion_to(self, service: &str) -> Self {
        self.assertion(Signer::Exchange, &format!("{EXCHANGE}@{TENANT}"), service, 600)
    }

    /// One more exchange: a metadata document of Exchange with its certificate, changed.
    pub(crate) fn metadata(self, change: impl FnOnce(&mut Value)) -> Self {
        let path = "/autodiscover/metadata/json/1";
        self.document(HOST, path, EXCHANGE, Signer::Exchange, change)
    }

    /// One more exchange: a metadata document of the token service, changed.
    pub(crate) fn service_metadata(self, host: &str, change: impl FnOnce(&mut Value)) -> Self {
        self.document(host, &format!("/{TENANT}/metadata/json/1"), ACS, Signer::Acs, change)
    }

    fn document(
        mut self,
        host: &str,
        path: &str,
        service: &str,
        signer: Signer,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let certificate = &identity(signer).certificate;
        let mut document = json!({
            "id": "_1", "version": "1.0", "name": "Exchange", "realm": TENANT, "serviceName": service,
            "issuer": format!("{service}@{TENANT}"), "allowedAudiences": [format!("{service}@{TENANT}")],
            "keys": [{
                "usage": "signing", "keyinfo": {"x5t": certificate.x5t()},
                "keyvalue": {"type": "x509Certificate", "value": STANDARD.encode(&certificate.der)},
            }],
        });
        change(&mut document);
        let mut exchange = plain();
        exchange.key.frame = 200;
        let request = exchange.request.as_mut().unwrap();
        request.method = "GET".into();
        request.target = path.into();
        request.host = Some(host.into());
        let response = exchange.response.as_mut().unwrap();
        response.head = Head::from_pairs([(&b"Content-Type"[..], &b"application/json"[..])]);
        response.body = body(&document.to_string());
        self.more.push(exchange);
        self
    }
}
