//! Takes exchanges and connections as they are decoded, passes them to the judge, keeps what a report of
//! `verify` needs besides its judgement. A sink.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::listing::Listing;
use super::numbers::{Keys, Numbers, Order};
use super::{Coverage, Expected, Verification};
use crate::checks::expectations::Expectations;
use crate::checks::judge::{Judge, Judgement};
use crate::connection::{Connection, LeftOut, State};
use crate::diagnose::{Diagnosis, diagnose};
use crate::exchange::{Enough, Exchange, ExchangeKey};
use crate::logrecord::LogRecord;
use crate::pipeline::Input;
use crate::sink::Sink;

/// A judge with a notebook.
#[derive(Debug)]
pub struct Recorder<'e> {
    judge: Judge<'e>,
    numbers: Keys,
    coverage: Coverage,
    listing: Option<Listing>,
    counter: Arc<AtomicU64>,
}

impl<'e> Recorder<'e> {
    /// Around a judge. `listed`: keep the exchanges, for renderings that show them all.
    pub fn new(judge: Judge<'e>, listed: bool, counter: Arc<AtomicU64>) -> Self {
        Self {
            judge,
            numbers: Keys::default(),
            coverage: Coverage::default(),
            // The listing's own count goes nowhere: this recorder counts.
            listing: listed.then(Listing::default),
            counter,
        }
    }

    /// The report's model.
    pub fn finish(self, inputs: Vec<Input>, expected: &Expectations) -> Verification {
        self.finish_with(inputs, expected, Judge::finish)
    }

    /// The judge, for what is no exchange and no connection.
    pub fn judge_mut(&mut self) -> &mut Judge<'e> {
        &mut self.judge
    }

    /// The report's model, with another end of judging.
    pub fn finish_with(
        mut self,
        inputs: Vec<Input>,
        expected: &Expectations,
        end: impl FnOnce(Judge<'e>) -> Judgement,
    ) -> Verification {
        for (number, _) in (0..).zip(&inputs).filter(|(_, input)| input.truncated) {
            self.judge.truncated(number);
        }
        for input in inputs.iter().filter(|input| input.dropped > 0) {
            self.judge.lost(input.number, input.dropped);
        }
        for input in &inputs {
            self.judge.unread(input.number, &input.unread);
        }
        inputs.iter().flat_map(|input| &input.notices).for_each(|notice| self.judge.notice(notice));
        let judgement = end(self.judge);
        let diagnosis = diagnose(&judgement, expected);
        let numbers = Numbers::of(self.numbers, shown(&judgement, &diagnosis));
        Verification {
            order: Order::of(&judgement.tokens),
            diagnosis,
            judgement,
            coverage: Coverage {
                truncated: inputs.iter().any(|input| input.truncated),
                exchanges: numbers.count() as u64,
                ..self.coverage
            },
            numbers,
            expected: Expected {
                tenants: expected.tenants.clone(),
                hosts: expected.hosts.clone(),
                principals: expected.principals.clone(),
                certificates: certificates(expected),
                at: expected.at,
                leeway: expected.leeway,
                fail_on: expected.fail_on,
            },
            listing: self.listing.map(|listing| listing.finish(inputs.clone())),
            inputs,
            known: None,
            provision: None,
        }
    }
}

/// Exchanges whose numbers reports print.
fn shown<'j>(
    judgement: &'j Judgement,
    diagnosis: &'j Diagnosis,
) -> impl Iterator<Item = ExchangeKey> + use<'j> {
    let evidence = judgement.findings.iter().flat_map(|finding| &finding.evidence);
    let tokens = judgement.tokens.ids().filter_map(|id| judgement.tokens.sightings(id));
    let causes = diagnosis.causes.iter().flat_map(|cause| &cause.exchanges);
    let scenarios = diagnosis.scenarios.iter().flat_map(|scenario| &scenario.exchanges);
    evidence
        .filter_map(|evidence| evidence.exchange)
        .chain(tokens.flat_map(|seen| &seen.exchanges).copied())
        .chain(causes.chain(scenarios).copied())
        .chain(diagnosis.sequence.iter().filter_map(|step| step.exchange))
}

fn certificates(expected: &Expectations) -> Vec<String> {
    let of_file = |(path, loaded): &(String, crate::keys::load::Loaded)| {
        let lines = loaded.certificates.iter().map(|certificate| {
            format!("{path}: {}, thumbprint {}", certificate.subject, certificate.thumbprint_hex())
        });
        lines.collect::<Vec<_>>()
    };
    expected.certificates.iter().flat_map(of_file).collect()
}

impl Sink for Recorder<'_> {
    fn exchange(&mut self, exchange: Exchange) {
        self.counter.fetch_add(1, Ordering::Relaxed);
        self.numbers.push(exchange.key);
        if let Some(listing) = &mut self.listing {
            listing.exchange(exchange.clone());
        }
        self.judge.exchange(exchange);
    }

    fn connection(&mut self, connection: Connection) {
        self.coverage.connections += 1;
        self.coverage.undecrypted += u64::from(connection.state() == State::Undecrypted);
        self.coverage.gaps += u64::from(connection.sent.missing + connection.received.missing > 0);
        if let Some(listing) = &mut self.listing {
            listing.connection(connection.clone());
        }
        self.judge.connection(connection);
    }

    fn token_text(&mut self, input: u32, offset: u64, text: &[u8]) {
        if let Some(listing) = &mut self.listing {
            listing.token_text(input, offset, text);
        }
        self.judge.token_text(input, offset, text);
    }

    fn log_record(&mut self, record: LogRecord) {
        if let Some(listing) = &mut self.listing {
            listing.log_record(record.clone());
        }
        self.judge.log_record(record);
    }

    fn left_out(&mut self, input: u32, loss: LeftOut, why: &str) {
        self.judge.left_out(input, loss, why);
    }

    fn enough(&self) -> Option<Enough> {
        // A listing shows the tokens of every body.
        if self.listing.is_some() { None } else { self.judge.enough() }
    }

    fn fork(&self) -> Self {
        Self::new(self.judge.fork(), self.listing.is_some(), Arc::clone(&self.counter))
    }

    fn join(&mut self, other: Self) {
        self.numbers.join(other.numbers);
        self.coverage.connections += other.coverage.connections;
        self.coverage.undecrypted += other.coverage.undecrypted;
        self.coverage.gaps += other.coverage.gaps;
        if let (Some(ours), Some(theirs)) = (&mut self.listing, other.listing) {
            ours.join(theirs);
        }
        self.judge.join(other.judge);
    }
}
