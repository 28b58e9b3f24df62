//! Takes bodies and headers of Exchange's answers, gives the results in them.
//!
//! EWS response codes and SOAP faults, `x-ms-diagnostics`, token service errors. A leaf.

/// Codes in answers of Autodiscover.
pub mod autodiscover;
/// What the codes of Exchange and of the token service mean, and the repair.
pub mod codes;
/// `x-ms-diagnostics`.
pub mod diagnostics;
/// SOAP: operations, response codes, faults.
pub mod ews;
/// SOAP requests: operation, folder, roles.
pub mod request;
/// JSON answers of a token service.
pub mod token_service;
