//! Takes an exchange, gives what it tells of a token that is not in it.

use super::subject::ExchangeCase;
use crate::soap::diagnostics::{self, Diagnostics};

impl ExchangeCase<'_> {
    /// What another server said of a token that this one showed it, as an error inside an EWS answer quotes it.
    pub fn told_inside(&self) -> Option<Diagnostics> {
        let outcome = self.ews()?;
        let texts =
            outcome.fault.iter().map(|fault| &fault.text).chain(outcome.errors().map(|error| &error.text));
        let said = texts.filter_map(|text| diagnostics::quoted(text).next()).next()?.1;
        diagnostics::parse(&said)
    }

    /// What Exchange says against a token that was not recorded: the request is missing, or its credentials were taken out.
    pub fn refusal_alone(&self) -> Option<Diagnostics> {
        let of_token = |number| (2_000_000..3_000_000).contains(&number);
        let said = self.diagnostics().filter(|said| of_token(said.number) && self.refuses_unseen())?;
        said.code().is_some().then_some(said)
    }

    /// What Exchange in the cloud says of its access policy to a caller whose token was not recorded.
    pub fn policy_alone(&self) -> Option<String> {
        let response = self.response().filter(|_| self.refuses_unseen())?;
        response.head.text("x-ews-policy-reason").map(|text| text.to_owned())
    }

    fn refuses_unseen(&self) -> bool {
        let stripped =
            || self.exchange.oddities.iter().any(|oddity| oddity.name == "export-stripped-headers");
        matches!(self.status(), Some(401 | 403))
            && (self.request().is_none() || self.sent().is_empty() || stripped())
            && self.presented().is_none()
    }
}
