//! To be written.

use super::{ImportError, ImportSettings, Receiver};

/// Reads the whole of a file of this kind.
///
/// # Errors
/// When the file cannot be used at all.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let _ = (bytes, settings, out);
    todo!("helper: imports")
}
