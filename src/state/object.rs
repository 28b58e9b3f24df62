//! Objects as cmdlets give them: a kind, and named properties in their order.

use crate::base::{Instant, is_guid};

/// Which cmdlet an object came from, as far as its type or its properties tell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// `Get-AuthConfig`
    AuthConfig,
    /// `Get-AuthServer`
    AuthServer,
    /// `Get-PartnerApplication`
    PartnerApplication,
    /// `Get-MailUser` (or `Get-User` of the linked account)
    MailUser,
    /// `Get-AcceptedDomain`
    AcceptedDomain,
    /// `Get-OrganizationConfig`
    OrganizationConfig,
    /// `Get-ManagementRoleAssignment`
    RoleAssignment,
    /// `Get-ExchangeCertificate`
    ExchangeCertificate,
    /// `Get-IntraOrganizationConnector`
    Connector,
    /// `Get-WebServicesVirtualDirectory`
    WebServices,
    /// `Get-AutodiscoverVirtualDirectory`
    Autodiscover,
    /// A key of `Get-MsolServicePrincipalCredential`
    MsolCredential,
    /// `Get-MsolServicePrincipal`, `Get-MgServicePrincipal`
    ServicePrincipal,
    /// A key of a `Get-MgServicePrincipal`'s `KeyCredentials`
    KeyCredential,
    /// `Test-OAuthConnectivity`
    OAuthConnectivity,
    /// `Get-HybridConfiguration`
    HybridConfiguration,
    /// `Get-SettingOverride`
    SettingOverride,
    /// `Get-CASMailbox`
    CasMailbox,
    /// Anything else.
    Other,
}

impl Kind {
    /// The cmdlet, for messages.
    pub const fn cmdlet(self) -> &'static str {
        match self {
            Self::AuthConfig => "Get-AuthConfig",
            Self::AuthServer => "Get-AuthServer",
            Self::PartnerApplication => "Get-PartnerApplication",
            Self::MailUser => "Get-MailUser",
            Self::AcceptedDomain => "Get-AcceptedDomain",
            Self::OrganizationConfig => "Get-OrganizationConfig",
            Self::RoleAssignment => "Get-ManagementRoleAssignment",
            Self::ExchangeCertificate => "Get-ExchangeCertificate",
            Self::Connector => "Get-IntraOrganizationConnector",
            Self::WebServices => "Get-WebServicesVirtualDirectory",
            Self::Autodiscover => "Get-AutodiscoverVirtualDirectory",
            Self::MsolCredential => "Get-MsolServicePrincipalCredential",
            Self::ServicePrincipal => "Get-MgServicePrincipal",
            Self::KeyCredential => "(Get-MgServicePrincipal).KeyCredentials",
            Self::OAuthConnectivity => "Test-OAuthConnectivity",
            Self::HybridConfiguration => "Get-HybridConfiguration",
            Self::SettingOverride => "Get-SettingOverride",
            Self::CasMailbox => "Get-CASMailbox",
            Self::Other => "unknown cmdlet",
        }
    }

    /// All that a cmdlet prints.
    pub const ALL: [Self; 18] = [
        Self::AuthConfig,
        Self::AuthServer,
        Self::PartnerApplication,
        Self::MailUser,
        Self::AcceptedDomain,
        Self::OrganizationConfig,
        Self::RoleAssignment,
        Self::ExchangeCertificate,
        Self::Connector,
        Self::WebServices,
        Self::Autodiscover,
        Self::MsolCredential,
        Self::ServicePrincipal,
        Self::KeyCredential,
        Self::OAuthConnectivity,
        Self::HybridConfiguration,
        Self::SettingOverride,
        Self::CasMailbox,
    ];

    /// From a cmdlet's name, or the noun of one.
    pub fn of_cmdlet(name: &str) -> Option<Self> {
        let noun = |text: &str| text.split_once('-').map_or(text, |(_, noun)| noun).to_ascii_lowercase();
        let wanted = noun(name);
        if wanted == "msolserviceprincipal" {
            return Some(Self::ServicePrincipal);
        }
        Self::ALL.into_iter().find(|kind| noun(kind.cmdlet()) == wanted).or_else(|| Self::of_type(name))
    }

    /// From a .NET type name, `Deserialized.` in front allowed.
    pub fn of_type(name: &str) -> Option<Self> {
        let short = name.rsplit('.').next().unwrap_or(name);
        Some(match short {
            "AuthConfig" => Self::AuthConfig,
            "AuthServer" => Self::AuthServer,
            "PartnerApplication" => Self::PartnerApplication,
            "MailUser" | "User" => Self::MailUser,
            "AcceptedDomain" => Self::AcceptedDomain,
            "ADOrganizationConfig" | "OrganizationConfig" => Self::OrganizationConfig,
            "ExchangeRoleAssignmentPresentation" | "ExchangeRoleAssignment" => Self::RoleAssignment,
            "ExchangeCertificate" => Self::ExchangeCertificate,
            "IntraOrganizationConnector" => Self::Connector,
            "ADWebServicesVirtualDirectory" => Self::WebServices,
            "ADAutodiscoverVirtualDirectory" => Self::Autodiscover,
            "ServicePrincipalCredential" => Self::MsolCredential,
            "ServicePrincipal" | "ServicePrincipalExtended" | "MicrosoftGraphServicePrincipal" => {
                Self::ServicePrincipal
            }
            "MicrosoftGraphKeyCredential" => Self::KeyCredential,
            "ValidationResultNode" | "OAuthValidationResultNode" => Self::OAuthConnectivity,
            "HybridConfiguration" => Self::HybridConfiguration,
            "SettingOverride" => Self::SettingOverride,
            "CASMailbox" => Self::CasMailbox,
            _ => return None,
        })
    }

    /// From the names of an object's properties: the sets that only one cmdlet prints.
    pub fn of_properties(object: &Object) -> Self {
        let has = |name: &str| object.get(name).is_some();
        if has("CurrentCertificateThumbprint") {
            Self::AuthConfig
        } else if has("ResultType") && (has("Detail") || has("Task")) {
            Self::OAuthConnectivity
        } else if has("ApplicationIdentifier") && (has("LinkedAccount") || has("UseAuthServer")) {
            Self::PartnerApplication
        } else if has("TokenIssuingEndpoint")
            || has("IsDefaultAuthorizationEndpoint")
            || (has("IssuerIdentifier") && has("AuthMetadataUrl"))
        {
            Self::AuthServer
        } else if has("DiscoveryEndpoint") && has("TargetAddressDomains") {
            Self::Connector
        } else if has("RoleAssigneeName") || has("RoleAssignee") || (has("Role") && has("Name")) {
            Self::RoleAssignment
        } else if has("Thumbprint")
            && (has("NotAfter") || has("CertificateDomains") || (has("Services") && has("Subject")))
        {
            Self::ExchangeCertificate
        } else if has("OAuthAuthentication") || has("WSSecurityAuthentication") {
            let name = ["Identity", "Name", "DistinguishedName"].iter().find_map(|name| object.text(name));
            if name.is_some_and(|name| name.to_ascii_lowercase().contains("autodiscover")) {
                Self::Autodiscover
            } else {
                Self::WebServices
            }
        } else if has("DomainName") && has("DomainType") {
            Self::AcceptedDomain
        } else if has("HiddenFromAddressListsEnabled") || has("ExternalEmailAddress") {
            Self::MailUser
        } else if has("KeyId") && has("EndDateTime") {
            Self::KeyCredential
        } else if has("KeyId") && has("EndDate") {
            Self::MsolCredential
        } else if has("ServicePrincipalNames")
            || has("KeyCredentials")
            || has("ServicePrincipalName")
            || (has("AppId") && has("ServicePrincipalType"))
        {
            Self::ServicePrincipal
        } else if has("EwsApplicationAccessPolicy") && (has("OWAEnabled") || has("ActiveSyncEnabled")) {
            Self::CasMailbox
        } else if has("EwsApplicationAccessPolicy") || has("OAuth2ClientProfileEnabled") {
            Self::OrganizationConfig
        } else if has("SectionName") && has("ComponentName") {
            Self::SettingOverride
        } else {
            Self::Other
        }
    }
}

/// Output of a cmdlet that tells nothing: neither what there is, nor that there is nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Which cmdlet.
    pub kind: Kind,
    /// Where it was typed: file and line.
    pub place: String,
    /// Whether an error record stands there; else it is a table or other text.
    pub failed: bool,
}

/// A property's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `$null`, or nothing after the colon of a list.
    Nothing,
    /// Text; also numbers and enumerations, as written.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// A date that its source states without doubt, in UTC.
    Date(Instant),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A collection, and whether the source cut it (`…` of `$FormatEnumerationLimit`).
    List(Vec<Self>, bool),
    /// An object inside.
    Object(Box<Object>),
}

impl Value {
    /// The value as text, where it has one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(object) => object.display.as_deref(),
            _ => None,
        }
    }

    /// The value as a boolean: PowerShell prints `True` and `False` in every language, spreadsheets that CSV went
    /// through do not.
    pub fn as_bool(&self) -> Option<bool> {
        const TRUE: [&str; 6] = ["true", "wahr", "vrai", "verdadero", "vero", "sant"];
        const FALSE: [&str; 6] = ["false", "falsch", "faux", "falso", "falskt", "onwaar"];
        let Self::Text(text) = self else {
            return if let Self::Bool(value) = self { Some(*value) } else { None };
        };
        let is = |words: [&str; 6]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        if is(TRUE) { Some(true) } else { is(FALSE).then_some(false) }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(values, cut) => values.is_empty() && !cut,
            _ => false,
        }
    }

    /// The elements of a list as text; a single text is a list of one.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::List(values, _) => values.iter().filter_map(Self::as_text).collect(),
            other => other.as_text().filter(|text| !text.is_empty()).into_iter().collect(),
        }
    }

    /// Its source ends inside it: what is there may be a part, unless nothing could follow. Editors and
    /// `Set-Content -NoNewline` leave out the last line end, not the end of a GUID or of a thumbprint.
    pub(super) fn shorten(&mut self) {
        match self {
            Self::Text(text) if is_whole(text) => {}
            Self::List(_, cut) => *cut = true,
            Self::Text(_) | Self::Nothing => *self = Self::List(Vec::new(), true),
            Self::Bool(_) | Self::Date(_) | Self::Bytes(_) | Self::Object(_) => {}
        }
    }

    /// Whether its source cut it short.
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::List(_, true))
    }
}

/// Whether a text has all its letters by its own form: a GUID, or a thumbprint.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.len() == 40 && digits(text) || is_guid(text)
}

impl From<String> for Value {
    /// Text of a format that has no collections: `Export-Csv`, and `ConvertTo-Json` beyond its depth, print the name of
    /// the type in their place, which says that there is something and not what.
    fn from(text: String) -> Self {
        let name = text.trim();
        let qualified =
            ["System.", "Microsoft.", "Deserialized."].iter().any(|start| name.starts_with(start));
        let many = name.ends_with("[]") || name.contains("`1[") || name.starts_with("System.Collections.");
        if qualified && many && !name.contains(char::is_whitespace) {
            Self::List(Vec::new(), true)
        } else {
            Self::Text(text)
        }
    }
}

/// One object.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// Which cmdlet it came from.
    pub kind: Kind,
    /// Where it stands: file and line, or file and number.
    pub place: String,
    /// What `ToString` gave.
    pub display: Option<String>,
    /// Properties in their order; names as printed.
    pub properties: Vec<(String, Value)>,
}

/// What stands in the place of a name that was not printed.
pub const UNNAMED: &str = "(unnamed)";

impl Object {
    /// An object without properties.
    pub const fn new(place: String) -> Self {
        Self { kind: Kind::Other, place, display: None, properties: Vec::new() }
    }

    /// The first property of that name, in any case.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.properties.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The same, where its source shows the whole of it.
    pub fn shown(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| !value.is_cut())
    }

    /// A property as text, empty ones included.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// A property as a boolean.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// The properties of which one has to be there, so that a rule can say which object of its kind is missing.
    /// With a selection of others (`Format-List Name`) nothing is known to be missing.
    pub const fn identifying(kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::PartnerApplication => &["ApplicationIdentifier"],
            Kind::AuthServer => &["IssuerIdentifier", "Type", "AuthMetadataUrl", "TokenIssuingEndpoint"],
            Kind::RoleAssignment => &["Role"],
            Kind::ExchangeCertificate => &["Thumbprint"],
            Kind::AcceptedDomain => &["DomainName"],
            Kind::MailUser => &["Identity", "Name", "Id", "Alias", "DistinguishedName", "DisplayName"],
            _ => &[],
        }
    }

    /// Whether every organisation has at least one, so that an answer without any says only that the session may not
    /// see them.
    pub const fn is_everywhere(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::AuthConfig
                | Kind::AcceptedDomain
                | Kind::OrganizationConfig
                | Kind::WebServices
                | Kind::Autodiscover
        )
    }

    /// Whether it says which object of its kind it is, see [`Self::identifying`].
    pub fn is_identified(&self) -> bool {
        let names = Self::identifying(self.kind);
        names.is_empty() || names.iter().any(|name| self.shown(name).is_some())
    }

    /// Whether its source says how it is called.
    pub fn has_name(&self) -> bool {
        ["Name", "Identity"].iter().any(|name| self.text(name).is_some_and(|text| !text.trim().is_empty()))
    }

    /// How people call it: `Name`, `Identity`, or what it printed as.
    pub fn name(&self) -> &str {
        ["Name", "Identity", "DisplayName", "KeyId", "Thumbprint"]
            .iter()
            .find_map(|name| self.text(name).filter(|text| !text.is_empty()))
            .or(self.display.as_deref())
            .unwrap_or(UNNAMED)
    }

    /// Whether [`Object::name`] is a name.
    pub fn is_named(&self) -> bool {
        self.name() != UNNAMED
    }

    /// The name, or the cmdlet that printed it.
    pub fn shown_name(&self) -> &str {
        if self.is_named() { self.name() } else { self.kind.cmdlet() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_whole_by_its_form_needs_no_line_end() {
        let read = crate::state::format_list::read;
        for (value, whole) in [
            ("00000002-0000-0ff1-ce00-000000000000", true),
            ("00000002-0000-0ff1-ce00-00000000000", false),
            ("0123456789abcdef0123456789ABCDEF01234567", true),
            ("0123456789abcdef0123456789ABCDEF0123456", false),
            ("True", true),
            ("Tru", false),
            ("{a, b}", true),
            ("{}", true),
            ("{a, b", false),
            ("{a, b...}", false),
            ("contoso.com", false),
            ("", false),
        ] {
            let [object] = &read(&format!("Name  : x\nOther : {value}"), "a")[..] else { panic!() };
            assert_eq!(object.shown("Other").is_some(), whole, "{value}");
        }
        // What stands behind it in a table is lost all the same.
        let table = "Name Enabled Realm\n---- ------- -----\na       True x\nb      False";
        let row = &read(table, "a")[1];
        assert_eq!((row.flag("Enabled"), row.shown("Realm").is_some()), (Some(false), false));
        let wrapped = "Name  : x\nOther : {a, b,\n        c}";
        assert_eq!(read(wrapped, "a")[0].get("Other").unwrap().texts(), ["a", "b", "c"]);
        assert!(read(wrapped, "a")[0].shown("Other").is_some());
    }

    #[test]
    fn booleans_are_read_in_the_languages_of_spreadsheets() {
        let read = |text: &str| Value::Text(text.into()).as_bool();
        assert_eq!(
            [read("True"), read("WAHR"), read("faux"), read("Falso")],
            [Some(true), Some(true), Some(false), Some(false)]
        );
        assert_eq!(read("yes"), None);
        assert_eq!(Value::Bool(false).as_bool(), Some(false));
    }
}
