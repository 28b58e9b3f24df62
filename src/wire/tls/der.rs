//! Takes DER, gives the few types that private keys are made of (X.690).

use crate::base::Reader;

/// A cursor over DER values.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(Reader<'a>);

impl<'a> Der<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(Reader::new(bytes))
    }

    /// The next value: its tag and content. The cursor does not move when it is not whole.
    pub(super) fn value(&mut self) -> Option<(u8, &'a [u8])> {
        let mut reader = self.0;
        let tag = reader.u8()?;
        let length = match reader.u8()? {
            short @ 0..=0x7f => usize::from(short),
            0x81 => usize::from(reader.u8()?),
            0x82 => usize::from(reader.u16()?),
            0x83 => usize::try_from(reader.u24()?).ok()?,
            _ => return None,
        };
        let content = reader.take(length)?;
        self.0 = reader;
        Some((tag, content))
    }

    fn tagged(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (found, content) = ahead.value()?;
        if found != tag {
            return None;
        }
        *self = ahead;
        Some(content)
    }

    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.tagged(0x30).map(Self::new)
    }

    /// An unsigned integer without leading zeroes.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        let mut content = self.tagged(0x02)?;
        while let [0, rest @ ..] = content {
            content = rest;
        }
        Some(content)
    }

    pub(super) fn octets(&mut self) -> Option<&'a [u8]> {
        self.tagged(0x04)
    }

    pub(super) fn object_identifier(&mut self) -> Option<&'a [u8]> {
        self.tagged(0x06)
    }
}

/// A DER value with this tag and content.
fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let zeroes = length.iter().take_while(|&&byte| byte == 0).count();
    let length = length.get(zeroes..).unwrap_or_default();
    match length {
        [] => out.push(0),
        [short @ 0..=0x7f] => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

/// PKCS#8 around an RSAPrivateKey.
pub(super) fn pkcs8_around(algorithm: &[u8], key: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    let mut identifier = wrap(0x06, algorithm);
    identifier.extend_from_slice(&[0x05, 0x00]);
    let mut content = vec![0x02, 0x01, 0x00];
    content.extend_from_slice(&wrap(0x30, &identifier));
    content.extend_from_slice(&wrap(0x04, key));
    wrap(0x30, &content).into()
}

/// PFX ::= SEQUENCE { version INTEGER (3), authSafe SEQUENCE …, … }
pub(super) fn looks_like_pkcs12(file: &[u8]) -> bool {
    let Some(mut fields) = Der::new(file).sequence() else { return false };
    fields.integer() == Some(&[3]) && fields.sequence().is_some()
}
