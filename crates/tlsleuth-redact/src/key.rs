//! The secret that the replacements depend on.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Fewest bytes of a key: 128 bits cannot be guessed.
const LEAST_BYTES: usize = 16;
/// Longest key file that is read, in bytes; whoever names a capture by mistake is told.
pub const MOST_BYTES: usize = 65_536;

/// A secret key. Wiped when dropped; nothing prints it.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

/// Why bytes do not do as a key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Too few bytes.
    #[error(
        "holds {0} bytes; a key needs at least {LEAST_BYTES} bytes, or twice as many hex digits \
         (openssl rand -hex 32 makes one)"
    )]
    TooShort(usize),
    /// Too many bytes.
    #[error("is longer than {MOST_BYTES} bytes: not a key")]
    TooLong,
    /// The same byte over and over.
    #[error("is the same byte over and over: not a secret")]
    Constant,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
}

impl Key {
    /// A key that nobody has had before.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn random() -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::getrandom(&mut *key).map_err(|_| Error::NoRandom)?;
        Ok(Self(key))
    }

    /// The key of a file: at least 32 hex digits, or else at least 16 bytes of any kind. White
    /// space around it does not count.
    ///
    /// # Errors
    /// When that cannot be a secret.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        if file.len() > MOST_BYTES {
            return Err(Error::TooLong);
        }
        let bytes = file.trim_ascii();
        let bytes = Zeroizing::new(from_hex(bytes).unwrap_or_else(|| bytes.to_vec()));
        if bytes.len() < LEAST_BYTES {
            return Err(Error::TooShort(bytes.len()));
        }
        if bytes.iter().all(|byte| bytes.first() == Some(byte)) {
            return Err(Error::Constant);
        }
        Ok(Self(Zeroizing::new(digest(&bytes, &[b"tlsleuth redaction key"]))))
    }

    /// 32 bytes that only this key gives for these parts.
    pub(crate) fn derive(&self, parts: &[&[u8]]) -> [u8; 32] {
        digest(&*self.0, parts)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(secret)")
    }
}

/// HMAC-SHA-256 over the parts, each with its length before it so that no two lists are alike.
fn digest(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC takes keys of any length (RFC 2104 §3).
        return [0; 32];
    };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    if text.len() < LEAST_BYTES * 2 || !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_bytes() {
        let hex = Key::parse(b"000102030405060708090a0b0c0d0e0f\n").unwrap();
        let bytes = Key::parse(&(0..16).collect::<Vec<u8>>()).unwrap();
        assert_eq!(hex.0, bytes.0);
        assert_ne!(hex.0, Key::parse(b"000102030405060708090a0b0c0d0e0e").unwrap().0);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        assert_eq!(Key::parse(b"password\n").unwrap_err(), Error::TooShort(8));
        assert_eq!(Key::parse(b"").unwrap_err(), Error::TooShort(0));
        assert_eq!(Key::parse(&[7; 32]).unwrap_err(), Error::Constant);
        assert_eq!(Key::parse(&vec![7; MOST_BYTES + 1]).unwrap_err(), Error::TooLong);
        let said = Error::TooShort(8).to_string();
        assert!(said.contains("16 bytes") && said.contains("openssl rand -hex 32"), "{said}");
    }

    #[test]
    fn is_never_printed() {
        let key = Key::parse(b"a secret of enough length").unwrap();
        assert_eq!(format!("{key:?}"), "Key(secret)");
    }
}
