//! Takes a token, gives the same without its signature, and without those of all tokens inside it.
//!
//! RFC 7515 3.1; [MS-XOAUTH] for the actor token. The claims stay as they were, to the byte where nothing in
//! them had to go. What cannot be read whole is no token but a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Redactor;
use super::vault::Kind;
use crate::base::base64url;
use crate::limits;
use crate::token::jwt::{Jwt, is_mask};

impl Redactor {
    /// The text of a JWT, or of an opaque token.
    pub(super) fn token(&mut self, text: &[u8]) -> Vec<u8> {
        let jwt = if text.len() > limits::TOKEN_BYTES { None } else { Jwt::parse(text) };
        let Some(jwt) = jwt.filter(|jwt| jwt.header.is_some()) else { return self.opaque(text) };
        let header = self.header(text, &jwt);
        if jwt.parts == 5 {
            // Whoever holds the token can send it; nothing of it but the header can be read.
            let mark = self.vault.mark(text.get(jwt.header_part.end + 1..).unwrap_or_default(), Kind::Opaque);
            return [&header, &b".."[..], &mark, b".", &mark, b".", &mark].concat();
        }
        let Some(inside) = self.deeper(|this| this.payload(text, &jwt)) else { return self.opaque(text) };
        let mut out = [&header, &b"."[..], &inside].concat();
        if jwt.parts == 2 {
            return out;
        }
        let rest = text.get(jwt.signature_part.start..).unwrap_or_default();
        for part in rest.split(|byte| *byte == b'.') {
            out.push(b'.');
            if is_mask(part) {
                out.extend_from_slice(part);
            } else {
                out.extend(self.vault.mark(part, Kind::Signature));
            }
        }
        out
    }

    /// An address of keys (`jku`) may be signed itself, and a key inside (`jwk`) may be a private one.
    fn header(&mut self, text: &[u8], jwt: &Jwt) -> Vec<u8> {
        let part = text.get(jwt.header_part.clone()).unwrap_or_default();
        let plain = base64url::decode(part).ok();
        match plain.and_then(|plain| self.claims(&plain)) {
            Some(changed) => URL_SAFE_NO_PAD.encode(changed).into_bytes(),
            None => part.to_vec(),
        }
    }

    fn payload(&mut self, text: &[u8], jwt: &Jwt) -> Vec<u8> {
        let payload = text.get(jwt.payload_part.clone()).unwrap_or_default();
        if jwt.claims(text).is_none() {
            // Perhaps a token stands in it that a stricter or laxer reader would find.
            return if payload.len() < 4 { payload.to_vec() } else { self.vault.mark(payload, Kind::Opaque) };
        }
        match self.claims(&jwt.payload(text)) {
            Some(changed) => URL_SAFE_NO_PAD.encode(changed).into_bytes(),
            None => payload.to_vec(),
        }
    }

    /// What is no JWT: a bearer value of another form.
    pub(super) fn opaque(&mut self, text: &[u8]) -> Vec<u8> {
        self.vault.mark(text, Kind::Opaque)
    }
}
