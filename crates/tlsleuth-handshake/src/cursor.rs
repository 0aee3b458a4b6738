//! A place in the bytes of a message, that moves on as fields are read.
//!
//! Each reader names its field, so that what is missing can be told: the error goes to [`Notes`],
//! the caller gets `None` or as much as there is.

use crate::anomaly::{Notes, Problem, len32};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    /// Where `bytes` begins, in bytes from the start of the message's body.
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Bytes that begin so many bytes behind the start of the message's body.
    pub(crate) fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What is left, without moving on.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Takes `count` bytes, or notes that they are missing.
    pub(crate) fn take(
        &mut self,
        count: usize,
        field: &'static str,
        notes: &mut Notes,
    ) -> Option<&'a [u8]> {
        let Some((head, tail)) = self.bytes.split_at_checked(count) else {
            let problem = Problem::Truncated { needed: len32(count), left: len32(self.len()) };
            notes.add(field, self.offset, problem);
            return None;
        };
        self.bytes = tail;
        self.offset += count;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        field: &'static str,
        notes: &mut Notes,
    ) -> Option<[u8; N]> {
        self.take(N, field, notes)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self, field: &'static str, notes: &mut Notes) -> Option<u8> {
        self.array::<1>(field, notes).map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self, field: &'static str, notes: &mut Notes) -> Option<u16> {
        self.array::<2>(field, notes).map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self, field: &'static str, notes: &mut Notes) -> Option<u32> {
        let [a, b, c] = self.array::<3>(field, notes)?;
        Some(u32::from_be_bytes([0, a, b, c]))
    }

    pub(crate) fn u32(&mut self, field: &'static str, notes: &mut Notes) -> Option<u32> {
        self.array::<4>(field, notes).map(u32::from_be_bytes)
    }

    /// A vector whose length takes one byte: `opaque field<0..2^8-1>`.
    ///
    /// A length beyond the end is noted, and the vector is what is left. `None` only where the
    /// length itself is missing.
    pub(crate) fn vec8(&mut self, field: &'static str, notes: &mut Notes) -> Option<Cursor<'a>> {
        let length = self.u8(field, notes)?;
        Some(self.vector(usize::from(length), field, notes))
    }

    /// The same with a length of two bytes.
    pub(crate) fn vec16(&mut self, field: &'static str, notes: &mut Notes) -> Option<Cursor<'a>> {
        let length = self.u16(field, notes)?;
        Some(self.vector(usize::from(length), field, notes))
    }

    /// The same with a length of three bytes.
    pub(crate) fn vec24(&mut self, field: &'static str, notes: &mut Notes) -> Option<Cursor<'a>> {
        let length = self.u24(field, notes)?;
        Some(self.vector(usize::try_from(length).unwrap_or(usize::MAX), field, notes))
    }

    fn vector(&mut self, length: usize, field: &'static str, notes: &mut Notes) -> Cursor<'a> {
        let offset = self.offset;
        let (head, tail) = match self.bytes.split_at_checked(length) {
            Some(parts) => parts,
            None => {
                let left = len32(self.len());
                notes.add(field, offset, Problem::LengthExceeds { length: len32(length), left });
                (self.bytes, &[][..])
            }
        };
        self.bytes = tail;
        self.offset += head.len();
        Cursor { bytes: head, offset }
    }

    /// All that is left, as numbers of two bytes.
    pub(crate) fn u16_list<T: From<u16>>(self, field: &'static str, notes: &mut Notes) -> Box<[T]> {
        let (pairs, odd) = self.bytes.as_chunks::<2>();
        if !odd.is_empty() {
            let problem = Problem::LengthNotMultiple { length: len32(self.len()), of: 2 };
            notes.add(field, self.offset, problem);
        }
        pairs.iter().map(|pair| T::from(u16::from_be_bytes(*pair))).collect()
    }

    /// All that is left, as numbers of one byte.
    pub(crate) fn u8_list<T: From<u8>>(self) -> Box<[T]> {
        self.bytes.iter().map(|byte| T::from(*byte)).collect()
    }

    /// Notes what is left behind the last field.
    pub(crate) fn end(&self, field: &'static str, notes: &mut Notes) {
        if !self.is_empty() {
            let problem = Problem::TrailingBytes { count: len32(self.len()) };
            notes.add(field, self.offset, problem);
        }
    }

    /// Notes a length that the specification does not allow.
    pub(crate) fn expect_len(
        &self,
        min: usize,
        max: usize,
        field: &'static str,
        notes: &mut Notes,
    ) {
        if !(min..=max).contains(&self.len()) {
            let problem = Problem::LengthOutOfRange {
                length: len32(self.len()),
                min: len32(min),
                max: len32(max),
            };
            notes.add(field, self.offset, problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_lies_gives_what_is_there() {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(&[0, 1, 9, 5, 7, 8]);
        assert_eq!(cursor.vec16("first", &mut notes).unwrap().rest(), [9]);
        let second = cursor.vec8("second", &mut notes).unwrap();
        assert_eq!((second.rest(), second.offset()), (&[7, 8][..], 4));
        assert!(cursor.is_empty());
        assert!(cursor.u8("third", &mut notes).is_none());
        let notes: Vec<String> = notes.finish().iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            [
                "second, offset 4: length 5 exceeds the 2 bytes left",
                "third, offset 6: 1 bytes needed, 0 left"
            ]
        );
    }
}
