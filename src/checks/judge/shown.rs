//! Takes what the judge remembers of traffic, gives what the state of the organisation can be held against.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::book::Book;
use crate::checks::expectations::EXCHANGE;
use crate::checks::organisation::Shown;
use crate::checks::place;
use crate::checks::realm::{self, Realm};
use crate::checks::subject::{Standing, self_issued};
use crate::token::principal::Principal;
use crate::token::store::TokenStore;
use crate::token::{Token, TokenId};

/// See the module.
pub(super) fn shown(book: &Book<'_>, store: &TokenStore) -> Shown {
    let issuers = &book.memory.issuers;
    let mut shown = Shown {
        roles: book.memory.roles.clone(),
        china: (!issuers.is_empty()).then(|| issuers.iter().any(|id| id.starts_with("00000001-0002-"))),
        ..Shown::default()
    };
    let mut look = |id: TokenId, token: &Token| {
        let own = token.application().is_some_and(|name| name.is(EXCHANGE));
        if own && self_issued(token) {
            shown.self_issued.extend(token.header_member("x5t").and_then(x5t));
        }
        if book.standing(id) == Standing::InScope {
            shown.applications.extend(token.application().map(|name| name.id.to_ascii_lowercase()));
            // Exchange's assertions name the token service; that host is not its own.
            let audience = token.principal("aud").filter(|name| name.is(EXCHANGE));
            let realm = audience.as_ref().and_then(|name| name.realm).filter(|realm| realm.contains('.'));
            shown.realms.extend(realm.map(str::to_ascii_lowercase));
            shown.audiences.extend(audience.and_then(|name| own_host(&name)));
        }
    };
    store.ids().for_each(|id| store.visit(id, |token| look(id, token)).unwrap_or_default());
    // What the token service does not know may be right, and not registered.
    for ask in book.memory.facts.asks.keys().filter(|ask| ask.refused()) {
        let name = ask.resource.as_deref().and_then(Principal::parse).filter(|name| name.is(EXCHANGE));
        let own = |name: &Principal| realm::compare(name.realm, &book.expectations.tenants) == Realm::Same;
        shown.audiences.extend(name.filter(own).and_then(|name| own_host(&name)));
    }
    shown
}

/// The host of a name, unless it is one of Exchange Online.
fn own_host(name: &Principal) -> Option<String> {
    const ONLINE: [&str; 5] =
        ["office365.com", "office.com", "office365.us", "outlook.com", "partner.outlook.cn"];
    let host = place::bare_host(name.host?);
    let online = ONLINE
        .iter()
        .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    (!online).then_some(host)
}

/// The thumbprint that an `x5t` stands for.
fn x5t(text: &str) -> Option<[u8; 20]> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?.try_into().ok()
}
