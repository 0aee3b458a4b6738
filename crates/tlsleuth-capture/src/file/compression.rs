//! Compressed captures, recognized by content.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use super::xz::Xz;

/// How a capture file is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Compression {
    /// gzip (RFC 1952); all members are read.
    Gzip,
    /// Zstandard (RFC 8878); all frames are read.
    Zstd,
    /// The LZ4 frame format; all frames are read.
    Lz4,
    /// The .xz format; all streams are read.
    Xz,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
        })
    }
}

impl Compression {
    /// What the first bytes of a file say.
    pub(super) fn recognize(start: &[u8]) -> Option<Self> {
        Some(match start {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // A Zstandard frame, or a skippable one before it (RFC 8878 §3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Self::Lz4,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => return None,
        })
    }

    /// Puts a decompressor before `reader`.
    pub(super) fn decompress(self, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let reader = BufReader::with_capacity(64 << 10, reader);
        match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            Self::Zstd => Box::new(ZstdFrames::new(reader)),
            Self::Lz4 => Box::new(Lz4Frames(lz4_flex::frame::FrameDecoder::new(reader))),
            Self::Xz => Box::new(Xz::new(reader)),
        }
    }
}

/// All frames of a Zstandard stream; the decoder itself stops after one.
struct ZstdFrames<R> {
    source: R,
    decoder: ruzstd::decoding::FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        let mut decoder = ruzstd::decoding::FrameDecoder::new();
        // What `zstd --ultra` uses at most without `--long`; `--long=27` is its default.
        decoder.set_max_window_size(128 << 20);
        Self { source, decoder, in_frame: false }
    }

    /// Starts the next frame; `false` when there is none.
    fn start_frame(&mut self) -> io::Result<bool> {
        use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy;
        loop {
            if !self.in_frame && !self.start_frame()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBytes(out.len()))
                    .map_err(io::Error::other)?;
            }
            let read = self.decoder.read(out)?;
            if read > 0 {
                return Ok(read);
            }
            if !self.decoder.is_finished() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.in_frame = false;
        }
    }
}

/// All frames of an LZ4 stream; the decoder reports an end after each.
struct Lz4Frames<R: Read>(lz4_flex::frame::FrameDecoder<R>);

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(out)?;
            if read > 0 || out.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use crate::file::pcap::tests::little_endian;
    use crate::{Error, FrameReader, Limits, Notice, OpenOptions};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn open(bytes: Vec<u8>, limits: Limits) -> Result<FrameReader, Error> {
        OpenOptions { limits, ..OpenOptions::default() }.read(Cursor::new(bytes))
    }

    fn frames(bytes: Vec<u8>) -> (u64, Vec<Notice>) {
        let mut reader = open(bytes, Limits::default()).unwrap();
        while reader.next_frame().unwrap().is_some() {}
        (reader.facts().frames, reader.facts().notices.clone())
    }

    /// A capture, and where to cut it: within its second frame.
    fn capture() -> (Vec<u8>, usize) {
        (little_endian(&[b"abc", b"defg", b"hi"]), 50)
    }

    #[test]
    fn all_parts_are_read() {
        let (capture, half) = capture();
        let (first, second) = capture.split_at(half);
        assert_eq!(frames([gzip(first), gzip(second)].concat()), (3, vec![]));
        let zstd = |bytes: &[u8]| {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(bytes, level)
        };
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0], &b"abc"[..]].concat();
        assert_eq!(frames([skipped, zstd(first), zstd(second)].concat()), (3, vec![]));
        let lz4 = |bytes: &[u8]| {
            let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        assert_eq!(frames([lz4(first), lz4(second)].concat()), (3, vec![]));
        let xz = |bytes: &[u8]| {
            let options = lzma_rust2::XzOptions::with_preset(0);
            let mut out = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        assert_eq!(frames([xz(first), vec![0; 8], xz(second)].concat()), (3, vec![]));
    }

    #[test]
    fn cut_and_broken_data_gives_what_comes_out() {
        let mut cut = gzip(&capture().0);
        cut.truncate(cut.len() - 6);
        let (count, notices) = frames(cut);
        assert_eq!(count, 3);
        assert!(matches!(notices[..], [Notice::Decompression { .. }]));
        let broken = open([&gzip(b"")[..10], &[0xff; 20]].concat(), Limits::default());
        assert!(matches!(broken, Err(Error::Compression { .. })));
        let other = open(gzip(b"hello"), Limits::default()).unwrap_err();
        assert_eq!(other.to_string(), "not a capture: starts with `hello`");
    }

    #[test]
    fn a_bomb_is_stopped() {
        let limits = Limits { max_decompressed_bytes: 70, ..Limits::default() };
        let mut reader = open(gzip(&capture().0), limits).unwrap();
        while reader.next_frame().unwrap().is_some() {}
        assert_eq!(reader.facts().frames, 2);
        let notices = &reader.facts().notices;
        assert!(notices.contains(&Notice::DecompressionLimit { offset: 70 }), "{notices:?}");
    }
}
