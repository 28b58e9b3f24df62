//! `token`: takes one token and keys, prints what it says and whether it is proven.

/// What the token comes to.
mod examine;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::args::Plain;
use super::args::tools::TokenArgs;
use super::expectations::{leeway, passwords, plain, read_small, tenants, time};
use super::output::print;
use super::status::{Complaints, Status};
use super::terminal::Terminal;
use crate::base::{Instant, Secret};
use crate::import::text::{compact, utf8};
use crate::json::dump;
use crate::keys::load::{Loaded, certificate_file, key_file};
use crate::keys::{Key, KeyError, KeyRing, Material, Origin};
use crate::limits;
use crate::report::{self, Options};
use crate::token::find::jwts;
use crate::token::jwt::Jwt;
use examine::{Expected, examine};

/// Runs the command.
pub fn run(args: &TokenArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let leeway = leeway(&args.leeway, &mut complaints).unwrap_or_default();
    let at = args.at.as_deref().and_then(|text| time("--at", text, &mut complaints));
    let tenants = if args.tenant.is_empty() { Vec::new() } else { tenants(&args.tenant, &mut complaints) };
    let ring = keys(args, terminal, &mut complaints);
    let text = read(&args.token, terminal, &mut complaints);
    let (Some(text), true) = (text, complaints.is_empty()) else {
        return super::tell(&complaints, terminal);
    };
    let expected = Expected {
        tenants,
        at: at.unwrap_or_else(|| Instant::from_seconds(Instant::now().seconds())),
        leeway,
    };
    let single = examine(&text, &ring, &expected);
    if args.show_secrets {
        terminal.warning("--show-secrets: the token is printed whole; keep the result to yourself");
    }
    let color = terminal.colored_stdout();
    let options = Options { show_secrets: args.show_secrets, color, width: Terminal::width() };
    let printed = print(terminal, |out| match args.output {
        Plain::Text => report::single::text(&single, &options, out),
        Plain::Json => report::json::single(&single, &options, out),
    });
    printed.max(single.verdict.into())
}

/// How a key file of one option is read: from its bytes and its name.
type Reader<'r> = dyn Fn(&[u8], &str) -> Result<Loaded, KeyError> + 'r;

/// All keys that were given.
fn keys(args: &TokenArgs, terminal: &Terminal, complaints: &mut Complaints) -> KeyRing {
    let passwords = passwords(&args.password_file, complaints);
    let mut ring = KeyRing::default();
    let mut take = |paths: &[PathBuf], read: &Reader<'_>| {
        for path in paths {
            let Some(bytes) = read_small(path, complaints) else { continue };
            match read(&bytes, &path.display().to_string()) {
                Ok(loaded) => {
                    loaded.notices.iter().for_each(|notice| terminal.warning(notice));
                    if loaded.private_key {
                        terminal.warning(&format!(
                            "{}: holds a private key, which is not needed here and should not be passed around",
                            path.display()
                        ));
                    }
                    ring.keys.extend(loaded.keys);
                }
                Err(error) => complaints.unreadable(error.to_string()),
            }
        }
    };
    take(&args.key, &|bytes, path| key_file(bytes, path, Origin::Given, &passwords));
    take(&args.cert, &|bytes, path| certificate_file(bytes, path, &passwords));
    take(&args.jwks, &|bytes, path| key_file(bytes, path, Origin::TokenService, &passwords));
    take(&args.metadata, &|bytes, path| key_file(bytes, path, Origin::TokenService, &passwords));
    take(&args.secret, &secret);
    ring
}

/// The raw bytes of a file are the secret, a line feed at the end with them.
fn secret(bytes: &[u8], path: &str) -> Result<Loaded, KeyError> {
    if bytes.is_empty() {
        return Err(KeyError::Kind {
            path: path.to_owned(),
            expected: "a shared secret",
            found: "an empty file".into(),
        });
    }
    let key = Key {
        source: path.to_owned(),
        origin: Origin::Given,
        kid: None,
        x5t: None,
        x5t_s256: None,
        algorithm: None,
        material: Material::Hmac(Secret::new(bytes.to_vec())),
        certificate: None,
    };
    Ok(Loaded { keys: vec![key], ..Loaded::default() })
}

/// The token's text: from stdin, a file, or the argument itself.
fn read(argument: &str, terminal: &Terminal, complaints: &mut Complaints) -> Option<Vec<u8>> {
    let path = Path::new(argument);
    let (name, bytes) = if argument == "-" {
        let mut bytes = Vec::new();
        let most = limits::TOKEN_BYTES as u64 * 16;
        if let Err(error) = std::io::stdin().lock().take(most).read_to_end(&mut bytes) {
            complaints.unreadable(format!("stdin: {}", plain(&error)));
            return None;
        }
        ("stdin", bytes)
    } else if !path.exists()
        && (Jwt::parse(without_scheme(argument.as_bytes())).is_some()
            || !jwts(argument.as_bytes()).is_empty())
    {
        terminal.notice(
            "the token was given as an argument, where other users and the shell's history see it; a file or - \
             is safer",
        );
        ("the argument", argument.as_bytes().to_vec())
    } else if !path.exists() {
        // A token that lost a part is a secret all the same.
        let named = if argument.len() > 100 || argument.contains("eyJ") { "the argument" } else { argument };
        complaints.unreadable(format!(
            "{named}: no such file, and no token in compact form (header.payload.signature) either"
        ));
        return None;
    } else {
        (argument, read_small(path, complaints)?)
    };
    let text = token_in(&bytes, name, terminal);
    if text.is_none() {
        let found = if bytes.trim_ascii().is_empty() { "nothing" } else { "something else" };
        complaints.unreadable(format!(
            "{name}: a token in compact form (header.payload.signature) expected, found {found}"
        ));
    }
    text
}

/// The token in a text: all of it, wrapped in lines perhaps, or the first that stands in it.
fn token_in(bytes: &[u8], name: &str, terminal: &Terminal) -> Option<Vec<u8>> {
    let text = utf8(bytes);
    let bare = without_scheme(&text);
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.=+/".contains(byte);
    let words = bare.split(u8::is_ascii_whitespace).filter(|word| Jwt::parse(word).is_some());
    let broken = compact(&text);
    if words.count() < 2
        && broken.len() < 2
        && bare.iter().all(|byte| letter(byte) || byte.is_ascii_whitespace())
    {
        // Line breaks belong to the file, not to the token.
        let joined: Vec<u8> = bare.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if Jwt::parse(&joined).is_some() {
            return Some(joined);
        }
    }
    let found = jwts(&text);
    let count = found.len().max(broken.len());
    if count > 1 {
        terminal.warning(&format!("{name}: holds {count} tokens; this is the first"));
    }
    let first = found.first().and_then(|first| text.get(first.clone()));
    // Of one that a mail broke into lines, the other search sees the first line alone.
    let longer =
        |token: &&Vec<u8>| first.is_none_or(|first| token.len() > first.len() && token.starts_with(first));
    if let Some(whole) = broken.iter().filter(|token| Jwt::parse(token).is_some()).find(longer) {
        return Some(whole.clone());
    }
    if let Some(first) = first {
        return Some(first.to_vec());
    }
    let dumped = std::str::from_utf8(&text).ok().and_then(|text| dump::find(text).into_iter().next());
    if let Some(dump) = dumped {
        terminal.notice(&format!(
            "{name}: a dump of header and claims without the signature: it can be inspected, never verified"
        ));
        return Some(dump.compact.into_bytes());
    }
    Jwt::parse(bare).map(|_| bare.to_vec())
}

/// What stands after `Bearer`, if that stands in front.
fn without_scheme(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match text.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => rest.trim_ascii(),
        _ => text,
    }
}

/// For fuzzing: any bytes as a token, shown in both forms.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let expected =
        Expected { tenants: vec!["contoso.example".into()], at: Instant::from_seconds(0), leeway: 300 };
    let single = examine(data, &KeyRing::default(), &expected);
    let options = Options { show_secrets: false, color: true, width: 60 };
    let _ = report::single::text(&single, &options, &mut std::io::sink());
    let _ = report::json::single(&single, &options, &mut std::io::sink());
}
