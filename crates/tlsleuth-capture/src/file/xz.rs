//! The .xz container (the .xz file format, version 1.2.1, by the Tukaani project).
//!
//! ```text
//! stream: header 12 | blocks | index | footer 12 | (padding), any number of them
//! block:  header size 1 | flags 1 | (sizes) | filters | padding | CRC 4 | LZMA2 data | padding | check
//! ```
//!
//! `lzma-rust2` decodes the data. Its own reader of the container takes a dictionary of up to 4 GiB
//! from the header, and calls itself once for each stream, so that a small file of many empty
//! streams would end the process. Only LZMA2 alone is read, which is what `xz` writes unless told
//! otherwise. The checks are skipped: a capture shows its damage itself.

use std::io::{self, BufRead, Read};

use lzma_rust2::Lzma2Reader;

const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];

/// The largest dictionary, twice that of `xz -9`.
const MAX_DICTIONARY_BYTES: u32 = 128 << 20;

/// The bytes of all blocks of all streams.
pub(super) struct Xz<R: BufRead> {
    state: State<R>,
    /// Bytes of the check behind each block of this stream.
    check_len: usize,
}

enum State<R: BufRead> {
    /// Before a stream, or at the end.
    Stream(Counted<R>),
    /// Before a block, or the index.
    Block(Counted<R>),
    Data(Box<Lzma2Reader<Counted<R>>>),
    /// After an error, which ends the reading.
    Broken,
}

/// Counts, because blocks are padded.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.bytes = self.bytes.wrapping_add(read as u64);
        Ok(read)
    }
}

impl<R: BufRead> Counted<R> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// Skips the rest of a word, then more bytes.
    fn skip(&mut self, more: usize) -> io::Result<()> {
        let padding = usize::try_from(self.bytes.wrapping_neg() % 4).unwrap_or(0);
        let mut skipped = [0; 72];
        let len = padding.wrapping_add(more);
        self.read_exact(skipped.get_mut(..len).unwrap_or_default())
    }

    /// A number of up to nine bytes of seven bits each, the lowest first (§1.2).
    fn number(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(broken("a number is too long"))
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<R: BufRead> Xz<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { state: State::Stream(Counted { inner, bytes: 0 }), check_len: 0 }
    }

    /// Takes the header of a stream; `None` at the end of the file.
    fn stream(&mut self, mut from: Counted<R>) -> io::Result<State<R>> {
        // Padding between streams is whole words of zeros (§2.2).
        loop {
            let buffer = from.inner.fill_buf()?;
            let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
            if buffer.is_empty() {
                return Ok(State::Stream(from));
            }
            if zeros == 0 {
                break;
            }
            from.inner.consume(zeros);
        }
        from.bytes = 0;
        let mut header = [0; 12];
        from.read_exact(&mut header)?;
        let [m0, m1, m2, m3, m4, m5, 0, check @ 0..=15, ..] = header else {
            return Err(broken("unknown stream flags"));
        };
        if [m0, m1, m2, m3, m4, m5] != MAGIC {
            return Err(broken("no stream where one should be"));
        }
        // §2.1.1.2: none, then three kinds each of 4, 8, 16, 32 and 64 bytes.
        self.check_len = match check {
            0 => 0,
            1..=3 => 4,
            4..=6 => 8,
            7..=9 => 16,
            10..=12 => 32,
            _ => 64,
        };
        Ok(State::Block(from))
    }

    /// Takes the header of a block, or the index and the footer.
    fn block(mut from: Counted<R>) -> io::Result<State<R>> {
        let size = from.byte()?;
        if size == 0 {
            // The index (§4): a count, two numbers each, padding, a checksum; then the footer.
            for _ in 0..from.number()? {
                from.number()?;
                from.number()?;
            }
            from.skip(16)?;
            return Ok(State::Stream(from));
        }
        let header_end = from.bytes.wrapping_add(u64::from(size).wrapping_mul(4)).wrapping_add(3);
        let flags = from.byte()?;
        if flags & 0x3f != 0 {
            return Err(broken("filters other than LZMA2"));
        }
        for present in [0x40, 0x80] {
            if flags & present != 0 {
                from.number()?;
            }
        }
        if (from.number()?, from.number()?) != (0x21, 1) {
            return Err(broken("filters other than LZMA2"));
        }
        // §5.3.1: 2 or 3 times a power of two.
        let dictionary = match from.byte()? {
            bits @ 0..=39 => (2 | u32::from(bits & 1)) << (bits / 2 + 11),
            40 => u32::MAX,
            _ => return Err(broken("an impossible dictionary")),
        };
        if dictionary > MAX_DICTIONARY_BYTES {
            return Err(broken("a dictionary of more than 128 MiB"));
        }
        while from.bytes < header_end {
            from.byte()?;
        }
        Ok(State::Data(Box::new(Lzma2Reader::new(from, dictionary, None))))
    }
}

impl<R: BufRead> Read for Xz<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Broken) {
                State::Stream(from) => match self.stream(from)? {
                    end @ State::Stream(_) => {
                        self.state = end;
                        return Ok(0);
                    }
                    next => next,
                },
                State::Block(from) => Self::block(from)?,
                State::Data(mut data) => match data.read(out)? {
                    0 => {
                        let mut from = data.into_inner();
                        from.skip(self.check_len)?;
                        State::Block(from)
                    }
                    read => {
                        self.state = State::Data(data);
                        return Ok(read);
                    }
                },
                State::Broken => return Err(broken("broken before")),
            };
        }
    }
}
