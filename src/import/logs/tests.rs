use super::super::Collected;
use super::*;
use crate::json::dump;

fn collect(text: &str) -> Collected {
    let mut out = Collected::default();
    read(text.as_bytes(), &ImportSettings::default(), &mut out).unwrap();
    out
}

#[test]
fn iis_rows_follow_their_declared_columns() {
    let text = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-22 10:00:00\r\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken X-Ms-Diagnostics\r\n\
        2026-11-22 10:00:01 10.0.0.1 POST /EWS/Exchange.asmx - 443 - 52.1.2.3 Skype+for+Business/16 401 0 0 31 2000003;reason=\"The+token+is+bad\"\r\n\
        #Fields: date time cs-method sc-status cs-uri-stem\r\n\
        2026-11-22 10:00:02 GET 200 /ews/x\r\nbroken\r\n";
    let out = collect(text);
    let [first, second, broken] = out.log_records.as_slice() else { panic!("{:?}", out.log_records) };
    assert_eq!((first.source, first.line, first.status), (LogSource::Iis, 5, Some(401)));
    assert_eq!(first.time.unwrap().to_string(), "2026-11-22T10:00:01Z");
    assert_eq!(first.user_agent.as_deref(), Some("Skype for Business/16"));
    assert_eq!(first.diagnostics.as_deref(), Some("2000003;reason=\"The token is bad\""));
    assert_eq!((first.user.as_deref(), first.client.unwrap().to_string().as_str()), (None, "52.1.2.3"));
    assert_eq!((second.status, second.path.as_deref()), (Some(200), Some("/ews/x")));
    assert!(broken.unreadable && broken.line == 8 && broken.time.is_none());
    assert_eq!(out.notices.len(), 1);
}

#[test]
fn a_password_in_a_query_is_noted_and_not_kept() {
    let line = |query: &str| {
        let text = format!(
            "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status\r\n\
            2026-11-22 10:00:01 GET /EWS/Exchange.asmx {query} 401\r\n"
        );
        collect(&text).log_records.remove(0)
    };
    let record = line("user=svc&Password=Sup3rSecretQ&cafeReqId=r-1;");
    assert!(record.password_in_query && record.request_id.as_deref() == Some("r-1"));
    assert!(!format!("{record:?}").contains("Sup3rSecretQ"));
    for query in ["user=svc&pass=Sup3rSecretQ", "p%61ssword=Sup3rSecretQ"] {
        assert!(line(query).password_in_query, "{query}");
    }
    for query in ["-", "password=", "passwordless=yes&a=pwd", "user=svc", "pass=1", "bypass=yes"] {
        assert!(!line(query).password_in_query, "{query}");
    }
}

#[test]
fn a_password_in_a_field_that_somebody_added_is_noted_and_not_kept() {
    let line = |column: &str, value: &str| {
        let text = format!(
            "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method cs-uri-stem sc-status {column}\r\n\
            2026-11-22 10:00:01 POST /EWS/Exchange.asmx 200 {value}\r\n"
        );
        collect(&text).log_records.remove(0)
    };
    for column in ["cs(Authorization)", "Authorization", "HTTP_AUTHORIZATION"] {
        let record = line(column, "Basic+YW5uYTpTdXAzclNlY3JldFE=");
        assert_eq!(record.authentication.as_deref(), Some("Basic"), "{column}");
        assert!(!format!("{record:?}").contains("YW5uYTpTdXAz"));
    }
    for value in ["-", "Basic", "Basic+", "Bearer+eyJ", "Bearer+", "Negotiate+YII="] {
        assert_eq!(line("cs(Authorization)", value).authentication, None, "{value}");
    }
}

#[test]
fn a_token_in_a_field_for_authorization_is_kept_whole() {
    let line = |value: &str| {
        let text = format!(
            "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method cs-uri-stem sc-status cs(Authorization)\r\n\
            2026-11-22 10:00:01 GET /EWS/Exchange.asmx 401 {value}\r\n"
        );
        collect(&text).log_records.remove(0)
    };
    let record = line("bearer+eyJ0.e30.c2ln");
    assert_eq!(
        record.token_sent.as_ref().map(|token| token.expose().to_vec()),
        Some(b"eyJ0.e30.c2ln".to_vec())
    );
    assert!(!format!("{record:?}").contains("c2ln"));
    for value in ["-", "Bearer", "Bearer+", "Basic+eyJ0.e30.c2ln", "Bearer+eyJ0.e30.c2..."] {
        assert_eq!(line(value).token_sent, None, "{value}");
    }
}

#[test]
fn a_token_in_a_query_is_noted_and_not_kept() {
    let line = |query: &str| {
        let text = format!(
            "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status\r\n\
            2026-11-22 10:00:01 GET /EWS/Exchange.asmx {query} 200\r\n"
        );
        collect(&text).log_records.remove(0)
    };
    // {"iss":"00000004-0000-0FF1-CE00-000000000000@x"}
    let payload = "eyJpc3MiOiIwMDAwMDAwNC0wMDAwLTBGRjEtQ0UwMC0wMDAwMDAwMDAwMDBAeCJ9";
    let record = line(&format!("a=b&access_token=eyJhbGciOiJub25lIn0.{payload}.c2ln"));
    assert_eq!(record.applications_in_query.as_deref(), Some("00000004-0000-0ff1-ce00-000000000000"));
    assert!(!format!("{record:?}").contains("c2ln"));
    for query in ["-", "access_token=abc", "x=eyJhbGciOiJub25lIn0", "x=eyJhbGciOiJub25lIn0.e!.c"] {
        assert_eq!(line(query).applications_in_query, None, "{query}");
    }
}

#[test]
fn exchange_logs_are_told_apart_and_their_quotes_read() {
    let proxy = "\u{feff}DateTime,RequestId,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,UserAgent,ClientIpAddress,HttpStatus,BackEndStatus,Method,GenericErrors\r\n\
        #Software: Microsoft Exchange Server\r\n#Log-type: HttpProxy Logs\r\n\
        2026-11-22T10:00:00.123Z,r-1,c-1,Ews,mail.contoso.com,/EWS/Exchange.asmx,,Bearer,True,\"x, \"\"y\"\"\",UA,10.0.0.9,200,200,POST,\"a,\r\nb\"\r\n";
    let out = collect(proxy);
    let record = &out.log_records[0];
    assert_eq!((record.source, record.authentication.as_deref()), (LogSource::HttpProxy, Some("Bearer")));
    assert_eq!((record.user.as_deref(), record.errors.as_deref()), (Some("x, \"y\""), Some("a,\nb")));
    assert_eq!(
        (record.host.as_deref(), record.request_id.as_deref()),
        (Some("mail.contoso.com"), Some("r-1"))
    );

    let outbound = "#Software: Microsoft Exchange Server\n#Log-type: OAuth Outbound\n#Fields: date-time,client-request-id,target-uri,result-code,error-string,token-result\n\
        2026-11-22T10:00:00.000Z,c-2,https://outlook.office365.com/ews/exchange.asmx,Fail,invalid_client,{}.{}\n";
    let record = &collect(outbound).log_records[0];
    assert_eq!((record.source, record.result.as_deref()), (LogSource::OAuthOutbound, Some("Fail")));
    assert_eq!(record.errors.as_deref(), Some("invalid_client"));
    assert!(!format!("{record:?}").contains("{}.{}"), "a dump of a token stays out of Debug");

    let ews = "#Log-type: EWS Logs\n#Fields: DateTime,RequestId,AuthenticationType,SoapAction,HttpStatus,ErrorCode\n2026-11-22T10:00:00Z,r,Bearer,GetItem,200,ErrorAccessDenied\n";
    let record = &collect(ews).log_records[0];
    assert_eq!((record.source, record.operation.as_deref()), (LogSource::Ews, Some("GetItem")));
}

#[test]
fn results_of_the_connectivity_test_in_both_forms() {
    let list = "RunspaceId  : 5\nTask        : Checking EWS API Call Under Oauth\nDetail      : The configuration was last successfully loaded at 1/1/0001 12:00:00 AM UTC.\n\
        \x20             Client request ID: 1234-abcd\n\x20             Error:[OAuthCredentials:GetToken] no\n\
        \x20             sending to https://outlook.office365.com/ews/exchange.asmx.\n\x20             Exception:\n\
        \x20             System.Net.WebException: The remote server returned an error: (401) Unauthorized., diagnostics: 2000005;reason=\"x\"\n\
        ResultType  : Error\nIdentity    : y\nIsValid     : True\n";
    let out = collect(list);
    let [record] = out.log_records.as_slice() else { panic!("{:?}", out.log_records) };
    assert_eq!((record.result.as_deref(), record.line), (Some("Error"), 1));
    assert_eq!(record.client_request_id.as_deref(), Some("1234-abcd"));
    assert_eq!(record.path.as_deref(), Some("https://outlook.office365.com/ews/exchange.asmx"));
    assert_eq!(record.diagnostics.as_deref(), Some("2000005;reason=\"x\""));
    assert!(
        record.errors.as_deref().unwrap().starts_with("Error:[OAuthCredentials:GetToken] no; System.Net")
    );

    // A narrow window breaks lines, and sentences with them.
    let narrow = "Task        : Checking EWS API Call Under Oauth\nDetail      : Client request ID: 77\n\
        \x20             Error:Unable to get token from Auth Server. Description: 'AADSTS70002: Error\n\
        \x20             validating credentials. AADSTS50012: invalid signature. [Reason - The key was\n\
        \x20             not found.]'\n\x20             Exception:\n\
        \x20             System.Net.WebException: (401) Unauthorized., diagnostics: 2000005;reason=\"The user is\n\
        \x20             ambiguous.\";error_category=\"invalid_user\"\nResultType  : Error\n";
    let record = &collect(narrow).log_records[0];
    assert!(record.errors.as_deref().unwrap().contains("[Reason - The key was not found.]"));
    let said = record.diagnostics.as_deref().unwrap();
    assert_eq!(said, "2000005;reason=\"The user is ambiguous.\";error_category=\"invalid_user\"");

    let clixml = "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><Props><S N=\"Task\">Checking</S>\
        <S N=\"Detail\">a_x000D__x000A_Client request ID: 77_x000D__x000A_</S><Obj N=\"ResultType\" RefId=\"1\"><ToString>Success</ToString><I32>0</I32></Obj></Props></Obj></Objs>";
    let out = collect(clixml);
    let [record] = out.log_records.as_slice() else { panic!("{:?}", out.log_records) };
    assert_eq!(
        (record.result.as_deref(), record.client_request_id.as_deref()),
        (Some("Success"), Some("77"))
    );
}

#[test]
fn what_is_no_log_is_refused() {
    for text in ["", "hello", "#Fields: a b c\n1 2 3\n", "#Fields: x,y,z,u\n1,2,3,4\n"] {
        let result = read(text.as_bytes(), &ImportSettings::default(), &mut Collected::default());
        assert!(matches!(result, Err(ImportError::Damaged(_) | ImportError::Kind(_))), "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "#Fields: date time cs-method", "#Fields: ", "DateTime,a,b,c", "\n", "\"", ",", " ", "2026-11-22", "10:00:00", "é", "\r",
        "Task : x", "ResultType : Error", "Detail : diagnostics:", "https://", "{\"typ\"", "<Objs>", "<S N=\"Detail\">", "Exception:",
    ]), 0..40)) {
        fuzz(pieces.concat().as_bytes());
    }
}

#[test]
fn a_log_read_line_by_line_gives_what_the_whole_gives() {
    let iis = "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method sc-status cs-uri-stem\r\n\
        2026-11-22 10:00:02 GET 200 /ews/x\r\nbroken\r\n\0\0\0\0\r\n9999-99-99 10:00:02 GET 200 /ews/x\r\n2026-11-22 10:00:03 GET 401 /ews/y";
    let long = "A".repeat(3 * limits::HEAD_BYTES);
    let proxy = format!(
        "\u{feff}DateTime,RequestId,Protocol,UrlStem\r\n#Log-type: HttpProxy Logs\r\n\
         2026-11-22T10:00:00Z,r-1,Ews,\"/EWS\r\nmore\"\r\n{long}\r\n2026-11-22T10:00:01Z,r-2,Ews,/EWS\n2026-11-22T10:00:02Z,\"r-3,Ews,/EWS\n"
    );
    for text in [iis, &proxy] {
        let whole = collect(text);
        let mut lines = Collected::default();
        let mut source = text.as_bytes();
        let (first, declares) = beginning(&mut source);
        assert!(declares);
        read_lines(&mut first.as_slice().chain(source), &mut lines).unwrap();
        assert_eq!(format!("{:?}", whole.log_records), format!("{:?}", lines.log_records));
        assert_eq!(whole.notices, lines.notices);
        assert!(whole.log_records.len() >= 4 && whole.notices.len() == 1);
    }
    assert!(!beginning(&mut "RunspaceId : 1\nTask : x\n".as_bytes()).1);
}

#[test]
fn a_copy_that_begins_in_the_middle_of_the_detail_is_read() {
    // After Microsoft Q&A 1381627.
    let text = "Exchange Response Details:\n              Exception:\n              System.Net.WebException: (401) Unauthorized.\n              Boolean reloadConfig), diagnostics: 2000005;reason=\"The user specified by the user-context in the token\n              does not exist.\";error_category=\"invalid_user\"\n\nResultType  : Error\nIdentity    : Microsoft.Exchange.Security.OAuth.ValidationResultNodeId\nIsValid     : True\n";
    let mut out = Collected::default();
    read(text.as_bytes(), &ImportSettings::default(), &mut out).unwrap();
    let [record] = &out.log_records[..] else { panic!() };
    assert_eq!(record.line, 1);
    assert!(record.diagnostics.as_deref().unwrap().ends_with("not exist.\";error_category=\"invalid_user\""));
}

#[test]
fn a_table_of_the_connectivity_test_says_how_to_print_it() {
    let text = "Task                               Detail            ResultType\n----                               ------            ----------\nChecking EWS API Call Under Oauth  The configurat... Error\n";
    let told = read(text.as_bytes(), &ImportSettings::default(), &mut Collected::default()).unwrap_err();
    assert!(told.to_string().contains("Format-List"), "{told}");
}

#[test]
fn a_window_that_cuts_words_leaves_them_whole() {
    let print = "9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1";
    let told = format!(
        "Error:Unable to get the token. AADSTS70002: Error. AADSTS50012: [Reason - The key was not found., Thumbprint of key used by client: '{print}', please look]"
    );
    let token = r#"Information:[X:Y] with the bearer token: '{"typ":"JWT","alg":"none"}."iss": "00000002-0000-0ff1-ce00-000000000000@5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11" "aud": "x" ; actor: {"typ":"JWT","alg":"RS256"}."iss": "a" "nameid": "b"'"#;
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    for window in 40..130 {
        let broken = |text: &str| -> String {
            letters(text).chunks(window).map(|line| line.iter().collect::<String>() + "\n").collect()
        };
        let detail = format!("{}{}", broken(token), broken(&told));
        let record = LogRecord::tested(1, "", &detail, "Error");
        assert!(record.errors.unwrap().contains(&format!("'{print}'")), "{window}");
        let dump = String::from_utf8(record.token_dump.unwrap().expose().to_vec()).unwrap();
        let claims = |compact: &str| {
            let part = compact.split('.').nth(1).unwrap_or_default();
            serde_json::from_slice::<serde_json::Value>(&base64url::decode(part.as_bytes()).unwrap()).unwrap()
        };
        let outer = claims(&dump::find(&dump)[0].compact);
        let issuer = "00000002-0000-0ff1-ce00-000000000000@5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
        assert_eq!(outer["iss"], issuer, "{window}");
        assert_eq!(claims(outer["actortoken"].as_str().unwrap())["nameid"], "b", "{window}");
    }
}
