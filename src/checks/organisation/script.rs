//! Takes the scripts among the files, gives what rules on them ask: commands, values, texts, places.

use super::{Application, applications};
use crate::base::is_guid;
use crate::checks::expectations::{CLOUD_VOICEMAIL, EXCHANGE, SKYPE, TEAMS_SCHEDULER};
use crate::state::StateFile;
use crate::state::cloud::Cloud;
use crate::state::commands::{Command, Script};
use crate::state::profile::Profile;

/// One script.
#[derive(Clone, Copy, Debug)]
pub struct ScriptFile<'a> {
    /// As named.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Its commands.
    pub script: &'a Script,
}

impl<'a> ScriptFile<'a> {
    /// `path:line`
    pub fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// Lines with their numbers, comments taken off.
    pub fn code(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let mut block = false;
        (1..).zip(self.text.lines()).filter_map(move |(number, line)| {
            if block {
                block = !line.contains("#>");
                return None;
            }
            if line.trim_start().starts_with("<#") {
                block = !line.contains("#>");
                return None;
            }
            let code = if line.trim_start().starts_with('#') { "" } else { line };
            let code = code.split(" # ").next().unwrap_or(code);
            (!code.trim().is_empty()).then_some((number, code))
        })
    }

    /// The first line of code that holds `part`, in any case.
    pub fn line_with(&self, part: &str) -> Option<(usize, &'a str)> {
        let part = part.to_ascii_lowercase();
        self.code().find(|(_, line)| line.to_ascii_lowercase().contains(&part))
    }

    /// Whether the script puts a key on a service principal, and the command that does.
    pub fn upload(&self) -> Option<&'a Command> {
        let in_body = |command: &Command| {
            command.is("Update-MgServicePrincipal")
                && command.has("BodyParameter")
                && self.code().any(|(_, line)| is_member(line, "keyCredentials"))
        };
        self.script.commands.iter().find(|command| is_upload(command) || in_body(command))
    }

    /// Whether anything in it belongs to the procedure.
    pub fn is_of_procedure(&self) -> bool {
        self.script.commands.iter().any(Command::is_of_procedure)
    }

    /// Whether it holds a step of the procedure. The certificate is exported by a method, not by a cmdlet.
    pub fn has_step(&self) -> bool {
        self.script.commands.iter().any(Command::is_step)
            || (self.is_of_procedure() && self.line_with(".Export(").is_some())
    }

    /// Application ids that the code names.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for (_, line) in self.code() {
            for word in line.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-') {
                let id = word.to_ascii_lowercase();
                if is_guid(&id) && !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }
}

/// Whether a command puts a key on a service principal.
pub fn is_upload(command: &Command) -> bool {
    command.is("New-MsolServicePrincipalCredential")
        || command.is("New-AzureADServicePrincipalKeyCredential")
        || (command.is("Update-MgServicePrincipal") && command.has("KeyCredentials"))
}

/// Whether a line gives a member of a table a value: `name = …`.
fn is_member(line: &str, name: &str) -> bool {
    let (line, name) = (line.to_ascii_lowercase(), name.to_ascii_lowercase());
    line.match_indices(&name).any(|(at, _)| {
        let before = line.get(..at).is_none_or(|before| {
            !before.ends_with(|letter: char| letter.is_alphanumeric() || ".$-_".contains(letter))
        });
        let after = line.get(at + name.len()..).unwrap_or_default();
        before && after.trim_start_matches(['\'', '"', ' ', '\t']).starts_with('=')
    })
}

/// Whether a value is known when the script is read: no variable and no sub-expression is left in it.
pub fn is_known(value: &str) -> bool {
    !value.contains('$')
}

/// All scripts together.
#[derive(Clone, Debug)]
pub struct CommandCase<'a> {
    /// The scripts, in the order they were named.
    pub scripts: Vec<ScriptFile<'a>>,
    /// The procedure.
    pub profile: Profile,
    /// The cloud, where it was named.
    pub cloud: Option<Cloud>,
}

impl<'a> CommandCase<'a> {
    /// Of the scripts among these files.
    pub fn new(files: &'a [StateFile], profile: Profile, cloud: Option<Cloud>) -> Self {
        let script = |file: &'a StateFile| {
            let (text, script) = file.script.as_ref()?;
            Some(ScriptFile { path: &file.path, text, script })
        };
        Self { scripts: files.iter().filter_map(script).collect(), profile, cloud }
    }

    /// All commands with their places, in order.
    pub fn commands(&self) -> impl Iterator<Item = (ScriptFile<'a>, &'a Command)> + use<'a, '_> {
        self.scripts.iter().flat_map(|file| file.script.commands.iter().map(move |command| (*file, command)))
    }

    /// Commands of that name.
    pub fn named(
        &self,
        name: &'static str,
    ) -> impl Iterator<Item = (ScriptFile<'a>, &'a Command)> + use<'a, '_> {
        self.commands().filter(move |(_, command)| command.is(name))
    }

    /// The applications of the profile.
    pub fn applications(&self) -> &'static [Application] {
        applications(self.profile)
    }
}

/// Whether an application has a place in the procedure, its first step included.
pub fn is_ours(id: &str) -> bool {
    [SKYPE, EXCHANGE, TEAMS_SCHEDULER, CLOUD_VOICEMAIL].contains(&id)
}
