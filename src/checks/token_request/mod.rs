//! Were token requests well formed and granted? One file per rule.

/// A log tells that Exchange got no token.
pub(crate) mod log_outbound;
/// The answer of the token service may be kept on the way.
pub(crate) mod request_answer;
/// A refusal of the token service has an unusual form.
pub(crate) mod request_answer_error;
/// What the answer says of the token's end is not what the token says.
pub(crate) mod request_answer_expiry;
/// The token service answers with success and without a token.
pub(crate) mod request_answer_token;
/// The granted token is not of type Bearer.
pub(crate) mod request_answer_type;
/// The assertion is not made for the token service.
pub(crate) mod request_assertion_audience;
/// The assertion lacks a required claim.
pub(crate) mod request_assertion_claims;
/// The assertion comes from another tenant than it asks in.
pub(crate) mod request_assertion_issuer;
/// The client assertion names several applications.
pub(crate) mod request_client_assertion;
/// The client is not named as the token service names applications.
pub(crate) mod request_client_id;
/// The token service is of another cloud.
pub(crate) mod request_cloud;
/// The token request is no form.
pub(crate) mod request_content_type;
/// What the token service says contradicts the request.
pub(crate) mod request_disputed;
/// The token request is not well formed.
pub(crate) mod request_grant_type;
/// A token is asked for by another method than POST.
pub(crate) mod request_method;
/// The token request names several tenants.
pub(crate) mod request_realm;
/// The token service refused.
pub(crate) mod request_refused;
/// A field stands twice in the token request.
pub(crate) mod request_repeated_field;
/// The requested resource is not application/host@tenant.
pub(crate) mod request_resource;
/// The token request does not say what the token is for.
pub(crate) mod request_resource_missing;
/// A proxy refuses the way to the token service.
pub(crate) mod request_tunnel_refused;
/// The certificate is uploaded to the wrong application.
pub(crate) mod script_application;
/// The key is uploaded with a wrong type or usage.
pub(crate) mod script_key_type;
/// Existing keys of the service principal are overwritten.
pub(crate) mod script_keys_overwritten;
/// A cmdlet of a retired module is used.
pub(crate) mod script_retired_module;
/// Microsoft Graph is connected without the right to write.
pub(crate) mod script_scope;
/// The auth certificate is still on Exchange's service principal beside a dedicated hybrid application.
pub(crate) mod state_exchange_key_left;
/// The auth certificate is on neither Exchange's service principal nor the dedicated hybrid application.
pub(crate) mod state_exchange_key_missing;
/// The dedicated hybrid application is configured by half.
pub(crate) mod state_hybrid_application;
/// A key of the service principal has expired.
pub(crate) mod state_key_expired;
/// The auth certificate is not on the service principal.
pub(crate) mod state_key_missing;
/// The uploaded key begins at another time than the certificate.
pub(crate) mod state_key_start;
/// An uploaded key has the dates of the auth certificate, but is another one.
pub(crate) mod state_key_value;
/// A service principal has several keys.
pub(crate) mod state_keys_several;
/// A service principal is disabled in the tenant.
pub(crate) mod state_principal_disabled;
/// A service principal is not in the tenant.
pub(crate) mod state_principal_missing;

use crate::checks::place::Place;
use crate::checks::subject::{ExchangeCase, SeenToken};
use crate::token::{Half, Role};

/// Whether the request went to the address where a token service gives tokens.
fn at_endpoint(case: &ExchangeCase<'_>) -> bool {
    if case.place != Place::TokenService {
        return false;
    }
    let path = case.path().to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    ["/tokens/oauth/2", "/oauth2/token", "/oauth2/v2.0/token"].iter().any(|end| path.ends_with(end))
}

/// Whether the form of the request is in the source, all of it.
fn whole_form(case: &ExchangeCase<'_>) -> bool {
    let body = case.request().map(|request| &request.body);
    body.is_some_and(|body| body.complete && !body.bytes.is_empty()) && !case.form().is_empty()
}

/// Assertions of the request, each with whether it is the client's own proof (`client_assertion`).
fn assertions<'c>(case: &'c ExchangeCase<'_>) -> impl Iterator<Item = (&'c SeenToken<'c>, bool)> {
    let sent = |seen: &&SeenToken<'_>| {
        seen.sighting.location.half == Half::Request && seen.token.role == Role::Assertion
    };
    let client = |seen: &SeenToken<'_>| seen.sighting.location.part.ends_with("client_assertion");
    case.tokens.iter().filter(sent).map(move |seen| (seen, client(seen)))
}
