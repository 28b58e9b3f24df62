//! Takes the evidence, weighs `token-kind-refused`: this kind of token is not accepted at that path.

use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "token-kind-refused",
    title: "this kind of token is not accepted at that path",
    rank: Rank::Root,
    summary: "Exchange says that the profile of the token is not applicable for the protocol (path {path}): the token may be in order, but the path takes other kinds only. S2S tokens and tokens of applications are taken by EWS, Autodiscover and the REST interface, by MAPI, OAB and ActiveSync only tokens that Entra gives to a person.",
    speaks_for: "2000001 (invalid_token) with the reason that the token profile is not applicable for the \
                 current protocol; an S2S token that was presented at /mapi, /OAB or ActiveSync.",
    speaks_against: "A token of the same kind was accepted at that path.",
    repair: &[
        "# let the caller ask at a path that takes its kind of token, or ask Entra for a token of a person \
         (delegated permissions instead of application permissions)",
        "Select-String -Path \"$env:ExchangeInstallPath\\FrontEnd\\HttpProxy\\*\\web.config\" -Pattern \
         OAuthHttpModule.Profiles   # what each path takes",
    ],
    sources: &[
        "MicrosoftDocs/azure-docs issue 27188",
        "Microsoft: HealthChecker (OAuthHttpModule.Profiles), free/busy checker",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let mut refused = case.refused("invalid_token");
    refused.retain(|(call, _)| super::speaks_of_profile(call.reason_of("invalid_token")));
    if let Some((call, _)) = refused.first() {
        weigh.plus(85, "Exchange says that the profile of the token is not applicable").at(&refused);
        weigh.value("path", &call.path);
    }
    let shown = case.errors(&["token-profile"]);
    if !shown.is_empty() {
        weigh.plus(60, "an S2S token was presented at a path that takes none").by(shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_the_words_of_exchange() {
        let said = "2000001;reason=\"This token profile \u{27}V1S2SAppOnly\u{27} is not applicable for the current protocol.\";error_category=\"invalid_token\"";
        assert_eq!(Story::of(Scene::healthy().refused(said)).lead(), CAUSE.id);
        let mapi =
            Scene::healthy().target("/mapi/emsmdb").refused("2000001;error_category=\"invalid_token\"");
        assert_eq!(Story::of(mapi).lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_on_other_words() {
        let said = "2000001;reason=\"The issuer of the token is unknown.\";error_category=\"invalid_token\"";
        assert!(!Story::of(Scene::healthy().refused(said)).causes().contains(&CAUSE.id));
    }
}
