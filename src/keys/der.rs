//! Takes DER (or BER where real files need it), gives its elements. ITU-T X.690.
//!
//! Enough for the envelopes around certificates and keys; certificates themselves are read by `x509-cert`.

/// Nesting that is followed when the length of an element is indefinite.
const DEPTH: usize = 16;

/// One element: its tag byte and its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Element<'d> {
    /// The identifier octet; tags above 30 are not read.
    pub(super) tag: u8,
    /// The content octets; of an indefinite length without the end-of-contents.
    pub(super) content: &'d [u8],
    /// The element with its header.
    pub(super) whole: &'d [u8],
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The first element and what follows it.
pub(super) fn read(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    read_at(bytes, 0)
}

fn read_at(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if tag & 0x1f == 0x1f || depth > DEPTH {
        return None;
    }
    if first == 0x80 {
        return indefinite(bytes, tag, rest, depth);
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let (octets, rest) = rest.split_at_checked(count)?;
        let mut octets = octets.iter().skip_while(|octet| **octet == 0);
        let length = octets
            .try_fold(0_usize, |length, octet| length.checked_mul(256)?.checked_add(usize::from(*octet)))?;
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - after.len())?;
    Some((Element { tag, content, whole }, after))
}

/// BER's indefinite length: elements up to two zero octets.
fn indefinite<'d>(
    bytes: &'d [u8],
    tag: u8,
    content: &'d [u8],
    depth: usize,
) -> Option<(Element<'d>, &'d [u8])> {
    let mut rest = content;
    while !rest.starts_with(&[0, 0]) {
        (_, rest) = read_at(rest, depth + 1)?;
    }
    let inner = content.get(..content.len() - rest.len())?;
    let after = rest.get(2..)?;
    let whole = bytes.get(..bytes.len() - after.len())?;
    Some((Element { tag, content: inner, whole }, after))
}

/// The elements of a constructed element's content, up to the first that cannot be read.
pub(super) fn elements(mut content: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let (element, rest) = read(content)?;
        content = rest;
        Some(element)
    })
}

/// The first element when it is a SEQUENCE.
pub(super) fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    read(bytes).filter(|(element, _)| element.tag == SEQUENCE).map(|(element, _)| element.content)
}

/// Whether bytes are one SEQUENCE and nothing more, white space and zeros after it aside.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    read(bytes).is_some_and(|(element, after)| {
        element.tag == SEQUENCE && after.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace())
    })
}

/// An unsigned INTEGER without its leading zeros.
pub(super) fn unsigned(integer: &[u8]) -> Vec<u8> {
    integer.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// The modulus and exponent of an RSAPublicKey (RFC 8017 A.1.1).
pub(super) fn rsa_public_key(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut integers = elements(sequence(der)?).filter(|element| element.tag == INTEGER);
    Some((unsigned(integers.next()?.content), unsigned(integers.next()?.content)))
}

/// An object identifier in dotted form.
pub(super) fn oid_text(content: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for byte in content {
        arc = arc.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first.to_string());
                arc -= first * 40;
            }
            arcs.push(arc.to_string());
            arc = 0;
        }
    }
    arcs.join(".")
}
