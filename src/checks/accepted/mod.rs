//! Did Exchange accept the tokens? One file per rule.

/// A SOAP fault or response code contradicts the request.
pub(crate) mod answer_disputed;
/// Autodiscover accepts the token, and gives no settings.
pub(crate) mod autodiscover_code;
/// Autodiscover was reached without credentials.
pub(crate) mod cas_error;
/// What the server says contradicts what the token shows.
pub(crate) mod disputed;
/// EWS reports an error inside the answer.
pub(crate) mod ews_error;
/// Exchange forbade the call.
pub(crate) mod forbidden;
/// A log tells of an accepted Bearer call.
pub(crate) mod log_accepted;
/// A log tells of another status than the recording.
pub(crate) mod log_differs;
/// A log tells of an error inside a successful answer.
pub(crate) mod log_ews_error;
/// A log tells of a refused Bearer call.
pub(crate) mod log_refused;
/// A log tells of a call that the server failed on.
pub(crate) mod log_server_error;
/// The call was answered with a client error.
pub(crate) mod not_found;
/// Something in front of Exchange answered.
pub(crate) mod other_device;
/// The call was redirected.
pub(crate) mod redirected;
/// Exchange refused the token.
pub(crate) mod refused;
/// A token that was not recorded is refused.
pub(crate) mod refused_alone;
/// The reason of a refusal is missing.
pub(crate) mod refused_silently;
/// A partner application or auth server is switched off.
pub(crate) mod script_disabled;
/// The commands of step 2 use different domain controllers.
pub(crate) mod script_domain_controller;
/// A partner application is made by id and by metadata at once.
pub(crate) mod script_exclusive;
/// A partner application is made without its account.
pub(crate) mod script_linked_account;
/// Steps stand in the wrong order.
pub(crate) mod script_order;
/// A partner application is made with another application id.
pub(crate) mod script_partner_application;
/// The partner application of Skype for Business Online is removed.
pub(crate) mod script_partner_removed;
/// A partner application is made with a realm.
pub(crate) mod script_realm;
/// The account gets more roles than it needs.
pub(crate) mod script_role_extra;
/// A role is not assigned to the account that is made.
pub(crate) mod script_role_missing;
/// New-MailUser has a switch that does not exist.
pub(crate) mod script_stray_switch;
/// Cloud Voicemail is linked to an account.
pub(crate) mod script_voicemail_account;
/// The server failed on the call.
pub(crate) mod server_error;
/// The mail user that a partner application acts as does not exist.
pub(crate) mod state_account_missing;
/// The account of a partner application is shown in address lists.
pub(crate) mod state_account_visible;
/// The EWS application policy shuts Teams out.
pub(crate) mod state_ews_policy;
/// A partner application is not linked to its account.
pub(crate) mod state_partner_account;
/// Only the older application of Skype for Business Online is enabled.
pub(crate) mod state_partner_current;
/// A partner application is disabled.
pub(crate) mod state_partner_disabled;
/// A partner application is enabled twice.
pub(crate) mod state_partner_duplicated;
/// A partner application is missing.
pub(crate) mod state_partner_missing;
/// A partner application of the cloud has a realm or a metadata address.
pub(crate) mod state_partner_realm;
/// A caller asks for a role that its account lacks.
pub(crate) mod state_role_asked;
/// The account has more roles than it needs.
pub(crate) mod state_role_extra;
/// A role of the account is missing.
pub(crate) mod state_role_missing;
/// Test-OAuthConnectivity failed.
pub(crate) mod state_test_failed;
/// Test-OAuthConnectivity succeeded with a remark on the mailbox.
pub(crate) mod state_test_remark;
/// The Entra token carries no permission.
pub(crate) mod token_no_permission;
/// This kind of token is not accepted at this path.
pub(crate) mod token_profile;
/// An answer quotes how another server refused a token.
pub(crate) mod told_inside;
/// The server accepts a token that is wrong here.
pub(crate) mod wrong_token;

/// What to do where something else than Exchange seems to have answered.
const WHO_ANSWERED: &str = "Find what answered: ask the Exchange server itself the same, and compare. Exchange sends request-id and \
    X-FEServer with every answer; a device in front of it has to pass EWS and Autodiscover through without pre-authentication.";
