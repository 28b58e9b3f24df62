//! Takes what the machine and the user trust, gives the roots that chains are verified against, and why a chain
//! does not verify. RFC 5280 6, RFC 9525.
//!
//! The roots of the machine are found as OpenSSL finds them: in the files that `SSL_CERT_FILE` and `SSL_CERT_DIR`
//! name, else where the system keeps them (on Windows and macOS, its own store).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

use crate::base::Instant;
use crate::keys::certificate::Certificate;

/// The roots that chains are verified against.
#[derive(Clone)]
pub struct Roots {
    pub(super) verifier: Arc<WebPkiServerVerifier>,
    /// Certificates that the user gave: a server may use one of them itself.
    given: Vec<CertificateDer<'static>>,
    /// What of the machine's roots could not be read, one line each.
    pub trouble: Vec<String>,
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roots")
    }
}

impl Roots {
    /// The public roots (Mozilla's list), those that the machine trusts, and those of a PEM or DER file.
    ///
    /// # Errors
    /// One line: what was expected of the file.
    pub fn new(file: Option<&[u8]>) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // What the machine trusts besides: roots of the organisation stand there. An odd one costs only itself.
        let machine = rustls_native_certs::load_native_certs();
        let trouble = machine.errors.iter().map(|error| format!("roots of this machine: {error}")).collect();
        store.add_parsable_certificates(machine.certs);
        let given = file.map_or(Ok(Vec::new()), read)?;
        for certificate in &given {
            store
                .add(certificate.clone())
                .map_err(|error| format!("no certificate of an authority: {error}"))?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
            .build()
            .map(|verifier| Self { verifier, given, trouble })
            .map_err(|error| error.to_string())
    }

    /// Whether a chain, leaf first, is good for `host` now.
    pub(super) fn check(&self, host: &str, chain: &[Bytes]) -> Result<(), String> {
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(&der[..])).collect();
        let Some((leaf, rest)) = chain.split_first() else {
            return Err("no certificate was sent".to_owned());
        };
        let name = ServerName::try_from(host).map_err(|_| format!("{host} cannot stand in a certificate"))?;
        let now = UnixTime::now();
        match self.verifier.verify_server_cert(leaf, rest, &name, &[], now) {
            Ok(_) => Ok(()),
            Err(error) => self
                .pinned(&error, host, leaf)
                .unwrap_or_else(|| Err(explain(&error, host, leaf, rest.len()))),
        }
    }

    /// A certificate that was given itself is trusted by that, for its names and its time: rules on chains do
    /// not fit it. `None` for any other.
    fn pinned(&self, error: &Error, host: &str, leaf: &CertificateDer<'_>) -> Option<Result<(), String>> {
        if !matches!(error, Error::InvalidCertificate(_)) || !self.given.iter().any(|given| given == leaf) {
            return None;
        }
        let read = Certificate::from_der(leaf, "server certificate").ok()?;
        let now = Instant::now();
        let wrong = if read.not_after < now {
            CertificateError::Expired
        } else if now < read.not_before {
            CertificateError::NotValidYet
        } else if !read.dns_names.iter().any(|name| named(name, host)) {
            CertificateError::NotValidForName
        } else {
            return Some(Ok(()));
        };
        Some(Err(explain(&Error::InvalidCertificate(wrong), host, leaf, 0)))
    }
}

/// RFC 9525 6.3: a wildcard stands for one whole label, the first.
fn named(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, host)| host.eq_ignore_ascii_case(rest)),
        None => name.eq_ignore_ascii_case(host),
    }
}

fn read(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<CertificateDer<'static>> = match bytes.first() {
        Some(0x30) => vec![CertificateDer::from(bytes.to_vec())],
        _ => CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("certificates in PEM or DER expected: {error}"))?,
    };
    if found.is_empty() { Err("certificates in PEM or DER expected".to_owned()) } else { Ok(found) }
}

/// Why a chain does not verify, in plain words.
fn explain(error: &Error, host: &str, leaf: &[u8], intermediates: usize) -> String {
    let read = Certificate::from_der(leaf, "server certificate").ok();
    let names = || {
        let names = read.as_ref().map(|leaf| leaf.dns_names.join(", ")).unwrap_or_default();
        if names.is_empty() { "no name".to_owned() } else { names }
    };
    let until = || read.as_ref().map_or_else(String::new, |leaf| format!(" on {}", leaf.not_after));
    let own = read.as_ref().is_some_and(|leaf| leaf.subject == leaf.issuer);
    let Error::InvalidCertificate(why) = error else { return error.to_string() };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("a certificate of the chain has expired (the server's{} )", until()).replace(" )", ")")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "a certificate of the chain is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is not for {host}, but for {}", names())
        }
        _ if own => "the certificate is self-signed".to_owned(),
        CertificateError::UnknownIssuer if intermediates == 0 => {
            let issuer = read.as_ref().map_or_else(String::new, |leaf| format!(" {}", leaf.issuer));
            format!("the issuer{issuer} is not known, and the server sent no intermediate certificate")
        }
        CertificateError::UnknownIssuer => {
            "the chain ends at an authority that is not known (--ca)".to_owned()
        }
        other => other.to_string(),
    }
}
