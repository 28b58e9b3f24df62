//! Takes a sentence with PowerShell commands in it, gives each command a line of its own, so that it can be
//! copied whole.
//!
//! A command is a cmdlet's name (`Verb-Noun`) with at least one argument, or one that a semicolon ends; a cmdlet
//! that is only mentioned stays in its sentence. A line of script is a command as a whole.

const VERBS: [&str; 17] = [
    "Add", "Connect", "Disable", "Enable", "Export", "Get", "Import", "Install", "Invoke", "New", "Remove",
    "Restart", "Select", "Set", "Start", "Test", "Update",
];

/// A part of a text of help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Sentences.
    Prose(String),
    /// One command, to be copied.
    Command(String),
}

/// The text with its commands on indented lines. Texts that are laid out already stay as they are.
pub fn apart(text: &str) -> String {
    if text.contains("\n ") {
        return text.to_owned();
    }
    let line = |part| match part {
        Part::Prose(text) => text,
        Part::Command(text) => format!("  {text}"),
    };
    text.split('\n').flat_map(paragraph).map(line).collect::<Vec<_>>().join("\n")
}

/// The parts of a text, in order.
pub fn parts(text: &str) -> Vec<Part> {
    let laid_out = text.contains("\n ");
    let line = |line: &str| match (laid_out, line.strip_prefix(' ')) {
        (true, Some(command)) => vec![Part::Command(command.trim().to_owned())],
        (true, None) => vec![Part::Prose(line.to_owned())],
        (false, _) => paragraph(line),
    };
    let all = text.split('\n').flat_map(line);
    all.filter(|part| !matches!(part, Part::Prose(text) | Part::Command(text) if text.is_empty())).collect()
}

fn paragraph(text: &str) -> Vec<Part> {
    if is_script(text) {
        return vec![Part::Command(text.to_owned())];
    }
    let words: Vec<&str> = text.split(' ').collect();
    let mut parts: Vec<Part> = Vec::new();
    let mut sentence: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let length = command(words.get(at..).unwrap_or_default());
        // Only at the beginning of a sentence is a lone cmdlet one that is typed.
        let begins = sentence.last().is_none_or(|last| last.ends_with(['.', ':', ';']));
        if length < 2 && !(length == 1 && begins && word.ends_with(';')) {
            sentence.push(word);
            at += 1;
            continue;
        }
        if !sentence.is_empty() {
            parts.push(Part::Prose(std::mem::take(&mut sentence).join(" ")));
        }
        let command = words.get(at..at + length).unwrap_or_default().join(" ");
        parts.push(Part::Command(command.trim_end_matches(['.', ';', ',', ':']).to_owned()));
        at += length;
    }
    if !sentence.is_empty() {
        parts.push(Part::Prose(sentence.join(" ")));
    }
    parts
}

/// Whether a line is typed as it stands: it assigns, comments, or calls .NET.
fn is_script(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    let commented = line.contains(" # ") && (is_cmdlet(first) || first == "iisreset");
    commented
        || line.starts_with('#')
        || line.starts_with('[')
        || (line.starts_with('$') && line.contains('='))
}

/// How many words from here on are one command; 0 when the first is no cmdlet.
fn command(words: &[&str]) -> usize {
    let native = words.first() == Some(&"w32tm") && words.get(1).is_some_and(|word| word.starts_with('/'));
    if !native && !words.first().is_some_and(|word| is_cmdlet(word)) {
        return 0;
    }
    let (mut length, mut quotes, mut open, mut value_due) = (0, 0, 0_usize, false);
    for word in words {
        let inside = quotes % 2 == 1 || open > 0;
        let argument = word.starts_with(['-', '$', '<', '"', '|', '\'', '{', '@', '/']);
        let joined = length > 0 && words.get(length - 1).is_some_and(|last| *last == "|");
        if length > 0 && !inside && !argument && !value_due && !joined {
            break;
        }
        length += 1;
        quotes += word.matches('"').count();
        // A placeholder of several words: <linked account>.
        open = (open + word.matches('<').count()).saturating_sub(word.matches('>').count());
        // Parameters take a value, and so does a cmdlet behind a pipe (`| Format-List Name`).
        value_due = (word.starts_with('-') && length > 1) || joined;
        if quotes % 2 == 0 && open == 0 && word.ends_with(['.', ';', ',', ':']) {
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
    use super::{Part, apart, parts};

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

    #[test]
    fn placeholders_of_several_words_stay_whole() {
        assert_eq!(
            apart(
                "No right. Get-AcceptedDomain; Get-ManagementRoleAssignment -RoleAssignee <linked account>; w32tm /resync"
            ),
            "No right.\n  Get-AcceptedDomain\n  Get-ManagementRoleAssignment -RoleAssignee <linked account>\n  w32tm /resync"
        );
    }

    #[test]
    fn a_line_of_script_is_one_command() {
        let script =
            "$p = Get-Item \"a\"; Set-Item -Path $p # after Connect-MgGraph -Scopes All; also 50.ps1";
        assert_eq!(apart(script), format!("  {script}"));
        let two = format!("Export it:\n{script}");
        let whole = [Part::Prose("Export it:".into()), Part::Command(script.into())];
        assert_eq!(parts(&two), whole);
        assert_eq!(parts("Run:\n  Get-AuthServer -Identity x").len(), 2);
    }
}
