//! Pairs of faults that have nothing to do with each other: each keeps its cause beside the other.

use super::evidence::*;
use super::*;
use crate::checks::testing::{OTHER_TENANT, TENANT};

#[test]
fn each_of_two_faults_keeps_its_cause() {
    let good = || refused(2_000_000, "invalid_signature");
    let altered = Scene::healthy().tampered().refused("2000000;error_category=\"invalid_signature\"");
    let china = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"";
    let cloud = || Story::of(Scene::healthy().refused_with(china));
    let forged = || Scene::healthy().tampered().refused("2000000;error_category=\"invalid_signature\"");
    let scheme = "2000003;reason=\"Expected \u{27}https://mail.contoso.com\u{27}. Actual \u{27}http://mail.contoso.com\u{27}.\";error_category=\"invalid_resource\"";
    let offloaded = || Scene::healthy().entra("https://mail.contoso.com/").refused(scheme);
    let host = Scene::healthy()
        .host("other.contoso.com")
        .refused("2000003;reason=\"x\";error_category=\"invalid_resource\"");
    let unknown = || asked(400, "invalid_request", "AADSTS90002: Tenant not found.");
    let mut wrong = Vec::new();
    for (one, other, causes) in [
        (good(), altered, ["stale-metadata", "token-altered"]),
        (cloud(), forged(), ["wrong-cloud", "token-altered"]),
        (Story::of(host), offloaded(), ["host-rewritten", "ssl-offloading"]),
        (refused(2_000_003, "invalid_resource"), offloaded(), ["host-rewritten", "ssl-offloading"]),
        (unknown(), Scene::healthy().both_realms(OTHER_TENANT), ["wrong-cloud", "wrong-realm"]),
    ] {
        let found = one.and(other).causes();
        if !causes.iter().all(|cause| found.contains(cause)) {
            wrong.push(format!("{causes:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_auth_server_of_another_tenant_does_not_explain_that_the_right_one_is_unknown() {
    let address = format!("https://accounts.accesscontrol.windows.net/{OTHER_TENANT}/metadata/json/1");
    let story = asked(400, "invalid_request", "AADSTS90002: Tenant not found.");
    let causes = story
        .tenant(TENANT)
        .and_state(|all| all.set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", address.as_str()))
        .causes();
    assert!(causes.contains(&"wrong-realm") && causes.contains(&"wrong-cloud"), "{causes:?}");
}
