//! Takes a connected line, gives a TLS session of a current client, and what it showed: version, suite,
//! chain, and whether the chain verifies. Nothing secret is ever sent, so a chain that does not verify is
//! noted and not obeyed.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};

use super::dial::{Line, reason};
use super::roots::Roots;
use crate::exchange::TlsFacts;
use crate::limits;
use crate::wire::tls::suites::CipherSuite;

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
