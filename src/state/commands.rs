//! Takes the text of a `.ps1` that somebody is about to run, gives its commands with their arguments.
//!
//! Not PowerShell: only as much of its lexer (about_Parsing, about_Quoting_Rules) as a checker needs to see which
//! cmdlets run with which values. Variables that are assigned a plain value are followed; nothing is evaluated.

use std::collections::HashMap;

use super::object::Kind;

/// One command of a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Cmdlet name as written.
    pub name: String,
    /// Parameters in their order, names without the dash. A switch has no value; a value without a parameter has an
    /// empty name.
    pub arguments: Vec<(String, Option<String>)>,
    /// Line number, from 1.
    pub line: usize,
}

impl Command {
    /// Whether the cmdlet is `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether the parameter is there. PowerShell takes unambiguous beginnings; four letters are asked for here.
    pub fn has(&self, parameter: &str) -> bool {
        self.arguments.iter().any(|(name, _)| is_parameter(name, parameter))
    }

    /// The parameter's value.
    pub fn value(&self, parameter: &str) -> Option<&str> {
        self.arguments.iter().find(|(name, _)| is_parameter(name, parameter))?.1.as_deref()
    }

    /// Whether the cmdlet belongs to the procedure: it shows or changes something that the integration is made of.
    /// Prose has words with a dash too, and other scripts have other cmdlets.
    pub fn is_of_procedure(&self) -> bool {
        let name: String =
            self.name.chars().map(|letter| if DASHES.contains(&letter) { '-' } else { letter }).collect();
        let Some((verb, noun)) = name.split_once('-') else { return false };
        let one_of = |words: &[&str], word: &str| words.iter().any(|own| own.eq_ignore_ascii_case(word));
        (one_of(&LOOKING, verb) || one_of(&CHANGING, verb))
            && (one_of(&NOUNS, noun) || Kind::of_cmdlet(&name).is_some())
    }

    /// Whether it is a step of the procedure, not only a look at what there is.
    pub fn is_step(&self) -> bool {
        let verb = self.name.split(DASHES).next().unwrap_or_default();
        self.is_of_procedure() && !LOOKING.iter().any(|own| own.eq_ignore_ascii_case(verb))
    }
}

/// Verbs of cmdlets that change nothing.
const LOOKING: [&str; 3] = ["Get", "Connect", "Test"];

/// Verbs of the others.
const CHANGING: [&str; 9] =
    ["New", "Set", "Update", "Add", "Remove", "Enable", "Disable", "Import", "Export"];

/// What the procedure deals with, besides that whose state is looked at.
const NOUNS: [&str; 11] = [
    "ManagementRole",
    "ManagementRoleEntry",
    "User",
    "PfxCertificate",
    "MsolService",
    "MgGraph",
    "AzureAD",
    "ExchangeOnline",
    "AzureADServicePrincipal",
    "AzureADServicePrincipalKeyCredential",
    "MgApplication",
];

fn is_parameter(written: &str, whole: &str) -> bool {
    written.eq_ignore_ascii_case(whole)
        || written.len() >= 4
            && whole.get(..written.len()).is_some_and(|start| start.eq_ignore_ascii_case(written))
}

/// What a checker sees in a script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// Its commands, in the order of the text.
    pub commands: Vec<Command>,
    /// String values that variables were assigned, last one wins; names in lower case.
    pub variables: HashMap<String, String>,
    /// Lines that hold typographic dashes or quotes outside of comments.
    pub typographic: Vec<usize>,
    /// Lines that compare with `-match` against a variable, and the variable.
    pub matches: Vec<(usize, String)>,
    /// Every string literal, with its line.
    pub literals: Vec<(usize, String)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    Text(String),
    Variable(String),
    Break,
    Assign,
    Open,
    Close,
}

const SINGLE: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
const DOUBLE: [char; 4] = ['"', '\u{201c}', '\u{201d}', '\u{201e}'];
const DASHES: [char; 4] = ['-', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Reads a script. Never fails: what is not understood is no command.
pub fn read(text: &str) -> Script {
    let mut script = Script::default();
    let tokens = lex(text, &mut script);
    let mut at = 0;
    while at < tokens.len() {
        at = statement(&tokens, at, &mut script);
    }
    script
}

/// Takes one statement or the next part of one, gives the index after it.
fn statement(tokens: &[(Token, usize)], at: usize, script: &mut Script) -> usize {
    let Some((token, line)) = tokens.get(at) else { return at + 1 };
    match token {
        Token::Variable(name) if matches!(tokens.get(at + 1), Some((Token::Assign, _))) => {
            let value = match tokens.get(at + 2) {
                Some((Token::Text(text), _)) => Some(text.clone()),
                Some((Token::Word(word), _)) if !is_cmdlet(word) => Some(word.clone()),
                Some((Token::Variable(other), _)) => {
                    script.variables.get(&other.to_ascii_lowercase()).cloned()
                }
                _ => None,
            };
            let ends = matches!(tokens.get(at + 3), None | Some((Token::Break | Token::Close, _)));
            if let Some(value) = value.filter(|_| ends) {
                script.variables.insert(name.to_ascii_lowercase(), value);
                return at + 3;
            }
            at + 2
        }
        Token::Word(word) if is_cmdlet(word) => command(word, *line, tokens, at + 1, script),
        _ => at + 1,
    }
}

fn command(name: &str, line: usize, tokens: &[(Token, usize)], mut at: usize, script: &mut Script) -> usize {
    let mut arguments: Vec<(String, Option<String>)> = Vec::new();
    let mut depth = 0usize;
    while let Some((token, _)) = tokens.get(at) {
        let resolve = |name: &str| {
            script.variables.get(&name.to_ascii_lowercase()).cloned().unwrap_or_else(|| format!("${name}"))
        };
        let value = match token {
            Token::Break => break,
            Token::Close if depth == 0 => break,
            Token::Close => {
                depth -= 1;
                None
            }
            // A sub-expression is a value that is not known here; commands in it are read on their own.
            Token::Open => {
                if let Some((_, value @ None)) = arguments.last_mut() {
                    *value = Some("$(…)".into());
                }
                depth += 1;
                let inner = at + 1;
                if matches!(tokens.get(inner), Some((Token::Word(word), _)) if is_cmdlet(word)) {
                    at = statement(tokens, inner, script);
                    continue;
                }
                None
            }
            Token::Word(word) if word.starts_with(DASHES) && depth == 0 => {
                let written = word.trim_start_matches(DASHES);
                let (parameter, value) = match written.split_once(':') {
                    Some((parameter, value)) => (parameter, Some(value.to_owned())),
                    None => (written, None),
                };
                arguments.push((parameter.to_owned(), value.filter(|value| !value.is_empty())));
                None
            }
            Token::Word(word) | Token::Text(word) => Some(word.clone()),
            Token::Variable(name) => Some(resolve(name)),
            Token::Assign => None,
        };
        if let (Some(value), 0) = (value, depth) {
            match arguments.last_mut() {
                Some((_, slot @ None)) => *slot = Some(value),
                _ => arguments.push((String::new(), Some(value))),
            }
        }
        at += 1;
    }
    script.commands.push(Command { name: name.to_owned(), arguments, line });
    at
}

/// `Verb-Noun`, with any of the dashes that copying makes.
fn is_cmdlet(word: &str) -> bool {
    let mut parts = word.splitn(2, DASHES);
    let (Some(verb), Some(noun)) = (parts.next(), parts.next()) else { return false };
    let letters = |part: &str| part.chars().all(|letter| letter.is_ascii_alphanumeric());
    verb.len() > 1
        && noun.len() > 1
        && verb.chars().all(|letter| letter.is_ascii_alphabetic())
        && letters(noun)
        && noun.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

fn lex(text: &str, script: &mut Script) -> Vec<(Token, usize)> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    let odd = |line: usize, script: &mut Script| {
        if script.typographic.last() != Some(&line) {
            script.typographic.push(line);
        }
    };
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied().unwrap_or('\n');
        match letter {
            '\n' | ';' | '|' | '{' | '}' => {
                tokens.push((Token::Break, line));
                line += usize::from(letter == '\n');
                at += 1;
            }
            '`' if next == '\n' || next == '\r' => {
                at += if next == '\r' { 3 } else { 2 };
                line += 1;
            }
            '#' => at = skip_to(&letters, at, "\n"),
            '<' if next == '#' => {
                let end = skip_to(&letters, at, "#>");
                line +=
                    letters.get(at..end).unwrap_or_default().iter().filter(|letter| **letter == '\n').count();
                at = end + 2;
            }
            '(' => {
                tokens.push((Token::Open, line));
                at += 1;
            }
            ')' => {
                tokens.push((Token::Close, line));
                at += 1;
            }
            '=' => {
                tokens.push((Token::Assign, line));
                at += 1;
            }
            letter if SINGLE.contains(&letter) || DOUBLE.contains(&letter) => {
                let kind: &[char] = if SINGLE.contains(&letter) { &SINGLE } else { &DOUBLE };
                if !letter.is_ascii() {
                    odd(line, script);
                }
                let (value, end) = quoted(&letters, at + 1, kind);
                script.literals.push((line, value.clone()));
                let lines =
                    letters.get(at..end).unwrap_or_default().iter().filter(|letter| **letter == '\n').count();
                tokens.push((Token::Text(value), line));
                line += lines;
                at = end;
            }
            '$' if next.is_ascii_alphabetic() || next == '_' => {
                let end = word_end(&letters, at + 1, |letter| {
                    letter.is_ascii_alphanumeric() || "_:.".contains(letter)
                });
                tokens.push((
                    Token::Variable(letters.get(at + 1..end).unwrap_or_default().iter().collect()),
                    line,
                ));
                at = end;
            }
            letter if letter.is_whitespace() || ",@[]&".contains(letter) => at += 1,
            _ => {
                let end = word_end(&letters, at, |letter| {
                    !letter.is_whitespace()
                        && !";|{}()=,#".contains(letter)
                        && !SINGLE.contains(&letter)
                        && !DOUBLE.contains(&letter)
                });
                let end = end.max(at + 1);
                let word: String = letters.get(at..end).unwrap_or_default().iter().collect();
                if word.chars().any(|letter| letter != '-' && DASHES.contains(&letter)) {
                    odd(line, script);
                }
                if word.eq_ignore_ascii_case("-match") {
                    let rest: String = letters.get(end..).unwrap_or_default().iter().take(80).collect();
                    if let Some(name) = rest.trim_start().strip_prefix('$') {
                        let name = name
                            .chars()
                            .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                            .collect();
                        script.matches.push((line, name));
                    }
                }
                tokens.push((Token::Word(word), line));
                at = end;
            }
        }
    }
    tokens
}

fn skip_to(letters: &[char], from: usize, mark: &str) -> usize {
    let mark: Vec<char> = mark.chars().collect();
    let rest = letters.get(from..).unwrap_or_default();
    rest.windows(mark.len()).position(|window| window == mark).map_or(letters.len(), |at| from + at)
}

fn word_end(letters: &[char], from: usize, inside: impl Fn(char) -> bool) -> usize {
    let rest = letters.get(from..).unwrap_or_default();
    from + rest.iter().position(|letter| !inside(*letter)).unwrap_or(rest.len())
}

/// The text of a quoted string that begins at `from`, and the index after its closing quote.
fn quoted(letters: &[char], mut from: usize, kind: &[char]) -> (String, usize) {
    let mut text = String::new();
    while let Some(&letter) = letters.get(from) {
        from += 1;
        if kind.contains(&letter) {
            match letters.get(from) {
                Some(again) if kind.contains(again) => from += 1,
                _ => break,
            }
        }
        text.push(letter);
    }
    (text, from)
}

/// For fuzzing: any text as a script.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    read(&String::from_utf8_lossy(data));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_from_looks_and_from_other_cmdlets() {
        let told = |name: &str| {
            let command = Command { name: name.into(), arguments: Vec::new(), line: 1 };
            (command.is_of_procedure(), command.is_step())
        };
        for step in
            ["Set-AuthConfig", "new-partnerapplication", "Update-MgServicePrincipal", "Set\u{2013}AuthServer"]
        {
            assert_eq!(told(step), (true, true), "{step}");
        }
        for look in ["Get-AuthConfig", "Connect-MgGraph", "Test-OAuthConnectivity"] {
            assert_eq!(told(look), (true, false), "{look}");
        }
        for other in ["Set-Something", "Write-Host", "Frob-AuthConfig", "Get-", "AuthConfig"] {
            assert_eq!(told(other), (false, false), "{other}");
        }
    }
    use proptest::prelude::*;

    #[test]
    fn commands_of_the_page_are_seen_with_their_values() {
        let script = read(
            "Connect-MsolService\nImport-Module MSOnline # retired\n$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric `\n  -Usage Verify -Value $credValue\n",
        );
        let names: Vec<_> = script.commands.iter().map(|command| command.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Connect-MsolService",
                "Import-Module",
                "Get-MsolServicePrincipal",
                "New-MsolServicePrincipalCredential"
            ]
        );
        assert_eq!(
            script.commands[2].value("ServicePrincipalName"),
            Some("00000004-0000-0ff1-ce00-000000000000")
        );
        assert_eq!(script.commands[3].value("usage"), Some("Verify"));
        assert_eq!(script.commands[3].line, 5);
    }

    #[test]
    fn pipelines_blocks_and_sub_expressions_are_followed() {
        let script = read(
            "$oAuthCert = (dir Cert:\\LocalMachine\\My) | where {$_.Thumbprint -match $thumbprint}\nSet-MailUser -Identity (Get-MailUser x).Identity -HiddenFromAddressListsEnabled $True\n",
        );
        assert_eq!(script.matches, [(1, "thumbprint".to_owned())]);
        assert!(script.commands.iter().any(|command| command.is("Get-MailUser")));
        let set = script.commands.iter().find(|command| command.is("Set-MailUser")).unwrap();
        assert!(set.has("HiddenFromAddressListsEnabled"));
    }

    #[test]
    fn typographic_characters_are_noticed_by_line() {
        let script = read("# it’s a comment\nNew–PartnerApplication –Name ‘x’\n");
        assert_eq!(script.typographic, [2]);
        assert!(script.commands[0].has("Name"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), more in "[-$(){}'\"`|;=\nA-z ]{0,200}") {
            let _ = read(&text);
            let _ = read(&more);
        }
    }
}
