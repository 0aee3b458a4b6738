//! Cipher suites and what follows from each.

use core::fmt;

use super::ProtocolVersion;

/// How the keys of a suite come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyExchange {
    /// None: `TLS_NULL_WITH_NULL_NULL` and the signaling suites.
    Null,
    /// The client encrypts to the server's RSA key: no forward secrecy, no ServerKeyExchange
    /// (but for export suites).
    Rsa,
    /// Fixed Diffie-Hellman keys in certificates.
    Dh,
    /// Ephemeral Diffie-Hellman in a finite field.
    Dhe,
    /// A fixed elliptic curve key in the certificate.
    Ecdh,
    /// Ephemeral elliptic curve Diffie-Hellman.
    Ecdhe,
    /// A pre-shared key alone.
    Psk,
    /// A pre-shared key with ephemeral Diffie-Hellman.
    DhePsk,
    /// A pre-shared key with ephemeral elliptic curve Diffie-Hellman.
    EcdhePsk,
    /// A pre-shared key with RSA encryption.
    RsaPsk,
    /// Secure Remote Password (RFC 5054).
    Srp,
    /// Kerberos (RFC 2712).
    Krb5,
    /// GOST R 34.10 (RFC 9189).
    Gost,
    /// Dragonfly passwords (RFC 8492).
    Eccpwd,
    /// Password authenticated key exchange by juggling (Thread).
    Ecjpake,
    /// The client encrypts to the server's SM2 key (TLCP).
    Sm2,
    /// Identity based keys (TLCP).
    Ibc,
    /// Fortezza (SSL 3.0).
    Fortezza,
    /// Told by `key_share` and `pre_shared_key`, not by the suite: TLS 1.3.
    Tls13,
}

/// What proves the server's identity in a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authentication {
    /// Nothing is negotiated: the null and the signaling suites.
    Null,
    /// Nobody: the anonymous suites.
    Anonymous,
    /// A certificate with an RSA key.
    Rsa,
    /// A certificate with a DSA key.
    Dss,
    /// A certificate with an elliptic curve key (ECDSA, and EdDSA by RFC 8422).
    Ecdsa,
    /// A pre-shared key.
    Psk,
    /// A password.
    Password,
    /// A Kerberos ticket.
    Krb5,
    /// A certificate with a GOST key.
    Gost,
    /// A certificate with an SM2 key.
    Sm2,
    /// An identity based key.
    Ibc,
    /// A certificate of any kind or a PSK, told by other messages: TLS 1.3.
    Certificate,
}

/// The cipher that protects records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the name of its cipher, key bits and mode")]
pub enum BulkCipher {
    Null,
    Rc4With40,
    Rc4With56,
    Rc4With128,
    Rc2Cbc40,
    Rc2Cbc56,
    IdeaCbc,
    DesCbc40,
    DesCbc,
    TripleDesCbc,
    FortezzaCbc,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    Camellia128Cbc,
    Camellia256Cbc,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Cbc,
    Aria256Cbc,
    Aria128Gcm,
    Aria256Gcm,
    SeedCbc,
    ChaCha20Poly1305,
    Salsa20,
    Sm1Cbc,
    Sm4Cbc,
    Sm4Gcm,
    Sm4Ccm,
    Aegis128L,
    Aegis256,
    Gost28147Cnt,
    MagmaCtr,
    MagmaMgm,
    KuznyechikCtr,
    KuznyechikMgm,
}

impl BulkCipher {
    /// The length of the key in bits, as an attacker has to search it (40 for export ciphers).
    #[must_use]
    pub const fn key_bits(self) -> u16 {
        match self {
            Self::Null => 0,
            Self::Rc4With40 | Self::Rc2Cbc40 | Self::DesCbc40 => 40,
            Self::Rc4With56 | Self::Rc2Cbc56 | Self::DesCbc => 56,
            Self::FortezzaCbc => 80,
            // Three keys of 56 bits, worth 112 against a meet in the middle.
            Self::TripleDesCbc => 168,
            Self::Rc4With128
            | Self::IdeaCbc
            | Self::Aes128Cbc
            | Self::Aes128Gcm
            | Self::Aes128Ccm
            | Self::Aes128Ccm8
            | Self::Camellia128Cbc
            | Self::Camellia128Gcm
            | Self::Aria128Cbc
            | Self::Aria128Gcm
            | Self::SeedCbc
            | Self::Sm1Cbc
            | Self::Sm4Cbc
            | Self::Sm4Gcm
            | Self::Sm4Ccm
            | Self::Aegis128L => 128,
            Self::Aes256Cbc
            | Self::Aes256Gcm
            | Self::Aes256Ccm
            | Self::Aes256Ccm8
            | Self::Camellia256Cbc
            | Self::Camellia256Gcm
            | Self::Aria256Cbc
            | Self::Aria256Gcm
            | Self::ChaCha20Poly1305
            | Self::Salsa20
            | Self::Aegis256
            | Self::Gost28147Cnt
            | Self::MagmaCtr
            | Self::MagmaMgm
            | Self::KuznyechikCtr
            | Self::KuznyechikMgm => 256,
        }
    }

    /// Bytes of a block for the modes that pad (CBC); `None` for stream ciphers and AEADs.
    #[must_use]
    pub const fn block_len(self) -> Option<u8> {
        match self {
            Self::Rc2Cbc40
            | Self::Rc2Cbc56
            | Self::IdeaCbc
            | Self::DesCbc40
            | Self::DesCbc
            | Self::TripleDesCbc
            // Skipjack has blocks of 64 bits.
            | Self::FortezzaCbc => Some(8),
            Self::Aes128Cbc
            | Self::Aes256Cbc
            | Self::Camellia128Cbc
            | Self::Camellia256Cbc
            | Self::Aria128Cbc
            | Self::Aria256Cbc
            | Self::SeedCbc
            | Self::Sm1Cbc
            | Self::Sm4Cbc => Some(16),
            _ => None,
        }
    }

    /// Bytes that an AEAD adds for its tag; `None` where the suite has a MAC of its own.
    #[must_use]
    pub const fn tag_len(self) -> Option<u8> {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 | Self::MagmaMgm => Some(8),
            Self::Aes128Gcm
            | Self::Aes256Gcm
            | Self::Aes128Ccm
            | Self::Aes256Ccm
            | Self::Camellia128Gcm
            | Self::Camellia256Gcm
            | Self::Aria128Gcm
            | Self::Aria256Gcm
            | Self::ChaCha20Poly1305
            | Self::Sm4Gcm
            | Self::Sm4Ccm
            | Self::KuznyechikMgm
            // draft-irtf-cfrg-aegis-aead: TLS takes tags of 128 bits.
            | Self::Aegis128L
            | Self::Aegis256 => Some(16),
            _ => None,
        }
    }

    /// Bytes of the nonce that TLS 1.2 sends before each record: 8 for GCM and CCM (RFC 5288 §3),
    /// none for ChaCha20-Poly1305 (RFC 7905 §2) and none at all in TLS 1.3.
    #[must_use]
    pub const fn explicit_nonce_len(self) -> u8 {
        match self {
            Self::Aes128Gcm
            | Self::Aes256Gcm
            | Self::Aes128Ccm
            | Self::Aes256Ccm
            | Self::Aes128Ccm8
            | Self::Aes256Ccm8
            | Self::Camellia128Gcm
            | Self::Camellia256Gcm
            | Self::Aria128Gcm
            | Self::Aria256Gcm
            | Self::Sm4Gcm
            | Self::Sm4Ccm => 8,
            _ => 0,
        }
    }

    /// Whether encryption and authentication are one (AEAD).
    #[must_use]
    pub const fn is_aead(self) -> bool {
        self.tag_len().is_some()
    }

    /// Whether the cipher has blocks of 64 bits, which repeat after some 32 GiB (RFC 7457, the
    /// "Sweet32" attack).
    #[must_use]
    pub const fn has_short_blocks(self) -> bool {
        matches!(self.block_len(), Some(8)) || matches!(self, Self::Gost28147Cnt | Self::MagmaCtr)
    }
}

/// What authenticates records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mac {
    /// Nothing.
    Null,
    /// The AEAD does.
    Aead,
    /// HMAC-MD5.
    Md5,
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-384.
    Sha384,
    /// HMAC-SM3.
    Sm3,
    /// HMAC with GOST R 34.11-94.
    GostR3411,
    /// The MAC of GOST 28147-89, 4 bytes.
    Imit4,
    /// OMAC with Magma, 8 bytes (RFC 9189 §4.1).
    Omac8,
    /// OMAC with Kuznyechik, 16 bytes (RFC 9189 §4.1).
    Omac16,
}

impl Mac {
    /// Bytes that the MAC adds to a record; 0 for an AEAD, whose tag is
    /// [`BulkCipher::tag_len`].
    #[must_use]
    pub const fn len_bytes(self) -> u8 {
        match self {
            Self::Null | Self::Aead => 0,
            Self::Imit4 => 4,
            Self::Omac8 => 8,
            Self::Md5 | Self::Omac16 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sm3 | Self::GostR3411 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// The hash under the key schedule: HKDF in TLS 1.3, the PRF in TLS 1.2. Older versions use MD5
/// and SHA-1 together whatever the suite (RFC 4346 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// The suite has no keys.
    Any,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SM3.
    Sm3,
    /// GOST R 34.11-94 or, from RFC 9189 on, 34.11-2012 with 256 bits.
    GostR3411,
}

impl Hash {
    /// Bytes of the hash, which is the length of Finished in TLS 1.3; 0 for [`Hash::Any`].
    #[must_use]
    pub const fn len_bytes(self) -> u8 {
        match self {
            Self::Any => 0,
            Self::Sha256 | Self::Sm3 | Self::GostR3411 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

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

macro_rules! suites {
    ($(
        $value:literal $name:ident, $openssl:literal,
        $key_exchange:ident $authentication:ident $cipher:ident $mac:ident $hash:ident;
    )*) => {
        #[allow(non_upper_case_globals)]
        impl CipherSuite {
            $(
                #[doc = concat!("`", stringify!($name), "`, ", stringify!($value), ".")]
                pub const $name: Self = Self($value);
            )*
        }

        const SUITES: &[SuiteFacts] = &[$(
            SuiteFacts {
                suite: CipherSuite($value),
                name: stringify!($name),
                openssl_name: if $openssl.is_empty() { None } else { Some($openssl) },
                key_exchange: KeyExchange::$key_exchange,
                authentication: Authentication::$authentication,
                cipher: BulkCipher::$cipher,
                mac: Mac::$mac,
                hash: Hash::$hash,
            },
        )*];
    };
}

// IANA "TLS Cipher Suites", November 2026: number, name, name in OpenSSL or "", key exchange,
// authentication, cipher, MAC, hash of the key schedule.
//
// Not registered: 0x001c and 0x001d (SSL 3.0), 0x0060 to 0x0066 (draft-ietf-tls-56-bit-ciphersuites),
// 0x0080 to 0x0083, 0xff85 and 0xff87 (drafts of GOST suites), 0xcc13 to 0xcc15 (drafts of
// ChaCha20-Poly1305), 0xe001 to 0xe05a (GB/T 38636 and GM/T 0024), 0xe410 to 0xe41f (draft-josefsson-
// salsa20-tls), 0xfefe, 0xfeff, 0xffe0 and 0xffe1 (NSS). `_DRAFT` and `_2` set names apart that
// would be the same otherwise.
suites! {
    0x0000 TLS_NULL_WITH_NULL_NULL, "", Null Null Null Null Any;
    0x0001 TLS_RSA_WITH_NULL_MD5, "NULL-MD5", Rsa Rsa Null Md5 Sha256;
    0x0002 TLS_RSA_WITH_NULL_SHA, "NULL-SHA", Rsa Rsa Null Sha1 Sha256;
    0x0003 TLS_RSA_EXPORT_WITH_RC4_40_MD5, "EXP-RC4-MD5", Rsa Rsa Rc4With40 Md5 Sha256;
    0x0004 TLS_RSA_WITH_RC4_128_MD5, "RC4-MD5", Rsa Rsa Rc4With128 Md5 Sha256;
    0x0005 TLS_RSA_WITH_RC4_128_SHA, "RC4-SHA", Rsa Rsa Rc4With128 Sha1 Sha256;
    0x0006 TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5, "EXP-RC2-CBC-MD5", Rsa Rsa Rc2Cbc40 Md5 Sha256;
    0x0007 TLS_RSA_WITH_IDEA_CBC_SHA, "IDEA-CBC-SHA", Rsa Rsa IdeaCbc Sha1 Sha256;
    0x0008 TLS_RSA_EXPORT_WITH_DES40_CBC_SHA, "EXP-DES-CBC-SHA", Rsa Rsa DesCbc40 Sha1 Sha256;
    0x0009 TLS_RSA_WITH_DES_CBC_SHA, "DES-CBC-SHA", Rsa Rsa DesCbc Sha1 Sha256;
    0x000a TLS_RSA_WITH_3DES_EDE_CBC_SHA, "DES-CBC3-SHA", Rsa Rsa TripleDesCbc Sha1 Sha256;
    0x000b TLS_DH_DSS_EXPORT_WITH_DES40_CBC_SHA, "EXP-DH-DSS-DES-CBC-SHA", Dh Dss DesCbc40 Sha1 Sha256;
    0x000c TLS_DH_DSS_WITH_DES_CBC_SHA, "DH-DSS-DES-CBC-SHA", Dh Dss DesCbc Sha1 Sha256;
    0x000d TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA, "DH-DSS-DES-CBC3-SHA", Dh Dss TripleDesCbc Sha1 Sha256;
    0x000e TLS_DH_RSA_EXPORT_WITH_DES40_CBC_SHA, "EXP-DH-RSA-DES-CBC-SHA", Dh Rsa DesCbc40 Sha1 Sha256;
    0x000f TLS_DH_RSA_WITH_DES_CBC_SHA, "DH-RSA-DES-CBC-SHA", Dh Rsa DesCbc Sha1 Sha256;
    0x0010 TLS_DH_RSA_WITH_3DES_EDE_CBC_SHA, "DH-RSA-DES-CBC3-SHA", Dh Rsa TripleDesCbc Sha1 Sha256;
    0x0011 TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA, "EXP-EDH-DSS-DES-CBC-SHA", Dhe Dss DesCbc40 Sha1 Sha256;
    0x0012 TLS_DHE_DSS_WITH_DES_CBC_SHA, "EDH-DSS-DES-CBC-SHA", Dhe Dss DesCbc Sha1 Sha256;
    0x0013 TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA, "DHE-DSS-DES-CBC3-SHA", Dhe Dss TripleDesCbc Sha1 Sha256;
    0x0014 TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA, "EXP-EDH-RSA-DES-CBC-SHA", Dhe Rsa DesCbc40 Sha1 Sha256;
    0x0015 TLS_DHE_RSA_WITH_DES_CBC_SHA, "EDH-RSA-DES-CBC-SHA", Dhe Rsa DesCbc Sha1 Sha256;
    0x0016 TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA, "DHE-RSA-DES-CBC3-SHA", Dhe Rsa TripleDesCbc Sha1 Sha256;
    0x0017 TLS_DH_anon_EXPORT_WITH_RC4_40_MD5, "EXP-ADH-RC4-MD5", Dhe Anonymous Rc4With40 Md5 Sha256;
    0x0018 TLS_DH_anon_WITH_RC4_128_MD5, "ADH-RC4-MD5", Dhe Anonymous Rc4With128 Md5 Sha256;
    0x0019 TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA, "EXP-ADH-DES-CBC-SHA", Dhe Anonymous DesCbc40 Sha1 Sha256;
    0x001a TLS_DH_anon_WITH_DES_CBC_SHA, "ADH-DES-CBC-SHA", Dhe Anonymous DesCbc Sha1 Sha256;
    0x001b TLS_DH_anon_WITH_3DES_EDE_CBC_SHA, "ADH-DES-CBC3-SHA", Dhe Anonymous TripleDesCbc Sha1 Sha256;
    0x001c SSL_FORTEZZA_KEA_WITH_NULL_SHA, "", Fortezza Dss Null Sha1 Sha256;
    0x001d SSL_FORTEZZA_KEA_WITH_FORTEZZA_CBC_SHA, "", Fortezza Dss FortezzaCbc Sha1 Sha256;
    0x001e TLS_KRB5_WITH_DES_CBC_SHA, "KRB5-DES-CBC-SHA", Krb5 Krb5 DesCbc Sha1 Sha256;
    0x001f TLS_KRB5_WITH_3DES_EDE_CBC_SHA, "KRB5-DES-CBC3-SHA", Krb5 Krb5 TripleDesCbc Sha1 Sha256;
    0x0020 TLS_KRB5_WITH_RC4_128_SHA, "KRB5-RC4-SHA", Krb5 Krb5 Rc4With128 Sha1 Sha256;
    0x0021 TLS_KRB5_WITH_IDEA_CBC_SHA, "KRB5-IDEA-CBC-SHA", Krb5 Krb5 IdeaCbc Sha1 Sha256;
    0x0022 TLS_KRB5_WITH_DES_CBC_MD5, "KRB5-DES-CBC-MD5", Krb5 Krb5 DesCbc Md5 Sha256;
    0x0023 TLS_KRB5_WITH_3DES_EDE_CBC_MD5, "KRB5-DES-CBC3-MD5", Krb5 Krb5 TripleDesCbc Md5 Sha256;
    0x0024 TLS_KRB5_WITH_RC4_128_MD5, "KRB5-RC4-MD5", Krb5 Krb5 Rc4With128 Md5 Sha256;
    0x0025 TLS_KRB5_WITH_IDEA_CBC_MD5, "KRB5-IDEA-CBC-MD5", Krb5 Krb5 IdeaCbc Md5 Sha256;
    0x0026 TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA, "EXP-KRB5-DES-CBC-SHA", Krb5 Krb5 DesCbc40 Sha1 Sha256;
    0x0027 TLS_KRB5_EXPORT_WITH_RC2_CBC_40_SHA, "EXP-KRB5-RC2-CBC-SHA", Krb5 Krb5 Rc2Cbc40 Sha1 Sha256;
    0x0028 TLS_KRB5_EXPORT_WITH_RC4_40_SHA, "EXP-KRB5-RC4-SHA", Krb5 Krb5 Rc4With40 Sha1 Sha256;
    0x0029 TLS_KRB5_EXPORT_WITH_DES_CBC_40_MD5, "EXP-KRB5-DES-CBC-MD5", Krb5 Krb5 DesCbc40 Md5 Sha256;
    0x002a TLS_KRB5_EXPORT_WITH_RC2_CBC_40_MD5, "EXP-KRB5-RC2-CBC-MD5", Krb5 Krb5 Rc2Cbc40 Md5 Sha256;
    0x002b TLS_KRB5_EXPORT_WITH_RC4_40_MD5, "EXP-KRB5-RC4-MD5", Krb5 Krb5 Rc4With40 Md5 Sha256;
    0x002c TLS_PSK_WITH_NULL_SHA, "PSK-NULL-SHA", Psk Psk Null Sha1 Sha256;
    0x002d TLS_DHE_PSK_WITH_NULL_SHA, "DHE-PSK-NULL-SHA", DhePsk Psk Null Sha1 Sha256;
    0x002e TLS_RSA_PSK_WITH_NULL_SHA, "RSA-PSK-NULL-SHA", RsaPsk Rsa Null Sha1 Sha256;
    0x002f TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", Rsa Rsa Aes128Cbc Sha1 Sha256;
    0x0030 TLS_DH_DSS_WITH_AES_128_CBC_SHA, "DH-DSS-AES128-SHA", Dh Dss Aes128Cbc Sha1 Sha256;
    0x0031 TLS_DH_RSA_WITH_AES_128_CBC_SHA, "DH-RSA-AES128-SHA", Dh Rsa Aes128Cbc Sha1 Sha256;
    0x0032 TLS_DHE_DSS_WITH_AES_128_CBC_SHA, "DHE-DSS-AES128-SHA", Dhe Dss Aes128Cbc Sha1 Sha256;
    0x0033 TLS_DHE_RSA_WITH_AES_128_CBC_SHA, "DHE-RSA-AES128-SHA", Dhe Rsa Aes128Cbc Sha1 Sha256;
    0x0034 TLS_DH_anon_WITH_AES_128_CBC_SHA, "ADH-AES128-SHA", Dhe Anonymous Aes128Cbc Sha1 Sha256;
    0x0035 TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", Rsa Rsa Aes256Cbc Sha1 Sha256;
    0x0036 TLS_DH_DSS_WITH_AES_256_CBC_SHA, "DH-DSS-AES256-SHA", Dh Dss Aes256Cbc Sha1 Sha256;
    0x0037 TLS_DH_RSA_WITH_AES_256_CBC_SHA, "DH-RSA-AES256-SHA", Dh Rsa Aes256Cbc Sha1 Sha256;
    0x0038 TLS_DHE_DSS_WITH_AES_256_CBC_SHA, "DHE-DSS-AES256-SHA", Dhe Dss Aes256Cbc Sha1 Sha256;
    0x0039 TLS_DHE_RSA_WITH_AES_256_CBC_SHA, "DHE-RSA-AES256-SHA", Dhe Rsa Aes256Cbc Sha1 Sha256;
    0x003a TLS_DH_anon_WITH_AES_256_CBC_SHA, "ADH-AES256-SHA", Dhe Anonymous Aes256Cbc Sha1 Sha256;
    0x003b TLS_RSA_WITH_NULL_SHA256, "NULL-SHA256", Rsa Rsa Null Sha256 Sha256;
    0x003c TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", Rsa Rsa Aes128Cbc Sha256 Sha256;
    0x003d TLS_RSA_WITH_AES_256_CBC_SHA256, "AES256-SHA256", Rsa Rsa Aes256Cbc Sha256 Sha256;
    0x003e TLS_DH_DSS_WITH_AES_128_CBC_SHA256, "DH-DSS-AES128-SHA256", Dh Dss Aes128Cbc Sha256 Sha256;
    0x003f TLS_DH_RSA_WITH_AES_128_CBC_SHA256, "DH-RSA-AES128-SHA256", Dh Rsa Aes128Cbc Sha256 Sha256;
    0x0040 TLS_DHE_DSS_WITH_AES_128_CBC_SHA256, "DHE-DSS-AES128-SHA256", Dhe Dss Aes128Cbc Sha256 Sha256;
    0x0041 TLS_RSA_WITH_CAMELLIA_128_CBC_SHA, "CAMELLIA128-SHA", Rsa Rsa Camellia128Cbc Sha1 Sha256;
    0x0042 TLS_DH_DSS_WITH_CAMELLIA_128_CBC_SHA, "DH-DSS-CAMELLIA128-SHA", Dh Dss Camellia128Cbc Sha1 Sha256;
    0x0043 TLS_DH_RSA_WITH_CAMELLIA_128_CBC_SHA, "DH-RSA-CAMELLIA128-SHA", Dh Rsa Camellia128Cbc Sha1 Sha256;
    0x0044 TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA, "DHE-DSS-CAMELLIA128-SHA", Dhe Dss Camellia128Cbc Sha1 Sha256;
    0x0045 TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA, "DHE-RSA-CAMELLIA128-SHA", Dhe Rsa Camellia128Cbc Sha1 Sha256;
    0x0046 TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA, "ADH-CAMELLIA128-SHA", Dhe Anonymous Camellia128Cbc Sha1 Sha256;
    0x0060 TLS_RSA_EXPORT1024_WITH_RC4_56_MD5, "EXP1024-RC4-MD5", Rsa Rsa Rc4With56 Md5 Sha256;
    0x0061 TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5, "EXP1024-RC2-CBC-MD5", Rsa Rsa Rc2Cbc56 Md5 Sha256;
    0x0062 TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA, "EXP1024-DES-CBC-SHA", Rsa Rsa DesCbc Sha1 Sha256;
    0x0063 TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA, "EXP1024-DHE-DSS-DES-CBC-SHA", Dhe Dss DesCbc Sha1 Sha256;
    0x0064 TLS_RSA_EXPORT1024_WITH_RC4_56_SHA, "EXP1024-RC4-SHA", Rsa Rsa Rc4With56 Sha1 Sha256;
    0x0065 TLS_DHE_DSS_EXPORT1024_WITH_RC4_56_SHA, "EXP1024-DHE-DSS-RC4-SHA", Dhe Dss Rc4With56 Sha1 Sha256;
    0x0066 TLS_DHE_DSS_WITH_RC4_128_SHA, "DHE-DSS-RC4-SHA", Dhe Dss Rc4With128 Sha1 Sha256;
    0x0067 TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, "DHE-RSA-AES128-SHA256", Dhe Rsa Aes128Cbc Sha256 Sha256;
    0x0068 TLS_DH_DSS_WITH_AES_256_CBC_SHA256, "DH-DSS-AES256-SHA256", Dh Dss Aes256Cbc Sha256 Sha256;
    0x0069 TLS_DH_RSA_WITH_AES_256_CBC_SHA256, "DH-RSA-AES256-SHA256", Dh Rsa Aes256Cbc Sha256 Sha256;
    0x006a TLS_DHE_DSS_WITH_AES_256_CBC_SHA256, "DHE-DSS-AES256-SHA256", Dhe Dss Aes256Cbc Sha256 Sha256;
    0x006b TLS_DHE_RSA_WITH_AES_256_CBC_SHA256, "DHE-RSA-AES256-SHA256", Dhe Rsa Aes256Cbc Sha256 Sha256;
    0x006c TLS_DH_anon_WITH_AES_128_CBC_SHA256, "ADH-AES128-SHA256", Dhe Anonymous Aes128Cbc Sha256 Sha256;
    0x006d TLS_DH_anon_WITH_AES_256_CBC_SHA256, "ADH-AES256-SHA256", Dhe Anonymous Aes256Cbc Sha256 Sha256;
    0x0080 TLS_GOSTR341094_WITH_28147_CNT_IMIT, "", Gost Gost Gost28147Cnt Imit4 GostR3411;
    0x0081 TLS_GOSTR341001_WITH_28147_CNT_IMIT, "", Gost Gost Gost28147Cnt Imit4 GostR3411;
    0x0082 TLS_GOSTR341094_WITH_NULL_GOSTR3411, "", Gost Gost Null GostR3411 GostR3411;
    0x0083 TLS_GOSTR341001_WITH_NULL_GOSTR3411, "", Gost Gost Null GostR3411 GostR3411;
    0x0084 TLS_RSA_WITH_CAMELLIA_256_CBC_SHA, "CAMELLIA256-SHA", Rsa Rsa Camellia256Cbc Sha1 Sha256;
    0x0085 TLS_DH_DSS_WITH_CAMELLIA_256_CBC_SHA, "DH-DSS-CAMELLIA256-SHA", Dh Dss Camellia256Cbc Sha1 Sha256;
    0x0086 TLS_DH_RSA_WITH_CAMELLIA_256_CBC_SHA, "DH-RSA-CAMELLIA256-SHA", Dh Rsa Camellia256Cbc Sha1 Sha256;
    0x0087 TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA, "DHE-DSS-CAMELLIA256-SHA", Dhe Dss Camellia256Cbc Sha1 Sha256;
    0x0088 TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA, "DHE-RSA-CAMELLIA256-SHA", Dhe Rsa Camellia256Cbc Sha1 Sha256;
    0x0089 TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA, "ADH-CAMELLIA256-SHA", Dhe Anonymous Camellia256Cbc Sha1 Sha256;
    0x008a TLS_PSK_WITH_RC4_128_SHA, "PSK-RC4-SHA", Psk Psk Rc4With128 Sha1 Sha256;
    0x008b TLS_PSK_WITH_3DES_EDE_CBC_SHA, "PSK-3DES-EDE-CBC-SHA", Psk Psk TripleDesCbc Sha1 Sha256;
    0x008c TLS_PSK_WITH_AES_128_CBC_SHA, "PSK-AES128-CBC-SHA", Psk Psk Aes128Cbc Sha1 Sha256;
    0x008d TLS_PSK_WITH_AES_256_CBC_SHA, "PSK-AES256-CBC-SHA", Psk Psk Aes256Cbc Sha1 Sha256;
    0x008e TLS_DHE_PSK_WITH_RC4_128_SHA, "DHE-PSK-RC4-SHA", DhePsk Psk Rc4With128 Sha1 Sha256;
    0x008f TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA, "DHE-PSK-3DES-EDE-CBC-SHA", DhePsk Psk TripleDesCbc Sha1 Sha256;
    0x0090 TLS_DHE_PSK_WITH_AES_128_CBC_SHA, "DHE-PSK-AES128-CBC-SHA", DhePsk Psk Aes128Cbc Sha1 Sha256;
    0x0091 TLS_DHE_PSK_WITH_AES_256_CBC_SHA, "DHE-PSK-AES256-CBC-SHA", DhePsk Psk Aes256Cbc Sha1 Sha256;
    0x0092 TLS_RSA_PSK_WITH_RC4_128_SHA, "RSA-PSK-RC4-SHA", RsaPsk Rsa Rc4With128 Sha1 Sha256;
    0x0093 TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA, "RSA-PSK-3DES-EDE-CBC-SHA", RsaPsk Rsa TripleDesCbc Sha1 Sha256;
    0x0094 TLS_RSA_PSK_WITH_AES_128_CBC_SHA, "RSA-PSK-AES128-CBC-SHA", RsaPsk Rsa Aes128Cbc Sha1 Sha256;
    0x0095 TLS_RSA_PSK_WITH_AES_256_CBC_SHA, "RSA-PSK-AES256-CBC-SHA", RsaPsk Rsa Aes256Cbc Sha1 Sha256;
    0x0096 TLS_RSA_WITH_SEED_CBC_SHA, "SEED-SHA", Rsa Rsa SeedCbc Sha1 Sha256;
    0x0097 TLS_DH_DSS_WITH_SEED_CBC_SHA, "DH-DSS-SEED-SHA", Dh Dss SeedCbc Sha1 Sha256;
    0x0098 TLS_DH_RSA_WITH_SEED_CBC_SHA, "DH-RSA-SEED-SHA", Dh Rsa SeedCbc Sha1 Sha256;
    0x0099 TLS_DHE_DSS_WITH_SEED_CBC_SHA, "DHE-DSS-SEED-SHA", Dhe Dss SeedCbc Sha1 Sha256;
    0x009a TLS_DHE_RSA_WITH_SEED_CBC_SHA, "DHE-RSA-SEED-SHA", Dhe Rsa SeedCbc Sha1 Sha256;
    0x009b TLS_DH_anon_WITH_SEED_CBC_SHA, "ADH-SEED-SHA", Dhe Anonymous SeedCbc Sha1 Sha256;
    0x009c TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", Rsa Rsa Aes128Gcm Aead Sha256;
    0x009d TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", Rsa Rsa Aes256Gcm Aead Sha384;
    0x009e TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, "DHE-RSA-AES128-GCM-SHA256", Dhe Rsa Aes128Gcm Aead Sha256;
    0x009f TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, "DHE-RSA-AES256-GCM-SHA384", Dhe Rsa Aes256Gcm Aead Sha384;
    0x00a0 TLS_DH_RSA_WITH_AES_128_GCM_SHA256, "DH-RSA-AES128-GCM-SHA256", Dh Rsa Aes128Gcm Aead Sha256;
    0x00a1 TLS_DH_RSA_WITH_AES_256_GCM_SHA384, "DH-RSA-AES256-GCM-SHA384", Dh Rsa Aes256Gcm Aead Sha384;
    0x00a2 TLS_DHE_DSS_WITH_AES_128_GCM_SHA256, "DHE-DSS-AES128-GCM-SHA256", Dhe Dss Aes128Gcm Aead Sha256;
    0x00a3 TLS_DHE_DSS_WITH_AES_256_GCM_SHA384, "DHE-DSS-AES256-GCM-SHA384", Dhe Dss Aes256Gcm Aead Sha384;
    0x00a4 TLS_DH_DSS_WITH_AES_128_GCM_SHA256, "DH-DSS-AES128-GCM-SHA256", Dh Dss Aes128Gcm Aead Sha256;
    0x00a5 TLS_DH_DSS_WITH_AES_256_GCM_SHA384, "DH-DSS-AES256-GCM-SHA384", Dh Dss Aes256Gcm Aead Sha384;
    0x00a6 TLS_DH_anon_WITH_AES_128_GCM_SHA256, "ADH-AES128-GCM-SHA256", Dhe Anonymous Aes128Gcm Aead Sha256;
    0x00a7 TLS_DH_anon_WITH_AES_256_GCM_SHA384, "ADH-AES256-GCM-SHA384", Dhe Anonymous Aes256Gcm Aead Sha384;
    0x00a8 TLS_PSK_WITH_AES_128_GCM_SHA256, "PSK-AES128-GCM-SHA256", Psk Psk Aes128Gcm Aead Sha256;
    0x00a9 TLS_PSK_WITH_AES_256_GCM_SHA384, "PSK-AES256-GCM-SHA384", Psk Psk Aes256Gcm Aead Sha384;
    0x00aa TLS_DHE_PSK_WITH_AES_128_GCM_SHA256, "DHE-PSK-AES128-GCM-SHA256", DhePsk Psk Aes128Gcm Aead Sha256;
    0x00ab TLS_DHE_PSK_WITH_AES_256_GCM_SHA384, "DHE-PSK-AES256-GCM-SHA384", DhePsk Psk Aes256Gcm Aead Sha384;
    0x00ac TLS_RSA_PSK_WITH_AES_128_GCM_SHA256, "RSA-PSK-AES128-GCM-SHA256", RsaPsk Rsa Aes128Gcm Aead Sha256;
    0x00ad TLS_RSA_PSK_WITH_AES_256_GCM_SHA384, "RSA-PSK-AES256-GCM-SHA384", RsaPsk Rsa Aes256Gcm Aead Sha384;
    0x00ae TLS_PSK_WITH_AES_128_CBC_SHA256, "PSK-AES128-CBC-SHA256", Psk Psk Aes128Cbc Sha256 Sha256;
    0x00af TLS_PSK_WITH_AES_256_CBC_SHA384, "PSK-AES256-CBC-SHA384", Psk Psk Aes256Cbc Sha384 Sha384;
    0x00b0 TLS_PSK_WITH_NULL_SHA256, "PSK-NULL-SHA256", Psk Psk Null Sha256 Sha256;
    0x00b1 TLS_PSK_WITH_NULL_SHA384, "PSK-NULL-SHA384", Psk Psk Null Sha384 Sha384;
    0x00b2 TLS_DHE_PSK_WITH_AES_128_CBC_SHA256, "DHE-PSK-AES128-CBC-SHA256", DhePsk Psk Aes128Cbc Sha256 Sha256;
    0x00b3 TLS_DHE_PSK_WITH_AES_256_CBC_SHA384, "DHE-PSK-AES256-CBC-SHA384", DhePsk Psk Aes256Cbc Sha384 Sha384;
    0x00b4 TLS_DHE_PSK_WITH_NULL_SHA256, "DHE-PSK-NULL-SHA256", DhePsk Psk Null Sha256 Sha256;
    0x00b5 TLS_DHE_PSK_WITH_NULL_SHA384, "DHE-PSK-NULL-SHA384", DhePsk Psk Null Sha384 Sha384;
    0x00b6 TLS_RSA_PSK_WITH_AES_128_CBC_SHA256, "RSA-PSK-AES128-CBC-SHA256", RsaPsk Rsa Aes128Cbc Sha256 Sha256;
    0x00b7 TLS_RSA_PSK_WITH_AES_256_CBC_SHA384, "RSA-PSK-AES256-CBC-SHA384", RsaPsk Rsa Aes256Cbc Sha384 Sha384;
    0x00b8 TLS_RSA_PSK_WITH_NULL_SHA256, "RSA-PSK-NULL-SHA256", RsaPsk Rsa Null Sha256 Sha256;
    0x00b9 TLS_RSA_PSK_WITH_NULL_SHA384, "RSA-PSK-NULL-SHA384", RsaPsk Rsa Null Sha384 Sha384;
    0x00ba TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256, "CAMELLIA128-SHA256", Rsa Rsa Camellia128Cbc Sha256 Sha256;
    0x00bb TLS_DH_DSS_WITH_CAMELLIA_128_CBC_SHA256, "", Dh Dss Camellia128Cbc Sha256 Sha256;
    0x00bc TLS_DH_RSA_WITH_CAMELLIA_128_CBC_SHA256, "", Dh Rsa Camellia128Cbc Sha256 Sha256;
    0x00bd TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256, "DHE-DSS-CAMELLIA128-SHA256", Dhe Dss Camellia128Cbc Sha256 Sha256;
    0x00be TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256, "DHE-RSA-CAMELLIA128-SHA256", Dhe Rsa Camellia128Cbc Sha256 Sha256;
    0x00bf TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256, "ADH-CAMELLIA128-SHA256", Dhe Anonymous Camellia128Cbc Sha256 Sha256;
    0x00c0 TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256, "CAMELLIA256-SHA256", Rsa Rsa Camellia256Cbc Sha256 Sha256;
    0x00c1 TLS_DH_DSS_WITH_CAMELLIA_256_CBC_SHA256, "", Dh Dss Camellia256Cbc Sha256 Sha256;
    0x00c2 TLS_DH_RSA_WITH_CAMELLIA_256_CBC_SHA256, "", Dh Rsa Camellia256Cbc Sha256 Sha256;
    0x00c3 TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256, "DHE-DSS-CAMELLIA256-SHA256", Dhe Dss Camellia256Cbc Sha256 Sha256;
    0x00c4 TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256, "DHE-RSA-CAMELLIA256-SHA256", Dhe Rsa Camellia256Cbc Sha256 Sha256;
    0x00c5 TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256, "ADH-CAMELLIA256-SHA256", Dhe Anonymous Camellia256Cbc Sha256 Sha256;
    0x00c6 TLS_SM4_GCM_SM3, "", Tls13 Certificate Sm4Gcm Aead Sm3;
    0x00c7 TLS_SM4_CCM_SM3, "", Tls13 Certificate Sm4Ccm Aead Sm3;
    0x00ff TLS_EMPTY_RENEGOTIATION_INFO_SCSV, "", Null Null Null Null Any;
    0x1301 TLS_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", Tls13 Certificate Aes128Gcm Aead Sha256;
    0x1302 TLS_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", Tls13 Certificate Aes256Gcm Aead Sha384;
    0x1303 TLS_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", Tls13 Certificate ChaCha20Poly1305 Aead Sha256;
    0x1304 TLS_AES_128_CCM_SHA256, "", Tls13 Certificate Aes128Ccm Aead Sha256;
    0x1305 TLS_AES_128_CCM_8_SHA256, "", Tls13 Certificate Aes128Ccm8 Aead Sha256;
    0x1306 TLS_AEGIS_256_SHA512, "", Tls13 Certificate Aegis256 Aead Sha512;
    0x1307 TLS_AEGIS_128L_SHA256, "", Tls13 Certificate Aegis128L Aead Sha256;
    0x5600 TLS_FALLBACK_SCSV, "", Null Null Null Null Any;
    0xc001 TLS_ECDH_ECDSA_WITH_NULL_SHA, "ECDH-ECDSA-NULL-SHA", Ecdh Ecdsa Null Sha1 Sha256;
    0xc002 TLS_ECDH_ECDSA_WITH_RC4_128_SHA, "ECDH-ECDSA-RC4-SHA", Ecdh Ecdsa Rc4With128 Sha1 Sha256;
    0xc003 TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA, "ECDH-ECDSA-DES-CBC3-SHA", Ecdh Ecdsa TripleDesCbc Sha1 Sha256;
    0xc004 TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA, "ECDH-ECDSA-AES128-SHA", Ecdh Ecdsa Aes128Cbc Sha1 Sha256;
    0xc005 TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA, "ECDH-ECDSA-AES256-SHA", Ecdh Ecdsa Aes256Cbc Sha1 Sha256;
    0xc006 TLS_ECDHE_ECDSA_WITH_NULL_SHA, "ECDHE-ECDSA-NULL-SHA", Ecdhe Ecdsa Null Sha1 Sha256;
    0xc007 TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, "ECDHE-ECDSA-RC4-SHA", Ecdhe Ecdsa Rc4With128 Sha1 Sha256;
    0xc008 TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA, "ECDHE-ECDSA-DES-CBC3-SHA", Ecdhe Ecdsa TripleDesCbc Sha1 Sha256;
    0xc009 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", Ecdhe Ecdsa Aes128Cbc Sha1 Sha256;
    0xc00a TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", Ecdhe Ecdsa Aes256Cbc Sha1 Sha256;
    0xc00b TLS_ECDH_RSA_WITH_NULL_SHA, "ECDH-RSA-NULL-SHA", Ecdh Rsa Null Sha1 Sha256;
    0xc00c TLS_ECDH_RSA_WITH_RC4_128_SHA, "ECDH-RSA-RC4-SHA", Ecdh Rsa Rc4With128 Sha1 Sha256;
    0xc00d TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA, "ECDH-RSA-DES-CBC3-SHA", Ecdh Rsa TripleDesCbc Sha1 Sha256;
    0xc00e TLS_ECDH_RSA_WITH_AES_128_CBC_SHA, "ECDH-RSA-AES128-SHA", Ecdh Rsa Aes128Cbc Sha1 Sha256;
    0xc00f TLS_ECDH_RSA_WITH_AES_256_CBC_SHA, "ECDH-RSA-AES256-SHA", Ecdh Rsa Aes256Cbc Sha1 Sha256;
    0xc010 TLS_ECDHE_RSA_WITH_NULL_SHA, "ECDHE-RSA-NULL-SHA", Ecdhe Rsa Null Sha1 Sha256;
    0xc011 TLS_ECDHE_RSA_WITH_RC4_128_SHA, "ECDHE-RSA-RC4-SHA", Ecdhe Rsa Rc4With128 Sha1 Sha256;
    0xc012 TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, "ECDHE-RSA-DES-CBC3-SHA", Ecdhe Rsa TripleDesCbc Sha1 Sha256;
    0xc013 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", Ecdhe Rsa Aes128Cbc Sha1 Sha256;
    0xc014 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", Ecdhe Rsa Aes256Cbc Sha1 Sha256;
    0xc015 TLS_ECDH_anon_WITH_NULL_SHA, "AECDH-NULL-SHA", Ecdhe Anonymous Null Sha1 Sha256;
    0xc016 TLS_ECDH_anon_WITH_RC4_128_SHA, "AECDH-RC4-SHA", Ecdhe Anonymous Rc4With128 Sha1 Sha256;
    0xc017 TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA, "AECDH-DES-CBC3-SHA", Ecdhe Anonymous TripleDesCbc Sha1 Sha256;
    0xc018 TLS_ECDH_anon_WITH_AES_128_CBC_SHA, "AECDH-AES128-SHA", Ecdhe Anonymous Aes128Cbc Sha1 Sha256;
    0xc019 TLS_ECDH_anon_WITH_AES_256_CBC_SHA, "AECDH-AES256-SHA", Ecdhe Anonymous Aes256Cbc Sha1 Sha256;
    0xc01a TLS_SRP_SHA_WITH_3DES_EDE_CBC_SHA, "SRP-3DES-EDE-CBC-SHA", Srp Password TripleDesCbc Sha1 Sha256;
    0xc01b TLS_SRP_SHA_RSA_WITH_3DES_EDE_CBC_SHA, "SRP-RSA-3DES-EDE-CBC-SHA", Srp Rsa TripleDesCbc Sha1 Sha256;
    0xc01c TLS_SRP_SHA_DSS_WITH_3DES_EDE_CBC_SHA, "SRP-DSS-3DES-EDE-CBC-SHA", Srp Dss TripleDesCbc Sha1 Sha256;
    0xc01d TLS_SRP_SHA_WITH_AES_128_CBC_SHA, "SRP-AES-128-CBC-SHA", Srp Password Aes128Cbc Sha1 Sha256;
    0xc01e TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA, "SRP-RSA-AES-128-CBC-SHA", Srp Rsa Aes128Cbc Sha1 Sha256;
    0xc01f TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA, "SRP-DSS-AES-128-CBC-SHA", Srp Dss Aes128Cbc Sha1 Sha256;
    0xc020 TLS_SRP_SHA_WITH_AES_256_CBC_SHA, "SRP-AES-256-CBC-SHA", Srp Password Aes256Cbc Sha1 Sha256;
    0xc021 TLS_SRP_SHA_RSA_WITH_AES_256_CBC_SHA, "SRP-RSA-AES-256-CBC-SHA", Srp Rsa Aes256Cbc Sha1 Sha256;
    0xc022 TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA, "SRP-DSS-AES-256-CBC-SHA", Srp Dss Aes256Cbc Sha1 Sha256;
    0xc023 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", Ecdhe Ecdsa Aes128Cbc Sha256 Sha256;
    0xc024 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, "ECDHE-ECDSA-AES256-SHA384", Ecdhe Ecdsa Aes256Cbc Sha384 Sha384;
    0xc025 TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256, "ECDH-ECDSA-AES128-SHA256", Ecdh Ecdsa Aes128Cbc Sha256 Sha256;
    0xc026 TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384, "ECDH-ECDSA-AES256-SHA384", Ecdh Ecdsa Aes256Cbc Sha384 Sha384;
    0xc027 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", Ecdhe Rsa Aes128Cbc Sha256 Sha256;
    0xc028 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, "ECDHE-RSA-AES256-SHA384", Ecdhe Rsa Aes256Cbc Sha384 Sha384;
    0xc029 TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256, "ECDH-RSA-AES128-SHA256", Ecdh Rsa Aes128Cbc Sha256 Sha256;
    0xc02a TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384, "ECDH-RSA-AES256-SHA384", Ecdh Rsa Aes256Cbc Sha384 Sha384;
    0xc02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", Ecdhe Ecdsa Aes128Gcm Aead Sha256;
    0xc02c TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", Ecdhe Ecdsa Aes256Gcm Aead Sha384;
    0xc02d TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256, "ECDH-ECDSA-AES128-GCM-SHA256", Ecdh Ecdsa Aes128Gcm Aead Sha256;
    0xc02e TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384, "ECDH-ECDSA-AES256-GCM-SHA384", Ecdh Ecdsa Aes256Gcm Aead Sha384;
    0xc02f TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", Ecdhe Rsa Aes128Gcm Aead Sha256;
    0xc030 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", Ecdhe Rsa Aes256Gcm Aead Sha384;
    0xc031 TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256, "ECDH-RSA-AES128-GCM-SHA256", Ecdh Rsa Aes128Gcm Aead Sha256;
    0xc032 TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384, "ECDH-RSA-AES256-GCM-SHA384", Ecdh Rsa Aes256Gcm Aead Sha384;
    0xc033 TLS_ECDHE_PSK_WITH_RC4_128_SHA, "ECDHE-PSK-RC4-SHA", EcdhePsk Psk Rc4With128 Sha1 Sha256;
    0xc034 TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA, "ECDHE-PSK-3DES-EDE-CBC-SHA", EcdhePsk Psk TripleDesCbc Sha1 Sha256;
    0xc035 TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, "ECDHE-PSK-AES128-CBC-SHA", EcdhePsk Psk Aes128Cbc Sha1 Sha256;
    0xc036 TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA, "ECDHE-PSK-AES256-CBC-SHA", EcdhePsk Psk Aes256Cbc Sha1 Sha256;
    0xc037 TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, "ECDHE-PSK-AES128-CBC-SHA256", EcdhePsk Psk Aes128Cbc Sha256 Sha256;
    0xc038 TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384, "ECDHE-PSK-AES256-CBC-SHA384", EcdhePsk Psk Aes256Cbc Sha384 Sha384;
    0xc039 TLS_ECDHE_PSK_WITH_NULL_SHA, "ECDHE-PSK-NULL-SHA", EcdhePsk Psk Null Sha1 Sha256;
    0xc03a TLS_ECDHE_PSK_WITH_NULL_SHA256, "ECDHE-PSK-NULL-SHA256", EcdhePsk Psk Null Sha256 Sha256;
    0xc03b TLS_ECDHE_PSK_WITH_NULL_SHA384, "ECDHE-PSK-NULL-SHA384", EcdhePsk Psk Null Sha384 Sha384;
    0xc03c TLS_RSA_WITH_ARIA_128_CBC_SHA256, "", Rsa Rsa Aria128Cbc Sha256 Sha256;
    0xc03d TLS_RSA_WITH_ARIA_256_CBC_SHA384, "", Rsa Rsa Aria256Cbc Sha384 Sha384;
    0xc03e TLS_DH_DSS_WITH_ARIA_128_CBC_SHA256, "", Dh Dss Aria128Cbc Sha256 Sha256;
    0xc03f TLS_DH_DSS_WITH_ARIA_256_CBC_SHA384, "", Dh Dss Aria256Cbc Sha384 Sha384;
    0xc040 TLS_DH_RSA_WITH_ARIA_128_CBC_SHA256, "", Dh Rsa Aria128Cbc Sha256 Sha256;
    0xc041 TLS_DH_RSA_WITH_ARIA_256_CBC_SHA384, "", Dh Rsa Aria256Cbc Sha384 Sha384;
    0xc042 TLS_DHE_DSS_WITH_ARIA_128_CBC_SHA256, "", Dhe Dss Aria128Cbc Sha256 Sha256;
    0xc043 TLS_DHE_DSS_WITH_ARIA_256_CBC_SHA384, "", Dhe Dss Aria256Cbc Sha384 Sha384;
    0xc044 TLS_DHE_RSA_WITH_ARIA_128_CBC_SHA256, "", Dhe Rsa Aria128Cbc Sha256 Sha256;
    0xc045 TLS_DHE_RSA_WITH_ARIA_256_CBC_SHA384, "", Dhe Rsa Aria256Cbc Sha384 Sha384;
    0xc046 TLS_DH_anon_WITH_ARIA_128_CBC_SHA256, "", Dhe Anonymous Aria128Cbc Sha256 Sha256;
    0xc047 TLS_DH_anon_WITH_ARIA_256_CBC_SHA384, "", Dhe Anonymous Aria256Cbc Sha384 Sha384;
    0xc048 TLS_ECDHE_ECDSA_WITH_ARIA_128_CBC_SHA256, "", Ecdhe Ecdsa Aria128Cbc Sha256 Sha256;
    0xc049 TLS_ECDHE_ECDSA_WITH_ARIA_256_CBC_SHA384, "", Ecdhe Ecdsa Aria256Cbc Sha384 Sha384;
    0xc04a TLS_ECDH_ECDSA_WITH_ARIA_128_CBC_SHA256, "", Ecdh Ecdsa Aria128Cbc Sha256 Sha256;
    0xc04b TLS_ECDH_ECDSA_WITH_ARIA_256_CBC_SHA384, "", Ecdh Ecdsa Aria256Cbc Sha384 Sha384;
    0xc04c TLS_ECDHE_RSA_WITH_ARIA_128_CBC_SHA256, "", Ecdhe Rsa Aria128Cbc Sha256 Sha256;
    0xc04d TLS_ECDHE_RSA_WITH_ARIA_256_CBC_SHA384, "", Ecdhe Rsa Aria256Cbc Sha384 Sha384;
    0xc04e TLS_ECDH_RSA_WITH_ARIA_128_CBC_SHA256, "", Ecdh Rsa Aria128Cbc Sha256 Sha256;
    0xc04f TLS_ECDH_RSA_WITH_ARIA_256_CBC_SHA384, "", Ecdh Rsa Aria256Cbc Sha384 Sha384;
    0xc050 TLS_RSA_WITH_ARIA_128_GCM_SHA256, "ARIA128-GCM-SHA256", Rsa Rsa Aria128Gcm Aead Sha256;
    0xc051 TLS_RSA_WITH_ARIA_256_GCM_SHA384, "ARIA256-GCM-SHA384", Rsa Rsa Aria256Gcm Aead Sha384;
    0xc052 TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256, "DHE-RSA-ARIA128-GCM-SHA256", Dhe Rsa Aria128Gcm Aead Sha256;
    0xc053 TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384, "DHE-RSA-ARIA256-GCM-SHA384", Dhe Rsa Aria256Gcm Aead Sha384;
    0xc054 TLS_DH_RSA_WITH_ARIA_128_GCM_SHA256, "", Dh Rsa Aria128Gcm Aead Sha256;
    0xc055 TLS_DH_RSA_WITH_ARIA_256_GCM_SHA384, "", Dh Rsa Aria256Gcm Aead Sha384;
    0xc056 TLS_DHE_DSS_WITH_ARIA_128_GCM_SHA256, "DHE-DSS-ARIA128-GCM-SHA256", Dhe Dss Aria128Gcm Aead Sha256;
    0xc057 TLS_DHE_DSS_WITH_ARIA_256_GCM_SHA384, "DHE-DSS-ARIA256-GCM-SHA384", Dhe Dss Aria256Gcm Aead Sha384;
    0xc058 TLS_DH_DSS_WITH_ARIA_128_GCM_SHA256, "", Dh Dss Aria128Gcm Aead Sha256;
    0xc059 TLS_DH_DSS_WITH_ARIA_256_GCM_SHA384, "", Dh Dss Aria256Gcm Aead Sha384;
    0xc05a TLS_DH_anon_WITH_ARIA_128_GCM_SHA256, "", Dhe Anonymous Aria128Gcm Aead Sha256;
    0xc05b TLS_DH_anon_WITH_ARIA_256_GCM_SHA384, "", Dhe Anonymous Aria256Gcm Aead Sha384;
    0xc05c TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256, "ECDHE-ECDSA-ARIA128-GCM-SHA256", Ecdhe Ecdsa Aria128Gcm Aead Sha256;
    0xc05d TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384, "ECDHE-ECDSA-ARIA256-GCM-SHA384", Ecdhe Ecdsa Aria256Gcm Aead Sha384;
    0xc05e TLS_ECDH_ECDSA_WITH_ARIA_128_GCM_SHA256, "", Ecdh Ecdsa Aria128Gcm Aead Sha256;
    0xc05f TLS_ECDH_ECDSA_WITH_ARIA_256_GCM_SHA384, "", Ecdh Ecdsa Aria256Gcm Aead Sha384;
    0xc060 TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256, "ECDHE-ARIA128-GCM-SHA256", Ecdhe Rsa Aria128Gcm Aead Sha256;
    0xc061 TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384, "ECDHE-ARIA256-GCM-SHA384", Ecdhe Rsa Aria256Gcm Aead Sha384;
    0xc062 TLS_ECDH_RSA_WITH_ARIA_128_GCM_SHA256, "", Ecdh Rsa Aria128Gcm Aead Sha256;
    0xc063 TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384, "", Ecdh Rsa Aria256Gcm Aead Sha384;
    0xc064 TLS_PSK_WITH_ARIA_128_CBC_SHA256, "", Psk Psk Aria128Cbc Sha256 Sha256;
    0xc065 TLS_PSK_WITH_ARIA_256_CBC_SHA384, "", Psk Psk Aria256Cbc Sha384 Sha384;
    0xc066 TLS_DHE_PSK_WITH_ARIA_128_CBC_SHA256, "", DhePsk Psk Aria128Cbc Sha256 Sha256;
    0xc067 TLS_DHE_PSK_WITH_ARIA_256_CBC_SHA384, "", DhePsk Psk Aria256Cbc Sha384 Sha384;
    0xc068 TLS_RSA_PSK_WITH_ARIA_128_CBC_SHA256, "", RsaPsk Rsa Aria128Cbc Sha256 Sha256;
    0xc069 TLS_RSA_PSK_WITH_ARIA_256_CBC_SHA384, "", RsaPsk Rsa Aria256Cbc Sha384 Sha384;
    0xc06a TLS_PSK_WITH_ARIA_128_GCM_SHA256, "PSK-ARIA128-GCM-SHA256", Psk Psk Aria128Gcm Aead Sha256;
    0xc06b TLS_PSK_WITH_ARIA_256_GCM_SHA384, "PSK-ARIA256-GCM-SHA384", Psk Psk Aria256Gcm Aead Sha384;
    0xc06c TLS_DHE_PSK_WITH_ARIA_128_GCM_SHA256, "DHE-PSK-ARIA128-GCM-SHA256", DhePsk Psk Aria128Gcm Aead Sha256;
    0xc06d TLS_DHE_PSK_WITH_ARIA_256_GCM_SHA384, "DHE-PSK-ARIA256-GCM-SHA384", DhePsk Psk Aria256Gcm Aead Sha384;
    0xc06e TLS_RSA_PSK_WITH_ARIA_128_GCM_SHA256, "RSA-PSK-ARIA128-GCM-SHA256", RsaPsk Rsa Aria128Gcm Aead Sha256;
    0xc06f TLS_RSA_PSK_WITH_ARIA_256_GCM_SHA384, "RSA-PSK-ARIA256-GCM-SHA384", RsaPsk Rsa Aria256Gcm Aead Sha384;
    0xc070 TLS_ECDHE_PSK_WITH_ARIA_128_CBC_SHA256, "", EcdhePsk Psk Aria128Cbc Sha256 Sha256;
    0xc071 TLS_ECDHE_PSK_WITH_ARIA_256_CBC_SHA384, "", EcdhePsk Psk Aria256Cbc Sha384 Sha384;
    0xc072 TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256, "ECDHE-ECDSA-CAMELLIA128-SHA256", Ecdhe Ecdsa Camellia128Cbc Sha256 Sha256;
    0xc073 TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384, "ECDHE-ECDSA-CAMELLIA256-SHA384", Ecdhe Ecdsa Camellia256Cbc Sha384 Sha384;
    0xc074 TLS_ECDH_ECDSA_WITH_CAMELLIA_128_CBC_SHA256, "", Ecdh Ecdsa Camellia128Cbc Sha256 Sha256;
    0xc075 TLS_ECDH_ECDSA_WITH_CAMELLIA_256_CBC_SHA384, "", Ecdh Ecdsa Camellia256Cbc Sha384 Sha384;
    0xc076 TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256, "ECDHE-RSA-CAMELLIA128-SHA256", Ecdhe Rsa Camellia128Cbc Sha256 Sha256;
    0xc077 TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384, "ECDHE-RSA-CAMELLIA256-SHA384", Ecdhe Rsa Camellia256Cbc Sha384 Sha384;
    0xc078 TLS_ECDH_RSA_WITH_CAMELLIA_128_CBC_SHA256, "", Ecdh Rsa Camellia128Cbc Sha256 Sha256;
    0xc079 TLS_ECDH_RSA_WITH_CAMELLIA_256_CBC_SHA384, "", Ecdh Rsa Camellia256Cbc Sha384 Sha384;
    0xc07a TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256, "", Rsa Rsa Camellia128Gcm Aead Sha256;
    0xc07b TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384, "", Rsa Rsa Camellia256Gcm Aead Sha384;
    0xc07c TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256, "", Dhe Rsa Camellia128Gcm Aead Sha256;
    0xc07d TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384, "", Dhe Rsa Camellia256Gcm Aead Sha384;
    0xc07e TLS_DH_RSA_WITH_CAMELLIA_128_GCM_SHA256, "", Dh Rsa Camellia128Gcm Aead Sha256;
    0xc07f TLS_DH_RSA_WITH_CAMELLIA_256_GCM_SHA384, "", Dh Rsa Camellia256Gcm Aead Sha384;
    0xc080 TLS_DHE_DSS_WITH_CAMELLIA_128_GCM_SHA256, "", Dhe Dss Camellia128Gcm Aead Sha256;
    0xc081 TLS_DHE_DSS_WITH_CAMELLIA_256_GCM_SHA384, "", Dhe Dss Camellia256Gcm Aead Sha384;
    0xc082 TLS_DH_DSS_WITH_CAMELLIA_128_GCM_SHA256, "", Dh Dss Camellia128Gcm Aead Sha256;
    0xc083 TLS_DH_DSS_WITH_CAMELLIA_256_GCM_SHA384, "", Dh Dss Camellia256Gcm Aead Sha384;
    0xc084 TLS_DH_anon_WITH_CAMELLIA_128_GCM_SHA256, "", Dhe Anonymous Camellia128Gcm Aead Sha256;
    0xc085 TLS_DH_anon_WITH_CAMELLIA_256_GCM_SHA384, "", Dhe Anonymous Camellia256Gcm Aead Sha384;
    0xc086 TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256, "", Ecdhe Ecdsa Camellia128Gcm Aead Sha256;
    0xc087 TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384, "", Ecdhe Ecdsa Camellia256Gcm Aead Sha384;
    0xc088 TLS_ECDH_ECDSA_WITH_CAMELLIA_128_GCM_SHA256, "", Ecdh Ecdsa Camellia128Gcm Aead Sha256;
    0xc089 TLS_ECDH_ECDSA_WITH_CAMELLIA_256_GCM_SHA384, "", Ecdh Ecdsa Camellia256Gcm Aead Sha384;
    0xc08a TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256, "", Ecdhe Rsa Camellia128Gcm Aead Sha256;
    0xc08b TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384, "", Ecdhe Rsa Camellia256Gcm Aead Sha384;
    0xc08c TLS_ECDH_RSA_WITH_CAMELLIA_128_GCM_SHA256, "", Ecdh Rsa Camellia128Gcm Aead Sha256;
    0xc08d TLS_ECDH_RSA_WITH_CAMELLIA_256_GCM_SHA384, "", Ecdh Rsa Camellia256Gcm Aead Sha384;
    0xc08e TLS_PSK_WITH_CAMELLIA_128_GCM_SHA256, "", Psk Psk Camellia128Gcm Aead Sha256;
    0xc08f TLS_PSK_WITH_CAMELLIA_256_GCM_SHA384, "", Psk Psk Camellia256Gcm Aead Sha384;
    0xc090 TLS_DHE_PSK_WITH_CAMELLIA_128_GCM_SHA256, "", DhePsk Psk Camellia128Gcm Aead Sha256;
    0xc091 TLS_DHE_PSK_WITH_CAMELLIA_256_GCM_SHA384, "", DhePsk Psk Camellia256Gcm Aead Sha384;
    0xc092 TLS_RSA_PSK_WITH_CAMELLIA_128_GCM_SHA256, "", RsaPsk Rsa Camellia128Gcm Aead Sha256;
    0xc093 TLS_RSA_PSK_WITH_CAMELLIA_256_GCM_SHA384, "", RsaPsk Rsa Camellia256Gcm Aead Sha384;
    0xc094 TLS_PSK_WITH_CAMELLIA_128_CBC_SHA256, "PSK-CAMELLIA128-SHA256", Psk Psk Camellia128Cbc Sha256 Sha256;
    0xc095 TLS_PSK_WITH_CAMELLIA_256_CBC_SHA384, "PSK-CAMELLIA256-SHA384", Psk Psk Camellia256Cbc Sha384 Sha384;
    0xc096 TLS_DHE_PSK_WITH_CAMELLIA_128_CBC_SHA256, "DHE-PSK-CAMELLIA128-SHA256", DhePsk Psk Camellia128Cbc Sha256 Sha256;
    0xc097 TLS_DHE_PSK_WITH_CAMELLIA_256_CBC_SHA384, "DHE-PSK-CAMELLIA256-SHA384", DhePsk Psk Camellia256Cbc Sha384 Sha384;
    0xc098 TLS_RSA_PSK_WITH_CAMELLIA_128_CBC_SHA256, "RSA-PSK-CAMELLIA128-SHA256", RsaPsk Rsa Camellia128Cbc Sha256 Sha256;
    0xc099 TLS_RSA_PSK_WITH_CAMELLIA_256_CBC_SHA384, "RSA-PSK-CAMELLIA256-SHA384", RsaPsk Rsa Camellia256Cbc Sha384 Sha384;
    0xc09a TLS_ECDHE_PSK_WITH_CAMELLIA_128_CBC_SHA256, "ECDHE-PSK-CAMELLIA128-SHA256", EcdhePsk Psk Camellia128Cbc Sha256 Sha256;
    0xc09b TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384, "ECDHE-PSK-CAMELLIA256-SHA384", EcdhePsk Psk Camellia256Cbc Sha384 Sha384;
    0xc09c TLS_RSA_WITH_AES_128_CCM, "AES128-CCM", Rsa Rsa Aes128Ccm Aead Sha256;
    0xc09d TLS_RSA_WITH_AES_256_CCM, "AES256-CCM", Rsa Rsa Aes256Ccm Aead Sha256;
    0xc09e TLS_DHE_RSA_WITH_AES_128_CCM, "DHE-RSA-AES128-CCM", Dhe Rsa Aes128Ccm Aead Sha256;
    0xc09f TLS_DHE_RSA_WITH_AES_256_CCM, "DHE-RSA-AES256-CCM", Dhe Rsa Aes256Ccm Aead Sha256;
    0xc0a0 TLS_RSA_WITH_AES_128_CCM_8, "AES128-CCM8", Rsa Rsa Aes128Ccm8 Aead Sha256;
    0xc0a1 TLS_RSA_WITH_AES_256_CCM_8, "AES256-CCM8", Rsa Rsa Aes256Ccm8 Aead Sha256;
    0xc0a2 TLS_DHE_RSA_WITH_AES_128_CCM_8, "DHE-RSA-AES128-CCM8", Dhe Rsa Aes128Ccm8 Aead Sha256;
    0xc0a3 TLS_DHE_RSA_WITH_AES_256_CCM_8, "DHE-RSA-AES256-CCM8", Dhe Rsa Aes256Ccm8 Aead Sha256;
    0xc0a4 TLS_PSK_WITH_AES_128_CCM, "PSK-AES128-CCM", Psk Psk Aes128Ccm Aead Sha256;
    0xc0a5 TLS_PSK_WITH_AES_256_CCM, "PSK-AES256-CCM", Psk Psk Aes256Ccm Aead Sha256;
    0xc0a6 TLS_DHE_PSK_WITH_AES_128_CCM, "DHE-PSK-AES128-CCM", DhePsk Psk Aes128Ccm Aead Sha256;
    0xc0a7 TLS_DHE_PSK_WITH_AES_256_CCM, "DHE-PSK-AES256-CCM", DhePsk Psk Aes256Ccm Aead Sha256;
    0xc0a8 TLS_PSK_WITH_AES_128_CCM_8, "PSK-AES128-CCM8", Psk Psk Aes128Ccm8 Aead Sha256;
    0xc0a9 TLS_PSK_WITH_AES_256_CCM_8, "PSK-AES256-CCM8", Psk Psk Aes256Ccm8 Aead Sha256;
    0xc0aa TLS_PSK_DHE_WITH_AES_128_CCM_8, "DHE-PSK-AES128-CCM8", DhePsk Psk Aes128Ccm8 Aead Sha256;
    0xc0ab TLS_PSK_DHE_WITH_AES_256_CCM_8, "DHE-PSK-AES256-CCM8", DhePsk Psk Aes256Ccm8 Aead Sha256;
    0xc0ac TLS_ECDHE_ECDSA_WITH_AES_128_CCM, "ECDHE-ECDSA-AES128-CCM", Ecdhe Ecdsa Aes128Ccm Aead Sha256;
    0xc0ad TLS_ECDHE_ECDSA_WITH_AES_256_CCM, "ECDHE-ECDSA-AES256-CCM", Ecdhe Ecdsa Aes256Ccm Aead Sha256;
    0xc0ae TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, "ECDHE-ECDSA-AES128-CCM8", Ecdhe Ecdsa Aes128Ccm8 Aead Sha256;
    0xc0af TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8, "ECDHE-ECDSA-AES256-CCM8", Ecdhe Ecdsa Aes256Ccm8 Aead Sha256;
    0xc0b0 TLS_ECCPWD_WITH_AES_128_GCM_SHA256, "", Eccpwd Password Aes128Gcm Aead Sha256;
    0xc0b1 TLS_ECCPWD_WITH_AES_256_GCM_SHA384, "", Eccpwd Password Aes256Gcm Aead Sha384;
    0xc0b2 TLS_ECCPWD_WITH_AES_128_CCM_SHA256, "", Eccpwd Password Aes128Ccm Aead Sha256;
    0xc0b3 TLS_ECCPWD_WITH_AES_256_CCM_SHA384, "", Eccpwd Password Aes256Ccm Aead Sha384;
    0xc0b4 TLS_SHA256_SHA256, "", Tls13 Certificate Null Sha256 Sha256;
    0xc0b5 TLS_SHA384_SHA384, "", Tls13 Certificate Null Sha384 Sha384;
    0xc0ff TLS_ECJPAKE_WITH_AES_128_CCM_8, "", Ecjpake Password Aes128Ccm8 Aead Sha256;
    0xc100 TLS_GOSTR341112_256_WITH_KUZNYECHIK_CTR_OMAC, "", Gost Gost KuznyechikCtr Omac16 GostR3411;
    0xc101 TLS_GOSTR341112_256_WITH_MAGMA_CTR_OMAC, "", Gost Gost MagmaCtr Omac8 GostR3411;
    0xc102 TLS_GOSTR341112_256_WITH_28147_CNT_IMIT, "", Gost Gost Gost28147Cnt Imit4 GostR3411;
    0xc103 TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L, "", Tls13 Certificate KuznyechikMgm Aead GostR3411;
    0xc104 TLS_GOSTR341112_256_WITH_MAGMA_MGM_L, "", Tls13 Certificate MagmaMgm Aead GostR3411;
    0xc105 TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_S, "", Tls13 Certificate KuznyechikMgm Aead GostR3411;
    0xc106 TLS_GOSTR341112_256_WITH_MAGMA_MGM_S, "", Tls13 Certificate MagmaMgm Aead GostR3411;
    0xcc13 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_DRAFT, "", Ecdhe Rsa ChaCha20Poly1305 Aead Sha256;
    0xcc14 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256_DRAFT, "", Ecdhe Ecdsa ChaCha20Poly1305 Aead Sha256;
    0xcc15 TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256_DRAFT, "", Dhe Rsa ChaCha20Poly1305 Aead Sha256;
    0xcca8 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", Ecdhe Rsa ChaCha20Poly1305 Aead Sha256;
    0xcca9 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", Ecdhe Ecdsa ChaCha20Poly1305 Aead Sha256;
    0xccaa TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "DHE-RSA-CHACHA20-POLY1305", Dhe Rsa ChaCha20Poly1305 Aead Sha256;
    0xccab TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, "PSK-CHACHA20-POLY1305", Psk Psk ChaCha20Poly1305 Aead Sha256;
    0xccac TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-PSK-CHACHA20-POLY1305", EcdhePsk Psk ChaCha20Poly1305 Aead Sha256;
    0xccad TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256, "DHE-PSK-CHACHA20-POLY1305", DhePsk Psk ChaCha20Poly1305 Aead Sha256;
    0xccae TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256, "RSA-PSK-CHACHA20-POLY1305", RsaPsk Rsa ChaCha20Poly1305 Aead Sha256;
    0xd001 TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, "", EcdhePsk Psk Aes128Gcm Aead Sha256;
    0xd002 TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, "", EcdhePsk Psk Aes256Gcm Aead Sha384;
    0xd003 TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256, "", EcdhePsk Psk Aes128Ccm8 Aead Sha256;
    0xd005 TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256, "", EcdhePsk Psk Aes128Ccm Aead Sha256;
    0xe001 ECDHE_SM1_SM3, "", Ecdhe Sm2 Sm1Cbc Sm3 Sm3;
    0xe003 ECC_SM1_SM3, "", Sm2 Sm2 Sm1Cbc Sm3 Sm3;
    0xe005 IBSDH_SM1_SM3, "", Ibc Ibc Sm1Cbc Sm3 Sm3;
    0xe007 IBC_SM1_SM3, "", Ibc Ibc Sm1Cbc Sm3 Sm3;
    0xe009 RSA_SM1_SM3, "", Rsa Rsa Sm1Cbc Sm3 Sm3;
    0xe00a RSA_SM1_SHA1, "", Rsa Rsa Sm1Cbc Sha1 Sha256;
    0xe011 ECDHE_SM4_CBC_SM3, "", Ecdhe Sm2 Sm4Cbc Sm3 Sm3;
    0xe013 ECC_SM4_CBC_SM3, "", Sm2 Sm2 Sm4Cbc Sm3 Sm3;
    0xe015 IBSDH_SM4_CBC_SM3, "", Ibc Ibc Sm4Cbc Sm3 Sm3;
    0xe017 IBC_SM4_CBC_SM3, "", Ibc Ibc Sm4Cbc Sm3 Sm3;
    0xe019 RSA_SM4_CBC_SM3, "", Rsa Rsa Sm4Cbc Sm3 Sm3;
    0xe01a RSA_SM4_CBC_SHA1, "", Rsa Rsa Sm4Cbc Sha1 Sha256;
    0xe01c RSA_SM4_CBC_SHA256, "", Rsa Rsa Sm4Cbc Sha256 Sha256;
    0xe051 ECDHE_SM4_GCM_SM3, "", Ecdhe Sm2 Sm4Gcm Aead Sm3;
    0xe053 ECC_SM4_GCM_SM3, "", Sm2 Sm2 Sm4Gcm Aead Sm3;
    0xe055 IBSDH_SM4_GCM_SM3, "", Ibc Ibc Sm4Gcm Aead Sm3;
    0xe057 IBC_SM4_GCM_SM3, "", Ibc Ibc Sm4Gcm Aead Sm3;
    0xe059 RSA_SM4_GCM_SM3, "", Rsa Rsa Sm4Gcm Aead Sm3;
    0xe05a RSA_SM4_GCM_SHA256, "", Rsa Rsa Sm4Gcm Aead Sha256;
    0xe410 TLS_RSA_WITH_ESTREAM_SALSA20_SHA1, "", Rsa Rsa Salsa20 Sha1 Sha256;
    0xe411 TLS_RSA_WITH_SALSA20_SHA1, "", Rsa Rsa Salsa20 Sha1 Sha256;
    0xe412 TLS_ECDHE_RSA_WITH_ESTREAM_SALSA20_SHA1, "", Ecdhe Rsa Salsa20 Sha1 Sha256;
    0xe413 TLS_ECDHE_RSA_WITH_SALSA20_SHA1, "", Ecdhe Rsa Salsa20 Sha1 Sha256;
    0xe414 TLS_ECDHE_ECDSA_WITH_ESTREAM_SALSA20_SHA1, "", Ecdhe Ecdsa Salsa20 Sha1 Sha256;
    0xe415 TLS_ECDHE_ECDSA_WITH_SALSA20_SHA1, "", Ecdhe Ecdsa Salsa20 Sha1 Sha256;
    0xe416 TLS_PSK_WITH_ESTREAM_SALSA20_SHA1, "", Psk Psk Salsa20 Sha1 Sha256;
    0xe417 TLS_PSK_WITH_SALSA20_SHA1, "", Psk Psk Salsa20 Sha1 Sha256;
    0xe418 TLS_ECDHE_PSK_WITH_ESTREAM_SALSA20_SHA1, "", EcdhePsk Psk Salsa20 Sha1 Sha256;
    0xe419 TLS_ECDHE_PSK_WITH_SALSA20_SHA1, "", EcdhePsk Psk Salsa20 Sha1 Sha256;
    0xe41a TLS_RSA_PSK_WITH_ESTREAM_SALSA20_SHA1, "", RsaPsk Rsa Salsa20 Sha1 Sha256;
    0xe41b TLS_RSA_PSK_WITH_SALSA20_SHA1, "", RsaPsk Rsa Salsa20 Sha1 Sha256;
    0xe41c TLS_DHE_PSK_WITH_ESTREAM_SALSA20_SHA1, "", DhePsk Psk Salsa20 Sha1 Sha256;
    0xe41d TLS_DHE_PSK_WITH_SALSA20_SHA1, "", DhePsk Psk Salsa20 Sha1 Sha256;
    0xe41e TLS_DHE_RSA_WITH_ESTREAM_SALSA20_SHA1, "", Dhe Rsa Salsa20 Sha1 Sha256;
    0xe41f TLS_DHE_RSA_WITH_SALSA20_SHA1, "", Dhe Rsa Salsa20 Sha1 Sha256;
    0xfefe SSL_RSA_FIPS_WITH_DES_CBC_SHA, "", Rsa Rsa DesCbc Sha1 Sha256;
    0xfeff SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA, "", Rsa Rsa TripleDesCbc Sha1 Sha256;
    0xff85 TLS_GOSTR341112_256_WITH_28147_CNT_IMIT_DRAFT, "", Gost Gost Gost28147Cnt Imit4 GostR3411;
    0xff87 TLS_GOSTR341112_256_WITH_NULL_GOSTR3411, "", Gost Gost Null GostR3411 GostR3411;
    0xffe0 SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA_2, "", Rsa Rsa TripleDesCbc Sha1 Sha256;
    0xffe1 SSL_RSA_FIPS_WITH_DES_CBC_SHA_2, "", Rsa Rsa DesCbc Sha1 Sha256;
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
