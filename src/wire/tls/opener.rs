//! Takes protected records of one direction and its keys, gives their plaintext.
//!
//! AEAD (RFC 5288, 6209, 6367, 6655, 7905, 8446 5.2), CBC with MAC-then-encrypt (RFC 5246 6.2.3.2) and
//! encrypt-then-MAC (RFC 7366), RC4, NULL, and the forms of SSL 3.0. Every MAC and tag is checked: what
//! does not verify is not plaintext. Timing does not matter here: nobody watches an analyst's clock.

use std::fmt;
use std::ops::Range;

use aes_gcm::AesGcm;
use aria::{Aria128, Aria256};
use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use camellia::{Camellia128, Camellia256};
use ccm::Ccm;
use ccm::aead::AeadInOut;
use ccm::consts::{U8, U12, U16};
use des::cipher::{Block, BlockCipherDecrypt, BlockSizeUser, KeyInit, StreamCipher};
use des::{Des, TdesEde3};
use rc4::Rc4;

use super::Version;
use super::mac::RecordMac;
use super::record::Header;
use super::schedule::DirectionKeys;
use super::suites::{Cipher, Suite};

/// Opens the records of one direction under one set of keys.
pub(super) struct Opener {
    bulk: Bulk,
    version: Version,
    sequence: u64,
    /// The record before was lost, and with it the vector of the next (SSL 3.0, TLS 1.0).
    chain_lost: bool,
}

/// Bytes of a MAC that prove a record of which its beginning cannot be seen.
const BLIND_TAG: usize = 4;

/// Numbers that are tried for such a record, where it is empty and where its byte has to be tried, too.
const BLIND_EMPTY: u64 = 4096;
const BLIND_ONE: u64 = 64;

/// What was in a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Opened {
    /// Content type; in TLS 1.3 the inner one.
    pub(super) kind: u8,
    /// Where in the caller's buffer the plaintext is.
    pub(super) at: Range<usize>,
}

enum Bulk {
    Aead { key: AeadKey, iv: [u8; 12], explicit: bool, tag: usize },
    Block { key: BlockKey, chain: Vec<u8>, mac: RecordMac, mac_bytes: usize, encrypt_then_mac: bool },
    Stream { rc4: Box<Rc4>, mac: RecordMac, mac_bytes: usize },
    Null { mac: RecordMac, mac_bytes: usize },
}

enum AeadKey {
    Library(Box<LessSafeKey>),
    Ccm128(Box<Ccm<aes::Aes128, U16, U12>>),
    Ccm256(Box<Ccm<aes::Aes256, U16, U12>>),
    Ccm8With128(Box<Ccm<aes::Aes128, U8, U12>>),
    Ccm8With256(Box<Ccm<aes::Aes256, U8, U12>>),
    Camellia128(Box<AesGcm<Camellia128, U12>>),
    Camellia256(Box<AesGcm<Camellia256, U12>>),
    Aria128(Box<AesGcm<Aria128, U12>>),
    Aria256(Box<AesGcm<Aria256, U12>>),
}

enum BlockKey {
    Aes(Box<DecryptingKey>),
    TripleDes(Box<TdesEde3>),
    Des(Box<Des>),
    Camellia128(Box<Camellia128>),
    Camellia256(Box<Camellia256>),
    Aria128(Box<Aria128>),
    Aria256(Box<Aria256>),
}

impl Opener {
    /// `None` when the cipher is one that is not opened, or the keys do not fit it.
    pub(super) fn new(
        suite: &Suite,
        version: Version,
        keys: &DirectionKeys,
        encrypt_then_mac: bool,
    ) -> Option<Self> {
        let bulk = Bulk::new(suite, version, keys, encrypt_then_mac)?;
        Some(Self { bulk, version, sequence: 0, chain_lost: false })
    }

    /// Number that the next record is expected to have.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether records can be opened again after others were lost. RC4 has no way back: its keystream
    /// runs on over bytes that nobody can count.
    pub(super) fn survives_loss(&self) -> bool {
        !matches!(self.bulk, Bulk::Stream { .. })
    }

    /// Bytes before the next record were lost.
    pub(super) fn lost(&mut self) {
        self.chain_lost = true;
    }

    /// Whether the next record's first block cannot be decrypted, and its MAC, of the ciphertext, would not tell.
    fn begins_blind(&self) -> bool {
        self.chain_lost
            && self.version <= Version::TLS10
            && matches!(self.bulk, Bulk::Block { encrypt_then_mac: true, .. })
    }

    /// Opens the next record into `out`, which grows as needed and keeps its length.
    pub(super) fn open(&mut self, header: Header, body: &[u8], out: &mut Vec<u8>) -> Option<Opened> {
        let opened = self.open_at(self.sequence, header, body, out)?;
        self.pass(self.sequence, body);
        Some(opened)
    }

    /// Opens a record that comes after a loss: its number is looked for from the expected one on, `tries`
    /// times at most; counts the tries down.
    pub(super) fn search(
        &mut self,
        header: Header,
        body: &[u8],
        out: &mut Vec<u8>,
        window: u64,
        tries: &mut u64,
    ) -> Option<Opened> {
        for ahead in 0..window.min(*tries) {
            let sequence = self.sequence.checked_add(ahead)?;
            if let Some(opened) = self.open_at(sequence, header, body, out) {
                *tries -= ahead;
                let blind = self.begins_blind();
                self.pass(sequence, body);
                return (!blind).then_some(opened);
            }
            if !self.survives_loss() {
                break;
            }
        }
        *tries = tries.saturating_sub(window);
        let found = if *tries > 0 { self.open_blind(header, body, out) } else { None };
        if let Some((sequence, opened)) = found {
            self.pass(sequence, body);
            return Some(opened);
        }
        self.chain(body);
        None
    }

    /// Whether a record's first block cannot be decrypted, and no more than that is of its content: no request fits in
    /// it.
    pub(super) fn hides_little(&self, body: &[u8]) -> bool {
        let Bulk::Block { key, mac_bytes, encrypt_then_mac, .. } = &self.bulk else { return false };
        let sealed = if *encrypt_then_mac { body.len().saturating_sub(*mac_bytes) } else { body.len() };
        let content = if *encrypt_then_mac { sealed } else { sealed.saturating_sub(*mac_bytes) };
        self.chain_lost && self.version <= Version::TLS10 && content <= key.block()
    }

    /// Opens the first record after a loss where it is empty or one byte long, though its first block cannot be
    /// decrypted: senders put such a record before every other, so that nobody can choose what the vector of the next
    /// is used for. The rest of its MAC tells its number, and the byte.
    fn open_blind(&self, header: Header, body: &[u8], out: &mut [u8]) -> Option<(u64, Opened)> {
        let Bulk::Block { key, chain, mac, mac_bytes, encrypt_then_mac: false } = &self.bulk else {
            return None;
        };
        if !self.chain_lost || self.version > Version::TLS10 {
            return None;
        }
        let block = Blocks { key, chain, mac, mac_bytes: *mac_bytes, version: self.version };
        let padded = block.decrypt(body, out)?;
        let length = block.unpadded(out.get(..padded)?)?;
        let content = length.checked_sub(*mac_bytes).filter(|content| *content <= 1)?;
        // What of the MAC stands behind the first block.
        let seen = out.get(key.block()..length).filter(|seen| seen.len() >= BLIND_TAG)?;
        let hidden = key.block().checked_sub(content)?;
        let (window, bytes) = if content == 0 { (BLIND_EMPTY, 1) } else { (BLIND_ONE, 256) };
        let candidates = (0..window).flat_map(|ahead| (0..bytes).map(move |byte| (ahead, byte)));
        for (ahead, byte) in candidates {
            let sequence = self.sequence.checked_add(ahead)?;
            let data = [u8::try_from(byte).unwrap_or_default()];
            let data = data.get(..content).unwrap_or_default();
            let tag = mac.sign(sequence, header.kind, header.version.0, data);
            if tag.as_bytes().get(hidden..) == Some(seen) {
                out.get_mut(..content)?.copy_from_slice(data);
                return Some((sequence, Opened { kind: header.kind, at: 0..content }));
            }
        }
        None
    }

    /// Goes past a record that did not open.
    pub(super) fn skip(&mut self, body: &[u8]) {
        self.pass(self.sequence, body);
    }

    fn pass(&mut self, sequence: u64, body: &[u8]) {
        self.sequence = sequence.saturating_add(1);
        self.chain(body);
    }

    /// SSL 3.0 and TLS 1.0: the last block of a record is the vector of the next.
    fn chain(&mut self, body: &[u8]) {
        self.chain_lost = false;
        if let Bulk::Block { chain, key, mac_bytes, encrypt_then_mac, .. } = &mut self.bulk
            && self.version <= Version::TLS10
        {
            let end = if *encrypt_then_mac { body.len().saturating_sub(*mac_bytes) } else { body.len() };
            let last = end.checked_sub(key.block()).and_then(|start| body.get(start..end));
            if let Some(last) = last {
                chain.clear();
                chain.extend_from_slice(last);
            }
        }
    }

    fn open_at(&mut self, sequence: u64, header: Header, body: &[u8], out: &mut Vec<u8>) -> Option<Opened> {
        if out.len() < body.len() {
            out.resize(body.len(), 0);
        }
        let version = self.version;
        match &mut self.bulk {
            Bulk::Aead { key, iv, explicit, tag } => {
                open_aead(key, *iv, *explicit, *tag, version, sequence, header, body, out)
            }
            Bulk::Block { key, chain, mac, mac_bytes, encrypt_then_mac } => {
                let block = Blocks { key, chain, mac, mac_bytes: *mac_bytes, version };
                let at = if *encrypt_then_mac {
                    block.open_encrypt_then_mac(sequence, header, body, out)?
                } else {
                    block.open_mac_then_encrypt(sequence, header, body, out)?
                };
                Some(Opened { kind: header.kind, at })
            }
            Bulk::Stream { rc4, mac, mac_bytes } => {
                let plain = out.get_mut(..body.len())?;
                plain.copy_from_slice(body);
                rc4.try_apply_keystream(plain).ok()?;
                checked(mac, *mac_bytes, sequence, header, plain)
            }
            Bulk::Null { mac, mac_bytes } => {
                let plain = out.get_mut(..body.len())?;
                plain.copy_from_slice(body);
                checked(mac, *mac_bytes, sequence, header, plain)
            }
        }
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({}, next {})", self.version, self.sequence)
    }
}

/// Splits the MAC off and checks it.
fn checked(mac: &RecordMac, mac_bytes: usize, sequence: u64, header: Header, plain: &[u8]) -> Option<Opened> {
    let (data, tag) = plain.split_at_checked(plain.len().checked_sub(mac_bytes)?)?;
    mac.verifies(sequence, header.kind, header.version.0, data, tag)
        .then_some(Opened { kind: header.kind, at: 0..data.len() })
}

impl Bulk {
    fn new(suite: &Suite, version: Version, keys: &DirectionKeys, encrypt_then_mac: bool) -> Option<Self> {
        let mac_bytes = suite.mac.bytes();
        let mac = || RecordMac::new(suite.mac, &keys.mac, version == Version::SSL30);
        Some(match suite.cipher {
            Cipher::Other => return None,
            Cipher::Null => Self::Null { mac: mac()?, mac_bytes },
            Cipher::Rc4 | Cipher::Rc4Export40 | Cipher::Rc4Export56 => {
                Self::Stream { rc4: Box::new(Rc4::new_from_slice(&keys.key).ok()?), mac: mac()?, mac_bytes }
            }
            cipher if cipher.block().is_some() => Self::Block {
                key: BlockKey::new(cipher, &keys.key)?,
                chain: keys.iv.clone(),
                mac: mac()?,
                mac_bytes,
                encrypt_then_mac,
            },
            cipher => {
                let mut iv = [0; 12];
                iv.iter_mut().zip(&keys.iv).for_each(|(to, from)| *to = *from);
                let explicit = version < Version::TLS13 && cipher != Cipher::ChaCha20Poly1305;
                let tag = if matches!(cipher, Cipher::Aes128Ccm8 | Cipher::Aes256Ccm8) { 8 } else { 16 };
                Self::Aead { key: AeadKey::new(cipher, &keys.key)?, iv, explicit, tag }
            }
        })
    }
}

impl AeadKey {
    fn new(cipher: Cipher, key: &[u8]) -> Option<Self> {
        let library = |algorithm| {
            let key = UnboundKey::new(algorithm, key).ok()?;
            Some(Self::Library(Box::new(LessSafeKey::new(key))))
        };
        match cipher {
            Cipher::Aes128Gcm => library(&aead::AES_128_GCM),
            Cipher::Aes256Gcm => library(&aead::AES_256_GCM),
            Cipher::ChaCha20Poly1305 => library(&aead::CHACHA20_POLY1305),
            Cipher::Aes128Ccm => Some(Self::Ccm128(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes256Ccm => Some(Self::Ccm256(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes128Ccm8 => Some(Self::Ccm8With128(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes256Ccm8 => Some(Self::Ccm8With256(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Camellia128Gcm => Some(Self::Camellia128(Box::new(AesGcm::new_from_slice(key).ok()?))),
            Cipher::Camellia256Gcm => Some(Self::Camellia256(Box::new(AesGcm::new_from_slice(key).ok()?))),
            Cipher::Aria128Gcm => Some(Self::Aria128(Box::new(AesGcm::new_from_slice(key).ok()?))),
            Cipher::Aria256Gcm => Some(Self::Aria256(Box::new(AesGcm::new_from_slice(key).ok()?))),
            _ => None,
        }
    }

    fn open(&self, nonce: [u8; 12], aad: &[u8], text: &[u8], tag: &[u8], out: &mut [u8]) -> Option<()> {
        if let Self::Library(key) = self {
            let nonce = Nonce::assume_unique_for_key(nonce);
            return key.open_separate_gather(nonce, Aad::from(aad), text, tag, out).ok();
        }
        out.copy_from_slice(text);
        match self {
            Self::Library(_) => None,
            Self::Ccm128(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Ccm256(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Ccm8With128(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Ccm8With256(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Camellia128(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Camellia256(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Aria128(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
            Self::Aria256(key) => open_slowly(key.as_ref(), nonce, aad, out, tag),
        }
    }
}

fn open_slowly<C: AeadInOut>(key: &C, nonce: [u8; 12], aad: &[u8], out: &mut [u8], tag: &[u8]) -> Option<()> {
    let nonce = nonce.as_slice().try_into().ok()?;
    let tag = tag.try_into().ok()?;
    key.decrypt_inout_detached(nonce, aad, out.into(), tag).ok()
}

#[expect(clippy::too_many_arguments, reason = "the hot path: one call, nothing packed and unpacked")]
fn open_aead(
    key: &AeadKey,
    mut nonce: [u8; 12],
    explicit: bool,
    tag_bytes: usize,
    version: Version,
    sequence: u64,
    header: Header,
    body: &[u8],
    out: &mut [u8],
) -> Option<Opened> {
    let tls13 = version >= Version::TLS13;
    let mut text = body;
    if explicit {
        let (own, rest) = body.split_at_checked(8)?;
        nonce.get_mut(4..)?.copy_from_slice(own);
        text = rest;
    } else {
        let low = nonce.get_mut(4..)?;
        low.iter_mut().zip(sequence.to_be_bytes()).for_each(|(to, from)| *to ^= from);
    }
    let plain_bytes = text.len().checked_sub(tag_bytes)?;
    let (text, tag) = text.split_at_checked(plain_bytes)?;
    let [v0, v1] = header.version.0.to_be_bytes();
    let plain = out.get_mut(..plain_bytes)?;
    if tls13 {
        let [l0, l1] = u16::try_from(body.len()).ok()?.to_be_bytes();
        key.open(nonce, &[header.kind, v0, v1, l0, l1], text, tag, plain)?;
        let end = plain.iter().rposition(|&byte| byte != 0)?;
        return Some(Opened { kind: *plain.get(end)?, at: 0..end });
    }
    let [l0, l1] = u16::try_from(plain_bytes).ok()?.to_be_bytes();
    let mut aad = [0; 13];
    let (number, rest) = aad.split_at_mut(8);
    number.copy_from_slice(&sequence.to_be_bytes());
    rest.copy_from_slice(&[header.kind, v0, v1, l0, l1]);
    key.open(nonce, &aad, text, tag, plain)?;
    Some(Opened { kind: header.kind, at: 0..plain_bytes })
}

impl BlockKey {
    fn new(cipher: Cipher, key: &[u8]) -> Option<Self> {
        let aes = |algorithm| {
            let key = UnboundCipherKey::new(algorithm, key).ok()?;
            Some(Self::Aes(Box::new(DecryptingKey::cbc(key).ok()?)))
        };
        match cipher {
            Cipher::Aes128Cbc => aes(&AES_128),
            Cipher::Aes256Cbc => aes(&AES_256),
            Cipher::TripleDes => Some(Self::TripleDes(Box::new(TdesEde3::new_from_slice(key).ok()?))),
            Cipher::Des | Cipher::DesExport40 => Some(Self::Des(Box::new(Des::new_from_slice(key).ok()?))),
            Cipher::Camellia128Cbc => {
                Some(Self::Camellia128(Box::new(Camellia128::new_from_slice(key).ok()?)))
            }
            Cipher::Camellia256Cbc => {
                Some(Self::Camellia256(Box::new(Camellia256::new_from_slice(key).ok()?)))
            }
            Cipher::Aria128Cbc => Some(Self::Aria128(Box::new(Aria128::new_from_slice(key).ok()?))),
            Cipher::Aria256Cbc => Some(Self::Aria256(Box::new(Aria256::new_from_slice(key).ok()?))),
            _ => None,
        }
    }

    fn block(&self) -> usize {
        if matches!(self, Self::TripleDes(_) | Self::Des(_)) { 8 } else { 16 }
    }

    fn decrypt(&self, vector: &[u8], text: &mut [u8]) -> Option<()> {
        match self {
            Self::Aes(key) => {
                let vector: [u8; 16] = vector.try_into().ok()?;
                let context = DecryptionContext::Iv128(FixedLength::from(vector));
                key.decrypt(text, context).ok().map(|_| ())
            }
            Self::TripleDes(key) => decrypt_cbc(key.as_ref(), vector, text),
            Self::Des(key) => decrypt_cbc(key.as_ref(), vector, text),
            Self::Camellia128(key) => decrypt_cbc(key.as_ref(), vector, text),
            Self::Camellia256(key) => decrypt_cbc(key.as_ref(), vector, text),
            Self::Aria128(key) => decrypt_cbc(key.as_ref(), vector, text),
            Self::Aria256(key) => decrypt_cbc(key.as_ref(), vector, text),
        }
    }
}

pub(super) fn decrypt_cbc<C: BlockCipherDecrypt + BlockSizeUser>(
    key: &C,
    vector: &[u8],
    text: &mut [u8],
) -> Option<()> {
    let mut before: Block<C> = vector.try_into().ok()?;
    for block in text.chunks_mut(C::block_size()) {
        let current: Block<C> = (&*block).try_into().ok()?;
        let mut plain = current.clone();
        key.decrypt_block(&mut plain);
        block.iter_mut().zip(plain.iter().zip(&before)).for_each(|(to, (a, b))| *to = a ^ b);
        before = current;
    }
    Some(())
}

/// A block cipher in CBC mode, about to open one record.
struct Blocks<'a> {
    key: &'a BlockKey,
    chain: &'a [u8],
    mac: &'a RecordMac,
    mac_bytes: usize,
    version: Version,
}

impl Blocks<'_> {
    /// Decrypts into `out`; gives the length of what came out, padding included.
    fn decrypt(&self, body: &[u8], out: &mut [u8]) -> Option<usize> {
        let block = self.key.block();
        let (vector, text) =
            if self.version >= Version::TLS11 { body.split_at_checked(block)? } else { (self.chain, body) };
        if text.is_empty() || text.len() % block != 0 {
            return None;
        }
        let plain = out.get_mut(..text.len())?;
        plain.copy_from_slice(text);
        self.key.decrypt(vector, plain)?;
        Some(text.len())
    }

    /// The length without the padding; `None` when the padding is not one.
    fn unpadded(&self, plain: &[u8]) -> Option<usize> {
        let padding = usize::from(*plain.last()?);
        let length = plain.len().checked_sub(padding + 1)?;
        let right = if self.version == Version::SSL30 {
            padding < self.key.block()
        } else {
            plain.get(length..)?.iter().all(|&byte| usize::from(byte) == padding)
        };
        right.then_some(length)
    }

    fn open_mac_then_encrypt(
        &self,
        sequence: u64,
        header: Header,
        body: &[u8],
        out: &mut [u8],
    ) -> Option<Range<usize>> {
        let length = self.decrypt(body, out)?;
        let plain = out.get(..length)?;
        let length = self.unpadded(plain)?;
        Some(checked(self.mac, self.mac_bytes, sequence, header, plain.get(..length)?)?.at)
    }

    fn open_encrypt_then_mac(
        &self,
        sequence: u64,
        header: Header,
        body: &[u8],
        out: &mut [u8],
    ) -> Option<Range<usize>> {
        let (sealed, tag) = body.split_at_checked(body.len().checked_sub(self.mac_bytes)?)?;
        if !self.mac.verifies(sequence, header.kind, header.version.0, sealed, tag) {
            return None;
        }
        let length = self.decrypt(sealed, out)?;
        let length = self.unpadded(out.get(..length)?)?;
        Some(0..length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tls::suites::Mac;

    fn unhex(text: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digit).collect()
    }

    const PLAIN: &[u8] = b"two blocks of sixteen bytes each";

    /// `openssl enc -aria-128-cbc -nopad` and the like, of OpenSSL 3.0: it offers no TLS suite of them.
    #[test]
    fn aria_in_cbc_gives_what_openssl_encrypted() {
        let key: Vec<u8> = (0..32).collect();
        let vector: Vec<u8> = (0xf0..=0xff).collect();
        for (cipher, bytes, sealed) in [
            (Cipher::Aria128Cbc, 16, "6f2b2fce02f5f362a26b1d4adee3f5dfebe87283e00328d354189f771f0f954a"),
            (Cipher::Aria256Cbc, 32, "8920ae6b1cc745a48cc8712c9e464998d91e48b38efe8a90a175f2b63566a536"),
        ] {
            let mut text = unhex(sealed);
            BlockKey::new(cipher, &key[..bytes]).unwrap().decrypt(&vector, &mut text).unwrap();
            assert_eq!(text, PLAIN, "{cipher:?}");
        }
    }

    /// RFC 2246 6.2.3.2 with a vector that nobody knows, as after a loss.
    #[test]
    fn a_record_of_at_most_one_byte_opens_without_its_first_block() {
        use des::cipher::BlockCipherEncrypt as _;

        let secret: Vec<u8> = (0..24).collect();
        let des = TdesEde3::new_from_slice(&secret).unwrap();
        let mac = RecordMac::new(Mac::Sha1, b"the key of the MAC", false).unwrap();
        let header = Header { kind: 23, version: Version::TLS10, length: 0 };
        let seal = |sequence: u64, content: &[u8]| {
            let tag = mac.sign(sequence, 23, Version::TLS10.0, content);
            let mut text = [content, tag.as_bytes()].concat();
            let padding = 7 - text.len() % 8;
            text.extend(vec![padding as u8; padding + 1]);
            let mut before = [0x5a_u8; 8];
            for block in text.chunks_mut(8) {
                block.iter_mut().zip(before).for_each(|(to, from)| *to ^= from);
                let mut sealed = Block::<TdesEde3>::try_from(&*block).unwrap();
                des.encrypt_block(&mut sealed);
                block.copy_from_slice(&sealed);
                before.copy_from_slice(&sealed);
            }
            text
        };
        for (content, opens) in [(&b""[..], true), (b"G", true), (b"GE", false), (b"GET / HTTP/1.1", false)] {
            let bulk = Bulk::Block {
                key: BlockKey::new(Cipher::TripleDes, &secret).unwrap(),
                chain: vec![0; 8],
                mac: mac.clone(),
                mac_bytes: 20,
                encrypt_then_mac: false,
            };
            let mut opener = Opener { bulk, version: Version::TLS10, sequence: 3, chain_lost: false };
            opener.lost();
            let (body, mut out, mut tries) = (seal(9, content), Vec::new(), 1 << 16);
            assert!(!content.is_empty() || opener.hides_little(&body));
            let opened = opener.search(header, &body, &mut out, 64, &mut tries);
            let plain = opened.map(|opened| out[opened.at].to_vec());
            assert_eq!(plain.as_deref(), Some(content).filter(|_| opens), "{content:?}");
            assert_eq!(opener.sequence(), if opens { 10 } else { 3 }, "{content:?}");
        }
    }

    /// The ciphertext is that of `openssl enc -camellia-128-ctr`; the tag was computed from `-camellia-128-ecb`
    /// by SP 800-38D 7.1.
    #[test]
    fn camellia_in_gcm_opens_what_openssl_encrypted_and_nothing_else() {
        let key = AeadKey::new(Cipher::Camellia128Gcm, &(0..16).collect::<Vec<u8>>()).unwrap();
        let nonce: [u8; 12] = std::array::from_fn(|at| 0xf0 + at as u8);
        let text = unhex("076a02fa4463145e384b8adb93a728b79ab942fd30fe7d469c4bfc95b058a59d");
        let mut tag = unhex("113315906ac0188416f4b0c85181c0e8");
        let mut out = vec![0; text.len()];
        key.open(nonce, b"additional", &text, &tag, &mut out).unwrap();
        assert_eq!(out, PLAIN);
        tag[0] ^= 1;
        assert_eq!(key.open(nonce, b"additional", &text, &tag, &mut out), None);
    }
}
