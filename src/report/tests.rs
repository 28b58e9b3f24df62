mod schema;

use super::*;

const FORMATS: [Format; 8] = [
    Format::Text,
    Format::Json,
    Format::Ndjson,
    Format::Html,
    Format::Junit,
    Format::Sarif,
    Format::Markdown,
    Format::Csv,
];

fn options() -> Options {
    Options { show_secrets: false, color: false, width: 80 }
}

fn rendered_with(document: &Document<'_>, format: Format, options: &Options) -> String {
    let mut out = Vec::new();
    render(document, format, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn rendered(document: &Document<'_>, format: Format) -> String {
    rendered_with(document, format, &options())
}

fn all() -> Vec<(Format, String)> {
    let (verification, inspection) = (sample::verification(), sample::inspection());
    let documents = [Document::Verification(&verification), Document::Inspection(&inspection)];
    FORMATS
        .into_iter()
        .flat_map(|format| documents.map(|document| (format, rendered(&document, format))))
        .collect()
}

#[test]
fn no_rendering_holds_a_secret() {
    for (format, text) in all() {
        for secret in sample::SECRETS {
            assert!(!text.contains(secret), "{format:?} holds {secret}");
        }
        assert!(!text.contains(&sample::outer()), "{format:?} holds the token");
    }
}

#[test]
fn what_a_token_holds_of_other_secrets_is_masked_in_every_rendering() {
    let signature = sample::SECRETS[0];
    let token = format!("eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.{signature}");
    let claims = [
        // The name of an application, in its three parts.
        format!(r#"{{"actortoken":"x","iss":"{token}"}}"#),
        format!(r#"{{"actortoken":"x","iss":"00000004-0000-0ff1-ce00-000000000000@{token}"}}"#),
        format!(r#"{{"actortoken":"x","iss":"https://adele:{signature}@sts.contoso.com/"}}"#),
        // Context tokens of SharePoint hold one that opens doors for months.
        format!(r#"{{"iss":"a@b","refreshtoken":"{signature}"}}"#),
        format!(r#"{{"iss":"a@b","extra":[{{"client_secret":"{signature}"}}],"passwd":["{signature}"]}}"#),
        format!(r#"{{"iss":"a@b","refreshtoken":"","refreshtoken":"{signature}"}}"#),
    ];
    for claims in claims {
        let inspection = sample::claiming(&claims);
        for format in FORMATS {
            let text = rendered(&Document::Inspection(&inspection), format);
            assert!(!text.contains(signature), "{format:?} of {claims}");
        }
    }
}

#[test]
fn asked_for_secrets_are_shown() {
    let inspection = sample::inspection();
    let options = Options { show_secrets: true, ..options() };
    let text = rendered_with(&Document::Inspection(&inspection), Format::Json, &options);
    assert!(text.contains(sample::SECRETS[1]) && text.contains(&sample::outer()));
}

#[test]
fn hostile_text_does_nothing_in_any_rendering() {
    for (format, text) in all() {
        let control = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
        assert_eq!(control, None, "{format:?}");
        if format == Format::Html {
            assert!(!text.contains("<script>alert") && !text.contains("<img"), "markup in the page");
            assert_eq!(text.matches("<script>").count(), 1);
        }
        if format == Format::Junit {
            assert!(!text.contains("<script"), "markup in JUnit");
        }
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    assert_eq!(all(), all());
}

#[test]
fn json_follows_its_schema() {
    let (verification, inspection) = (sample::verification(), sample::inspection());
    let mut baselined = verification.clone();
    baselined.known = Some(vec![true, false, false]);
    for (document, name) in [
        (Document::Verification(&verification), "verify-1"),
        (Document::Verification(&baselined), "verify-1"),
        (Document::Inspection(&inspection), "inspect-1"),
    ] {
        let path = format!("{}/docs/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&rendered(&document, Format::Json)).unwrap();
        assert_eq!(schema::check(&value, &schema, &schema, "$"), Ok(()));
    }
}

#[test]
fn every_line_of_ndjson_is_a_document() {
    let verification = sample::verification();
    let text = rendered(&Document::Verification(&verification), Format::Ndjson);
    let rules: Vec<_> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["rule"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(rules, ["issuer-tenant", "lifetime-exp-missing", "basic-sent"]);
}

#[test]
fn json_names_exchanges_by_rank_and_tokens_by_order() {
    let verification = sample::verification();
    let text = rendered(&Document::Verification(&verification), Format::Json);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let evidence = &value["findings"][0]["evidence"];
    assert_eq!((&evidence[0]["exchange"], &evidence[1]["exchange"]), (&0.into(), &1.into()));
    assert_eq!(value["tokens"][0]["claims"]["actortoken"]["token"], 1);
    assert_eq!(value["tokens"][0]["actor"], 1);
    assert_eq!(value["tokens"][1]["role"], "actor");
}

#[test]
fn xml_of_junit_is_well_formed_and_counts_what_fails() {
    let verification = sample::verification();
    let text = rendered(&Document::Verification(&verification), Format::Junit);
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut failures = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(start) if start.name().as_ref() == "failure" => failures += 1,
            _ => {}
        }
    }
    // The verdict, issuer, no-basic.
    assert_eq!(failures, 3);
    assert!(text.contains("tests=\"14\" failures=\"3\" errors=\"1\" skipped=\"1\""));
}

#[test]
fn the_text_tells_verdict_then_what_was_not_seen_then_checks() {
    let verification = sample::verification();
    let text = rendered(&Document::Verification(&verification), Format::Text);
    let order = ["FAIL: 2 errors and 1 warning", "What was not seen", "Checks", "Findings", "Tokens"];
    let places: Vec<_> = order.iter().map(|part| text.find(part).unwrap()).collect();
    assert!(places.is_sorted());
    let finding: String =
        text[text.find("error[issuer-tenant]").unwrap()..].lines().take(21).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(finding, @r#"
error[issuer-tenant]: the token names another tenant
--> capture.pcapng: exchange 0, frames 17-19, request.header.authorization, claim iss
 |
 | {
 |   "aud": "00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@11111111-2222-3333-4444-555555555555",
 |   "iss": "00000004-0000-0ff1-ce00-000000000000@99999999-2222-3333-4444-555555555555",
 |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
 |   "nbf": "1795414846",
 |   "exp": "1795443646",
 |   "upn": "adele@contoso.com",
 |   "note": "<b>\u{1b}[31m|{",
 |   "actortoken": <token 1>
 | }
 |
 = observed: 00000004-0000-0ff1-ce00-000000000000@99999999-2222-3333-4444-555555555555
 = expected: 00000004-0000-0ff1-ce00-000000000000@11111111-2222-3333-4444-555555555555
 = help: the realm of the authorization server on premises is wrong. Run in
         the Exchange Management Shell:
           Get-AuthServer | Format-List Name,IssuerIdentifier,Realm
           Set-AuthServer ACS -Realm 11111111-2222-3333-4444-555555555555
 = seen: 20 times
"#);
}

#[test]
fn identifiers_are_never_cut_in_text() {
    let verification = sample::verification();
    let text = rendered(&Document::Verification(&verification), Format::Text);
    let starts = text.matches("11111111-").count();
    assert_eq!(starts, text.matches(sample::TENANT).count());
}

#[test]
fn colours_appear_only_when_asked_for() {
    let verification = sample::verification();
    let document = Document::Verification(&verification);
    assert!(!rendered(&document, Format::Text).contains('\u{1b}'));
    let colored = rendered_with(&document, Format::Text, &Options { color: true, ..options() });
    assert!(colored.contains('\u{1b}'));
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert_eq!(plain, rendered(&document, Format::Text));
}

/// The sample with a conversation: an application whose call is refused, with hostile text in it.
fn with_conversation() -> Verification {
    use crate::diagnose::sequence::{Kind, Outcome, Step};
    let step = |kind, asked: &str, answered: &str, outcome, broke, number: usize| Step {
        kind,
        from: "Skype for Business Online".into(),
        to: "mail.contoso.com".into(),
        asked: asked.into(),
        answered: answered.into(),
        outcome,
        broke,
        count: 2,
        exchange: sample::keys().get(number).copied(),
        time: None,
    };
    let mut verification = sample::verification();
    verification.diagnosis.sequence = vec![
        step(Kind::Discovery, "the challenge of <b>", "the Bearer challenge", Outcome::Done, false, 0),
        step(Kind::Call, "FindItem with a token", "401 2000001 invalid_token", Outcome::Broken, true, 1),
    ];
    verification
}

#[test]
fn the_page_draws_the_conversation_and_marks_what_broke() {
    let verification = with_conversation();
    let text = rendered(&Document::Verification(&verification), Format::Html);
    assert_eq!(text.matches("<rect class=\"broke\"").count(), 1);
    assert!(text.contains("broke here: 401 2000001"), "the mark is missing");
    assert!(text.contains(">Skype for Business Online</text>"), "the caller has no lane");
    assert!(!text.contains("challenge of <b>"), "markup in the drawing");
    let without = rendered(&Document::Verification(&sample::verification()), Format::Html);
    assert!(!without.contains("<rect class=\"broke\""));
}

#[test]
fn markdown_lists_the_conversation_with_the_broken_step_in_bold() {
    let text = rendered(&Document::Verification(&with_conversation()), Format::Markdown);
    let (_, list) = text.split_once("## Conversation").unwrap();
    let bold: Vec<_> = list.lines().filter(|line| line.starts_with("- **")).collect();
    assert_eq!(bold.len(), 1);
    assert!(bold.iter().all(|line| line.contains("BROKE HERE") && line.contains("FindItem")), "{bold:?}");
}

#[test]
fn junit_and_sarif_say_the_causes() {
    let mut verification = sample::verification();
    let cause = crate::diagnose::causes::CAUSES.first().copied().unwrap();
    verification.diagnosis.causes = vec![crate::diagnose::cause::Found {
        cause,
        confidence: crate::diagnose::cause::Confidence::Likely,
        score: 60,
        summary: "what <happened>".into(),
        commands: vec!["Get-AuthConfig".into()],
        reasons: Vec::new(),
        doubts: Vec::new(),
        supporting: vec![0],
        contradicting: Vec::new(),
        exchanges: Vec::new(),
    }];
    let document = Document::Verification(&verification);
    let junit = rendered(&document, Format::Junit);
    let (_, causes) = junit.rsplit_once("<system-out>").unwrap();
    assert!(causes.contains(cause.id) && causes.contains("what &lt;happened&gt;"), "{causes}");
    let sarif: serde_json::Value = serde_json::from_str(&rendered(&document, Format::Sarif)).unwrap();
    let first = &sarif["runs"][0]["properties"]["causes"][0];
    assert_eq!((&first["id"], &first["for"][0]), (&cause.id.into(), &"issuer-tenant".into()));
    let without = rendered(&Document::Verification(&sample::verification()), Format::Junit);
    assert!(!without.contains(cause.id));
}

#[test]
fn a_request_that_names_its_host_is_shown_with_it_once() {
    let mut inspection = sample::inspection();
    let mut shown = |method: &str, target: &str| {
        let mut listed = inspection.exchanges.get(0).unwrap();
        let request = listed.exchange.request.as_mut().unwrap();
        (request.method, request.target) = (method.into(), target.into());
        inspection.exchanges = Exchanges::default();
        inspection.exchanges.push(listed);
        let document = Document::Inspection(&inspection);
        [Format::Text, Format::Markdown, Format::Html].map(|format| rendered(&document, format))
    };
    for (method, target, once) in [
        ("POST", "/ews/", "POST mail.contoso.com/ews/"),
        ("GET", "http://mail.contoso.com/ews/", "GET http://mail.contoso.com/ews/"),
        ("CONNECT", "mail.contoso.com:443", "CONNECT mail.contoso.com:443"),
    ] {
        for text in shown(method, target) {
            assert!(text.contains(once), "{once}: {text}");
            assert!(
                !text.contains("mail.contoso.comhttp") && !text.contains("mail.contoso.commail"),
                "{text}"
            );
        }
    }
    let mut listed = inspection.exchanges.get(0).unwrap();
    listed.exchange.request = None;
    assert!(words::request(&listed, &inspection, mask::Mask::new(false)).is_none());
}

#[test]
fn people_read_the_name_of_an_input_and_programs_its_number() {
    let mut verification = sample::verification();
    let check = verification
        .judgement
        .checks
        .iter_mut()
        .find(|check| check.outcome == crate::checks::Outcome::NotEstablished)
        .unwrap();
    check.summary = "input 0 says that it lost ".into();
    check.summary = std::mem::take(&mut check.summary).then(crate::checks::said::Said::input(0));
    check.missing = vec![check.summary.clone()];
    let document = Document::Verification(&verification);
    for format in [Format::Text, Format::Markdown, Format::Html] {
        let text = rendered(&document, format).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("input 0 says that it lost capture.pcapng"), "{text}");
    }
    for format in [Format::Json, Format::Junit] {
        assert!(rendered(&document, format).contains("input 0 says that it lost input 0"), "{format:?}");
    }
}
