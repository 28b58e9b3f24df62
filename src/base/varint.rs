//! Takes numbers that are mostly small, gives few bytes: seven bits in each, the lowest first, the highest bit set in all
//! but the last.

/// Writes a number to the end of `out`.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number from the front of `bytes`; `None` where none is whole.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(prop_oneof![any::<u64>(), 0..300_u64], 0..20), cut in 0_usize..40) {
            let mut out = Vec::new();
            numbers.iter().for_each(|number| put(&mut out, *number));
            let mut rest = &out[..];
            for number in &numbers {
                prop_assert_eq!(take(&mut rest), Some(*number));
            }
            prop_assert_eq!(take(&mut rest), None);
            let mut cut = &out[..out.len().saturating_sub(cut)];
            let read = std::iter::from_fn(|| take(&mut cut)).collect::<Vec<_>>();
            prop_assert!(numbers.starts_with(&read));
        }
    }

    #[test]
    fn a_number_that_does_not_end_is_none() {
        assert_eq!(take(&mut &[0xff; 20][..]), None);
    }
}
