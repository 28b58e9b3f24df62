//! Takes text, gives tokens: found wherever they travel, parsed without loss, their names understood.
//!
//! RFC 7515, RFC 7519 and [MS-XOAUTH]. Nothing here judges; odd tokens are values with faults.

/// From an outer token to the actor token inside it.
pub mod actor;
/// Where tokens hide in an exchange.
pub mod find;
/// Compact serialisation, lossless.
pub mod jwt;
/// `name[/host][@realm]`.
pub mod principal;
/// What a signature proves.
pub mod proof;
/// What a token is, by its content.
pub mod role;
/// Distinct tokens, remembered by their text.
pub mod store;

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::base::{Fingerprint, Instant};
use crate::json::Node;
use principal::Principal;

/// What a token is, by its content, not by the place it travels in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// [MS-XOAUTH] outer token: carries `actortoken` (or `actort`).
    Outer,
    /// S2S token without an actor token inside.
    Actor,
    /// Self-issued, addressed to a token service: `assertion`, `client_assertion`.
    Assertion,
    /// Entra access token.
    Access,
    /// OpenID Connect ID token.
    Id,
    /// Refresh token.
    Refresh,
    /// A bearer value that is no JWT.
    Opaque,
    /// JWE: five parts.
    Encrypted,
}

impl Role {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outer => "outer",
            Self::Actor => "actor",
            Self::Assertion => "assertion",
            Self::Access => "access",
            Self::Id => "id",
            Self::Refresh => "refresh",
            Self::Opaque => "opaque",
            Self::Encrypted => "encrypted",
        }
    }
}

/// Index of a distinct token in its [`store::TokenStore`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TokenId(pub u32);

/// One distinct token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The text as it travelled, without scheme and quotes. Secret: never printed whole.
    pub text: Bytes,
    /// Of `text`.
    pub fingerprint: Fingerprint,
    /// See [`Role`].
    pub role: Role,
    /// The parts of a JWT; `None` for opaque values.
    pub jwt: Option<jwt::Jwt>,
    /// The signed token inside, already in the same store.
    pub actor: Option<TokenId>,
    /// The outer tokens that carry this one; empty when it was seen alone.
    pub carried_by: Vec<TokenId>,
    /// Nesting: 0 for what travelled itself, 1 for its actor token, …
    pub depth: usize,
}

/// A time claim has three states; only one of them can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeClaim {
    /// No such member.
    Absent,
    /// Neither a number nor a string of digits.
    Malformed,
    /// Its value, and whether it was written as a string (normal in this family).
    At(Instant, bool),
}

impl TimeClaim {
    fn read(node: &Node) -> Self {
        let read = |text: &str| {
            // What stands before the point is the whole second, unless an exponent moves the point.
            let whole = text.trim().split('.').next().unwrap_or_default();
            let plain = if text.contains(['e', 'E']) { None } else { whole.parse::<i64>().ok() };
            plain.or_else(|| {
                // Exponents are legal JSON numbers; nobody writes them, but 1.7e9 is not malformed.
                let value: f64 = text.trim().parse().ok()?;
                (value.is_finite() && value.abs() < 9e15).then_some(value as i64)
            })
        };
        let at = |text: &str, quoted: bool| {
            read(text).map_or(Self::Malformed, |at| Self::At(Instant::from_seconds(at), quoted))
        };
        match (node.number(), node.as_str()) {
            (Some(text), _) => at(text, false),
            (_, Some(text)) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                at(text, true)
            }
            _ => Self::Malformed,
        }
    }
}

impl Token {
    /// The claims, when the payload was readable JSON.
    pub fn claims(&self) -> Option<&Node> {
        self.jwt.as_ref()?.claims(&self.text)
    }

    /// The JOSE header, when it was readable JSON.
    pub fn header(&self) -> Option<&Node> {
        self.jwt.as_ref()?.header.as_deref()
    }

    /// A claim of string type.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims()?.get(name)?.as_str()
    }

    /// A header member of string type.
    pub fn header_member(&self, name: &str) -> Option<&str> {
        self.header()?.get(name)?.as_str()
    }

    /// A time claim: number or string of digits.
    pub fn time(&self, name: &str) -> TimeClaim {
        self.jwt.as_ref().map_or(TimeClaim::Absent, |jwt| jwt.time(&self.text, name))
    }

    /// A claim that is true as a boolean or as a string (`true`, `True`).
    pub fn flag(&self, name: &str) -> Option<bool> {
        let node = self.claims()?.get(name)?;
        node.as_bool().or_else(|| match node.as_str()? {
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// A claim read by the grammar of principals; `None` when it is absent, not a string, or no name.
    pub fn principal(&self, claim: &str) -> Option<Principal<'_>> {
        Principal::parse(self.claim(claim)?)
    }

    /// The claim that names the calling application for this role: `iss` of outer tokens and
    /// assertions, `nameid` of actor tokens, `appid` (or `azp`) of Entra tokens.
    pub fn application_claim(&self) -> Option<&'static str> {
        match self.role {
            Role::Outer | Role::Assertion => Some("iss"),
            Role::Actor => Some("nameid"),
            Role::Access | Role::Id => ["appid", "azp"].into_iter().find(|name| self.claim(name).is_some()),
            Role::Refresh | Role::Opaque | Role::Encrypted => None,
        }
    }

    /// The principal that [`Token::application_claim`] names.
    pub fn application(&self) -> Option<Principal<'_>> {
        self.principal(self.application_claim()?)
    }
}

/// The half of an exchange that a token was found in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Half {
    /// The request.
    Request,
    /// The response.
    Response,
    /// Plain text, no exchange.
    Text,
}

/// Where in a message a token stood.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Location {
    /// Request or response.
    pub half: Half,
    /// For example `header.authorization`, `body.form.assertion`, `body.json./access_token`,
    /// `query.access_token`, `cookie.FedAuth`, `body.xml`.
    pub part: Cow<'static, str>,
    /// Byte range of the token's text in the head's or body's bytes (`Head::bytes`, decoded body);
    /// of the target for queries.
    pub bytes: Range<usize>,
}

impl std::fmt::Display for Location {
    /// `request.header.authorization`: the form that reports and the contract use.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.half {
            Half::Request => write!(f, "request.{}", self.part),
            Half::Response => write!(f, "response.{}", self.part),
            Half::Text => f.write_str(&self.part),
        }
    }
}

/// One sighting of a token in an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// Which token.
    pub token: TokenId,
    /// What it is at this place: content first, then what the place says.
    pub role: Role,
    /// Where.
    pub location: Location,
    /// Frames that carried its text; empty for exports.
    pub frames: Vec<u64>,
    /// Whether it was presented as a credential (`Authorization`, `access_token` parameter, …) rather
    /// than delivered, for example in a token response.
    pub presented: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_however_its_number_is_written() {
        let read = |text: &str| TimeClaim::read(&crate::json::parse(text.as_bytes()).unwrap());
        let seconds = Instant::from_seconds(1_795_428_000);
        for text in
            ["1795428000", "1795428000.75", "1.795428e9", "1.795428E+9", "1795428e3", "17954280000e-1"]
        {
            assert_eq!(read(text), TimeClaim::At(seconds, false), "{text}");
        }
        assert_eq!(read(r#""1795428000""#), TimeClaim::At(seconds, true));
        for text in [r#""1.795428e9""#, r#""""#, "null", "1e400", r#""2026-11-23""#] {
            assert_eq!(read(text), TimeClaim::Malformed, "{text}");
        }
    }
}
