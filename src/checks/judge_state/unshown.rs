//! Takes a case, tells which objects were printed without what rules judge of them: an output without it (`Format-List
//! Name`, a table) tells nothing of that, neither good nor bad.

use super::StateCase;
use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::organisation::{When, quoted};
use crate::state::object::{Kind, Object, Value};

/// What rules judge of every object of a kind, and the check that depends on it. Flags have to be read, the others to be
/// there.
const JUDGED: [(Kind, &str, bool, CheckId); 14] = [
    (Kind::AuthConfig, "CurrentCertificateThumbprint", false, CheckId::Certificate),
    (Kind::AuthConfig, "ServiceName", false, CheckId::Certificate),
    (Kind::PartnerApplication, "Enabled", true, CheckId::Accepted),
    (Kind::PartnerApplication, "LinkedAccount", false, CheckId::Accepted),
    (Kind::PartnerApplication, "Realm", false, CheckId::Accepted),
    (Kind::PartnerApplication, "AuthMetadataUrl", false, CheckId::Accepted),
    (Kind::OrganizationConfig, "EwsEnabled", false, CheckId::Accepted),
    (Kind::OrganizationConfig, "EwsApplicationAccessPolicy", false, CheckId::Accepted),
    (Kind::AuthServer, "Enabled", true, CheckId::Challenge),
    (Kind::AuthServer, "AuthMetadataUrl", false, CheckId::Challenge),
    (Kind::WebServices, "OAuthAuthentication", true, CheckId::Challenge),
    (Kind::WebServices, "ExternalUrl", false, CheckId::Audience),
    (Kind::Autodiscover, "OAuthAuthentication", true, CheckId::Challenge),
    (Kind::Connector, "Enabled", true, CheckId::NoBasic),
];

/// What is judged of the certificate that Exchange uses: whether it is a flag, and whether its bytes tell it too.
const OF_CERTIFICATE: [(&str, bool, bool); 4] = [
    ("HasPrivateKey", true, false),
    ("Status", false, false),
    ("PublicKeySize", false, true),
    ("NotAfter", false, true),
];

type Missing = Vec<(CheckId, String)>;

/// Objects that were printed without what rules judge of them.
pub(super) fn unshown(case: &StateCase<'_>) -> Missing {
    let mut found = Vec::new();
    let ids: Vec<&str> =
        case.applications().iter().map(|application| application.id).chain([EXCHANGE]).collect();
    for (kind, property, flag, check) in JUDGED {
        // Others may be in whatever state they like.
        let looked_at = |object: &Object| {
            let of = object.text("ApplicationIdentifier").unwrap_or_default().trim();
            kind != Kind::PartnerApplication || ids.iter().any(|id| id.eq_ignore_ascii_case(of))
        };
        let first = case.of(kind).find(|object| looked_at(object) && lacks(case, object, property, flag));
        found
            .extend(first.map(|object| {
                (check, line(object, property, &format!("{} | Format-List *", kind.cmdlet())))
            }));
    }
    certificate(case, &mut found);
    accounts(case, &mut found);
    principals(case, &ids, &mut found);
    found
}

/// Whether the property is not shown, there or where the same object was printed once more.
fn lacks(case: &StateCase<'_>, object: &Object, name: &str, flag: bool) -> bool {
    let shown = |object: &Object| match flag {
        true => object.flag(name).is_some(),
        false => object.shown(name).is_some_and(|value| match value {
            // An object of which nothing is printed tells nothing.
            Value::Object(_) => value.as_text().is_some(),
            // A flag that may be empty.
            _ => name != "EwsEnabled" || value.is_empty() || value.as_bool().is_some(),
        }),
    };
    !shown(object) && case.again(object, shown).is_none()
}

fn line(object: &Object, property: &str, command: &str) -> String {
    let cmdlet = object.kind.cmdlet();
    let of = if object.is_named() { format!(" of {}", object.name()) } else { String::new() };
    format!("{cmdlet} does not show {property}{of} ({}): print it again with `{command}`", object.place)
}

/// The certificate that Exchange uses (field notes N02).
fn certificate(case: &StateCase<'_>, found: &mut Missing) {
    let Some(current) = case.auth_thumbprint("Current") else { return };
    let bytes = case.certificate(current).is_some();
    for (property, flag, _) in OF_CERTIFICATE.into_iter().filter(|(.., told)| !(*told && bytes)) {
        let tells = |object: &Object| match property {
            "NotAfter" => case.when(object, property) != When::None,
            "PublicKeySize" => object.text(property).is_some_and(|text| text.trim().parse::<u32>().is_ok()),
            _ if flag => object.flag(property).is_some(),
            _ => object.shown(property).is_some_and(|value| !value.is_empty()),
        };
        let first = case.stored(current).find(|object| !tells(object) && case.again(object, tells).is_none());
        found.extend(first.map(|object| {
            (CheckId::Certificate, line(object, property, "Get-ExchangeCertificate | Format-List *"))
        }));
    }
}

/// Accounts of partner applications. Of their roles Microsoft's own check prints names alone, which is enough.
fn accounts(case: &StateCase<'_>, found: &mut Missing) {
    for application in case.applications() {
        for account in case.partners(application.id).into_iter().filter_map(|one| case.linked_account(one)) {
            if let Some(user) = case.mail_user(account) {
                let command = format!("Get-MailUser {} | Format-List *", quoted(account));
                for (name, flag, check) in [
                    ("HiddenFromAddressListsEnabled", true, CheckId::Accepted),
                    ("ExternalEmailAddress", false, CheckId::Audience),
                ] {
                    let lacking = lacks(case, user, name, flag);
                    found.extend(lacking.then(|| (check, line(user, name, &command))));
                }
            }
        }
    }
}

/// Whether service principals are enabled: the token service gives nothing to those that are not. Microsoft's own check
/// prints their keys alone, which is enough; one that was printed itself should show it.
fn principals(case: &StateCase<'_>, ids: &[&str], found: &mut Missing) {
    for id in ids {
        let itself = case.principals(id).any(|object| object.get("DisplayName").is_some());
        if itself && !case.principals(id).any(|object| object.flag("AccountEnabled").is_some()) {
            found.push((
                CheckId::TokenRequest,
                format!(
                    "whether service principal {id} is enabled was not given: run Get-MgServicePrincipal -Filter \"AppId eq \
                     '{id}'\" -Property id,appId,accountEnabled | Format-List Id,AppId,AccountEnabled"
                ),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Organisation, organisation::AT, organisation::SKYPE, properties};

    const SCRIPT: &str = include_str!("../../../templates/provision/collect.ps1");

    /// A state that our own script gathered is never left open for want of a property.
    #[test]
    fn our_own_script_shows_what_is_judged() {
        let read = |kind: Kind| {
            let from = SCRIPT.find(&format!("Read-State '{}'", kind.cmdlet())).unwrap();
            let rest = &SCRIPT[from..];
            let end = rest[1..].find("\nRead-State").map_or(rest.len(), |end| end + 1);
            rest[..end].to_owned()
        };
        let of_certificate = OF_CERTIFICATE.map(|(property, ..)| (Kind::ExchangeCertificate, property));
        let judged =
            JUDGED.iter().map(|(kind, property, ..)| (*kind, *property)).chain(of_certificate).chain([
                (Kind::MailUser, "HiddenFromAddressListsEnabled"),
                (Kind::MailUser, "ExternalEmailAddress"),
                (Kind::ServicePrincipal, "AccountEnabled"),
            ]);
        for (kind, property) in judged {
            let text = read(kind);
            // What is not chosen from is exported whole.
            assert!(!text.contains("Select-Object") || text.contains(property), "{property}: {text}");
        }
    }

    fn told(text: &str) -> Vec<String> {
        let files = [crate::state::read(text.as_bytes(), "state").unwrap()];
        let case = StateCase::new(&files, crate::base::Instant::from_seconds(0));
        unshown(&case).into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn the_same_object_elsewhere_shows_it_and_one_of_another_server_does_not() {
        let directory = |server: &str, more: &str| {
            format!(
                "\nName : EWS (Default Web Site)\nIdentity : {server}\\EWS (Default Web Site)\nWSSecurityAuthentication : True\n{more}\n"
            )
        };
        let off = |text: &str| told(text).iter().any(|line| line.contains("OAuthAuthentication"));
        let shown = "ExternalUrl :\nOAuthAuthentication : True\n";
        assert!(off(&directory("EX01", "")));
        assert!(!off(&(directory("EX01", "") + &directory("EX01", shown))));
        assert!(off(&(directory("EX02", "") + &directory("EX01", shown))));
    }

    #[test]
    fn flags_that_cannot_be_read_and_dates_that_are_none_are_not_shown() {
        let config = "\nCurrentCertificateThumbprint : 0123456789ABCDEF0123456789ABCDEF01234567\nServiceName : x\nName : y\n\nThumbprint : 0123456789ABCDEF0123456789ABCDEF01234567\nCertificateDomains : {}\nHasPrivateKey : True\nStatus : Valid\n";
        let open = |more: &str, property: &str| {
            told(&format!("{config}{more}"))
                .iter()
                .any(|line| line.contains(&format!("not show {property} ")))
        };
        assert!(!open("PublicKeySize : 2048\nNotAfter : 2029-06-09 10:00:00\n", "PublicKeySize"));
        assert!(!open("PublicKeySize : 2048\nNotAfter : 2029-06-09 10:00:00\n", "NotAfter"));
        assert!(open("PublicKeySize : two\nNotAfter : soon\n", "PublicKeySize"));
        assert!(open("PublicKeySize : two\nNotAfter : soon\n", "NotAfter"));
        let ews = |value: &str| {
            told(&format!("\nEwsEnabled : {value}\nEwsApplicationAccessPolicy :\nName : x\n"))
                .iter()
                .any(|line| line.contains("not show EwsEnabled"))
        };
        assert_eq!([ews(""), ews("False"), ews("7")], [false, false, true]);
    }

    /// Each property that is judged, taken from what all objects of a cmdlet show.
    #[test]
    fn a_property_that_nobody_printed_is_asked_for_with_the_command_that_prints_it() {
        let told = |organisation: Organisation| {
            let text = organisation.clixml();
            let files = [crate::state::read(text.as_bytes(), "state.xml").unwrap()];
            let case = StateCase::new(&files, crate::base::Instant::parse(AT).unwrap());
            unshown(&case).into_iter().map(|(_, line)| line).collect::<Vec<_>>()
        };
        assert_eq!(told(Organisation::healthy()), [""; 0]);
        let of_kind = JUDGED.iter().map(|(kind, property, ..)| (kind.cmdlet(), *property, kind.cmdlet()));
        // What a certificate's bytes tell is not asked for where a key holds them; without them it is.
        let of_certificate =
            [("HasPrivateKey", true), ("Status", true), ("PublicKeySize", false), ("NotAfter", false)];
        for (property, asked) in of_certificate {
            let lines = told(Organisation::healthy().unshown("Get-ExchangeCertificate", property));
            assert_eq!(lines.len(), usize::from(asked), "{property}: {lines:?}");
            let bare = Organisation::healthy().unasked("Get-MgServicePrincipal");
            let lines = told(bare.unshown("Get-ExchangeCertificate", property));
            let [line] = &lines[..] else { panic!("{property}: {lines:?}") };
            assert!(
                line.starts_with(&format!("Get-ExchangeCertificate does not show {property} ")),
                "{line}"
            );
        }
        let of_account = ["HiddenFromAddressListsEnabled", "ExternalEmailAddress"].map(|property| {
            ("Get-MailUser", property, "Get-MailUser 'contoso.example/Users/SfBOnline-ApplicationAccount'")
        });
        for (cmdlet, property, command) in of_kind.chain(of_account) {
            let lines = told(Organisation::healthy().unshown(cmdlet, property));
            let [line] = &lines[..] else { panic!("{cmdlet} {property}: {lines:?}") };
            assert!(line.starts_with(&format!("{cmdlet} does not show {property} ")), "{line}");
            assert!(line.ends_with(&format!("print it again with `{command} | Format-List *`")), "{line}");
        }
        let lines = told(Organisation::healthy().unshown("Get-MgServicePrincipal", "AccountEnabled"));
        let ids = [SKYPE, EXCHANGE];
        assert_eq!(lines.len(), ids.len(), "{lines:?}");
        for (line, id) in lines.iter().zip(ids) {
            assert!(
                line.starts_with(&format!("whether service principal {id} is enabled was not given")),
                "{line}"
            );
        }
        // One of which the keys alone were printed was not asked for that.
        let keys = Organisation::healthy().unshown("Get-MgServicePrincipal", "AccountEnabled");
        assert_eq!(told(keys.unshown("Get-MgServicePrincipal", "DisplayName")), [""; 0]);
        // Applications that the procedure does not speak of may be in whatever state they like.
        let other = properties([
            ("Name", "Other".into()),
            ("ApplicationIdentifier", "x".into()),
            ("Realm", "".into()),
        ]);
        assert_eq!(told(Organisation::healthy().add("Get-PartnerApplication", other)), [""; 0]);
    }
}
