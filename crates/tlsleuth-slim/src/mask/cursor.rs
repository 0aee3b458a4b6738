//! Walks over a message and masks it on the way. Whatever nobody reads is replaced when the cursor
//! is dropped, so that an early return cannot leave an original behind.

use super::Mask;

/// A part of a message that is still to be masked.
pub(super) struct Cursor<'m, 'b> {
    mask: &'m Mask<'m>,
    rest: &'b mut [u8],
}

impl<'m, 'b> Cursor<'m, 'b> {
    pub(super) fn new(mask: &'m Mask<'m>, rest: &'b mut [u8]) -> Self {
        Self { mask, rest }
    }

    pub(super) fn mask(&self) -> &'m Mask<'m> {
        self.mask
    }

    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self, len: usize) -> Option<&[u8]> {
        self.rest.get(..len)
    }

    pub(super) fn peek_rest(&self) -> &[u8] {
        self.rest
    }

    /// Takes the next `len` bytes out; all that are left, and no more, where they are fewer.
    fn take(&mut self, len: usize) -> (&'b mut [u8], bool) {
        let all = std::mem::take(&mut self.rest);
        let enough = len <= all.len();
        let (taken, rest) = all.split_at_mut(len.min(all.len()));
        self.rest = rest;
        (taken, enough)
    }

    pub(super) fn take_rest(&mut self) -> &'b mut [u8] {
        std::mem::take(&mut self.rest)
    }

    /// These bytes stay. Nothing stays of what is not whole.
    pub(super) fn keep(&mut self, len: usize) -> Option<()> {
        if len > self.rest.len() {
            return None;
        }
        let (_, enough) = self.take(len);
        enough.then_some(())
    }

    pub(super) fn keep_rest(&mut self) -> Option<()> {
        self.take_rest();
        Some(())
    }

    /// These bytes are replaced.
    pub(super) fn fill(&mut self, len: usize) -> Option<()> {
        let mask = self.mask;
        let (bytes, enough) = self.take(len);
        mask.fill(bytes);
        enough.then_some(())
    }

    /// A number that stays.
    pub(super) fn number16(&mut self) -> Option<u16> {
        let [high, low] = *self.peek(2)? else { return None };
        self.keep(2)?;
        Some(u16::from_be_bytes([high, low]))
    }

    fn length(&mut self, bytes: usize) -> Option<usize> {
        let len = self.peek(bytes)?.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        self.keep(bytes)?;
        Some(len)
    }

    /// The bytes of a vector with a length before it; of one that is cut, what is there.
    fn vector(&mut self, bytes: usize) -> Option<(Cursor<'m, 'b>, bool)> {
        let len = self.length(bytes)?;
        let mask = self.mask;
        let (rest, enough) = self.take(len);
        Some((Cursor { mask, rest }, enough))
    }

    pub(super) fn list16(&mut self) -> Option<Cursor<'m, 'b>> {
        Some(self.vector(2)?.0)
    }

    pub(super) fn list24(&mut self) -> Option<Cursor<'m, 'b>> {
        Some(self.vector(3)?.0)
    }

    pub(super) fn keep8(&mut self) -> Option<()> {
        let (mut vector, whole) = self.vector(1)?;
        if whole { vector.keep_rest() } else { None }
    }

    pub(super) fn keep16(&mut self) -> Option<()> {
        let (mut vector, whole) = self.vector(2)?;
        if whole { vector.keep_rest() } else { None }
    }

    pub(super) fn opaque8(&mut self) -> Option<()> {
        let (_, whole) = self.vector(1)?;
        whole.then_some(())
    }

    pub(super) fn opaque16(&mut self) -> Option<()> {
        let (_, whole) = self.vector(2)?;
        whole.then_some(())
    }

    pub(super) fn text16(&mut self) -> Option<()> {
        let (mut vector, whole) = self.vector(2)?;
        if !whole {
            // A name that is cut is another name: its token would say nothing.
            return None;
        }
        let mask = self.mask;
        mask.text(vector.take_rest());
        Some(())
    }
}

impl Drop for Cursor<'_, '_> {
    fn drop(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.mask.fill(rest);
    }
}
