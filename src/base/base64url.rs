//! Takes base64url without padding (RFC 4648 section 5, RFC 7515 section 2), gives bytes: with vector
//! instructions where the processor has them. Tokens are all base64url, some of it twice.

use std::ops::Range;
use std::sync::LazyLock;

use base64::engine::general_purpose::NO_PAD;
use base64::{DecodeError, DecodeSliceError, Engine as _};

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Fast = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Fast = base64::engine::GeneralPurpose;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn fast() -> Fast {
    Fast::url_safe(NO_PAD)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn fast() -> Fast {
    Fast::new(&base64::alphabet::URL_SAFE, NO_PAD)
}

static ENGINE: LazyLock<Fast> = LazyLock::new(fast);

/// The bytes of `text`.
///
/// # Errors
/// When it is not base64url without padding, canonical to the last bit.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = vec![0; text.len() / 4 * 3 + 3];
    match ENGINE.decode_slice(text, &mut bytes) {
        Ok(length) => {
            bytes.truncate(length);
            Ok(bytes)
        }
        Err(DecodeSliceError::DecodeError(error)) => Err(error),
        // There is room for all of it.
        Err(DecodeSliceError::OutputSliceTooSmall) => Err(DecodeError::InvalidLength(text.len())),
    }
}

/// Where in a text stands what stands for these bytes of a part alone, whose base64url begins at `part`.
pub fn encoded_at(part: usize, bytes: &Range<usize>) -> Range<usize> {
    // Four characters stand for three bytes.
    part.saturating_add(bytes.start.div_ceil(3) * 4)..part.saturating_add(bytes.end / 3 * 4)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_says_what_the_plain_engine_says(
            text in prop::collection::vec(prop_oneof![8 => prop::sample::select(&b"AZaz09-_"[..]), 1 => any::<u8>()], 0..300),
            clean in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            prop_assert_eq!(decode(&text), URL_SAFE_NO_PAD.decode(&text));
            let encoded = URL_SAFE_NO_PAD.encode(&clean);
            prop_assert_eq!(decode(encoded.as_bytes()), Ok(clean));
        }
    }
}
