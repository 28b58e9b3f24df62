//! Takes a realm and the given tenants, gives whether it is the same tenant.
//!
//! A realm is a tenant GUID or a DNS domain, and a tenant has one GUID and any number of domains: only
//! names of one kind can contradict each other.

use crate::base::is_guid;

/// What a realm is, compared with the given tenants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Realm {
    /// One of the given names.
    Same,
    /// Another GUID where a GUID was given, or another domain where a domain was given.
    Different,
    /// A GUID where only domains were given, or the reverse.
    Undecided,
    /// None, or the wildcard `*`.
    Missing,
}

/// Whether two domains are written in ways that do not show whether they are one: an internationalised name is spelled
/// in its own script or as `xn--` (RFC 5890 2.3.2.1).
fn incomparable(one: &str, other: &str) -> bool {
    let encoded = |name: &str| {
        name.split('.').any(|label| label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--")))
    };
    (!one.is_ascii() && encoded(other)) || (encoded(one) && !other.is_ascii())
}

/// A name without the blanks around it and the dot of the root behind it.
fn bare(name: &str) -> &str {
    name.trim().trim_end_matches('.')
}

/// Compares a realm with the given tenants, letter case and a final dot aside.
pub fn compare(realm: Option<&str>, tenants: &[String]) -> Realm {
    let Some(realm) = realm.map(bare).filter(|realm| !matches!(*realm, "" | "*")) else {
        return Realm::Missing;
    };
    let same = |tenant: &&str| {
        tenant.eq_ignore_ascii_case(realm)
            || (!(realm.is_ascii() && tenant.is_ascii()) && tenant.to_lowercase() == realm.to_lowercase())
    };
    let tenants = || tenants.iter().map(|tenant| bare(tenant));
    if tenants().any(|tenant| same(&tenant)) {
        return Realm::Same;
    }
    let kind = is_guid(realm);
    let comparable = tenants().any(|tenant| is_guid(tenant) == kind);
    let spelled = tenants().any(|tenant| incomparable(tenant, realm));
    if comparable && !spelled { Realm::Different } else { Realm::Undecided }
}

/// Compares two realms with each other, with the help of the given tenants.
pub fn agree(one: Option<&str>, other: Option<&str>, tenants: &[String]) -> Realm {
    match (compare(one, tenants), compare(other, tenants)) {
        (Realm::Missing, _) | (_, Realm::Missing) => Realm::Missing,
        (Realm::Same, Realm::Same) => Realm::Same,
        (Realm::Same, Realm::Different) | (Realm::Different, Realm::Same) => Realm::Different,
        _ => match (one, other) {
            (Some(one), Some(other)) => compare(Some(one), &[other.to_owned()]),
            _ => Realm::Missing,
        },
    }
}

/// The given tenants, for messages.
pub fn list(tenants: &[String]) -> String {
    tenants.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "11111111-2222-3333-4444-555555555555";
    const OTHER: &str = "99999999-2222-3333-4444-555555555555";

    #[test]
    fn only_names_of_one_kind_contradict_each_other() {
        let tenants = [GUID.to_owned()];
        assert_eq!(compare(Some(&GUID.to_uppercase()), &tenants), Realm::Same);
        assert_eq!(compare(Some(OTHER), &tenants), Realm::Different);
        assert_eq!(compare(Some("contoso.com"), &tenants), Realm::Undecided);
        let both = [GUID.to_owned(), "contoso.com".to_owned()];
        assert_eq!(compare(Some("Contoso.com."), &both), Realm::Same);
        assert_eq!(compare(Some("fabrikam.com"), &both), Realm::Different);
        assert_eq!(compare(Some("*"), &both), Realm::Missing);
        assert_eq!(compare(Some(""), &both), Realm::Missing);
        assert_eq!(compare(None, &both), Realm::Missing);
    }

    #[test]
    fn a_guid_is_digits_in_five_groups() {
        assert!(is_guid(GUID) && is_guid("ABCDEFab-2222-3333-4444-555555555555"));
        for other in [
            "11111111-2222-3333-4444-55555555555",
            "11111111-2222-3333-4444-5555555555555",
            "11111111x2222-3333-4444-555555555555",
            "11111111-2222-3333-4444x555555555555",
            "g1111111-2222-3333-4444-555555555555",
            "11111111-2222-3333-4444-55555555555.",
            "111111112-222-3333-4444-555555555555",
        ] {
            assert!(!is_guid(other), "{other}");
        }
        assert_eq!(list(&["a".to_owned(), "b".to_owned()]), "a or b");
    }

    #[test]
    fn an_internationalised_domain_contradicts_no_other_spelling() {
        let given = ["contoso.com".to_owned(), "München.example".to_owned()];
        assert_eq!(compare(Some("MÜNCHEN.example"), &given), Realm::Same);
        assert_eq!(compare(Some("xn--mnchen-3ya.example"), &given), Realm::Undecided);
        assert_eq!(compare(Some("köln.example"), &given), Realm::Different);
        assert_eq!(compare(Some("xn--kln-sna.example"), &["contoso.com".to_owned()]), Realm::Different);
        let both = ["münchen.example".to_owned(), "XN--mnchen-3ya.example".to_owned()];
        assert_eq!(compare(Some("xn--mnchen-3ya.example"), &both), Realm::Same);
    }

    #[test]
    fn two_realms_agree_when_both_are_the_tenant() {
        let both = [GUID.to_owned(), "contoso.com".to_owned()];
        assert_eq!(agree(Some(GUID), Some("contoso.com"), &both), Realm::Same);
        assert_eq!(agree(Some(GUID), Some("fabrikam.com"), &both), Realm::Different);
        assert_eq!(agree(Some(GUID), Some("contoso.com"), &[GUID.to_owned()]), Realm::Undecided);
        assert_eq!(agree(Some(OTHER), Some(OTHER), &both), Realm::Same);
        assert_eq!(agree(Some(OTHER), Some(GUID), &["contoso.com".to_owned()]), Realm::Different);
    }
}
