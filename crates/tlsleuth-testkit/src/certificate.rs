//! Certificates for scripts: a root, an intermediate, and leafs made on the spot.

use std::path::PathBuf;
use std::sync::OnceLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// When the clock of a script starts if it does not say otherwise: 2026-11-20T10:00:00Z.
pub const START: i64 = 1_795_168_800;

/// An authority with what it takes to issue.
struct Authority {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// The authorities that all scripts share. Their keys are known to everybody who reads this.
pub struct Pki {
    root: Authority,
    intermediate: Authority,
    private: Authority,
}

/// The authorities.
///
/// # Panics
/// Never, short of a broken random number generator.
#[must_use]
pub fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| {
        let root = authority("Test Root", None, 1);
        let intermediate = authority("Test Issuing CA", Some(&root), 2);
        let private = authority("Private Root", None, 3);
        Pki { root, intermediate, private }
    })
}

impl Pki {
    /// The root that is to be trusted, in DER.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        &self.root.der
    }

    /// The intermediate that issues leafs.
    #[must_use]
    pub fn intermediate(&self) -> &[u8] {
        &self.intermediate.der
    }
}

fn time(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a time of this era")
}

/// An Ed25519 key from a seed: keys and signatures are the same in every run (RFC 8032 §5.1.6).
fn key(seed: u8) -> KeyPair {
    // PrivateKeyInfo of RFC 8410 §7 around the seed.
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend([seed; 32]);
    KeyPair::try_from(der).expect("a key")
}

fn authority(name: &str, by: Option<&Authority>, serial: u64) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = time(START) - Duration::days(1000);
    params.not_after = time(START) + Duration::days(2000);
    params.serial_number = Some(SerialNumber::from(serial));
    let key = key(serial as u8);
    let certificate = match by {
        Some(by) => params.signed_by(&key, &by.issuer),
        None => params.self_signed(&key),
    };
    let der = certificate.expect("a certificate").der().to_vec();
    Authority { der, issuer: Issuer::new(params, key) }
}

/// What a leaf is to be like, and what is sent with it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The names that it covers; the first one is its common name too.
    pub names: Vec<String>,
    /// Another common name than the first name.
    pub common_name: Option<String>,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
    /// It signs itself.
    pub self_signed: bool,
    /// It is not for this use.
    pub wrong_usage: bool,
    /// It is a client's.
    pub client: bool,
    /// What is sent: `full`, `leaf`, `root`, `wrong-order`, `unrelated`, `untrusted`, `none`.
    pub chain: String,
}

impl Wanted {
    /// A good leaf for these names, seen at this time.
    #[must_use]
    pub fn new(names: Vec<String>, now: i64) -> Self {
        const DAY: i64 = 86_400;
        Self {
            names,
            common_name: None,
            not_before: now - 30 * DAY,
            not_after: now + 60 * DAY,
            self_signed: false,
            wrong_usage: false,
            client: false,
            chain: "full".to_owned(),
        }
    }

    /// The certificates in the order in which they are sent.
    #[must_use]
    pub fn make(&self) -> Vec<Vec<u8>> {
        let pki = pki();
        if self.chain == "none" {
            return Vec::new();
        }
        let leaf = self.leaf();
        let intermediate = pki.intermediate.der.clone();
        match self.chain.as_str() {
            _ if self.self_signed => vec![leaf],
            "full" => vec![leaf, intermediate],
            "leaf" => vec![leaf],
            "root" => vec![leaf, intermediate, pki.root.der.clone()],
            "wrong-order" => vec![leaf, pki.root.der.clone(), intermediate],
            "unrelated" => vec![leaf, intermediate, pki.private.der.clone()],
            "untrusted" => vec![leaf, pki.private.der.clone()],
            other => panic!("no chain {other:?}"),
        }
    }

    fn leaf(&self) -> Vec<u8> {
        let mut params = CertificateParams::default();
        if let Some(first) = self.common_name.as_ref().or(self.names.first()) {
            params.distinguished_name.push(DnType::CommonName, first.as_str());
        }
        params.subject_alt_names = self
            .names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into().expect("a name in ASCII")),
            })
            .collect();
        params.not_before = time(self.not_before);
        params.not_after = time(self.not_after);
        params.serial_number = Some(SerialNumber::from(0x1001_u64));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![if self.wrong_usage != self.client {
            ExtendedKeyUsagePurpose::ClientAuth
        } else {
            ExtendedKeyUsagePurpose::ServerAuth
        }];
        let key = key(0x10);
        let made = if self.self_signed {
            params.self_signed(&key)
        } else if self.chain == "untrusted" {
            params.signed_by(&key, &pki().private.issuer)
        } else {
            params.signed_by(&key, &pki().intermediate.issuer)
        };
        made.expect("a certificate").der().to_vec()
    }
}

/// A chain of `testdata/certs`: what is sent, the anchors, and the time to look at it.
#[derive(Clone, Debug)]
pub struct RecordedChain {
    /// As sent.
    pub chain: Vec<Vec<u8>>,
    /// The anchors.
    pub anchors: Vec<Vec<u8>>,
    /// Seconds since 1970.
    pub time: Option<i64>,
}

impl RecordedChain {
    /// Reads a story.
    ///
    /// # Panics
    /// When there is no such story.
    #[must_use]
    pub fn read(story: &str) -> Self {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/certs"));
        let read = |name: &str| std::fs::read(folder.join(story).join(name));
        let pem = |name: &str| -> Vec<Vec<u8>> {
            let text = read(name).unwrap_or_default();
            rustls_pemfile::certs(&mut text.as_slice()).flatten().map(|der| der.to_vec()).collect()
        };
        let text =
            read("story.txt").unwrap_or_else(|_| panic!("no story {story:?} in testdata/certs"));
        let text = String::from_utf8_lossy(&text).into_owned();
        let time =
            text.split_ascii_whitespace().find_map(|word| word.strip_prefix("at=")?.parse().ok());
        Self { chain: pem("chain.pem"), anchors: pem("anchors.pem"), time }
    }
}

/// What `testdata/ocsp` holds: the chain of a leaf and its issuer, and responses about the leaf.
pub mod ocsp {
    use std::path::PathBuf;

    fn read(name: &str) -> Vec<u8> {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/ocsp"));
        std::fs::read(folder.join(name)).unwrap_or_else(|_| panic!("no {name} in testdata/ocsp"))
    }

    fn certificate(name: &str) -> Vec<u8> {
        let text = read(name);
        let der = rustls_pemfile::certs(&mut text.as_slice()).flatten().next();
        der.expect("a certificate").to_vec()
    }

    /// The leaf and its issuer, which is a root.
    #[must_use]
    pub fn chain() -> Vec<Vec<u8>> {
        vec![certificate("leaf.pem"), certificate("issuer.pem")]
    }

    /// A response: `good`, `revoked`, `unknown` ...
    #[must_use]
    pub fn response(name: &str) -> Vec<u8> {
        read(&format!("{name}.der"))
    }
}
