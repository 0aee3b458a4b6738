//! Text that somebody else sent.

use std::{fmt, fmt::Write as _, sync::Arc};

use crate::limits::MAX_SHOWN_CHARS;

/// Text off the wire: bytes that claim to be text, printed so that they can do no harm.
///
/// [`Display`](fmt::Display) writes printable characters as they are and escapes the rest: control
/// characters and bytes that are no UTF-8 as `\x1b`, invisible characters and those that change
/// the direction of text or break lines as `\u{202e}`, a backslash as `\\`, so that the output can
/// be told back. It stops after 256 characters of output and tells the length of the whole.
/// [`raw`](Self::raw) gives the bytes.
///
/// Cloning is cheap: clones share the bytes.
///
/// ```
/// # use tlsleuth_cert::WireText;
/// assert_eq!(WireText::new(b"api.example\x1b[31m\xff").to_string(), r"api.example\x1b[31m\xff");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WireText(Arc<[u8]>);

impl WireText {
    /// Takes the bytes as they are, whatever their encoding.
    #[must_use]
    pub fn new(raw: &[u8]) -> Self {
        Self(Arc::from(raw))
    }

    /// The bytes as they came.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.0
    }

    /// The text, unescaped, if it is UTF-8. For comparing and for formats with their own escapes.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The same with ASCII letters in lower case, as names are compared (RFC 4343 §3).
    #[must_use]
    pub fn lower(&self) -> Self {
        // Without a way out, as that is done for many bytes at once.
        if self.0.iter().fold(false, |upper, byte| upper | byte.is_ascii_uppercase()) {
            Self::new(&self.0.to_ascii_lowercase())
        } else {
            self.clone()
        }
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The escaped text in full: for output that must not lose anything, such as JSON.
    #[must_use]
    pub fn escaped(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        // A String takes everything, so the writer cannot fail.
        let _ = self.write_escaped(&mut out, usize::MAX);
        out
    }

    /// Adds to `out` what [`Display`](fmt::Display) writes, without the machinery of formatting.
    pub fn show(&self, out: &mut String) {
        // A String takes everything, so the writer cannot fail.
        let _ = self.write_shown(out);
    }

    fn write_shown(&self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.write_escaped(out, MAX_SHOWN_CHARS)? {
            Ok(())
        } else {
            write!(out, "… ({} bytes in all)", self.0.len())
        }
    }

    /// Writes at most `room` characters; tells whether everything was written.
    fn write_escaped(&self, out: &mut impl fmt::Write, room: usize) -> Result<bool, fmt::Error> {
        // Nearly all text is plain, and is written in one piece.
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
        if self.0.len() <= room
            // All of them, without a way out: that is done for many bytes at once.
            && self.0.iter().fold(true, |plain, byte| plain & is_plain(byte))
            && let Some(plain) = self.as_str()
        {
            out.write_str(plain)?;
            return Ok(true);
        }
        let mut room = room;
        let mut piece = String::new();
        let mut put = |out: &mut dyn fmt::Write, piece: &str| -> Result<bool, fmt::Error> {
            let Some(left) = room.checked_sub(piece.chars().count()) else {
                return Ok(false);
            };
            room = left;
            out.write_str(piece)?;
            Ok(true)
        };
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                piece.clear();
                match c {
                    '\\' => piece.push_str(r"\\"),
                    '\0'..='\x1f' | '\x7f' => write!(piece, "\\x{:02x}", u32::from(c))?,
                    c if is_hidden(c) => write!(piece, "\\u{{{:x}}}", u32::from(c))?,
                    c => piece.push(c),
                }
                if !put(out, &piece)? {
                    return Ok(false);
                }
            }
            for byte in chunk.invalid() {
                piece.clear();
                write!(piece, "\\x{byte:02x}")?;
                if !put(out, &piece)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Characters that a reader does not see, or that change how the text around them is seen.
///
/// C1 controls, Unicode's Default_Ignorable_Code_Point (which holds the zero-width ones, the
/// variation selectors and the tags), the explicit bidirectional controls, line and paragraph
/// separators, interlinear annotation.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0x80..=0x9f
        | 0xad
        | 0x034f
        | 0x061c
        | 0x115f..=0x1160
        | 0x17b4..=0x17b5
        | 0x180b..=0x180f
        | 0x200b..=0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x206f
        | 0x3164
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0
        | 0xfff0..=0xfffb
        | 0x1_bca0..=0x1_bca3
        | 0x1_d173..=0x1_d17a
        | 0xe_0000..=0xe_0fff
    )
}

impl From<&str> for WireText {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl From<String> for WireText {
    fn from(text: String) -> Self {
        Self(Arc::from(text.into_bytes()))
    }
}

impl fmt::Display for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_shown(f)
    }
}

impl fmt::Debug for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::WireText;

    fn shown(raw: &[u8]) -> String {
        WireText::new(raw).to_string()
    }

    #[test]
    fn names_are_compared_in_lower_case() {
        assert_eq!(WireText::new(b"API.Example\xff").lower(), WireText::new(b"api.example\xff"));
        assert_eq!(WireText::from("api.example").lower(), WireText::from("api.example"));
    }

    #[test]
    fn printable_text_stays() {
        assert_eq!(shown("bücher.example 例え".as_bytes()), "bücher.example 例え");
        assert_eq!(shown(b""), "");
    }

    #[test]
    fn what_controls_a_terminal_is_escaped() {
        assert_eq!(shown(b"\x1b]0;x\x07\r\n\t\x7f"), r"\x1b]0;x\x07\x0d\x0a\x09\x7f");
        assert_eq!(shown("\u{9b}31m".as_bytes()), r"\u{9b}31m");
        assert_eq!(shown("a\u{202e}b\u{2066}\u{061c}".as_bytes()), r"a\u{202e}b\u{2066}\u{61c}");
        assert_eq!(shown("\u{e0041}\u{200b}\u{feff}".as_bytes()), r"\u{e0041}\u{200b}\u{feff}");
        assert_eq!(shown("\u{2028}\u{2029}".as_bytes()), r"\u{2028}\u{2029}");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_escaped_one_by_one() {
        assert_eq!(shown(b"a\xff\xc3b\xe2\x82"), r"a\xff\xc3b\xe2\x82");
    }

    #[test]
    fn a_backslash_cannot_pretend_to_be_an_escape() {
        assert_eq!(shown(br"\x1b"), r"\\x1b");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let text = WireText::new(&[b'a'; 1000]);
        assert_eq!(text.to_string(), format!("{}… (1000 bytes in all)", "a".repeat(256)));
        assert_eq!(text.escaped().len(), 1000);
        assert_eq!(shown(&[b'a'; 256]), "a".repeat(256));
        // An escape is never cut in half.
        assert!(shown(&[0xff; 1000]).starts_with(&r"\xff".repeat(64)));
    }

    #[test]
    fn every_output_character_is_visible() {
        for c in ('\0'..=char::MAX).filter(|c| super::is_hidden(*c) || c.is_control()) {
            let text = WireText::from(c.to_string()).to_string();
            assert!(text.bytes().all(|b| (0x20..0x7f).contains(&b)), "{:x}", u32::from(c));
        }
    }
}
