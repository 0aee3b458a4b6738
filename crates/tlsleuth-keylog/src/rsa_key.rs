//! RSA private keys in PEM: PKCS#1 (RFC 8017 §A.1.2) and PKCS#8 (RFC 5958).

use std::fmt;
use std::io;

use base64ct::{Base64, Encoding as _};
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Bytes of a PEM file beyond which it holds no key: one of 8,192 bits has some 6,500.
pub(crate) const MAX_PEM_BYTES: u64 = 1 << 20;

/// Why a file gives no key to open connections with.
#[derive(Error, Debug)]
#[non_exhaustive]
pub enum RsaKeyError {
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is no `BEGIN ... PRIVATE KEY` in it, or no `END`.
    #[error("no private key in PEM form (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// The key is encrypted, and nobody is asked for its password.
    #[error(
        "the private key is encrypted: decrypt it first, for instance with \
         openssl pkey -in FILE -out PLAIN, and remove PLAIN afterwards"
    )]
    Encrypted,
    /// The key is for signatures only: that of an elliptic curve, Ed25519, RSA-PSS, DSA.
    #[error("the private key is no RSA key: only RSA keys open connections, those with static RSA")]
    NotRsa,
    /// The key's encoding is damaged, or it has not two primes, or another size than 1,024 to
    /// 8,192 bits.
    #[error(
        "the private key cannot be read: its encoding is damaged, or its size is not supported"
    )]
    Malformed,
}

/// An RSA private key. Wiped on drop; no `Debug` shows it.
pub(crate) struct RsaKey {
    private: RsaPrivateKey,
    /// Its public half, as certificates carry it: a SubjectPublicKeyInfo.
    public: Box<[u8]>,
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey").finish_non_exhaustive()
    }
}

impl RsaKey {
    /// All keys of a PEM file; other blocks (certificates, parameters) are passed over.
    pub(crate) fn read_pem(pem: &[u8]) -> Result<Vec<Self>, RsaKeyError> {
        let mut keys = Vec::new();
        let mut rest = pem;
        while let Some((label, body, behind)) = next_block(rest) {
            rest = behind;
            match label {
                b"RSA PRIVATE KEY" => keys.push(Self::from_pkcs1(&decode(body)?)?),
                b"PRIVATE KEY" => keys.push(Self::from_pkcs8(&decode(body)?)?),
                b"ENCRYPTED PRIVATE KEY" => return Err(RsaKeyError::Encrypted),
                other if other.ends_with(b"PRIVATE KEY") => return Err(RsaKeyError::NotRsa),
                _ => {}
            }
        }
        if keys.is_empty() { Err(RsaKeyError::NoKey) } else { Ok(keys) }
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, RsaKeyError> {
        Self::new(RsaPrivateKey::from_pkcs1_der(der).map_err(|_| RsaKeyError::Malformed)?)
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, RsaKeyError> {
        match RsaPrivateKey::from_pkcs8_der(der) {
            Ok(private) => Self::new(private),
            Err(_) => match rsa::pkcs8::PrivateKeyInfoRef::try_from(der) {
                Ok(info) if info.algorithm.oid != rsa::pkcs1::ALGORITHM_OID => {
                    Err(RsaKeyError::NotRsa)
                }
                _ => Err(RsaKeyError::Malformed),
            },
        }
    }

    fn new(private: RsaPrivateKey) -> Result<Self, RsaKeyError> {
        let public =
            private.to_public_key().to_public_key_der().map_err(|_| RsaKeyError::Malformed)?;
        Ok(Self { private, public: public.as_bytes().into() })
    }

    /// Whether it is the private half of a SubjectPublicKeyInfo.
    pub(crate) fn belongs_to(&self, public: &[u8]) -> bool {
        *self.public == *public
    }

    /// Bytes of what is encrypted to it.
    pub(crate) fn len(&self) -> usize {
        self.private.size()
    }

    /// Decrypts by RSAES-PKCS1-v1_5 (RFC 8017 §7.2). What was encrypted to another key gives an error,
    /// or bytes that mean nothing: the library does not tell bad padding.
    pub(crate) fn decrypt(&self, encrypted: &[u8]) -> Option<Secret> {
        self.private.decrypt(Pkcs1v15Encrypt, encrypted).ok().map(Secret::new)
    }
}

/// The next block of a PEM file (RFC 7468): its label, what is between its two lines, and what is
/// behind it.
fn next_block(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let begin = b"-----BEGIN ";
    let at = find(text, begin)?;
    let behind = text.get(at + begin.len()..)?;
    let dashes = find(behind, b"-----")?;
    let (label, behind) = behind.split_at_checked(dashes)?;
    let body = behind.get(5..)?;
    let end = find(body, &[b"-----END ", label, b"-----"].concat())?;
    let (body, behind) = body.split_at_checked(end)?;
    Some((label, body, behind))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The bytes of a block. Lines of any length and end; headers only encrypted keys have (RFC 1421
/// §4.6.1.1, `Proc-Type: 4,ENCRYPTED`).
fn decode(body: &[u8]) -> Result<Secret, RsaKeyError> {
    if body.contains(&b':') {
        return Err(RsaKeyError::Encrypted);
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    digits.extend(body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; digits.len()]);
    let len = Base64::decode(&*digits, &mut der).map_err(|_| RsaKeyError::Malformed)?.len();
    der.truncate(len);
    Ok(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = include_str!("../../../testdata/pki/server.test-only.key");
    const CLIENT: &str = include_str!("../../../testdata/pki/client.test-only.key");
    const EC: &str = include_str!("../../../testdata/pki/server-ec.test-only.key");
    const CERTIFICATE: &str = include_str!("../../../testdata/pki/good.pem");

    fn lens(pem: &str) -> Vec<usize> {
        RsaKey::read_pem(pem.as_bytes()).unwrap().iter().map(RsaKey::len).collect()
    }

    #[test]
    fn keys_in_both_forms_among_other_blocks() {
        assert!(SERVER.contains("-----BEGIN PRIVATE KEY-----"), "PKCS#8");
        assert!(CLIENT.contains("-----BEGIN RSA PRIVATE KEY-----"), "PKCS#1");
        let both = format!("Bag Attributes: x\n{CERTIFICATE}{SERVER}\n{CLIENT}");
        assert_eq!(lens(&both), [256, 256]);
        assert_eq!(lens(&both.replace('\n', "\r\n")), [256, 256]);
        // Lines of any length.
        let (first, second) = SERVER.split_at(SERVER.len() / 2);
        assert_eq!(lens(&format!("{first} \n\n {second}")), [256]);
    }

    #[test]
    fn a_key_belongs_to_its_certificate() {
        use rustls_pki_types::pem::PemObject as _;
        let der = rustls_pki_types::CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
        let certificate = tlsleuth_cert::Certificate::parse(&der);
        let is_its = |pem: &str| {
            RsaKey::read_pem(pem.as_bytes()).unwrap()[0].belongs_to(certificate.key.der())
        };
        assert!(is_its(SERVER));
        assert!(!is_its(CLIENT));
    }

    #[test]
    fn what_is_no_key_says_why() {
        let why = |pem: &str| RsaKey::read_pem(pem.as_bytes()).unwrap_err().to_string();
        for none in ["", "no key", CERTIFICATE, SERVER.split_at(100).0] {
            assert!(why(none).starts_with("no private key in PEM form"), "{none}");
        }
        let pkcs8 = SERVER.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let headers = "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
        let pkcs1 = CLIENT.replacen("KEY-----\n", headers, 1);
        for encrypted in [pkcs8, pkcs1] {
            assert!(why(&encrypted).contains("encrypted"), "{encrypted}");
        }
        for other in [EC, &SERVER.replace("PRIVATE KEY", "EC PRIVATE KEY")] {
            assert!(why(other).contains("no RSA key"), "{other}");
        }
        for damaged in [SERVER.replacen('M', "?", 1), SERVER.replace("MII", "MIA")] {
            assert!(why(&damaged).contains("cannot be read"), "{damaged}");
        }
    }

    #[test]
    fn nothing_shows_a_key() {
        let key = RsaKey::read_pem(SERVER.as_bytes()).unwrap().remove(0);
        assert_eq!(format!("{key:?}"), "RsaKey { .. }");
        assert!(key.decrypt(&[0; 255]).is_none(), "of another length");
        // Bad padding is not told: what comes out is no premaster secret.
        let out = key.decrypt(&[1; 256]);
        assert!(out.is_none_or(|out| out.get(..2) != Some(&[3, 3])));
    }

    proptest::proptest! {
        #[test]
        fn no_file_panics(text in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = RsaKey::read_pem(&text);
            let framed = [b"-----BEGIN PRIVATE KEY-----\n", text.as_slice(),
                b"\n-----END PRIVATE KEY-----"].concat();
            let _ = RsaKey::read_pem(&framed);
        }
    }
}
