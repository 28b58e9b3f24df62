//! Takes the commands of scripts, gives findings of `script-scope`: Microsoft Graph is connected without the right to write.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::is_known;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::commands::Command;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-scope",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M17"],
    title: "Microsoft Graph is connected without the right to write",
    looks_at: "-Scopes of Connect-MgGraph in scripts that change service principals.",
    matters: "Keys and names are written with Application.ReadWrite.All; with a read-only scope the \
              update is refused.",
    bad: "-Scopes Application.Read.All",
    good: "-Scopes Application.ReadWrite.All",
    repair: "Connect-MgGraph -Scopes Application.ReadWrite.All",
    sources: &["Microsoft: page of June 2025"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for file in &case.scripts {
        let commands = &file.script.commands;
        let writes = |command: &Command| {
            let name = command.name.to_ascii_lowercase();
            name.starts_with("update-mg") || name.starts_with("new-mg") || name.starts_with("remove-mg")
        };
        let connects: Vec<&Command> = commands
            .iter()
            .filter(|command| command.is("Connect-MgGraph") && command.has("Scopes"))
            .collect();
        let scopes = |command: &Command| -> Vec<String> {
            command.arguments.iter().filter_map(|(_, value)| value.clone()).collect()
        };
        let enough = |command: &&Command| {
            scopes(command).iter().any(|scope| scope.contains("Application.ReadWrite") || !is_known(scope))
        };
        if let Some(first) =
            connects.first().filter(|_| commands.iter().any(writes) && !connects.iter().any(enough))
        {
            out.say("Microsoft Graph is connected without the right to write")
                .location(file.place(first.line))
                .observed(format!("-Scopes {}", first.value("Scopes").unwrap_or_default()))
                .expected("-Scopes Application.ReadWrite.All");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_a_read_only_scope() {
        assert!(Scene::script("Connect-MgGraph -Scopes Application.Read.All\nUpdate-MgServicePrincipal -ServicePrincipalId x -AccountEnabled\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_right_scope() {
        assert!(!Scene::script("Connect-MgGraph -Scopes Application.ReadWrite.All\nUpdate-MgServicePrincipal -ServicePrincipalId x -AccountEnabled\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_nothing_is_written() {
        assert!(
            !Scene::script(
                "Connect-MgGraph -Scopes Application.Read.All\nGet-MgServicePrincipal -Filter x\n"
            )
            .fires(&RULE)
        );
    }

    #[test]
    fn every_cmdlet_that_writes_needs_it_and_a_variable_may_hold_it() {
        let script = |scopes: &str, write: &str| {
            Scene::script(&format!("Connect-MgGraph{scopes}\n{write} -ServicePrincipalId x\n")).fires(&RULE)
        };
        for write in ["Update-MgServicePrincipal", "New-MgServicePrincipal", "Remove-MgServicePrincipal"] {
            assert!(script(" -Scopes Application.Read.All", write), "{write}");
            assert!(!script(" -Scopes $scopes", write) && !script("", write), "{write}");
        }
        let unscoped = "Connect-Thing -Scopes x\nUpdate-MgServicePrincipal -ServicePrincipalId x\n";
        assert!(!Scene::script(unscoped).fires(&RULE));
    }
}
