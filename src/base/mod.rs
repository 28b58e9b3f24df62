//! Takes nothing from the other layers, gives them bytes, time and secrets: a cursor over hostile
//! bytes, instants in nanoseconds, and values that must not be printed.

/// Several words at once.
pub mod any_of;
/// The encoding of tokens.
pub mod base64url;
/// Places of a byte, many at once.
pub mod block;
/// Numbers of frames through several files.
pub mod frames;
/// The form of GUIDs.
pub mod guid;
/// What came lately.
pub mod lately;
/// Runs that look random.
pub mod opaque;
/// Percent-encoding.
pub mod percent;
/// A bounds-checked cursor over bytes.
pub mod reader;
/// Values that must never reach output, and the fingerprints that may.
pub mod secret;
/// How names of secrets end.
pub mod secret_names;
/// Bytes and what was found in them.
pub mod seen;
/// Long texts, each kept once.
pub mod texts;
/// Instants and their text forms.
pub mod time;
/// Errors of the system in plain words.
pub mod trouble;
/// Text of bytes that should be UTF-8.
pub mod utf8;
/// Numbers in few bytes.
pub mod varint;

pub use any_of::AnyOf;
pub use block::Block;
pub use frames::{file_and_frame, frames_before, in_first_file};
pub use guid::is_guid;
pub use lately::Lately;
pub use reader::Reader;
pub use secret::{Fingerprint, MASKED, Secret};
pub use seen::{Beginning, Question, Seen};
pub use texts::Text;
pub use time::Instant;
pub use trouble::plain;
pub use utf8::{lossy, lower};
