//! How names of secrets end, for those who mask them.

/// Ends of names that carry a secret, in lower case and without hyphens, underscores and points: `NewPassword`,
/// `userPassword`, `appClientSecret`.
pub const ENDINGS: [&str; 13] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "authtoken",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "sessionkey",
];

/// Letters and digits of the longest of them.
const LONGEST: usize = 12;

/// Whether a name, however it is written (capitals, hyphens, underscores, points), ends in one of them.
pub fn promise(name: &str) -> bool {
    let mut end = [0; LONGEST];
    let mut at = LONGEST;
    for letter in name.chars().rev().filter(|letter| letter.is_alphanumeric()).take(LONGEST) {
        at -= 1;
        // No ending holds a letter that is not ASCII.
        end[at] = u8::try_from(letter).map_or(0, |byte| byte.to_ascii_lowercase());
    }
    // How they end: most names differ there.
    matches!(end[LONGEST - 1], b'd' | b'e' | b'n' | b't' | b'y')
        && ENDINGS.iter().any(|ending| end[at..].ends_with(ending.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_they_are_written() {
        for ending in ENDINGS {
            assert!(ending.len() <= LONGEST, "{ending}");
            assert!(promise(ending), "{ending}");
            let odd: String =
                ending.to_uppercase().chars().flat_map(|letter| [letter, '_', '-', '.']).collect();
            assert!(promise(&odd) && promise(&format!("\u{e9}\u{4e00}user{odd}")), "{odd}");
            assert!(!promise(&format!("{ending}s")) && !promise(&format!("{ending}\u{e9}")), "{ending}");
        }
        assert!(!promise("") && !promise("-_.") && !promise("d") && !promise("secre\u{54}\u{301}\u{4e00}"));
    }
}
