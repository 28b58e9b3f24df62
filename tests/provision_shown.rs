//! `provision check` on what people paste: tables, parts of outputs, texts that end too early; and `provision script` into
//! a folder in which somebody edited a file.

#[path = "cli/support.rs"]
#[allow(dead_code)]
mod support;

#[path = "provision/organisation.rs"]
#[allow(dead_code)]
mod organisation;

use organisation::*;
use serde_json::Value;
use support::Folder;

/// Runs `provision check` on one text, gives status and document.
fn check(folder: &Folder, name: &str, text: &str) -> (i32, Value) {
    let file = folder.file(name, text);
    let run = folder.run(&["provision", "check", file.to_str().unwrap(), "--at", AT, "-o", "json", "-q"]);
    (run.0.status.code().unwrap(), serde_json::from_str(&run.stdout()).unwrap_or(Value::Null))
}

fn errors(document: &Value) -> Vec<&str> {
    let all = document["findings"].as_array().into_iter().flatten();
    all.filter(|one| one["severity"] == "error").map(|one| one["rule"].as_str().unwrap()).collect()
}

/// What is judged where it is shown, and the words of the command that shows it.
const JUDGED: [(&str, &str, &str); 15] = [
    ("Get-AuthConfig", "CurrentCertificateThumbprint", "Get-AuthConfig | Format-List *"),
    ("Get-AuthConfig", "ServiceName", "Get-AuthConfig | Format-List *"),
    ("Get-PartnerApplication", "Enabled", "Get-PartnerApplication | Format-List *"),
    ("Get-PartnerApplication", "LinkedAccount", "Get-PartnerApplication | Format-List *"),
    ("Get-PartnerApplication", "AuthMetadataUrl", "Get-PartnerApplication | Format-List *"),
    ("Get-OrganizationConfig", "EwsEnabled", "Get-OrganizationConfig | Format-List *"),
    ("Get-AuthServer", "Enabled", "Get-AuthServer | Format-List *"),
    (
        "Get-WebServicesVirtualDirectory",
        "OAuthAuthentication",
        "Get-WebServicesVirtualDirectory | Format-List *",
    ),
    ("Get-MailUser", "HiddenFromAddressListsEnabled", "| Format-List *"),
    ("Get-ExchangeCertificate", "HasPrivateKey", "Get-ExchangeCertificate | Format-List *"),
    ("Get-ExchangeCertificate", "Status", "Get-ExchangeCertificate | Format-List *"),
    ("Get-ExchangeCertificate", "PublicKeySize", "Get-ExchangeCertificate | Format-List *"),
    ("Get-ExchangeCertificate", "NotAfter", "Get-ExchangeCertificate | Format-List *"),
    ("Get-MgServicePrincipal", "AccountEnabled", "accountEnabled"),
    ("Get-MgServicePrincipal", "ServicePrincipalNames", "servicePrincipalNames"),
];

#[test]
fn what_is_judged_and_not_shown_leaves_the_verdict_open_with_the_command_that_shows_it() {
    let folder = Folder::new();
    for (cmdlet, property, command) in JUDGED {
        let state = Organisation::healthy().unshown(cmdlet, property);
        // The bytes of a certificate, where they are there, tell how long it is valid and how long its key is.
        let bytes = matches!(property, "PublicKeySize" | "NotAfter");
        let mut forms = vec![("tables.txt", state.tables(swedish)), ("state.txt", state.pasted(swedish))];
        if !bytes {
            forms.push(("state.xml", state.clixml()));
            forms.push(("state.json", state.json()));
        }
        for (name, text) in forms {
            let (status, document) = check(&folder, name, &text);
            assert_eq!((status, errors(&document)), (4, vec![]), "{cmdlet} {property} {name}: {document:#}");
            let told = document["checks"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|check| check["missing"].as_array().unwrap());
            let told = told.filter_map(Value::as_str).any(|line| {
                line.contains(command) && line.to_ascii_lowercase().contains(&property.to_ascii_lowercase())
                    || line.contains("is enabled was not given") && line.contains(command)
                    || line.contains("host names registered") && line.contains(command)
            });
            assert!(told, "{cmdlet} {property} {name}: {document:#}");
        }
    }
}

#[test]
fn a_list_beside_the_table_shows_what_the_table_does_not() {
    let folder = Folder::new();
    let text = Organisation::healthy().pasted(swedish);
    let table = "[PS] C:\\>Get-PartnerApplication | ft Name,ApplicationIdentifier -a\n\nName            ApplicationIdentifier\n----            ---------------------\nExchange Online 00000002-0000-0ff1-ce00-000000000000\nSfBOnline       00000004-0000-0ff1-ce00-000000000000\n\n\n[PS] C:\\>Get-ExchangeCertificate\n\nThumbprint                                Services   Subject\n----------                                --------   -------\n9C02DD06D0DCFD9844AEEAD2599A58EE997CD698  ....S..    CN=Microsoft Exchange Server Auth Certificate\n\n\n";
    for both in [format!("{table}{text}"), format!("{text}\n{table}PS C:\\> \n")] {
        let (status, document) = check(&folder, "both.txt", &both);
        assert_eq!(status, 0, "{document:#}");
    }
}

/// Lines that are no prompts.
fn content(text: &str) -> usize {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.contains("PS]") && !line.starts_with("PS "))
        .count()
}

#[test]
fn a_healthy_state_that_lost_a_part_accuses_of_nothing() {
    let folder = Folder::new();
    for text in [Organisation::healthy().pasted(swedish), Organisation::healthy().tables(swedish)] {
        let lines: Vec<&str> = text.lines().collect();
        let others = lines.iter().position(|line| line.contains(&format!("eq '{SCHEDULER}'"))).unwrap();
        for at in (0..lines.len()).step_by(2) {
            let (head, tail) = (lines[..at].join("\n"), lines[at..].join("\n"));
            let inside = format!("{head}\n{}", lines[at].get(..lines[at].len() / 3).unwrap_or_default());
            for part in [format!("{head}\n"), head, inside, tail] {
                let (status, document) = check(&folder, "part.txt", &part);
                assert!(
                    errors(&document).is_empty() && status != 1,
                    "cut at line {at}: {part}\n{document:#}"
                );
                // Keys of the applications of another profile stand at the end.
                let whole = content(&part) == content(&text) || (at + 5 > others && text.starts_with(&part));
                assert!(status != 0 || whole, "cut at line {at} passes");
            }
        }
    }
}

#[test]
fn lists_without_their_prompts_accuse_of_nothing_that_they_do_not_show() {
    let folder = Folder::new();
    for (cmdlet, which, rule) in [
        ("Get-PartnerApplication", SKYPE, "state-partner-missing"),
        ("Get-MailUser", ACCOUNT, "state-account-missing"),
        ("Get-ManagementRoleAssignment", "ArchiveApplication", "state-role-missing"),
        ("Get-AuthServer", "evoSTS", "state-auth-server"),
        ("Get-ExchangeCertificate", PRINT, "state-auth-certificate-missing"),
        ("Get-AcceptedDomain", "contoso.example", "state-account-domain"),
        ("Get-MgServicePrincipal", SKYPE, "state-principal-missing"),
    ] {
        let mut state = Organisation::healthy();
        for _ in 0..2 {
            if state.things.iter().any(|(own, all)| {
                *own == cmdlet
                    && all.iter().any(|(_, value)| matches!(value, Val::Text(text) if text == which))
            }) {
                state = state.without(cmdlet, which);
            }
        }
        for text in [state.pasted(swedish), state.tables(swedish)] {
            let (status, document) = check(&folder, "whole.txt", &text);
            assert_eq!(status, 1, "{rule}: {document:#}");
            assert!(errors(&document).contains(&rule), "{rule}: {document:#}");
            let bare: String = text
                .lines()
                .filter(|line| !line.contains("PS]") && !line.starts_with("PS "))
                .map(|line| format!("{line}\n"))
                .collect();
            let (_, document) = check(&folder, "bare.txt", &bare);
            assert!(!errors(&document).contains(&rule), "{rule}: {bare}\n{document:#}");
        }
    }
}

const SCRIPT: [&str; 12] = [
    "provision",
    "script",
    "--tenant",
    TENANT,
    "--verified-domain",
    "nordwind.example",
    "--domain-controller",
    "dc1.nordwind.example",
    "--out",
    "steps",
    "-q",
    "--host",
];

#[test]
fn a_step_that_somebody_edited_is_not_replaced() {
    let folder = Folder::new();
    let write = |host: &str, more: &[&str]| folder.run(&[&SCRIPT[..], &[host], more].concat());
    write("mail.nordwind.example", &[]).status(0);
    let steps = folder.file("x", "").with_file_name("steps");
    let (first, readme) = (steps.join("11-AuthServers.ps1"), steps.join("README.md"));
    let of = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    // What is as it was written is replaced, by the same or by other steps.
    write("mail.nordwind.example", &[]).status(0);
    write("mail2.nordwind.example", &[]).status(0);
    assert!(of(&steps.join("15-RegisterEndpoints.ps1")).contains("mail2.nordwind.example"));
    for edited in [&first, &readme] {
        let before = of(edited);
        let mine = before.replacen('#', "# mine\n#", 1);
        std::fs::write(edited, &mine).unwrap();
        let run = write("mail3.nordwind.example", &[]);
        let told = run.status(2).stderr();
        assert!(
            told.contains(edited.file_name().unwrap().to_str().unwrap()) && told.contains("--force"),
            "{told}"
        );
        assert_eq!(of(edited), mine);
        // Nothing else was written either.
        assert!(!of(&steps.join("15-RegisterEndpoints.ps1")).contains("mail3"), "{edited:?}");
        write("mail2.nordwind.example", &["--force"]).status(0);
        assert_eq!(of(edited), before);
    }
    // One step in the place of another is edited too, though it is as it was written elsewhere.
    let before = of(&first);
    std::fs::copy(steps.join("15-RegisterEndpoints.ps1"), &first).unwrap();
    write("mail3.nordwind.example", &[]).status(2);
    std::fs::write(&first, &before).unwrap();
    // What already stands there needs no sum, and nothing is written where one file cannot be.
    std::fs::remove_file(&readme).unwrap();
    write("mail2.nordwind.example", &[]).status(0);
    std::fs::remove_file(&first).unwrap();
    std::fs::create_dir(&first).unwrap();
    write("mail3.nordwind.example", &[]).status(3);
    assert!(!of(&steps.join("15-RegisterEndpoints.ps1")).contains("mail3"));
    std::fs::remove_dir(&first).unwrap();
    // A file of somebody else.
    std::fs::remove_file(&readme).unwrap();
    std::fs::write(&first, "mine").unwrap();
    write("mail2.nordwind.example", &[]).status(2);
    assert_eq!(of(&first), "mine");
    assert!(!readme.exists());
}
