//! Signature schemes.

code_points! {
    /// A signature scheme, or a pair of hash and signature of TLS 1.2 (RFC 8446 §4.2.3,
    /// RFC 5246 §7.4.1.4.1).
    ///
    /// IANA "TLS SignatureScheme", November 2026. Pairs of TLS 1.2 that RFC 8446 only keeps as
    /// reserved are named here by their parts, as `dsa_sha1`; any pair of known parts that is not
    /// listed prints as a number.
    ///
    /// ```
    /// # use tlsleuth_handshake::codepoint::SignatureScheme;
    /// assert_eq!(SignatureScheme(0x0804).to_string(), "rsa_pss_rsae_sha256");
    /// assert_eq!(SignatureScheme(0x0905).to_string(), "mldsa65");
    /// ```
    SignatureScheme(u16), "{:#06x}", super::grease_u16;
    // Pairs of RFC 5246 §7.4.1.4.1: hash, then signature.
    0x0001 RSA_NONE "rsa_none";
    0x0101 RSA_MD5 "rsa_md5";
    0x0102 DSA_MD5 "dsa_md5";
    0x0103 ECDSA_MD5 "ecdsa_md5";
    0x0201 RSA_PKCS1_SHA1 "rsa_pkcs1_sha1";
    0x0202 DSA_SHA1 "dsa_sha1";
    0x0203 ECDSA_SHA1 "ecdsa_sha1";
    0x0301 RSA_SHA224 "rsa_sha224";
    0x0302 DSA_SHA224 "dsa_sha224";
    0x0303 ECDSA_SHA224 "ecdsa_sha224";
    0x0401 RSA_PKCS1_SHA256 "rsa_pkcs1_sha256";
    0x0402 DSA_SHA256 "dsa_sha256";
    0x0403 ECDSA_SECP256R1_SHA256 "ecdsa_secp256r1_sha256";
    0x0420 RSA_PKCS1_SHA256_LEGACY "rsa_pkcs1_sha256_legacy";
    0x0501 RSA_PKCS1_SHA384 "rsa_pkcs1_sha384";
    0x0502 DSA_SHA384 "dsa_sha384";
    0x0503 ECDSA_SECP384R1_SHA384 "ecdsa_secp384r1_sha384";
    0x0520 RSA_PKCS1_SHA384_LEGACY "rsa_pkcs1_sha384_legacy";
    0x0601 RSA_PKCS1_SHA512 "rsa_pkcs1_sha512";
    0x0602 DSA_SHA512 "dsa_sha512";
    0x0603 ECDSA_SECP521R1_SHA512 "ecdsa_secp521r1_sha512";
    0x0620 RSA_PKCS1_SHA512_LEGACY "rsa_pkcs1_sha512_legacy";
    0x0704 ECCSI_SHA256 "eccsi_sha256";
    0x0705 ISO_IBS1 "iso_ibs1";
    0x0706 ISO_IBS2 "iso_ibs2";
    0x0707 ISO_CHINESE_IBS "iso_chinese_ibs";
    0x0708 SM2SIG_SM3 "sm2sig_sm3";
    0x0709 GOSTR34102012_256A "gostr34102012_256a";
    0x070a GOSTR34102012_256B "gostr34102012_256b";
    0x070b GOSTR34102012_256C "gostr34102012_256c";
    0x070c GOSTR34102012_256D "gostr34102012_256d";
    0x070d GOSTR34102012_512A "gostr34102012_512a";
    0x070e GOSTR34102012_512B "gostr34102012_512b";
    0x070f GOSTR34102012_512C "gostr34102012_512c";
    0x0804 RSA_PSS_RSAE_SHA256 "rsa_pss_rsae_sha256";
    0x0805 RSA_PSS_RSAE_SHA384 "rsa_pss_rsae_sha384";
    0x0806 RSA_PSS_RSAE_SHA512 "rsa_pss_rsae_sha512";
    0x0807 ED25519 "ed25519";
    0x0808 ED448 "ed448";
    0x0809 RSA_PSS_PSS_SHA256 "rsa_pss_pss_sha256";
    0x080a RSA_PSS_PSS_SHA384 "rsa_pss_pss_sha384";
    0x080b RSA_PSS_PSS_SHA512 "rsa_pss_pss_sha512";
    0x081a ECDSA_BRAINPOOLP256R1TLS13_SHA256 "ecdsa_brainpoolP256r1tls13_sha256";
    0x081b ECDSA_BRAINPOOLP384R1TLS13_SHA384 "ecdsa_brainpoolP384r1tls13_sha384";
    0x081c ECDSA_BRAINPOOLP512R1TLS13_SHA512 "ecdsa_brainpoolP512r1tls13_sha512";
    // RFC 9189 §5.1: the pairs of TLS 1.2 for GOST.
    0x0840 GOSTR34102012_256 "gostr34102012_256";
    0x0841 GOSTR34102012_512 "gostr34102012_512";
    0x0904 MLDSA44 "mldsa44";
    0x0905 MLDSA65 "mldsa65";
    0x0906 MLDSA87 "mldsa87";
    0x0911 SLHDSA_SHA2_128S "slhdsa_sha2_128s";
    0x0912 SLHDSA_SHA2_128F "slhdsa_sha2_128f";
    0x0913 SLHDSA_SHA2_192S "slhdsa_sha2_192s";
    0x0914 SLHDSA_SHA2_192F "slhdsa_sha2_192f";
    0x0915 SLHDSA_SHA2_256S "slhdsa_sha2_256s";
    0x0916 SLHDSA_SHA2_256F "slhdsa_sha2_256f";
    0x0917 SLHDSA_SHAKE_128S "slhdsa_shake_128s";
    0x0918 SLHDSA_SHAKE_128F "slhdsa_shake_128f";
    0x0919 SLHDSA_SHAKE_192S "slhdsa_shake_192s";
    0x091a SLHDSA_SHAKE_192F "slhdsa_shake_192f";
    0x091b SLHDSA_SHAKE_256S "slhdsa_shake_256s";
    0x091c SLHDSA_SHAKE_256F "slhdsa_shake_256f";
    // Not registered: the numbers that GOST engines used before RFC 9189.
    0xeded GOSTR34102012_256_OLD "gostr34102012_256 (old)";
    0xeeee GOSTR34102001_OLD "gostr34102001 (old)";
    0xefef GOSTR34102012_512_OLD "gostr34102012_512 (old)";
}

/// The kind of key that a signature scheme signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureKey {
    /// RSA with `rsaEncryption` in the certificate.
    Rsa,
    /// RSA with `id-RSASSA-PSS` in the certificate.
    RsaPss,
    /// DSA.
    Dsa,
    /// ECDSA on any curve.
    Ecdsa,
    /// Ed25519 or Ed448.
    EdDsa,
    /// SM2.
    Sm2,
    /// GOST R 34.10.
    Gost,
    /// ML-DSA (FIPS 204).
    MlDsa,
    /// SLH-DSA (FIPS 205).
    SlhDsa,
    /// Identity based schemes (ECCSI, ISO).
    IdentityBased,
}

impl SignatureScheme {
    /// The kind of key that the scheme signs with, or `None` where that is not known.
    #[must_use]
    pub const fn key(self) -> Option<SignatureKey> {
        let [hash, signature] = self.0.to_be_bytes();
        Some(match self.0 {
            0x0804..=0x0806 | 0x0420 | 0x0520 | 0x0620 => SignatureKey::Rsa,
            0x0809..=0x080b => SignatureKey::RsaPss,
            0x0807 | 0x0808 => SignatureKey::EdDsa,
            0x0704..=0x0707 => SignatureKey::IdentityBased,
            0x0708 => SignatureKey::Sm2,
            0x0709..=0x070f | 0x0840 | 0x0841 | 0xeded | 0xeeee | 0xefef => SignatureKey::Gost,
            0x081a..=0x081c => SignatureKey::Ecdsa,
            0x0904..=0x0906 => SignatureKey::MlDsa,
            0x0911..=0x091c => SignatureKey::SlhDsa,
            // RFC 5246 §7.4.1.4.1: hashes 0 to 6, signatures 1 to 3.
            _ => match (hash, signature) {
                (0..=6, 1) => SignatureKey::Rsa,
                (0..=6, 2) => SignatureKey::Dsa,
                (0..=6, 3) => SignatureKey::Ecdsa,
                _ => return None,
            },
        })
    }

    /// Whether the scheme rests on MD5, SHA-1 or no hash at all.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        let [hash, signature] = self.0.to_be_bytes();
        hash <= 2 && signature <= 3
    }

    /// Whether a TLS 1.3 handshake may be signed with it. RFC 8446 §4.2.3 keeps the PKCS#1
    /// schemes, SHA-1 and DSA out of CertificateVerify.
    #[must_use]
    pub const fn is_usable_in_tls13_handshake(self) -> bool {
        match self.key() {
            None => false,
            Some(_) => {
                let [hash, signature] = self.0.to_be_bytes();
                let is_pair = hash <= 6 && signature <= 3;
                !is_pair || (signature == 3 && hash >= 4)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_has_a_key_kind() {
        for scheme in SignatureScheme::ALL {
            assert!(scheme.key().is_some(), "{scheme}");
        }
    }

    #[test]
    fn tls13_signs_with_neither_pkcs1_nor_sha1() {
        assert!(!SignatureScheme::RSA_PKCS1_SHA256.is_usable_in_tls13_handshake());
        assert!(!SignatureScheme::ECDSA_SHA1.is_usable_in_tls13_handshake());
        assert!(SignatureScheme::ECDSA_SECP256R1_SHA256.is_usable_in_tls13_handshake());
        assert!(SignatureScheme::RSA_PSS_RSAE_SHA256.is_usable_in_tls13_handshake());
    }
}
