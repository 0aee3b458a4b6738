//! Joins the fragments of records to handshake messages (RFC 9846 §4, §5.1).
//!
//! ```text
//! struct {
//!     HandshakeType msg_type;    1 byte
//!     uint24 length;             3 bytes
//!     opaque body[length];
//! } Handshake;
//! ```
//!
//! A message may span records, and a record may hold several messages. One that lies whole in a
//! record is handed on from there.

use tlsleuth_capture::packed::{Pack, Packer, Unpacker};

/// The longest message that is kept, in bytes; a longer one is told and skipped.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The same for a Certificate message: long chains are legal.
pub const MAX_CERTIFICATE_BYTES: usize = 1024 * 1024;

/// A handshake message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message<'a> {
    /// The handshake type.
    pub kind: u8,
    /// The length that the header claims, in bytes.
    pub len: u32,
    /// The body; `None` when it is longer than what is kept.
    pub body: Option<&'a [u8]>,
    /// Header and body, as they enter the transcript; `None` when the body is.
    pub whole: Option<&'a [u8]>,
}

/// The message that lies whole at the front of `input` (the body of a handshake record), which it takes
/// from there.
pub fn whole<'a>(input: &mut &'a [u8]) -> Option<Message<'a>> {
    let (kind, len) = header(input)?;
    let (whole, rest) = input.split_at_checked(4 + usize::try_from(len).ok()?)?;
    *input = rest;
    Some(Message { kind, len, body: whole.get(4..), whole: Some(whole) })
}

/// Joins the handshake messages of one direction.
#[derive(Debug, Default)]
pub struct Joiner {
    partial: Vec<u8>,
    skip: usize,
    skipped: Option<(u8, u32)>,
    /// `partial` was handed on and is to be cleared.
    handed_on: bool,
}

impl Pack for Joiner {
    fn pack(self, to: &mut Packer) {
        let Self { partial, skip, skipped, handed_on } = self;
        to.run(&partial);
        skip.pack(to);
        skipped.map(|(kind, _)| kind).pack(to);
        skipped.map(|(_, len)| len).pack(to);
        handed_on.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let partial = from.run()?;
        let skip = Pack::unpack(from)?;
        let (kind, len): (Option<u8>, Option<u32>) = (Pack::unpack(from)?, Pack::unpack(from)?);
        Some(Self { partial, skip, skipped: kind.zip(len), handed_on: Pack::unpack(from)? })
    }
}

impl Joiner {
    /// Bytes held.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.partial.capacity()
    }

    /// Whether a message began whose end has not come: its type, claimed length and what is there.
    #[must_use]
    pub fn unfinished(&self) -> Option<(Option<u8>, Option<u32>, &[u8])> {
        if let Some((kind, len)) = self.skipped {
            return Some((Some(kind), Some(len), &[]));
        }
        if self.partial.is_empty() || self.handed_on {
            return None;
        }
        let header = header(&self.partial);
        let body = self.partial.get(4..).unwrap_or(&[]);
        Some((self.partial.first().copied(), header.map(|(_, len)| len), body))
    }

    /// Forgets the beginning of a message: bytes of it are missing.
    pub fn reset(&mut self) {
        self.partial.clear();
        self.skip = 0;
        self.skipped = None;
    }

    /// The next message that is complete with the bytes of `input` (the body of a handshake
    /// record), which it takes from the front. `None` when `input` is used up.
    pub fn next<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8]) -> Option<Message<'a>> {
        if self.handed_on {
            self.handed_on = false;
            self.partial.clear();
        }
        if self.partial.is_empty()
            && self.skipped.is_none()
            && let Some(message) = whole(input)
        {
            return Some(message);
        }
        if self.skipped.is_none() {
            self.fill(input, 4);
            let (kind, len) = header(&self.partial)?;
            let body_len = usize::try_from(len).unwrap_or(usize::MAX);
            let cap = if kind == 11 { MAX_CERTIFICATE_BYTES } else { MAX_MESSAGE_BYTES };
            if body_len <= cap {
                self.fill(input, body_len + 4);
                if self.partial.len() < body_len + 4 {
                    return None;
                }
                self.handed_on = true;
                let whole = Some(self.partial.as_slice());
                return Some(Message { kind, len, body: self.partial.get(4..), whole });
            }
            self.partial = Vec::new();
            self.skip = body_len;
            self.skipped = Some((kind, len));
        }
        let step = self.skip.min(input.len());
        self.skip -= step;
        *input = input.get(step..).unwrap_or(&[]);
        if self.skip > 0 {
            return None;
        }
        let (kind, len) = self.skipped.take()?;
        Some(Message { kind, len, body: None, whole: None })
    }

    /// Takes bytes of `input` until `partial` has `len` of them.
    fn fill(&mut self, input: &mut &[u8], len: usize) {
        let missing = len.saturating_sub(self.partial.len()).min(input.len());
        if let Some((more, rest)) = input.split_at_checked(missing) {
            self.partial.extend_from_slice(more);
            *input = rest;
        }
    }
}

fn header(bytes: &[u8]) -> Option<(u8, u32)> {
    let [kind, a, b, c, ..] = bytes else { return None };
    Some((*kind, u32::from_be_bytes([0, *a, *b, *c])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(pieces: &[&[u8]]) -> Vec<(u8, Option<Vec<u8>>)> {
        let mut joiner = Joiner::default();
        let mut messages = Vec::new();
        for piece in pieces {
            let mut piece = *piece;
            while let Some(message) = joiner.next(&mut piece) {
                messages.push((message.kind, message.body.map(<[u8]>::to_vec)));
            }
        }
        messages
    }

    #[test]
    fn a_cut_anywhere_gives_the_same_messages() {
        let stream = b"\x02\0\0\x03abc\x0e\0\0\0\x0b\0\0\x05hello";
        let whole = run(&[stream]);
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[1], (14, Some(vec![])));
        for at in 0..stream.len() {
            let (left, right) = stream.split_at(at);
            assert_eq!(run(&[left, right]), whole, "cut at {at}");
        }
        assert_eq!(run(&stream.chunks(1).collect::<Vec<_>>()), whole);
    }

    #[test]
    fn a_giant_message_is_told_and_not_kept() {
        let mut stream = vec![1, 0x10, 0, 0];
        stream.resize(4 + 0x10_0000, 0);
        stream.extend_from_slice(b"\x0e\0\0\0");
        assert_eq!(
            run(&stream.chunks(16_000).collect::<Vec<_>>()),
            [(1, None), (14, Some(vec![]))]
        );
        let mut joiner = Joiner::default();
        assert_eq!(joiner.next(&mut &stream[..100_000]), None);
        assert!(joiner.buffered_bytes() < 1000, "the length is judged before the body is kept");
    }
}
