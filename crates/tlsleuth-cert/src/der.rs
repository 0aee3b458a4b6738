//! A bounded reader of DER: flat, without recursion; what nests is opened by who knows its form.

/// Why reading stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// Counted from the first byte of the outermost element.
    pub(crate) offset: usize,
    /// What should have been there.
    pub(crate) expected: &'static str,
}

pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const VISIBLE_STRING: u8 = 0x1a;
    pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// `[n]`, constructed (explicit, or implicit of something constructed).
    pub(crate) const fn context(n: u8) -> u8 {
        0xa0 | n
    }
    /// `[n]`, primitive.
    pub(crate) const fn context_primitive(n: u8) -> u8 {
        0x80 | n
    }
}

/// One element: tag, length and content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// Where the tag is.
    pub(crate) offset: usize,
    /// Tag, length and content.
    pub(crate) whole: &'a [u8],
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// Where the content starts.
    pub(crate) fn content_offset(&self) -> usize {
        self.offset + (self.whole.len() - self.content.len())
    }

    /// Reads what is inside.
    pub(crate) fn open(&self) -> Reader<'a> {
        Reader { data: self.content, offset: self.content_offset() }
    }

    /// The octets of a BIT STRING that has no unused bits.
    pub(crate) fn bit_string(&self) -> Result<&'a [u8], Fault> {
        match self.content.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(Fault {
                offset: self.content_offset(),
                expected: "a bit string of whole octets",
            }),
        }
    }

    /// A non-negative INTEGER or ENUMERATED that fits.
    pub(crate) fn small_integer(&self) -> Result<u32, Fault> {
        let fault = Fault { offset: self.content_offset(), expected: "a small integer" };
        let digits = match self.content {
            [0, rest @ ..] => rest,
            [first, ..] if *first >= 0x80 => return Err(fault),
            all => all,
        };
        if self.content.is_empty() || digits.len() > 4 {
            return Err(fault);
        }
        Ok(digits.iter().fold(0, |value, byte| (value << 8) | u32::from(*byte)))
    }
}

/// An element that may be cut off.
pub(crate) struct Entered<'a> {
    /// Tag, length and content, if all of it is there.
    pub(crate) whole: Option<&'a [u8]>,
    pub(crate) inside: Reader<'a>,
}

/// Reads elements one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, offset: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(crate) fn fault(&self, expected: &'static str) -> Fault {
        Fault { offset: self.offset, expected }
    }

    /// The tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.data.first().copied()
    }

    /// The next element, whatever its tag. Lengths must be definite and as short as can be
    /// (X.690 §10.1), as every client that matters demands.
    pub(crate) fn next(&mut self, expected: &'static str) -> Result<Element<'a>, Fault> {
        let fault = self.fault(expected);
        let [tag, first, rest @ ..] = self.data else {
            return Err(fault);
        };
        if tag & 0x1f == 0x1f {
            return Err(self.fault("a tag of one byte"));
        }
        let length_fault =
            |expected| Err(Fault { offset: self.offset.saturating_add(1), expected });
        let (len, body) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            long @ 0x81..=0x84 => {
                let Some((digits, body)) = rest.split_at_checked(usize::from(long & 0x7f)) else {
                    return length_fault("a length");
                };
                let len = digits.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
                if len < 0x80 || digits.first() == Some(&0) {
                    return length_fault("a length in its shortest form");
                }
                let Ok(len) = usize::try_from(len) else {
                    return length_fault("a length below 4 GiB");
                };
                (len, body)
            }
            _ => return length_fault("a definite length below 4 GiB"),
        };
        let Some((content, after)) = body.split_at_checked(len) else {
            return length_fault("a length that the enclosing element has room for");
        };
        let used = self.data.len() - after.len();
        let Some(whole) = self.data.get(..used) else {
            return Err(fault);
        };
        let element = Element { tag: *tag, offset: self.offset, whole, content };
        self.data = after;
        self.offset = self.offset.saturating_add(used);
        Ok(element)
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8, expected: &'static str) -> Result<Element<'a>, Fault> {
        if self.peek() == Some(tag) { self.next(expected) } else { Err(self.fault(expected)) }
    }

    /// Opens the next element even where it claims more bytes than there are: its content is then
    /// what is there, and the fault tells of the rest.
    pub(crate) fn enter(
        &mut self,
        tag: u8,
        expected: &'static str,
    ) -> Result<(Entered<'a>, Option<Fault>), Fault> {
        let before = *self;
        match self.expect(tag, expected) {
            Ok(element) => {
                Ok((Entered { whole: Some(element.whole), inside: element.open() }, None))
            }
            Err(fault) => {
                let header = match before.data {
                    [found, long @ 0x81..=0x84, ..] if *found == tag => {
                        2 + usize::from(long & 0x7f)
                    }
                    [found, 0..=0x7f, ..] if *found == tag => 2,
                    _ => return Err(fault),
                };
                let inside = before.data.get(header..).ok_or(fault)?;
                self.data = &[];
                self.offset = before.offset.saturating_add(before.data.len());
                let offset = before.offset.saturating_add(header);
                Ok((Entered { whole: None, inside: Reader { data: inside, offset } }, Some(fault)))
            }
        }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        expected: &'static str,
    ) -> Result<Option<Element<'a>>, Fault> {
        if self.peek() == Some(tag) { self.next(expected).map(Some) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Reader, tag};

    #[test]
    fn reads_one_after_another() {
        let mut reader = Reader::new(&[0x30, 3, 2, 1, 7, 0x05, 0]);
        let sequence = reader.expect(tag::SEQUENCE, "a sequence").unwrap();
        let mut inner = sequence.open();
        let number = inner.expect(tag::INTEGER, "a number").unwrap();
        assert_eq!((number.small_integer(), number.offset), (Ok(7), 2));
        assert!(inner.is_empty());
        assert_eq!(reader.optional(tag::OID, "an oid").map(|e| e.is_some()), Ok(false));
        assert_eq!(reader.next("null").unwrap().offset, 5);
    }

    #[test]
    fn says_where_and_what() {
        let faults = [
            (&[][..], 0, "x"),
            (&[0x30], 0, "x"),
            (&[0x30, 0x80, 0, 0], 1, "a definite length below 4 GiB"),
            (&[0x30, 0x81, 5, 0, 0, 0, 0, 0], 1, "a length in its shortest form"),
            (&[0x30, 0x82, 0x01], 1, "a length"),
            (&[0x30, 4, 0], 1, "a length that the enclosing element has room for"),
            (&[0x3f, 0x81, 1, 0], 0, "a tag of one byte"),
        ];
        for (bytes, offset, expected) in faults {
            let fault = Reader::new(bytes).expect(bytes.first().copied().unwrap_or(0x30), "x");
            assert_eq!(fault.unwrap_err(), Fault { offset, expected }, "{bytes:02x?}");
        }
    }
}
