//! Takes a body and its `Content-Encoding`, gives its content, within bounds. RFC 9110 8.4.

use std::borrow::Cow;

use crate::exchange::{Body, Head};

/// Why a body's content could not be had, or not all of it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodingError {
    /// A coding that this tool does not know.
    #[error("unknown content coding {0}")]
    Unknown(String),
    /// The coded bytes are damaged, or cut.
    #[error("{coding} data is damaged or cut after {decoded} bytes")]
    Damaged {
        /// Which coding.
        coding: &'static str,
        /// How much came out before.
        decoded: usize,
    },
    /// A bound of `limits` was reached.
    #[error("{0}")]
    Limit(&'static str),
}

/// The content of a body: what could be decoded, and what went wrong, if anything. Bodies without coding
/// are borrowed.
pub fn content<'b>(head: &Head, body: &'b Body) -> (Cow<'b, [u8]>, Option<CodingError>) {
    let _ = (head, body);
    todo!("helper: http")
}
