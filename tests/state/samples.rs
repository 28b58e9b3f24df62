//! `Format-List` text of every cmdlet, as far as its layout is published: read, printed again at several widths
//! of the console, in several cultures, and read again. The sample of Get-MsolServicePrincipalCredential is that
//! of Microsoft's documentation (corpus `h-exchange/docs-samples.txt`); all others are made by us, with the
//! properties that the cmdlets are documented to print. No Exchange in another language was at hand: values in
//! other languages and date orders are made by us too.

use oauthtrace::base::Instant;
use oauthtrace::state::dates::{self, Order, Reading};
use oauthtrace::state::{self, Kind, Object, Value, uploaded};

/// Made by us: cmdlet, kind, text, how many objects.
const SAMPLES: &[(&str, Kind, usize, &str)] = &[
    (
        "Get-MsolServicePrincipalCredential",
        Kind::MsolCredential,
        2,
        "
Type      : Asymmetric
Value     : 
KeyId     : bc2795f3-2387-4543-a95d-f92c85c7a1b0
StartDate : 6/1/2012 8:00:00 AM
EndDate   : 5/31/2013 8:00:00 AM
Usage     : Verify

Type      : Password
Value     : 
KeyId     : 0a1b2c3d-2387-4543-a95d-f92c85c7a1b1
StartDate : 6/1/2012 8:00:00 AM
EndDate   : 5/31/2013 8:00:00 AM
Usage     : Verify
",
    ),
    (
        "Get-MsolServicePrincipal",
        Kind::ServicePrincipal,
        1,
        "
ExtensionData        : System.Runtime.Serialization.ExtensionDataObject
AccountEnabled       : True
Addresses            : {}
AppPrincipalId       : 00000004-0000-0ff1-ce00-000000000000
DisplayName          : Skype for Business Server
ObjectId             : aada5fbd-c0ae-442a-8c0b-36fec40602e2
ServicePrincipalName : SkypeForBusinessServer/contoso.example
TrustedForDelegation : True
",
    ),
    (
        "Get-PartnerApplication",
        Kind::PartnerApplication,
        2,
        "
RunspaceId                          : 3d7cfb0b-5e6d-4a8e-9f0c-0b8f7e3a1c55
Enabled                             : True
ApplicationIdentifier               : 00000004-0000-0ff1-ce00-000000000000
CertificateStrings                  : {}
AuthMetadataUrl                     :
Realm                               :
UseAuthServer                       : True
AcceptSecurityIdentifierInformation : False
LinkedAccount                       : contoso.example/Users/SfBOnline-ApplicationAccount
DeploymentId                        :
IssuerIdentifier                    :
AccountType                         : OrganizationalAccount
AppOnlyPermissions                  :
ActAsPermissions                    :
AdminDisplayName                    :
ExchangeVersion                     : 0.20 (15.0.0.0)
Name                                : SfBOnline
DistinguishedName                   : CN=SfBOnline,CN=Partner Applications,CN=Auth Configuration,CN=First Organization,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=example
Identity                            : SfBOnline
Guid                                : 5f6e1a1e-9a3c-4d0b-8a51-6d2b6a4d7c10
ObjectCategory                      : contoso.example/Configuration/Schema/ms-Exch-Auth-Partner-Application
ObjectClass                         : {top, container, msExchAuthPartnerApplication}
WhenChanged                         : 11/23/2025 9:14:55 AM
WhenCreated                         : 11/23/2025 9:14:55 AM
WhenChangedUTC                      : 11/23/2025 8:14:55 AM
WhenCreatedUTC                      : 11/23/2025 8:14:55 AM
OrganizationId                      :
Id                                  : SfBOnline
OriginatingServer                   : dc1.contoso.example
IsValid                             : True
ObjectState                         : Unchanged

RunspaceId                          : 3d7cfb0b-5e6d-4a8e-9f0c-0b8f7e3a1c55
Enabled                             : True
ApplicationIdentifier               : 00000002-0000-0ff1-ce00-000000000000
UseAuthServer                       : True
LinkedAccount                       : contoso.example/Users/Exchange Online-ApplicationAccount
Name                                : Exchange Online
",
    ),
    (
        "Get-AuthConfig",
        Kind::AuthConfig,
        1,
        "
CurrentCertificateThumbprint  : 9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1
PreviousCertificateThumbprint :
NextCertificateThumbprint     : 773666E4D7C50DF9D2F8D0DD5FDA06E1D1A0D7B2
NextCertificateEffectiveDate  : 12/31/2026 12:00:00 AM
ServiceName                   : 00000002-0000-0ff1-ce00-000000000000
Realm                         :
DeploymentId                  :
IssuerIdentifier              :
Name                          : Auth Configuration
AdminDisplayName              :
ExchangeVersion               : 0.20 (15.0.0.0)
DistinguishedName             : CN=Auth Configuration,CN=First Organization,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=example
Identity                      : Auth Configuration
Guid                          : 0d7a5cda-4f0d-4df0-8b6f-1d5a53a3e4c1
ObjectCategory                : contoso.example/Configuration/Schema/ms-Exch-Auth-Auth-Config
ObjectClass                   : {top, container, msExchAuthAuthConfig}
OrganizationId                :
OriginatingServer             : dc1.contoso.example
IsValid                       : True
ObjectState                   : Unchanged
",
    ),
    (
        "Get-AuthServer",
        Kind::AuthServer,
        2,
        "
Name                           : ACS - 5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11
IssuerIdentifier               : 00000001-0000-0000-c000-000000000000
Realm                          : 5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11
Type                           : MicrosoftACS
TokenIssuingEndpoint           : https://accounts.accesscontrol.windows.net/5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11/tokens/OAuth/2
AuthorizationEndpoint          :
AuthMetadataUrl                : https://accounts.accesscontrol.windows.net/5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11/metadata/json/1
ApplicationIdentifier          :
DomainName                     : {}
CertificateStrings             : {MIIDYDCCAkigAwIBAgIQ, MIIDYDCCAkigAwIBAgIR}
IsDefaultAuthorizationEndpoint : False
Enabled                        : True

Name                           : evoSTS
IssuerIdentifier               : https://sts.windows.net/5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11/
Realm                          :
Type                           : AzureAD
TokenIssuingEndpoint           : https://login.windows.net/common/oauth2/token
AuthorizationEndpoint          : https://login.windows.net/common/oauth2/authorize
AuthMetadataUrl                : https://login.windows.net/contoso.example/federationmetadata/2007-06/federationmetadata.xml
ApplicationIdentifier          : aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb
DomainName                     : {contoso.example}
CertificateStrings             : {}
IsDefaultAuthorizationEndpoint : True
Enabled                        : True
",
    ),
    (
        "Get-ExchangeCertificate",
        Kind::ExchangeCertificate,
        2,
        "
AccessRules        : {System.Security.AccessControl.CryptoKeyAccessRule, System.Security.AccessControl.CryptoKeyAccessRule, System.Security.AccessControl.CryptoKeyAccessRule}
CertificateDomains : {}
HasPrivateKey      : True
IsSelfSigned       : True
Issuer             : CN=Microsoft Exchange Server Auth Certificate
NotAfter           : 6/9/2029 10:00:00 AM
NotBefore          : 7/5/2024 10:00:00 AM
PublicKeySize      : 2048
RootCAType         : None
SerialNumber       : 55F5D0C9A1B7C2864E6A0C5C1C0A4E21
Services           : SMTP
Status             : Valid
Subject            : CN=Microsoft Exchange Server Auth Certificate
Thumbprint         : 9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1

AccessRules        : {System.Security.AccessControl.CryptoKeyAccessRule}
CertificateDomains : {mail.contoso.example, autodiscover.contoso.example, EX01, EX01.corp.contoso.example...}
HasPrivateKey      : True
IsSelfSigned       : False
Issuer             : CN=Contoso Issuing CA, DC=corp, DC=contoso, DC=example
NotAfter           : 2/2/2028 4:22:23 AM
NotBefore          : 2/3/2026 4:22:23 AM
PublicKeySize      : 2048
RootCAType         : Registry
SerialNumber       : 1A00000042D3E7F0A2B5C80B5E000000000042
Services           : IMAP, POP, IIS, SMTP
Status             : Valid
Subject            : CN=mail.contoso.example, O=Contoso, C=DE
Thumbprint         : 773666E4D7C50DF9D2F8D0DD5FDA06E1D1A0D7B2
",
    ),
    (
        "Get-ManagementRoleAssignment -RoleAssignee SfBOnline-ApplicationAccount | fl Name,Role",
        Kind::RoleAssignment,
        2,
        "
Name : UserApplication-SfBOnline-ApplicationAccount
Role : UserApplication

Name : ArchiveApplication-SfBOnline-ApplicationAccount
Role : ArchiveApplication
",
    ),
    (
        "Get-IntraOrganizationConnector",
        Kind::Connector,
        1,
        "
Name                : ExchangeHybridOnPremisesToOnline
TargetAddressDomains : {contoso.mail.onmicrosoft.com}
DiscoveryEndpoint   : https://autodiscover-s.outlook.com/autodiscover/autodiscover.svc
TargetSharingEpr    :
Enabled             : True
",
    ),
    (
        "(Get-MgServicePrincipal -Filter \"AppId eq '00000004-0000-0ff1-ce00-000000000000'\").KeyCredentials",
        Kind::KeyCredential,
        1,
        "
CustomKeyIdentifier  : {244, 45, 54, 12...}
DisplayName          : CN=Microsoft Exchange Server Auth Certificate
EndDateTime          : 6/9/2029 10:00:00 AM
Key                  : {48, 68, 54, 66...}
KeyId                : bc2795f3-2387-4543-a95d-f92c85c7a1b0
StartDateTime        : 7/5/2024 10:00:00 AM
Type                 : AsymmetricX509Cert
Usage                : Verify
AdditionalProperties : {}
",
    ),
    (
        "Test-OAuthConnectivity",
        Kind::OAuthConnectivity,
        1,
        "
RunspaceId  : 3d7cfb0b-5e6d-4a8e-9f0c-0b8f7e3a1c55
Task        : Checking EWS API Call Under Oauth
Detail      : The configuration was last successfully loaded at 1/1/0001 12:00:00 AM UTC. This was 1061304912 minutes ago.
              The token cache is being cleared because \"use cached token\" was set to false.
              Exchange Outbound Oauth Log:
              Client request ID: 4c9f2a3e-9b0e-4a51-8d0e-5d3c9d7c8a11
              Information:[OAuthCredentials:Authenticate] entering
              Information:[OAuthCredentials:GetToken] client-id: '00000002-0000-0ff1-ce00-000000000000', realm: '', trusted_issuer: '00000001-0000-0000-c000-000000000000@*'
              Information:[ACSTokenBuildRequest:GetActorTokenFromAuthServer] Sending token request to 'https://accounts.accesscontrol.windows.net/5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11/tokens/OAuth/2'

              Exchange Response Details:
              HTTP response message:
              Exception:
              System.Net.WebException: The remote server returned an error: (401) Unauthorized, diagnostics: 2000005;reason=\"The issuer of the token is unknown.\";error_category=\"invalid_issuer\"
ResultType  : Error
Identity    : Microsoft.Exchange.Security.OAuth.ValidationResultNodeId
IsValid     : True
ObjectState : New
",
    ),
];

/// Text as the console shows it: names padded, values wrapped at its width, at blanks where there are any.
fn print(cmdlet: &str, objects: &[Object], width: usize) -> String {
    let mut text = format!("[PS] C:\\>{cmdlet} | fl\n\n");
    for object in objects {
        let printed = |name: &String| name != "AppPrincipalId" || object.kind != Kind::MsolCredential;
        let all: Vec<_> = object.properties.iter().filter(|(name, _)| printed(name)).collect();
        let column = all.iter().map(|(name, _)| name.len()).max().unwrap() + 3;
        for (name, value) in all {
            let mut lines = vec![];
            for line in shown(value).split('\n') {
                lines.extend(wrapped(line, width - column));
            }
            let lines = lines.join(&format!("\n{}", " ".repeat(column)));
            text.push_str(&format!("{name:<0$} : {lines}\n", column - 3));
        }
        text.push('\n');
    }
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::Nothing => String::new(),
        Value::Text(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::List(values, cut) => {
            let texts: Vec<String> = values.iter().map(shown).collect();
            format!("{{{}{}}}", texts.join(", "), if *cut { "..." } else { "" })
        }
        other => panic!("{other:?} is not printed"),
    }
}

/// A word that does not fit goes to the next line, and the blank before it is lost; one that is wider than the
/// line is cut.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().unwrap();
        let room = width.saturating_sub(last.chars().count() + 1);
        if last.is_empty() {
            last.push_str(word);
        } else if word.chars().count() <= room {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
        while lines.last().unwrap().chars().count() > width {
            let long: Vec<char> = lines.pop().unwrap().chars().collect();
            lines.push(long[..width].iter().collect());
            lines.push(long[width..].iter().collect());
        }
    }
    lines
}

fn read(text: &str) -> Vec<Object> {
    state::load(text.as_bytes(), "sample.txt").unwrap()
}

/// Objects without their places, texts without blanks: whether one stood where a full line ends, nobody can know.
fn comparable(objects: &[Object]) -> Vec<(Kind, Vec<(String, Value)>)> {
    fn bare(value: &Value) -> Value {
        match value {
            Value::Text(text) => Value::Text(text.chars().filter(|letter| !letter.is_whitespace()).collect()),
            Value::List(values, cut) => Value::List(values.iter().map(bare).collect(), *cut),
            other => other.clone(),
        }
    }
    let plain = |(name, value): &(String, Value)| (name.clone(), bare(value));
    objects.iter().map(|object| (object.kind, object.properties.iter().map(plain).collect())).collect()
}

#[test]
fn every_sample_is_read_whole() {
    for (cmdlet, kind, count, text) in SAMPLES {
        let objects = read(&format!("[PS] C:\\>{cmdlet}\n\n{text}"));
        assert_eq!(objects.len(), *count, "{cmdlet}: {objects:#?}");
        assert!(objects.iter().all(|object| object.kind == *kind), "{cmdlet}: {objects:#?}");
        // Names in their order, each property of the text.
        let names: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name.trim())
            .collect();
        let own: Vec<&str> = objects
            .iter()
            .flat_map(|object| object.properties.iter().map(|(name, _)| name.as_str()))
            .filter(|name| *name != "AppPrincipalId" || *kind != Kind::KeyCredential)
            .collect();
        assert_eq!(own, names, "{cmdlet}");
        // Without the prompt the properties alone tell the cmdlet.
        assert!(read(text).iter().all(|object| object.kind == *kind), "{cmdlet} without a prompt");
    }
}

#[test]
fn every_sample_is_the_same_after_it_was_printed_at_any_width() {
    for (cmdlet, _, _, text) in SAMPLES {
        let first: Vec<Object> = read(text);
        for width in [60, 79, 80, 119, 120, 160, 4096] {
            let printed = print("fl", &first, width);
            let again = read(&printed);
            assert_eq!(comparable(&again), comparable(&first), "{cmdlet} at {width}:\n{printed}");
            if width == 4096 {
                let properties =
                    |all: &[Object]| all.iter().map(|one| one.properties.clone()).collect::<Vec<_>>();
                assert_eq!(properties(&again), properties(&first), "{cmdlet}: nothing was wrapped");
            }
        }
        // As files that redirection makes.
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let objects = state::load(&wide, "sample.txt").unwrap();
        assert_eq!(comparable(&objects), comparable(&first), "{cmdlet} in UTF-16");
        let dos = text.replace('\n', "\r\n");
        assert_eq!(comparable(&read(&dos)), comparable(&first), "{cmdlet} with CRLF");
    }
}

#[test]
fn samples_say_what_they_are_about() {
    let sample = |cmdlet: &str| {
        let (cmdlet, _, _, text) = SAMPLES.iter().find(|(name, ..)| name.contains(cmdlet)).unwrap();
        read(&format!("PS C:\\> {cmdlet} | fl *\n{text}"))
    };
    let keys = uploaded::uploaded(&sample("KeyCredentials"));
    assert_eq!(keys[0].application.as_deref(), Some("00000004-0000-0ff1-ce00-000000000000"));
    assert!(keys[0].verifies && keys[0].certificate.is_none() && keys[0].thumbprint.is_none());
    let keys = uploaded::uploaded(&sample("Get-MsolServicePrincipalCredential"));
    assert_eq!(keys.iter().map(|key| key.verifies).collect::<Vec<_>>(), [true, false]);
    let certificates = sample("Get-ExchangeCertificate");
    let domains = certificates[1].get("CertificateDomains").unwrap();
    assert!(domains.is_cut() && domains.texts().len() == 4);
    let detail = sample("Test-OAuthConnectivity");
    let detail = detail[0].text("Detail").unwrap();
    assert!(detail.contains("GetActorTokenFromAuthServer") && detail.contains("diagnostics: 2000005"));
    assert!(detail.contains("\n\nExchange Response Details:"), "a blank line inside stays");
}

/// Made by us: a moment as the cultures of several languages print it, and the order that `--culture` names.
const PRINTED: &[(&str, &str, &str)] = &[
    ("en-US", "6/9/2029 10:05:07 PM", "2029-06-09T22:05:07Z"),
    ("en-US", "6/9/2029 12:05:07 AM", "2029-06-09T00:05:07Z"),
    ("en-GB", "09/06/2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("en-AU", "9/06/2029 10:05:07 PM", "2029-06-09T22:05:07Z"),
    ("de-DE", "09.06.2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("de-DE", "02.02.2028 4:22:23", "2028-02-02T04:22:23Z"),
    ("fr-FR", "09/06/2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("fr-CA", "2029-06-09 22:05:07", "2029-06-09T22:05:07Z"),
    ("es-ES", "09/06/2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("es-MX", "09/06/2029 10:05:07 p. m.", "2029-06-09T22:05:07Z"),
    ("it-IT", "09/06/2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("nl-NL", "9-6-2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("pl-PL", "09.06.2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("cs-CZ", "09.06.2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("pt-BR", "09/06/2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("ru-RU", "09.06.2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("sv-SE", "2029-06-09 22:05:07", "2029-06-09T22:05:07Z"),
    ("da-DK", "09-06-2029 22:05:07", "2029-06-09T22:05:07Z"),
    ("fi-FI", "9.6.2029 22.05.07", "2029-06-09T22:05:07Z"),
    ("ja-JP", "2029/06/09 22:05:07", "2029-06-09T22:05:07Z"),
    ("zh-CN", "2029/6/9 22:05:07", "2029-06-09T22:05:07Z"),
    ("ko-KR", "2029-06-09 오후 10:05:07", "2029-06-09T22:05:07Z"),
    ("zh-TW", "2029/6/9 下午 10:05:07", "2029-06-09T22:05:07Z"),
    ("hu-HU", "2029. 06. 09. 22:05:07", "2029-06-09T22:05:07Z"),
];

#[test]
fn dates_of_many_cultures_are_read_by_the_order_that_is_named() {
    for (culture, text, moment) in PRINTED {
        let order = Order::of_culture(culture).unwrap_or_else(|| panic!("{culture}"));
        let wanted = Instant::parse(moment).unwrap();
        assert_eq!(dates::read(text, Some(order)), Reading::One(wanted), "{culture}: {text}");
        // Without the name: the same, or both readings, never another one.
        match dates::read(text, None) {
            Reading::One(at) => assert_eq!(at, wanted, "{culture}: {text}"),
            Reading::Two(month, day) => assert!(month == wanted || day == wanted, "{culture}: {text}"),
            Reading::None => panic!("{culture}: {text}"),
        }
    }
}

/// Made by us: prose of a Spanish and a German session, and text that went through a word processor.
#[test]
fn prose_in_other_languages_leaves_names_and_codes() {
    let spanish = "RunspaceId  : 3d7cfb0b-5e6d-4a8e-9f0c-0b8f7e3a1c55\nTask        : Comprobando la llamada de la API de EWS con Oauth\nDetail      : La configuración se cargó correctamente por última vez a las 01/01/0001 0:00:00 UTC.\n              Información:[OAuthCredentials:GetToken] client-id: \u{2018}00000002\u{2013}0000\u{2013}0ff1\u{2013}ce00\u{2013}000000000000\u{2019}\n              Error en el servidor remoto: (401) No autorizado, diagnostics: 2000003;reason=\u{201c}x\u{201d}\nResultType  : Error\nIsValid     : True\n";
    let [object] = &read(spanish)[..] else { panic!() };
    assert_eq!(object.kind, Kind::OAuthConnectivity);
    assert_eq!(object.text("ResultType"), Some("Error"));
    let detail = object.text("Detail").unwrap();
    assert!(detail.contains("'00000002-0000-0ff1-ce00-000000000000'"), "{detail}");
    assert!(detail.contains("diagnostics: 2000003;reason=\"x\""), "{detail}");
    let german = "Name                         : Auth Configuration\nCurrentCertificateThumbprint : 9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1\nNextCertificateEffectiveDate : 31.12.2026 00:00:00\nServiceName                  : 00000002\u{2013}0000\u{2013}0ff1\u{2013}ce00\u{2013}000000000000\n";
    let [object] = &read(german)[..] else { panic!() };
    assert_eq!(object.text("ServiceName"), Some("00000002-0000-0ff1-ce00-000000000000"));
}
