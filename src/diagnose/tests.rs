//! Counts: every cause file is registered, documented and proved by two tests. And what holds for all causes.

/// What speaks against a cause, and how sure it still is.
mod doubts;
/// What speaks for a cause, and how sure it is.
mod evidence;
/// Pairs of faults.
mod several;
/// What the state of the organisation says of causes.
mod stated;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::causes;
use super::testing::{Story, denied, found_in_state, told_by_state};
use crate::checks::testing::{Scene, Signer};
use crate::checks::testing_state::{Organisation, properties};

/// What is wrong with a cause file: a test is missing, or proves nothing of this cause.
fn faults(text: &str, id: &str) -> Vec<String> {
    let proofs = text.split_once("\n#[cfg(test)]\n").map_or("", |(_, proofs)| proofs);
    let mut faults = Vec::new();
    for kind in ["fires_", "stays_silent_"] {
        let begins = format!("\n    #[test]\n    fn {kind}");
        let rests = proofs.match_indices(&begins).filter_map(|(at, _)| proofs.get(at..));
        let bodies: Vec<&str> = rests.filter_map(|rest| rest.split("\n    }\n").next()).collect();
        if bodies.is_empty() {
            faults.push(format!("no test {kind}…"));
        }
        if bodies.iter().any(|body| !body.contains("assert")) {
            faults.push(format!("a test {kind}… asserts nothing"));
        }
        if kind == "fires_" && !proofs.contains(&format!("\"{id}\"")) && !proofs.contains("CAUSE") {
            faults.push("the tests do not name the cause".into());
        }
    }
    faults
}

#[test]
fn every_cause_file_is_registered_and_has_both_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnose/causes");
    let (mut files, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() == "mod.rs" {
            continue;
        }
        files += 1;
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().replace('_', "-");
        assert!(causes::all().any(|cause| cause.id == name), "{name} has no line in CAUSES");
        wrong.extend(faults(&text, &name).into_iter().map(|fault| format!("{name}: {fault}")));
        // What the count would not see, it would not count.
        for kind in ["fires_", "stays_silent_"] {
            let gone = text.replace(&format!("    #[test]\n    fn {kind}"), &format!("    fn {kind}"));
            assert!(!faults(&gone, &name).is_empty(), "{name} without {kind} is not noticed");
        }
    }
    eprintln!("{files} causes, each with a test in which it fires and one in which it stays silent");
    assert_eq!(files, causes::all().count());
    assert!(files >= 25, "only {files} causes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_cause_is_documented() {
    let ids: BTreeSet<_> = causes::all().map(|cause| cause.id).collect();
    assert_eq!(ids.len(), causes::all().count());
    for cause in causes::all() {
        let texts = [cause.title, cause.summary, cause.speaks_for, cause.speaks_against];
        assert!(texts.iter().all(|text| text.len() > 8), "{}", cause.id);
        assert!(!cause.repair.is_empty() && !cause.sources.is_empty(), "{}", cause.id);
        assert!(!cause.title.ends_with('.'), "{}", cause.id);
    }
    assert!(causes::CAUSES.is_sorted_by_key(|cause| cause.id));
}

#[test]
fn nothing_is_wrong_with_a_healthy_call() {
    assert_eq!(Story::of(Scene::healthy()).lead(), "none");
    let asked =
        Story::of(Scene::healthy().assertion_by(Signer::Exchange)).answer(200, r#"{"access_token":"x"}"#);
    assert_eq!(asked.lead(), "none");
}

#[test]
fn a_password_after_a_refusal_is_its_consequence() {
    let story = Story::of(Scene::healthy().refused("2000005;error_category=\"invalid_user\""))
        .and(Scene::healthy().authorization("Basic dXNlcjpwYXNzd29yZDEyMw=="));
    assert_eq!(story.causes(), ["user-missing-or-ambiguous", "fallback-to-basic"]);
}

#[test]
fn text_of_the_traffic_never_becomes_a_command() {
    let answer = denied("invalid_client", "AADSTS7000112: no");
    let form = "grant_type=client_credentials&client_id=%22;Remove-Item%20x";
    let story = Story::of(Scene::healthy().token_request(form, 400, &answer));
    let diagnosis = story.diagnosis();
    let lead = diagnosis.causes.first().unwrap();
    assert_eq!(lead.cause.id, "application-disabled");
    assert!(lead.commands.iter().all(|command| !command.contains("Remove-Item")), "{:?}", lead.commands);
}

#[test]
fn evidence_for_a_cause_is_among_the_findings() {
    let story = Story::of(Scene::healthy().refused("2000006;error_category=\"invalid_client\""));
    let diagnosis = story.diagnosis();
    let lead = diagnosis.causes.first().unwrap();
    assert!(!lead.supporting.is_empty() && !lead.reasons.is_empty() && !lead.exchanges.is_empty());
}

#[test]
fn a_failed_test_among_the_state_has_the_cause_that_a_log_would_have() {
    let key: fn(Organisation) -> Organisation = |healthy| {
        tested(
            healthy,
            "Error:(401) Unauthorized.\nException:\nX: invalid_client. AADSTS70002: no. AADSTS50012: invalid signature. [Reason - The key was not found.]",
        )
    };
    let certificate: fn(Organisation) -> Organisation =
        |healthy| tested(healthy, "Exception:\nX: Missing signing certificate.");
    let user: fn(Organisation) -> Organisation = |healthy| {
        tested(
            healthy,
            "Exception:\nX: (401) Unauthorized., diagnostics: 2000005;reason=\"x\";error_category=\"invalid_user\"",
        )
    };
    let silent: fn(Organisation) -> Organisation =
        |healthy| tested(healthy, "Exception:\nX: (401) Unauthorized.");
    for (change, cause) in [
        (key, &["certificate-not-uploaded"][..]),
        (certificate, &["signing-certificate-missing"]),
        (user, &["user-missing-or-ambiguous"]),
        (silent, &[]),
    ] {
        assert_eq!(told_by_state(change), cause);
    }
}

fn tested(organisation: Organisation, detail: &str) -> Organisation {
    let told = [("Task", "x".into()), ("Detail", detail.into()), ("ResultType", "Error".into())];
    organisation.add("Test-OAuthConnectivity", properties(told))
}

#[test]
fn further_findings_of_a_kind_add_little_and_each_repair_stands_once() {
    let lacking = |roles: &'static [&'static str]| {
        move |healthy: Organisation| {
            roles.iter().fold(healthy, |all, role| all.without("Get-ManagementRoleAssignment", role))
        }
    };
    let one = found_in_state(lacking(&["UserApplication"]));
    let both = found_in_state(lacking(&["UserApplication", "ArchiveApplication"]));
    let (one, both) = (one.first().unwrap(), both.first().unwrap());
    assert_eq!(
        (one.cause.id, both.cause.id),
        ("linked-account-without-roles", "linked-account-without-roles")
    );
    assert_eq!(both.score - one.score, 5);
    assert_eq!((one.supporting.len(), both.supporting.len()), (1, 2));
    assert_eq!((one.commands.len(), both.commands.len()), (1, 2), "{:?}", both.commands);
    assert!(both.commands.iter().all(|line| line.starts_with("New-ManagementRoleAssignment")));
    // A reason says what was seen, and in which file where it stands in one.
    let text = |found: &super::cause::Found| found.reasons.first().unwrap().text.clone();
    assert!(text(one).contains(": ArchiveApplication (state.xml"), "{}", text(one));
    assert!(text(both).ends_with(": no role"), "{}", text(both));
}
