//! Takes a connected line, gives a TLS session of a current client, and what it showed: version, suite,
//! chain, and whether the chain verifies. Nothing secret is ever sent, so a chain that does not verify is
//! noted and not obeyed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};

use super::dial::{Line, reason};
use crate::exchange::TlsFacts;
use crate::keys::certificate::Certificate;
use crate::limits;
use crate::wire::tls::suites::CipherSuite;

/// Where systems keep the roots that they trust, as one PEM file.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// The roots that chains are verified against.
#[derive(Clone)]
pub struct Roots {
    verifier: Arc<WebPkiServerVerifier>,
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roots")
    }
}

impl Roots {
    /// The public roots (Mozilla's list), those that the system trusts, and those of a PEM or DER file.
    ///
    /// # Errors
    /// One line: what was expected of the file.
    pub fn new(file: Option<&[u8]>) -> Result<Self, String> {
        let mut store = RootCertStore::empty();
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // What the machine trusts besides: roots of the organisation stand there. An odd one costs only itself.
        let system = SYSTEM.iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
        store.add_parsable_certificates(CertificateDer::pem_slice_iter(&system).flatten());
        if let Some(bytes) = file {
            let found: Vec<CertificateDer<'static>> = match bytes.first() {
                Some(0x30) => vec![CertificateDer::from(bytes.to_vec())],
                _ => CertificateDer::pem_slice_iter(bytes)
                    .collect::<Result<_, _>>()
                    .map_err(|error| format!("certificates in PEM or DER expected: {error}"))?,
            };
            if found.is_empty() {
                return Err("certificates in PEM or DER expected".to_owned());
            }
            for certificate in found {
                store.add(certificate).map_err(|error| format!("no certificate of an authority: {error}"))?;
            }
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
            .build()
            .map(|verifier| Self { verifier })
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
            Err(error) => Err(explain(&error, host, leaf, rest.len())),
        }
    }
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

/// Looks at everything and lets everything pass.
#[derive(Debug)]
struct Onlooker {
    inner: Arc<WebPkiServerVerifier>,
    chain: Mutex<Vec<Bytes>>,
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(end_entity).chain(intermediates).take(limits::TLS_CHAIN);
        let chain = all.map(|der| Bytes::copy_from_slice(der)).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// A session with what it showed.
pub(super) struct Session {
    pub(super) stream: StreamOwned<ClientConnection, Line>,
    pub(super) facts: TlsFacts,
}

/// Why there is no session, with the chain as far as it was seen.
pub(super) struct Refused {
    pub(super) why: String,
}

/// The handshake of a current client: TLS 1.2 and 1.3, forward secrecy, authenticated encryption.
pub(super) fn open(mut line: Line, host: &str, roots: &Roots) -> Result<Session, Refused> {
    let refused = |why: String| Refused { why };
    let onlooker = Arc::new(Onlooker { inner: Arc::clone(&roots.verifier), chain: Mutex::default() });
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&onlooker) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|error| refused(error.to_string()))?;
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| refused(error.to_string()))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut line).map_err(|error| refused(reason(&error)))?;
    }
    let facts = TlsFacts {
        version: connection.protocol_version().map(|version| match version {
            rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
            rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
            other => format!("{other:?}"),
        }),
        cipher: connection
            .negotiated_cipher_suite()
            .map(|suite| CipherSuite(u16::from(suite.suite())).to_string()),
        sni: host.parse::<std::net::IpAddr>().is_err().then(|| host.to_owned()),
        alpn: connection.alpn_protocol().map(|name| name.escape_ascii().to_string()),
        certificates: onlooker.chain.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    };
    Ok(Session { stream: StreamOwned::new(connection, line), facts })
}
