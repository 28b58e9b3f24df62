//! Takes key logs, secrets blocks and server keys, gives the secrets of a connection. Shared by all
//! connections and threads.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use foldhash::fast::RandomState;
use zeroize::Zeroizing;

use super::keylog::{self, Label, Line};
use super::server_key::{self, ServerKey};
use crate::base::Secret;
use crate::limits;

/// Key material, cleared when dropped.
pub(super) type Material = Zeroizing<Vec<u8>>;

/// All secrets known so far. Methods take `&self`: keys may arrive while connections are open.
#[derive(Default)]
pub struct Secrets {
    store: RwLock<Store>,
    remembered: Mutex<Remembered>,
    generation: AtomicU64,
    sealed: AtomicBool,
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Store {
    by_random: HashMap<[u8; 32], Vec<(Label, Material)>, RandomState>,
    by_encrypted: HashMap<[u8; 8], Material, RandomState>,
    by_session: HashMap<Vec<u8>, Material, RandomState>,
    /// Whether `by_random` holds any of TLS 1.3.
    traffic_secrets: bool,
    server_keys: Vec<Arc<ServerKey>>,
    keylogs: Vec<String>,
    key_files: Vec<String>,
}

/// Master secrets of sessions that were seen in full, by session id or ticket; the oldest go first.
#[derive(Default)]
struct Remembered {
    masters: HashMap<Vec<u8>, Material, RandomState>,
    order: VecDeque<Vec<u8>>,
}

impl Secrets {
    /// Adds the lines of a key log (NSS format, RFC 9850); gives how many were understood and how many
    /// were not. `name` is the file's, for messages.
    pub fn add_keylog(&self, name: &str, text: &[u8]) -> (usize, usize) {
        let text = keylog::text(text);
        let lines: Vec<Option<Line>> = keylog::lines(&text).map(keylog::line).collect();
        let understood = lines.iter().filter(|line| line.is_some()).count();
        let not_understood = lines.len() - understood;
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        if !store.keylogs.iter().any(|known| known == name) {
            store.keylogs.push(name.to_owned());
        }
        lines.into_iter().flatten().for_each(|line| store.add(line));
        drop(store);
        self.generation.fetch_add(1, Ordering::Release);
        (understood, not_understood)
    }

    /// Adds a server's private key (PEM, PKCS#8, encrypted PEM, PKCS#12).
    ///
    /// # Errors
    /// One line: what was expected, what was found.
    pub fn add_server_key(&self, name: &str, file: &[u8], passwords: &[Secret]) -> Result<(), String> {
        let keys = server_key::read(file, passwords)?;
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.server_keys.extend(keys.into_iter().map(Arc::new));
        store.key_files.push(name.to_owned());
        drop(store);
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Grows whenever something was added: tells connections that a retry may help.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Says that no key will be added any more: connections whose keys are missing stop waiting for them.
    /// Call it when all key logs and all secrets blocks of the inputs are known before the packets.
    pub fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    /// Takes [`Self::seal`] back: an input begins that may hold keys of its own.
    pub fn unseal(&self) {
        self.sealed.store(false, Ordering::Release);
    }

    /// Whether [`Self::seal`] was called.
    pub fn sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    /// Bytes that all connections together hold back while waiting for keys.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Asks to hold back `bytes` more; `false` when the bound for all connections is reached.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let before = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= limits::TLS_WAITING_TOTAL;
        if !fits {
            self.release(bytes);
        }
        fits
    }

    pub(super) fn release(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The secret of this kind for the client random.
    pub(super) fn by_random(&self, random: &[u8; 32], label: Label) -> Option<Material> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let found = store.by_random.get(random)?.iter().find(|(known, _)| *known == label);
        found.map(|(_, secret)| secret.clone())
    }

    /// The labels that are there for the client random.
    pub(super) fn labels(&self, random: &[u8; 32]) -> Vec<Label> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store
            .by_random
            .get(random)
            .map(|known| known.iter().map(|(label, _)| *label).collect())
            .unwrap_or_default()
    }

    /// All secrets of this kind, `count` at most: for connections whose hellos were lost.
    pub(super) fn all(&self, label: Label, count: usize) -> Vec<([u8; 32], Material)> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let of = |(random, known): (&[u8; 32], &Vec<(Label, Material)>)| {
            known.iter().find(|(kind, _)| *kind == label).map(|(_, secret)| (*random, secret.clone()))
        };
        let mut all: Vec<_> = store.by_random.iter().filter_map(of).take(count + 1).collect();
        if all.len() > count {
            // Which ones would be taken depends on the map's seed: better none than sometimes some.
            return Vec::new();
        }
        all.sort_by_key(|(random, _)| *random);
        all
    }

    /// Whether any traffic secret of TLS 1.3 is known.
    pub(super) fn has_traffic_secrets(&self) -> bool {
        self.store.read().unwrap_or_else(PoisonError::into_inner).traffic_secrets
    }

    /// The premaster secret of an `RSA` line.
    pub(super) fn by_encrypted(&self, encrypted: &[u8]) -> Option<Material> {
        let head = encrypted.first_chunk::<8>()?;
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.by_encrypted.get(head).cloned()
    }

    /// The master secret of an `RSA Session-ID:` line, or of a session that was seen.
    pub(super) fn by_session(&self, id: &[u8]) -> Option<Material> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.by_session.get(id).cloned()
    }

    /// The master secret of a session seen before, by its id or ticket.
    pub(super) fn resumed(&self, id: &[u8]) -> Option<Material> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.masters.get(id).cloned()
    }

    /// Keeps the master secret of a session under its id or ticket.
    pub(super) fn remember(&self, id: &[u8], master: &[u8]) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.masters.insert(id.to_vec(), Zeroizing::new(master.to_vec())).is_some() {
            return;
        }
        remembered.order.push_back(id.to_vec());
        if remembered.order.len() > limits::TLS_SESSIONS
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.masters.remove(&oldest);
        }
    }

    /// Whether master secrets can come from anything but `CLIENT_RANDOM` lines, so that a resumed session
    /// may have to wait for the one that it resumes.
    pub(super) fn derives_masters(&self) -> bool {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        !store.server_keys.is_empty() || !store.by_encrypted.is_empty()
    }

    /// Decrypts a premaster secret with whichever server key fits.
    pub(super) fn decrypt_premaster(&self, encrypted: &[u8]) -> Option<Material> {
        let keys = self.store.read().unwrap_or_else(PoisonError::into_inner).server_keys.clone();
        keys.iter().find_map(|key| key.decrypt_premaster(encrypted))
    }

    /// Names of the key logs and of the server key files, for messages.
    pub(super) fn sources(&self) -> (Vec<String>, Vec<String>) {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        (store.keylogs.clone(), store.key_files.clone())
    }
}

impl Store {
    fn add(&mut self, line: Line) {
        match line {
            Line::ByRandom(label, random, secret) => {
                self.traffic_secrets |= label >= Label::ClientEarly;
                let known = self.by_random.entry(random).or_default();
                match known.iter_mut().find(|(kind, _)| *kind == label) {
                    Some((_, old)) => *old = secret,
                    None => known.push((label, secret)),
                }
            }
            Line::ByEncrypted(head, secret) => {
                self.by_encrypted.insert(head, secret);
            }
            Line::BySession(id, secret) => {
                self.by_session.insert(id, secret);
            }
            Line::Ignored => {}
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets(generation {})", self.generation())
    }
}
