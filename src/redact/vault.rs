//! Takes secrets, gives what stands in their place, and remembers them for the search afterwards.
//!
//! Equal secrets get equal marks, so that a reader still sees which requests carried the same credential.
//! Without a key a mark is a number in the order of the file; with one it is a shortened HMAC-SHA256
//! (RFC 2104), which is the same in every copy that was made with that key.

use std::collections::HashMap;

use aws_lc_rs::hmac;

use crate::base::Secret;
use crate::token::jwt::is_mask;

/// How all marks begin, but for those of signatures. The word alone would tell readers of tokens that
/// nothing is there; where a token was, one must still be seen. No scheme of RFC 9110 has an underscore.
pub(super) const MARK: &str = "REDACTED_";

/// What a secret is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The signature of a token.
    Signature,
    /// `user:password` of the Basic scheme.
    Basic,
    /// NTLM, Negotiate, Digest and other credentials, and fields that hold a secret by their name.
    Credential,
    /// A cookie's value.
    Cookie,
    /// A token that is no JWT, or one that cannot be read.
    Opaque,
    /// A password or client secret.
    Password,
    /// A value that nobody names as a secret, but that looks like one.
    Random,
    /// A private key.
    PrivateKey,
}

impl Kind {
    /// All kinds, in the order of the summary.
    pub const ALL: [Self; 8] = [
        Self::Signature,
        Self::Basic,
        Self::Credential,
        Self::Cookie,
        Self::Opaque,
        Self::Password,
        Self::Random,
        Self::PrivateKey,
    ];

    /// For the summary, after a number.
    pub const fn noun(self, one: bool) -> &'static str {
        match (self, one) {
            (Self::Signature, true) => "signature",
            (Self::Signature, false) => "signatures",
            (Self::Basic, true) => "Basic value",
            (Self::Basic, false) => "Basic values",
            (Self::Credential, true) => "other credential",
            (Self::Credential, false) => "other credentials",
            (Self::Cookie, true) => "cookie",
            (Self::Cookie, false) => "cookies",
            (Self::Opaque, true) => "opaque token",
            (Self::Opaque, false) => "opaque tokens",
            (Self::Password, true) => "password",
            (Self::Password, false) => "passwords",
            (Self::Random, true) => "high-entropy value",
            (Self::Random, false) => "high-entropy values",
            (Self::PrivateKey, true) => "private key",
            (Self::PrivateKey, false) => "private keys",
        }
    }
}

/// All secrets of one input.
#[derive(Default)]
pub(super) struct Vault {
    key: Option<hmac::Key>,
    numbers: HashMap<Vec<u8>, usize>,
    secrets: Vec<(Secret, Kind)>,
    counts: [u64; Kind::ALL.len()],
    /// What was counted when the input was gone through before.
    before: [u64; Kind::ALL.len()],
}

impl Vault {
    /// `key`: the bytes of `--fingerprint-key`.
    pub(super) fn new(key: Option<&[u8]>) -> Self {
        Self { key: key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key)), ..Self::default() }
    }

    /// Remembers a secret without masking it: the other spellings of one that is masked.
    pub(super) fn remember(&mut self, secret: &[u8], kind: Kind) -> usize {
        if let Some(&number) = self.numbers.get(secret) {
            return number;
        }
        self.secrets.push((Secret::new(secret.to_vec()), kind));
        let number = self.secrets.len();
        self.numbers.insert(secret.to_vec(), number);
        number
    }

    /// What stands in the place of `secret`, which is counted. Marks and nothing stay as they are.
    pub(super) fn mark(&mut self, secret: &[u8], kind: Kind) -> Vec<u8> {
        if secret.is_empty() || is_mark(secret) {
            return secret.to_vec();
        }
        let number = self.remember(secret, kind);
        if let Some(count) = self.counts.get_mut(kind as usize) {
            *count += 1;
        }
        match (self.fingerprint(secret), kind) {
            // Two forms: that of signatures is known to token readers as a mask, that of other
            // tokens must go on being a token to them.
            (Some(print), Kind::Signature) => format!("[hmac:{print}]"),
            (Some(print), _) => format!("{MARK}HMAC_{print}"),
            (None, Kind::Signature) => format!("[removed-{number}]"),
            (None, _) => format!("{MARK}VALUE_{number}"),
        }
        .into_bytes()
    }

    /// The mark of a secret that was found where nothing named it. It is not counted again.
    pub(super) fn mark_known(&self, number: usize) -> Vec<u8> {
        let secret = number.checked_sub(1).and_then(|index| self.secrets.get(index));
        match secret.and_then(|(secret, _)| self.fingerprint(secret.expose())) {
            Some(print) => format!("{MARK}HMAC_{print}"),
            None => format!("{MARK}VALUE_{number}"),
        }
        .into_bytes()
    }

    /// Whether a secret is so long that only its beginning is searched for.
    pub(super) fn is_long(&self, number: usize) -> bool {
        let secret = number.checked_sub(1).and_then(|index| self.secrets.get(index));
        secret.is_some_and(|(secret, _)| secret.expose().len() > super::needles::LONG)
    }

    fn fingerprint(&self, secret: &[u8]) -> Option<String> {
        let tag = hmac::sign(self.key.as_ref()?, secret);
        Some(tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The secrets that can be searched for, with their numbers.
    pub(super) fn searchable(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let numbered = (1..).zip(&self.secrets);
        numbered
            .filter(|(_, (secret, kind))| is_distinctive(secret.expose(), *kind))
            .map(|(number, (secret, _))| (number, secret.expose()))
    }

    /// How many secrets there are, and how many of them are too short or too plain to be searched for.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.secrets.len(), self.secrets.len() - self.searchable().count())
    }

    /// How often each kind was masked. Where a secret is known by then, the search may be at it before the policy that
    /// counts.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Kind, u64)> {
        let each = self.counts.into_iter().zip(self.before).map(|(count, before)| count.max(before));
        Kind::ALL.into_iter().zip(each)
    }

    /// Before the input is gone through once more.
    pub(super) fn recount(&mut self) {
        self.before = std::mem::take(&mut self.counts);
    }
}

/// Whether this is a mark of ours, alone.
pub(super) fn is_mark(text: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let ours =
        text.strip_prefix(MARK.as_bytes()).is_some_and(|rest| rest.len() <= 24 && rest.iter().all(word));
    let signature = [&b"[removed-"[..], b"[hmac:", b"<masked"].iter().any(|mark| text.starts_with(mark));
    ours || (signature && is_mask(text))
}

/// Whether a secret is told from ordinary text by itself, so that finding it elsewhere means something.
/// `true`, `en-US`, a host name or a GUID as a cookie's value, or `password` as a password, are not.
pub(super) fn is_distinctive(secret: &[u8], kind: Kind) -> bool {
    if secret.len() < 8 || is_mark(secret) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| secret.iter().any(is);
    let (letters, digits) = (has(u8::is_ascii_alphabetic), has(u8::is_ascii_digit));
    match kind {
        Kind::Signature | Kind::Basic | Kind::PrivateKey | Kind::Random => true,
        Kind::Opaque => (letters && digits) || secret.len() >= 16,
        Kind::Credential | Kind::Cookie | Kind::Password => {
            let address = memchr::memmem::find(secret, b"://").is_some()
                || secret.iter().any(u8::is_ascii_whitespace)
                || secret.first() == Some(&b'/');
            let plain = crate::base::is_guid(secret) || is_host(secret) || address;
            !plain && ((digits && (letters || secret.len() >= 16)) || mixed(secret))
        }
    }
}

fn mixed(secret: &[u8]) -> bool {
    secret.len() >= 16
        && secret.iter().any(u8::is_ascii_lowercase)
        && secret.iter().any(u8::is_ascii_uppercase)
}

/// Labels with dots between, the last of letters alone.
fn is_host(text: &[u8]) -> bool {
    let mut labels = text.rsplit(|byte| *byte == b'.');
    let last = labels.next().unwrap_or_default();
    let label = |label: &[u8]| label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let mut rest = labels.peekable();
    rest.peek().is_some()
        && (2..=12).contains(&last.len())
        && last.iter().all(u8::is_ascii_alphabetic)
        && rest.all(|part| (1..=63).contains(&part.len()) && label(part))
}
