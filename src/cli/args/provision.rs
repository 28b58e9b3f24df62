//! Takes the options of `provision`, gives records.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::OutputArgs;
use super::traffic::FailOn;
use crate::state::cloud;

/// `provision`
#[derive(Debug, Clone, Subcommand)]
pub enum ProvisionCommand {
    /// Print the provisioning commands, filled in for this organisation
    Script(ScriptArgs),
    /// Print the script that gathers the state of the organisation; it changes nothing
    Collect,
    /// Judge the state that `collect` gathered; scripts (.ps1) among the files are linted
    Check(CheckArgs),
}

/// The dated procedures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// The page of 2022, with the MSOnline module (retired).
    #[value(name = "sfbo-2022")]
    Sfbo2022,
    /// The same procedure with Microsoft Graph PowerShell.
    #[value(name = "sfbo-2022-graph")]
    Sfbo2022Graph,
    /// The page of 2025: two Teams applications.
    #[value(name = "teams-2025")]
    Teams2025,
}

/// The clouds with token services of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Cloud {
    /// Public cloud.
    Worldwide,
    /// GCC High and DoD.
    Usgov,
    /// Operated by 21Vianet.
    China,
}

impl From<Cloud> for cloud::Cloud {
    fn from(name: Cloud) -> Self {
        match name {
            Cloud::Worldwide => Self::Worldwide,
            Cloud::Usgov => Self::UsGov,
            Cloud::China => Self::China,
        }
    }
}

/// `provision script`
#[derive(Debug, Clone, Args)]
pub struct ScriptArgs {
    /// Which procedure [default: sfbo-2022-graph]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// Tenant GUID or domain
    #[arg(long, value_name = "T")]
    pub tenant: Option<String>,
    /// Verified domain for the application account
    #[arg(long, value_name = "DOMAIN")]
    pub verified_domain: Option<String>,
    /// Domain controller that all commands use
    #[arg(long, value_name = "FQDN")]
    pub domain_controller: Option<String>,
    /// External Exchange host name; repeatable
    #[arg(long, value_name = "H")]
    pub host: Vec<String>,
    /// Which cloud [default: worldwide]
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// Settings as TOML, keys named like the flags; a flag wins [default: oauthtrace.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write one file a step to this directory [default: one script on stdout]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace files in that directory that were edited since they were written
    #[arg(long, requires = "out")]
    pub force: bool,
    /// The steps as JSON
    #[arg(long)]
    pub json: bool,
}

/// `provision check`
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// What `collect` gathered (text or CLIXML), and scripts to lint; - for stdin
    #[arg(value_name = "STATE", required = true)]
    pub states: Vec<PathBuf>,
    /// Which procedure it should follow [default: sfbo-2022-graph]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// The uploaded Exchange auth certificate; repeatable
    #[arg(long, value_name = "FILE")]
    pub cert: Vec<PathBuf>,
    /// Culture in which the state was printed, for dates (for example fr-FR)
    #[arg(long, value_name = "NAME")]
    pub culture: Option<String>,
    /// Judge times at this moment, RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// External Exchange host name that has to be registered; repeatable
    #[arg(long, value_name = "H")]
    pub host: Vec<String>,
    /// Which cloud the addresses in scripts should belong to
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// Tenant GUID or verified domain that auth servers should belong to; repeatable
    #[arg(long, value_name = "T")]
    pub tenant: Vec<String>,
    /// Lowest severity that fails [default: error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Settings as TOML, keys named like the flags; a flag wins [default: oauthtrace.toml, if there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}
