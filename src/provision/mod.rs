//! Takes a deployment, gives the commands that set the integration up.
//!
//! The script texts are ours; only commands, parameters and values are Microsoft's (the owner's page of 2022,
//! its successors, and the Exchange to Exchange Online procedure it begins with).

/// The script that gathers the state.
pub mod collect;
/// What an organisation is called and where it lives.
pub mod deployment;
/// From a deployment to numbered scripts.
pub mod script;

pub use crate::state::{powershell, profile};
