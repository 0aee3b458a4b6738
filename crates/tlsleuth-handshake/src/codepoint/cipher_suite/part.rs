//! What a cipher suite is made of: key exchange, authentication, cipher, MAC and hash.

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
