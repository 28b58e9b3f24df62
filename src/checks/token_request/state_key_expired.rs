//! Takes the state of the organisation, gives findings of `state-key-expired`: a key of the service principal has expired.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{quoted, show_keys, upload};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::uploaded::UploadedKey;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-key-expired",
    check: CheckId::TokenRequest,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["N06"],
    title: "a key of the service principal has expired",
    looks_at: "End dates of the keys of the profile's service principals.",
    matters: "Expired keys do no harm beside a valid one, but hide which key counts; alone they mean \
              that OAuth fails.",
    bad: "EndDate 2025-01-01",
    good: "only keys that are valid now",
    repair: "Remove expired keys by sending the remaining ones again; upload the current certificate \
             where none is left.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft Graph: keyCredential",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for application in case.applications() {
        let Some(keys) = case.keys_of(application.id) else { continue };
        let over = |key: &UploadedKey| case.date(&key.end).known().is_some_and(|end| end < case.at);
        let alone = !keys.is_empty() && keys.iter().all(|key| over(key)) && !case.keys_cut(application.id);
        for key in keys.iter().filter(|key| over(key)) {
            let end = case.date(&key.end).known().map(|end| end.to_string()).unwrap_or_default();
            let hit = out.say(format!(
                "a key of {} has expired{}",
                application.id,
                if alone { ", and none is valid" } else { "" }
            ));
            hit.about(application.id).location(&key.place).observed(format!("key {} ended {end}", key.id));
            hit.expected("keys that are valid now");
            if alone {
                hit.severity(Severity::Error).help(upload(case, application.id));
            } else {
                hit.help(format!(
                    "$p = {}; $keys = @($p.KeyCredentials | Where-Object {{ $_.KeyId -ne {} }} | ForEach-Object {{ @{{ key = \
                     $_.Key; type = $_.Type; usage = $_.Usage }} }}); Update-MgServicePrincipal -ServicePrincipalId $p.Id \
                     -KeyCredentials $keys",
                    show_keys(application.id),
                    quoted(&key.id)
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene, key,
        organisation::{DER, NOT_AFTER, SKYPE},
    };

    #[test]
    fn fires_on_an_expired_key() {
        assert!(
            Scene::healthy()
                .keys(SKYPE, vec![key("a", DER, NOT_AFTER), key("b", "", "2025-01-01T00:00:00Z")])
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_as_an_error_when_none_is_left() {
        assert!(
            Scene::healthy().keys(SKYPE, vec![key("b", "", "2025-01-01T00:00:00Z")]).hits(&RULE)[0].severity
                == Severity::Error
        );
    }

    #[test]
    fn stays_silent_on_valid_keys() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn tells_whether_another_is_valid() {
        let (old, older) = (key("b", "", "2025-01-01T00:00:00Z"), key("c", "", "2024-01-01T00:00:00Z"));
        let hits = |keys| Scene::healthy().keys(SKYPE, keys).hits(&RULE);
        let beside = hits(vec![key("a", DER, NOT_AFTER), old.clone()]);
        assert!(beside.len() == 1 && beside[0].severity != Severity::Error);
        assert!(beside[0].help.contains("KeyId -ne 'b'") && !beside[0].message.contains("none is valid"));
        let alone = hits(vec![old, older]);
        assert!(alone.len() == 2 && alone.iter().all(|hit| hit.severity == Severity::Error));
        assert!(alone[0].message.contains("none is valid"));
    }
}
