//! Takes what `probe` learned of live services, gives findings by the rules for it, and the outcome of
//! the checks that can be judged without a token.

use crate::checks::probed::{ProbeCase, Probed, Purpose};
use crate::checks::said::Said;
use crate::checks::{CheckId, Outcome, Verdict};
use crate::state::cloud::Cloud;

use super::outcomes::NAMES_NOTHING;
use super::{Evidence, Judge, Judgement, Out, RULES, Scope};

const NO_TOKEN: &str = "probe sends no token: verify judges recorded traffic";

impl Judge<'_> {
    /// Judges one thing that `probe` learned from `input`. The exchange of a question is given to the
    /// sink by itself.
    pub fn probed(&mut self, input: u32, cloud: Cloud, probed: Probed<'_>) {
        let case = ProbeCase { expected: self.book.expectations, cloud, probed };
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        for rule in RULES {
            if let Scope::Probe(examine) = rule.scope {
                examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
            }
        }
        let exchange = match probed {
            Probed::Question(question) => question.exchange.as_ref(),
            Probed::Service(_) => None,
        };
        let base = Evidence {
            input: Some(input),
            exchange: exchange.map(|exchange| exchange.key),
            time: exchange.and_then(crate::exchange::Exchange::time),
            ..Evidence::default()
        };
        self.book.put(&hits, &missing, exchange.map(|exchange| exchange.key), &base);
    }

    /// The outcome of a probe: the checks that look at tokens do not apply.
    pub fn finish_probe(self, questions: &[Purpose], tls: bool) -> Judgement {
        let (challenges, bare) = (self.book.memory.challenges, self.book.memory.bare_challenges);
        let reasons = |check: CheckId| -> Vec<Said> {
            let all = self.book.memory.reasons.iter();
            all.filter(|(id, _)| *id == check).map(|(_, reason)| reason.clone()).collect()
        };
        let (challenge, transport) = (reasons(CheckId::Challenge), reasons(CheckId::Transport));
        let asked = questions.contains(&Purpose::Challenge);
        let expectations = self.book.expectations;
        let mut judgement = self.finish();
        for check in &mut judgement.checks {
            let (applies, missing, holds) = match check.id {
                CheckId::Challenge => {
                    let mut missing = challenge.clone();
                    if asked && missing.is_empty() && challenges == 0 {
                        let why = if bare > 0 { NAMES_NOTHING } else { "no Bearer challenge was seen" };
                        missing.push(why.into());
                    }
                    // Of a document that was asked for alone, nothing else would tell that it did not come.
                    (
                        asked || !missing.is_empty(),
                        missing,
                        "the challenge names Exchange and trusts the token service",
                    )
                }
                CheckId::Transport => (tls, transport.clone(), "the certificates verify"),
                CheckId::Coverage => {
                    check.required = true;
                    continue;
                }
                CheckId::Certificate => continue,
                _ => (false, Vec::new(), ""),
            };
            check.required = applies;
            if check.outcome == Outcome::Fail {
                continue;
            }
            (check.outcome, check.summary) = match (applies, missing.first()) {
                (false, _) if check.id == CheckId::Challenge => {
                    (Outcome::NotApplicable, "no challenge was asked for".into())
                }
                (false, _) if check.id == CheckId::Transport => {
                    (Outcome::NotApplicable, "nothing was asked by TLS".into())
                }
                (false, _) => (Outcome::NotApplicable, NO_TOKEN.into()),
                (true, None) => (Outcome::Pass, holds.into()),
                (true, Some(first)) => (Outcome::NotEstablished, first.clone()),
            };
            check.missing = if applies { missing } else { Vec::new() };
        }
        let severities = judgement.findings.iter().map(|finding| finding.severity);
        judgement.verdict = Verdict::of(&judgement.checks, severities, expectations.fail_on);
        judgement
    }
}
