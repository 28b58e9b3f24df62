//! Takes an inspection or a verification, gives what an administrator reads first.
//!
//! The verdict, then what was not seen, the checks, each finding as a compiler would show it, the tokens.
//! Nothing from traffic reaches the terminal unescaped; identifiers are never cut in the middle.

/// One finding with a snippet of the token.
mod finding;
/// Exchanges and tokens.
mod inspect;
/// Colours.
pub mod paint;
/// Tables without borders.
mod table;
/// Verdict, checks, findings, tokens.
mod verify;
/// Line breaks at words.
pub mod wrap;

pub use inspect::inspection;
pub use verify::verification;
