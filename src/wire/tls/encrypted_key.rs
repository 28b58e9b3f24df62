//! Takes an encrypted private key and a password, gives the key.
//!
//! PBES2 (RFC 8018) with PBKDF2 and AES or 3DES in CBC mode, and OpenSSL's older `DEK-Info` form.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use des::TdesEde3;
use des::cipher::KeyInit;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::der::Der;
use super::opener::decrypt_cbc;
use crate::limits;

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const AES_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];
const TRIPLE_DES_CBC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07];
const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02];

/// What an EncryptedPrivateKeyInfo says.
struct Scheme<'a> {
    salt: &'a [u8],
    iterations: NonZeroU32,
    hash: pbkdf2::Algorithm,
    cipher: BlockCipher,
    vector: &'a [u8],
    text: &'a [u8],
}

#[derive(Clone, Copy)]
enum BlockCipher {
    Aes(&'static Algorithm, usize),
    TripleDes,
}

/// Whether this is an EncryptedPrivateKeyInfo.
pub(super) fn is_encrypted(der: &[u8]) -> bool {
    let Some(mut fields) = Der::new(der).sequence() else { return false };
    let algorithm = fields.sequence().and_then(|mut algorithm| algorithm.object_identifier());
    algorithm.is_some() && fields.octets().is_some()
}

/// Names the algorithm when it is none that is known here.
pub(super) fn unsupported(der: &[u8]) -> Option<&'static str> {
    let algorithm = || Der::new(der).sequence()?.sequence()?.object_identifier();
    match algorithm() {
        Some(PBES2) if scheme(der).is_none() => Some("a PBES2 scheme other than PBKDF2 with AES or 3DES"),
        Some(PBES2) | None => None,
        Some(_) => Some("a scheme other than PBES2"),
    }
}

fn scheme(der: &[u8]) -> Option<Scheme<'_>> {
    let mut outer = Der::new(der).sequence()?;
    let mut algorithm = outer.sequence()?;
    if algorithm.object_identifier()? != PBES2 {
        return None;
    }
    let text = outer.octets()?;
    let mut parameters = algorithm.sequence()?;
    let mut derivation = parameters.sequence()?;
    if derivation.object_identifier()? != PBKDF2 {
        return None;
    }
    let mut derivation = derivation.sequence()?;
    let salt = derivation.octets()?;
    let iterations = derivation
        .integer()?
        .iter()
        .try_fold(0_u32, |sum, &byte| sum.checked_mul(256)?.checked_add(u32::from(byte)))?;
    let _length = derivation.integer();
    let hash = match derivation.sequence().and_then(|mut hash| hash.object_identifier()) {
        None => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(name) => match name.strip_prefix(HMAC)? {
            [7] => pbkdf2::PBKDF2_HMAC_SHA1,
            [9] => pbkdf2::PBKDF2_HMAC_SHA256,
            [10] => pbkdf2::PBKDF2_HMAC_SHA384,
            [11] => pbkdf2::PBKDF2_HMAC_SHA512,
            _ => return None,
        },
    };
    let mut encryption = parameters.sequence()?;
    let name = encryption.object_identifier()?;
    let vector = encryption.octets()?;
    let cipher = match name.strip_prefix(AES_CBC) {
        Some([2]) => BlockCipher::Aes(&AES_128, 16),
        Some([22]) => BlockCipher::Aes(&AES_192, 24),
        Some([42]) => BlockCipher::Aes(&AES_256, 32),
        _ if name == TRIPLE_DES_CBC => BlockCipher::TripleDes,
        _ => return None,
    };
    let iterations = NonZeroU32::new(iterations).filter(|count| count.get() <= limits::PBKDF2_ITERATIONS)?;
    Some(Scheme { salt, iterations, hash, cipher, vector, text })
}

/// Decrypts an EncryptedPrivateKeyInfo; `None` for a wrong password or an unknown scheme.
pub(super) fn open(der: &[u8], password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let scheme = scheme(der)?;
    let bytes = match scheme.cipher {
        BlockCipher::Aes(_, bytes) => bytes,
        BlockCipher::TripleDes => 24,
    };
    let mut key = Zeroizing::new(vec![0; bytes]);
    pbkdf2::derive(scheme.hash, scheme.iterations, scheme.salt, password, &mut key);
    decrypt(scheme.cipher, &key, scheme.vector, scheme.text)
}

/// Decrypts the body of a PEM block with a `DEK-Info` header (`AES-256-CBC,0011…`).
pub(super) fn open_legacy(info: &str, text: &[u8], password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (name, vector) = info.split_once(',')?;
    let (cipher, bytes) = match name {
        "AES-128-CBC" => (BlockCipher::Aes(&AES_128, 16), 16),
        "AES-192-CBC" => (BlockCipher::Aes(&AES_192, 24), 24),
        "AES-256-CBC" => (BlockCipher::Aes(&AES_256, 32), 32),
        "DES-EDE3-CBC" => (BlockCipher::TripleDes, 24),
        _ => return None,
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = vector.trim().as_bytes().as_chunks::<2>().0;
    let vector: Vec<u8> =
        pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<_>>()?;
    // EVP_BytesToKey with MD5 and one round: D(i) = MD5(D(i-1) + password + salt).
    let mut key: Zeroizing<Vec<u8>> = Zeroizing::default();
    let mut digest: Zeroizing<Vec<u8>> = Zeroizing::default();
    while key.len() < bytes {
        let mut hash = Md5::new();
        hash.update(&*digest);
        hash.update(password);
        hash.update(vector.get(..8)?);
        *digest = hash.finalize().to_vec();
        key.extend_from_slice(&digest);
    }
    decrypt(cipher, key.get(..bytes)?, &vector, text)
}

fn decrypt(cipher: BlockCipher, key: &[u8], vector: &[u8], text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(text.to_vec());
    let block = match cipher {
        BlockCipher::Aes(algorithm, _) => {
            let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
            let vector: [u8; 16] = vector.try_into().ok()?;
            key.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(vector))).ok()?;
            16
        }
        BlockCipher::TripleDes => {
            if !text.len().is_multiple_of(8) {
                return None;
            }
            decrypt_cbc(&TdesEde3::new_from_slice(key).ok()?, vector, &mut plain)?;
            8
        }
    };
    let padding = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(padding)?;
    if padding == 0
        || padding > block
        || plain.get(length..)?.iter().any(|&byte| usize::from(byte) != padding)
    {
        return None;
    }
    plain.truncate(length);
    Some(plain)
}
