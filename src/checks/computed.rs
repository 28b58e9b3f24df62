//! Takes a token where it was presented, gives what was computed of it here: to be held against what a server says.
//!
//! [MS-XOAUTH] 3.2.5.6 lists what Exchange looks at: signature, lifetime, audience, tenant.

use super::expectations::Expectations;
use super::judge::facts::Signed;
use super::realm::{self, Realm};
use super::subject::{ExchangeCase, SeenToken, audience_host, realm_of};
use crate::base::Instant;
use crate::token::{Role, TimeClaim, Token};

/// What was computed; `None` where that could not be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Computed {
    /// What the signature came to.
    pub(crate) signed: Signed,
    /// Whether it was within its time by the clock of the recording.
    pub(crate) in_time: Option<bool>,
    /// Whether its audience is the host of the request.
    pub(crate) host: Option<bool>,
    /// Whether it belongs to the given tenant.
    pub(crate) tenant: Option<bool>,
}

impl Computed {
    /// Of the token that a request presented.
    pub(crate) fn of(case: &ExchangeCase<'_>, seen: &SeenToken<'_>) -> Self {
        let inner = seen.token.actor.and_then(|id| case.store.get(id));
        let time = |token| in_time(token, case.at, case.expected);
        let tenant = match realm::compare(realm_of(seen.token), &case.expected.tenants) {
            Realm::Same => Some(true),
            Realm::Different | Realm::Missing => Some(false),
            Realm::Undecided => None,
        };
        Self {
            signed: seen.signed,
            in_time: match (time(seen.token), inner.map(time)) {
                (own, None) => own,
                (Some(own), Some(Some(inner))) => Some(own && inner),
                (own, Some(inner)) => own.or(inner),
            },
            host: right_host(case, seen.token),
            tenant,
        }
    }

    /// Whether nothing wrong was found, and the signature verifies.
    pub(crate) fn in_order(&self) -> bool {
        self.signed == Signed::Verified
            && self.in_time == Some(true)
            && self.host == Some(true)
            && self.tenant == Some(true)
    }

    /// Where a category of refusal contradicts what was computed: the message, and what to do.
    pub(crate) fn contradicts(&self, category: &str) -> Option<(&'static str, &'static str)> {
        match category {
            "invalid_signature" | "invalid_certificate" if self.signed == Signed::Verified => Some((
                "the server does not accept a signature that verifies with the given keys: its own copy of the keys is old",
                "Set-AuthServer <name> -RefreshAuthMetadata; wait a quarter of an hour or restart IIS",
            )),
            "token_expired" if self.in_time == Some(true) => Some((
                "the server calls a token expired that was within its time: its clock is wrong",
                "Compare the clocks: w32tm /query /status; w32tm /resync",
            )),
            "invalid_resource" if self.host == Some(true) => Some((
                "the server calls an audience wrong that is the host of the request: the name changes behind this point",
                "Pass the Host of the request on unchanged, and do not end TLS in front of Exchange.",
            )),
            "invalid_tenant" if self.tenant == Some(true) => Some((
                "the server does not know a tenant that is the given one",
                "Get-AcceptedDomain; Get-AuthServer | Format-List Name,Realm; Get-AuthConfig | Format-List Realm",
            )),
            _ => None,
        }
    }
}

/// Whether the token was valid at that moment, give or take the tolerance; `None` without a moment or an end.
pub(crate) fn in_time(token: &Token, at: Option<Instant>, expected: &Expectations) -> Option<bool> {
    let at = at?;
    let after = match token.time("nbf") {
        TimeClaim::At(from, _) => at.plus_seconds(expected.leeway) >= from,
        _ => true,
    };
    match token.time("exp") {
        TimeClaim::At(to, _) => Some(after && at.plus_seconds(-expected.leeway) <= to),
        _ => None,
    }
}

/// Whether the audience of an S2S token names the host of the request.
fn right_host(case: &ExchangeCase<'_>, token: &Token) -> Option<bool> {
    if matches!(token.role, Role::Access | Role::Id) {
        return None;
    }
    case.is_host(audience_host(token)?)
}
