//! Scenes for the tests of rules on state and scripts: an organisation where all is well, and what can be changed.

#[allow(unreachable_pub, dead_code)]
#[path = "../../tests/provision/organisation.rs"]
pub(crate) mod organisation;

use super::judge_state::{ask_scripts, ask_state};
use super::organisation::script::CommandCase;
use super::organisation::{Shown, StateCase};
use super::rule::{Hit, Rule, Scope};
use crate::base::Instant;
use crate::keys::certificate::Certificate;
use crate::state::StateFile;
use crate::state::cloud::Cloud;
use crate::state::dates::Order;
use crate::state::profile::Profile;
pub(crate) use organisation::{Organisation, Properties, Val, date, hybrid_on, key, list, properties};

/// The state, or the scripts, that a rule is shown.
pub(crate) struct Scene {
    organisation: Organisation,
    text: Option<fn(&str) -> String>,
    profile: Profile,
    order: Option<Order>,
    certificates: Vec<Certificate>,
    scripts: Vec<(String, String)>,
    shown: Option<Shown>,
    hosts: Vec<String>,
    tenants: Vec<String>,
    cloud: Option<Cloud>,
}

impl Scene {
    /// All is well.
    pub(crate) fn healthy() -> Self {
        Self {
            organisation: Organisation::healthy(),
            text: None,
            profile: Profile::Sfbo2022Graph,
            order: None,
            certificates: Vec::new(),
            scripts: Vec::new(),
            shown: None,
            hosts: Vec::new(),
            tenants: Vec::new(),
            cloud: None,
        }
    }

    /// A script alone.
    pub(crate) fn script(text: &str) -> Self {
        let mut scene = Self::healthy();
        scene.scripts.push(("step.ps1".to_owned(), text.to_owned()));
        scene
    }

    /// A script after the others.
    pub(crate) fn and_script(mut self, text: &str) -> Self {
        self.scripts.push((format!("step{}.ps1", self.scripts.len()), text.to_owned()));
        self
    }

    /// See [`Organisation::set`].
    pub(crate) fn set(mut self, cmdlet: &str, which: &str, name: &str, value: impl Into<Val>) -> Self {
        self.organisation = self.organisation.set(cmdlet, which, name, value);
        self
    }

    /// See [`Organisation::without`].
    pub(crate) fn without(mut self, cmdlet: &str, which: &str) -> Self {
        self.organisation = self.organisation.without(cmdlet, which);
        self
    }

    /// See [`Organisation::add`].
    pub(crate) fn add(mut self, cmdlet: &'static str, properties: Properties) -> Self {
        self.organisation = self.organisation.add(cmdlet, properties);
        self
    }

    /// The keys of an application.
    pub(crate) fn keys(self, application: &str, keys: Vec<Properties>) -> Self {
        self.set("Get-MgServicePrincipal", application, "KeyCredentials", Val::Keys(keys))
    }

    /// The names under which Exchange is registered in the cloud.
    pub(crate) fn registered(self, names: &[&str]) -> Self {
        self.set("Get-MgServicePrincipal", organisation::EXCHANGE, "ServicePrincipalNames", list(names))
    }

    /// An answer of `Test-OAuthConnectivity`, with its detail where it has one.
    pub(crate) fn tested(self, result: &str, detail: Option<&str>) -> Self {
        let mut told = properties([("ResultType", result.into()), ("Task", "x".into())]);
        told.extend(detail.map(|text| ("Detail".into(), text.into())));
        self.add("Test-OAuthConnectivity", told)
    }

    /// Printed as Format-List in that culture.
    pub(crate) fn printed(mut self, date: fn(&str) -> String) -> Self {
        self.text = Some(date);
        self
    }

    /// `--profile`
    pub(crate) fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// `--tenant`
    pub(crate) fn tenant(mut self, tenant: &str) -> Self {
        self.tenants.push(tenant.to_owned());
        self
    }

    /// `--cloud`
    pub(crate) fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// `--culture`
    pub(crate) fn order(mut self, order: Order) -> Self {
        self.order = Some(order);
        self
    }

    /// `--cert`, base64 of DER.
    pub(crate) fn certificate(mut self, der: &str) -> Self {
        use base64::Engine as _;
        let der = base64::engine::general_purpose::STANDARD.decode(der).unwrap();
        self.certificates.push(Certificate::from_der(&der, "OAuthCert.cer").unwrap());
        self
    }

    /// What traffic showed.
    pub(crate) fn shown(mut self, shown: Shown) -> Self {
        self.shown = Some(shown);
        self
    }

    /// What the rule says.
    pub(crate) fn hits(&self, rule: &'static Rule) -> Vec<Hit> {
        let said = self.said(rule);
        said.0.into_iter().filter(|hit| hit.rule.id == rule.id).collect()
    }

    /// Whether the rule says something.
    pub(crate) fn fires(&self, rule: &'static Rule) -> bool {
        !self.hits(rule).is_empty()
    }

    /// Whether the rule says that something is missing.
    pub(crate) fn misses(&self, rule: &'static Rule) -> bool {
        self.said(rule).1.iter().any(|(check, _)| *check == rule.check)
    }

    fn said(&self, rule: &'static Rule) -> super::judge_state::Said {
        let at = Instant::parse(organisation::AT).unwrap();
        let file = |(path, text): (&str, &str)| crate::state::read(text.as_bytes(), path).unwrap();
        let files: Vec<StateFile> = if self.scripts.is_empty() {
            let text = match self.text {
                Some(date) => self.organisation.format_list(date),
                None => self.organisation.clixml(),
            };
            vec![file(("state", &text))]
        } else {
            self.scripts.iter().map(|(path, text)| file((path, text))).collect()
        };
        if matches!(rule.scope, Scope::Command(_)) {
            return ask_scripts(&CommandCase::new(&files, self.profile, None));
        }

        ask_state(&StateCase {
            profile: self.profile,
            order: self.order,
            certificates: self.certificates.iter().map(|one| ("OAuthCert.cer", one)).collect(),
            shown: self.shown.clone(),
            hosts: &self.hosts,
            tenants: &self.tenants,
            cloud: self.cloud,
            ..StateCase::new(&files, at)
        })
    }
}
