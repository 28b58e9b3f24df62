//! Takes the number of a cipher suite, gives its name and what it is made of.
//!
//! IANA "TLS Cipher Suites" registry (RFC 8446 B.4, RFC 5246 A.5 and those before and after them). Suites
//! whose cipher is `Cipher::Other` are named and never opened.

use std::fmt;

use self::Cipher::*;
use self::PrfHash::*;
use super::suite_table::SUITES;

/// A cipher suite as the wire has it. Unknown ones are ordinary values that print as hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// Whether it hides nothing, or nothing for long: RC4, DES and 3DES, NULL, EXPORT, and those without a
    /// certificate (RFC 9325 4.1).
    pub fn weak(self) -> bool {
        self.row().is_some_and(|row| {
            let cipher =
                matches!(row.cipher, Null | Rc4 | Rc4Export40 | Rc4Export56 | Des | DesExport40 | TripleDes);
            cipher || row.key_exchange == KeyExchange::Anon || row.name.contains("EXPORT")
        })
    }

    /// Its row of the table.
    pub fn row(self) -> Option<&'static Suite> {
        let at = SUITES.binary_search_by_key(&self.0, |suite| suite.id).ok()?;
        SUITES.get(at)
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(suite) => f.write_str(suite.name),
            None => write!(f, "0x{:04X}", self.0),
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suite {
    /// Number on the wire.
    pub id: u16,
    /// IANA name.
    pub name: &'static str,
    /// How the premaster secret is agreed on.
    pub key_exchange: KeyExchange,
    /// What hides the records.
    pub cipher: Cipher,
    /// What proves them, for block and stream ciphers.
    pub mac: Mac,
    /// Hash of the PRF in TLS 1.2, of HKDF in TLS 1.3.
    pub hash: PrfHash,
}

/// Key exchange, as far as the difference matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyExchange {
    /// The client encrypts the premaster secret to the server's key: that key opens the connection.
    Rsa,
    /// Ephemeral finite-field Diffie-Hellman.
    Dhe,
    /// Ephemeral elliptic-curve Diffie-Hellman.
    Ecdhe,
    /// Fixed Diffie-Hellman.
    Dh,
    /// Fixed elliptic-curve Diffie-Hellman.
    Ecdh,
    /// Diffie-Hellman without certificates.
    Anon,
    /// A pre-shared key alone.
    Psk,
    /// A pre-shared key and RSA.
    RsaPsk,
    /// TLS 1.3: not part of the suite.
    Tls13,
    /// Kerberos, SRP, GOST, ECCPWD, signalling values.
    Unusual,
}

/// Bulk cipher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the registry's")]
pub enum Cipher {
    Null,
    Rc4,
    Rc4Export40,
    Rc4Export56,
    Des,
    DesExport40,
    TripleDes,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Camellia128Cbc,
    Camellia256Cbc,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Cbc,
    Aria256Cbc,
    Aria128Gcm,
    Aria256Gcm,
    /// SEED, IDEA, RC2, SM4, GOST: named, not opened. No maintained library offers them to us together with
    /// a peer whose sessions could be recorded.
    Other,
}

/// Record MAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the registry's")]
pub enum Mac {
    /// The cipher proves its records itself.
    Aead,
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

/// Hash of the key schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the registry's")]
pub enum PrfHash {
    Sha256,
    Sha384,
}

impl Cipher {
    /// Bytes of key that the key block gives (before the export step, if any).
    pub const fn key_bytes(self) -> usize {
        match self {
            Null | Other => 0,
            Rc4Export40 | DesExport40 => 5,
            Rc4Export56 => 7,
            Des => 8,
            Rc4 | Aes128Cbc | Aes128Gcm | Aes128Ccm | Aes128Ccm8 => 16,
            Camellia128Cbc | Camellia128Gcm | Aria128Cbc | Aria128Gcm => 16,
            TripleDes => 24,
            Aes256Cbc | Aes256Gcm | Aes256Ccm | Aes256Ccm8 | ChaCha20Poly1305 => 32,
            Camellia256Cbc | Camellia256Gcm | Aria256Cbc | Aria256Gcm => 32,
        }
    }

    /// Bytes of a block of a cipher in CBC mode.
    pub const fn block(self) -> Option<usize> {
        match self {
            Des | DesExport40 | TripleDes => Some(8),
            Aes128Cbc | Aes256Cbc | Camellia128Cbc | Camellia256Cbc | Aria128Cbc | Aria256Cbc => Some(16),
            _ => None,
        }
    }

    /// Bytes of key that the cipher takes in the end, where an export step stretches the first ones.
    pub const fn exported_bytes(self) -> Option<usize> {
        match self {
            Rc4Export40 | Rc4Export56 => Some(16),
            DesExport40 => Some(8),
            _ => None,
        }
    }
}

impl Mac {
    /// Bytes of its key and of its result.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Aead => 0,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

impl PrfHash {
    /// Bytes of its result.
    pub const fn bytes(self) -> usize {
        match self {
            Sha256 => 32,
            Sha384 => 48,
        }
    }
}

/// Suites up to TLS 1.2 that a hello may offer, newer numbers first: those whose ciphers are known here and
/// hide anything, as far as `wanted` says.
pub fn offered(wanted: impl Fn(&Suite) -> bool) -> Vec<CipherSuite> {
    let hides =
        |suite: &&Suite| !matches!(suite.cipher, Null | Other) && suite.key_exchange != KeyExchange::Tls13;
    SUITES
        .iter()
        .rev()
        .filter(hides)
        .filter(|suite| wanted(suite))
        .map(|suite| CipherSuite(suite.id))
        .collect()
}

/// All suites of the table up to TLS 1.2, as far as `wanted` says, also those that hide nothing.
pub fn known(wanted: impl Fn(&Suite) -> bool) -> Vec<CipherSuite> {
    let older = SUITES.iter().filter(|suite| suite.key_exchange != KeyExchange::Tls13);
    older.filter(|suite| wanted(suite)).map(|suite| CipherSuite(suite.id)).collect()
}

/// The suites of TLS 1.3 in the order in which they are tried when the ServerHello was lost.
pub const TLS13: [CipherSuite; 5] =
    [CipherSuite(0x1302), CipherSuite(0x1301), CipherSuite(0x1303), CipherSuite(0x1304), CipherSuite(0x1305)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(SUITES.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn known_suites_have_their_names_and_unknown_ones_print_as_hex() {
        assert_eq!(CipherSuite(0xc028).to_string(), "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384");
        assert_eq!(CipherSuite(0x0a0a).to_string(), "0x0A0A");
    }

    #[test]
    fn rc4_3des_null_export_and_anonymous_suites_are_weak_and_aes_is_not() {
        for number in [0x0005, 0x000a, 0x003b, 0x0003, 0x0034] {
            assert!(CipherSuite(number).weak(), "{number:#06x}");
        }
        for number in [0xc030, 0x002f, 0x1301] {
            assert!(!CipherSuite(number).weak(), "{number:#06x}");
        }
    }

    #[test]
    fn every_suite_is_made_of_what_its_name_says() {
        for suite in SUITES {
            let says = |word: &str| suite.name.contains(word);
            let hash = if says("SHA384") { Sha384 } else { Sha256 };
            assert_eq!(suite.hash, hash, "{}", suite.name);
            let aead = says("GCM") || says("CCM") || says("POLY1305");
            assert!(suite.cipher == Other || aead == (suite.mac == Mac::Aead), "{}", suite.name);
            assert_eq!(suite.cipher == TripleDes, says("3DES"), "{}", suite.name);
            assert_eq!(suite.cipher == Aes256Gcm, says("AES_256_GCM"), "{}", suite.name);
            assert_eq!(suite.cipher == Aes128Ccm8, says("AES_128_CCM_8"), "{}", suite.name);
            assert_eq!(suite.cipher == Camellia256Cbc, says("CAMELLIA_256_CBC"), "{}", suite.name);
            assert_eq!(suite.cipher == Camellia128Gcm, says("CAMELLIA_128_GCM"), "{}", suite.name);
            assert_eq!(suite.cipher == Aria128Cbc, says("ARIA_128_CBC"), "{}", suite.name);
            assert_eq!(suite.cipher == Aria256Gcm, says("ARIA_256_GCM"), "{}", suite.name);
        }
    }
}
