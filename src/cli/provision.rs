//! `provision`: writes the commands, gathers and judges the state that they left.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::args::field::{Cloud as CloudName, ProfileName, ProvisionCommand, ScriptArgs};
use super::output;
use super::status::{Complaints, Status};
use super::tell;
use super::terminal::Terminal;
use crate::provision::collect;
use crate::provision::deployment::{Cloud, Deployment};
use crate::provision::profile::Profile;
use crate::provision::script::{self, Scripts};

/// Runs the command.
pub fn run(command: &ProvisionCommand, terminal: &Terminal) -> Status {
    match command {
        ProvisionCommand::Script(args) => write_scripts(args, terminal),
        ProvisionCommand::Collect => output::print(terminal, |out| out.write_all(collect::SCRIPT.as_bytes())),
        ProvisionCommand::Check(_) => {
            terminal.error("provision check: not built yet");
            Status::Usage
        }
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

impl From<CloudName> for Cloud {
    fn from(name: CloudName) -> Self {
        match name {
            CloudName::Worldwide => Self::Worldwide,
            CloudName::Usgov => Self::UsGov,
            CloudName::China => Self::China,
        }
    }
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
        cloud: args.cloud.into(),
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
    let Some(deployment) = deployment(args, &mut complaints) else { return tell(&complaints, terminal) };
    let profile = Profile::from(args.profile);
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
        if let Err(error) = write_folder(folder, &scripts) {
            terminal.error(&format!("{}: {error}", folder.display()));
            return Status::Unreadable;
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
        Ok(text) => output::print(terminal, |out| out.write_all(text.as_bytes())),
        Err(error) => {
            terminal.error(&error.to_string());
            Status::Usage
        }
    }
}

fn write_folder(folder: &Path, scripts: &Scripts) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for script in &scripts.scripts {
        // Windows PowerShell reads files without a byte order mark in the system's code page.
        let mut file = std::fs::File::create(folder.join(&script.file))?;
        file.write_all("\u{feff}".as_bytes())?;
        file.write_all(script.text.replace('\n', "\r\n").as_bytes())?;
    }
    std::fs::write(folder.join("README.md"), &scripts.readme)
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
