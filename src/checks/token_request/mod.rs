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
