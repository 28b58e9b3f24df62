//! Takes a JSON document with keys, gives those that verify signatures.
//!
//! RFC 7517 and 7518 6. base64url and base64 both occur (Entra's older documents pad `n`), `alg` may hold a
//! hash name there, and one odd key costs only itself.

use super::certificate::Certificate;
use super::{Key, Material, Origin, pem};
use crate::base::Secret;
use crate::json::{Node, Value};

/// The keys of a JWK set, or of a single JWK, with a line for each that could not be used.
pub(super) fn read(document: &Node, source: &str, origin: Origin) -> (Vec<Key>, Vec<String>) {
    let single = std::slice::from_ref(document);
    let listed = match document.get("keys").map(|keys| &keys.value) {
        Some(Value::Array(keys)) => keys.as_slice(),
        _ => single,
    };
    let (mut keys, mut notices) = (Vec::new(), Vec::new());
    for (index, node) in listed.iter().enumerate() {
        match key(node, source, origin) {
            Ok(key) => keys.push(key),
            Err(reason) => notices.push(format!("{source}: key {index} is not used: {reason}")),
        }
    }
    // A shared secret beside public keys invites a token that is keyed with one of them (RFC 8725 3.1).
    if keys.iter().any(|key| !matches!(key.material, Material::Hmac(_))) {
        let before = keys.len();
        keys.retain(|key| !matches!(key.material, Material::Hmac(_)));
        if keys.len() < before {
            notices.push(format!("{source}: shared secrets beside public keys are not used"));
        }
    }
    drop_ambiguous(&mut keys, &mut notices, source);
    (keys, notices)
}

/// Different keys of one kind under one `kid` cannot be told apart (RFC 7517 4.5).
fn drop_ambiguous(keys: &mut Vec<Key>, notices: &mut Vec<String>, source: &str) {
    let kind = |key: &Key| std::mem::discriminant(&key.material);
    let clash = |one: &Key, other: &Key| {
        one.kid.is_some()
            && one.kid == other.kid
            && kind(one) == kind(other)
            && one.material != other.material
    };
    let clear: Vec<bool> = keys.iter().map(|key| !keys.iter().any(|other| clash(key, other))).collect();
    if clear.contains(&false) {
        notices.push(format!("{source}: different keys share one kid and are not used"));
    }
    let mut clear = clear.into_iter();
    keys.retain(|_| clear.next().unwrap_or(true));
}

/// Whether a JSON object is a JWK or a set of them.
pub(super) fn is_jwks(document: &Node) -> bool {
    document.get("kty").is_some()
        || matches!(
            document.get("keys").map(|keys| &keys.value),
            Some(Value::Array(keys)) if keys.iter().all(|key| key.get("kty").is_some())
        )
}

/// Whether a private member (`d`, RFC 7518 6.2.2 and 6.3.2) is in it.
pub(super) fn has_private_part(document: &Node) -> bool {
    let listed = match document.get("keys").map(|keys| &keys.value) {
        Some(Value::Array(keys)) => keys.as_slice(),
        _ => std::slice::from_ref(document),
    };
    listed.iter().any(|key| key.get("d").is_some())
}

fn key(node: &Node, source: &str, origin: Origin) -> Result<Key, String> {
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    let kind = text("kty").ok_or("it has no kty")?;
    if text("use").is_some_and(|usage| !usage.eq_ignore_ascii_case("sig")) {
        return Err("its use is not sig".into());
    }
    if let Some(Value::Array(operations)) = node.get("key_ops").map(|node| &node.value) {
        // Entra's documents of 2014 say `signing`.
        let known = ["verify", "sign", "signing"];
        if !operations.iter().filter_map(Node::as_str).any(|operation| known.contains(&operation)) {
            return Err("its key_ops do not hold verify".into());
        }
    }
    let certificate = certificate(node, source)?;
    let material = match (&certificate, kind) {
        (_, "RSA") if node.get("n").is_some() => {
            Material::Rsa { n: number(node, "n")?, e: number(node, "e")? }
        }
        (_, "EC") => elliptic(node)?,
        (_, "OKP") => edwards(node)?,
        (_, "oct") => Material::Hmac(Secret::new(bytes(node, "k")?)),
        (Some(certificate), _) => certificate.key.clone(),
        (None, other) => return Err(format!("kty {other} is not known, or its members are missing")),
    };
    if let Some(certificate) = &certificate
        && certificate.key != material
    {
        return Err("its x5c holds another key".into());
    }
    if material == (Material::Hmac(Secret::new(Vec::new()))) {
        return Err("it is empty".into());
    }
    let print = |name: &str| text(name).and_then(thumbprint);
    Ok(Key {
        source: source.to_owned(),
        origin,
        kid: text("kid").map(str::to_owned),
        x5t: certificate.as_ref().map(|known| known.thumbprint).or_else(|| print("x5t")?.try_into().ok()),
        x5t_s256: certificate
            .as_ref()
            .map(|known| known.thumbprint_s256)
            .or_else(|| print("x5t#S256")?.try_into().ok()),
        algorithm: text("alg").map(str::to_owned),
        material,
        certificate: certificate.map(Into::into),
    })
}

/// The first certificate of `x5c`, which is that of the key (RFC 7517 4.7).
fn certificate(node: &Node, source: &str) -> Result<Option<Certificate>, String> {
    let Some(Value::Array(chain)) = node.get("x5c").map(|node| &node.value) else { return Ok(None) };
    let Some(first) = chain.first().and_then(Node::as_str) else { return Ok(None) };
    let der = pem::base64(first.as_bytes()).ok_or("its x5c is not base64")?;
    Certificate::from_der(&der, source).map(Some).map_err(|error| error.to_string())
}

/// A thumbprint as documents and tokens write it: base64 of either alphabet, or hex (Windows' form).
pub(super) fn thumbprint(text: &str) -> Option<Vec<u8>> {
    let hex: Option<Vec<u8>> = (matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| {
            text.as_bytes()
                .chunks(2)
                .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect()
        });
    hex.or_else(|| pem::base64(text.as_bytes()))
}

fn bytes(node: &Node, name: &str) -> Result<Vec<u8>, String> {
    let text = node.get(name).and_then(Node::as_str).ok_or_else(|| format!("it has no {name}"))?;
    pem::base64(text.as_bytes()).ok_or_else(|| format!("its {name} is not base64url"))
}

fn number(node: &Node, name: &str) -> Result<Vec<u8>, String> {
    let number = super::der::unsigned(&bytes(node, name)?);
    if number.is_empty() { Err(format!("its {name} is zero")) } else { Ok(number) }
}

fn elliptic(node: &Node) -> Result<Material, String> {
    let curve = node.get("crv").and_then(Node::as_str).unwrap_or_default();
    let size = match curve {
        "P-256" => 32,
        "P-384" => 48,
        "P-521" => 66,
        other => return Err(format!("curve {other} is not known")),
    };
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = super::der::unsigned(&bytes(node, name)?);
        let padding =
            usize::checked_sub(size, coordinate.len()).ok_or_else(|| format!("its {name} is too long"))?;
        point.resize(point.len() + padding, 0);
        point.extend(coordinate);
    }
    Ok(Material::Ec { curve: curve.to_owned(), point })
}

fn edwards(node: &Node) -> Result<Material, String> {
    match node.get("crv").and_then(Node::as_str) {
        Some("Ed25519") => {
            let key = bytes(node, "x")?;
            if key.len() == 32 { Ok(Material::Ed25519(key)) } else { Err("its x is not 32 bytes".into()) }
        }
        other => Err(format!("curve {} is not known", other.unwrap_or("(none)"))),
    }
}
