//! Replaces what identifies somebody in the bytes of a stream, without changing a length.
//!
//! What is kept is chosen, what is replaced is all the rest: record headers, the lengths and numbers
//! of handshake messages and of DER stay, and so do the words of plaintext protocols that everybody
//! uses. So a parser sees the same messages, but signatures no longer verify.

mod cursor;
mod der;
mod handshake;
mod plaintext;
mod records;

use std::net::IpAddr;
use std::ops::Range;

use tlsleuth_redact::Redactor;

/// Replaces bytes in place.
pub(crate) struct Mask<'m> {
    redactor: &'m Redactor,
    /// Whether a word is one that everybody uses.
    usual: &'m dyn Fn(&str) -> bool,
}

impl<'m> Mask<'m> {
    pub(crate) fn new(redactor: &'m Redactor, usual: &'m dyn Fn(&str) -> bool) -> Self {
        Self { redactor, usual }
    }

    /// Masks a run of bytes of one direction of a connection. `beginning`: it is the first one, with
    /// nothing missing before it.
    pub(crate) fn stream(&self, bytes: &mut [u8], beginning: bool) {
        records::mask(self, bytes, beginning);
    }

    /// Bytes that mean nothing: the same originals give the same ones.
    fn fill(&self, bytes: &mut [u8]) {
        let token = self.redactor.bytes(b"packet", bytes, bytes.len());
        bytes.copy_from_slice(&token);
    }

    fn fill_range(&self, bytes: &mut [u8], range: Range<usize>) {
        if let Some(bytes) = bytes.get_mut(range) {
            self.fill(bytes);
        }
    }

    /// A name or words, as the report replaces them.
    fn text(&self, bytes: &mut [u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            // In other encodings every byte becomes a letter or a digit of its own.
            let text: String = bytes.iter().map(|byte| char::from(*byte & 0x7f | 0x40)).collect();
            let token = self.redactor.words(&text);
            bytes.copy_from_slice(token.as_bytes());
            return;
        };
        let mut token = self.redactor.name(text);
        // An address as text has another length.
        if token.len() != bytes.len() {
            token = self.redactor.words(text);
        }
        if token.len() == bytes.len() {
            bytes.copy_from_slice(token.as_bytes());
        } else {
            self.fill(bytes);
        }
    }

    /// An address in 4 or 16 bytes.
    fn address(&self, bytes: &mut [u8]) {
        let token = if let Ok(octets) = <[u8; 4]>::try_from(&*bytes) {
            self.redactor.address(IpAddr::from(octets))
        } else if let Ok(octets) = <[u8; 16]>::try_from(&*bytes) {
            self.redactor.address(IpAddr::from(octets))
        } else {
            return self.fill(bytes);
        };
        match token {
            IpAddr::V4(token) if bytes.len() == 4 => bytes.copy_from_slice(&token.octets()),
            IpAddr::V6(token) if bytes.len() == 16 => bytes.copy_from_slice(&token.octets()),
            _ => self.fill(bytes),
        }
    }
}

#[cfg(test)]
mod tests;
