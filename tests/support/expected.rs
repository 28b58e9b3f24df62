//! What is expected of the recordings in `captures/`.

use std::fs;
use std::path::{Path, PathBuf};

use oauthtrace::checks::expectations::Expectations;
use oauthtrace::keys::{KeyRing, Origin, load};

/// Where they are.
pub fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// Their tenant, the certificate that was uploaded, and the keys of the token service.
pub fn expectations() -> Expectations {
    let certs = captures().join("certs");
    let read = |name: &str| fs::read(certs.join(name)).unwrap();
    let uploaded = load::certificate_file(&read("OAuthCert.cer"), "OAuthCert.cer", &[]).unwrap();
    let service =
        load::key_file(&read("acs-metadata.json"), "acs-metadata.json", Origin::TokenService, &[]).unwrap();
    let keys = uploaded.keys.iter().chain(&service.keys).cloned().collect();
    Expectations {
        tenants: ["5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11", "contoso.example"].map(str::to_owned).into(),
        certificates: vec![("OAuthCert.cer".to_owned(), uploaded)],
        sts_keys_given: true,
        keys: KeyRing { keys },
        ..Expectations::default()
    }
}
