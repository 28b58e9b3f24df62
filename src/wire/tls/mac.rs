//! Takes a MAC key and the parts of a message, gives the tag: HMAC (RFC 2104) over MD5, SHA-1, SHA-256
//! and SHA-384, and the MAC of SSL 3.0 (RFC 6101 5.2.3.1).

use aws_lc_rs::{digest, hmac};
use md5::{Digest, Md5};

use super::suites::Mac;

/// The longest tag.
const LONGEST: usize = 48;

/// A tag of up to 48 bytes.
#[derive(Clone, Copy)]
pub(super) struct Tag {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Tag {
    fn of(tag: &[u8]) -> Self {
        let mut bytes = [0; LONGEST];
        for (to, from) in bytes.iter_mut().zip(tag) {
            *to = *from;
        }
        Self { bytes, len: tag.len().min(LONGEST) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// A key for HMAC, its schedule kept.
#[derive(Clone)]
pub(super) enum Hmac {
    /// MD5 is not among what the library's HMAC takes: the two half-fed hashes.
    Md5(Box<Md5Hmac>),
    /// Everything else.
    Library(Box<hmac::Key>),
}

/// The inner and the outer hash, the padded key already in them.
#[derive(Clone)]
pub(super) struct Md5Hmac {
    inner: Md5,
    outer: Md5,
}

impl Hmac {
    /// `None` for [`Mac::Aead`].
    pub(super) fn new(mac: Mac, key: &[u8]) -> Option<Self> {
        let algorithm = match mac {
            Mac::Aead => return None,
            Mac::Md5 => return Some(Self::md5(key)),
            Mac::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Mac::Sha256 => hmac::HMAC_SHA256,
            Mac::Sha384 => hmac::HMAC_SHA384,
        };
        Some(Self::Library(Box::new(hmac::Key::new(algorithm, key))))
    }

    fn md5(key: &[u8]) -> Self {
        let digest;
        let key = if key.len() > 64 {
            digest = Md5::digest(key);
            digest.as_slice()
        } else {
            key
        };
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            for (to, from) in block.iter_mut().zip(key) {
                *to ^= from;
            }
            Md5::new_with_prefix(block)
        };
        Self::Md5(Box::new(Md5Hmac { inner: padded(0x36), outer: padded(0x5c) }))
    }

    /// The tag of the parts put together.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> Tag {
        match self {
            Self::Md5(key) => {
                let mut inner = key.inner.clone();
                parts.iter().for_each(|part| inner.update(part));
                let mut outer = key.outer.clone();
                outer.update(inner.finalize());
                Tag::of(&outer.finalize())
            }
            Self::Library(key) => {
                let mut context = hmac::Context::with_key(key);
                parts.iter().for_each(|part| context.update(part));
                Tag::of(context.sign().as_ref())
            }
        }
    }
}

/// Hashes the parts put together with MD5 or SHA-1, the two of SSL 3.0.
pub(super) fn ssl3_hash(mac: Mac, parts: &[&[u8]]) -> Tag {
    if mac == Mac::Md5 {
        let mut hash = Md5::new();
        parts.iter().for_each(|part| hash.update(part));
        Tag::of(&hash.finalize())
    } else {
        let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        parts.iter().for_each(|part| hash.update(part));
        Tag::of(hash.finish().as_ref())
    }
}

/// What proves records that have no AEAD.
#[derive(Clone)]
pub(super) enum RecordMac {
    /// TLS.
    Hmac(Hmac),
    /// SSL 3.0.
    Ssl3 { mac: Mac, secret: Vec<u8> },
}

impl RecordMac {
    pub(super) fn new(mac: Mac, secret: &[u8], ssl3: bool) -> Option<Self> {
        if ssl3 {
            return Some(Self::Ssl3 { mac, secret: secret.to_vec() });
        }
        Hmac::new(mac, secret).map(Self::Hmac)
    }

    /// Whether `tag` is that of record number `sequence`.
    pub(super) fn verifies(&self, sequence: u64, kind: u8, version: u16, data: &[u8], tag: &[u8]) -> bool {
        self.sign(sequence, kind, version, data).as_bytes() == tag
    }

    /// The tag of record number `sequence`.
    pub(super) fn sign(&self, sequence: u64, kind: u8, version: u16, data: &[u8]) -> Tag {
        let [v0, v1] = version.to_be_bytes();
        let [l0, l1] = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
        let sequence = sequence.to_be_bytes();
        match self {
            Self::Hmac(key) => key.sign(&[&sequence, &[kind, v0, v1, l0, l1], data]),
            Self::Ssl3 { mac, secret } => {
                let pads = if *mac == Mac::Md5 { 48 } else { 40 };
                let one = [0x36; 48];
                let two = [0x5c; 48];
                let one = one.get(..pads).unwrap_or_default();
                let two = two.get(..pads).unwrap_or_default();
                let inner = ssl3_hash(*mac, &[secret, one, &sequence, &[kind, l0, l1], data]);
                ssl3_hash(*mac, &[secret, two, inner.as_bytes()])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_md5_gives_the_vectors_of_rfc_2202() {
        let tag = Hmac::new(Mac::Md5, b"Jefe").unwrap().sign(&[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            tag.as_bytes(),
            [0x75, 0x0c, 0x78, 0x3e, 0x6a, 0xb0, 0xb5, 0x03, 0xea, 0xa8, 0x6e, 0x31, 0x0a, 0x5d, 0xb7, 0x38]
        );
        let long = Hmac::new(Mac::Md5, &[0xaa; 80]).unwrap();
        let tag = long.sign(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(
            tag.as_bytes(),
            [0x6b, 0x1a, 0xb7, 0xfe, 0x4b, 0xd7, 0xbf, 0x8f, 0x0b, 0x62, 0xe6, 0xce, 0x61, 0xb9, 0xd0, 0xcd]
        );
    }
}
