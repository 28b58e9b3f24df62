//! Takes what the cmdlets print, gives objects with named properties.
//!
//! `Format-List` text and tables, CLIXML, `ConvertTo-Json`, CSV, in UTF-8 or UTF-16. Nothing is judged here, and what the text
//! does not say (the order of day and month, the rest of a cut list) is not guessed.

/// `Export-Clixml`.
pub mod clixml;
/// Clouds.
pub mod cloud;
/// Commands of a script.
pub mod commands;
/// `Export-Csv`, `ConvertTo-Csv`.
pub mod csv;
/// Dates in the cultures of the world.
pub mod dates;
/// `Format-List`.
pub mod format_list;
/// `ConvertTo-Json`.
pub mod json_text;
mod layout;
/// Any state file, recognised by its content.
pub mod load;
/// Objects, properties and what cmdlet they came from.
pub mod object;
mod plain;
/// PowerShell literals that cannot be broken out of.
pub mod powershell;
/// Dated procedures.
pub mod profile;
/// Tables.
mod table;
/// Keys that were uploaded to service principals.
pub mod uploaded;

pub use load::{StateFile, load, read};
pub use object::{Kind, Object, Value};
