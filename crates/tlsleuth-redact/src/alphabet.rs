//! A keyed permutation of texts of one length over letters and digits.
//!
//! Letters and digits change, everything else stays in its place. It is a Feistel network over the
//! letters and digits in their order (the shape of FF1, NIST SP 800-38G): a permutation, so two
//! originals of one length never get the same token, however short they are.

use crate::Key;

/// `a` to `z` and `0` to `9`.
const SYMBOLS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// As many as FF1 has.
const ROUNDS: u8 = 10;

/// The place of a letter, whatever its case, or of a digit.
fn value(byte: u8) -> Option<u8> {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => Some(letter - b'a'),
        digit @ b'0'..=b'9' => Some(digit - b'0' + 26),
        _ => None,
    }
}

fn symbol(value: u8) -> u8 {
    SYMBOLS.get(usize::from(value)).copied().unwrap_or(b'x')
}

/// Replaces the letters and digits of a text. `context` is what the permutation depends on beside
/// the key. Case stays where a letter takes the place of a letter. Bytes beyond ASCII become letters
/// or digits too, and such a text is told apart from others only by its length and its hash.
pub(crate) fn permute(key: &Key, context: &[&[u8]], text: &[u8]) -> Vec<u8> {
    let lower = text.to_ascii_lowercase();
    let foreign = lower.iter().any(|byte| !byte.is_ascii());
    let hash = foreign.then(|| key.derive(&[b"beyond ASCII", &lower]));
    let salt: &[u8] = hash.as_ref().map_or(&[], |hash| hash);
    let mut values: Vec<u8> = lower
        .iter()
        .filter(|byte| !byte.is_ascii() || value(**byte).is_some())
        .map(|byte| value(*byte).unwrap_or(*byte % 36))
        .collect();
    let context = key.derive(context);
    shuffle(key, &[&context, salt], &mut values);
    let mut values = values.into_iter().map(symbol);
    text.iter()
        .map(|&byte| {
            if byte.is_ascii() && value(byte).is_none() {
                return byte;
            }
            let token = values.next().unwrap_or(b'x');
            if byte.is_ascii_uppercase() { token.to_ascii_uppercase() } else { token }
        })
        .collect()
}

/// The permutation of all lists of this length.
fn shuffle(key: &Key, context: &[&[u8]], values: &mut [u8]) {
    match values {
        [] => {}
        [one] => *one = alone(key, context, *one),
        _ => {
            let half = values.len() / 2;
            let (left, right) = values.split_at_mut(half);
            for round in 0..ROUNDS {
                if round % 2 == 0 {
                    add(key, context, round, right, left);
                } else {
                    add(key, context, round, left, right);
                }
            }
        }
    }
}

/// Adds to one half what the other half gives, symbol by symbol.
fn add(key: &Key, context: &[&[u8]], round: u8, from: &[u8], to: &mut [u8]) {
    for (block, chunk) in to.chunks_mut(32).enumerate() {
        let mut parts = context.to_vec();
        let block = block.to_be_bytes();
        let round = [round];
        parts.extend([&round[..], &block, from]);
        for (value, byte) in chunk.iter_mut().zip(key.derive(&parts)) {
            *value = (*value + byte % 36) % 36;
        }
    }
}

/// The permutation of single symbols: they are sorted by their hashes.
fn alone(key: &Key, context: &[&[u8]], one: u8) -> u8 {
    let hash = |value: u8| {
        let mut parts = context.to_vec();
        let value = [value];
        parts.push(&value);
        key.derive(&parts)
    };
    let mine = hash(one);
    u8::try_from((0..36).filter(|other| hash(*other) < mine).count()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key() -> Key {
        Key::parse(b"a key for tests, no secret").unwrap()
    }

    #[test]
    fn two_originals_never_get_one_token() {
        for len in [1_usize, 2] {
            let mut seen = HashSet::new();
            for number in 0..36_usize.pow(u32::try_from(len).unwrap()) {
                let text: Vec<u8> = (0..len).map(|at| SYMBOLS[number / [1, 36][at] % 36]).collect();
                let token = permute(&key(), &[b"x"], &text);
                assert_eq!(token.len(), len);
                assert!(seen.insert(token));
            }
        }
    }

    #[test]
    fn shape_stays() {
        let token = permute(&key(), &[b"x"], "Müller & Co. KG".as_bytes());
        assert_eq!(token.len(), "Müller & Co. KG".len());
        assert!(token.is_ascii());
        assert_eq!(&token[7..10], b" & ");
        assert_eq!(token[12], b'.');
        assert_ne!(permute(&key(), &[b"y"], b"shop"), permute(&key(), &[b"x"], b"shop"));
        assert_eq!(
            permute(&key(), &[b"x"], b"SHOP").to_ascii_lowercase(),
            permute(&key(), &[b"x"], b"shop")
        );
    }
}
