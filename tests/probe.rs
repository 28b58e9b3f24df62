//! `probe` against imitations of Exchange on this machine, with their faults: TLS 1.0 to 1.3, chains,
//! redirections, slow and endless answers, wrong clouds. Nothing leaves the machine, and the tests watch that
//! only the named listener sees a connection.

#[path = "cli/support.rs"]
mod support;

/// What the kernel sees.
#[path = "probe/sockets.rs"]
mod sockets;
/// Every suite that a server accepts.
#[path = "probe/suites.rs"]
mod suites;
/// What chains are verified against, and what is kept of a service.
#[path = "probe/trust.rs"]
mod trust;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use support::{Folder, Run};

const CHALLENGE: &str = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", \
    trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\", token_types=\"app_asserted_user_v1 service_asserted_app_v1\", \
    authorization_uri=\"https://login.windows.net/common/oauth2/authorize\", error=\"invalid_token\"";

/// What a server does with the path of a request: the bytes to answer.
type Answer = dyn Fn(&str, &mut dyn Write) + Send + Sync;

/// A server on a port of its own; it ends with the test's process.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (count, heads, answer) =
            (Arc::clone(&connections), Arc::clone(&requests), Arc::new(answer) as Arc<Answer>);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let (tls, heads, answer) = (tls.clone(), Arc::clone(&heads), Arc::clone(&answer));
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        let mut stream = StreamOwned::new(connection, stream);
                        serve(&mut stream, &heads, &answer);
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                        drain(&mut stream.sock);
                    }
                    None => {
                        let mut stream = stream;
                        serve(&mut stream, &heads, &answer);
                        drain(&mut stream);
                    }
                });
            }
        });
        Self { port, connections, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: &mut (impl Read + Write), heads: &Mutex<Vec<String>>, answer: &Arc<Answer>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().unwrap().push(head);
    answer(&path, stream);
    let _ = stream.flush();
}

/// Ends a connection so that nothing that was written is lost to a reset.
fn drain(stream: &mut TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest), Ok(count) if count > 0) {}
}

fn respond(out: &mut dyn Write, status: &str, fields: &[(&str, &str)], body: &str) {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let _ = out.write_all(format!("{head}\r\n{body}").as_bytes());
}

/// The document of the token service as Exchange would publish one for itself.
fn published_by_exchange(metadata: &str) -> String {
    metadata.replace("00000001-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000")
}

/// Exchange as it should be, with this challenge.
fn exchange(challenge: &'static str) -> impl Fn(&str, &mut dyn Write) + Send + Sync {
    let metadata =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/captures/certs/acs-metadata.json"))
            .unwrap();
    let own = published_by_exchange(&metadata);
    move |path, out| {
        let fields = [("request-id", "8f4c"), ("X-FEServer", "EX01"), ("Server", "Microsoft-IIS/10.0")];
        if path.ends_with("/metadata/json/1") {
            let document = if path.starts_with("/autodiscover/") { &own } else { &metadata };
            return respond(out, "200 OK", &fields, document);
        }
        let challenges = [
            ("WWW-Authenticate", challenge),
            ("WWW-Authenticate", "Negotiate"),
            ("WWW-Authenticate", "NTLM"),
        ];
        respond(out, "401 Unauthorized", &[&fields[..], &challenges].concat(), "");
    }
}

/// An authority and a certificate of it.
struct Identity {
    ca: String,
    config: Arc<ServerConfig>,
    chain: String,
    key: String,
}

/// How the server's certificate is.
struct Wanted {
    name: &'static str,
    expired: bool,
    versions: &'static [&'static SupportedProtocolVersion],
}

const GOOD: Wanted = Wanted { name: "localhost", expired: false, versions: rustls::ALL_VERSIONS };

fn identity(wanted: &Wanted) -> Identity {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let name = format!("Contoso Root {}", NEXT.fetch_add(1, Ordering::Relaxed));
    authority.distinguished_name.push(DnType::CommonName, name);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::from_pem(&rsa_key()).unwrap();
    let mut leaf = CertificateParams::new(vec![wanted.name.to_owned()]).unwrap();
    leaf.distinguished_name.push(DnType::CommonName, wanted.name);
    if wanted.expired {
        leaf.not_after = rcgen::date_time_ymd(2020, 1, 1);
        leaf.not_before = rcgen::date_time_ymd(2019, 1, 1);
    }
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(wanted.versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .unwrap();
    Identity { ca: authority.pem(), config: Arc::new(config), chain: leaf.pem(), key: key.serialize_pem() }
}

/// RSA keys are slow to make: one serves all.
fn rsa_key() -> String {
    static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem()).clone()
}

/// Runs `probe` with the identity's authority trusted.
fn probe(identity: &Identity, arguments: &[&str]) -> Run {
    let folder = Folder::new();
    let ca = folder.file("ca.pem", &identity.ca);
    let begun = Instant::now();
    let run = folder.run(&[&["probe", "--ca", ca.to_str().unwrap()], arguments].concat());
    assert!(begun.elapsed() < Duration::from_secs(30), "took {:?}", begun.elapsed());
    run
}

fn json(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.stdout()).unwrap()
}

fn rules(run: &Run) -> Vec<String> {
    let document = json(run);
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn says(run: &Run, rule: &str) {
    assert!(rules(run).iter().any(|found| found == rule), "no {rule} in {}", run.stdout());
}

#[track_caller]
fn silent(run: &Run, rule: &str) {
    assert!(!rules(run).iter().any(|found| found == rule), "{rule} in {}", run.stdout());
}

#[test]
fn a_healthy_exchange_passes_and_gets_no_credentials() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
    let run = probe(&identity, &[&server.url("/"), "-o", "json"]);
    run.status(0);
    let document = json(&run);
    assert_eq!(document["verdict"], "pass");
    assert_eq!(document["inputs"][0]["kind"], "service");
    says(&run, "challenge-seen");
    silent(&run, "transport-certificate-untrusted");
    silent(&run, "transport-tls-old");
    let requests = server.requests();
    assert_eq!(requests.len(), 8);
    for head in &requests {
        let lower = head.to_ascii_lowercase();
        assert!(!lower.contains("cookie") && !lower.contains("proxy-authorization"), "{head}");
        let sent = lower.lines().find(|line| line.starts_with("authorization"));
        let document = lower.starts_with("get /metadata") || lower.starts_with("get /autodiscover/metadata");
        assert_eq!(sent, (!document).then_some("authorization: bearer"), "{head}");
    }
    for path in ["/ews/exchange.asmx", "/autodiscover/autodiscover.svc", "/mapi/", "/oab/", "/api/"] {
        assert!(requests.iter().any(|head| head.starts_with(&format!("GET {path} "))), "{path}");
    }
}

#[test]
fn tls_12_and_13_alone_are_both_spoken() {
    for (version, name) in [(&rustls::version::TLS12, "TLS 1.2"), (&rustls::version::TLS13, "TLS 1.3")] {
        let versions: &'static [_] = Box::leak(Box::new([version]));
        let identity = identity(&Wanted { versions, ..GOOD });
        let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
        let run = probe(&identity, &[&server.url("/ews/exchange.asmx"), "-o", "json"]);
        run.status(0);
        let found = json(&run);
        let service =
            found["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "coverage-service");
        let observed = service.unwrap()["observed"].as_str().unwrap();
        assert!(observed.starts_with(name), "{observed}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn faults_of_the_chain_are_told_apart_and_the_answer_is_still_read() {
    let stranger = identity(&GOOD);
    let cases = [
        (Wanted { name: "other.example", ..GOOD }, true, "not for localhost, but for other.example"),
        (Wanted { expired: true, ..GOOD }, true, "expired"),
        (GOOD, false, "issuer"),
    ];
    for (wanted, trusted, words) in cases {
        let identity = identity(&wanted);
        let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
        let trust = if trusted { &identity } else { &stranger };
        let run = probe(trust, &[&server.url("/ews/exchange.asmx"), "-o", "json"]);
        run.status(1);
        says(&run, "challenge-seen");
        let found = json(&run);
        let all = found["findings"].as_array().unwrap();
        let chain = all.iter().find(|one| one["rule"] == "transport-certificate-untrusted").unwrap();
        assert!(chain["observed"].as_str().unwrap().contains(words), "{chain}");
    }
}

#[test]
fn challenges_are_judged_by_the_rules_for_recorded_ones() {
    let identity = identity(&GOOD);
    let tenant = ["--tenant", "11111111-2222-3333-4444-555555555555"];
    let cases: [(&'static str, &str); 4] = [
        ("NTLM", "challenge-missing"),
        (
            "Bearer client_id=\"00000003-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"",
            "challenge-application",
        ),
        (
            "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"",
            "challenge-foreign-cloud",
        ),
        (
            "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@99999999-2222-3333-4444-555555555555\"",
            "challenge-realm",
        ),
    ];
    for (challenge, rule) in cases {
        let server = Server::start(Some(Arc::clone(&identity.config)), exchange(challenge));
        let run =
            probe(&identity, &[&[&server.url("/ews/exchange.asmx")[..], "-o", "json"], &tenant[..]].concat());
        run.status(1);
        says(&run, rule);
    }
}

#[test]
fn a_challenge_that_names_nothing_establishes_nothing() {
    let identity = identity(&GOOD);
    for challenge in [
        "Bearer",
        "Bearer realm=\"x\"",
        "Bearer error=\"invalid_token\"",
        "Bearer trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\"",
    ] {
        let server = Server::start(Some(Arc::clone(&identity.config)), exchange(challenge));
        let run = probe(&identity, &[&server.url("/ews/exchange.asmx"), "-o", "json"]);
        run.status(4);
        assert!(run.stdout().contains("does not name both Exchange and the issuers"), "{challenge}");
    }
}

#[test]
fn another_cloud_is_right_when_it_is_expected() {
    let identity = identity(&GOOD);
    let challenge = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0002-0000-c000-000000000000@*\"";
    let server = Server::start(Some(Arc::clone(&identity.config)), exchange(challenge));
    let run = probe(&identity, &[&server.url("/ews/exchange.asmx"), "-o", "json", "--cloud", "china"]);
    silent(run.status(0), "challenge-foreign-cloud");
}

#[test]
fn a_redirection_elsewhere_is_named_and_not_followed() {
    let identity = identity(&GOOD);
    let elsewhere = Server::start(None, |_, out| respond(out, "200 OK", &[], ""));
    let target = format!("http://localhost:{}/adfs/ls", elsewhere.port);
    let sent_to = target.clone();
    let server = Server::start(Some(Arc::clone(&identity.config)), move |_, out| {
        respond(out, "302 Found", &[("Location", &sent_to)], "");
    });
    let run = probe(&identity, &[&server.url("/"), "-o", "json"]);
    run.status(4);
    says(&run, "challenge-not-exchange");
    assert!(run.stdout().contains(&target));
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn redirections_on_the_same_host_are_followed_a_few_times() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), move |path, out| match path {
        "/ews/exchange.asmx" => respond(out, "302 Found", &[("Location", "/ews/there.asmx")], ""),
        "/ews/there.asmx" => exchange(CHALLENGE)(path, out),
        _ => respond(out, "302 Found", &[("Location", path)], ""),
    });
    probe(&identity, &[&server.url("/ews/exchange.asmx"), "-o", "json"]).status(0);
    let run = probe(&identity, &[&server.url("/ews/round.asmx"), "-o", "json"]);
    run.status(4);
    says(&run, "coverage-unanswered");
    let rounds = server.requests().iter().filter(|head| head.contains("round")).count();
    assert_eq!(rounds, 4);
}

#[test]
fn slow_answers_end_at_the_timeout() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), |_, out| {
        let _ = out.write_all(b"HTTP/1.1 401 Unauthorized\r\n");
        for _ in 0..600 {
            std::thread::sleep(Duration::from_millis(100));
            if out.write_all(b"X: y\r\n").and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    });
    let begun = Instant::now();
    let run = probe(&identity, &[&server.url("/"), "-o", "json", "--timeout", "1"]);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    run.status(4);
    says(&run, "coverage-unanswered");
    assert!(run.stdout().contains("timeout"));
    assert_eq!(server.requests().len(), 1, "a host that does not answer is not asked on");
}

#[test]
fn endless_answers_end_at_the_bound_on_size() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), |_, out| {
        let _ = out.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while out.write_all(&[b'x'; 16384]).is_ok() {}
    });
    let run = probe(&identity, &[&server.url("/metadata/json/1"), "-o", "json", "--timeout", "20"]);
    run.status(4);
    assert!(run.stdout().contains("longer than"), "{}", run.stdout());
}

#[test]
fn what_is_not_reached_is_incomplete_with_the_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = Folder::new();
    let run = folder.run(&["probe", &format!("https://127.0.0.1:{closed}/"), "--timeout", "3"]);
    run.status(4);
    assert!(run.stderr().contains("refused"), "{}", run.stderr());
    assert!(!run.stdout().contains("the certificates verify"), "{}", run.stdout());
    let run = folder.run(&["probe", "https://no-such-name.invalid/", "--timeout", "5"]);
    run.status(4);
    assert!(run.stderr().contains("DNS") || run.stderr().contains("timeout"), "{}", run.stderr());
    // Something that listens and never speaks.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let begun = Instant::now();
    let run = folder.run(&["probe", &format!("https://127.0.0.1:{port}/"), "--timeout", "1"]);
    run.status(4);
    assert!(run.stderr().contains("timeout"), "{}", run.stderr());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn what_is_no_http_and_no_tls_is_told() {
    let folder = Folder::new();
    let server = Server::start(None, |_, out| {
        let _ = out.write_all(b"220 mail.contoso.com ESMTP\r\n");
    });
    let run = folder.run(&["probe", &format!("http://127.0.0.1:{}/ews/exchange.asmx", server.port)]);
    run.status(4);
    let greeter = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = greeter.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in greeter.incoming().flatten() {
            let _ = stream.write_all(b"220 mail.contoso.com ESMTP\r\n");
            drain(&mut stream);
        }
    });
    let run = folder.run(&["probe", &format!("https://127.0.0.1:{port}/"), "--timeout", "3"]);
    run.status(4);
    assert!(run.stderr().contains("TLS"), "{}", run.stderr());
}

/// A document that was asked for by its address and did not come is no proof that all is well.
#[test]
fn a_named_document_that_does_not_come_is_incomplete() {
    let identity = identity(&GOOD);
    for (status, fields, body) in [
        ("503 Service Unavailable", &[][..], ""),
        ("302 Found", &[("Location", "https://elsewhere.example/")], ""),
        ("401 Unauthorized", &[("WWW-Authenticate", "Negotiate")], ""),
        ("200 OK", &[], "hello"),
    ] {
        let server = Server::start(Some(Arc::clone(&identity.config)), move |_, out| {
            respond(out, status, fields, body)
        });
        for path in ["/contoso.com/metadata/json/1", "/contoso.com/.well-known/openid-configuration"] {
            let run = probe(&identity, &[&server.url(path), "-o", "json"]);
            run.status(4);
            assert_eq!(json(&run)["verdict"], "incomplete", "{status} {path}");
            assert!(run.stdout().contains("gave no "), "{status} {path}");
        }
    }
}

#[test]
fn metadata_is_saved_for_sts_keys_and_nothing_else_is_overwritten() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
    let folder = Folder::new();
    let ca = folder.file("ca.pem", &identity.ca);
    let url = server.url("/");
    let base = ["probe", "--ca", ca.to_str().unwrap(), &url, "--save"];
    folder.run(&[&base[..], &["keys.json"]].concat()).status(0);
    let path = ca.with_file_name("keys.json");
    let saved = std::fs::read(&path).unwrap();
    let original =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/captures/certs/acs-metadata.json"))
            .unwrap();
    assert_eq!(saved, published_by_exchange(&original).as_bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Its own kind may be replaced, a diary may not.
    folder.run(&[&base[..], &["keys.json"]].concat()).status(0);
    let before = server.connections();
    let diary = folder.file("diary.txt", "dear diary");
    folder.run(&[&base[..], &["diary.txt"]].concat()).status(2).complains("not overwritten");
    assert_eq!(std::fs::read_to_string(diary).unwrap(), "dear diary");
    assert_eq!(server.connections(), before, "a wrong command line asks nobody");
}

#[test]
fn a_clock_that_is_off_is_told() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), |_, out| {
        let fields = [
            ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
            ("X-FEServer", "EX01"),
            ("WWW-Authenticate", CHALLENGE),
        ];
        respond(out, "401 Unauthorized", &fields, "");
    });
    let run = probe(&identity, &[&server.url("/ews/exchange.asmx"), "-o", "json"]);
    says(&run, "lifetime-clock-skew");
}

#[test]
fn a_proxy_sees_the_tunnel_and_nobody_else_a_connection() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
    let port = server.port;
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy_port = proxy.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut client in proxy.incoming().flatten() {
            let heads = Arc::clone(&heads);
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && matches!(client.read(&mut byte), Ok(1)) {
                    head.push(byte[0]);
                }
                heads.lock().unwrap().push(String::from_utf8(head).unwrap());
                let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
                let _ = std::io::copy(&mut server, &mut client);
                let _ = client.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    let proxy_url = format!("http://127.0.0.1:{proxy_port}");
    // A name that only the proxy could know.
    let run =
        probe(&identity, &["https://localhost:9/ews/exchange.asmx", "-o", "json", "--proxy", &proxy_url]);
    run.status(0);
    assert!(asked.lock().unwrap().iter().all(|head| head.starts_with("CONNECT localhost:9 HTTP/1.1\r\n")));
    // Without the option, what the environment says is not read.
    let folder = Folder::new();
    let before = asked.lock().unwrap().len();
    let output = folder
        .command(&["probe", "https://localhost:9/", "--timeout", "2"])
        .env("HTTPS_PROXY", &proxy_url)
        .env("ALL_PROXY", &proxy_url)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(asked.lock().unwrap().len(), before);
}

#[test]
fn wrong_addresses_are_told_before_anybody_is_asked() {
    let folder = Folder::new();
    folder.run(&["probe", "ftp://mail.contoso.com/"]).status(2).complains("only http and https");
    let run = folder.run(&["probe", "https://user:geheim@mail.contoso.com/"]);
    run.status(2).complains("credentials");
    assert!(!run.stderr().contains("geheim"));
    folder
        .run(&["probe", "https://mail.contoso.com/", "--ca", "absent.pem"])
        .status(3)
        .complains("absent.pem");
}

/// `openssl s_server` of one old version; ends with the test.
struct Old(Child);

impl Drop for Old {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn old_server(folder: &Folder, identity: &Identity, options: &[&str]) -> Option<(Old, u16)> {
    let certificate = folder.file("server.pem", format!("{}{}", identity.chain, identity.key));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("openssl")
        .args(["s_server", "-www", "-quiet", "-cert", certificate.to_str().unwrap()])
        .args(["-accept", &format!("127.0.0.1:{port}")])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = child else {
        eprintln!("skipped: no openssl");
        return None;
    };
    let child = Old(child);
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((child, port));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("openssl s_server did not begin to listen");
}

#[test]
fn servers_that_speak_only_old_versions_are_read_by_an_own_hello() {
    let identity = identity(&GOOD);
    for (option, version) in [("-tls1", "TLS 1.0"), ("-tls1_1", "TLS 1.1")] {
        let folder = Folder::new();
        let Some((_server, port)) = old_server(&folder, &identity, &[option, "-cipher", "ALL:@SECLEVEL=0"])
        else {
            return;
        };
        let run = probe(&identity, &[&format!("https://localhost:{port}/"), "-o", "json", "--timeout", "5"]);
        run.status(1);
        let found = json(&run);
        let all = found["findings"].as_array().unwrap();
        let old = all.iter().find(|one| one["rule"] == "transport-tls-old").unwrap();
        assert_eq!(old["severity"], "error");
        assert_eq!(old["observed"], version);
        // The chain is known from the clear part of the handshake, and was verified.
        silent(&run, "transport-certificate-untrusted");
        assert!(run.stdout().contains("CN=localhost"), "{}", run.stdout());
    }
}

#[test]
fn a_server_with_suites_of_2012_is_described() {
    let identity = identity(&GOOD);
    let folder = Folder::new();
    let options = ["-tls1_2", "-cipher", "AES256-SHA256:AES128-SHA:@SECLEVEL=0"];
    let Some((_server, port)) = old_server(&folder, &identity, &options) else { return };
    let run = probe(&identity, &[&format!("https://localhost:{port}/"), "-o", "json", "--timeout", "5"]);
    run.status(4);
    let found = json(&run);
    let suite = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["rule"] == "transport-suite-old")
        .unwrap();
    assert!(suite["observed"].as_str().unwrap().contains("TLS_RSA_WITH_AES"), "{suite}");
    silent(&run, "transport-tls-old");
}
