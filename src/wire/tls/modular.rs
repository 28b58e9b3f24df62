//! Takes a base, an exponent and an odd modulus, gives the power (Montgomery's multiplication).
//!
//! Only for RSA keys of sizes that the cryptographic library refuses, which old captures need. It does
//! not hide its timing: it decrypts an analyst's own recordings.

/// Little-endian limbs.
type Limbs = Vec<u64>;

fn limbs(bytes: &[u8], count: usize) -> Limbs {
    let mut out = vec![0; count];
    for (index, byte) in bytes.iter().rev().enumerate() {
        if let Some(limb) = out.get_mut(index / 8) {
            *limb |= u64::from(*byte) << (index % 8 * 8);
        }
    }
    out
}

fn not_less(a: &[u64], b: &[u64]) -> bool {
    a.iter().rev().cmp(b.iter().rev()).is_ge()
}

fn subtract(a: &mut [u64], b: &[u64]) {
    let mut borrow = false;
    for (a, b) in a.iter_mut().zip(b) {
        let (first, under) = a.overflowing_sub(*b);
        let (second, under_too) = first.overflowing_sub(u64::from(borrow));
        *a = second;
        borrow = under || under_too;
    }
}

/// `a * b / R mod n` with R = 2^(64 * limbs).
fn multiply(a: &[u64], b: &[u64], n: &[u64], inverse: u64) -> Limbs {
    let count = n.len();
    let mut sum = vec![0_u64; count + 2];
    for &digit in a {
        add_product(&mut sum, digit, b);
        let factor = sum.first().map_or(0, |low| low.wrapping_mul(inverse));
        add_product(&mut sum, factor, n);
        sum.rotate_left(1);
        if let Some(top) = sum.last_mut() {
            *top = 0;
        }
    }
    let over = sum.get(count).is_some_and(|&top| top != 0);
    sum.truncate(count);
    if over || not_less(&sum, n) {
        subtract(&mut sum, n);
    }
    sum
}

/// Adds `digit * b` to `sum`, which has two limbs more than `b`.
fn add_product(sum: &mut [u64], digit: u64, b: &[u64]) {
    let mut carry = 0_u128;
    let digits = b.iter().copied().chain([0, 0]);
    for (to, b) in sum.iter_mut().zip(digits) {
        let total = u128::from(*to) + u128::from(digit) * u128::from(b) + carry;
        *to = total as u64;
        carry = total >> 64;
    }
}

/// `base ^ exponent mod modulus`, all big-endian; as long as the modulus.
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    let count = modulus.len().div_ceil(8);
    let n = limbs(modulus, count);
    let low = *n.first()?;
    if low & 1 == 0 || base.len() > modulus.len() {
        return None;
    }
    let base = limbs(base, count);
    if not_less(&base, &n) {
        return None;
    }
    // Newton's iteration doubles the right bits: 5 of them make 64 out of 3.
    let inverse = (0..6).fold(low, |x, _| x.wrapping_mul(2_u64.wrapping_sub(low.wrapping_mul(x))));
    let inverse = inverse.wrapping_neg();
    let one = limbs(&[1], count);
    let square_of_r = (0..128 * count).fold(one.clone(), |value, _| double(value, &n));
    let base = multiply(&base, &square_of_r, &n, inverse);
    let mut result = multiply(&one, &square_of_r, &n, inverse);
    for byte in exponent {
        for bit in (0..8).rev() {
            result = multiply(&result, &result, &n, inverse);
            if byte >> bit & 1 == 1 {
                result = multiply(&result, &base, &n, inverse);
            }
        }
    }
    let result = multiply(&result, &one, &n, inverse);
    let bytes: Vec<u8> = result.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    bytes.get(bytes.len().checked_sub(modulus.len())?..).map(<[u8]>::to_vec)
}

fn double(mut value: Limbs, n: &[u64]) -> Limbs {
    let mut carry = 0;
    for limb in &mut value {
        let top = *limb >> 63;
        *limb = *limb << 1 | carry;
        carry = top;
    }
    if carry == 1 || not_less(&value, n) {
        subtract(&mut value, n);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_powers_are_right() {
        // 65537 is prime, so 3^65536 = 1 (Fermat); 2^89-1 is prime too.
        assert_eq!(power(&[3], &[1, 0, 0], &[1, 0, 1]), Some(vec![0, 0, 1]));
        let mersenne = ((1_u128 << 89) - 1).to_be_bytes();
        let exponent = ((1_u128 << 89) - 2).to_be_bytes();
        let one = power(&[7], &exponent, &mersenne).unwrap();
        assert_eq!(one.iter().rev().skip(1).find(|&&byte| byte != 0), None);
        assert_eq!(one.last(), Some(&1));
        assert_eq!(power(&[200], &[2], &[251]), Some(vec![u8::try_from(200 * 200 % 251).unwrap()]));
    }

    #[test]
    fn an_even_modulus_or_too_large_a_base_gives_nothing() {
        assert_eq!(power(&[2], &[2], &[250]), None);
        assert_eq!(power(&[252], &[2], &[251]), None);
        assert_eq!(power(&[], &[], &[]), None);
    }
}
