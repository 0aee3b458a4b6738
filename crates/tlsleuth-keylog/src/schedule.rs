//! From the premaster secret to the key block: TLS 1.2, TLS 1.0 and 1.1, SSL 3.0.

use tlsleuth_handshake::codepoint::ProtocolVersion;
use zeroize::Zeroizing;

use crate::hash::{Bytes, Hash};

/// The randoms of both hellos.
#[derive(Clone, Copy)]
pub(crate) struct Randoms {
    pub(crate) client: [u8; 32],
    pub(crate) server: [u8; 32],
}

/// The key block: keys of both sides, cut out one behind the other (RFC 5246 §6.3).
pub(crate) fn key_block(
    version: ProtocolVersion,
    hash: Hash,
    master: &[u8],
    randoms: &Randoms,
    len: usize,
) -> Bytes {
    let seed = [randoms.server, randoms.client].concat();
    expand(version, hash, master, b"key expansion", &seed, len)
}

/// The master secret (RFC 5246 §8.1, RFC 6101 §6.1).
pub(crate) fn master_secret(
    version: ProtocolVersion,
    hash: Hash,
    premaster: &[u8],
    randoms: &Randoms,
) -> Bytes {
    let seed = [randoms.client, randoms.server].concat();
    expand(version, hash, premaster, b"master secret", &seed, 48)
}

/// The extended master secret, which the handshake's messages go into (RFC 7627 §4).
pub(crate) fn extended_master_secret(
    version: ProtocolVersion,
    hash: Hash,
    premaster: &[u8],
    messages: &[&[u8]],
) -> Bytes {
    let session_hash = match version {
        ProtocolVersion::TLS1_0 | ProtocolVersion::TLS1_1 => {
            [Hash::Md5, Hash::Sha1].map(|hash| hash.digest(messages).to_vec()).concat()
        }
        _ => hash.digest(messages).to_vec(),
    };
    expand(version, hash, premaster, b"extended master secret", &session_hash, 48)
}

/// The PRF of a version; that of SSL 3.0 has no label.
fn expand(
    version: ProtocolVersion,
    hash: Hash,
    secret: &[u8],
    label: &[u8],
    seed: &[u8],
    len: usize,
) -> Bytes {
    match version {
        ProtocolVersion::SSL3 => ssl3_expand(secret, seed, len),
        ProtocolVersion::TLS1_0 | ProtocolVersion::TLS1_1 => prf_md5_sha1(secret, label, seed, len),
        _ => p_hash(hash, secret, &[label, seed].concat(), len),
    }
}

/// `P_hash` (RFC 5246 §5), which with SHA-256 or SHA-384 is the whole PRF of TLS 1.2.
pub(crate) fn p_hash(hash: Hash, secret: &[u8], seed: &[u8], len: usize) -> Bytes {
    let mut out = Zeroizing::new(Vec::with_capacity(len + hash.len()));
    let mut a = hash.hmac(secret, &[seed]);
    while out.len() < len {
        out.extend_from_slice(&hash.hmac(secret, &[&a, seed]));
        a = hash.hmac(secret, &[&a]);
    }
    out.truncate(len);
    out
}

/// The PRF of TLS 1.0 and 1.1: half of the secret through MD5, half through SHA-1 (RFC 2246 §5).
fn prf_md5_sha1(secret: &[u8], label: &[u8], seed: &[u8], len: usize) -> Bytes {
    let half = secret.len().div_ceil(2);
    let seed = [label, seed].concat();
    let first = secret.get(..half).unwrap_or(secret);
    let second = secret.get(secret.len() - half..).unwrap_or(secret);
    let mut out = p_hash(Hash::Md5, first, &seed, len);
    for (byte, other) in out.iter_mut().zip(p_hash(Hash::Sha1, second, &seed, len).iter()) {
        *byte ^= other;
    }
    out
}

/// `MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + secret + seed)) + ...`
/// (RFC 6101 §6.2.2).
fn ssl3_expand(secret: &[u8], seed: &[u8], len: usize) -> Bytes {
    let mut out = Zeroizing::new(Vec::with_capacity(len + 16));
    for (letter, times) in (b'A'..=b'Z').zip(1..) {
        if out.len() >= len {
            break;
        }
        let inner = Hash::Sha1.digest(&[&vec![letter; times], secret, seed]);
        out.extend_from_slice(&Hash::Md5.digest(&[secret, &inner]));
    }
    out.truncate(len);
    out
}

/// The MAC of SSL 3.0 (RFC 6101 §5.2.3.1), older than HMAC.
pub(crate) fn ssl3_mac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Bytes {
    let pad_len = if hash == Hash::Md5 { 48 } else { 40 };
    let (pad1, pad2) = (vec![0x36; pad_len], vec![0x5c; pad_len]);
    let inner = hash.digest(&[&[key, pad1.as_slice()], parts].concat());
    hash.digest(&[key, &pad2, &inner])
}

/// Hex for tests.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::hex;
    use super::*;

    /// The test vector that the TLS working group's list circulated for the PRF of TLS 1.2 with
    /// SHA-256 ("TLS 1.2 PRF test vectors", 2009).
    #[test]
    fn prf_of_tls12() {
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        let out = p_hash(Hash::Sha256, &secret, &[b"test label", &seed[..]].concat(), 100);
        let expected = hex(
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e\
             14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5\
             a72e5a5110fff70187347b66",
        );
        assert_eq!(*out, expected);
    }
}
