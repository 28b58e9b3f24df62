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
