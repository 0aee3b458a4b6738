//! What a cipher suite protects records with.

use tlsleuth_handshake::codepoint::CipherSuite;

use crate::cipher::{AeadKind, BlockKind};
use crate::hash::Hash;

/// How records are protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protection {
    /// Authenticated encryption.
    Aead(AeadKind),
    /// A block cipher in CBC mode, and a MAC.
    Block(BlockKind, Hash),
    /// RC4 and a MAC.
    Rc4(Hash),
    /// A MAC alone.
    Null(Hash),
}

/// What a suite says about keys and records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Suite {
    pub(crate) protection: Protection,
    /// The hash of the key schedule: of TLS 1.3, and of the PRF of TLS 1.2.
    pub(crate) hash: Hash,
}

impl Suite {
    /// Reads the suite's name, which IANA builds by rule: `TLS_<key exchange>_WITH_<cipher>_<hash>`,
    /// and `TLS_<cipher>_<hash>` in TLS 1.3. `None` for ciphers that nothing here opens.
    pub(crate) fn new(suite: CipherSuite) -> Option<Self> {
        let name = suite.name()?.strip_prefix("TLS_")?;
        let (exchange, name) = name.split_once("_WITH_").unwrap_or(("", name));
        if exchange.contains("EXPORT") {
            return None;
        }
        // CCM comes with SHA-256 where the name does not say (RFC 6655 §3), and what is older than
        // TLS 1.2 uses SHA-256 in it (RFC 5246 §5).
        let hash = if name.ends_with("_SHA384") { Hash::Sha384 } else { Hash::Sha256 };
        let is_aead = |(prefix, _): &&(&str, AeadKind)| {
            matches!(name.strip_prefix(prefix), Some("" | "_SHA256" | "_SHA384"))
        };
        let protection = if let Some((_, kind)) = AEADS.iter().find(is_aead) {
            Protection::Aead(*kind)
        } else if let Some(mac) = name.strip_prefix("RC4_128") {
            Protection::Rc4(mac_hash(mac)?)
        } else if let Some(mac) = name.strip_prefix("NULL") {
            Protection::Null(mac_hash(mac)?)
        } else {
            let (mac, kind) = BLOCKS
                .iter()
                .find_map(|(prefix, kind)| Some((name.strip_prefix(prefix)?, *kind)))?;
            Protection::Block(kind, mac_hash(mac)?)
        };
        Some(Self { protection, hash })
    }
}

/// The hash of the MAC, as the end of a suite's name tells it.
fn mac_hash(end: &str) -> Option<Hash> {
    Some(match end {
        "_MD5" => Hash::Md5,
        "_SHA" => Hash::Sha1,
        "_SHA256" => Hash::Sha256,
        "_SHA384" => Hash::Sha384,
        _ => return None,
    })
}

/// Names of ciphers with authentication, the longer ones first.
const AEADS: &[(&str, AeadKind)] = &[
    ("AES_128_GCM", AeadKind::Aes128Gcm),
    ("AES_256_GCM", AeadKind::Aes256Gcm),
    ("AES_128_CCM_8", AeadKind::Aes128Ccm8),
    ("AES_256_CCM_8", AeadKind::Aes256Ccm8),
    ("AES_128_CCM", AeadKind::Aes128Ccm),
    ("AES_256_CCM", AeadKind::Aes256Ccm),
    ("CHACHA20_POLY1305", AeadKind::ChaCha20Poly1305),
    ("CAMELLIA_128_GCM", AeadKind::Camellia128Gcm),
    ("CAMELLIA_256_GCM", AeadKind::Camellia256Gcm),
    ("ARIA_128_GCM", AeadKind::Aria128Gcm),
    ("ARIA_256_GCM", AeadKind::Aria256Gcm),
];

/// Names of block ciphers in CBC mode.
const BLOCKS: &[(&str, BlockKind)] = &[
    ("AES_128_CBC", BlockKind::Aes128),
    ("AES_256_CBC", BlockKind::Aes256),
    ("CAMELLIA_128_CBC", BlockKind::Camellia128),
    ("CAMELLIA_256_CBC", BlockKind::Camellia256),
    ("ARIA_128_CBC", BlockKind::Aria128),
    ("ARIA_256_CBC", BlockKind::Aria256),
    ("3DES_EDE_CBC", BlockKind::TripleDes),
    ("DES_CBC", BlockKind::Des),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(id: u16) -> Option<(Protection, Hash)> {
        Suite::new(CipherSuite(id)).map(|suite| (suite.protection, suite.hash))
    }

    #[test]
    fn names_tell_ciphers() {
        use Hash::*;
        let aead = |kind, hash| Some((Protection::Aead(kind), hash));
        assert_eq!(suite(0x1301), aead(AeadKind::Aes128Gcm, Sha256));
        assert_eq!(suite(0x1302), aead(AeadKind::Aes256Gcm, Sha384));
        assert_eq!(suite(0x1303), aead(AeadKind::ChaCha20Poly1305, Sha256));
        assert_eq!(suite(0x1304), aead(AeadKind::Aes128Ccm, Sha256));
        assert_eq!(suite(0x1305), aead(AeadKind::Aes128Ccm8, Sha256));
        assert_eq!(suite(0xc030), aead(AeadKind::Aes256Gcm, Sha384));
        assert_eq!(suite(0xc0a3), aead(AeadKind::Aes256Ccm8, Sha256));
        assert_eq!(suite(0xc09f), aead(AeadKind::Aes256Ccm, Sha256));
        assert_eq!(suite(0xcca8), aead(AeadKind::ChaCha20Poly1305, Sha256));
        assert_eq!(suite(0xc060), aead(AeadKind::Aria128Gcm, Sha256));
        let block = |kind, mac, hash| Some((Protection::Block(kind, mac), hash));
        assert_eq!(suite(0x002f), block(BlockKind::Aes128, Sha1, Sha256));
        assert_eq!(suite(0xc028), block(BlockKind::Aes256, Sha384, Sha384));
        assert_eq!(suite(0x000a), block(BlockKind::TripleDes, Sha1, Sha256));
        assert_eq!(suite(0x0009), block(BlockKind::Des, Sha1, Sha256));
        assert_eq!(suite(0x0041), block(BlockKind::Camellia128, Sha1, Sha256));
        assert_eq!(suite(0x0004), Some((Protection::Rc4(Md5), Sha256)));
        assert_eq!(suite(0xc011), Some((Protection::Rc4(Sha1), Sha256)));
        assert_eq!(suite(0x003b), Some((Protection::Null(Sha256), Sha256)));
    }

    #[test]
    fn what_nothing_here_opens() {
        // NULL_WITH_NULL, RC4_40 and DES40 of export suites, SEED, IDEA, GOST, GREASE, the SCSV.
        for id in [0x0000, 0x0003, 0x0008, 0x0096, 0x0007, 0xc100, 0x0a0a, 0x00ff, 0xc0b4] {
            assert_eq!(suite(id), None, "{id:#06x}");
        }
    }
}
