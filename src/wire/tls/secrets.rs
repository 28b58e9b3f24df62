//! The secrets of a run: key logs, secrets blocks, server keys. Shared by all connections and threads.

use crate::base::Secret;

/// All secrets known so far. Methods take `&self`: keys may arrive while connections are open.
#[derive(Debug, Default)]
pub struct Secrets {}

impl Secrets {
    /// Adds the lines of a key log (NSS format, RFC 9850); gives how many were understood and how many
    /// were not. `name` is the file's, for messages.
    pub fn add_keylog(&self, name: &str, text: &[u8]) -> (usize, usize) {
        let _ = (name, text);
        todo!("helper: tls")
    }

    /// Adds a server's private key (PEM, PKCS#8, encrypted PEM, PKCS#12).
    ///
    /// # Errors
    /// One line: what was expected, what was found.
    pub fn add_server_key(&self, name: &str, file: &[u8], passwords: &[Secret]) -> Result<(), String> {
        let _ = (name, file, passwords);
        todo!("helper: tls")
    }

    /// Grows whenever something was added: tells connections that a retry may help.
    pub fn generation(&self) -> u64 {
        todo!("helper: tls")
    }
}
