//! Takes 64 bytes, gives where among them a byte stands, one bit for each.
//!
//! One look tells of all places in the block, where a search must begin anew behind each: this pays where what is
//! looked for stands closer together than some dozen bytes (Langdale and Lemire, "Parsing Gigabytes of JSON per
//! Second", 2019, part 3.1).

use wide::u8x16;

/// Bytes that are looked at together.
pub const SIZE: usize = 64;

/// Bytes to look at.
#[derive(Clone, Copy)]
pub struct Block([u8x16; 4]);

impl Block {
    /// The block that begins at `at`; zeros stand behind the end of `bytes`.
    #[inline]
    pub fn at(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some(block) = rest.first_chunk::<SIZE>() {
            return Self::of(block);
        }
        let mut block = [0; SIZE];
        if let Some(room) = block.get_mut(..rest.len()) {
            room.copy_from_slice(rest);
        }
        Self::of(&block)
    }

    /// These bytes.
    #[inline]
    pub fn of(bytes: &[u8; SIZE]) -> Self {
        let (parts, _) = bytes.as_chunks::<16>();
        Self(std::array::from_fn(|index| u8x16::from(parts.get(index).copied().unwrap_or_default())))
    }

    /// Where `byte` stands: the lowest bit belongs to the first byte.
    #[inline]
    pub fn places(&self, byte: u8) -> u64 {
        let wanted = u8x16::splat(byte);
        let [a, b, c, d] = self.0.map(|part| u64::from(part.simd_eq(wanted).to_bitmask()));
        a | b << 16 | c << 32 | d << 48
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_place_of_a_byte_is_told(bytes in prop::collection::vec(0_u8..4, 0..200), at in 0_usize..210) {
            let places = Block::at(&bytes, at).places(1);
            for index in 0..SIZE {
                prop_assert_eq!(places >> index & 1 == 1, bytes.get(at + index) == Some(&1));
            }
        }
    }
}
