//! Gives rules for live services something to look at.

use super::plain;
use crate::checks::expectations::Expectations;
use crate::checks::probed::{Offer, ProbeCase, Probed, Purpose, Question, Service};
use crate::checks::rule::{Out, Rule, Scope};
use crate::exchange::{Head, TlsFacts};
use crate::state::cloud::Cloud;

/// A service as it should be.
pub(crate) fn service() -> Service {
    let chosen = Ok(("TLS 1.2".to_owned(), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384".to_owned()));
    Service {
        authority: "mail.contoso.com:443".into(),
        session: Some(TlsFacts::default()),
        chain: Some(Ok(())),
        offers: vec![Offer { version: "TLS 1.2", chosen, suites: Vec::new(), cut: false }],
        ..Service::default()
    }
}

/// A question for the challenge, with its answer.
pub(crate) fn question(status: u16, fields: &[(&str, &str)]) -> Question {
    let mut exchange = plain();
    if let Some(response) = &mut exchange.response {
        response.status = status;
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        response.head = Head::from_pairs(fields);
    }
    Question {
        url: "https://mail.contoso.com/ews/exchange.asmx".into(),
        purpose: Purpose::Challenge,
        needed: true,
        exchange: Some(exchange),
        trouble: None,
        redirect: None,
        keys: None,
    }
}

/// A service or a question.
pub(crate) trait Thing {
    /// As rules see it.
    fn probed(&self) -> Probed<'_>;
}

impl Thing for Service {
    fn probed(&self) -> Probed<'_> {
        Probed::Service(self)
    }
}

impl Thing for Question {
    fn probed(&self) -> Probed<'_> {
        Probed::Question(self)
    }
}

/// Whether the rule has a finding.
pub(crate) fn speaks(rule: &'static Rule, thing: &impl Thing) -> bool {
    speaks_to(rule, thing, &Expectations::default())
}

/// The same with other expectations.
pub(crate) fn speaks_to(rule: &'static Rule, thing: &impl Thing, expected: &Expectations) -> bool {
    let Scope::Probe(examine) = rule.scope else { panic!("{} does not look at live services", rule.id) };
    let (mut hits, mut missing) = (Vec::new(), Vec::new());
    let case = ProbeCase { expected, cloud: Cloud::Worldwide, probed: thing.probed() };
    examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
    !hits.is_empty()
}
