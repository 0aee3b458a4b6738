//! Cipher suites and what follows from each.

use core::fmt;

use super::ProtocolVersion;

mod part;
mod table;

pub use part::{Authentication, BulkCipher, Hash, KeyExchange, Mac};
use table::SUITES;

/// Why a suite is weak, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Weakness {
    /// Records are not encrypted.
    NullEncryption,
    /// Nobody is authenticated.
    Anonymous,
    /// Keys of 40 or 56 bits, cut for export.
    Export,
    /// Single DES or RC2.
    Des,
    /// RC4 (RFC 7465 forbids it).
    Rc4,
    /// Blocks of 64 bits: triple DES, IDEA.
    ShortBlocks,
    /// No forward secrecy: static RSA or Diffie-Hellman keys.
    NoForwardSecrecy,
    /// CBC with MAC-then-encrypt.
    Cbc,
}

impl Weakness {
    /// Whether attacks on it are practical, so that it deserves a warning and not only a note.
    #[must_use]
    pub const fn is_broken(self) -> bool {
        !matches!(self, Self::NoForwardSecrecy | Self::Cbc)
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NullEncryption => "no encryption",
            Self::Anonymous => "no authentication",
            Self::Export => "export key length",
            Self::Des => "single DES or RC2",
            Self::Rc4 => "RC4",
            Self::ShortBlocks => "64-bit blocks",
            Self::NoForwardSecrecy => "no forward secrecy",
            Self::Cbc => "CBC mode",
        })
    }
}

/// What the table knows of one suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiteFacts {
    /// The suite.
    pub suite: CipherSuite,
    /// Its name at IANA, or where it was specified.
    pub name: &'static str,
    /// Its name in OpenSSL, of any release that had it.
    pub openssl_name: Option<&'static str>,
    /// How its keys come about.
    pub key_exchange: KeyExchange,
    /// What proves the server's identity.
    pub authentication: Authentication,
    /// What encrypts records.
    pub cipher: BulkCipher,
    /// What authenticates records.
    pub mac: Mac,
    /// The hash under the key schedule, from TLS 1.2 on.
    pub hash: Hash,
}

/// A cipher suite as on the wire (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).
///
/// ```
/// # use tlsleuth_handshake::codepoint::{CipherSuite, KeyExchange};
/// let suite = CipherSuite(0xc02f);
/// assert_eq!(suite.to_string(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
/// let facts = suite.facts().unwrap();
/// assert_eq!(facts.openssl_name, Some("ECDHE-RSA-AES128-GCM-SHA256"));
/// assert_eq!(facts.key_exchange, KeyExchange::Ecdhe);
/// assert_eq!(CipherSuite(0x1a2b).to_string(), "0x1a2b");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherSuite(pub u16);

pack_number!(CipherSuite);

impl CipherSuite {
    /// What the table knows of the suite; `None` for GREASE and unknown numbers.
    #[must_use]
    pub fn facts(self) -> Option<&'static SuiteFacts> {
        let at = SUITES.binary_search_by_key(&self, |facts| facts.suite).ok()?;
        SUITES.get(at)
    }

    /// Everything in the table, in ascending order of number.
    #[must_use]
    pub const fn all() -> &'static [SuiteFacts] {
        SUITES
    }

    /// The name at IANA, or `None` for a number that this version does not know.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.facts().map(|facts| facts.name)
    }

    /// The name in OpenSSL, where it has or had one: the word to use in `ssl_ciphers`.
    #[must_use]
    pub fn openssl_name(self) -> Option<&'static str> {
        self.facts()?.openssl_name
    }

    /// Whether RFC 8701 reserves the number, so that no suite is meant.
    #[must_use]
    pub const fn is_grease(self) -> bool {
        super::grease_u16(self.0)
    }

    /// Whether the number only signals something: no suite can be chosen by it (RFC 5746 §3.3,
    /// RFC 7507 §2).
    #[must_use]
    pub const fn is_signaling(self) -> bool {
        matches!(self, Self::TLS_EMPTY_RENEGOTIATION_INFO_SCSV | Self::TLS_FALLBACK_SCSV)
    }

    /// Whether the suite is one of TLS 1.3, of no use in older versions and the only kind there.
    #[must_use]
    pub fn is_tls13(self) -> bool {
        self.facts().is_some_and(SuiteFacts::is_tls13)
    }

    /// Whether the suite may be negotiated in a version: those of TLS 1.3 there alone, AEADs and
    /// SHA-2 MACs from TLS 1.2 on, elliptic curves from TLS 1.0 on, export keys up to TLS 1.0.
    ///
    /// An unknown suite is taken to be usable below TLS 1.3, for nothing says otherwise.
    #[must_use]
    pub fn is_usable_in(self, version: ProtocolVersion) -> bool {
        if self.is_signaling() || self.is_grease() {
            return false;
        }
        let Some(facts) = self.facts() else { return !version.is_tls13() };
        let Some(rank) = version.rank() else { return false };
        let in_range = |first: ProtocolVersion, last: ProtocolVersion| {
            first.rank().is_some_and(|first| first <= rank)
                && last.rank().is_some_and(|last| rank <= last)
        };
        let first = facts.first_version();
        let last = facts.last_version();
        in_range(first, last) || (facts.is_tls13() && version.is_tls13())
    }

    /// The worst that can be said of the suite, or `None` where nothing can or it is unknown.
    #[must_use]
    pub fn weakness(self) -> Option<Weakness> {
        self.facts()?.weakness()
    }

    /// Whether the keys were cut for the export rules of the 1990s.
    #[must_use]
    pub fn is_export(self) -> bool {
        self.facts().is_some_and(SuiteFacts::is_export)
    }
}

impl SuiteFacts {
    /// Whether the suite is one of TLS 1.3.
    #[must_use]
    pub const fn is_tls13(&self) -> bool {
        matches!(self.key_exchange, KeyExchange::Tls13)
    }

    /// Whether the keys were cut for the export rules of the 1990s.
    #[must_use]
    pub const fn is_export(&self) -> bool {
        match self.cipher {
            BulkCipher::Rc4With40
            | BulkCipher::Rc4With56
            | BulkCipher::Rc2Cbc40
            | BulkCipher::Rc2Cbc56
            | BulkCipher::DesCbc40 => true,
            // EXPORT1024 suites took DES whole; their temporary keys had 1024 bits.
            BulkCipher::DesCbc => matches!(self.suite.0, 0x0062 | 0x0063),
            _ => false,
        }
    }

    /// Whether a key stolen later opens what was recorded. TLS 1.3 counts as secret: only
    /// `psk_ke` is not, which the suite does not tell.
    #[must_use]
    pub const fn is_forward_secret(&self) -> bool {
        matches!(
            self.key_exchange,
            KeyExchange::Dhe
                | KeyExchange::Ecdhe
                | KeyExchange::DhePsk
                | KeyExchange::EcdhePsk
                | KeyExchange::Srp
                | KeyExchange::Eccpwd
                | KeyExchange::Ecjpake
                | KeyExchange::Tls13
        )
    }

    /// Whether the server sends a Certificate message with this suite, before TLS 1.3.
    #[must_use]
    pub const fn has_certificate(&self) -> bool {
        matches!(
            self.authentication,
            Authentication::Rsa
                | Authentication::Dss
                | Authentication::Ecdsa
                | Authentication::Gost
                | Authentication::Sm2
                | Authentication::Certificate
        )
    }

    /// The oldest version that can use the suite.
    #[must_use]
    pub const fn first_version(&self) -> ProtocolVersion {
        if self.is_tls13() {
            return ProtocolVersion::TLS1_3;
        }
        // RFC 5246 §6.2.3.3 brings AEADs and RFC 5246 §5 the choice of hash. The national
        // protocols pair their own with older record layers.
        match (self.mac, self.key_exchange) {
            (_, KeyExchange::Sm2 | KeyExchange::Ibc) => ProtocolVersion::TLS1_1,
            (Mac::Aead | Mac::Sha256 | Mac::Sha384, _) => ProtocolVersion::TLS1_2,
            (_, KeyExchange::Ecdh | KeyExchange::Ecdhe | KeyExchange::EcdhePsk) => {
                ProtocolVersion::TLS1_0
            }
            _ => ProtocolVersion::SSL3,
        }
    }

    /// The newest version that can use the suite.
    #[must_use]
    pub const fn last_version(&self) -> ProtocolVersion {
        if self.is_tls13() {
            ProtocolVersion::TLS1_3
        } else if self.is_export() {
            // RFC 4346 §A.5: not to be negotiated in TLS 1.1.
            ProtocolVersion::TLS1_0
        } else {
            // RFC 5246 §A.5 drops DES and IDEA from TLS 1.2, yet stacks went on to negotiate them.
            ProtocolVersion::TLS1_2
        }
    }

    /// The worst that can be said of the suite.
    #[must_use]
    pub const fn weakness(&self) -> Option<Weakness> {
        if self.suite.is_signaling() {
            return None;
        }
        // RFC 9150 suites only authenticate, on purpose; they are still not encrypted.
        if matches!(self.cipher, BulkCipher::Null) {
            return Some(Weakness::NullEncryption);
        }
        if matches!(self.authentication, Authentication::Anonymous) {
            return Some(Weakness::Anonymous);
        }
        if self.is_export() {
            return Some(Weakness::Export);
        }
        match self.cipher {
            BulkCipher::DesCbc => return Some(Weakness::Des),
            BulkCipher::Rc4With128 => return Some(Weakness::Rc4),
            cipher if cipher.has_short_blocks() => return Some(Weakness::ShortBlocks),
            _ => {}
        }
        if !self.is_forward_secret() {
            return Some(Weakness::NoForwardSecrecy);
        }
        if self.cipher.block_len().is_some() { Some(Weakness::Cbc) } else { None }
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None if self.is_grease() => write!(f, "GREASE ({:#06x})", self.0),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

impl From<u16> for CipherSuite {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_so_that_it_can_be_searched() {
        assert!(SUITES.windows(2).all(|pair| pair[0].suite < pair[1].suite));
        assert!(SUITES.len() > 400);
    }

    /// The facts against the names, which follow a grammar: `TLS_<exchange>_WITH_<cipher>_<mac>`.
    #[test]
    fn facts_agree_with_names() {
        for row in SUITES {
            let name = row.name;
            let has = |part: &str| name.contains(part);
            assert_eq!(has("anon"), row.authentication == Authentication::Anonymous, "{name}");
            assert_eq!(has("EXPORT"), row.is_export(), "{name}");
            assert_eq!(has("RC4"), format!("{:?}", row.cipher).starts_with("Rc4"), "{name}");
            let is_aead = ["GCM", "CCM", "POLY1305", "AEGIS", "MGM"].iter().any(|part| has(part));
            assert_eq!(is_aead, row.cipher.is_aead(), "{name}");
            assert_eq!(row.cipher.is_aead(), row.mac == Mac::Aead, "{name}");
            assert_eq!(has("CBC") || has("SM1"), row.cipher.block_len().is_some(), "{name}");
            assert_eq!(
                has("_256_CBC") || has("_256_GCM") || has("_256_CCM"),
                {
                    row.cipher.key_bits() == 256
                        && (row.cipher.block_len().is_some()
                            || row.cipher.explicit_nonce_len() == 8)
                },
                "{name}"
            );
            if has("SHA384") {
                assert_eq!(row.hash, Hash::Sha384, "{name}");
            }
            if has("ECDHE_RSA") {
                assert_eq!(row.key_exchange, KeyExchange::Ecdhe, "{name}");
                assert_eq!(row.authentication, Authentication::Rsa, "{name}");
            }
            if name.starts_with("TLS_RSA_WITH") {
                assert_eq!(row.key_exchange, KeyExchange::Rsa, "{name}");
                assert!(!row.is_forward_secret(), "{name}");
            }
        }
    }

    #[test]
    fn suites_keep_to_their_versions() {
        let tls13 = CipherSuite::TLS_AES_128_GCM_SHA256;
        assert!(tls13.is_usable_in(ProtocolVersion::TLS1_3));
        assert!(tls13.is_usable_in(ProtocolVersion(0x7f17)));
        assert!(!tls13.is_usable_in(ProtocolVersion::TLS1_2));
        let gcm = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        assert!(gcm.is_usable_in(ProtocolVersion::TLS1_2));
        assert!(gcm.is_usable_in(ProtocolVersion::DTLS1_2));
        assert!(!gcm.is_usable_in(ProtocolVersion::TLS1_1));
        assert!(!gcm.is_usable_in(ProtocolVersion::TLS1_3));
        let cbc = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
        assert!(cbc.is_usable_in(ProtocolVersion::SSL3));
        assert!(!CipherSuite::TLS_FALLBACK_SCSV.is_usable_in(ProtocolVersion::TLS1_2));
    }

    #[test]
    fn worst_weakness_is_told() {
        use Weakness::*;
        let weakness = |suite: CipherSuite| suite.weakness();
        assert_eq!(weakness(CipherSuite::TLS_RSA_WITH_NULL_SHA), Some(NullEncryption));
        assert_eq!(weakness(CipherSuite::TLS_DH_anon_WITH_AES_128_CBC_SHA), Some(Anonymous));
        assert_eq!(weakness(CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5), Some(Export));
        assert_eq!(weakness(CipherSuite::TLS_RSA_WITH_RC4_128_SHA), Some(Rc4));
        assert_eq!(weakness(CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA), Some(ShortBlocks));
        assert_eq!(weakness(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256), Some(NoForwardSecrecy));
        assert_eq!(weakness(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA), Some(Cbc));
        assert_eq!(weakness(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), None);
        assert_eq!(weakness(CipherSuite::TLS_AES_128_GCM_SHA256), None);
    }
}
