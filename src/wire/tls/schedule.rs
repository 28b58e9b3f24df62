//! Takes premaster, master and traffic secrets, gives the keys of a direction.
//!
//! SSL 3.0 (RFC 6101 6), TLS 1.0 and 1.1 (RFC 2246 5, MD5 and SHA-1 side by side), TLS 1.2 (RFC 5246 5),
//! extended master secret (RFC 7627), TLS 1.3 (RFC 8446 7). No secret is printed.

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use super::Version;
use super::mac::{Hmac, ssl3_hash};
use super::suites::{Mac, PrfHash, Suite};

/// Bytes of every master secret.
pub(super) const MASTER: usize = 48;

/// Key material of one direction.
#[derive(Clone, Default)]
pub(super) struct DirectionKeys {
    /// For the record MAC; empty with an AEAD.
    pub(super) mac: Zeroizing<Vec<u8>>,
    /// For the cipher.
    pub(super) key: Zeroizing<Vec<u8>>,
    /// Initial vector, implicit nonce, or nothing.
    pub(super) iv: Vec<u8>,
}

/// What the key schedule of TLS 1.2 and older takes besides the secret.
#[derive(Clone, Copy)]
pub(super) struct Randoms<'a> {
    pub(super) client: &'a [u8; 32],
    pub(super) server: &'a [u8; 32],
}

/// P_hash (RFC 2246 5): XORs its output into `out`, so that two of them can be put over each other.
fn p_hash(mac: Mac, secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let Some(key) = Hmac::new(mac, secret) else { return };
    let mut a = key.sign(seed);
    for chunk in out.chunks_mut(mac.bytes()) {
        let mut parts = vec![a.as_bytes()];
        parts.extend_from_slice(seed);
        let block = key.sign(&parts);
        chunk.iter_mut().zip(block.as_bytes()).for_each(|(to, from)| *to ^= from);
        a = key.sign(&[a.as_bytes()]);
    }
}

/// The PRF of TLS 1.0 to 1.2.
pub(super) fn prf(
    version: Version,
    hash: PrfHash,
    secret: &[u8],
    label: &str,
    seed: &[&[u8]],
    out: &mut [u8],
) {
    let mut parts = vec![label.as_bytes()];
    parts.extend_from_slice(seed);
    out.fill(0);
    if version >= Version::TLS12 {
        let mac = match hash {
            PrfHash::Sha256 => Mac::Sha256,
            PrfHash::Sha384 => Mac::Sha384,
        };
        return p_hash(mac, secret, &parts, out);
    }
    let half = secret.len().div_ceil(2);
    p_hash(Mac::Md5, secret.get(..half).unwrap_or_default(), &parts, out);
    let second = secret.get(secret.len().saturating_sub(half)..).unwrap_or_default();
    p_hash(Mac::Sha1, second, &parts, out);
}

/// The derivation of SSL 3.0: MD5(secret + SHA1("A" + secret + randoms)) + MD5(… "BB" …) + …
fn ssl3_derive(secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (index, chunk) in out.chunks_mut(16).enumerate() {
        let Some(&letter) = letters.get(index) else { return };
        let salt = vec![letter; index + 1];
        let mut parts: Vec<&[u8]> = vec![&salt, secret];
        parts.extend_from_slice(seed);
        let inner = ssl3_hash(Mac::Sha1, &parts);
        let block = ssl3_hash(Mac::Md5, &[secret, inner.as_bytes()]);
        chunk.iter_mut().zip(block.as_bytes()).for_each(|(to, from)| *to = *from);
    }
}

/// The master secret from the premaster secret, without the extension.
pub(super) fn master(
    version: Version,
    hash: PrfHash,
    premaster: &[u8],
    randoms: Randoms<'_>,
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; MASTER]);
    let seed: [&[u8]; 2] = [randoms.client, randoms.server];
    if version == Version::SSL30 {
        ssl3_derive(premaster, &seed, &mut out);
    } else {
        prf(version, hash, premaster, "master secret", &seed, &mut out);
    }
    out
}

/// The master secret under RFC 7627, from the handshake up to and with the ClientKeyExchange.
pub(super) fn extended_master(
    version: Version,
    hash: PrfHash,
    premaster: &[u8],
    transcript: &[&[u8]],
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; MASTER]);
    let session = session_hash(version, hash, transcript);
    prf(version, hash, premaster, "extended master secret", &[&session], &mut out);
    out
}

fn session_hash(version: Version, hash: PrfHash, transcript: &[&[u8]]) -> Vec<u8> {
    if version < Version::TLS12 {
        let mut both = ssl3_hash(Mac::Md5, transcript).as_bytes().to_vec();
        both.extend_from_slice(ssl3_hash(Mac::Sha1, transcript).as_bytes());
        return both;
    }
    let algorithm = match hash {
        PrfHash::Sha256 => &digest::SHA256,
        PrfHash::Sha384 => &digest::SHA384,
    };
    let mut context = digest::Context::new(algorithm);
    transcript.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

/// The keys of both directions, client to server first (RFC 5246 6.3).
pub(super) fn key_block(
    version: Version,
    suite: &Suite,
    master: &[u8],
    randoms: Randoms<'_>,
) -> [DirectionKeys; 2] {
    let mac = suite.mac.bytes();
    let key = suite.cipher.key_bytes();
    let iv = iv_bytes(version, suite);
    let mut block = Zeroizing::new(vec![0; 2 * (mac + key + iv)]);
    let seed: [&[u8]; 2] = [randoms.server, randoms.client];
    if version == Version::SSL30 {
        ssl3_derive(master, &seed, &mut block);
    } else {
        prf(version, suite.hash, master, "key expansion", &seed, &mut block);
    }
    let mut rest = block.as_slice();
    let mut take = |count: usize| {
        let (head, tail) = rest.split_at_checked(count).unwrap_or_default();
        rest = tail;
        head.to_vec()
    };
    let (mac_sent, mac_received) = (take(mac), take(mac));
    let (key_sent, key_received) = (take(key), take(key));
    let (iv_sent, iv_received) = (take(iv), take(iv));
    let mut keys = [
        DirectionKeys { mac: mac_sent.into(), key: key_sent.into(), iv: iv_sent },
        DirectionKeys { mac: mac_received.into(), key: key_received.into(), iv: iv_received },
    ];
    if let Some(bytes) = suite.cipher.exported_bytes() {
        export(version, suite, bytes, randoms, &mut keys);
    }
    keys
}

/// Bytes that the key block gives to each direction's initial vector.
fn iv_bytes(version: Version, suite: &Suite) -> usize {
    use super::suites::Cipher;
    match suite.cipher {
        Cipher::ChaCha20Poly1305 => 12,
        Cipher::Aes128Gcm | Cipher::Aes256Gcm => 4,
        Cipher::Aes128Ccm | Cipher::Aes256Ccm | Cipher::Aes128Ccm8 | Cipher::Aes256Ccm8 => 4,
        Cipher::Camellia128Gcm | Cipher::Camellia256Gcm | Cipher::Aria128Gcm | Cipher::Aria256Gcm => 4,
        cipher if version <= Version::TLS10 && cipher.exported_bytes().is_none() => {
            cipher.block().unwrap_or(0)
        }
        _ => 0,
    }
}

/// The last step of the export suites of the nineties (RFC 6101 6.2.2.1, RFC 2246 6.3.1).
fn export(
    version: Version,
    suite: &Suite,
    bytes: usize,
    randoms: Randoms<'_>,
    keys: &mut [DirectionKeys; 2],
) {
    let block = suite.cipher.block().unwrap_or(0);
    let labels = ["client write key", "server write key"];
    let mut vectors = vec![0; 2 * block];
    if version > Version::SSL30 {
        prf(version, suite.hash, &[], "IV block", &[randoms.client, randoms.server], &mut vectors);
    }
    for (index, (keys, label)) in keys.iter_mut().zip(labels).enumerate() {
        let (first, second) =
            if index == 0 { (randoms.client, randoms.server) } else { (randoms.server, randoms.client) };
        if version == Version::SSL30 {
            let stretched = ssl3_hash(Mac::Md5, &[&keys.key, first, second]);
            keys.key = stretched.as_bytes().get(..bytes).unwrap_or_default().to_vec().into();
            let vector = ssl3_hash(Mac::Md5, &[first, second]);
            keys.iv = vector.as_bytes().get(..block).unwrap_or_default().to_vec();
        } else {
            let mut stretched = vec![0; bytes];
            prf(version, suite.hash, &keys.key, label, &[randoms.client, randoms.server], &mut stretched);
            keys.key = stretched.into();
            keys.iv = vectors.get(index * block..(index + 1) * block).unwrap_or_default().to_vec();
        }
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 7.1); `length` is at most that of the hash, so one
/// block of HKDF-Expand is enough.
fn expand_label(secret: &Hmac, label: &str, length: usize) -> Zeroizing<Vec<u8>> {
    let [high, low] = u16::try_from(length).unwrap_or(0).to_be_bytes();
    let label_length = u8::try_from(6 + label.len()).unwrap_or(0);
    let parts: [&[u8]; 4] = [&[high, low, label_length], b"tls13 ", label.as_bytes(), &[0, 1]];
    secret.sign(&parts).as_bytes().get(..length).unwrap_or_default().to_vec().into()
}

/// The secret as the key that all of its labels are expanded with.
fn expander(hash: PrfHash, secret: &[u8]) -> Option<Hmac> {
    let mac = match hash {
        PrfHash::Sha256 => Mac::Sha256,
        PrfHash::Sha384 => Mac::Sha384,
    };
    Hmac::new(mac, secret)
}

/// The keys of a traffic secret of TLS 1.3 (RFC 8446 7.3).
pub(super) fn traffic_keys(suite: &Suite, secret: &[u8]) -> DirectionKeys {
    let Some(secret) = expander(suite.hash, secret) else { return DirectionKeys::default() };
    DirectionKeys {
        mac: Zeroizing::default(),
        key: expand_label(&secret, "key", suite.cipher.key_bytes()),
        iv: expand_label(&secret, "iv", 12).to_vec(),
    }
}

/// The traffic secret after a KeyUpdate (RFC 8446 7.2).
pub(super) fn next_secret(hash: PrfHash, secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let Some(secret) = expander(hash, secret) else { return Zeroizing::default() };
    expand_label(&secret, "traffic upd", hash.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tls::suites::CipherSuite;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn traffic_keys_are_those_of_rfc_8448() {
        // RFC 8448 3, server handshake traffic secret of the simple 1-RTT handshake.
        let secret = hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        let keys = traffic_keys(CipherSuite(0x1301).row().unwrap(), &secret);
        assert_eq!(keys.key.as_slice(), hex("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(keys.iv, hex("5d313eb2671276ee13000b30"));
    }

    #[test]
    fn the_prf_of_tls_1_2_gives_the_published_vector() {
        // "TLS 1.2 PRF test vectors" of the IETF TLS list (SHA-256).
        let mut out = [0; 100];
        prf(
            Version::TLS12,
            PrfHash::Sha256,
            &hex("9bbe436ba940f017b17652849a71db35"),
            "test label",
            &[&hex("a0ba9f936cda311827a6f796ffd5198c")],
            &mut out,
        );
        let expected = hex(
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0f\
             a022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
        );
        assert_eq!(out.as_slice(), expected);
    }
}
