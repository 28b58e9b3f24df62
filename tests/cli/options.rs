//! Options, configuration, and which status wins. No input is decoded here.

use super::support::Folder;

const GUID: &str = "11111111-2222-3333-4444-555555555555";

#[test]
fn a_bad_option_is_status_2() {
    let folder = Folder::new();
    folder.run(&["verify", "--no-such-option", "a.pcap"]).status(2).complains("--no-such-option");
    folder.run(&["no-such-command"]).status(2).complains("no-such-command");
    folder.run(&["verify"]).status(2).complains("INPUT");
    folder.run(&["inspect", "a", "-o", "yaml"]).status(2).complains("yaml");
    folder.run(&[]).status(2);
}

#[test]
fn a_report_does_not_take_the_place_of_what_is_read() {
    let folder = Folder::new();
    let capture = r#"{"log":{"version":"1.2","entries":[]}}"#;
    let input = folder.file("capture.json", capture);
    let path = input.to_str().unwrap();
    for command in ["inspect", "verify"] {
        let mut arguments = vec![command, path, "--report", path];
        if command == "verify" {
            arguments.extend(["--tenant", GUID]);
        }
        folder.run(&arguments).status(2).complains("would be overwritten");
    }
    assert_eq!(std::fs::read_to_string(&input).unwrap(), capture);
}

#[test]
fn help_and_version_go_to_stdout() {
    let folder = Folder::new();
    for command in
        ["inspect", "verify", "capture", "token", "cert", "provision", "probe", "redact", "explain"]
    {
        let run = folder.run(&[command, "--help"]);
        assert!(run.status(0).stdout().contains("Usage: oauthtrace"), "{command}");
        assert_eq!(run.stderr(), "");
    }
    assert!(folder.run(&["--help"]).status(0).stdout().contains("Exit statuses"));
    assert!(folder.run(&["--version"]).status(0).stdout().starts_with("oauthtrace "));
}

#[test]
fn a_missing_tenant_is_status_2_even_when_the_input_is_missing_too() {
    let folder = Folder::new();
    folder.run(&["verify", "absent.pcap"]).status(2).complains("--tenant");
}

#[test]
fn wrong_values_are_status_2_and_all_of_them_are_told() {
    let folder = Folder::new();
    let run = folder.run(&[
        "verify",
        "absent.pcap",
        "--tenant",
        "contoso",
        "--at",
        "yesterday",
        "--leeway",
        "-5",
        "--principal",
        "me",
        "--host",
        "https://x/",
        "--cert",
        "absent.cer",
    ]);
    run.status(2);
    for part in [
        "--tenant contoso",
        "--at yesterday",
        "--leeway -5",
        "--principal me",
        "--host https://x/",
        "absent.cer",
    ] {
        run.complains(part);
    }
}

#[test]
fn an_absent_certificate_or_key_log_is_status_3() {
    let folder = Folder::new();
    folder
        .run(&["verify", "absent.pcap", "--tenant", GUID, "--cert", "absent.cer"])
        .status(3)
        .complains("absent.cer: no such file");
    folder
        .run(&["inspect", "absent.pcap", "--keylog", "absent.log"])
        .status(3)
        .complains("absent.log: no such file");
}

#[test]
fn stdin_twice_is_status_2() {
    Folder::new().run(&["inspect", "-", "-"]).status(2).complains("only once");
}

#[test]
fn a_report_needs_a_known_suffix_and_a_place() {
    let folder = Folder::new();
    folder.run(&["inspect", "a.pcap", "--report", "a.doc"]).status(2).complains(".sarif");
    folder.run(&["inspect", "a.pcap", "--report", "no/where/a.json"]).status(2).complains("does not exist");
}

#[test]
fn the_configuration_is_read_and_its_mistakes_are_status_2() {
    let folder = Folder::new();
    folder.file("oauthtrace.toml", "tenant = 'contoso'\n");
    folder.run(&["verify", "absent.pcap"]).status(2).complains("--tenant contoso");
    // A flag wins over the file.
    let run = folder.run(&["verify", "absent.pcap", "--tenant", GUID, "--cert", "absent.cer"]);
    run.status(3).complains("absent.cer");

    // So does PowerShell write it.
    let wide = "\u{feff}tenant = 'contoso'\r\n".encode_utf16().flat_map(u16::to_le_bytes);
    folder.file("wide.toml", wide.collect::<Vec<u8>>());
    folder.run(&["verify", "a", "--config", "wide.toml"]).status(2).complains("--tenant contoso");

    folder.file("other.toml", format!("tenant = '{GUID}'\ntennant = 'x'\n"));
    folder.run(&["verify", "a", "--config", "other.toml"]).status(2).complains("tennant: unknown key");
    folder.file("secrets.toml", format!("tenant = '{GUID}'\nshow-secrets = true\n"));
    folder.run(&["verify", "a", "--config", "secrets.toml"]).status(2).complains("show-secrets");
    folder
        .run(&["verify", "a", "--config", "absent.toml", "--tenant", GUID])
        .status(3)
        .complains("absent.toml");
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    Folder::new().run(&["inspect", "a", "-q", "-v"]).status(2);
}

#[test]
fn completions_and_manual_are_printed() {
    let folder = Folder::new();
    assert!(folder.run(&["completions", "bash"]).status(0).stdout().contains("_oauthtrace"));
    let manual = folder.run(&["man"]).status(0).stdout();
    for part in [".TH oauthtrace", "keylog", "OAUTHTRACE VERIFY"] {
        assert!(manual.contains(part), "{part}");
    }
    assert!(manual.is_ascii(), "old readers of roff take nothing else");
}

#[test]
fn hostile_names_do_not_reach_the_terminal_as_they_are() {
    let folder = Folder::new();
    let run = folder.run(&["inspect", "a.pcap", "--report", "\u{1b}[2Jx.doc"]);
    run.status(2).complains("\\u{1b}[2Jx.doc");
    assert!(!run.stderr().contains('\u{1b}'));
}

#[test]
fn explain_knows_rules_and_codes_and_nothing_else() {
    let folder = Folder::new();
    let page = folder.run(&["explain", "issuer-tenant"]).status(0).stdout();
    assert!(page.starts_with("issuer-tenant: ") && page.contains("Repair"));
    assert!(folder.run(&["explain", "aadsts50012"]).status(0).stdout().contains("AADSTS50012"));
    let whole = r#"2000005;reason="The user is ambiguous";error_category="invalid_user""#;
    assert!(folder.run(&["explain", whole]).status(0).stdout().starts_with("2000005 "));
    folder.run(&["explain", "AADSTS50012: Client assertion contains an invalid signature."]).status(0);
    let list = folder.run(&["explain", "--list"]).status(0).stdout();
    assert!(list.contains("issuer-tenant") && list.contains("2000003"));
    let json = folder.run(&["explain", "issuer-tenant", "-o", "json"]).status(0).stdout();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["pages"][0]["id"], "issuer-tenant");
    folder.run(&["explain", "isuer-tenant"]).status(2).complains("issuer-tenant");
    folder.run(&["explain", "no such thing at all"]).status(2).complains("--list");
    folder.run(&["explain"]).status(2);
}

#[test]
fn a_document_without_keys_is_said_to_have_none() {
    let folder = Folder::new();
    let none = r#"{"id":"_x","version":"1.0","realm":"*","serviceName":"00000001-0000-0000-c000-000000000000",
        "issuer":"00000001-0000-0000-c000-000000000000@*","keys":[],"endpoints":[]}"#;
    folder.file("none.json", none);
    let run = folder.run(&["verify", "a.har", "--tenant", "contoso.com", "--sts-keys", "none.json"]);
    run.status(3).complains("found S2S metadata without any");
}

#[test]
fn the_list_of_codes_has_one_line_for_each_where_a_program_reads_it() {
    let folder = Folder::new();
    let list = folder.run(&["explain", "--list"]).stdout();
    let pages: serde_json::Value =
        serde_json::from_str(&folder.run(&["explain", "--list", "-o", "json"]).stdout()).unwrap();
    let pages = pages["pages"].as_array().unwrap();
    let lines: Vec<&str> = list.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(lines.len(), pages.len());
    for page in pages {
        let (id, title) = (page["id"].as_str().unwrap(), page["title"].as_str().unwrap());
        let line = lines.iter().find(|line| line.split_whitespace().next() == Some(id));
        assert!(line.is_some_and(|line| line.ends_with(&format!("  {title}"))), "{id}: {line:?}");
    }
}

#[test]
fn the_tenant_of_an_entra_token_may_stand_in_its_issuer_alone() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let folder = Folder::new();
    let tenant = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
    let claims = format!(
        r#"{{"iss":"https://sts.windows.net/{tenant}/","aud":"https://mail.contoso.com","appid":"00000004-0000-0ff1-ce00-000000000000","nbf":1,"exp":4000000000}}"#
    );
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    folder.file("t.txt", format!("{}.{}.AAEC", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(&claims)));
    let told = |tenant: &str| folder.run(&["token", "t.txt", "--tenant", tenant]).stdout();
    assert!(!told(tenant).contains("issuer-tenant"), "{}", told(tenant));
    assert!(told("11111111-2222-3333-4444-555555555555").contains("issuer-tenant"));
}

#[test]
fn a_pasted_token_is_held_to_the_same_form_as_a_recorded_one() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let folder = Folder::new();
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let tenant = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
    let told = |nameid: &str, x5t: &str, nbf: u64| {
        let claims = format!(
            r#"{{"iss":"00000001-0000-0000-c000-000000000000@{tenant}","nameid":"{nameid}@{tenant}","nbf":{nbf},"exp":2000000000}}"#
        );
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","x5t":"{x5t}"}}"#);
        let actor = format!("{}.{}.AAEC", part(&header), part(&claims));
        let outer = format!(
            r#"{{"iss":"00000004-0000-0ff1-ce00-000000000000@{tenant}","nameid":"1","nbf":1,"exp":2000000000,"actortoken":"{actor}"}}"#
        );
        folder.file("t.txt", format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&outer)));
        folder.run(&["token", "t.txt"]).stdout()
    };
    let (skype, other) = ("00000004-0000-0ff1-ce00-000000000000", "00000003-0000-0ff1-ce00-000000000000");
    let good = told(skype, "bQWs-_rDIT7AAAAAAAAAAAAAAAA", 1);
    for rule in ["chain-application", "signature-x5t-malformed", "lifetime-inverted"] {
        assert!(!good.contains(rule), "{good}");
    }
    assert!(told(other, "bQWs-_rDIT7AAAAAAAAAAAAAAAA", 1).contains("chain-application"));
    assert!(told(skype, "bQWs", 1).contains("signature-x5t-malformed"));
    assert!(told(skype, "bQWs-_rDIT7AAAAAAAAAAAAAAAA", 2_000_000_001).contains("lifetime-inverted"));
}

#[test]
fn a_pasted_pair_names_one_tenant_and_holds_one_actor_token() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let folder = Folder::new();
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let told = |outside: &str, inside: &str, more: &str, tenants: &[&str]| {
        let skype = "00000004-0000-0ff1-ce00-000000000000";
        let claims = format!(r#"{{"iss":"x@{inside}","nameid":"{skype}@{inside}","exp":2000000000}}"#);
        let actor = format!("{}.{}.AAEC", part(r#"{"alg":"RS256"}"#), part(&claims));
        let outer = format!(r#"{{"iss":"{skype}@{outside}","exp":2000000000,"actortoken":"{actor}"{more}}}"#);
        folder.file("t.txt", format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&outer)));
        let tenants = tenants.iter().flat_map(|tenant| ["--tenant", *tenant]);
        folder.run(&["token", "t.txt"].into_iter().chain(tenants).collect::<Vec<_>>()).stdout()
    };
    let (tenant, other) = ("5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11", "11111111-2222-3333-4444-555555555555");
    assert!(told(tenant, other, "", &[]).contains("chain-realm"));
    assert!(told("a.example", "b.example", "", &[]).contains("chain-realm"));
    assert!(!told(tenant, tenant, "", &[]).contains("chain-realm"));
    // A name and a number may be one tenant, and so may two names that are given.
    assert!(!told(tenant, "a.example", "", &[]).contains("chain-realm"));
    assert!(!told("a.example", "b.example", "", &["a.example", "b.example"]).contains("chain-realm"));
    let twice = |value: &str| told(tenant, tenant, &format!(r#","actort":"{value}""#), &[]);
    assert!(twice("eyJhbGciOiJub25lIn0.e30.").contains("two actor tokens"));
    assert!(!told(tenant, tenant, "", &[]).contains("two actor tokens"));
}
