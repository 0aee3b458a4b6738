//! Masks a run of TLS records, and what comes before them.

use std::ops::Range;

use super::{Mask, handshake, plaintext};

const HEADER: usize = 5;
/// Largest body of a record: 2^14 and what protection adds (RFC 5246 §6.2.3).
const MOST: usize = 16_384 + 2_048;

/// A record's header: its type and how long its body is, if it can be one.
fn header(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [kind @ 20..=24, 3, 0..=4, high, low, ..] => {
            let len = usize::from(*high) << 8 | usize::from(*low);
            (len <= MOST).then_some((*kind, len))
        }
        _ => None,
    }
}

/// Where TLS begins: at the first record that can be a first one.
fn start(bytes: &[u8]) -> usize {
    let begins = |at: &usize| {
        let here = bytes.get(*at..).unwrap_or_default();
        match (header(here), here.get(HEADER)) {
            // The first record of a side is a hello or an alert.
            (Some((22, _)), Some(1 | 2)) => true,
            (Some((21, 2)), _) => true,
            _ => false,
        }
    };
    (0..bytes.len()).find(begins).unwrap_or(bytes.len())
}

/// Masks a run. What comes behind a hole may be protected: of such a run only headers stay.
pub(super) fn mask(mask: &Mask<'_>, bytes: &mut [u8], beginning: bool) {
    let mut protected = !beginning;
    let mut at = 0;
    if beginning {
        // A capture may begin in the middle of a connection, with any record.
        at = if header(bytes).is_some() { 0 } else { start(bytes) };
        plaintext::mask(mask, bytes.get_mut(..at).unwrap_or_default());
    }
    // The bodies of handshake records in clear, to be joined: a message may be in several.
    let mut clear: Vec<Range<usize>> = Vec::new();
    while let Some((kind, len)) = header(bytes.get(at..).unwrap_or_default()) {
        let body = at + HEADER..(at + HEADER + len).min(bytes.len());
        at = body.end;
        let content = bytes.get(body.clone()).unwrap_or_default();
        match kind {
            20 => {
                protected = true;
                // One byte that is always 1.
                if content.len() > 1 {
                    zero(bytes, body);
                }
            }
            21 if !protected && content.len() == 2 => {}
            22 if !protected || is_whole_hello(content) => clear.push(body),
            _ => zero(bytes, body),
        }
    }
    let mut joined: Vec<u8> = Vec::new();
    for body in &clear {
        joined.extend(bytes.get(body.clone()).unwrap_or_default());
    }
    handshake::messages(mask, &mut joined);
    let mut masked = joined.into_iter();
    for body in clear {
        for byte in bytes.get_mut(body).unwrap_or_default() {
            *byte = masked.next().unwrap_or(0);
        }
    }
    // What makes no record.
    zero(bytes, at..bytes.len());
}

/// A hello in clear behind ChangeCipherSpec, which TLS 1.3 sends for the eyes of middleboxes
/// (RFC 9846 §D.4).
fn is_whole_hello(content: &[u8]) -> bool {
    match content {
        [1 | 2, a, b, c, body @ ..] => {
            usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c) == body.len()
        }
        _ => false,
    }
}

fn zero(bytes: &mut [u8], range: Range<usize>) {
    if let Some(bytes) = bytes.get_mut(range) {
        bytes.fill(0);
    }
}
