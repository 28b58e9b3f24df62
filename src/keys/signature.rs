//! Takes the raw parts of a signature and a set of keys, gives what the signature proves.
//!
//! RFC 7515 5.2, RFC 7518 3, RFC 8725. The key pins the algorithm. A wrong kind of key is never called a
//! wrong signature; a right signature by a key that is too small is said to be just that.

use aws_lc_rs::signature::{
    ECDSA_P521_SHA512_FIXED, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use super::{Key, KeyRing, Material, Origin, jwks};

/// The names by which a token says who signed it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signer<'t> {
    /// `alg`.
    pub algorithm: &'t str,
    /// `kid`.
    pub kid: Option<&'t str>,
    /// `x5t`, as written.
    pub x5t: Option<&'t str>,
    /// `x5t#S256`, as written.
    pub x5t_s256: Option<&'t str>,
}

impl Signer<'_> {
    /// Whether the token names no key.
    pub const fn is_unnamed(&self) -> bool {
        self.kid.is_none() && self.x5t.is_none() && self.x5t_s256.is_none()
    }
}

/// What a signature proves.
#[derive(Clone, Debug)]
pub enum Signature<'k> {
    /// It verifies with this key. `named`: the token named the key itself; `weak`: under 2048 bits.
    Verified {
        /// The key.
        key: &'k Key,
        /// Found by `kid`, `x5t` or `x5t#S256` rather than by trial.
        named: bool,
        /// RSA under 2048 bits or of the ROCA shape (CVE-2017-15361), or a shared secret shorter than the hash
        /// (RFC 7518 3.2).
        weak: bool,
    },
    /// The named key (or, with no name, every key of that kind) does not verify it.
    Failed {
        /// The key, when the token named one, or only one was given for it.
        key: Option<&'k Key>,
    },
    /// No key of that name, and no other key verifies it.
    NoKey,
    /// The key that the token names (or the only keys there are) cannot be used with `alg`; `confusion`:
    /// HS* against an asymmetric key.
    WrongKind {
        /// One of them.
        key: &'k Key,
        /// HMAC asked for, asymmetric key given.
        confusion: bool,
    },
    /// `alg` is one that this tool does not verify.
    UnknownAlgorithm,
}

/// The algorithms of the contract, by the kind of key they need.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    Rs,
    Ps,
    Es,
    Ed,
    Hs,
}

/// The algorithm of a JWS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Alg {
    family: Family,
    /// Bits of the hash.
    bits: usize,
}

impl Alg {
    /// Names are case-sensitive (RFC 7515 4.1.1).
    fn parse(name: &str) -> Option<Self> {
        let (family, bits) = match name {
            "EdDSA" | "Ed25519" => return Some(Self { family: Family::Ed, bits: 512 }),
            _ => name.split_at_checked(2)?,
        };
        let family = match family {
            "RS" => Family::Rs,
            "PS" => Family::Ps,
            "ES" => Family::Es,
            "HS" => Family::Hs,
            _ => return None,
        };
        let bits = match bits {
            "256" => 256,
            "384" => 384,
            "512" => 512,
            _ => return None,
        };
        Some(Self { family, bits })
    }

    /// Whether the key's kind, curve and document allow this algorithm.
    fn fits(self, key: &Key) -> bool {
        let kind = match (&key.material, self.family) {
            (Material::Rsa { n, .. }, Family::Rs | Family::Ps) => {
                // The one weak combination that no library at hand verifies must not be called a wrong signature.
                key.material.bits() >= 2048
                    || (self.family == Family::Rs && self.bits != 384 && n.len() >= 128)
            }
            (Material::Ec { curve, .. }, Family::Es) => {
                matches!((curve.as_str(), self.bits), ("P-256", 256) | ("P-384", 384) | ("P-521", 512))
            }
            (Material::Ed25519(_), Family::Ed) | (Material::Hmac(_), Family::Hs) => true,
            _ => false,
        };
        kind && key.algorithm.as_deref().is_none_or(|pinned| self.allowed_by(pinned, &key.material))
    }

    /// A document's `alg` pins the scheme and the least hash: Wycheproof's figure 20 of RFC 7520 is PS384
    /// under a key that says PS256, and must verify. Microsoft's documents hold a hash's name there, which
    /// pins nothing; `ES521` is a known slip for P-521.
    fn allowed_by(self, pinned: &str, key: &Material) -> bool {
        match Self::parse(pinned) {
            Some(pinned) => pinned.family == self.family && pinned.bits <= self.bits,
            None if pinned == "ES521" => matches!(key, Material::Ec { curve, .. } if curve == "P-521"),
            None => pinned.starts_with("SHA"),
        }
    }

    const fn library(self) -> Option<Algorithm> {
        Some(match (self.family, self.bits) {
            (Family::Rs, 256) => Algorithm::RS256,
            (Family::Rs, 384) => Algorithm::RS384,
            (Family::Rs, 512) => Algorithm::RS512,
            (Family::Ps, 256) => Algorithm::PS256,
            (Family::Ps, 384) => Algorithm::PS384,
            (Family::Ps, 512) => Algorithm::PS512,
            (Family::Es, 256) => Algorithm::ES256,
            (Family::Es, 384) => Algorithm::ES384,
            (Family::Hs, 256) => Algorithm::HS256,
            (Family::Hs, 384) => Algorithm::HS384,
            (Family::Hs, 512) => Algorithm::HS512,
            (Family::Ed, _) => Algorithm::EdDSA,
            _ => return None,
        })
    }
}

impl KeyRing {
    /// Judges `signature` over `input`.
    pub fn check<'k>(&'k self, signer: Signer<'_>, input: &[u8], signature: &[u8]) -> Signature<'k> {
        let Some(alg) = Alg::parse(signer.algorithm) else { return Signature::UnknownAlgorithm };
        let names = Names::of(signer);
        let verified = |key: &&Key| alg.fits(key) && verifies(alg, &key.material, input, signature);
        let named = |key: &&Key| names.name(key);
        let verified_as = |key: &'k Key, named| Signature::Verified { key, named, weak: is_weak(alg, key) };
        if let Some(key) = self.keys.iter().filter(named).find(verified) {
            return verified_as(key, true);
        }
        // Whoever looks the key up by its name finds this one; that another verifies the token does not help.
        if let Some(key) = self.keys.iter().filter(named).find(|key| alg.fits(key)) {
            return Signature::Failed { key: Some(key) };
        }
        if let Some(key) = self.keys.iter().find(verified) {
            return verified_as(key, false);
        }
        if let Some(key) = self.keys.iter().find(named) {
            return wrong_kind(alg, key);
        }
        self.unnamed(alg, &names)
    }

    /// No key bears a name of the token, and none verifies it.
    fn unnamed(&self, alg: Alg, names: &Names<'_>) -> Signature<'_> {
        let fitting = || self.keys.iter().filter(|key| alg.fits(key));
        // `token --key`: the user says that this is the key; a name in the token cannot contradict a bare key.
        let meant =
            fitting().find(|key| key.origin == Origin::Given && key.x5t.is_none() && key.kid.is_none());
        match (meant, fitting().next(), self.keys.first()) {
            (Some(key), ..) => Signature::Failed { key: Some(key) },
            (None, Some(_), _) if names.is_empty() => {
                Signature::Failed { key: fitting().next().filter(|_| fitting().count() == 1) }
            }
            (None, None, Some(key)) if names.is_empty() || key.origin == Origin::Given => {
                wrong_kind(alg, key)
            }
            _ => Signature::NoKey,
        }
    }
}

fn wrong_kind(alg: Alg, key: &Key) -> Signature<'_> {
    let confusion = alg.family == Family::Hs && !matches!(key.material, Material::Hmac(_));
    Signature::WrongKind { key, confusion }
}

fn is_weak(alg: Alg, key: &Key) -> bool {
    match &key.material {
        Material::Rsa { n, .. } => key.material.bits() < 2048 || has_roca_shape(n),
        Material::Hmac(_) => key.material.bits() < alg.bits,
        _ => false,
    }
}

/// Whether a modulus is a power of 65537 modulo every small prime, as those of a faulty generator are
/// (CVE-2017-15361). One modulus in 2^27 is so by chance.
fn has_roca_shape(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|&prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * 65537 % prime;
            power == rest
        })
    })
}

/// The names that a token gives its key, decoded.
struct Names<'t> {
    kid: Option<&'t str>,
    prints: Vec<Vec<u8>>,
}

impl<'t> Names<'t> {
    fn of(signer: Signer<'t>) -> Self {
        // Microsoft's `kid` is the thumbprint, in hex or as `x5t`.
        let prints = [signer.x5t, signer.x5t_s256, signer.kid];
        let prints = prints.into_iter().flatten().filter_map(jwks::thumbprint);
        let prints = prints.filter(|print| matches!(print.len(), 20 | 32)).collect();
        Self { kid: signer.kid, prints }
    }

    const fn is_empty(&self) -> bool {
        self.kid.is_none() && self.prints.is_empty()
    }

    fn name(&self, key: &Key) -> bool {
        let print = |known: &[u8]| self.prints.iter().any(|print| print == known);
        let kid_is_print =
            || key.kid.as_deref().and_then(jwks::thumbprint).is_some_and(|known| print(&known));
        key.x5t.as_ref().is_some_and(|known| print(known))
            || key.x5t_s256.as_ref().is_some_and(|known| print(known))
            || (key.kid.is_some() && key.kid.as_deref() == self.kid)
            || kid_is_print()
    }
}

/// The primitive: jsonwebtoken where it knows the algorithm and takes the key, else aws-lc-rs.
fn verifies(alg: Alg, material: &Material, input: &[u8], signature: &[u8]) -> bool {
    let key = match material {
        Material::Rsa { n, e } if material.bits() < 2048 => {
            return verifies_weakly(alg, n, e, input, signature);
        }
        Material::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
        Material::Ec { point, .. } if alg.bits == 512 => {
            let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
            return key.verify(input, signature).is_ok();
        }
        Material::Ec { point, .. } => DecodingKey::from_ec_der(point),
        Material::Ed25519(key) => DecodingKey::from_ed_der(key),
        Material::Hmac(secret) => DecodingKey::from_secret(secret.expose()),
        Material::Other(_) => return false,
    };
    let Some(library) = alg.library() else { return false };
    crypto::verify(&URL_SAFE_NO_PAD.encode(signature), input, &key, library).unwrap_or(false)
}

/// RSA of 1024 bits and more, which a healthy verifier refuses: to tell "right but weak" from "wrong".
fn verifies_weakly(alg: Alg, n: &[u8], e: &[u8], input: &[u8], signature: &[u8]) -> bool {
    let parameters: &RsaParameters = match (alg.family, alg.bits) {
        (Family::Rs, 256) => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Family::Rs, 512) => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return false,
    };
    RsaPublicKeyComponents { n, e }.verify(parameters, input, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents that name a key by `kid` alone write its thumbprint there, and tokens write it as `x5t`.
    #[test]
    fn a_key_is_named_by_the_thumbprint_in_its_kid() {
        let key = |kid: &str, algorithm: Option<&str>| Key {
            source: "keys.json".into(),
            origin: Origin::TokenService,
            kid: Some(kid.into()),
            x5t: None,
            x5t_s256: None,
            algorithm: algorithm.map(Into::into),
            material: Material::Rsa { n: vec![0xc5; 256], e: vec![1, 0, 1] },
            certificate: None,
        };
        let print = "zduLQsvwUVgeZ65SMTpxDXjZub0";
        let signer = Signer { algorithm: "RS256", x5t: Some(print), ..Signer::default() };
        let check = |key: Key| {
            let ring = KeyRing { keys: vec![key] };
            format!("{:?}", ring.check(signer, b"input", &[1; 256]))
        };
        assert!(check(key(print, None)).starts_with("Failed { key: Some"));
        assert!(
            check(key("CDDB8B42CBF051581E67AE52313A710D78D9B9BD", None)).starts_with("Failed { key: Some")
        );
        assert_eq!(check(key("other", None)), "NoKey");
        assert!(check(key(print, Some("PS256"))).starts_with("WrongKind"));
    }
}
