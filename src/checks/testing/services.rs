//! More exchanges for scenes: requests to the token service, and metadata documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{ACS, HOST, Scene, Signer, TENANT, body, identity, plain, sign};
use crate::checks::expectations::EXCHANGE;
use crate::exchange::{Exchange, Head};

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

    /// Changes the last request that was added.
    pub(crate) fn last_request(mut self, change: impl FnOnce(&mut Exchange)) -> Self {
        change(self.more.last_mut().expect("a request before it is changed"));
        self
    }

    /// Another Content-Type of the last request.
    pub(crate) fn request_kind(self, kind: &str) -> Self {
        self.last_request(|last| {
            last.request.as_mut().unwrap().head = Head::from_pairs([(&b"Content-Type"[..], kind.as_bytes())]);
        })
    }

    /// The last request by another method, with this behind its path.
    pub(crate) fn asked_by(self, method: &str, query: &str) -> Self {
        self.last_request(|last| {
            let request = last.request.as_mut().unwrap();
            request.method = method.into();
            request.target.push_str(query);
        })
    }

    /// The last request at another path.
    pub(crate) fn asked_at(self, path: &str) -> Self {
        self.last_request(|last| last.request.as_mut().unwrap().target = path.into())
    }

    /// Another answer to the last request.
    pub(crate) fn answered(self, status: u16, answer: &str) -> Self {
        self.last_request(|last| {
            let response = last.response.as_mut().unwrap();
            response.status = status;
            response.body = body(answer);
        })
    }

    /// More headers of the last answer.
    pub(crate) fn answer_headers(self, headers: &[(&str, &str)]) -> Self {
        self.last_request(|last| {
            let json = (&b"Content-Type"[..], &b"application/json"[..]);
            let more = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            last.response.as_mut().unwrap().head = Head::from_pairs([json].into_iter().chain(more));
        })
    }

    /// One more exchange: a token that lives so many seconds, granted with this `expires_in`.
    pub(crate) fn granted_for(self, seconds: i64, expires_in: &str) -> Self {
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": identity(Signer::Acs).certificate.x5t()});
        let payload = json!({
            "aud": format!("{EXCHANGE}/outlook.office365.com@{TENANT}"), "iss": format!("{ACS}@{TENANT}"),
            "nameid": format!("{EXCHANGE}@{TENANT}"), "nbf": Self::NOW - 300, "exp": Self::NOW + seconds,
        });
        let token = sign(Signer::Acs, &header, &payload.to_string());
        let answer =
            format!(r#"{{"token_type":"Bearer","access_token":"{token}","expires_in":{expires_in}}}"#);
        self.token_request("grant_type=client_credentials", 200, &answer)
    }

    /// One more exchange: Exchange's own assertion with other claims.
    pub(crate) fn assertion_changed(
        self,
        change: impl FnOnce(&mut Map<String, Value>) -> Option<Value>,
    ) -> Self {
        let mut claims = json!({
            "aud": format!("{ACS}/accounts.accesscontrol.windows.net@{TENANT}"),
            "iss": format!("{EXCHANGE}@{TENANT}"), "nbf": Self::NOW - 10, "exp": Self::NOW + 590,
        });
        change(claims.as_object_mut().unwrap());
        let form = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion={}&resource={EXCHANGE}/outlook.office365.com@{TENANT}",
            own(&claims)
        );
        self.token_request(&form, 200, "{}")
    }

    /// One more exchange: the client assertion of a dedicated hybrid application, with other claims.
    pub(crate) fn client_assertion(
        self,
        change: impl FnOnce(&mut Map<String, Value>) -> Option<Value>,
    ) -> Self {
        const HYBRID: &str = "3d5a1f0c-8c1f-4a57-9a0e-b1f5a3b20700";
        let mut claims = json!({
            "aud": format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"), "iss": HYBRID,
            "sub": HYBRID, "jti": "1", "nbf": Self::NOW - 10, "exp": Self::NOW + 590,
        });
        change(claims.as_object_mut().unwrap());
        let form = format!(
            "grant_type=client_credentials&client_id={HYBRID}&scope=https://outlook.office365.com/.default&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}",
            own(&claims)
        );
        self.token_request(&form, 200, "{}").last_request(|last| {
            let request = last.request.as_mut().unwrap();
            request.host = Some("login.microsoftonline.com".into());
            request.target = format!("/{TENANT}/oauth2/v2.0/token");
        })
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

/// Signed by Exchange.
fn own(claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "x5t": identity(Signer::Exchange).certificate.x5t()});
    sign(Signer::Exchange, &header, &claims.to_string())
}
