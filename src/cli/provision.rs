//! `provision`: writes the commands, gathers and judges the state that they left.

/// Steps in a folder.
mod folder;

use std::sync::Arc;

use serde_json::json;

use self::folder::{MARK, Refusal};
use super::args::OutputArgs;
use super::args::provision::{CheckArgs, Cloud as CloudName, ProfileName, ProvisionCommand, ScriptArgs};
use super::args::traffic::ExpectArgs;
use super::expectations;
use super::output::{self, deliver};
use super::status::{Complaints, Status};
use super::tell;
use super::terminal::Terminal;
use crate::base::Instant;
use crate::base::is_guid;
use crate::checks::expectations::Expectations;
use crate::checks::judge::Judge;
use crate::checks::judge_state;
use crate::checks::organisation::StateCase;
use crate::pipeline::{Input, Kind};
use crate::provision::collect;
use crate::provision::deployment::{Cloud, Deployment};
use crate::provision::profile::Profile;
use crate::provision::script::{self, Scripts};
use crate::report::recorder::Recorder;
use crate::report::{Document, Provision};
use crate::state::StateFile;

/// Runs the command.
pub fn run(command: &ProvisionCommand, terminal: &Terminal) -> Status {
    match command {
        ProvisionCommand::Script(args) => write_scripts(args, terminal),
        ProvisionCommand::Collect => output::print(terminal, |out| out.write_all(collect::SCRIPT.as_bytes())),
        ProvisionCommand::Check(args) => check(args, terminal),
    }
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Sfbo2022 => Self::Sfbo2022,
            ProfileName::Sfbo2022Graph => Self::Sfbo2022Graph,
            ProfileName::Teams2025 => Self::Teams2025,
        }
    }
}

/// Judges the state that the commands left; lints scripts.
fn check(args: &CheckArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let mut args = args.clone();
    let mut expect = ExpectArgs {
        tenant: std::mem::take(&mut args.tenant),
        cert: std::mem::take(&mut args.cert),
        host: std::mem::take(&mut args.host),
        at: args.at.take(),
        fail_on: args.fail_on,
        config: args.config.take(),
        ..ExpectArgs::default()
    };
    let mut unused = expectations::no_input();
    let deployment =
        expectations::configure(&mut unused, &mut expect, &mut args.output, terminal, &mut complaints);
    args.culture = args.culture.take().or(deployment.culture);
    let destinations = expectations::destinations(&args.output, &mut complaints);
    let order = args.culture.as_deref().and_then(|culture| expectations::order(culture, &mut complaints));
    let at = expect.at.as_deref().and_then(|text| expectations::time("--at", text, &mut complaints));
    let mut expected = Expectations {
        tenants: if expect.tenant.is_empty() {
            Vec::new()
        } else {
            expectations::tenants(&expect.tenant, &mut complaints)
        },
        hosts: expectations::hosts(&expect.host, &mut complaints),
        at: Some(at.unwrap_or_else(Instant::now)),
        fail_on: expectations::fail_on(expect.fail_on),
        ..Expectations::default()
    };
    expectations::certificates(&expect.cert, &[], &mut expected, &mut complaints);
    expectations::stdin_once(&args.states, &mut complaints);
    if !complaints.is_empty() {
        return tell(&complaints, terminal);
    }
    // A file that cannot be read costs itself: the others are judged all the same.
    let files = expectations::states(&args.states, &mut complaints);
    complaints.lines().for_each(|line| terminal.error(line));
    if files.is_empty() {
        if complaints.is_empty() {
            terminal.error("no cmdlet output and no script found; oauthtrace provision collect prints the script that gathers it");
        }
        return Status::Unreadable;
    }
    expected.profile =
        Some(Profile::from(args.profile.or(deployment.profile).unwrap_or(ProfileName::Sfbo2022Graph)));
    expected.cloud = args.cloud.or(deployment.cloud).map(Cloud::from);
    expected.order = order;
    expected.verified_domain = deployment.verified_domain;
    expected.domain_controller = deployment.domain_controller;
    expected.state = files;
    let at = expected.at.unwrap_or_else(Instant::now);
    let case = StateCase::expected(&expected, at);
    let recorder = Recorder::new(Judge::new(&expected), true, Arc::default());
    let mut verification = recorder
        .finish_with(inputs(&expected.state), &expected, |_| judge_state::judge(&case, expected.fail_on));
    verification.provision = Some(Provision { profile: case.profile.name(), culture: args.culture.clone() });
    let verdict = Status::from(verification.judgement.verdict);
    let delivered = deliver(&Document::Verification(&verification), &destinations, terminal);
    complaints.status().max(verdict).max(delivered)
}

fn inputs(files: &[StateFile]) -> Vec<Input> {
    let input = |(number, file): (u32, &StateFile)| {
        let (kind, records) = match &file.script {
            Some((_, script)) => (Kind::Script, script.commands.len()),
            None => (Kind::State, file.objects.len()),
        };
        Input { bytes: file.bytes, records: records as u64, ..Input::named(number, file.path.clone(), kind) }
    };
    (0..).zip(files).map(input).collect()
}

/// What the command line left open, from the configuration. The scripts name one tenant: its GUID, where there is one.
fn configured(mut args: ScriptArgs, terminal: &Terminal, complaints: &mut Complaints) -> ScriptArgs {
    let mut expect = ExpectArgs { config: args.config.take(), ..ExpectArgs::default() };
    let mut output = OutputArgs { output: None, report: Vec::new(), show_secrets: false };
    let mut unused = expectations::no_input();
    let settled = expectations::configure(&mut unused, &mut expect, &mut output, terminal, complaints);
    let guid = expect.tenant.iter().find(|tenant| is_guid(tenant)).or(expect.tenant.first()).cloned();
    args.tenant = args.tenant.or(guid);
    if args.host.is_empty() {
        args.host = expect.host;
    }
    args.profile = args.profile.or(settled.profile);
    args.cloud = args.cloud.or(settled.cloud);
    args.verified_domain = args.verified_domain.or(settled.verified_domain);
    args.domain_controller = args.domain_controller.or(settled.domain_controller);
    args
}

fn deployment(args: &ScriptArgs, complaints: &mut Complaints) -> Option<Deployment> {
    let mut value = |option: &str, value: &Option<String>| {
        if value.is_none() {
            complaints.usage(format!("provision script needs {option}"));
        }
        value.clone().unwrap_or_default()
    };
    let wanted = Deployment {
        tenant: value("--tenant", &args.tenant),
        verified_domain: value("--verified-domain", &args.verified_domain),
        domain_controller: value("--domain-controller", &args.domain_controller),
        hosts: args.host.clone(),
        cloud: args.cloud.unwrap_or(CloudName::Worldwide).into(),
    };
    if args.host.is_empty() {
        complaints.usage("provision script needs --host, the name that Exchange is reached at from outside");
    }
    if !complaints.is_empty() {
        return None;
    }
    wanted.check().map_err(|error| complaints.usage(error.to_string())).ok()
}

fn write_scripts(args: &ScriptArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let args = &configured(args.clone(), terminal, &mut complaints);
    let Some(deployment) = deployment(args, &mut complaints) else { return tell(&complaints, terminal) };
    let profile = Profile::from(args.profile.unwrap_or(ProfileName::Sfbo2022Graph));
    for remark in profile.remarks() {
        terminal.notice(remark);
    }
    let scripts = match script::write(profile, &deployment) {
        Ok(scripts) => scripts,
        Err(error) => {
            terminal.error(&error.to_string());
            return Status::Usage;
        }
    };
    if let Some(folder) = &args.out {
        match folder::write(folder, &scripts, args.force) {
            Ok(()) => {}
            Err(Refusal::Edited(files)) => {
                for file in files {
                    terminal.error(&format!(
                        "{}: is not as it was written; --force replaces it, another --out leaves it",
                        file.display()
                    ));
                }
                return Status::Usage;
            }
            Err(Refusal::Failed(error)) => {
                terminal.error(&format!("{}: {error}", folder.display()));
                return Status::Unreadable;
            }
        }
        terminal.notice(&format!(
            "wrote {} scripts and README.md to {}",
            scripts.scripts.len(),
            folder.display()
        ));
        if !args.json {
            return Status::Done;
        }
    }
    if args.json {
        let document = as_json(&scripts);
        return output::print(terminal, |out| writeln!(out, "{document:#}"));
    }
    match scripts.single() {
        // As in files: names in their own letters would reach Windows PowerShell as others.
        Ok(text) => output::print(terminal, |out| {
            out.write_all(if text.is_ascii() { "" } else { MARK }.as_bytes())?;
            out.write_all(text.as_bytes())
        }),
        Err(error) => {
            terminal.error(&error.to_string());
            Status::Usage
        }
    }
}

fn as_json(scripts: &Scripts) -> serde_json::Value {
    json!({
        "schema": "oauthtrace/provision-script/1",
        "profile": scripts.profile.name(),
        "remarks": scripts.profile.remarks(),
        "scripts": scripts.scripts.iter().map(|script| json!({
            "file": script.file,
            "step": script.step,
            "title": script.title,
            "shell": script.shell.name(),
            "permissions": script.shell.permissions(),
            "text": script.text,
        })).collect::<Vec<_>>(),
        "readme": scripts.readme,
    })
}
