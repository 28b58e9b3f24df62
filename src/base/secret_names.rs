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

/// Whether a name, written so, ends in one of them.
pub fn promise(plain: &str) -> bool {
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a name does as somebody wrote it, with capitals, hyphens, underscores and points.
pub fn promised_by(name: &str) -> bool {
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
            assert!(promise(ending) && promised_by(ending), "{ending}");
            let odd: String =
                ending.to_uppercase().chars().flat_map(|letter| [letter, '_', '-', '.']).collect();
            assert!(promised_by(&odd) && promised_by(&format!("\u{e9}\u{4e00}user{odd}")), "{odd}");
            assert!(
                !promised_by(&format!("{ending}s")) && !promised_by(&format!("{ending}\u{e9}")),
                "{ending}"
            );
        }
        assert!(
            !promised_by("")
                && !promised_by("-_.")
                && !promised_by("d")
                && !promised_by("secre\u{54}\u{301}\u{4e00}")
        );
    }
}
