//! Takes a gzip or zstd stream, gives what is inside, as a stream.
//!
//! RFC 1952 with several members, RFC 8878 with several and skippable frames. What follows the last member
//! and is none is ignored, as gzip(1) does.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::sniff::{self, Sniffed, sniff};
use crate::limits;

/// What is around a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// A file with its compression taken off.
pub struct Opened {
    /// What is inside.
    pub kind: Sniffed,
    /// The outermost compression.
    pub compression: Option<Compression>,
    /// All of its bytes, from the first.
    pub read: Box<dyn Read + Send>,
}

/// Recognises what `read` holds, taking compression off first.
///
/// The reader inside fails with [`ErrorKind::UnexpectedEof`] or [`ErrorKind::InvalidData`] where compressed
/// data is cut, damaged or beyond the bounds; what it gave before is good.
///
/// # Errors
/// The system's, or more than [`limits::COMPRESSION_LAYERS`].
pub fn open(read: Box<dyn Read + Send>) -> io::Result<Opened> {
    // Of the file itself: layers that each keep the ratio would multiply.
    let count = Arc::new(AtomicU64::new(0));
    let mut read: Box<dyn Read + Send> = Box::new(Counted { read, count: Arc::clone(&count) });
    let mut compression = None;
    for _ in 0..=limits::COMPRESSION_LAYERS {
        let (head, whole) = peek(read)?;
        read = whole;
        let kind = sniff(&head);
        let (found, inner): (_, Box<dyn Read + Send>) = match kind {
            Sniffed::Gzip => (Compression::Gzip, Box::new(bounded(read, Compression::Gzip, &count))),
            Sniffed::Zstd => (Compression::Zstd, Box::new(bounded(read, Compression::Zstd, &count))),
            _ => return Ok(Opened { kind, compression, read }),
        };
        compression = compression.or(Some(found));
        read = inner;
    }
    let message =
        format!("compressed more than {} times (limit COMPRESSION_LAYERS)", limits::COMPRESSION_LAYERS);
    Err(io::Error::new(ErrorKind::InvalidData, message))
}

/// Reads the head and puts it back. An error after some bytes is left for the next read.
fn peek(mut read: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::with_capacity(sniff::HEAD);
    let ended = read.by_ref().take(sniff::HEAD as u64).read_to_end(&mut head);
    match ended {
        Ok(_) => Ok((head.clone(), Box::new(Cursor::new(head).chain(read)))),
        Err(error) if head.is_empty() => Err(error),
        Err(error) => Ok((head.clone(), Box::new(Cursor::new(head).chain(Failed(Some(error)))))),
    }
}

/// Fails once, then ends.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn bounded(read: Box<dyn Read + Send>, compression: Compression, count: &Arc<AtomicU64>) -> Bounded {
    let source = BufReader::with_capacity(256 << 10, read);
    let layer = match compression {
        Compression::Gzip => Layer::Gzip(Box::new(GzDecoder::new(source))),
        Compression::Zstd => Layer::Between(source),
    };
    Bounded { layer, compression, consumed: Arc::clone(count), produced: 0, units: 0 }
}

/// Counts the bytes of the file, for the ratio.
struct Counted {
    read: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.read.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

type Source = BufReader<Box<dyn Read + Send>>;

enum Layer {
    Gzip(Box<GzDecoder<Source>>),
    Zstd(Box<Frame>),
    /// Before a member or frame.
    Between(Source),
    Done,
}

/// One Zstandard frame.
struct Frame {
    decoder: FrameDecoder,
    source: Source,
}

impl Frame {
    /// Decodes block by block, as far as bytes can be had.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            self.decoder
                .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                .map_err(io::Error::other)?;
        }
        self.decoder.read(buffer)
    }
}

/// A decompressing reader with bounds.
struct Bounded {
    layer: Layer,
    compression: Compression,
    /// Bytes of the file read so far.
    consumed: Arc<AtomicU64>,
    produced: u64,
    /// Members or frames finished.
    units: u64,
}

impl Bounded {
    /// Begins the next member or frame, when there is one.
    fn begin(&mut self, mut source: Source) -> io::Result<()> {
        let head = source.fill_buf()?;
        let more = match self.compression {
            Compression::Gzip => head.starts_with(&[0x1f]),
            Compression::Zstd => !head.is_empty(),
        };
        if !more {
            return Ok(());
        }
        match self.compression {
            Compression::Gzip => self.layer = Layer::Gzip(Box::new(GzDecoder::new(source))),
            Compression::Zstd => self.begin_frame(source)?,
        }
        Ok(())
    }

    fn begin_frame(&mut self, mut source: Source) -> io::Result<()> {
        let mut decoder = FrameDecoder::new();
        match decoder.init(&mut source) {
            Ok(()) => {
                self.layer = Layer::Zstd(Box::new(Frame { decoder, source }));
                Ok(())
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                io::copy(&mut source.by_ref().take(u64::from(length)), &mut io::sink())?;
                self.layer = Layer::Between(source);
                Ok(())
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)))
                if self.units > 0 =>
            {
                Ok(())
            }
            Err(error) => Err(broken(self.compression, &error)),
        }
    }

    fn step(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let (read, compression) = match &mut self.layer {
                Layer::Gzip(decoder) => (decoder.read(buffer), self.compression),
                Layer::Zstd(decoder) => (decoder.read(buffer), self.compression),
                Layer::Between(_) => (Ok(0), self.compression),
                Layer::Done => return Ok(0),
            };
            match read {
                Ok(0) => {}
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.layer = Layer::Done;
                    return Err(broken(compression, &error));
                }
            }
            let source = match std::mem::replace(&mut self.layer, Layer::Done) {
                Layer::Gzip(decoder) => decoder.into_inner(),
                Layer::Zstd(frame) => frame.source,
                Layer::Between(source) => {
                    self.begin(source)?;
                    continue;
                }
                Layer::Done => return Ok(0),
            };
            self.units += 1;
            self.begin(source)?;
        }
    }
}

fn broken(compression: Compression, error: &dyn std::fmt::Display) -> io::Error {
    let message = format!("{} data is cut or damaged: {error}", compression.name());
    io::Error::new(ErrorKind::InvalidData, message)
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.step(buffer)?;
        self.produced = self.produced.saturating_add(count as u64);
        let ratio = self.consumed.load(Ordering::Relaxed).saturating_mul(limits::UNPACK_RATIO);
        let bomb = self.produced > 64 << 20 && self.produced > ratio && count > 0;
        if bomb && !matches!(self.layer, Layer::Done) || self.produced > limits::UNPACKED_BYTES {
            self.layer = Layer::Done;
            let bound = match self.produced > limits::UNPACKED_BYTES {
                true => format!("{} bytes (limit UNPACKED_BYTES)", limits::UNPACKED_BYTES),
                false => format!("{} times its size (limit UNPACK_RATIO)", limits::UNPACK_RATIO),
            };
            let message = format!(
                "{} data unpacks to over {} bytes: beyond the bound of {bound}",
                self.compression.name(),
                self.produced,
            );
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
