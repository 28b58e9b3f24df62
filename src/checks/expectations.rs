//! What the administrator says is right: the ready objects behind the options of `verify`.

use crate::base::Instant;
use crate::keys::KeyRing;
use crate::keys::load::Loaded;
use crate::state::StateFile;
use crate::state::cloud::Cloud;
use crate::state::dates::Order;
use crate::state::profile::Profile;

use super::finding::Severity;

/// Skype for Business Online / Lync.
pub const SKYPE: &str = "00000004-0000-0ff1-ce00-000000000000";
/// Teams scheduler.
pub const TEAMS_SCHEDULER: &str = "7557eb47-c689-4224-abcf-aef9bd7573df";
/// Cloud Voicemail.
pub const CLOUD_VOICEMAIL: &str = "db7de2b5-2149-435e-8043-e080dd50afae";
/// Exchange itself, on premises and online.
pub const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";

/// Name of a well-known application; `None` for others.
pub fn application_name(id: &str) -> Option<&'static str> {
    let name = match id.to_ascii_lowercase().as_str() {
        "00000001-0000-0000-c000-000000000000" => "Access Control Service",
        "00000001-0002-0000-c000-000000000000" => "Access Control Service operated by 21Vianet",
        EXCHANGE => "Exchange",
        "00000002-0000-0000-c000-000000000000" => "Azure AD Graph",
        "00000003-0000-0000-c000-000000000000" => "Microsoft Graph",
        "00000003-0000-0ff1-ce00-000000000000" => "SharePoint",
        SKYPE => "Skype for Business Online",
        "00000005-0000-0ff1-ce00-000000000000" => "Viva Engage",
        "00000006-0000-0ff1-ce00-000000000000" => "Office Portal",
        "00000007-0000-0ff1-ce00-000000000000" => "Exchange Online Protection",
        TEAMS_SCHEDULER => "Teams Calendar Scheduler Service",
        CLOUD_VOICEMAIL => "Cloud Voicemail",
        _ => return None,
    };
    Some(name)
}

/// What is expected.
#[derive(Clone, Debug)]
pub struct Expectations {
    /// Tenant GUIDs and verified domains, all naming one tenant; at least one.
    pub tenants: Vec<String>,
    /// Files given as `--cert`, with what they held; their keys are in `keys` too.
    pub certificates: Vec<(String, Loaded)>,
    /// Whether `--sts-keys` was given.
    pub sts_keys_given: bool,
    /// All keys: of the certificates and of the token service.
    pub keys: KeyRing,
    /// `--host`; empty for all.
    pub hosts: Vec<String>,
    /// Applications in scope.
    pub principals: Vec<String>,
    /// `--at`; `None` for the time of the packet or entry.
    pub at: Option<Instant>,
    /// Clock tolerance in seconds.
    pub leeway: i64,
    /// Lowest severity that fails.
    pub fail_on: Severity,
    /// State of the organisation.
    pub state: Vec<StateFile>,
    /// The procedure that the state should follow, where one was named.
    pub profile: Option<Profile>,
    /// The cloud, where it was named.
    pub cloud: Option<Cloud>,
    /// The order of day and month in printed dates, where it was named.
    pub order: Option<Order>,
    /// The domain of the on-premises mailboxes, where it was named.
    pub verified_domain: Option<String>,
    /// The domain controller that commands shall use, where it was named.
    pub domain_controller: Option<String>,
}

impl Default for Expectations {
    fn default() -> Self {
        Self {
            tenants: Vec::new(),
            certificates: Vec::new(),
            sts_keys_given: false,
            keys: KeyRing::default(),
            hosts: Vec::new(),
            principals: [SKYPE, TEAMS_SCHEDULER, CLOUD_VOICEMAIL].map(str::to_owned).into(),
            at: None,
            leeway: 300,
            fail_on: Severity::Error,
            state: Vec::new(),
            profile: None,
            cloud: None,
            order: None,
            verified_domain: None,
            domain_controller: None,
        }
    }
}
