//! Masks DER: the structure stays, what identifies somebody is replaced by as many bytes.
//!
//! Object identifiers, booleans, enumerated values, dates and small numbers stay; texts become
//! tokens of the same length, addresses their tokens; all else (serial numbers, keys, signatures,
//! key identifiers, what cannot be read) is replaced by bytes that only the key gives.

use std::ops::Range;

use super::Mask;

/// Values in values that are looked into; deeper ones are replaced as a whole.
const DEEPEST: usize = 32;

/// Masks every value in `bytes`. An explicit stack, since who made the bytes chose their depth.
pub(super) fn mask(mask: &Mask<'_>, bytes: &mut [u8]) {
    let mut open: Vec<(Range<usize>, usize)> = vec![(0..bytes.len(), 0)];
    while let Some((range, depth)) = open.pop() {
        let mut at = range.start;
        while at < range.end {
            let Some((tag, content)) = value(bytes, at, range.end) else {
                mask.fill_range(bytes, at..range.end);
                break;
            };
            at = content.end;
            let inner = match tag {
                tag if tag & 0x20 != 0 => Some(content.clone()),
                0x03 => hidden(bytes, content.start + 1..content.end),
                0x04 => hidden(bytes, content.clone()),
                _ => None,
            };
            match inner {
                Some(inner) if depth < DEEPEST => open.push((inner, depth + 1)),
                Some(inner) => mask.fill_range(bytes, inner),
                None => primitive(mask, tag, bytes, content),
            }
        }
    }
}

/// The tag of the value at `at`, and where its content is.
fn value(bytes: &[u8], at: usize, end: usize) -> Option<(u8, Range<usize>)> {
    let tag = *bytes.get(at)?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let first = *bytes.get(at + 1)?;
    let (start, len) = if first < 0x80 {
        (at + 2, usize::from(first))
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let digits = bytes.get(at + 2..at + 2 + count)?;
        (at + 2 + count, digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)))
    };
    let content = start..start.checked_add(len)?;
    (content.end <= end).then_some((tag, content))
}

/// A value within a string of bits or bytes that is nothing else: keys, signatures, extensions.
fn hidden(bytes: &[u8], content: Range<usize>) -> Option<Range<usize>> {
    let (tag, inner) = value(bytes, content.start, content.end)?;
    let likely = matches!(tag, 0x01..=0x05 | 0x0a | 0x16 | 0x30 | 0x31);
    (likely && inner.end == content.end).then_some(content)
}

fn primitive(mask: &Mask<'_>, tag: u8, bytes: &mut [u8], content: Range<usize>) {
    let Some(value) = bytes.get_mut(content) else { return };
    match tag {
        // BOOLEAN, NULL, OBJECT IDENTIFIER, ENUMERATED, UTCTime, GeneralizedTime.
        0x01 | 0x05 | 0x06 | 0x0a | 0x17 | 0x18 => {}
        0x02 => integer(mask, value),
        0x03 if value.len() <= 3 => {}
        0x03 => {
            // Unused bits, then the form of a point on a curve.
            let from = if matches!(value.get(1), Some(2..=4)) { 2 } else { 1 };
            mask.fill(value.get_mut(from..).unwrap_or_default());
        }
        0x0c | 0x12..=0x16 | 0x1a | 0x1b => mask.text(value),
        // BMPString: two bytes a character.
        0x1e => {
            let mut low: Vec<u8> = value.iter().skip(1).step_by(2).copied().collect();
            mask.text(&mut low);
            for (pair, low) in value.chunks_exact_mut(2).zip(low) {
                pair.copy_from_slice(&[0, low]);
            }
        }
        // GeneralName: an address, with a mask in name constraints.
        0x87 if matches!(value.len(), 4 | 8 | 16 | 32) => {
            let half = if matches!(value.len(), 8 | 32) { value.len() / 2 } else { value.len() };
            mask.address(value.get_mut(..half).unwrap_or_default());
        }
        0x80..=0xbf if value.len() <= 1 => {}
        0x80..=0xbf if value.iter().all(|byte| (0x20..0x7f).contains(byte)) => mask.text(value),
        _ if value.len() <= 1 => {}
        _ => mask.fill(value),
    }
}

/// Numbers that everybody uses stay: versions, lengths of paths, exponents.
fn integer(mask: &Mask<'_>, value: &mut [u8]) {
    if matches!(value, [] | [0..=17] | [1, 0, 1]) {
        return;
    }
    let positive_by_zero = value.first() == Some(&0);
    mask.fill(value);
    match value {
        [zero, high, ..] if positive_by_zero => {
            *zero = 0;
            *high |= 0x80;
        }
        [high, ..] => *high = *high & 0x3f | 0x40,
        [] => {}
    }
}
