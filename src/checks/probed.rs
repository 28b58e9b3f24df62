//! What rules look at when a live service was asked: the service, and each question with its answer.

use crate::exchange::{Exchange, TlsFacts};
use crate::keys::load::Loaded;

use super::expectations::Expectations;
use crate::state::cloud::Cloud;

/// What a question is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The challenge to an empty `Bearer`.
    Challenge,
    /// A document with keys: S2S metadata, federation metadata, JWKS.
    Keys,
    /// An OpenID provider's configuration.
    OpenId,
}

/// One question and what came of it.
#[derive(Clone, Debug)]
pub struct Question {
    /// The address that was asked.
    pub url: String,
    /// Why.
    pub purpose: Purpose,
    /// Whether an answer without what was asked for leaves the verdict open: the address was named, or the host has
    /// nothing else to say. Of all that a server of Exchange may publish, some is missing on any.
    pub needed: bool,
    /// The answer; `None` when none came.
    pub exchange: Option<Exchange>,
    /// Why no answer came, or why it was not read to its end.
    pub trouble: Option<String>,
    /// Where a redirection pointed that was not followed.
    pub redirect: Option<String>,
    /// Keys that the answer holds, or why it holds none.
    pub keys: Option<Result<Loaded, String>>,
}

/// What was answered to a hello of one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The newest version that the hello named.
    pub version: &'static str,
    /// Version and suite that the server chose, or why it chose none.
    pub chosen: Result<(String, String), String>,
    /// Every suite that the server accepts in this version, in the order in which it chose them.
    pub suites: Vec<Accepted>,
    /// Whether time or count ended before the server refused, so that there may be further suites.
    pub cut: bool,
}

/// A cipher suite that a server accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Its name in the registry.
    pub name: String,
    /// Whether it hides nothing, or nothing for long.
    pub weak: bool,
}

/// What was learned of a service by its handshakes.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// `host:port`
    pub authority: String,
    /// Session of a current client; `None` when there was none.
    pub session: Option<TlsFacts>,
    /// Why a current client got no session.
    pub refused: Option<String>,
    /// Whether the chain verifies for the host; `None` when no chain was seen.
    pub chain: Option<Result<(), String>>,
    /// The chain, leaf first.
    pub certificates: Vec<bytes::Bytes>,
    /// What older hellos were answered.
    pub offers: Vec<Offer>,
    /// Headers that name the server and its version.
    pub answered_by: Vec<String>,
}

/// A thing that `probe` learned.
#[derive(Clone, Copy, Debug)]
pub enum Probed<'a> {
    /// A service that speaks TLS.
    Service(&'a Service),
    /// A question.
    Question(&'a Question),
}

/// A thing that `probe` learned, and what is expected.
#[derive(Clone, Copy, Debug)]
pub struct ProbeCase<'a> {
    /// What is expected.
    pub expected: &'a Expectations,
    /// The cloud whose token service Exchange should trust.
    pub cloud: Cloud,
    /// The thing.
    pub probed: Probed<'a>,
}

impl<'a> ProbeCase<'a> {
    /// The service, when it is one.
    pub fn service(&self) -> Option<&'a Service> {
        match self.probed {
            Probed::Service(service) => Some(service),
            Probed::Question(_) => None,
        }
    }

    /// The question, when it is one.
    pub fn question(&self) -> Option<&'a Question> {
        match self.probed {
            Probed::Question(question) => Some(question),
            Probed::Service(_) => None,
        }
    }

    /// The question for a challenge, with its answer.
    pub fn challenge(&self) -> Option<(&'a Question, &'a Exchange)> {
        let question = self.question().filter(|question| question.purpose == Purpose::Challenge)?;
        Some((question, question.exchange.as_ref()?))
    }
}

/// Which versions older than TLS 1.2 the service chose.
pub fn old_versions(service: &Service) -> Vec<&str> {
    let chosen = service.offers.iter().filter_map(|offer| Some(&offer.chosen.as_ref().ok()?.0));
    let mut old: Vec<&str> =
        chosen.map(String::as_str).filter(|version| !matches!(*version, "TLS 1.2" | "TLS 1.3")).collect();
    old.dedup();
    old
}

/// Whether the service speaks TLS 1.2 or newer with anybody.
pub fn speaks_current(service: &Service) -> bool {
    service.session.is_some()
        || service.offers.iter().any(|offer| {
            offer.chosen.as_ref().is_ok_and(|(version, _)| matches!(version.as_str(), "TLS 1.2" | "TLS 1.3"))
        })
}
