//! Masks what is said before TLS, or instead of it.

use super::Mask;

/// PostgreSQL's requests for TLS and for GSSAPI: bytes that are the same everywhere.
const POSTGRES: [[u8; 8]; 2] =
    [[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], [0, 0, 0, 8, 4, 0xd2, 0x16, 0x30]];

/// Words that everybody uses, single letters, numbers that are short and punctuation stay; other
/// words become tokens. What is no text becomes zeros.
pub(super) fn mask(mask: &Mask<'_>, bytes: &mut [u8]) {
    if POSTGRES.iter().any(|request| request == bytes) {
        return;
    }
    let mut rest = bytes;
    while let Some(first) = rest.first().copied() {
        let inside =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
        let len = rest.iter().position(|byte| !inside(byte)).unwrap_or(rest.len());
        if len == 0 {
            let Some((byte, behind)) = rest.split_first_mut() else { return };
            let shown = first.is_ascii_graphic() || matches!(first, b' ' | b'\t' | b'\r' | b'\n');
            if !shown {
                *byte = 0;
            }
            rest = behind;
            continue;
        }
        let (word, behind) = rest.split_at_mut(len);
        let trimmed =
            word.iter().rposition(|byte| !matches!(byte, b'.' | b'-')).map_or(0, |at| at + 1);
        let word = word.get_mut(..trimmed).unwrap_or_default();
        let usual = std::str::from_utf8(word).is_ok_and(|word| {
            word.len() <= 1
                || (mask.usual)(word)
                || (!word.contains(['.', '@']) && word.split(['-', '_']).all(mask.usual))
        });
        if !usual {
            mask.text(word);
        }
        rest = behind;
    }
}
