//! Writes pcapng (draft-ietf-opsawg-pcapng): sections, interfaces, packets with comments.
//!
//! One section, little-endian, nanoseconds. The block types and options that are needed here and
//! no more; the writers that exist either read and write through one model of the whole file, or
//! take no comments.

use std::io::{self, Write};

use tlsleuth::capture::{LinkType, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;

/// Longest option, in bytes: its length is 16 bits wide, and readers cut long comments.
const LONGEST_OPTION: usize = 16_384;

/// Writes one capture file.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    interfaces: u32,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a file, with the name of the program that makes it and comments about the whole.
    ///
    /// # Errors
    /// When `out` fails; so do all others here.
    pub fn new(out: W, application: &str, comments: &[String]) -> io::Result<Self> {
        let mut writer = Self { out, interfaces: 0, written: 0 };
        let mut body = Vec::new();
        body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        body.extend([1, 0, 0, 0]);
        // The length of the section is not known.
        body.extend([0xff; 8]);
        for comment in comments {
            option(&mut body, OPT_COMMENT, comment.as_bytes());
        }
        option(&mut body, SHB_USERAPPL, application.as_bytes());
        end(&mut body);
        writer.block(SECTION_HEADER, &body)?;
        Ok(writer)
    }

    /// Describes an interface; gives its number.
    pub fn interface(&mut self, link: LinkType, name: &str) -> io::Result<u32> {
        let mut body = Vec::new();
        body.extend(link.0.to_le_bytes());
        // Reserved, and no limit on what is captured: frames say themselves where they are cut.
        body.extend([0; 6]);
        option(&mut body, IF_NAME, name.as_bytes());
        option(&mut body, IF_TSRESOL, &[9]);
        end(&mut body);
        self.block(INTERFACE_DESCRIPTION, &body)?;
        let number = self.interfaces;
        self.interfaces += 1;
        Ok(number)
    }

    /// Writes a packet with its comments.
    pub fn packet(
        &mut self,
        interface: u32,
        time: Timestamp,
        original_len: u32,
        data: &[u8],
        comments: &[String],
    ) -> io::Result<()> {
        let Ok(len) = u32::try_from(data.len()) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        // A time before 1970 cannot be written.
        let time = u64::try_from(time.0).unwrap_or(0);
        let (high, low) = (time >> 32, time & u64::from(u32::MAX));
        let half = |half: u64| u32::try_from(half).unwrap_or(0).to_le_bytes();
        let mut body = Vec::with_capacity(data.len() + 64);
        body.extend(interface.to_le_bytes());
        body.extend(half(high));
        body.extend(half(low));
        body.extend(len.to_le_bytes());
        body.extend(original_len.max(len).to_le_bytes());
        body.extend(data);
        pad(&mut body);
        if !comments.is_empty() {
            for comment in comments {
                option(&mut body, OPT_COMMENT, comment.as_bytes());
            }
            end(&mut body);
        }
        self.block(ENHANCED_PACKET, &body)
    }

    /// Writes secrets of a kind, such as a TLS key log.
    pub fn secrets(&mut self, kind: u32, data: &[u8]) -> io::Result<()> {
        let Ok(len) = u32::try_from(data.len()) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        let mut body = Vec::with_capacity(data.len() + 16);
        body.extend(kind.to_le_bytes());
        body.extend(len.to_le_bytes());
        body.extend(data);
        pad(&mut body);
        self.block(DECRYPTION_SECRETS, &body)
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let Ok(len) = u32::try_from(body.len() + 12) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&len.to_le_bytes())?;
        self.out.write_all(body)?;
        self.out.write_all(&len.to_le_bytes())?;
        self.written += u64::from(len);
        Ok(())
    }
}

/// Fills up to a multiple of four bytes. What stands before the body in a block is one.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = cut(value);
    let len = u16::try_from(value.len()).unwrap_or(0);
    body.extend(code.to_le_bytes());
    body.extend(len.to_le_bytes());
    body.extend(value);
    pad(body);
}

/// No longer than an option may be, and not within a character.
fn cut(value: &[u8]) -> &[u8] {
    let mut len = value.len().min(LONGEST_OPTION);
    while len < value.len() && value.get(len).is_some_and(|byte| byte & 0xc0 == 0x80) {
        len -= 1;
    }
    value.get(..len).unwrap_or_default()
}

fn end(body: &mut Vec<u8>) {
    body.extend(OPT_END.to_le_bytes());
    body.extend([0, 0]);
}

#[cfg(test)]
mod tests {
    use tlsleuth::OpenOptions;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, "test", &["about it".to_owned()]).unwrap();
        assert_eq!(writer.interface(LinkType::ETHERNET, "eth0").unwrap(), 0);
        assert_eq!(writer.interface(LinkType::RAW, "tun0").unwrap(), 1);
        let time = Timestamp(1_700_000_000_123_456_789);
        let comments = ["one".to_owned(), "ü two".to_owned()];
        writer.packet(1, time, 100, b"abc", &comments).unwrap();
        writer.secrets(0x544c_534b, b"CLIENT_RANDOM 00 00\n").unwrap();
        writer.packet(0, time, 4, b"abcd", &[]).unwrap();
        let written = writer.written();
        assert_eq!(written, u64::try_from(file.len()).unwrap());

        let mut reader = OpenOptions::default().read(io::Cursor::new(file)).unwrap();
        let frame = reader.next_frame().unwrap().unwrap();
        assert_eq!((frame.place.time, frame.link, frame.interface), (time, LinkType::RAW, 1));
        assert_eq!((frame.data, frame.original_len), (&b"abc"[..], 100));
        let frame = reader.next_frame().unwrap().unwrap();
        assert_eq!((frame.data, frame.link), (&b"abcd"[..], LinkType::ETHERNET));
        assert!(reader.next_frame().unwrap().is_none());
        // One frame is cut; nothing else is to be said.
        assert_eq!(reader.facts().notices.len(), 1, "{:?}", reader.facts().notices);
        let comments: Vec<_> = reader.facts().comments.iter().map(|c| c.text.clone()).collect();
        assert_eq!(comments, [&b"about it"[..], b"one", "ü two".as_bytes()]);
    }

    #[test]
    fn long_comments_are_cut_between_characters() {
        let mut text = "x".repeat(LONGEST_OPTION - 1);
        text.push_str("üü");
        assert_eq!(cut(text.as_bytes()).len(), LONGEST_OPTION - 1);
        assert_eq!(cut(b"short"), b"short");
    }
}
