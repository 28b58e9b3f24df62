//! Takes text, gives the blocks of PEM armour in it, or the bytes of bare base64.
//!
//! RFC 7468, read leniently: text around blocks, headers inside them, any line length, CRLF, and base64
//! without armour as `Export-ExchangeCertificate` and `keyCredentials` values come.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// A block between `-----BEGIN label-----` and `-----END label-----`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Block {
    /// For example `CERTIFICATE`.
    pub(super) label: String,
    /// The decoded content; empty when it is encrypted or no base64.
    pub(super) der: Vec<u8>,
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 of either alphabet, with or without padding, blanks and line breaks allowed.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let plain: Vec<u8> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    LENIENT.decode(plain).ok()
}

/// Whether text holds PEM armour.
pub(super) fn is_armoured(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
}

/// All blocks in order; a block without end reaches to the end of the text.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(bytes);
    let mut blocks = Vec::new();
    for piece in text.split("-----BEGIN ").skip(1) {
        let Some((label, rest)) = piece.split_once("-----") else { continue };
        let body = rest.split("-----END ").next().unwrap_or_default();
        // Old OpenSSL keys carry headers (`Proc-Type: 4,ENCRYPTED`), ended by an empty line.
        let lines = body.lines().map(str::trim).filter(|line| !line.contains(':'));
        let encoded: String = lines.collect();
        blocks.push(Block { label: label.to_owned(), der: base64(encoded.as_bytes()).unwrap_or_default() });
    }
    blocks
}

/// The bytes of a text that is base64 and nothing else.
pub(super) fn bare(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = bytes.trim_ascii();
    let letters =
        |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=-_".contains(byte);
    if text.len() < 64 || !text.iter().all(letters) {
        return None;
    }
    base64(text)
}
