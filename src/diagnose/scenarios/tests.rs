use super::*;
use crate::checks::judge::facts::{Ask, Metadata, Sight};

fn call(change: impl Fn(&mut Call)) -> Call {
    let mut call = Call {
        exchange: true,
        path: "/ews/exchange.asmx".into(),
        credential: Credential::Token,
        application: Some(SKYPE.into()),
        status: Some(200),
        ..Call::default()
    };
    change(&mut call);
    call
}

fn scenarios(calls: &[Call]) -> BTreeMap<&'static str, (State, Confidence)> {
    let mut facts = Facts::default();
    for (frame, call) in (1..).zip(calls) {
        let key = Some(ExchangeKey { frame, ..ExchangeKey::default() });
        facts.call(call.clone(), Sight { key, ..Sight::default() });
    }
    read(&facts).into_iter().map(|one| (one.kind.name(), (one.state, one.strength))).collect()
}

#[test]
fn an_answer_without_a_token_is_no_granted_request() {
    let asked = |tokenless| {
        let ask = Ask { status: Some(200), tokenless, ..Ask::default() };
        let mut facts = Facts::default();
        facts.ask(ask, Sight::default());
        read(&facts).into_iter().find(|one| one.kind == Kind::TokenRequest).unwrap().state
    };
    assert_eq!((asked(false), asked(true)), (State::Succeeded, State::Failed));
}

#[test]
fn the_three_success_checks_always_appear() {
    let found = scenarios(&[]);
    assert_eq!(found.len(), 3);
    for name in ["voicemail-greeting", "conversation-history", "archive"] {
        assert_eq!(found[name].0, State::NotSeen, "{name}");
    }
}

#[test]
fn answers_that_were_not_seen_are_no_success() {
    let archive = |unseen| {
        call(|call| {
            call.folders.push("recoverableitemspurges".into());
            call.unseen = unseen;
        })
    };
    assert_eq!(scenarios(&[archive(true)])["archive"].0, State::NotSeen);
    assert_eq!(scenarios(&[archive(true), archive(false)])["archive"].0, State::Succeeded);
}

#[test]
fn a_call_that_only_asks_for_the_challenge_is_no_failure() {
    let refused = |credential| {
        call(move |call| {
            call.folders.push("recoverableitemspurges".into());
            (call.credential, call.application, call.status) = (credential, None, Some(401));
        })
    };
    assert_eq!(scenarios(&[refused(Credential::None)])["archive"].0, State::NotSeen);
    assert_eq!(scenarios(&[refused(Credential::Windows)])["archive"].0, State::Failed);
}

#[test]
fn folders_tell_history_from_archive() {
    let history = call(|call| call.folders.push("conversationhistory".into()));
    let archive = call(|call| {
        call.folders.push("recoverableitemspurges".into());
        call.ews.push(("ErrorAccessDenied".into(), String::new()));
    });
    let found = scenarios(&[history, archive]);
    assert_eq!(found["conversation-history"], (State::Succeeded, Confidence::Certain));
    assert_eq!(found["archive"], (State::Failed, Confidence::Certain));
}

#[test]
fn the_application_alone_is_possible() {
    let found = scenarios(&[call(|call| call.application = Some(CLOUD_VOICEMAIL.into()))]);
    assert_eq!(found["voicemail-greeting"], (State::Succeeded, Confidence::Possible));
}

#[test]
fn a_test_of_the_store_creates_and_deletes() {
    let create = call(|call| {
        call.operation = Some("CreateItem".into());
        call.folders.push("inbox".into());
    });
    let delete = call(|call| call.operation = Some("DeleteItem".into()));
    let found = scenarios(&[create, delete.clone()]);
    assert_eq!(found["test-connectivity"], (State::Succeeded, Confidence::Possible));
    assert!(!scenarios(&[delete]).contains_key("test-connectivity"));
}

#[test]
fn output_of_the_test_cmdlet_is_a_test() {
    let mut facts = Facts::default();
    facts.tested(false, Sight::default());
    let found = read(&facts);
    let test = found.iter().find(|one| one.kind == Kind::TestConnectivity).unwrap();
    assert_eq!((test.state, test.strength), (State::Failed, Confidence::Certain));
}

/// Field notes 5.1 to 5.5: the application, operation, folder, class, role or user agent, and what they tell.
#[test]
fn each_sign_tells_its_scenario_as_surely_as_it_can() {
    use Confidence::{Certain, Likely, Possible};
    const OTHER: &str = "00000002-0000-0ff1-ce00-000000000000";
    type Told = Option<(Confidence, &'static str)>;
    struct Row(&'static str, &'static str, Call, Told);
    let operation = |name: &str| call(|call| call.operation = Some(name.into()));
    let of = |id: &str, name: &str| {
        call(|call| {
            call.application = Some(id.into());
            call.operation = Some(name.into()).filter(|name: &String| !name.is_empty());
        })
    };
    let folder = |name: &str| call(|call| call.folders.push(name.into()));
    let class = |name: &str| call(|call| call.classes.push(name.into()));
    let role = |name: &str| call(|call| call.roles.push(name.into()));
    let agent = |name: &'static str| call(|call| call.agent = Some(name));
    let windows = |mut call: Call| {
        (call.credential, call.application) = (Credential::Windows, None);
        call
    };
    let oof = "GetUserOofSettings";
    let (greeting, history, archive) = ("voicemail-greeting", "conversation-history", "archive");
    let mut rows = vec![
        Row(
            "oof",
            greeting,
            of(CLOUD_VOICEMAIL, oof),
            Some((Likely, "operation GetUserOofSettings of Cloud")),
        ),
        Row("tips", greeting, of(SKYPE, "GetMailTips"), Some((Possible, "operation GetMailTips"))),
        Row("of another", greeting, of(OTHER, oof), None),
        Row("of nobody", greeting, windows(operation(oof)), None),
        Row("um", greeting, operation("GetUMProperties"), Some((Likely, "operation GetUMProperties"))),
        Row("prompt", greeting, windows(operation("GetUMPrompt")), Some((Possible, "operation GetUMPrompt"))),
        Row("status", greeting, operation("SetOofStatus"), Some((Likely, "operation SetOofStatus"))),
        Row("greeting", greeting, operation("ResetGreeting"), Some((Likely, "operation ResetGreeting"))),
        Row(
            "elsewhere",
            greeting,
            {
                let mut call = of(CLOUD_VOICEMAIL, "");
                call.path = "/autodiscover/autodiscover.svc".into();
                call
            },
            None,
        ),
        Row("folder", history, folder("conversationhistory"), Some((Certain, "folder conversationhistory"))),
        Row(
            "class",
            history,
            class("IPM.Note.Microsoft.Conversation"),
            Some((Certain, "item class IPM.Note.Microsoft.Conversation")),
        ),
        Row("a note", history, class("IPM.Note"), None),
        Row(
            "of somebody",
            history,
            windows(folder("conversationhistory")),
            Some((Likely, "folder conversationhistory")),
        ),
        Row(
            "purges",
            archive,
            folder("recoverableitemspurges"),
            Some((Certain, "folder recoverableitemspurges")),
        ),
        Row(
            "of somebody",
            archive,
            windows(folder("recoverableitemspurges")),
            Some((Likely, "folder recoverableitemspurges")),
        ),
        Row("role", archive, role("archiveapplication"), Some((Likely, "role ArchiveApplication"))),
        Row("of somebody", archive, windows(role("ArchiveApplication")), None),
        Row("another", archive, role("UserApplication"), None),
        Row("folder", "voicemail", folder("voicemail"), Some((Likely, "folder voicemail"))),
        Row(
            "class",
            "voicemail",
            class("IPM.Note.Microsoft.Voicemail.UM"),
            Some((Certain, "item class IPM.Note.Microsoft.Voicemail.UM")),
        ),
        Row(
            "application",
            "voicemail",
            of(CLOUD_VOICEMAIL, ""),
            Some((Possible, "a call of Cloud Voicemail")),
        ),
        Row("of another", "voicemail", of(SKYPE, ""), None),
        Row("folder", "unified-contacts", folder("quickcontacts"), Some((Likely, "folder of contacts"))),
        Row("list", "unified-contacts", folder("imcontactlist"), Some((Likely, "folder of contacts"))),
        Row("inbox", "unified-contacts", folder("inbox"), None),
        Row("photo", "photo", operation("getuserphoto"), Some((Certain, "operation GetUserPhoto"))),
        Row(
            "free",
            "freebusy",
            operation("GetUserAvailability"),
            Some((Certain, "operation GetUserAvailability")),
        ),
        Row(
            "own",
            "teams-delegation",
            of(TEAMS_SCHEDULER, "GetDelegate"),
            Some((Certain, "operation GetDelegate")),
        ),
        Row("other", "teams-delegation", of(SKYPE, "GetDelegate"), Some((Likely, "operation GetDelegate"))),
        Row(
            "of somebody",
            "teams-delegation",
            windows(operation("GetDelegate")),
            Some((Possible, "operation GetDelegate")),
        ),
        Row(
            "application",
            "teams-delegation",
            of(TEAMS_SCHEDULER, ""),
            Some((Possible, "a call of the Teams")),
        ),
        Row("agent", "teams-delegation", agent("SchedulingService"), Some((Possible, "user agent Sched"))),
        Row("another", "teams-delegation", agent("Teams"), None),
        Row("path", "autodiscover", operation("GetFolder"), None),
        Row(
            "test",
            "test-connectivity",
            {
                let mut call = operation("GetFolder");
                call.agent = Some("ExchangeServicesClient");
                call
            },
            Some((Possible, "GetFolder of an Exchange client")),
        ),
        Row("no test", "test-connectivity", agent("ExchangeServicesClient"), None),
    ];
    for name in
        ["GetUserOofSettingsRequest", "SetUserOofSettings", "SetUserOofSettingsRequest", "GetMailTips"]
    {
        rows.push(Row("oof", greeting, of(CLOUD_VOICEMAIL, name), Some((Likely, "operation"))));
    }
    for name in ["PlayOnPhone", "GetPhoneCallInformation", "DisconnectPhoneCall"] {
        rows.push(Row("phone", "voicemail", operation(name), Some((Certain, "operation"))));
    }
    for name in CONTACTS {
        rows.push(Row("contacts", "unified-contacts", operation(name), Some((Certain, "operation"))));
    }
    for Row(name, kind, call, told) in rows {
        let mut facts = Facts::default();
        let key = Some(ExchangeKey { frame: 7, ..ExchangeKey::default() });
        facts.call(call, Sight { key, ..Sight::default() });
        let found = read(&facts).into_iter().find(|one| one.kind.name() == kind);
        let found = found.filter(|one| one.state != State::NotSeen);
        let said = found.map(|one| (one.strength, one.signs.join(", "), one.exchanges.len()));
        match (said, told) {
            (None, None) => {}
            (Some((strength, signs, 1)), Some((wanted, sign)))
                if strength == wanted && signs.starts_with(sign) => {}
            (said, _) => panic!("{kind}, {name}: {said:?}"),
        }
    }
}

#[test]
fn what_is_sure_is_not_blurred_and_what_is_no_call_is_not_counted() {
    let greeting = |status: u16, id: &'static str, operation: &'static str| {
        call(|call| {
            (call.application, call.operation) = (Some(id.into()), Some(operation.into()));
            call.status = Some(status);
        })
    };
    // Out of office as Cloud Voicemail reads it is surer than any other call of it, in whatever order they come.
    let (sure, unsure) =
        (greeting(200, CLOUD_VOICEMAIL, "GetMailTips"), greeting(500, CLOUD_VOICEMAIL, "GetItem"));
    for calls in [[sure.clone(), unsure.clone()], [unsure, sure]] {
        assert_eq!(scenarios(&calls)["voicemail-greeting"], (State::Succeeded, Confidence::Likely));
    }
    let purges = |change: fn(&mut Call)| {
        let archive = call(|call| {
            call.folders.push("recoverableitemspurges".into());
            change(call);
        });
        scenarios(&[archive])["archive"].0
    };
    assert_eq!(purges(|call| call.logged = true), State::NotSeen);
    let asks = |call: &mut Call| (call.credential, call.status) = (Credential::EmptyBearer, Some(401));
    assert_eq!(purges(asks), State::NotSeen);
    assert_eq!(purges(|call| call.credential = Credential::None), State::Succeeded);
    assert_eq!(purges(|call| call.status = None), State::NotSeen);
    let fetched = |status: u16| {
        let mut facts = Facts::default();
        let document =
            Metadata { status: Some(status), path: "/metadata/json/1".into(), ..Metadata::default() };
        facts.metadata(document, Sight::default());
        read(&facts).into_iter().find(|one| one.kind == Kind::Metadata).map(|one| (one.state, one.strength))
    };
    assert_eq!(fetched(200), Some((State::Succeeded, Confidence::Certain)));
    for status in [199, 300, 404] {
        assert_eq!(fetched(status), Some((State::Failed, Confidence::Certain)));
    }
    // Only an item that Skype for Business made where its test makes one, and deleted.
    let made = |id: &'static str, folder: &'static str| {
        let created = call(|call| {
            (call.application, call.operation) = (Some(id.into()), Some("CreateItem".into()));
            call.folders.push(folder.into());
        });
        let deleted = greeting(200, SKYPE, "DeleteItem");
        scenarios(&[created, deleted]).contains_key("test-connectivity")
    };
    assert!(made(SKYPE, "recoverableitemspurges") && made(SKYPE, "conversationhistory"));
    assert!(!made(SKYPE, "drafts") && !made(CLOUD_VOICEMAIL, "inbox"));
}

#[test]
fn operations_and_paths_tell_the_others() {
    let operation = |name: &'static str| call(move |call| call.operation = Some(name.into()));
    let found = scenarios(&[
        operation("GetUserPhoto"),
        operation("GetUserAvailabilityRequest"),
        operation("AddImGroup"),
        operation("PlayOnPhone"),
        call(|call| {
            call.application = Some(TEAMS_SCHEDULER.into());
            call.operation = Some("GetDelegate".into());
        }),
        call(|call| call.path = "/autodiscover/autodiscover.svc".into()),
    ]);
    for name in ["photo", "freebusy", "unified-contacts", "voicemail", "teams-delegation", "autodiscover"] {
        assert_eq!(found[name], (State::Succeeded, Confidence::Certain), "{name}");
    }
}
