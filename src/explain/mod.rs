//! Takes a code, gives its page: rules, diagnostics numbers, AADSTS codes, EWS response codes.
//!
//! The text stands on the declarations of the rules and in the tables of `soap::codes`; here it is only
//! found and laid out. `docs/rules.md` is the same text.

/// All pages, and how one is found.
pub mod catalogue;
/// The rules as one Markdown document.
pub mod document;
/// What `token` alone says.
mod lone;

pub use catalogue::{Kind, Page, catalogue, find};
