//! Roots of the machine and of `--ca`; what `--save` keeps is what `--sts-keys` takes.

use super::*;

/// Runs `probe` without `--ca`, with these variables.
fn with_variables(arguments: &[&str], variables: &[(&str, &std::path::Path)]) -> Run {
    let folder = Folder::new();
    let mut command = folder.command(&[&["probe"], arguments].concat());
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR").envs(variables.iter().copied());
    Run(command.output().unwrap())
}

#[test]
fn the_roots_of_the_machine_are_found_where_openssl_finds_them() {
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
    let url = server.url("/ews/exchange.asmx");
    let arguments = [&url[..], "-o", "json"];
    says(with_variables(&arguments, &[]).status(1), "transport-certificate-untrusted");

    let folder = Folder::new();
    let file = folder.file("roots.pem", &identity.ca);
    let run = with_variables(&arguments, &[("SSL_CERT_FILE", &file)]);
    silent(run.status(0), "transport-certificate-untrusted");

    // A folder holds them by the hash of their names, as `openssl rehash` makes it; the name is OpenSSL's word.
    let hash =
        Command::new("openssl").args(["x509", "-noout", "-hash", "-in", file.to_str().unwrap()]).output();
    let Ok(hash) = hash else {
        eprintln!("skipped: no openssl");
        return;
    };
    let hash = String::from_utf8(hash.stdout).unwrap();
    let roots = file.with_file_name("roots");
    std::fs::create_dir(&roots).unwrap();
    std::fs::write(roots.join(format!("{}.0", hash.trim())), &identity.ca).unwrap();
    let run = with_variables(&arguments, &[("SSL_CERT_DIR", &roots)]);
    silent(run.status(0), "transport-certificate-untrusted");

    // What cannot be read is said, and costs only itself.
    let absent = file.with_file_name("absent.pem");
    let run = with_variables(&arguments, &[("SSL_CERT_FILE", &absent)]);
    says(run.status(1), "transport-certificate-untrusted");
    assert!(run.stderr().contains("absent.pem"), "{}", run.stderr());
    let damaged = folder.file("damaged.pem", format!("-----BEGIN CERTIFICATE-----\n!!\n{}", identity.ca));
    let run = with_variables(&arguments, &[("SSL_CERT_FILE", &damaged)]);
    assert!(matches!(run.0.status.code(), Some(0 | 1)), "{}", run.stderr());
}

#[test]
fn a_self_signed_certificate_that_is_given_itself_is_trusted_for_its_name() {
    for (name, expired, words) in [
        ("localhost", false, None),
        ("other.example", false, Some("not for localhost, but for other.example")),
        ("localhost", true, Some("expired")),
    ] {
        let key = KeyPair::from_pem(&rsa_key()).unwrap();
        let mut own = CertificateParams::new(vec![name.to_owned()]).unwrap();
        own.distinguished_name.push(DnType::CommonName, name);
        // As `openssl req -x509` makes them.
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        if expired {
            own.not_before = rcgen::date_time_ymd(2019, 1, 1);
            own.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let own = own.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], private)
            .unwrap();
        let server = Server::start(Some(Arc::new(config)), exchange(CHALLENGE));
        let folder = Folder::new();
        let ca = folder.file("own.pem", own.pem());
        let url = server.url("/ews/exchange.asmx");
        let run = folder.run(&["probe", &url, "--ca", ca.to_str().unwrap(), "-o", "json"]);
        match words {
            None => silent(run.status(0), "transport-certificate-untrusted"),
            Some(words) => {
                run.status(1);
                assert!(run.stdout().contains(words), "{}", run.stdout());
            }
        }
        let run = folder.run(&["probe", &url, "-o", "json"]);
        says(run.status(1), "transport-certificate-untrusted");
    }
}

#[test]
fn what_probe_saved_verifies_tokens_of_that_service() {
    // The imitation of Exchange publishes at this place what the token service of the captures does.
    let identity = identity(&GOOD);
    let server = Server::start(Some(Arc::clone(&identity.config)), exchange(CHALLENGE));
    let folder = Folder::new();
    let ca = folder.file("ca.pem", &identity.ca);
    let url = server.url("/metadata/json/1");
    folder.run(&["probe", "--ca", ca.to_str().unwrap(), &url, "--save", "keys.json"]).status(0);
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/healthy/traffic.har");
    let tenant = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
    let without = folder.run(&["verify", capture, "--tenant", tenant, "-o", "json"]);
    without.status(4);
    let run = folder.run(&["verify", capture, "--tenant", tenant, "--sts-keys", "keys.json", "-o", "json"]);
    let checks = json(&run)["checks"].as_array().unwrap().clone();
    let signature = checks.iter().find(|check| check["id"] == "signature").unwrap();
    assert_eq!(signature["outcome"], "pass", "{signature}");
}

/// A token service: its configuration as Microsoft Entra publishes it, its federation metadata, and its words for a
/// tenant that it does not know.
fn token_service(tenant: &'static str, host: &'static str) -> impl Fn(&str, &mut dyn Write) + Send + Sync {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/certs/acs-metadata.json");
    let metadata: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let certificate = metadata["keys"][0]["keyvalue"]["value"].as_str().unwrap().to_owned();
    move |path, out| {
        if path.starts_with("/unknown") {
            let body = r#"{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'unknown' not found."}"#;
            respond(out, "400 Bad Request", &[("Content-Type", "application/json")], body);
        } else if path.ends_with("federationmetadata.xml") {
            let body = format!(
                "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://sts.windows.net/{tenant}/\"><RoleDescriptor><KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor></RoleDescriptor></EntityDescriptor>"
            );
            respond(out, "200 OK", &[("Content-Type", "application/xml")], &body);
        } else {
            let body = serde_json::json!({
                "issuer": format!("https://sts.windows.net/{tenant}/"),
                "token_endpoint": format!("https://{host}/{tenant}/oauth2/token"),
                "jwks_uri": format!("https://{host}/common/discovery/keys"),
            });
            respond(out, "200 OK", &[("Content-Type", "application/json")], &body.to_string());
        }
    }
}

#[test]
fn openid_and_federation_metadata_tell_tenant_cloud_and_keys() {
    const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
    const OTHER: &str = "99999999-2222-3333-4444-555555555555";
    let identity = identity(&GOOD);
    let ask = |server: &Server, path: &str, more: &[&str]| {
        let url = server.url(path);
        probe(&identity, &[&[&url[..], "-o", "json"], more].concat())
    };
    let configuration = "/contoso.com/.well-known/openid-configuration";
    let server =
        Server::start(Some(Arc::clone(&identity.config)), token_service(TENANT, "login.microsoftonline.com"));
    let run = ask(&server, configuration, &["--tenant", TENANT]);
    says(run.status(0), "challenge-openid");
    assert!(run.stdout().contains(&format!("issuer https://sts.windows.net/{TENANT}/")), "{}", run.stdout());
    let run = ask(&server, configuration, &["--tenant", OTHER]);
    assert!(run.status(1).stdout().contains("is of another tenant"), "{}", run.stdout());
    let run = ask(&server, configuration, &["--cloud", "usgov"]);
    assert!(run.status(1).stdout().contains("belongs to another cloud"), "{}", run.stdout());
    let run = ask(&server, "/unknown/.well-known/openid-configuration", &[]);
    assert!(run.stdout().contains("AADSTS90002"), "{}", run.stdout());
    let run = ask(&server, "/contoso.com/federationmetadata/2007-06/federationmetadata.xml", &[]);
    says(run.status(0), "challenge-published-keys");
    assert!(run.stdout().contains("publishes keys"), "{}", run.stdout());
    let china = Server::start(
        Some(Arc::clone(&identity.config)),
        token_service(TENANT, "login.partner.microsoftonline.cn"),
    );
    ask(&china, configuration, &["--cloud", "china"]).status(0);
    ask(&china, configuration, &[]).status(1);
}

#[test]
fn a_proxy_gets_the_whole_address_without_tls_and_its_refusal_is_told() {
    let asked = |path: &str, out: &mut dyn Write| {
        assert!(path.starts_with("http://mail.contoso.example/"), "{path}");
        exchange(CHALLENGE)("/ews/exchange.asmx", out);
    };
    let proxy = Server::start(None, asked);
    let folder = Folder::new();
    let named = format!("127.0.0.1:{}", proxy.port);
    let url = "http://mail.contoso.example/ews/exchange.asmx";
    let run = folder.run(&["probe", url, "--proxy", &named, "-o", "json"]);
    says(run.status(0), "challenge-seen");
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].contains("\r\nHost: mail.contoso.example\r\n"), "{}", requests[0]);

    let refusing = Server::start(None, |_, out| {
        respond(out, "407 Proxy Authentication Required", &[("Proxy-Authenticate", "Negotiate")], "");
    });
    let named = format!("http://127.0.0.1:{}", refusing.port);
    let run = folder.run(&["probe", "https://mail.contoso.example/", "--proxy", &named, "--timeout", "5"]);
    run.status(4);
    assert!(run.stderr().contains("refused the tunnel: HTTP/1.1 407"), "{}", run.stderr());
    assert!(refusing.requests().iter().all(|head| !head.to_lowercase().contains("proxy-authorization")));
}
