//! The suites that `probe` finds are those that OpenSSL was told to accept.

use std::collections::BTreeSet;

use super::*;

/// OpenSSL's names of what stands in the list, as the registry has them.
fn standard_names(list: &str) -> BTreeSet<String> {
    let output =
        Command::new("openssl").args(["ciphers", "-stdname", "-s", "-tls1_2", list]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The suites of one version that the report names.
fn found(run: &Run, version: &str) -> BTreeSet<String> {
    let document = json(run);
    let all = document["findings"].as_array().unwrap();
    let service = all.iter().find(|one| one["rule"] == "coverage-service").unwrap();
    let observed = service["observed"].as_str().unwrap();
    let starts = [format!(" suites of {version}: "), format!(" suite of {version}: ")];
    let Some((_, list)) = starts.iter().find_map(|start| observed.split_once(start)) else {
        return BTreeSet::new();
    };
    list.split(';').next().unwrap().split(", ").map(str::to_owned).collect()
}

fn ask(options: &[&str]) -> Option<Run> {
    let identity = identity(&GOOD);
    let folder = Folder::new();
    let (_server, port) = old_server(&folder, &identity, options)?;
    Some(probe(&identity, &[&format!("https://localhost:{port}/"), "-o", "json", "--timeout", "10"]))
}

#[test]
fn every_suite_that_openssl_accepts_is_named_and_no_other() {
    let lists = [
        "AES256-SHA256:AES128-SHA:@SECLEVEL=0",
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
        "ALL:@SECLEVEL=0",
        "NULL-SHA256:NULL-SHA:AES128-GCM-SHA256:@SECLEVEL=0",
    ];
    for list in lists {
        let Some(run) = ask(&["-tls1_2", "-cipher", list]) else { return };
        let certificate =
            |name: &String| !["ECDSA", "PSK", "SRP", "_DSS_"].iter().any(|word| name.contains(word));
        let mut truth: BTreeSet<String> = standard_names(list).into_iter().filter(certificate).collect();
        assert!(truth.len() >= 2, "{truth:?}");
        // What OpenSSL lists and cannot serve without parameters of its own.
        truth.retain(|name| !name.contains("TLS_AES_") && !name.contains("TLS_CHACHA20"));
        assert_eq!(found(&run, "TLS 1.2"), truth, "{list}");
        assert_eq!(found(&run, "TLS 1.1"), BTreeSet::new());
    }
}

#[test]
fn the_suites_of_tls_13_are_named_whatever_group_the_server_wants() {
    let all = [
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ];
    for (suites, group) in [(&all[..], "X25519"), (&all[..2], "P-521"), (&all[3..4], "P-256")] {
        // Beyond the first three, OpenSSL wants the level of security lowered.
        let list = suites.join(":");
        let options = ["-tls1_3", "-cipher", "ALL:@SECLEVEL=0", "-ciphersuites", &list, "-groups", group];
        let Some(run) = ask(&options) else { return };
        let truth: BTreeSet<String> = suites.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found(&run, "TLS 1.3"), truth, "{group}");
        assert_eq!(found(&run, "TLS 1.2"), BTreeSet::new());
        // A server whose only suite a current client does not know is read by the own hello.
        silent(&run, "transport-tls-old");
    }
}

#[test]
fn a_server_of_both_versions_has_a_list_for_each() {
    let options = ["-cipher", "AES256-SHA:AES128-SHA:@SECLEVEL=0", "-ciphersuites", "TLS_AES_128_GCM_SHA256"];
    let Some(run) = ask(&options) else { return };
    assert_eq!(found(&run, "TLS 1.3"), ["TLS_AES_128_GCM_SHA256".to_owned()].into());
    let truth = ["TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"];
    assert_eq!(found(&run, "TLS 1.2"), truth.map(str::to_owned).into());
}

#[test]
fn old_versions_have_their_own_list() {
    let list = "AES256-SHA:AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-GCM-SHA256:@SECLEVEL=0";
    let Some(run) = ask(&["-tls1", "-cipher", list]) else { return };
    let truth = [
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    ];
    assert_eq!(found(&run, "TLS 1.0"), truth.map(str::to_owned).into());
    silent(&run, "transport-suite-weak");
}

#[test]
fn a_server_that_has_only_suites_without_protection_is_named() {
    for (list, name) in [
        ("NULL-SHA256:@SECLEVEL=0", "TLS_RSA_WITH_NULL_SHA256"),
        ("ADH-AES128-SHA:@SECLEVEL=0", "TLS_DH_anon_WITH_AES_128_CBC_SHA"),
    ] {
        let Some(run) = ask(&["-tls1_2", "-cipher", list]) else { return };
        assert_eq!(found(&run, "TLS 1.2"), [name.to_owned()].into());
        says(&run, "transport-suite-weak");
    }
}

#[test]
fn suites_that_protect_nothing_are_a_finding() {
    let Some(run) = ask(&["-tls1_2", "-cipher", "NULL-SHA256:ADH-AES128-SHA:AES128-SHA:@SECLEVEL=0"]) else {
        return;
    };
    let document = json(&run);
    let all = document["findings"].as_array().unwrap();
    let weak = all.iter().find(|one| one["rule"] == "transport-suite-weak").unwrap();
    assert_eq!(weak["severity"], "warning");
    let observed = weak["observed"].as_str().unwrap();
    assert!(observed.contains("TLS_RSA_WITH_NULL_SHA256"), "{observed}");
    assert!(observed.contains("anon_WITH_AES_128_CBC_SHA"), "{observed}");
    assert!(!observed.contains("TLS_RSA_WITH_AES_128_CBC_SHA"), "{observed}");
}
