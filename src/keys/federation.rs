//! Takes a federation metadata document, gives its signing certificates.
//!
//! WS-Federation 1.2 section 3 and SAML 2.0 metadata 2.4.1.1 (`KeyDescriptor`). Entities and DTDs are not
//! followed: `quick-xml` resolves none by itself.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::certificate::Certificate;
use super::{Key, KeyError, Origin, pem};

/// What a document held.
pub(super) struct Federation {
    /// `entityID`, for example `https://sts.windows.net/<tenant>/`.
    pub(super) entity: Option<String>,
    /// Distinct signing keys, in document order.
    pub(super) keys: Vec<Key>,
    /// A line for each certificate that could not be used.
    pub(super) notices: Vec<String>,
}

/// Reads a whole document.
///
/// # Errors
/// When it is not well-formed XML before its first key.
pub(super) fn read(xml: &[u8], source: &str, origin: Origin) -> Result<Federation, KeyError> {
    let xml = String::from_utf8_lossy(xml);
    let mut reader = Reader::from_str(&xml);
    let mut found = Federation { entity: None, keys: Vec::new(), notices: Vec::new() };
    // Whether the reader stands in a KeyDescriptor that is for signing, and in its certificate.
    let (mut signing, mut inside) = (false, false);
    let mut text = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => match start.local_name().as_ref() {
                "EntityDescriptor" => {
                    found.entity = found.entity.take().or_else(|| attribute(&start, "entityID"));
                }
                "KeyDescriptor" => {
                    signing = attribute(&start, "use").is_none_or(|usage| usage == "signing");
                }
                "X509Certificate" => {
                    inside = signing;
                    text.clear();
                }
                _ => {}
            },
            Ok(Event::Text(part)) if inside => text.push_str(&part),
            Ok(Event::CData(part)) if inside => text.push_str(&part),
            Ok(Event::End(end)) => match end.local_name().as_ref() {
                "KeyDescriptor" => signing = false,
                "X509Certificate" if inside => {
                    inside = false;
                    found.take(text.as_bytes(), source, origin);
                }
                _ => {}
            },
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) if found.keys.is_empty() => {
                let detail = format!("XML is damaged at byte {}: {error}", reader.error_position());
                return Err(KeyError::Damaged { path: source.to_owned(), detail });
            }
            Err(error) => {
                found.notices.push(format!("{source}: read up to byte {}: {error}", reader.error_position()));
                break;
            }
        }
    }
    Ok(found)
}

impl Federation {
    fn take(&mut self, text: &[u8], source: &str, origin: Origin) {
        let certificate = pem::base64(text).map(|der| Certificate::from_der(&der, source));
        match certificate {
            Some(Ok(certificate)) => {
                let key = Key::of_certificate(certificate, source, origin);
                if !self.keys.iter().any(|known| known.x5t_s256 == key.x5t_s256) {
                    self.keys.push(key);
                }
            }
            Some(Err(error)) => self.notices.push(error.to_string()),
            None => self.notices.push(format!("{source}: a certificate is not base64")),
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute =
        start.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(attribute.value.into_owned())
}
