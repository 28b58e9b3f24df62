//! What the whole process sends, as the kernel sees it (`strace`): only hosts that the user named are looked
//! up or connected to, whatever addresses stand in answers, documents, certificates, tokens and variables.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CrlDistributionPoint, CustomExtension};

use super::*;

/// A label that no host has: where it leaves the process, somebody was asked.
const NOBODY: &str = "nobody-asked-for-this";

/// What a run did to the network.
struct Trace {
    /// Lines of `strace` that send or connect.
    lines: Vec<String>,
    run: Run,
}

impl Trace {
    /// Addresses and ports of other machines (and of this one) that were connected or sent to.
    fn reached(&self) -> BTreeSet<(String, u16)> {
        self.lines.iter().filter_map(|line| destination(line)).collect()
    }

    #[track_caller]
    fn asks_nobody(&self) {
        assert_eq!(self.reached(), BTreeSet::new(), "{:#?}", self.lines);
        self.names_nobody();
    }

    /// Neither a query to a server nor one to a local resolver holds the label.
    #[track_caller]
    fn names_nobody(&self) {
        let named: Vec<_> = self.lines.iter().filter(|line| line.contains(NOBODY)).collect();
        assert!(named.is_empty(), "{named:#?}");
    }
}

/// `sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")`, and the same of IPv6.
fn destination(line: &str) -> Option<(String, u16)> {
    let (_, port) = line.split_once("_port=htons(")?;
    let (port, rest) = port.split_once(')')?;
    let address = rest.split('"').nth(1)?;
    Some((address.to_owned(), port.parse().unwrap()))
}

/// Runs the program under `strace`; `None`, said aloud, where that cannot be done.
fn traced(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Option<Trace> {
    let works = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=network", "-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no strace");
        return None;
    }
    let plain = folder.command(arguments);
    let path = folder.file("strace.txt", "");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "4096", "-e", "trace=network", "-o"]).arg(&path);
    command.arg("--").arg(plain.get_program()).args(plain.get_args());
    command.current_dir(plain.get_current_dir().unwrap()).env_remove("NO_COLOR").env_remove("COLUMNS");
    let run = Run(command.envs(variables.iter().copied()).output().unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    let sends = ["connect(", "sendto(", "sendmsg(", "sendmmsg("];
    let lines = text.lines().filter(|line| sends.iter().any(|call| line.contains(call)));
    Some(Trace { lines: lines.map(str::to_owned).collect(), run })
}

/// A listener that must never see anybody; gives a URL with the label, and the port.
fn trap() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, format!("http://{NOBODY}.localhost:{port}/keys"))
}

#[track_caller]
fn never_asked(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

/// Authority information access (RFC 5280 4.2.2.1) with one URL as the issuer's certificate, and as OCSP.
fn authority_information(url: &str) -> CustomExtension {
    let entry = |method: u8| {
        let oid = [6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, method];
        let place = [&[0x86, url.len() as u8], url.as_bytes()].concat();
        let length = (oid.len() + place.len()) as u8;
        [&[0x30, length][..], &oid, &place].concat()
    };
    let entries = [entry(1), entry(2)].concat();
    assert!(entries.len() < 256, "one byte of length");
    let content = [&[0x30, 0x81, entries.len() as u8], &entries[..]].concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}

/// A server's certificate, as PEM, that names places to ask for its status.
fn pointing(url: &str) -> (Arc<ServerConfig>, String, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "Contoso Root with places");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::from_pem(&rsa_key()).unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![url.to_owned()] }];
    leaf.custom_extensions = vec![authority_information(url)];
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .unwrap();
    (Arc::new(config), authority.pem(), leaf.pem())
}

/// S2S metadata whose every address is `url`.
fn metadata(url: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/certs/acs-metadata.json");
    let mut document: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    document["endpoints"] =
        serde_json::json!([{ "location": url, "protocol": "OAuth2", "usage": "issuance" }]);
    for name in ["jwks_uri", "issuer", "authorization_endpoint", "keysLocation"] {
        document[name] = url.into();
    }
    document.to_string()
}

#[test]
fn probe_asks_the_named_host_alone_wherever_its_answers_point() {
    let (listener, url) = trap();
    let (config, ca, _) = pointing(&url);
    let (elsewhere, document) = (url.clone(), metadata(&url));
    let server = Server::start(Some(config), move |path, out| match path {
        "/metadata/json/1" => respond(out, "200 OK", &[], &document),
        "/mapi/" => respond(out, "302 Found", &[("Location", &elsewhere)], ""),
        "/oab/" => {
            respond(out, "307 Temporary Redirect", &[("Location", "//nobody-asked-for-this.invalid/")], "")
        }
        _ => {
            let challenge = format!("{CHALLENGE}, authorization_uri=\"{elsewhere}\"");
            let fields = [("X-FEServer", "EX01"), ("WWW-Authenticate", &challenge), ("Link", &elsewhere)];
            respond(out, "401 Unauthorized", &fields, "");
        }
    });
    let folder = Folder::new();
    let ca = folder.file("ca.pem", ca);
    let named = server.url("/");
    let arguments = ["probe", "--ca", ca.to_str().unwrap(), &named, "-o", "json", "--save", "keys.json"];
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let variables: Vec<_> = names.iter().map(|name| (*name, url.as_str())).collect();
    let Some(trace) = traced(&folder, &arguments, &variables) else { return };
    let reached = trace.reached();
    // The watch works: the named server's connection is seen, by both sides.
    assert!(reached.contains(&("127.0.0.1".to_owned(), server.port)), "{:#?}", trace.lines);
    assert!(server.connections() >= 8);
    // `localhost` may be looked up as ::1 first.
    let strangers: Vec<_> = reached
        .iter()
        .filter(|(address, port)| *port != server.port || !["127.0.0.1", "::1"].contains(&address.as_str()))
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    trace.names_nobody();
    never_asked(&listener);
    // What was not followed was read and told.
    assert!(trace.run.stdout().contains(NOBODY), "{}", trace.run.stdout());
}

#[test]
fn the_watch_sees_a_lookup() {
    let folder = Folder::new();
    let named = format!("https://{NOBODY}.invalid/");
    let Some(trace) = traced(&folder, &["probe", &named, "--timeout", "5"], &[]) else { return };
    trace.run.status(4);
    let asked = trace.lines.iter().any(|line| line.contains(NOBODY));
    assert!(asked || trace.reached().iter().any(|(_, port)| *port == 53), "{:#?}", trace.lines);
}

/// A token whose header and claims point at `url`.
fn pointing_token(url: &str) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = serde_json::json!({
        "typ": "JWT", "alg": "RS256", "kid": url, "jku": url, "x5u": url, "x5t": "lz3X2tO46NiWx9i9yEgmUW28Q1w",
    });
    let claims = serde_json::json!({
        "aud": format!("00000002-0000-0ff1-ce00-000000000000/{NOBODY}.invalid@{NOBODY}.invalid"),
        "iss": url, "nameid": url, "amurl": url, "idp": url, "nbf": 1_700_000_000, "exp": 1_700_028_800,
        "appid": "00000004-0000-0ff1-ce00-000000000000", "tid": format!("{NOBODY}.invalid"),
        "appctx": format!("{{\"amurl\":\"{url}\",\"version\":\"ExIdTok.V1\"}}"),
    });
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode([7; 256]))
}

/// A HAR of one request with the token, to a host that nobody named either.
fn pointing_har(token: &str, url: &str) -> String {
    let there = format!("https://{NOBODY}.invalid/ews/exchange.asmx");
    serde_json::json!({ "log": { "version": "1.2", "creator": { "name": "test", "version": "1" }, "entries": [{
        "startedDateTime": "2023-11-15T00:00:00.000Z", "time": 1, "cache": {}, "timings": { "send": 0, "wait": 1, "receive": 0 },
        "request": { "method": "POST", "url": there, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
            "headers": [{ "name": "Authorization", "value": format!("Bearer {token}") }], "headersSize": -1, "bodySize": 0 },
        "response": { "status": 302, "statusText": "Found", "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": [{ "name": "Location", "value": url }], "redirectURL": url, "headersSize": -1, "bodySize": 0,
            "content": { "size": 0, "mimeType": "text/html" } } }] } })
    .to_string()
}

#[test]
fn files_whose_tokens_keys_and_certificates_point_elsewhere_make_nobody_asked() {
    let (listener, url) = trap();
    let folder = Folder::new();
    let token = pointing_token(&url);
    folder.file("token.txt", &token);
    folder.file("traffic.har", pointing_har(&token, &url));
    folder.file("keys.json", metadata(&url));
    let (_, _, certificate) = pointing(&url);
    let body: String = certificate.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(STANDARD.decode(&body).is_ok());
    folder.file("server.pem", &certificate);
    folder.file(
        "state.txt",
        format!(
            "Name : ACS\nType : MicrosoftACS\nRealm : {NOBODY}.invalid\nEnabled : True\nTokenIssuingEndpoint : {url}\n\
             AuthMetadataUrl : {url}\nIssuerIdentifier : {url}\nIdentity : ACS\n\n\
             Name : EWS\nServer : EX01\nInternalUrl : {url}\nExternalUrl : {url}\nOAuthAuthentication : True\n"
        ),
    );
    folder.file(
        "state.ps1",
        format!("Set-AuthServer ACS -AuthMetadataUrl '{url}'\nInvoke-WebRequest '{url}'\n"),
    );
    let tenant = format!("{NOBODY}.invalid");
    let verify = ["verify", "traffic.har", "token.txt", "--sts-keys", "keys.json", "--state", "state.txt"];
    let cases: [(&[&str], &[i32]); 9] = [
        (&[&verify[..], &["--tenant", &tenant, "-o", "json"]].concat(), &[1, 4]),
        (&["inspect", "traffic.har", "-o", "json"], &[0]),
        (&["token", "token.txt", "--metadata", "keys.json"], &[1, 4]),
        (&["token", "token.txt"], &[1, 4]),
        (&["provision", "check", "state.txt", "state.ps1", "-o", "json"], &[1, 4]),
        (&["cert", "server.pem", "--against", "keys.json"], &[0, 1, 4]),
        (&["redact", "traffic.har", "-w", "safe.har"], &[0]),
        (&["explain", "AADSTS50012"], &[0]),
        (
            &[
                "provision",
                "script",
                "--tenant",
                &tenant,
                "--verified-domain",
                &tenant,
                "--host",
                &tenant,
                "--domain-controller",
                &tenant,
            ],
            &[0],
        ),
    ];
    for (arguments, statuses) in cases {
        let Some(trace) = traced(&folder, arguments, &[("HTTP_PROXY", &url), ("HTTPS_PROXY", &url)]) else {
            return;
        };
        let status = trace.run.0.status.code().unwrap();
        assert!(
            statuses.contains(&status),
            "{arguments:?}: {status}\n{}{}",
            trace.run.stdout(),
            trace.run.stderr()
        );
        assert!(!trace.run.stdout().is_empty() || arguments[0] == "redact", "{arguments:?}");
        trace.asks_nobody();
    }
    never_asked(&listener);
}
