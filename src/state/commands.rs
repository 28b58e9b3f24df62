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

    /// Whether it takes arguments from a variable (`@name`) whose members are not known, so that nothing can be said to
    /// be left out.
    pub fn is_open(&self) -> bool {
        self.arguments.iter().any(|(name, value)| name.starts_with('@') && value.is_none())
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
    /// Members of the hashtables that variables were assigned; names in lower case. They are arguments where a command
    /// takes them as `@name` (about_Splatting).
    pub tables: HashMap<String, Vec<(String, Option<String>)>>,
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
    /// Text in double quotes, in which variables are replaced.
    Expandable(String),
    Variable(String),
    /// `@name`
    Splat(String),
    Break,
    Assign,
    Open,
    Close,
    /// `{`
    Enter,
    /// `@{`
    Table,
    /// `}`
    Leave,
}

impl Token {
    /// Whether a command ends there.
    const fn ends(&self) -> bool {
        matches!(self, Self::Break | Self::Enter | Self::Table | Self::Leave)
    }
}

impl Script {
    /// What a token says as a value; a variable that is not known stays as it is written.
    fn value(&self, token: &Token) -> Option<String> {
        match token {
            Token::Word(text) | Token::Text(text) => Some(text.clone()),
            Token::Expandable(text) => Some(self.expanded(text)),
            Token::Variable(name) => Some(
                self.variables.get(&name.to_ascii_lowercase()).cloned().unwrap_or_else(|| format!("${name}")),
            ),
            _ => None,
        }
    }

    /// A text with the variables in it that are known; the others stay as they are written.
    fn expanded(&self, text: &str) -> String {
        let mut whole = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            whole.push_str(before);
            let inner = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let end = after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let (name, next) = inner.unwrap_or_else(|| after.split_at(end.unwrap_or(after.len())));
            match self.variables.get(&name.to_ascii_lowercase()).filter(|_| !name.is_empty()) {
                Some(value) => {
                    whole.push_str(value);
                    rest = next;
                }
                None => {
                    whole.push('$');
                    rest = after;
                }
            }
        }
        whole.push_str(rest);
        whole
    }

    /// Notes a member that a table gets after it was made: `$name.Member = …`, `$name['Member'] = …`.
    fn member(&mut self, table: &str, member: &str, value: Option<String>) {
        if let Some(members) = self.tables.get_mut(&table.to_ascii_lowercase()) {
            members.retain(|(own, _)| !own.eq_ignore_ascii_case(member));
            members.push((member.to_owned(), value.or_else(|| Some("$(…)".into()))));
        }
    }
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
    let is = |at: usize, wanted: &Token| tokens.get(at).is_some_and(|(token, _)| token == wanted);
    match token {
        Token::Variable(name) if is(at + 1, &Token::Assign) && is(at + 2, &Token::Table) => {
            let (members, end) = table(tokens, at + 3, script);
            script.tables.insert(name.to_ascii_lowercase(), members);
            end
        }
        Token::Variable(name) if is(at + 1, &Token::Assign) => {
            let value = match tokens.get(at + 2) {
                Some((Token::Word(word), _)) if is_cmdlet(word) => None,
                Some((Token::Variable(other), _)) => {
                    script.variables.get(&other.to_ascii_lowercase()).cloned()
                }
                Some((token, _)) => script.value(token),
                None => None,
            };
            let ends = tokens.get(at + 3).is_none_or(|(token, _)| token.ends() || *token == Token::Close);
            let value = value.filter(|_| ends);
            if let Some((table, member)) = name.split_once('.') {
                // Of a variable that is not known its name is what can be said: `$true`.
                let named = tokens.get(at + 2).and_then(|(token, _)| script.value(token)).filter(|_| ends);
                script.member(table, member, named.filter(|word| !is_cmdlet(word)));
            }
            if let Some(value) = value {
                script.variables.insert(name.to_ascii_lowercase(), value);
                return at + 3;
            }
            at + 2
        }
        Token::Variable(name) => {
            // `$name['Member'] = …`; brackets are no tokens. `$name.Add('Member', …)`
            let (table, from) = match name.rsplit_once('.') {
                Some((table, method)) if method.eq_ignore_ascii_case("add") && is(at + 1, &Token::Open) => {
                    (table, at + 2)
                }
                _ => (name.as_str(), at + 1),
            };
            let added = from > at + 1;
            if let Some((Token::Text(member) | Token::Expandable(member), _)) = tokens.get(from)
                && (added || is(from + 1, &Token::Assign))
            {
                let value = tokens.get(from + 2 - usize::from(added));
                let value = value.and_then(|(token, _)| script.value(token));
                script.member(table, member, value.filter(|word| !is_cmdlet(word)));
                return from + 1;
            }
            at + 1
        }
        Token::Word(word) if is_cmdlet(word) => command(word, *line, tokens, at + 1, script),
        _ => at + 1,
    }
}

/// Takes the inside of `@{ … }`, gives its members and the index after its end. A member whose value is more than one
/// word has one that is not known; commands in values are read on their own.
fn table(
    tokens: &[(Token, usize)],
    mut at: usize,
    script: &mut Script,
) -> (Vec<(String, Option<String>)>, usize) {
    let mut members: Vec<(String, Option<String>)> = Vec::new();
    let mut depth = 0usize;
    while let Some((token, line)) = tokens.get(at) {
        let begins = depth == 0 && matches!(tokens.get(at + 1), Some((Token::Assign, _)));
        match token {
            Token::Leave if depth == 0 => return (members, at + 1),
            Token::Leave | Token::Close => depth = depth.saturating_sub(1),
            Token::Word(key) | Token::Text(key) | Token::Expandable(key) if begins => {
                members.push((key.clone(), None));
                at += 2;
                continue;
            }
            Token::Word(word) if is_cmdlet(word) => {
                if let Some((_, value)) = members.last_mut() {
                    *value = Some("$(…)".into());
                }
                at = command(word, *line, tokens, at + 1, script);
                continue;
            }
            Token::Break => {}
            token => {
                let plain = script.value(token).filter(|_| depth == 0);
                if let Some((_, value)) = members.last_mut() {
                    *value = match value {
                        None => plain.or_else(|| Some("$(…)".into())),
                        Some(_) => Some("$(…)".into()),
                    };
                }
                depth += usize::from(matches!(token, Token::Open | Token::Enter | Token::Table));
            }
        }
        at += 1;
    }
    (members, at)
}

fn command(name: &str, line: usize, tokens: &[(Token, usize)], mut at: usize, script: &mut Script) -> usize {
    let mut arguments: Vec<(String, Option<String>)> = Vec::new();
    let mut depth = 0usize;
    while let Some((token, _)) = tokens.get(at) {
        let value = match token {
            token if token.ends() => break,
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
            Token::Splat(name) if depth == 0 => {
                match script.tables.get(&name.to_ascii_lowercase()) {
                    Some(members) => arguments.extend(members.iter().cloned()),
                    None => arguments.push((format!("@{name}"), None)),
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
            token => script.value(token),
        };
        if let (Some(value), 0) = (value, depth) {
            match arguments.last_mut() {
                Some((name, slot @ None)) if !name.starts_with('@') => *slot = Some(value),
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
    let mut endless: Vec<char> = Vec::new();
    let odd = |line: usize, script: &mut Script| {
        if script.typographic.last() != Some(&line) {
            script.typographic.push(line);
        }
    };
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied().unwrap_or('\n');
        match letter {
            '\n' | ';' | '|' | '{' | '}' => {
                let token = match letter {
                    '{' => Token::Enter,
                    '}' => Token::Leave,
                    _ => Token::Break,
                };
                tokens.push((token, line));
                line += usize::from(letter == '\n');
                at += 1;
            }
            '@' if next == '{' => {
                tokens.push((Token::Table, line));
                at += 2;
            }
            '@' if matches!(next, '\'' | '"') && !endless.contains(&next) => {
                let Some(end) = here_string(&letters, at) else {
                    // None ends after this one either, unless its first line is what is wrong.
                    endless.extend(begins_here(&letters, at).then_some(next));
                    at += 1;
                    continue;
                };
                let inside = letters.get(at + 2..end.saturating_sub(2)).unwrap_or_default();
                let text: String = inside.iter().collect();
                let lines = text.matches('\n').count();
                let text = text.trim_matches(['\r', '\n']).to_owned();
                script.literals.push((line, text.clone()));
                tokens.push((if next == '"' { Token::Expandable(text) } else { Token::Text(text) }, line));
                line += lines;
                at = end;
            }
            '@' if next.is_ascii_alphabetic() || next == '_' => {
                let end =
                    word_end(&letters, at + 1, |letter| letter.is_ascii_alphanumeric() || letter == '_');
                let name = letters.get(at + 1..end).unwrap_or_default().iter().collect();
                tokens.push((Token::Splat(name), line));
                at = end;
            }
            '[' if cast(&letters, at).is_some() => at = cast(&letters, at).unwrap_or(at + 1),
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
                let single = SINGLE.contains(&letter);
                tokens.push((if single { Token::Text(value) } else { Token::Expandable(value) }, line));
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
                let (word, end) = bare_word(&letters, at);
                if word.chars().any(|letter| letter != '-' && DASHES.contains(&letter)) {
                    odd(line, script);
                }
                if word.eq_ignore_ascii_case("-match")
                    && let Some(name) = matched_variable(&letters, end)
                {
                    script.matches.push((line, name));
                }
                tokens.push((Token::Word(word), line));
                at = end;
            }
        }
    }
    tokens
}

/// A word without quotes from `at` on, and where it ends: one letter at least.
fn bare_word(letters: &[char], at: usize) -> (String, usize) {
    let end = word_end(letters, at, |letter| {
        !letter.is_whitespace()
            && !";|{}()=,#".contains(letter)
            && !SINGLE.contains(&letter)
            && !DOUBLE.contains(&letter)
    });
    let end = end.max(at + 1);
    // `key=@{` and `,@{`: the sign belongs to what begins there.
    let table = end > at + 1 && letters.get(end) == Some(&'{') && letters.get(end - 1) == Some(&'@');
    let end = end - usize::from(table);
    (letters.get(at..end).unwrap_or_default().iter().collect(), end)
}

/// The variable that stands behind `-match`.
fn matched_variable(letters: &[char], from: usize) -> Option<String> {
    let rest: String = letters.get(from..).unwrap_or_default().iter().take(80).collect();
    let name = rest.trim_start().strip_prefix('$')?;
    Some(name.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect())
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

/// Whether the text of a here-string can begin at `from`: on the next line.
fn begins_here(letters: &[char], from: usize) -> bool {
    let rest = letters.get(from + 2..).unwrap_or_default();
    rest.iter().find(|letter| **letter == '\n' || !letter.is_whitespace()) == Some(&'\n')
}

/// The index after a here-string that begins at `from`; its end stands at the beginning of a line.
fn here_string(letters: &[char], from: usize) -> Option<usize> {
    let end = ['\n', *letters.get(from + 1)?, '@'];
    let rest = letters.get(from + 2..).filter(|_| begins_here(letters, from))?;
    Some(from + 2 + rest.windows(3).position(|window| window == end)? + 3)
}

/// The index after a type in front of a value: `[string]$name`, `[ordered]@{`. Types whose members are used
/// (`[Convert]::ToBase64String`) and indices are none.
fn cast(letters: &[char], from: usize) -> Option<usize> {
    const LONGEST: usize = 120;
    let rest = letters.get(from + 1..)?;
    let length = rest.iter().take(LONGEST).position(|letter| *letter == ']')?;
    let name = rest.get(..length)?;
    let named = name.first()?.is_ascii_alphabetic()
        && name.iter().all(|letter| letter.is_ascii_alphanumeric() || "._".contains(*letter));
    let before = from.checked_sub(1).and_then(|before| letters.get(before));
    let free = before.is_none_or(|letter| letter.is_whitespace() || "(=,;{|]".contains(*letter));
    let next = rest.get(length + 1)?;
    (named && free && "$@('\"".contains(*next)).then_some(from + length + 2)
}

/// The text of a quoted string that begins at `from`, and the index after its closing quote.
fn quoted(letters: &[char], mut from: usize, kind: &[char]) -> (String, usize) {
    let mut text = String::new();
    let double = kind.contains(&'"');
    while let Some(&letter) = letters.get(from) {
        from += 1;
        // In double quotes a backtick takes away the meaning of what follows (about_Special_Characters).
        if letter == '`' && double {
            if let Some(&next) = letters.get(from) {
                text.push(next);
                from += 1;
            }
            continue;
        }
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
mod tests;
