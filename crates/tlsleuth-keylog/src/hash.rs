//! The hashes of TLS, with HMAC and HKDF over them.

use hkdf::Hkdf;
use hmac::digest::{KeyInit, OutputSizeUser, typenum::Unsigned};
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

/// A hash that suites name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

/// Bytes that may depend on a secret: wiped on drop.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

impl Hash {
    /// Bytes of its output.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Md5 => <Md5 as OutputSizeUser>::OutputSize::USIZE,
            Self::Sha1 => <Sha1 as OutputSizeUser>::OutputSize::USIZE,
            Self::Sha256 => <Sha256 as OutputSizeUser>::OutputSize::USIZE,
            Self::Sha384 => <Sha384 as OutputSizeUser>::OutputSize::USIZE,
        }
    }

    /// The hash of `parts` one behind the other.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Bytes {
        match self {
            Self::Md5 => digest::<Md5>(parts),
            Self::Sha1 => digest::<Sha1>(parts),
            Self::Sha256 => digest::<Sha256>(parts),
            Self::Sha384 => digest::<Sha384>(parts),
        }
    }

    /// The HMAC of `parts` one behind the other (RFC 2104).
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Bytes {
        match self {
            Self::Md5 => hmac::<Hmac<Md5>>(key, parts),
            Self::Sha1 => hmac::<Hmac<Sha1>>(key, parts),
            Self::Sha256 => hmac::<Hmac<Sha256>>(key, parts),
            Self::Sha384 => hmac::<Hmac<Sha384>>(key, parts),
        }
    }

    /// `HKDF-Expand-Label(secret, label, "", len)` (RFC 9846 §7.1).
    ///
    /// ```text
    /// struct {
    ///     uint16 length = Length;
    ///     opaque label<7..255> = "tls13 " + Label;
    ///     opaque context<0..255> = Context;
    /// } HkdfLabel;
    /// ```
    ///
    /// `None` when the secret is shorter than the hash.
    pub(crate) fn expand_label(self, secret: &[u8], label: &str, len: usize) -> Option<Bytes> {
        let mut info = Vec::with_capacity(32);
        info.extend_from_slice(&u16::try_from(len).ok()?.to_be_bytes());
        info.push(u8::try_from(6 + label.len()).ok()?);
        info.extend_from_slice(b"tls13 ");
        info.extend_from_slice(label.as_bytes());
        info.push(0);
        let mut out = Zeroizing::new(vec![0; len]);
        match self {
            Self::Sha256 => Hkdf::<Sha256>::from_prk(secret).ok()?.expand(&info, &mut out).ok()?,
            Self::Sha384 => Hkdf::<Sha384>::from_prk(secret).ok()?.expand(&info, &mut out).ok()?,
            Self::Md5 | Self::Sha1 => return None,
        }
        Some(out)
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Bytes {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().to_vec())
}

fn hmac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Bytes {
    // Keys of any length are taken; the empty tag of another world would open nothing.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Bytes::default() };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}
