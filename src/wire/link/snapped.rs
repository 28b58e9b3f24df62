//! Takes bytes and their length on the wire, gives both narrowed together while headers are peeled.

/// Captured bytes, and how many there were on the wire: more when a snap length cut them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapped<'a> {
    /// What was captured.
    pub bytes: &'a [u8],
    /// Its length on the wire, at least that of `bytes`.
    pub wire: usize,
}

impl<'a> Snapped<'a> {
    /// Bytes of which `wire` were on the wire.
    #[inline]
    pub fn new(bytes: &'a [u8], wire: usize) -> Self {
        Self { bytes, wire: wire.max(bytes.len()) }
    }

    /// Bytes that nothing cut.
    pub const fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, wire: bytes.len() }
    }

    /// What follows the first `count` bytes; `None` when they were not captured.
    #[inline]
    pub fn skip(self, count: usize) -> Option<Self> {
        let bytes = self.bytes.get(count..)?;
        Some(Self { bytes, wire: self.wire.saturating_sub(count) })
    }

    /// At most the first `count` bytes: what follows is padding or a trailer.
    #[inline]
    #[must_use]
    pub fn trim(self, count: usize) -> Self {
        Self { bytes: self.bytes.get(..count).unwrap_or(self.bytes), wire: self.wire.min(count) }
    }

    /// Bytes that were on the wire and not captured.
    #[inline]
    pub const fn cut(self) -> usize {
        self.wire.saturating_sub(self.bytes.len())
    }

    /// `N` bytes at `at`.
    #[inline]
    pub fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    /// One byte.
    #[inline]
    pub fn u8(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Two bytes, most significant first.
    #[inline]
    pub fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// Four bytes, most significant first.
    #[inline]
    pub fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// Two bytes, least significant first.
    #[inline]
    pub fn u16_le(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// Four bytes, least significant first.
    #[inline]
    pub fn u32_le(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }
}
