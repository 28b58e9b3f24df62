//! Inspects and verifies OAuth traffic between Exchange Server and Skype for Business Online / Teams.
//!
//! A module may use only what stands to its left or above; `tests/layers.rs` holds the code to it.
//!
//! ```text
//! base  limits
//! json  keys  soap  state                      leaves
//! exchange  connection  logrecord  sink        the meeting point
//! wire: stream  capture  link  ip  tcp  quic  tls  http  conversation
//! import                                       exports: files to exchanges
//! token  checks  diagnose  provision  explain  report
//! pipeline                                     knows all decoders: the spine
//! probe  redact  live  cli  main
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::dbg_macro)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod base;
pub mod checks;
pub mod cli;
pub mod connection;
pub mod diagnose;
pub mod exchange;
pub mod explain;
pub mod import;
pub mod json;
pub mod keys;
pub mod limits;
#[cfg(feature = "live")]
pub mod live;
pub mod logrecord;
pub mod pipeline;
pub mod probe;
pub mod provision;
pub mod redact;
pub mod report;
pub mod sink;
pub mod soap;
pub mod state;
pub mod token;
pub mod wire;
