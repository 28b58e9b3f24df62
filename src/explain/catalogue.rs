//! Takes nothing, gives all pages; takes a code in any case, gives its page.

use crate::checks::CheckId;
use crate::checks::rule::Rule;
use crate::checks::rules::RULES;
use crate::diagnose::cause::Cause;
use crate::diagnose::causes;
use crate::soap::codes::{self, Code};

/// What a page is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A check of `verify`.
    Check,
    /// A rule of this tool.
    Rule,
    /// What `token` says of one token, and no rule says of traffic.
    Alone,
    /// A number (and category) of `x-ms-diagnostics`.
    Diagnostics,
    /// A code of the token service.
    TokenService,
    /// An error of OAuth (RFC 6749 5.2).
    OAuth,
    /// An EWS response code.
    Ews,
    /// An error of Exchange as a caller, as the OAuthOutbound log names it.
    Outbound,
    /// A cause that a diagnosis names.
    Cause,
}

impl Kind {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Rule => "rule",
            Self::Alone => "finding of token",
            Self::Diagnostics => "x-ms-diagnostics",
            Self::TokenService => "token service error",
            Self::OAuth => "OAuth error",
            Self::Ews => "EWS response code",
            Self::Outbound => "error of an outbound call",
            Self::Cause => "cause",
        }
    }
}

/// One page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// What it is about.
    pub kind: Kind,
    /// Rule id, number or code.
    pub id: String,
    /// A second name (the category of a diagnostics number); empty without one.
    pub alias: String,
    /// One line.
    pub title: String,
    /// The check that a rule belongs to.
    pub check: Option<&'static str>,
    /// `error`, `warning` or `info`: a rule's severity, unless it says otherwise for a finding.
    pub severity: Option<&'static str>,
    /// Version that brought the rule.
    pub since: Option<&'static str>,
    /// Headings with their text, in order.
    pub sections: Vec<(&'static str, String)>,
    /// Where the knowledge comes from.
    pub sources: Vec<String>,
}

/// All pages: checks, rules in the order of the checks, then the codes in the order of their tables.
pub fn catalogue() -> Vec<Page> {
    let mut pages: Vec<Page> = CheckId::ALL.into_iter().map(of_check).collect();
    pages.extend(RULES.iter().map(|rule| of_rule(rule)));
    pages.extend(super::lone::pages());
    pages.extend(causes::all().map(of_cause));
    let tables = [
        (
            Kind::Diagnostics,
            codes::DIAGNOSTICS,
            "Microsoft Learn: instrumenting client requests for EWS and REST; Microsoft Support: Resolve free/busy errors",
        ),
        (
            Kind::TokenService,
            codes::AADSTS,
            "Microsoft Learn: Microsoft Entra authentication and authorization error codes",
        ),
        (Kind::OAuth, codes::OAUTH, "RFC 6749 5.2; RFC 7523 3.2"),
        (Kind::Ews, codes::EWS, "Microsoft Learn: EWS ResponseCode"),
        (Kind::Outbound, codes::OUTBOUND, "Microsoft Support: Resolve free/busy errors; KB 3089171"),
    ];
    for (kind, table, source) in tables {
        pages.extend(table.iter().map(|code| of_code(kind, code, source)));
    }
    pages
}

fn of_check(check: CheckId) -> Page {
    let rules: Vec<_> = RULES.iter().filter(|rule| rule.check == check).map(|rule| rule.id).collect();
    Page {
        kind: Kind::Check,
        id: check.name().into(),
        alias: String::new(),
        title: question(check).into(),
        check: Some(check.name()),
        severity: None,
        since: Some("0.1.0"),
        sections: vec![("Passes when", condition(check).into()), ("Rules", rules.join(", "))],
        sources: vec!["the contract of verify".into()],
    }
}

const fn question(check: CheckId) -> &'static str {
    match check {
        CheckId::Oauth => "was a token in scope seen",
        CheckId::Issuer => "does every token name the application and the tenant",
        CheckId::Signature => "is every signature right",
        CheckId::Chain => "do outer and actor token belong together",
        CheckId::Audience => "was the token meant for the server that got it",
        CheckId::Lifetime => "was the token valid when it was used",
        CheckId::Certificate => "is the uploaded certificate good",
        CheckId::NoBasic => "did nobody send a password",
        CheckId::Transport => "did tokens travel protected",
        CheckId::Accepted => "did Exchange accept the tokens",
        CheckId::TokenRequest => "were token requests well formed and granted",
        CheckId::Challenge => "do the challenges name the right parties",
        CheckId::Coverage => "could everything be read",
    }
}

const fn condition(check: CheckId) -> &'static str {
    match check {
        CheckId::Oauth => "at least one token of an application in scope (--principal) was seen",
        CheckId::Issuer => {
            "every token in scope names <application>@<tenant>: outer tokens and assertions in iss, actor tokens in nameid"
        }
        CheckId::Signature => {
            "every signed token in scope verifies with a supplied key (--cert, --sts-keys), and there is at least one"
        }
        CheckId::Chain => {
            "the outer token is unsigned, the actor token inside signed, both name one application and one tenant"
        }
        CheckId::Audience => {
            "application 00000002-0000-0ff1-ce00-000000000000, host of the request, realm of the tenant"
        }
        CheckId::Lifetime => {
            "every token in scope was used between nbf and exp, give or take the tolerance (--leeway)"
        }
        CheckId::Certificate => {
            "the certificate of --cert was valid when it was used, and is RSA of 2048 bits or more"
        }
        CheckId::NoBasic => {
            "no Basic credentials, password grant or password in a URL were sent, and what was in scope could be read"
        }
        CheckId::Transport => "no token crossed a public network in the clear, none stood in a URL",
        CheckId::Accepted => "Exchange answered a token in scope with success, and no EWS error stood inside",
        CheckId::TokenRequest => "requests to the token service are well formed and were granted",
        CheckId::Challenge => "challenges name Exchange and trust the token service of the tenant",
        CheckId::Coverage => "packets, TLS and HTTP were complete",
    }
}

fn of_rule(rule: &Rule) -> Page {
    Page {
        kind: Kind::Rule,
        id: rule.id.into(),
        alias: String::new(),
        title: rule.title.into(),
        check: Some(rule.check.name()),
        severity: Some(rule.severity.name()),
        since: Some(rule.since),
        sections: vec![
            ("What it looks at", rule.looks_at.into()),
            ("Why it matters", rule.matters.into()),
            ("Example", format!("bad: {}\ngood: {}", rule.bad, rule.good)),
            ("Repair", rule.repair.into()),
        ],
        sources: rule.sources.iter().map(|&source| source.to_owned()).collect(),
    }
}

fn of_cause(cause: &Cause) -> Page {
    Page {
        kind: Kind::Cause,
        id: cause.id.into(),
        alias: String::new(),
        title: cause.title.into(),
        check: None,
        severity: None,
        since: Some("0.1.0"),
        sections: vec![
            ("What happens", placeholders(cause.summary)),
            ("What speaks for it", cause.speaks_for.into()),
            ("What speaks against it", cause.speaks_against.into()),
            ("Repair", cause.repair.iter().map(|line| placeholders(line)).collect::<Vec<_>>().join("\n")),
        ],
        sources: cause.sources.iter().map(|&source| source.to_owned()).collect(),
    }
}

/// `{host}` as `<host>`: what a diagnosis fills in.
fn placeholders(text: &str) -> String {
    let placeholder = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        shown.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if !name.is_empty() && name.bytes().all(placeholder) => {
                shown.push_str(&format!("<{}>", name.replace('_', " ")));
                rest = tail;
            }
            _ => {
                shown.push('{');
                rest = after;
            }
        }
    }
    shown.push_str(rest);
    shown
}

fn of_code(kind: Kind, code: &Code, source: &str) -> Page {
    Page {
        kind,
        id: code.code.into(),
        alias: code.alias.into(),
        title: first_sentence(code.meaning),
        check: None,
        severity: None,
        since: None,
        sections: vec![
            ("Meaning here", code.meaning.into()),
            ("Where it is seen", seen(kind).into()),
            ("Repair", code.repair.into()),
        ],
        sources: vec![source.into()],
    }
}

/// How an administrator comes to see a code.
const fn seen(kind: Kind) -> &'static str {
    match kind {
        Kind::Diagnostics => {
            "In the field x-ms-diagnostics of Exchange's answer 401 or 403 (number;reason;error_category), in the IIS \
             log where that field is added, and in the output of Test-OAuthConnectivity behind \"diagnostics:\"."
        }
        Kind::TokenService => {
            "In error_description of the token service's answer (JSON, mostly with status 400 or 401), in the \
             OAuthOutbound log of Exchange, and in the output of Test-OAuthConnectivity."
        }
        Kind::OAuth => "In the field error of the token service's answer (JSON, status 400 or 401).",
        Kind::Ews => {
            "In ResponseCode of the SOAP answer, mostly with HTTP status 200: access logs show a success. Also in the \
             column ErrorCode of the EWS log."
        }
        Kind::Outbound => {
            "In the column error-string of the OAuthOutbound log, and in the output of Test-OAuthConnectivity."
        }
        Kind::Check | Kind::Rule | Kind::Alone | Kind::Cause => "",
    }
}

fn first_sentence(text: &str) -> String {
    let end = text.find([';', ':']).unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches('.').to_owned()
}

/// The pages of a code, in any case: a rule id, `2000005`, `invalid_user`, `AADSTS50012`, `50012`, `ACS50012`,
/// `ErrorAccessDenied`. More than one where a word is the category of a number and an error of OAuth too.
pub fn find(code: &str) -> Vec<Page> {
    // Copied out of a sentence or a list.
    let code = code.trim_matches(|letter: char| letter.is_whitespace() || ":;,.\"'()".contains(letter));
    let same = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(code);
    let pages = catalogue();
    let named: Vec<Page> = pages.iter().filter(|page| same(&page.id) || same(&page.alias)).cloned().collect();
    if !named.is_empty() {
        return named;
    }
    let upper = code.to_ascii_uppercase();
    let digits = upper.trim_start_matches("AADSTS").trim_start_matches("ACS");
    let wanted = format!("AADSTS{digits}");
    pages.into_iter().filter(|page| page.kind == Kind::TokenService && page.id == wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_every_spelling() {
        let one = |code| <[Page; 1]>::try_from(find(code)).map(|[page]| page).unwrap();
        assert_eq!(one("Issuer-Tenant").kind, Kind::Rule);
        assert_eq!(one("2000005").alias, "invalid_user");
        assert_eq!(one("AADSTS50012:").id, one("50012").id);
        assert_eq!(one("2000003;").alias, "invalid_resource");
        assert_eq!(one("invalid_user").id, "2000005");
        let both: Vec<_> = find("invalid_client").into_iter().map(|page| page.kind).collect();
        assert_eq!(both, [Kind::Diagnostics, Kind::OAuth]);
        for spelling in ["aadsts50012", "50012", "ACS50012"] {
            assert_eq!(one(spelling).id, "AADSTS50012", "{spelling}");
        }
        assert_eq!(one("erroraccessdenied").kind, Kind::Ews);
        assert_eq!(find("no-such-code"), []);
        assert_eq!(find(""), []);
    }

    #[test]
    fn every_page_says_what_it_is_and_where_it_comes_from() {
        for page in catalogue() {
            assert!(!page.title.is_empty() && !page.sources.is_empty(), "{}", page.id);
            assert!(page.sections.iter().all(|(_, text)| !text.is_empty()), "{}", page.id);
        }
    }

    #[test]
    fn no_two_pages_have_one_name() {
        let mut names: Vec<_> = catalogue().into_iter().map(|page| page.id).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
