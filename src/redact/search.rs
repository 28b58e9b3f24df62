//! Takes an input, gives its secrets by another way than the redaction went: through the imports and the
//! finder of tokens. Takes a copy, says where a secret remains.

use base64::Engine as _;

use super::Form;
use super::field::LENIENT;
use super::needles::Needles;
use super::vault::{Kind, is_mark};
use crate::base::Secret;
use crate::exchange::{Exchange, Head};
use crate::import::{ImportSettings, Notice, Receiver, har, mitmproxy, saz, text};
use crate::report::authentication::split;
use crate::token::find;
use crate::token::store::TokenStore;
use crate::wire::http::body::content;

/// Shows what the imports make of a file, one by one: a file of half a gigabyte holds as much again in messages.
fn import(form: Form, bytes: &[u8], passwords: &[Secret], out: &mut dyn Receiver) {
    let settings = ImportSettings { passwords: passwords.to_vec(), ..ImportSettings::default() };
    // What they cannot read was told by the redaction already.
    let _ = match form {
        Form::Har => har::read(bytes, &settings, out),
        Form::Saz => saz::read(bytes, &settings, out),
        Form::Mitmproxy => mitmproxy::read(bytes, &settings, out),
        Form::Json | Form::Text => text::read(bytes, &settings, out),
    };
}

/// Gathers secrets.
#[derive(Default)]
struct Census {
    store: TokenStore,
    secrets: Vec<(Vec<u8>, Kind)>,
}

impl Receiver for Census {
    fn exchange(&mut self, exchange: Exchange) {
        find::in_exchange(&exchange, &mut self.store);
        for head in heads(&exchange) {
            credentials(head, &mut self.secrets);
        }
    }

    fn notice(&mut self, _: Notice) {}

    fn token(&mut self, text: &[u8], offset: u64) {
        find::in_text(text, 0, offset, &mut self.store);
    }
}

/// The secrets of a file, found by the readers that `verify` uses.
pub(super) fn census(form: Form, bytes: &[u8], passwords: &[Secret]) -> Vec<(Vec<u8>, Kind)> {
    let mut found = Census::default();
    import(form, bytes, passwords, &mut found);
    let Census { store, mut secrets } = found;
    for (_, token) in store.iter() {
        match &token.jwt {
            Some(jwt) if jwt.parts == 5 => {
                secrets.push((
                    token.text.get(jwt.payload_part.clone()).unwrap_or_default().to_vec(),
                    Kind::Opaque,
                ));
            }
            Some(jwt) if jwt.is_signed() => {
                let signature = token.text.get(jwt.signature_part.clone()).unwrap_or_default();
                secrets.push((signature.to_vec(), Kind::Signature));
            }
            Some(_) => {}
            None => secrets.push((token.text.to_vec(), Kind::Opaque)),
        }
    }
    secrets.retain(|(secret, _)| !secret.is_empty() && !is_mark(secret));
    secrets
}

fn heads(exchange: &Exchange) -> impl Iterator<Item = &Head> {
    let request = exchange.request.as_ref().map(|request| &request.head);
    request.into_iter().chain(exchange.response.as_ref().map(|response| &response.head))
}

/// What header fields hold: cookies, and credentials of the schemes that are no tokens.
fn credentials(head: &Head, secrets: &mut Vec<(Vec<u8>, Kind)>) {
    for field in head.fields() {
        if field.is("cookie") || field.is("set-cookie") {
            let pairs = field.value.split(|byte| *byte == b';');
            let pairs = pairs.take(if field.is("set-cookie") { 1 } else { usize::MAX });
            for pair in pairs {
                let Some(equals) = memchr::memchr(b'=', pair) else { continue };
                let value = pair.get(equals + 1..).unwrap_or_default().trim_ascii();
                // The claims of a token stay; its signature is found as that of any token.
                if find::jwts(value).is_empty() {
                    secrets.push((value.to_vec(), Kind::Cookie));
                }
            }
        }
        if field.is("authorization") || field.is("proxy-authorization") {
            let (scheme, rest) = split(field.value);
            match scheme.as_deref() {
                Some("basic") => {
                    secrets.push((rest.to_vec(), Kind::Basic));
                    secrets.extend(LENIENT.decode(rest).ok().map(|pair| (pair, Kind::Password)));
                }
                Some("ntlm" | "negotiate") => secrets.push((rest.to_vec(), Kind::Credential)),
                _ => {}
            }
        }
    }
}

/// Where a secret stands in a copy, if one does.
pub(super) fn survivor(
    form: Form,
    out: &[u8],
    inside: &[(String, Vec<u8>)],
    sought: &Needles,
) -> Option<String> {
    if sought.is_empty() {
        return None;
    }
    // An archive's own bytes are compressed.
    if form == Form::Saz {
        for (place, bytes) in inside {
            if let Some((range, _)) = sought.find(bytes, 0) {
                return Some(format!("{place} (at byte {})", range.start));
            }
            if let Some((range, _)) = sought.find(place.as_bytes(), 0) {
                return Some(format!("the name of a member of the archive (at byte {})", range.start));
            }
        }
    }
    if let Some((range, _)) = sought.find(out, 0) {
        return Some(format!("byte {} of the copy", range.start));
    }
    // Coded bodies, and tokens inside tokens, as a reader of the copy will see them.
    let mut reader = Reader { sought, place: None, store: TokenStore::default() };
    import(form, out, &[], &mut reader);
    let Reader { place, store, .. } = reader;
    let claims = || {
        store.iter().find_map(|(_, token)| {
            let payload = token.jwt.as_ref()?.payload(&token.text);
            sought.find(&payload, 0).map(|_| "the claims of a token".to_owned())
        })
    };
    place.or_else(claims)
}

/// Looks into the messages of a copy.
struct Reader<'n> {
    sought: &'n Needles,
    /// The first body that holds a secret.
    place: Option<String>,
    store: TokenStore,
}

impl Receiver for Reader<'_> {
    fn exchange(&mut self, exchange: Exchange) {
        if self.place.is_some() {
            return;
        }
        let request = exchange.request.as_ref().map(|request| ("request", &request.head, &request.body));
        let response =
            exchange.response.as_ref().map(|response| ("response", &response.head, &response.body));
        for (half, head, body) in request.into_iter().chain(response) {
            let (plain, _) = content(head, body);
            if self.sought.find(&plain, 0).is_some() {
                self.place = Some(format!("the body of the {half} of exchange {}", exchange.key.frame));
                return;
            }
        }
        find::in_exchange(&exchange, &mut self.store);
    }

    fn notice(&mut self, _: Notice) {}

    fn token(&mut self, _: &[u8], _: u64) {}
}
