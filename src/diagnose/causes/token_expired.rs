//! Takes the evidence, weighs `token-expired`: the caller uses a token past its end.

use crate::checks::finding::Severity;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "token-expired",
    title: "the caller uses a token past its end",
    rank: Rank::Root,
    summary: "A token was used after its end (or before its start) by the clock of the recording, and the server's clock does not explain it: the caller keeps old tokens, or the recording replays them.",
    speaks_for: "The token was outside its time when it was used; Exchange says token_expired.",
    speaks_against: "The clock of the server or of the recording is wrong.",
    repair: &[
        "# restart the calling service: it keeps tokens until they are refused",
        "w32tm /stripchart /computer:<domain controller> /samples:3 /dataonly   # on the recording machine: is its clock right",
        "oauthtrace verify … --at <time>   # when the recording is a replay: judge at the time of the original",
    ],
    sources: &["RFC 7519 4.1.4", "Microsoft Support: Resolve free/busy errors"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let outside = case.errors(&["lifetime-expired", "lifetime-not-yet-valid"]);
    if outside.is_empty() {
        return;
    }
    weigh.plus(60, "a token was outside its time when it was used").by(outside);
    let refused: Vec<_> =
        case.refused("token_expired").into_iter().filter(|(call, _)| call.in_time == Some(false)).collect();
    if !refused.is_empty() {
        weigh.plus(25, "Exchange says so too").at(&refused);
    }
    let skewed = case.findings(&["lifetime-clock-skew"], Severity::Warning);
    if !skewed.is_empty() {
        weigh.minus(50, "the clocks differ").but(skewed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_an_old_token() {
        assert_eq!(
            Story::of(
                Scene::healthy()
                    .used_after_expiry(90_000)
                    .refused("2000002;error_category=\"token_expired\"")
            )
            .lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_a_fresh_token() {
        assert!(
            !Story::of(Scene::healthy().refused("2000002;error_category=\"token_expired\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
