//! Takes what the administrator says of the organisation, gives it checked: names that can stand in a command.

use crate::base::is_guid;

pub use crate::state::cloud::Cloud;

/// An organisation, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// Tenant GUID or verified domain.
    pub tenant: String,
    /// The domain that on-premises mailboxes have as primary SMTP domain.
    pub verified_domain: String,
    /// FQDN of a domain controller.
    pub domain_controller: String,
    /// Host names that Exchange is reached at from outside.
    pub hosts: Vec<String>,
    /// The cloud.
    pub cloud: Cloud,
}

/// Why a value cannot stand in a command.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{option}: {expected} expected, found {found:?}")]
pub struct DeploymentError {
    /// The option.
    pub option: &'static str,
    /// What would have been right.
    pub expected: &'static str,
    /// What was given.
    pub found: String,
}

impl Deployment {
    /// Checks all names.
    ///
    /// # Errors
    /// The first value that is no plain name: placeholders, wildcards, control characters, quotes.
    pub fn check(self) -> Result<Self, DeploymentError> {
        let wrong =
            |option, expected, found: &str| DeploymentError { option, expected, found: found.to_owned() };
        if !is_guid(&self.tenant) && !is_domain(&self.tenant) {
            return Err(wrong("--tenant", "a GUID or a verified domain", &self.tenant));
        }
        if !is_domain(&self.verified_domain) {
            return Err(wrong("--verified-domain", "a plain domain without wildcard", &self.verified_domain));
        }
        if !is_domain(&self.domain_controller) {
            return Err(wrong(
                "--domain-controller",
                "the full name of a domain controller",
                &self.domain_controller,
            ));
        }
        if let Some(host) = self.hosts.iter().find(|host| !is_domain(host)) {
            return Err(wrong("--host", "a host name", host));
        }
        Ok(self)
    }
}

/// Whether `text` is a domain of at least two labels (RFC 1123 2.1), internationalised ones in their own letters
/// included.
pub fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_break_out_are_refused() {
        for bad in [
            "*.contoso.com",
            "<your Verified Domain>",
            "a'; Remove-Mailbox",
            "contoso",
            "con$(x).com",
            "a\n.com",
            "",
        ] {
            assert!(!is_domain(bad), "{bad:?}");
        }
        assert!(is_domain("contoso.mail.onmicrosoft.com"));
        assert!(is_domain("bücher.example"));
        assert!(is_guid("5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"));
        assert!(!is_guid("{5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11}"));
    }
}
