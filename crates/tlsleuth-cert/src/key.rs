//! Public keys.

use std::{fmt, sync::Arc};

use crate::{
    Oid,
    der::{Element, Fault, Reader, tag},
    refusal,
};

/// A subject's public key (RFC 5280 §4.1.2.7), printed like `RSA-2048`, `EC P-256`, `Ed25519`.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// What kind of key it is.
    pub algorithm: KeyAlgorithm,
    /// Its size in bits: of an RSA modulus, of an EC field. None where it is fixed or unknown.
    pub key_bits: Option<u32>,
    pub(crate) spki: Arc<[u8]>,
    /// The octets of subjectPublicKey.
    pub(crate) octets: Arc<[u8]>,
}

/// What kind a public key is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA (rsaEncryption).
    Rsa,
    /// RSA, for PSS signatures only (id-RSASSA-PSS).
    RsaPss,
    /// Elliptic curve.
    Ec(Curve),
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// Ed448 (RFC 8410).
    Ed448,
    /// X25519: key agreement only, so it cannot sign.
    X25519,
    /// DSA.
    Dsa,
    /// ML-DSA (FIPS 204, RFC 9881) with its parameter set: 44, 65 or 87.
    MlDsa(u8),
    /// SLH-DSA (FIPS 205), any parameter set.
    SlhDsa(Oid),
    /// Anything else, by its identifier.
    Unknown(Oid),
}

/// A named curve.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
    /// A curve that clients do not take, with its size in bits where it is known.
    Other(Oid, Option<u32>),
    /// The parameters are written out or left out (RFC 5480 §2.1.1 forbids both).
    Unnamed,
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];

impl PublicKey {
    pub(crate) fn unknown() -> Self {
        Self {
            algorithm: KeyAlgorithm::Unknown(Oid::new(&[])),
            key_bits: None,
            spki: Arc::from([].as_slice()),
            octets: Arc::from([].as_slice()),
        }
    }

    /// Reads a SubjectPublicKeyInfo:
    ///
    /// ```text
    /// SubjectPublicKeyInfo ::= SEQUENCE {
    ///     algorithm         AlgorithmIdentifier,
    ///     subjectPublicKey  BIT STRING }
    /// ```
    pub(crate) fn read(element: &Element<'_>) -> Result<Self, Fault> {
        let mut reader = element.open();
        let mut algorithm = reader.expect(tag::SEQUENCE, "the algorithm of the public key")?.open();
        let oid = algorithm.expect(tag::OID, "the key algorithm's identifier")?.content;
        let octets = reader.expect(tag::BIT_STRING, "the public key (BIT STRING)")?.bit_string()?;
        let (algorithm, key_bits) = match oid {
            RSA => (KeyAlgorithm::Rsa, rsa_bits(octets)),
            RSA_PSS => (KeyAlgorithm::RsaPss, rsa_bits(octets)),
            EC => {
                let named = algorithm.optional(tag::OID, "a named curve")?;
                let (curve, bits) = curve(named.map(|named| named.content));
                (KeyAlgorithm::Ec(curve), bits)
            }
            DSA => (KeyAlgorithm::Dsa, dsa_bits(algorithm)),
            [0x2b, 0x65, 0x70] => (KeyAlgorithm::Ed25519, None),
            [0x2b, 0x65, 0x71] => (KeyAlgorithm::Ed448, None),
            [0x2b, 0x65, 0x6e] => (KeyAlgorithm::X25519, None),
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17] => (KeyAlgorithm::MlDsa(44), None),
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18] => (KeyAlgorithm::MlDsa(65), None),
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19] => (KeyAlgorithm::MlDsa(87), None),
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 20..=31] => {
                (KeyAlgorithm::SlhDsa(Oid::new(oid)), None)
            }
            other => (KeyAlgorithm::Unknown(Oid::new(other)), None),
        };
        Ok(Self { algorithm, key_bits, spki: Arc::from(element.whole), octets: Arc::from(octets) })
    }

    /// The encoding: the whole SubjectPublicKeyInfo.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.spki
    }

    /// The first second, since 1970, at which clients of note refuse it for its size; None if they
    /// take it. Today these are RSA and DSA below 2,048 bits and curves below 224 bits (OpenSSL's
    /// security level 2, browsers, the CA/Browser Forum).
    #[must_use]
    pub fn refused_from(&self) -> Option<i64> {
        match (&self.algorithm, self.key_bits?) {
            (KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss | KeyAlgorithm::Dsa, bits) => match bits {
                ..1024 => Some(refusal::RSA_BELOW_1024),
                1024..2048 => Some(refusal::RSA_BELOW_2048),
                _ => None,
            },
            (KeyAlgorithm::Ec(_), ..224) => Some(refusal::SMALL_CURVE),
            _ => None,
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sized = |f: &mut fmt::Formatter<'_>, name: &str| match self.key_bits {
            Some(bits) => write!(f, "{name}-{bits}"),
            None => f.write_str(name),
        };
        match &self.algorithm {
            KeyAlgorithm::Rsa => sized(f, "RSA"),
            KeyAlgorithm::RsaPss => sized(f, "RSA-PSS"),
            KeyAlgorithm::Dsa => sized(f, "DSA"),
            KeyAlgorithm::Ec(curve) => write!(f, "EC {curve}"),
            KeyAlgorithm::Ed25519 => f.write_str("Ed25519"),
            KeyAlgorithm::Ed448 => f.write_str("Ed448"),
            KeyAlgorithm::X25519 => f.write_str("X25519"),
            KeyAlgorithm::MlDsa(set) => write!(f, "ML-DSA-{set}"),
            KeyAlgorithm::SlhDsa(_) => f.write_str("SLH-DSA"),
            KeyAlgorithm::Unknown(oid) if oid.content().is_empty() => f.write_str("unreadable"),
            KeyAlgorithm::Unknown(oid) => write!(f, "unknown ({oid})"),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::P521 => f.write_str("P-521"),
            Self::Unnamed => f.write_str("unnamed curve"),
            Self::Other(oid, _) => match other_curve(oid.content()) {
                Some((name, _)) => f.write_str(name),
                None => write!(f, "curve {oid}"),
            },
        }
    }
}

/// Bits of the modulus.
///
/// ```text
/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
/// ```
fn rsa_bits(octets: &[u8]) -> Option<u32> {
    let mut key = Reader::new(octets).expect(tag::SEQUENCE, "an RSA key").ok()?.open();
    integer_bits(key.expect(tag::INTEGER, "a modulus").ok()?.content)
}

/// Bits of `p` in `Dss-Parms ::= SEQUENCE { p INTEGER, q INTEGER, g INTEGER }`.
fn dsa_bits(mut parameters: Reader<'_>) -> Option<u32> {
    let mut parameters = parameters.expect(tag::SEQUENCE, "DSA parameters").ok()?.open();
    integer_bits(parameters.expect(tag::INTEGER, "p").ok()?.content)
}

fn integer_bits(content: &[u8]) -> Option<u32> {
    let skipped = content.iter().take_while(|byte| **byte == 0).count();
    let digits = content.get(skipped..)?;
    let first = digits.first()?;
    u32::try_from(digits.len()).ok()?.checked_mul(8)?.checked_sub(first.leading_zeros())
}

fn curve(named: Option<&[u8]>) -> (Curve, Option<u32>) {
    match named {
        Some([0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]) => (Curve::P256, Some(256)),
        Some([0x2b, 0x81, 4, 0, 34]) => (Curve::P384, Some(384)),
        Some([0x2b, 0x81, 4, 0, 35]) => (Curve::P521, Some(521)),
        Some(other) => {
            let bits = other_curve(other).map(|(_, bits)| bits);
            (Curve::Other(Oid::new(other), bits), bits)
        }
        None => (Curve::Unnamed, None),
    }
}

/// Curves that turn up though clients do not take them (SEC 2, RFC 5639, GB/T 32918).
fn other_curve(oid: &[u8]) -> Option<(&'static str, u32)> {
    Some(match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1] => ("P-192", 192),
        [0x2b, 0x81, 4, 0, 33] => ("P-224", 224),
        [0x2b, 0x81, 4, 0, 10] => ("secp256k1", 256),
        [0x2b, 0x81, 4, 0, 8] => ("secp160r1", 160),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7] => ("brainpoolP256r1", 256),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11] => ("brainpoolP384r1", 384),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13] => ("brainpoolP512r1", 512),
        [0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d] => ("SM2", 256),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Curve, KeyAlgorithm, PublicKey, integer_bits};
    use crate::der::Reader;

    fn key(oid: &[u8], parameters: &[u8]) -> PublicKey {
        let mut algorithm = vec![6, u8::try_from(oid.len()).unwrap()];
        algorithm.extend_from_slice(oid);
        algorithm.extend_from_slice(parameters);
        let mut spki = vec![0x30, u8::try_from(algorithm.len() + 6).unwrap()];
        spki.extend([0x30, u8::try_from(algorithm.len()).unwrap()]);
        spki.extend_from_slice(&algorithm);
        spki.extend([3, 2, 0, 4]);
        PublicKey::read(&Reader::new(&spki).next("a key").unwrap()).unwrap()
    }

    #[test]
    fn names_of_keys() {
        let ec = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
        let nist = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3];
        assert_eq!(key(ec, &[6, 5, 0x2b, 0x81, 4, 0, 34]).to_string(), "EC P-384");
        assert_eq!(key(ec, &[6, 5, 0x2b, 0x81, 4, 0, 10]).to_string(), "EC secp256k1");
        assert_eq!(key(ec, &[6, 3, 0x2a, 3, 4]).to_string(), "EC curve 1.2.3.4");
        assert_eq!(key(ec, &[5, 0]).to_string(), "EC unnamed curve");
        assert_eq!(key(&[0x2b, 0x65, 0x70], &[]).to_string(), "Ed25519");
        assert_eq!(key(&[&nist[..], &[18]].concat(), &[]).to_string(), "ML-DSA-65");
        assert_eq!(key(&[&nist[..], &[20]].concat(), &[]).to_string(), "SLH-DSA");
        assert_eq!(key(&[0x2a, 3, 4], &[]).to_string(), "unknown (1.2.3.4)");
        assert_eq!(PublicKey::unknown().to_string(), "unreadable");
    }

    #[test]
    fn sizes() {
        assert_eq!(integer_bits(&[0, 0x80, 0]), Some(16));
        assert_eq!(integer_bits(&[1]), Some(1));
        assert_eq!(integer_bits(&[0]), None);
        assert_eq!(integer_bits(&[]), None);
        let refused_from = |algorithm: KeyAlgorithm, bits: u32| {
            PublicKey { algorithm, key_bits: Some(bits), ..PublicKey::unknown() }.refused_from()
        };
        assert_eq!(refused_from(KeyAlgorithm::Rsa, 1023), Some(1_349_740_800));
        assert_eq!(refused_from(KeyAlgorithm::Rsa, 1024), Some(1_388_534_400));
        assert_eq!(refused_from(KeyAlgorithm::Dsa, 2047), Some(1_388_534_400));
        assert_eq!(refused_from(KeyAlgorithm::Rsa, 2048), None);
        assert_eq!(refused_from(KeyAlgorithm::Ec(Curve::Unnamed), 192), Some(i64::MIN));
        assert_eq!(refused_from(KeyAlgorithm::Ec(Curve::P256), 256), None);
        assert_eq!(refused_from(KeyAlgorithm::Ed25519, 256), None);
    }
}
