//! Signature algorithms, and the check of one signature.

use std::fmt;

use ring::signature as ring_signature;

use crate::{
    Curve, KeyAlgorithm, Oid, PublicKey, SignatureCheck,
    der::{Element, Fault, Reader, tag},
    limits::MAX_RSA_BITS,
    refusal,
};

/// How a certificate was signed, printed by the name that OpenSSL uses
/// (`ecdsa-with-SHA256`, `sha256WithRSAEncryption`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignatureAlgorithm {
    /// The algorithm's identifier.
    pub oid: Oid,
    /// The hash, where the algorithm names one.
    pub hash: Option<Hash>,
    scheme: Scheme,
}

/// The hash of a signature algorithm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Hash {
    /// MD2: broken.
    Md2,
    /// MD5: broken; collisions were used to forge an intermediate in 2008.
    Md5,
    /// SHA-1: broken; no public authority signs with it since 2016.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// A member of SHA-3, or another one.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scheme {
    RsaPkcs1,
    RsaPss,
    Ecdsa,
    Dsa,
    Ed25519,
    Ed448,
    MlDsa(u8),
    Unknown,
}

impl Hash {
    /// The first second, since 1970, at which clients of note refuse signatures over it; None if they
    /// take them.
    #[must_use]
    pub fn refused_from(self) -> Option<i64> {
        match self {
            Self::Md2 | Self::Md5 => Some(refusal::MD5),
            Self::Sha1 => Some(refusal::SHA1),
            _ => None,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md2 => "MD2",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Other => "another hash",
        })
    }
}

/// `1.2.840.113549.1.1` without its last arc.
const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// `1.2.840.10045.4.3` without its last arc.
const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
/// `2.16.840.1.101.3.4.3` without its last arc.
const NIST_SIGNATURES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3];
/// `2.16.840.1.101.3.4.2` without its last arc.
const NIST_HASHES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2];

impl SignatureAlgorithm {
    pub(crate) fn unknown() -> Self {
        Self { oid: Oid::new(&[]), hash: None, scheme: Scheme::Unknown }
    }

    /// Reads an AlgorithmIdentifier.
    pub(crate) fn read(element: &Element<'_>) -> Result<Self, Fault> {
        let mut reader = element.open();
        let oid = reader.expect(tag::OID, "the signature algorithm's identifier")?.content;
        let (scheme, hash) = match oid {
            [prefix @ .., last] if prefix == PKCS1 => match last {
                2 => (Scheme::RsaPkcs1, Some(Hash::Md2)),
                4 => (Scheme::RsaPkcs1, Some(Hash::Md5)),
                5 => (Scheme::RsaPkcs1, Some(Hash::Sha1)),
                10 => (Scheme::RsaPss, Some(pss_hash(reader))),
                11 => (Scheme::RsaPkcs1, Some(Hash::Sha256)),
                12 => (Scheme::RsaPkcs1, Some(Hash::Sha384)),
                13 => (Scheme::RsaPkcs1, Some(Hash::Sha512)),
                14 => (Scheme::RsaPkcs1, Some(Hash::Sha224)),
                _ => (Scheme::Unknown, None),
            },
            // sha1WithRSASignature of the OIW, a twin of sha1WithRSAEncryption.
            [0x2b, 0x0e, 3, 2, 29] => (Scheme::RsaPkcs1, Some(Hash::Sha1)),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => (Scheme::Ecdsa, Some(Hash::Sha1)),
            [prefix @ .., last] if prefix == ECDSA_SHA2 => match last {
                1 => (Scheme::Ecdsa, Some(Hash::Sha224)),
                2 => (Scheme::Ecdsa, Some(Hash::Sha256)),
                3 => (Scheme::Ecdsa, Some(Hash::Sha384)),
                4 => (Scheme::Ecdsa, Some(Hash::Sha512)),
                _ => (Scheme::Unknown, None),
            },
            [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => (Scheme::Dsa, Some(Hash::Sha1)),
            [0x2b, 0x65, 0x70] => (Scheme::Ed25519, None),
            [0x2b, 0x65, 0x71] => (Scheme::Ed448, None),
            [prefix @ .., last] if prefix == NIST_SIGNATURES => match last {
                1 => (Scheme::Dsa, Some(Hash::Sha224)),
                2 => (Scheme::Dsa, Some(Hash::Sha256)),
                17 => (Scheme::MlDsa(44), None),
                18 => (Scheme::MlDsa(65), None),
                19 => (Scheme::MlDsa(87), None),
                _ => (Scheme::Unknown, None),
            },
            _ => (Scheme::Unknown, None),
        };
        Ok(Self { oid: Oid::new(oid), hash, scheme })
    }

    /// The first second, since 1970, at which clients of note refuse it for its hash; None if they
    /// take it.
    #[must_use]
    pub fn refused_from(&self) -> Option<i64> {
        self.hash.and_then(Hash::refused_from)
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.scheme, self.hash) {
            (Scheme::RsaPkcs1, Some(Hash::Md2)) => "md2WithRSAEncryption",
            (Scheme::RsaPkcs1, Some(Hash::Md5)) => "md5WithRSAEncryption",
            (Scheme::RsaPkcs1, Some(Hash::Sha1)) => "sha1WithRSAEncryption",
            (Scheme::RsaPkcs1, Some(Hash::Sha224)) => "sha224WithRSAEncryption",
            (Scheme::RsaPkcs1, Some(Hash::Sha256)) => "sha256WithRSAEncryption",
            (Scheme::RsaPkcs1, Some(Hash::Sha384)) => "sha384WithRSAEncryption",
            (Scheme::RsaPkcs1, Some(Hash::Sha512)) => "sha512WithRSAEncryption",
            (Scheme::RsaPss, Some(hash)) => return write!(f, "rsassaPss ({hash})"),
            (Scheme::Ecdsa, Some(Hash::Sha1)) => "ecdsa-with-SHA1",
            (Scheme::Ecdsa, Some(Hash::Sha224)) => "ecdsa-with-SHA224",
            (Scheme::Ecdsa, Some(Hash::Sha256)) => "ecdsa-with-SHA256",
            (Scheme::Ecdsa, Some(Hash::Sha384)) => "ecdsa-with-SHA384",
            (Scheme::Ecdsa, Some(Hash::Sha512)) => "ecdsa-with-SHA512",
            (Scheme::Dsa, Some(Hash::Sha1)) => "dsaWithSHA1",
            (Scheme::Dsa, Some(Hash::Sha224)) => "dsa_with_SHA224",
            (Scheme::Dsa, Some(Hash::Sha256)) => "dsa_with_SHA256",
            (Scheme::Ed25519, _) => "ED25519",
            (Scheme::Ed448, _) => "ED448",
            (Scheme::MlDsa(set), _) => return write!(f, "ML-DSA-{set}"),
            _ if self.oid.content().is_empty() => "unreadable",
            _ => return write!(f, "unknown ({})", self.oid),
        })
    }
}

/// The hash of PSS parameters; the default is SHA-1 (RFC 4055 §3.1).
///
/// ```text
/// RSASSA-PSS-params ::= SEQUENCE {
///     hashAlgorithm  [0] HashAlgorithm DEFAULT sha1Identifier, … }
/// ```
fn pss_hash(mut parameters: Reader<'_>) -> Hash {
    let mut read = || {
        let mut parameters = parameters.expect(tag::SEQUENCE, "PSS parameters").ok()?.open();
        let Ok(Some(hash)) = parameters.optional(tag::context(0), "a hash") else {
            return Some(Hash::Sha1);
        };
        let mut hash = hash.open().expect(tag::SEQUENCE, "a hash algorithm").ok()?.open();
        Some(hash_by_oid(hash.expect(tag::OID, "a hash's identifier").ok()?.content))
    };
    // Without parameters nothing is said; with unreadable ones nothing can be known.
    read().unwrap_or(Hash::Other)
}

/// The hash with this identifier, without tag and length.
pub(crate) fn hash_by_oid(oid: &[u8]) -> Hash {
    match oid {
        [0x2b, 0x0e, 3, 2, 26] => Hash::Sha1,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5] => Hash::Md5,
        [prefix @ .., last] if prefix == NIST_HASHES => match last {
            1 => Hash::Sha256,
            2 => Hash::Sha384,
            3 => Hash::Sha512,
            4 => Hash::Sha224,
            _ => Hash::Other,
        },
        _ => Hash::Other,
    }
}

/// Checks one signature over `message` with the signer's key.
///
/// RSA keys down to 1,024 bits and SHA-1 are checked too, though no client accepts them: what is
/// weak must not be told as forged.
pub(crate) fn check(
    algorithm: &SignatureAlgorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> SignatureCheck {
    use SignatureCheck::{Invalid, Unchecked};
    let verifier: &dyn ring_signature::VerificationAlgorithm =
        match (algorithm.scheme, algorithm.hash, &key.algorithm) {
            (Scheme::RsaPkcs1, hash, KeyAlgorithm::Rsa) => {
                let strong = key.key_bits.is_some_and(|bits| bits >= 2048);
                match (key.key_bits, hash) {
                    (None, _) => return Invalid,
                    (Some(..1024), _) => {
                        return Unchecked("RSA keys below 1024 bits are not checked");
                    }
                    (Some(bits), _) if bits > MAX_RSA_BITS => {
                        return Unchecked("RSA keys above 8192 bits are not checked");
                    }
                    (_, Some(Hash::Sha1)) => {
                        &ring_signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
                    }
                    (_, Some(Hash::Sha256)) => {
                        &ring_signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
                    }
                    (_, Some(Hash::Sha384)) if strong => {
                        &ring_signature::RSA_PKCS1_2048_8192_SHA384
                    }
                    (_, Some(Hash::Sha512)) => {
                        &ring_signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
                    }
                    _ => return Unchecked("RSA with this hash is not checked"),
                }
            }
            (Scheme::RsaPss, hash, KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss) => {
                match (key.key_bits, hash) {
                    (None, _) => return Invalid,
                    (Some(..2048), _) => {
                        return Unchecked("RSA-PSS keys below 2048 bits are not checked");
                    }
                    (Some(bits), _) if bits > MAX_RSA_BITS => {
                        return Unchecked("RSA keys above 8192 bits are not checked");
                    }
                    (_, Some(Hash::Sha256)) => &ring_signature::RSA_PSS_2048_8192_SHA256,
                    (_, Some(Hash::Sha384)) => &ring_signature::RSA_PSS_2048_8192_SHA384,
                    (_, Some(Hash::Sha512)) => &ring_signature::RSA_PSS_2048_8192_SHA512,
                    _ => return Unchecked("RSA-PSS with this hash is not checked"),
                }
            }
            (Scheme::Ecdsa, hash, KeyAlgorithm::Ec(curve)) => match (curve, hash) {
                (Curve::P256, Some(Hash::Sha256)) => &ring_signature::ECDSA_P256_SHA256_ASN1,
                (Curve::P256, Some(Hash::Sha384)) => &ring_signature::ECDSA_P256_SHA384_ASN1,
                (Curve::P384, Some(Hash::Sha256)) => &ring_signature::ECDSA_P384_SHA256_ASN1,
                (Curve::P384, Some(Hash::Sha384)) => &ring_signature::ECDSA_P384_SHA384_ASN1,
                (Curve::P521, hash) => return check_p521(hash, &key.octets, message, signature),
                _ => return Unchecked("ECDSA with this curve and hash is not checked"),
            },
            (Scheme::Ed25519, _, KeyAlgorithm::Ed25519) => &ring_signature::ED25519,
            (Scheme::Ed448, _, KeyAlgorithm::Ed448) => {
                return Unchecked("Ed448 signatures are not checked");
            }
            (Scheme::MlDsa(a), _, KeyAlgorithm::MlDsa(b)) if a == *b => {
                return Unchecked("ML-DSA signatures are not checked");
            }
            (Scheme::Dsa, _, KeyAlgorithm::Dsa) => {
                return Unchecked("DSA signatures are not checked");
            }
            (Scheme::Unknown, ..) => return Unchecked("the signature algorithm is not known"),
            (_, _, KeyAlgorithm::Unknown(_)) => return Unchecked("the issuer's key is not known"),
            // RSA signature, EC key and the like: no key can have made it.
            _ => return Invalid,
        };
    match ring_signature::UnparsedPublicKey::new(verifier, &key.octets).verify(message, signature) {
        Ok(()) => SignatureCheck::Valid,
        Err(_) => Invalid,
    }
}

/// P-521, which ring lacks.
#[cfg(feature = "p521")]
fn check_p521(hash: Option<Hash>, key: &[u8], message: &[u8], signature: &[u8]) -> SignatureCheck {
    use p521::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier as _};
    use ring::digest;
    let algorithm = match hash {
        Some(Hash::Sha256) => &digest::SHA256,
        Some(Hash::Sha384) => &digest::SHA384,
        Some(Hash::Sha512) => &digest::SHA512,
        _ => return SignatureCheck::Unchecked("ECDSA with this curve and hash is not checked"),
    };
    let digest = digest::digest(algorithm, message);
    let is_right = match (VerifyingKey::from_sec1_bytes(key), Signature::from_der(signature)) {
        (Ok(key), Ok(signature)) => key.verify_prehash(digest.as_ref(), &signature).is_ok(),
        _ => false,
    };
    if is_right { SignatureCheck::Valid } else { SignatureCheck::Invalid }
}

#[cfg(not(feature = "p521"))]
fn check_p521(_: Option<Hash>, _: &[u8], _: &[u8], _: &[u8]) -> SignatureCheck {
    SignatureCheck::Unchecked("signatures on P-521 are not checked by this build")
}

/// P-521 with one hash, for webpki.
#[cfg(feature = "p521")]
#[derive(Debug)]
pub(crate) struct P521 {
    hash: Hash,
    signature: rustls_pki_types::AlgorithmIdentifier,
}

#[cfg(feature = "p521")]
impl rustls_pki_types::SignatureVerificationAlgorithm for P521 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), rustls_pki_types::InvalidSignature> {
        match check_p521(Some(self.hash), public_key, message, signature) {
            SignatureCheck::Valid => Ok(()),
            _ => Err(rustls_pki_types::InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> rustls_pki_types::AlgorithmIdentifier {
        rustls_pki_types::alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> rustls_pki_types::AlgorithmIdentifier {
        self.signature
    }
}

/// What webpki lacks: P-521 with the hashes that it is used with.
#[cfg(feature = "p521")]
pub(crate) static P521_ALGORITHMS: [&dyn rustls_pki_types::SignatureVerificationAlgorithm; 3] = [
    &P521 { hash: Hash::Sha256, signature: rustls_pki_types::alg_id::ECDSA_SHA256 },
    &P521 { hash: Hash::Sha384, signature: rustls_pki_types::alg_id::ECDSA_SHA384 },
    &P521 { hash: Hash::Sha512, signature: rustls_pki_types::alg_id::ECDSA_SHA512 },
];

#[cfg(not(feature = "p521"))]
pub(crate) static P521_ALGORITHMS: [&dyn rustls_pki_types::SignatureVerificationAlgorithm; 0] = [];

#[cfg(test)]
mod tests {
    use std::fs;

    use rustls_pki_types::{CertificateDer, pem::PemObject as _};

    use super::check;
    use crate::{Certificate, SignatureCheck};

    fn certificates(story: &str, file: &str) -> Vec<Certificate> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/certs/");
        let pem = fs::read(format!("{root}{story}/{file}.pem")).unwrap();
        CertificateDer::pem_slice_iter(&pem).map(|der| Certificate::parse(&der.unwrap())).collect()
    }

    /// The leaf, and whoever issued it.
    fn pair(story: &str) -> (Certificate, Certificate) {
        let mut all = certificates(story, "chain");
        all.extend(certificates(story, "anchors"));
        let leaf = all.remove(0);
        let issuer = all.into_iter().find(|issuer| issuer.subject == leaf.issuer).unwrap();
        (leaf, issuer)
    }

    #[test]
    fn right_and_wrong() {
        let stories = ["good", "rsa", "rsa-sha384", "rsa-pss", "p384", "ed25519", "weak-key-leaf"];
        let p521 = cfg!(feature = "p521").then_some("p521");
        for story in stories.into_iter().chain(["weak-signature-sha1"]).chain(p521) {
            let (leaf, issuer) = pair(story);
            let with = |signature: &[u8]| {
                check(&leaf.signature_algorithm, &issuer.key, &leaf.signed, signature)
            };
            assert_eq!(with(&leaf.signature), SignatureCheck::Valid, "{story}");
            let mut wrong = leaf.signature.to_vec();
            *wrong.last_mut().unwrap() ^= 1;
            assert_eq!(with(&wrong), SignatureCheck::Invalid, "{story}");
            assert_eq!(with(&[]), SignatureCheck::Invalid, "{story}");
        }
    }

    #[test]
    fn a_key_of_another_kind_cannot_have_signed() {
        let ((leaf, _), (_, issuer)) = (pair("rsa"), pair("good"));
        let check = check(&leaf.signature_algorithm, &issuer.key, &leaf.signed, &leaf.signature);
        assert_eq!(check, SignatureCheck::Invalid);
    }

    #[test]
    fn what_is_not_checked_says_why() {
        let (leaf, issuer) = pair("ed448");
        let check = check(&leaf.signature_algorithm, &issuer.key, &leaf.signed, &leaf.signature);
        assert_eq!(check, SignatureCheck::Unchecked("Ed448 signatures are not checked"));
        assert_eq!(leaf.signature_algorithm.to_string(), "ED448");
        assert_eq!(pair("rsa-pss").0.signature_algorithm.to_string(), "rsassaPss (SHA-256)");
        assert_eq!(
            pair("weak-signature-md5").0.signature_algorithm.to_string(),
            "md5WithRSAEncryption"
        );
    }
}
