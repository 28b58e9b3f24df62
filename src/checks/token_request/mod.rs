//! Were token requests well formed and granted? One file per rule.

/// A log tells that Exchange got no token.
pub(crate) mod log_outbound;
/// The answer of the token service is unusual.
pub(crate) mod request_answer;
/// The assertion comes from another tenant than it asks in.
pub(crate) mod request_assertion_issuer;
/// The token service is of another cloud.
pub(crate) mod request_cloud;
/// The token request is not well formed.
pub(crate) mod request_grant_type;
/// The token request names several tenants.
pub(crate) mod request_realm;
/// The token service refused.
pub(crate) mod request_refused;
/// The requested resource is not application/host@tenant.
pub(crate) mod request_resource;
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
