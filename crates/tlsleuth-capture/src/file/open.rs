//! Opening: from a path or from any reader, through a decompressor, to a format.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::ahead::Helper;
use super::facts::Recorder;
use super::input::Input;
use super::source::Source;
use super::{Compression, Format, FrameReader, pcap, pcapng, snoop};
use crate::{Error, Limits};

/// How to open a capture.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Which capture of the incident it is; goes into every [`Place`](crate::Place).
    pub capture: u32,
    /// The caps. Of these `max_record_bytes`, `max_block_bytes`, `max_interfaces` and
    /// `max_decompressed_bytes` matter here.
    pub limits: Limits,
    /// Who reads files ahead, and decompresses them, while the frames before are looked at. Nobody by
    /// default.
    pub helper: Option<Helper>,
}

impl OpenOptions {
    /// Opens the capture at `path`, compressed or not.
    ///
    /// # Errors
    /// [`Error::Open`] when the system refuses; otherwise as [`read`](Self::read).
    pub fn open(&self, path: &Path) -> Result<FrameReader, Error> {
        let file = File::open(path).map_err(Error::Open)?;
        // A pipe has its name too, and nobody knows when it gives more: the helper must not wait for it.
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        self.read_with(file, self.helper.clone().filter(|_| is_file))
    }

    /// Reads a capture from any reader, such as standard input. Needs no buffering by the caller.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotACapture`] or [`Error::Header`] when it is no capture that
    /// can be read, [`Error::Compression`] when it does not decompress, [`Error::Read`] when the
    /// reader itself fails.
    pub fn read(&self, reader: impl Read + Send + 'static) -> Result<FrameReader, Error> {
        self.read_with(reader, None)
    }

    fn read_with(
        &self,
        mut reader: impl Read + Send + 'static,
        helper: Option<Helper>,
    ) -> Result<FrameReader, Error> {
        let (start, read) = first_bytes(&mut reader)?;
        let start = start.get(..read).unwrap_or_default();
        let compression = Compression::recognize(start);
        let whole: Box<dyn Read + Send> = Box::new(io::Cursor::new(start.to_vec()).chain(reader));
        let source = match compression {
            Some(found) => Source::new(found.decompress(whole), self.limits.max_decompressed_bytes),
            None => Source::new(whole, u64::MAX),
        };
        let input = Input::new(source, compression, helper);
        FrameReader::new(input, self.capture, self.limits.clone())
    }
}

impl FrameReader {
    /// Opens the capture at `path` with the default options.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        OpenOptions::default().open(path)
    }
}

/// The first bytes of a reader, enough to tell a compression by. A pipe may give them one by one.
fn first_bytes(reader: &mut impl Read) -> Result<([u8; 8], usize), Error> {
    let mut start = [0; 8];
    let mut filled = 0;
    while let Some(space @ [_, ..]) = start.get_mut(filled..) {
        match reader.read(space) {
            Ok(0) => break,
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Read(error)),
        }
    }
    Ok((start, filled))
}

/// Tells the format by the first bytes and takes its file header.
pub(super) fn recognize(
    input: &mut Input,
    recorder: &mut Recorder,
    limits: &Limits,
) -> Result<Format, Error> {
    let start = input.want(24);
    let found = match start {
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => {
            pcapng::Pcapng::open(input, recorder, limits).map(|found| Format::Pcapng(found.into()))
        }
        [b's', b'n', b'o', b'o', b'p', 0, 0, 0, ..] => {
            snoop::Snoop::open(input, recorder).map(Format::Snoop)
        }
        [first, second, third, fourth, ..]
            if pcap::Variant::recognize([*first, *second, *third, *fourth]).is_some() =>
        {
            pcap::Pcap::open(input, recorder, limits).map(Format::Pcap)
        }
        [] => Err(Error::Empty),
        _ => Err(Error::NotACapture { found: printable(start) }),
    };
    // What was read before a failure is still worth its frames; the failure shows at the end.
    found.map_err(|error| match (input.take_failure(), input.compression()) {
        (Some(source), Some(compression)) => Error::Compression { compression, source },
        (Some(source), None) => Error::Read(source),
        (None, _) => error,
    })
}

/// The first bytes of something unknown, as plain ASCII without control characters.
fn printable(start: &[u8]) -> String {
    start.iter().take(12).flat_map(|byte| byte.escape_ascii()).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one by one, as a slow pipe does.
    struct Drip(io::Cursor<Vec<u8>>);

    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = out.len().min(1);
            self.0.read(&mut out[..len])
        }
    }

    fn message(bytes: &[u8]) -> String {
        let error = OpenOptions::default().read(io::Cursor::new(bytes.to_vec())).unwrap_err();
        error.to_string()
    }

    #[test]
    fn what_is_no_capture_is_said_in_one_line() {
        assert_eq!(message(b""), "not a capture: it is empty");
        assert_eq!(message(b"<!DO"), "not a capture: starts with `<!DO`");
        assert_eq!(message(b"\x1b[2J\n"), r"not a capture: starts with `\x1b[2J\n`");
        assert_eq!(
            message(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0]),
            "not a readable capture: a pcap file header cut after 6 bytes"
        );
    }

    #[test]
    fn a_slow_pipe_reads_as_a_file() {
        let file = pcap::tests::little_endian(&[b"abc", b"defg"]);
        let mut reader = OpenOptions::default().read(Drip(io::Cursor::new(file))).unwrap();
        assert_eq!(reader.next_frame().unwrap().unwrap().data, b"abc");
        assert_eq!(reader.next_frame().unwrap().unwrap().data, b"defg");
        assert!(reader.next_frame().unwrap().is_none());
    }
}
