//! Gives the one script that gathers the state of an organisation into one CLIXML file.
//!
//! It only reads. CLIXML is free of locale, wrapping and truncation, so what it holds is what Exchange said.

/// The script.
pub const SCRIPT: &str = include_str!("../../templates/provision/collect.ps1");
