//! Takes a sentence with PowerShell commands in it, gives each command a line of its own, so that it can be
//! copied whole.
//!
//! A command is a cmdlet's name (`Verb-Noun`) with at least one argument; a cmdlet that is only mentioned
//! stays in its sentence.

const VERBS: [&str; 16] = [
    "Add", "Connect", "Disable", "Enable", "Export", "Get", "Import", "Install", "Invoke", "New", "Remove",
    "Restart", "Select", "Set", "Test", "Update",
];

/// The text with its commands on indented lines. Texts that are laid out already stay as they are.
pub fn apart(text: &str) -> String {
    if text.contains("\n ") {
        return text.to_owned();
    }
    text.split('\n').map(paragraph).collect::<Vec<_>>().join("\n")
}

fn paragraph(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut lines: Vec<String> = Vec::new();
    let mut sentence: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let length = command(words.get(at..).unwrap_or_default());
        if length < 2 {
            sentence.push(word);
            at += 1;
            continue;
        }
        if !sentence.is_empty() {
            lines.push(std::mem::take(&mut sentence).join(" "));
        }
        let command = words.get(at..at + length).unwrap_or_default().join(" ");
        lines.push(format!("  {}", command.trim_end_matches(['.', ';', ',', ':'])));
        at += length;
    }
    if !sentence.is_empty() {
        lines.push(sentence.join(" "));
    }
    lines.join("\n")
}

/// How many words from here on are one command; 0 when the first is no cmdlet.
fn command(words: &[&str]) -> usize {
    if !words.first().is_some_and(|word| is_cmdlet(word)) {
        return 0;
    }
    let (mut length, mut quotes, mut value_due) = (0, 0, false);
    for word in words {
        let inside = quotes % 2 == 1;
        let argument = word.starts_with(['-', '$', '<', '"', '|', '\'', '{', '@']);
        let joined = length > 0 && words.get(length - 1).is_some_and(|last| *last == "|");
        if length > 0 && !inside && !argument && !value_due && !joined {
            break;
        }
        length += 1;
        quotes += word.matches('"').count();
        // Parameters take a value, and so does a cmdlet behind a pipe (`| Format-List Name`).
        value_due = (word.starts_with('-') && length > 1) || joined;
        if quotes % 2 == 0 && word.ends_with(['.', ';', ',', ':']) {
            break;
        }
    }
    length
}

fn is_cmdlet(word: &str) -> bool {
    word.split_once('-').is_some_and(|(verb, noun)| {
        VERBS.contains(&verb) && noun.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn commands_stand_alone_and_whole() {
        assert_eq!(
            apart(
                "Switch it off: Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" -BasicAuthentication $false. Change the password."
            ),
            "Switch it off:\n  Set-WebServicesVirtualDirectory -Identity \"<server>\\EWS (Default Web Site)\" -BasicAuthentication $false\nChange the password."
        );
        assert_eq!(
            apart("look: Get-Recipient <address>; Get-User <upn>; then check"),
            "look:\n  Get-Recipient <address>\n  Get-User <upn>\nthen check"
        );
        assert_eq!(
            apart("Run Get-AuthServer | Format-List Name,Realm and compare"),
            "Run\n  Get-AuthServer | Format-List Name,Realm\nand compare"
        );
    }

    #[test]
    fn a_mentioned_cmdlet_stays_in_its_sentence() {
        let text = "Get-PartnerApplication must still list it as enabled.";
        assert_eq!(apart(text), text);
        let text = "Run:\n  Get-AuthServer -Identity x";
        assert_eq!(apart(text), text);
    }
}
