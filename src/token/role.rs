//! Takes a parsed token, gives its role by its content.
//!
//! Contract: roles follow the content, not the place. Only what the content leaves open is decided by the
//! field that a token travelled in.

use super::jwt::Jwt;
use super::principal::Principal;
use super::store::Hint;
use super::{Role, actor};
use crate::base::is_guid;
use crate::json::{Node, Value};

/// Hosts of Microsoft's token services, worldwide and sovereign, with ACS.
pub const TOKEN_SERVICE_HOSTS: [&str; 11] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
    "accounts.accesscontrol.windows.net",
    "login.microsoftonline.us",
    "login-us.microsoftonline.com",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
    "accounts.accesscontrol.chinacloudapi.cn",
    "login.microsoftonline.de",
];

/// Whether a host is a token service's.
pub fn is_token_service_host(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    TOKEN_SERVICE_HOSTS.iter().any(|known| {
        name.eq_ignore_ascii_case(known)
            || name.len().checked_sub(known.len() + 1).and_then(|at| name.get(at..)).is_some_and(|tail| {
                tail.strip_prefix('.').is_some_and(|tail| tail.eq_ignore_ascii_case(known))
            })
    })
}

/// Whether an application id is that of ACS: `00000001-0000-0000-c000-000000000000` and its relatives in
/// other clouds (domain facts 1.3).
pub fn is_token_service_id(id: &str) -> bool {
    let id = id.as_bytes();
    id.len() == 36
        && id.get(..9) == Some(b"00000001-")
        && id.get(18..).is_some_and(|tail| tail.eq_ignore_ascii_case(b"-c000-000000000000"))
}

/// The role of a token, whose text is `text`, by each hint, in their order.
pub(super) fn by_hint(jwt: Option<&Jwt>, text: &[u8]) -> [Role; Hint::ALL.len()] {
    let content = of(jwt, text, Hint::None);
    match content {
        Role::Outer | Role::Encrypted => [content; Hint::ALL.len()],
        _ => Hint::ALL.map(|hint| of(jwt, text, hint)),
    }
}

/// The role of a token, whose text is `text`; `None` stands for text that is no JWT.
pub fn of(jwt: Option<&Jwt>, text: &[u8], hint: Hint) -> Role {
    let unreadable = match hint {
        Hint::Refresh => Role::Refresh,
        _ => Role::Opaque,
    };
    let Some(jwt) = jwt else { return unreadable };
    if jwt.parts == 5 {
        return Role::Encrypted;
    }
    let role = |claims: &Node| match of_claims(claims, hint) {
        Role::Actor if !jwt.is_signed() && !jwt.signature_removed() && lacks_actor(claims) => Role::Outer,
        role => role,
    };
    jwt.claims(text).map_or(unreadable, role)
}

/// Whether an unsigned token is one that has lost the token inside: an application speaks of a user, and nobody signs.
/// An actor token names an application in `nameid`, or comes from a token service.
fn lacks_actor(claims: &Node) -> bool {
    let name = |claim: &str| claims.get(claim).and_then(Node::as_str).and_then(Principal::parse);
    let application = |claim: &str| name(claim).is_some_and(|name| is_guid(name.id));
    let issued = name("iss").is_some_and(|issuer| is_token_service_id(issuer.id));
    application("iss") && !issued && claims.get("nameid").is_some() && !application("nameid")
}

fn of_claims(claims: &Node, hint: Hint) -> Role {
    let text = |name: &str| claims.get(name).and_then(Node::as_str);
    let has = |name: &str| claims.get(name).is_some();
    // What is no text under that name was meant as one.
    if actor::nested(claims).is_some() || has("actortoken") {
        return Role::Outer;
    }
    let issuer = text("iss").unwrap_or_default();
    if !names_token_service(issuer) && audiences(claims).any(names_token_service) {
        return Role::Assertion;
    }
    let is_s2s = Principal::parse(issuer).is_some_and(|name| name.realm.is_some() || is_guid(name.id));
    // ACS writes `tid` too: where issuer and `nameid` are names of the S2S family, it makes no Entra token.
    let tid = has("tid") && !(is_s2s && has("nameid"));
    if is_url(issuer) || tid || has("appid") || has("azp") {
        return of_openid(claims, hint);
    }
    if is_s2s || has("nameid") {
        return match hint {
            // An identity token names its version (domain facts 2.6); all else of the family acts.
            _ if is_identity(claims) => Role::Id,
            Hint::Assertion if !has("nameid") && !names_token_service(issuer) => Role::Assertion,
            _ => Role::Actor,
        };
    }
    of_openid(claims, hint)
}

/// Entra, AD FS and other OpenID Connect issuers.
fn of_openid(claims: &Node, hint: Hint) -> Role {
    let has = |name: &str| claims.get(name).is_some();
    let grants = ["scp", "roles", "scope", "wids"].into_iter().any(has);
    let application = has("appid") || has("azp");
    let identifies = ["nonce", "at_hash", "c_hash"].into_iter().any(has);
    match hint {
        _ if grants && !identifies => Role::Access,
        Hint::Refresh => Role::Refresh,
        Hint::Id => Role::Id,
        _ if application => Role::Access,
        Hint::Assertion
            if claims.get("iss").and_then(Node::as_str) == claims.get("sub").and_then(Node::as_str) =>
        {
            Role::Assertion
        }
        _ if identifies || (has("tid") && audiences(claims).any(is_guid)) => Role::Id,
        _ => Role::Access,
    }
}

fn is_identity(claims: &Node) -> bool {
    let Some(context) = claims.get("appctx") else { return false };
    match &context.value {
        Value::String(text) => text.contains("ExIdTok"),
        _ => context.get("version").and_then(Node::as_str).is_some_and(|version| version.contains("ExIdTok")),
    }
}

/// The values of `aud`, which may be one or several.
fn audiences(claims: &Node) -> impl Iterator<Item = &str> {
    let audience = claims.get("aud");
    let several = match audience.map(|node| &node.value) {
        Some(Value::Array(elements)) => elements.as_slice(),
        _ => &[],
    };
    audience.and_then(Node::as_str).into_iter().chain(several.iter().filter_map(Node::as_str))
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn names_token_service(text: &str) -> bool {
    if let Some((_, rest)) = text.split_once("://") {
        return is_token_service_host(rest.split('/').next().unwrap_or_default());
    }
    Principal::parse(text)
        .is_some_and(|name| is_token_service_id(name.id) || name.host.is_some_and(is_token_service_host))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn role(payload: &str, hint: Hint) -> Role {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let text = format!("{}.{}.AAEC", part(r#"{"alg":"RS256"}"#), part(payload));
        of(Jwt::parse(text.as_bytes()).as_ref(), text.as_bytes(), hint)
    }

    const TID: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn roles_follow_the_content_not_the_place() {
        let lync = format!("00000004-0000-0ff1-ce00-000000000000@{TID}");
        let acs = format!("00000001-0000-0000-c000-000000000000@{TID}");
        let exchange = format!("00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@{TID}");
        let actor = format!(r#"{{"iss":"{acs}","nameid":"{lync}","aud":"{exchange}"}}"#);
        for hint in [Hint::None, Hint::Access, Hint::Assertion] {
            assert_eq!(role(&actor, hint), Role::Actor);
        }
        let outer = format!(r#"{{"iss":"{lync}","aud":"{exchange}","actortoken":"eyJ.e30.AA"}}"#);
        assert_eq!(role(&outer, Hint::Assertion), Role::Outer);
        assert_eq!(role(&outer.replace("actortoken", "actort"), Hint::None), Role::Outer);
        let aud = format!("00000001-0000-0000-c000-000000000000/accounts.accesscontrol.windows.net@{TID}");
        let assertion = format!(r#"{{"iss":"{lync}","aud":"{aud}","nameid":"{lync}"}}"#);
        assert_eq!(role(&assertion, Hint::None), Role::Assertion);
        let direct = format!(r#"{{"iss":"{lync}","nameid":"{lync}","aud":"{exchange}"}}"#);
        assert_eq!(role(&direct, Hint::None), Role::Actor);
        let with_tenant = actor.replacen('{', &format!(r#"{{"tid":"{TID}","#), 1);
        assert_eq!(role(&with_tenant, Hint::Access), Role::Actor, "ACS writes `tid` as well");
    }

    #[test]
    fn an_outer_token_that_lost_its_actor_is_still_one() {
        let role = |header: &str, payload: &str, signature: &str| {
            let text =
                format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
            of(Jwt::parse(text.as_bytes()).as_ref(), text.as_bytes(), Hint::None)
        };
        let (none, signed) = (r#"{"alg":"none"}"#, r#"{"alg":"RS256"}"#);
        let lync = format!("00000004-0000-0ff1-ce00-000000000000@{TID}");
        let user = format!(r#"{{"iss":"{lync}","nameid":"10037FFE8A1B2C3D","nii":"urn:x"}}"#);
        assert_eq!(role(none, &user, ""), Role::Outer);
        // Who signs answers for it; an application speaks for itself; a token service issues.
        assert_eq!(role(signed, &user, "AAEC"), Role::Actor);
        assert_eq!(role(signed, &user, "***"), Role::Actor, "its signature was taken out");
        assert_eq!(role(none, &user.replace("10037FFE8A1B2C3D", &lync), ""), Role::Actor);
        assert_eq!(
            role(none, &user.replace("00000004-0000-0ff1-ce00", "00000001-0000-0000-c000"), ""),
            Role::Actor
        );
        let object = user.replacen('{', r#"{"actortoken":{"a":1},"#, 1);
        assert_eq!(role(none, &object, ""), Role::Outer);
    }

    #[test]
    fn entra_tokens_are_access_or_id() {
        let entra = format!(
            r#"{{"iss":"https://sts.windows.net/{TID}/","aud":"https://mail.contoso.com/","appid":"x","scp":"EWS"}}"#
        );
        assert_eq!(role(&entra, Hint::Assertion), Role::Access);
        let id =
            format!(r#"{{"iss":"https://sts.windows.net/{TID}/","aud":"{TID}","tid":"{TID}","nonce":"1"}}"#);
        assert_eq!(role(&id, Hint::None), Role::Id);
        let client = format!(
            r#"{{"iss":"{TID}","sub":"{TID}","aud":"https://login.microsoftonline.com/{TID}/oauth2/v2.0/token"}}"#
        );
        assert_eq!(role(&client, Hint::None), Role::Assertion);
        assert_eq!(role(r#"{"iss":"https://idp.example/"}"#, Hint::Refresh), Role::Refresh);
    }

    #[test]
    fn an_identity_token_of_exchange_is_told_by_its_version() {
        let exchange = format!("00000002-0000-0ff1-ce00-000000000000@{TID}");
        let made = |context: &str| {
            let claims = format!(r#"{{"iss":"{exchange}","nameid":"{exchange}","appctx":{context}}}"#);
            role(&claims, Hint::None)
        };
        assert_eq!(made(r#""{\"version\":\"ExIdTok.V1\"}""#), Role::Id);
        assert_eq!(made(r#"{"version":"ExIdTok.V1"}"#), Role::Id);
        for other in [r#""{\"version\":\"1\"}""#, r#"{"version":"1"}"#, r#"{"kind":"ExIdTok.V1"}"#, "[]"] {
            assert_eq!(made(other), Role::Actor, "{other}");
        }
    }

    #[test]
    fn an_audience_may_be_one_of_several() {
        let acs = format!("00000001-0000-0000-c000-000000000000/accounts.accesscontrol.windows.net@{TID}");
        let exchange = format!("00000002-0000-0ff1-ce00-000000000000@{TID}");
        let assertion = format!(r#"{{"iss":"{exchange}","nameid":"{exchange}","aud":["x","{acs}"]}}"#);
        assert_eq!(role(&assertion, Hint::None), Role::Assertion);
        assert_eq!(role(&assertion.replace(&acs, "y"), Hint::None), Role::Actor);
        let entra = |audience: &str| {
            let claims =
                format!(r#"{{"iss":"https://sts.windows.net/{TID}/","tid":"{TID}","aud":{audience}}}"#);
            role(&claims, Hint::None)
        };
        assert_eq!(entra(&format!(r#"["https://x/","{TID}"]"#)), Role::Id);
        assert_eq!(entra(r#""https://mail.contoso.com/""#), Role::Access);
    }

    #[test]
    fn what_cannot_be_read_is_opaque_or_what_its_field_says() {
        assert_eq!(of(None, b"", Hint::Access), Role::Opaque);
        assert_eq!(of(None, b"", Hint::Refresh), Role::Refresh);
        assert_eq!(role("[1]", Hint::None), Role::Opaque);
    }

    #[test]
    fn hosts_match_by_label() {
        assert!(is_token_service_host("LOGIN.microsoftonline.com:443"));
        assert!(is_token_service_host("eu.login.microsoftonline.com"));
        assert!(!is_token_service_host("evillogin.microsoftonline.com"));
        assert!(!is_token_service_host("mail.contoso.com"));
    }
}
