//! Takes the state files of an organisation and what is expected of them, gives the cases that rules look at.

/// What outputs tell of what they do not show.
mod answers;
/// Whether the auth certificate is among the keys of an application.
pub mod keys;
/// What the organisation is called in commands.
pub mod names;
/// The commands that repair an organisation.
pub mod repairs;
/// What rules on scripts look at.
pub mod script;
/// Which certificate stands where.
pub mod thumbprints;

pub use repairs::{carry, print_keys, renew, show_keys, upload, upload_of};

use std::collections::BTreeSet;

use super::expectations::{CLOUD_VOICEMAIL, EXCHANGE, Expectations, SKYPE, TEAMS_SCHEDULER};
use super::place::bare_host;
use crate::base::Instant;
use crate::keys::certificate::Certificate;
use crate::state::StateFile;
use crate::state::cloud::Cloud;
use crate::state::dates::{self, Order, Reading};
use crate::state::object::{Kind, Object, UNNAMED, Value};
use crate::state::powershell::Literal;
use crate::state::profile::Profile;
use crate::state::uploaded::{self, UploadedKey, hex_thumbprint};

/// Seconds within which a date without a zone can be right: zones differ by up to 14 hours.
const ZONES: i64 = 14 * 3600;
/// Zones differ by whole quarters of an hour.
const QUARTER: i64 = 900;

/// The section of the setting override that switches a dedicated hybrid application on.
pub const OVERRIDE_SECTION: &str = "ExchangeOnpremAsThirdPartyAppId";

/// Roles of the Skype for Business application account.
pub const ROLES: [&str; 2] = ["UserApplication", "ArchiveApplication"];

/// An application that the profile sets up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Application {
    /// Its id.
    pub id: &'static str,
    /// The name of its partner application on Microsoft's page.
    pub name: &'static str,
    /// The mail user that it acts as; none for Cloud Voicemail.
    pub account: Option<&'static str>,
    /// Roles of that mail user.
    pub roles: &'static [&'static str],
}

const APPLICATIONS: [Application; 3] = [
    Application {
        id: SKYPE,
        name: "SfBOnline",
        account: Some("SfBOnline-ApplicationAccount"),
        roles: &ROLES,
    },
    Application {
        id: TEAMS_SCHEDULER,
        name: "TeamsScheduler",
        account: Some("TeamsScheduler"),
        roles: &["TeamsSchedulerRole"],
    },
    Application { id: CLOUD_VOICEMAIL, name: "CloudVoicemail", account: None, roles: &[] },
];

/// The applications of a profile.
pub fn applications(profile: Profile) -> &'static [Application] {
    let count = if profile == Profile::Teams2025 { 3 } else { 1 };
    APPLICATIONS.get(..count).unwrap_or(&APPLICATIONS)
}

/// What a printed date says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Nothing there, or no date.
    None,
    /// A moment, within the zones.
    At(Instant),
    /// Day and month can be exchanged.
    Ambiguous,
}

impl When {
    /// The moment.
    pub const fn known(self) -> Option<Instant> {
        match self {
            Self::At(at) => Some(at),
            Self::None | Self::Ambiguous => None,
        }
    }
}

/// Whether two dates can be the same moment, printed in two zones.
pub fn same_moment(one: Instant, other: Instant) -> bool {
    let apart = one.seconds_since(other).saturating_abs();
    let quarter = apart % QUARTER;
    apart <= ZONES && (quarter <= 1 || quarter >= QUARTER - 1)
}

/// What traffic showed, for `verify --state`.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// `x5t` of tokens that Exchange itself issued.
    pub self_issued: BTreeSet<[u8; 20]>,
    /// Roles that callers asked for in `ManagementRole` headers.
    pub roles: BTreeSet<String>,
    /// Hosts in the audience of tokens in scope.
    pub audiences: BTreeSet<String>,
    /// Realms in the audience of tokens in scope that are domains.
    pub realms: BTreeSet<String>,
    /// Applications of tokens in scope.
    pub applications: BTreeSet<String>,
    /// Whether the token service of 21Vianet issued tokens, where any was seen to issue some.
    pub china: Option<bool>,
}

/// Everything that a rule on the state may look at.
#[derive(Clone, Debug)]
pub struct StateCase<'a> {
    /// All files.
    pub files: &'a [StateFile],
    /// Certificates of `--cert`, with their files.
    pub certificates: Vec<(&'a str, &'a Certificate)>,
    /// The procedure.
    pub profile: Profile,
    /// The cloud, where it was named.
    pub cloud: Option<Cloud>,
    /// Names of the tenant, where they were given.
    pub tenants: &'a [String],
    /// The order of day and month, where it was named.
    pub order: Option<Order>,
    /// The moment to judge at.
    pub at: Instant,
    /// Host names given.
    pub hosts: &'a [String],
    /// The domain of the mailboxes on premises, where it was named.
    pub verified_domain: Option<&'a str>,
    /// The domain controller, where it was named.
    pub domain_controller: Option<&'a str>,
    /// Keys of service principals.
    pub keys: Vec<UploadedKey>,
    /// What traffic showed; only with `verify`.
    pub shown: Option<Shown>,
}

impl<'a> StateCase<'a> {
    /// A case that knows nothing but the files.
    pub fn new(files: &'a [StateFile], at: Instant) -> Self {
        Self {
            files,
            certificates: Vec::new(),
            profile: Profile::Sfbo2022Graph,
            cloud: None,
            tenants: &[],
            order: None,
            at,
            hosts: &[],
            verified_domain: None,
            domain_controller: None,
            keys: uploaded::uploaded(files.iter().flat_map(|file| &file.objects)),
            shown: None,
        }
    }

    /// The case of what was expected and given.
    pub fn expected(expected: &'a Expectations, at: Instant) -> Self {
        let certificates = expected.certificates.iter().flat_map(|(path, loaded)| {
            loaded.certificates.iter().map(|certificate| (path.as_str(), certificate))
        });
        Self {
            certificates: certificates.collect(),
            profile: expected.profile.unwrap_or(Profile::Sfbo2022Graph),
            cloud: expected.cloud,
            tenants: &expected.tenants,
            order: expected.order,
            hosts: &expected.hosts,
            verified_domain: expected.verified_domain.as_deref(),
            domain_controller: expected.domain_controller.as_deref(),
            ..Self::new(&expected.state, at)
        }
    }

    /// All objects of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.files.iter().flat_map(|file| &file.objects).filter(move |object| object.kind == kind)
    }

    /// Whether any cmdlet output was given.
    pub fn has_state(&self) -> bool {
        self.files.iter().any(|file| file.script.is_none())
    }

    /// The applications that matter: those that called, where traffic shows any, else those of the profile.
    pub fn applications(&self) -> Vec<Application> {
        let seen = self.shown.as_ref().map(|shown| &shown.applications);
        let called = |application: &&Application| seen.is_some_and(|seen| seen.contains(application.id));
        let called: Vec<Application> = APPLICATIONS.iter().filter(called).copied().collect();
        if called.is_empty() { applications(self.profile).to_vec() } else { called }
    }

    /// A date of an object.
    pub fn when(&self, object: &Object, name: &str) -> When {
        object.get(name).map_or(When::None, |value| self.date(value))
    }

    /// A date.
    pub fn date(&self, value: &Value) -> When {
        match value {
            Value::Date(at) => When::At(*at),
            other => match other.as_text().map(|text| dates::read(text, self.order)) {
                Some(Reading::One(at)) => When::At(at),
                Some(Reading::Two(..)) => When::Ambiguous,
                Some(Reading::None) | None => When::None,
            },
        }
    }

    /// Whether a date that can be read in two ways lies in the past however it is read.
    pub fn past_either_way(&self, value: &Value) -> bool {
        let reading = value.as_text().map(|text| dates::read(text, self.order));
        matches!(reading, Some(Reading::Two(one, other)) if one < self.at && other < self.at)
    }

    /// `Get-AuthConfig`.
    pub fn auth_config(&self) -> Option<&'a Object> {
        self.of(Kind::AuthConfig).next()
    }

    /// A thumbprint of `Get-AuthConfig`: `Current`, `Next` or `Previous`.
    pub fn auth_thumbprint(&self, which: &str) -> Option<[u8; 20]> {
        hex_thumbprint(self.auth_config()?.text(&format!("{which}CertificateThumbprint"))?)
    }

    /// Certificates of Exchange servers with that thumbprint.
    pub fn stored(&self, thumbprint: [u8; 20]) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.of(Kind::ExchangeCertificate)
            .filter(move |object| object.text("Thumbprint").and_then(hex_thumbprint) == Some(thumbprint))
    }

    /// The certificate with that thumbprint, where its bytes are at hand.
    pub fn certificate(&self, thumbprint: [u8; 20]) -> Option<Certificate> {
        let given = self.certificates.iter().find(|(_, given)| given.thumbprint == thumbprint);
        if let Some((_, given)) = given {
            return Some((*given).clone());
        }
        let raw = self.stored(thumbprint).find_map(|object| match object.get("RawData") {
            Some(Value::Bytes(der)) => Certificate::from_der(der, &object.place).ok(),
            _ => None,
        });
        raw.or_else(|| {
            let key = self.keys.iter().find(|key| key.thumbprint == Some(thumbprint))?;
            key.certificate.as_deref().cloned()
        })
    }

    /// Start or end of a certificate's validity: from its bytes, else as Exchange printed it.
    pub fn validity(&self, thumbprint: [u8; 20], end: bool) -> When {
        if let Some(certificate) = self.certificate(thumbprint) {
            return When::At(if end { certificate.not_after } else { certificate.not_before });
        }
        let name = if end { "NotAfter" } else { "NotBefore" };
        let mut told = self.stored(thumbprint).map(|object| self.when(object, name));
        told.find(|when| *when != When::None).unwrap_or(When::None)
    }

    /// Partner applications of that id. Skype for Business Server on premises has the id of the one in the cloud; it is
    /// trusted by its own metadata address, and stands beside it in its own right.
    pub fn partners(&self, id: &str) -> Vec<&'a Object> {
        let same = |object: &&Object| {
            object.text("ApplicationIdentifier").is_some_and(|text| text.trim().eq_ignore_ascii_case(id))
        };
        let direct =
            |object: &Object| object.text("AuthMetadataUrl").is_some_and(|url| !url.trim().is_empty());
        let mut all: Vec<&Object> = self.of(Kind::PartnerApplication).filter(same).collect();
        if all.iter().any(|object| !direct(object)) {
            all.retain(|object| !direct(object));
        }
        all
    }

    /// The account that a partner application acts as.
    pub fn linked_account(&self, partner: &'a Object) -> Option<&'a str> {
        partner.text("LinkedAccount").map(str::trim).filter(|text| !text.is_empty())
    }

    /// The mail user of that name or identity.
    pub fn mail_user(&self, account: &str) -> Option<&'a Object> {
        let names = ["Identity", "Name", "Id", "Alias", "DistinguishedName", "DisplayName"];
        let is = |object: &&Object| {
            names.iter().any(|name| object.text(name).is_some_and(|own| same_account(own, account)))
        };
        self.of(Kind::MailUser).find(is)
    }

    /// The mail user that an application acts as, or will act as when the one of the procedure is linked to it.
    pub fn acting_user(&self, application: &Application, partner: &'a Object) -> Option<&'a Object> {
        let linked = self.linked_account(partner).and_then(|account| self.mail_user(account));
        linked.or_else(|| self.mail_user(application.account?))
    }

    /// Roles assigned to that account, with the objects that say so.
    pub fn roles_of(&self, account: &str) -> Vec<(&'a str, &'a Object)> {
        self.assignments(account)
            .into_iter()
            .filter(|(_, object)| object.flag("Enabled") != Some(false))
            .collect()
    }

    /// The same, with the assignments that are switched off.
    pub fn assignments(&self, account: &str) -> Vec<(&'a str, &'a Object)> {
        let assigned =
            self.of(Kind::RoleAssignment).filter(|object| is_assigned(object, account) == Some(true));
        assigned.filter_map(|object| Some((leaf(object.text("Role")?), object))).collect()
    }

    /// The first assignment that may be one of this role to this account: what is cut, or was not printed, leaves it open.
    pub fn unclear_assignment(&self, role: &str, account: &str) -> Option<&'a Object> {
        self.of(Kind::RoleAssignment).find(|object| {
            let of_role = object.shown("Role").and_then(Value::as_text).is_none_or(|own| leaf(own) == role);
            let assigned = is_assigned(object, account);
            of_role && (assigned.is_none() || (assigned == Some(true) && object.shown("Role").is_none()))
        })
    }

    /// The service principal of that application, as often as it was printed.
    pub fn principals<'s>(&'s self, application: &'s str) -> impl Iterator<Item = &'a Object> + use<'a, 's> {
        self.of(Kind::ServicePrincipal)
            .filter(move |object| uploaded::application(object).as_deref() == Some(application))
    }

    /// The service principal of that application.
    pub fn principal(&self, application: &str) -> Option<&'a Object> {
        self.principals(application).next()
    }

    /// The same, printed with the whole of that property.
    pub fn principal_with(&self, application: &str, property: &str) -> Option<&'a Object> {
        let mut all = self.principals(application).filter(|object| object.get(property).is_some());
        let first = all.next();
        first
            .filter(|object| object.shown(property).is_some())
            .or_else(|| all.find(|object| object.shown(property).is_some()))
            .or(first)
    }

    /// Keys of that application; `None` when they were not given. Keys that do not say whose they are belong to
    /// step 6, which asks for those of Skype for Business Online, unless service principals beside them have keys of
    /// which nothing else is shown, or do not say whose they are: then they can be anybody's. Nor are they those of step 6
    /// where its own service principal shows its keys.
    pub fn keys_of(&self, application: &str) -> Option<Vec<&UploadedKey>> {
        let skype = |object: &Object| uploaded::application(object).as_deref() == Some(SKYPE);
        let elsewhere = |object: &Object| match uploaded::unshown(object) {
            0 => uploaded::lists_keys(object) && (skype(object) || uploaded::application(object).is_none()),
            _ => !skype(object),
        };
        let step_six = !self.of(Kind::ServicePrincipal).any(elsewhere);
        let own = |key: &&UploadedKey| match &key.application {
            Some(own) => own == application,
            None => application == SKYPE && step_six,
        };
        let keys: Vec<_> = self.keys.iter().filter(own).collect();
        let listed = |object: &Object| uploaded::lists_keys(object) && uploaded::unshown(object) == 0;
        let told = !keys.is_empty()
            || self.principals(application).any(listed)
            || (application == SKYPE && self.keys.is_empty() && self.asked(Kind::MsolCredential));
        told.then_some(keys)
    }

    /// Where a key stands that does not say whose it is.
    pub fn stray_key(&self) -> Option<&str> {
        self.keys.iter().find(|key| key.application.is_none()).map(|key| key.place.as_str())
    }

    /// Whether a list of keys was cut or tells of more than were shown, so that one more may be there. Keys that were
    /// printed by themselves are all where a service principal counts as many, or where their list is known to be whole.
    pub fn keys_cut(&self, application: &str) -> bool {
        let own = self.keys.iter().filter(|key| key.application.as_deref() == Some(application)).count();
        let cut = |object: &Object| {
            object.get("KeyCredentials").is_some_and(Value::is_cut) || uploaded::unshown(object) > own
        };
        if self.principals(application).any(cut) {
            return true;
        }
        if self.principals(application).any(uploaded::lists_keys) {
            return false;
        }
        // Which list a key stands in is known by its place.
        let keys = self.keys_of(application).unwrap_or_default();
        let loose = self.files.iter().flat_map(|file| &file.loose);
        let alone = [Kind::KeyCredential, Kind::MsolCredential];
        let mut loose = loose.filter(|(kind, _)| alone.contains(kind)).peekable();
        loose.peek().is_some() && loose.any(|(_, place)| keys.iter().any(|key| key.place == *place))
    }

    /// The dedicated hybrid application that Exchange uses towards the cloud, where it is switched on: the id on the
    /// Entra auth server and the setting override.
    pub fn dedicated_application(&self) -> Option<String> {
        let set = self.named_application()?;
        let told = self.asked(Kind::SettingOverride)
            && self.left_open(Kind::SettingOverride, &[OVERRIDE_SECTION]).is_none();
        (!told || self.dedicated_override()).then_some(set)
    }

    /// The application id on the Entra auth server.
    pub fn named_application(&self) -> Option<String> {
        self.of(Kind::AuthServer)
            .filter(|object| object.flag("Enabled") != Some(false))
            .find_map(|object| object.text("ApplicationIdentifier").filter(|text| !text.trim().is_empty()))
            .map(|text| text.trim().to_ascii_lowercase())
    }

    /// The setting override that switches the dedicated application on.
    pub fn dedicated_override(&self) -> bool {
        let on = |object: &Object| {
            object.text("SectionName").is_some_and(|name| name == OVERRIDE_SECTION)
                && object.get("Parameters").is_none_or(|value| {
                    let texts = value.texts();
                    texts.is_empty() || texts.iter().any(|text| text.eq_ignore_ascii_case("Enabled=true"))
                })
        };
        self.of(Kind::SettingOverride).any(on)
    }
}

/// Whether a role is assigned to that account; `None` where the object does not tell.
fn is_assigned(object: &Object, account: &str) -> Option<bool> {
    let whose = ["RoleAssigneeName", "RoleAssignee", "User"].iter().find_map(|name| object.get(name));
    match whose {
        Some(value) if value.is_cut() => None,
        Some(value) if !value.is_empty() => value.as_text().map(|own| same_account(own, account)),
        // Without an assignee the name tells it: `<role>-<account>`, cut to 64 characters.
        _ => {
            let name = object.text("Name").filter(|name| name.contains('-'))?.to_ascii_lowercase();
            let role = object.text("Role").unwrap_or_default().to_ascii_lowercase();
            let rest = name.strip_prefix(&role).unwrap_or(&name).trim_start_matches('-');
            let own = leaf(account).to_ascii_lowercase();
            Some(own.starts_with(rest) || rest.starts_with(&own))
        }
    }
}

/// The last part of `contoso.com/Users/Name` or `CN=Name,…`.
pub fn leaf(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("CN=") {
        Some(rest) => rest.split(',').next().unwrap_or(rest),
        None => text.rsplit(['/', '\\']).next().unwrap_or(text),
    }
}

/// Whether two spellings name one account.
pub fn same_account(one: &str, other: &str) -> bool {
    // A wrapped identity may have lost a blank.
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let same = |one: &str, other: &str| bare(one).eq_ignore_ascii_case(&bare(other));
    same(one, other) || same(leaf(one), leaf(other))
}

/// One PowerShell argument, whatever is in the text; a place to fill in for a name that was not printed.
pub fn quoted(text: &str) -> String {
    if text == UNNAMED { "<name>".to_owned() } else { Literal::new(text).to_string() }
}

/// 40 upper-case hex digits.
pub fn hex(thumbprint: [u8; 20]) -> String {
    thumbprint.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The host of a URL, bare.
pub fn host_of(url: &str) -> Option<String> {
    let rest = url.trim().split_once("://").map_or(url.trim(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (!host.is_empty()).then(|| bare_host(host))
}

/// The Exchange principal's id, for rules.
pub const EXCHANGE_ID: &str = EXCHANGE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_leave_room_for_a_name_that_was_not_printed() {
        let text = "ApplicationIdentifier : x\nEnabled : False\n";
        let objects = crate::state::format_list::read(text, "a");
        assert_eq!((quoted(objects[0].name()), quoted("a'b")), ("<name>".to_owned(), "'a''b'".to_owned()));
        assert!(!objects[0].is_named());
    }

    #[test]
    fn dates_of_two_zones_can_be_one_moment() {
        let at = Instant::from_seconds(1_000_000_000);
        for (seconds, same) in
            [(0, true), (3600, true), (-7200, true), (19_800, true), (60, false), (86_400, false)]
        {
            assert_eq!(same_moment(at, Instant::from_seconds(1_000_000_000 + seconds)), same, "{seconds}");
        }
    }

    #[test]
    fn accounts_are_the_same_in_all_spellings() {
        assert!(same_account("contoso.lab/Users/A", "CN=A,CN=Users,DC=contoso"));
        assert!(!same_account("contoso.lab/Users/A", "contoso.lab/Users/B"));
    }

    #[test]
    fn the_server_on_premises_stands_beside_the_application_of_the_cloud() {
        let names = |second: &str| {
            let one = |name: &str, url: &str| {
                format!(
                    "\nApplicationIdentifier : {SKYPE}\nAuthMetadataUrl       : {url}\nLinkedAccount         : x\nName                  : {name}\n"
                )
            };
            let text = one("Lync", "https://pool.example/metadata/json/1") + second;
            let files = [crate::state::read(text.as_bytes(), "a.txt").unwrap()];
            let case = StateCase::new(&files, Instant::from_seconds(0));
            case.partners(SKYPE).into_iter().map(|object| object.name().to_owned()).collect::<Vec<_>>()
        };
        let cloud = format!(
            "\nApplicationIdentifier : {SKYPE}\nAuthMetadataUrl       :\nLinkedAccount         : y\nName                  : SfBOnline\n"
        );
        assert_eq!(names(&cloud), ["SfBOnline"]);
        assert_eq!(names(""), ["Lync"]);
    }

    #[test]
    fn what_could_not_be_read_was_not_asked() {
        let told = |text: &str| {
            let files = [crate::state::read(text.as_bytes(), "a.txt").unwrap()];
            let case = StateCase::new(&files, Instant::from_seconds(0));
            (case.asked(Kind::PartnerApplication), case.unreadable(Kind::PartnerApplication))
        };
        let prompt = "[PS] C:\\>Get-PartnerApplication";
        assert_eq!(told(&format!("{prompt} | fl\n[PS] C:\\>")), (true, None));
        let list = "\n\nName : a\nApplicationIdentifier : b\nLinkedAccount : c\n";
        assert_eq!(told(&format!("{prompt} | fl{list}")), (true, None));
        assert_eq!(told(list), (true, None));
        // Asked again, and read then.
        let table = format!("{prompt}\n\nName Id\nx    y\n\n");
        assert_eq!(told(&format!("{table}{prompt} | fl{list}")), (true, None));
        for (text, why) in [
            (table.clone(), "could not be read (a.txt:1)"),
            (
                format!("{prompt} | fl\nGet-PartnerApplication : no\n    + CategoryInfo : y"),
                "reported an error (a.txt:1)",
            ),
            (
                format!("{prompt} | fl Name,Enabled\n\nName : a\nEnabled : True\n"),
                "without ApplicationIdentifier (a.txt:3)",
            ),
        ] {
            let (asked, reason) = told(&text);
            let reason = reason.unwrap();
            assert!(!asked && reason.contains(why) && reason.contains("| Format-List"), "{text}: {reason}");
        }
    }
}
