//! Trust anchors.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use crate::{
    Certificate, Error, Malformed, Name, WireText,
    der::{Fault, Reader, tag},
};

/// Which anchors to start with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Roots {
    /// The roots that Mozilla trusts for TLS servers, embedded in the program.
    #[default]
    Mozilla,
    /// The roots of the operating system that the program runs on.
    System,
    /// None.
    None,
}

impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mozilla => "mozilla",
            Self::System => "system",
            Self::None => "none",
        })
    }
}

/// The authorities that are trusted.
///
/// Creating it is cheap: Mozilla's some 140 roots are indexed by subject at the first look-up (well
/// below a millisecond), and a root is parsed when a chain leads to it.
#[derive(Debug)]
pub struct Anchors {
    roots: Roots,
    /// By the encoding of the subject.
    added: HashMap<Box<[u8]>, Vec<Arc<Certificate>>>,
    count: usize,
}

/// A root that is compiled in.
struct Embedded {
    der: &'static [u8],
    parsed: OnceLock<Arc<Certificate>>,
}

impl Anchors {
    /// No anchors at all.
    #[must_use]
    pub fn none() -> Self {
        Self { roots: Roots::None, added: HashMap::new(), count: 0 }
    }

    /// The given roots.
    ///
    /// # Errors
    /// [`Error::System`] if the roots of the operating system are asked for and cannot be read.
    pub fn new(roots: Roots) -> Result<Self, Error> {
        let mut anchors = Self { roots, added: HashMap::new(), count: 0 };
        if roots == Roots::System {
            for certificate in system_roots()? {
                // A store of a system may hold odd ones; they anchor nothing.
                if is_usable(&certificate).is_none() {
                    anchors.add(Arc::new(certificate));
                }
            }
        }
        Ok(anchors)
    }

    /// Adds every certificate of a PEM text; gives how many there were. Other PEM blocks, such as
    /// keys, are passed over.
    ///
    /// # Errors
    /// [`Error::NoCertificate`], [`Error::Pem`] or [`Error::Anchor`]; then nothing is added.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<usize, Error> {
        let mut certificates = Vec::new();
        for (i, block) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let number = i + 1;
            let der = block.map_err(|error| Error::Pem { number, reason: error.to_string() })?;
            let certificate = Certificate::parse(&der);
            if let Some(Malformed { offset, expected, .. }) = is_usable(&certificate) {
                return Err(Error::Anchor { number, offset, expected });
            }
            certificates.push(Arc::new(certificate));
        }
        if certificates.is_empty() {
            return Err(Error::NoCertificate);
        }
        let added = certificates.len();
        certificates.into_iter().for_each(|certificate| self.add(certificate));
        Ok(added)
    }

    /// Adds one certificate.
    pub fn add(&mut self, certificate: Arc<Certificate>) {
        let same = self.added.entry(certificate.subject.der().into()).or_default();
        if !same.contains(&certificate) {
            same.push(certificate);
            self.count += 1;
        }
    }

    /// Which roots they started with.
    #[must_use]
    pub fn roots(&self) -> Roots {
        self.roots
    }

    /// How many anchors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let embedded = webpki_root_certs::TLS_SERVER_ROOT_CERTS.len();
        self.count + if self.roots == Roots::Mozilla { embedded } else { 0 }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The anchors with this subject.
    #[must_use]
    pub fn by_subject(&self, subject: &Name) -> Vec<Arc<Certificate>> {
        let mut found = self.added.get(subject.der()).cloned().unwrap_or_default();
        if self.roots == Roots::Mozilla {
            for root in embedded().get(subject.der()).into_iter().flatten() {
                let parsed = root.parsed.get_or_init(|| Arc::new(Certificate::parse(root.der)));
                if !found.contains(parsed) {
                    found.push(Arc::clone(parsed));
                }
            }
        }
        found
    }

    /// The anchor that this certificate is: the same bytes, or else the same subject and key (a root
    /// that was signed again, by itself or by another authority).
    #[must_use]
    pub fn find(&self, certificate: &Certificate) -> Option<Arc<Certificate>> {
        let mut candidates = self.by_subject(&certificate.subject);
        let place = candidates
            .iter()
            .position(|anchor| **anchor == *certificate)
            .or_else(|| candidates.iter().position(|anchor| anchor.is_same_entity(certificate)))?;
        Some(candidates.swap_remove(place))
    }

    /// Whether this certificate is an anchor, see [`find`](Self::find).
    #[must_use]
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.find(certificate).is_some()
    }

    /// An added anchor whose subject says the same in another encoding. Mozilla's are not searched:
    /// nobody issues in their name.
    pub(crate) fn same_but_for_encoding(&self, name: &Name) -> Option<Arc<Certificate>> {
        let anchors = self.added.values().flatten();
        let same = anchors
            .filter(|anchor| anchor.subject != *name && anchor.subject.same_but_for_encoding(name));
        same.min_by_key(|anchor| anchor.sha256).cloned()
    }

    /// An anchor whose organization is the same as that of this name: a hint that the name belongs
    /// to a publicly trusted authority.
    #[must_use]
    pub fn same_organization(&self, name: &Name) -> Option<Arc<Certificate>> {
        let wanted = name.organization().filter(|organization| !organization.is_empty())?;
        // The order of a hash map must not show.
        let added = self.added.values().flatten();
        let same = added.filter(|anchor| anchor.subject.organization() == Some(wanted));
        let added = same.min_by_key(|anchor| anchor.sha256).cloned();
        added.or_else(|| {
            (self.roots == Roots::Mozilla).then(|| organizations().get(wanted).cloned()).flatten()
        })
    }
}

/// Whether a name is that of a root that was publicly trusted once.
///
/// Old captures show such roots: they expired (DST, Baltimore, GTE, Equifax, AddTrust), or were
/// taken out of the stores (Symantec's in 2018, DigiCert's first generation in 2026). Told by name
/// only, so it is a hint for a reader and never a reason to trust.
pub(crate) fn was_public(name: &Name) -> bool {
    // The common name, or the unit of those that have none. Where a root is still an anchor, nobody
    // asks.
    const FORMER: [&str; 42] = [
        "AAA Certificate Services",
        "AddTrust Class 1 CA Root",
        "AddTrust External CA Root",
        "America Online Root Certification Authority 1",
        "America Online Root Certification Authority 2",
        "Baltimore CyberTrust Root",
        "Certification Authority of WoSign",
        "Class 3 Public Primary Certification Authority",
        "Cybertrust Global Root",
        "DST Root CA X3",
        "DigiCert Assured ID Root CA",
        "DigiCert Global Root CA",
        "DigiCert High Assurance EV Root CA",
        "Entrust Root Certification Authority",
        "Entrust Root Certification Authority - G2",
        "Entrust.net Certification Authority (2048)",
        "Equifax Secure Certificate Authority",
        "Equifax Secure Global eBusiness CA-1",
        "GTE CyberTrust Global Root",
        "GeoTrust Global CA",
        "GeoTrust Primary Certification Authority",
        "GeoTrust Primary Certification Authority - G2",
        "GeoTrust Primary Certification Authority - G3",
        "GeoTrust Universal CA",
        "GlobalSign Root CA",
        "GlobalSign Root CA - R2",
        "Go Daddy Class 2 Certification Authority",
        "QuoVadis Root Certification Authority",
        "Sonera Class2 CA",
        "Starfield Class 2 Certification Authority",
        "StartCom Certification Authority",
        "Thawte Premium Server CA",
        "Thawte Server CA",
        "UTN-USERFirst-Hardware",
        "VeriSign Class 3 Public Primary Certification Authority - G3",
        "VeriSign Class 3 Public Primary Certification Authority - G4",
        "VeriSign Class 3 Public Primary Certification Authority - G5",
        "VeriSign Universal Root Certification Authority",
        "XRamp Global Certification Authority",
        "thawte Primary Root CA",
        "thawte Primary Root CA - G2",
        "thawte Primary Root CA - G3",
    ];
    let named = [name.common_name(), name.organizational_unit()];
    named.into_iter().flatten().any(|named| FORMER.iter().any(|f| f.as_bytes() == named.raw()))
}

/// Why a certificate cannot anchor a path: it has no subject or no key that could be read.
fn is_usable(certificate: &Certificate) -> Option<Malformed> {
    let unreadable = certificate.subject.is_empty() || certificate.key.der().is_empty();
    unreadable.then(|| {
        certificate.malformed.unwrap_or(Malformed {
            offset: 0,
            expected: "a subject and a key",
            in_extension: false,
        })
    })
}

fn embedded() -> &'static HashMap<&'static [u8], Vec<Embedded>> {
    static INDEX: OnceLock<HashMap<&'static [u8], Vec<Embedded>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index: HashMap<&'static [u8], Vec<Embedded>> = HashMap::new();
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let der: &'static [u8] = der;
            if let Ok(subject) = subject(der) {
                let entry = Embedded { der, parsed: OnceLock::new() };
                index.entry(subject).or_default().push(entry);
            }
        }
        index
    })
}

/// For each organization one of its embedded roots.
fn organizations() -> &'static HashMap<WireText, Arc<Certificate>> {
    static INDEX: OnceLock<HashMap<WireText, Arc<Certificate>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index: HashMap<WireText, Arc<Certificate>> = HashMap::new();
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let root = Certificate::parse(der);
            if let Some(organization) = root.subject.organization().cloned() {
                index.entry(organization).or_insert_with(|| Arc::new(root));
            }
        }
        index
    })
}

/// The subject's encoding, without reading anything else.
fn subject(der: &[u8]) -> Result<&[u8], Fault> {
    let mut outer = Reader::new(der).expect(tag::SEQUENCE, "a certificate")?.open();
    let mut part = outer.expect(tag::SEQUENCE, "the signed part")?.open();
    part.optional(tag::context(0), "the version")?;
    for expected in ["the serial number", "the signature algorithm", "the issuer", "the validity"] {
        part.next(expected)?;
    }
    Ok(part.expect(tag::SEQUENCE, "the subject")?.whole)
}

#[cfg(feature = "system-roots")]
fn system_roots() -> Result<Vec<Certificate>, Error> {
    let result = rustls_native_certs::load_native_certs();
    if result.certs.is_empty() {
        let reason =
            result.errors.first().map_or_else(|| "none found".to_owned(), |e| e.to_string());
        return Err(Error::System { reason });
    }
    Ok(result.certs.iter().map(|der| Certificate::parse(der)).collect())
}

#[cfg(not(feature = "system-roots"))]
fn system_roots() -> Result<Vec<Certificate>, Error> {
    Err(Error::System { reason: "this build leaves them out (feature `system-roots`)".to_owned() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Anchors, Roots};
    use crate::{Certificate, Error};

    fn pem(story: &str) -> Vec<u8> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/certs/");
        fs::read(format!("{root}{story}/anchors.pem")).unwrap()
    }

    #[test]
    fn from_pem() {
        let mut anchors = Anchors::new(Roots::None).unwrap();
        assert!(anchors.is_empty());
        assert_eq!(anchors.add_pem(&pem("good")).unwrap(), 1);
        // The same again is the same anchor.
        assert_eq!(anchors.add_pem(&pem("good")).unwrap(), 1);
        assert_eq!(anchors.len(), 1);
        assert!(matches!(anchors.add_pem(b""), Err(Error::NoCertificate)));
        assert!(matches!(anchors.add_pem(b"some text"), Err(Error::NoCertificate)));
        let no_base64 = b"-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n";
        assert!(matches!(anchors.add_pem(no_base64), Err(Error::Pem { number: 1, .. })));
        let no_der = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(
            anchors.add_pem(no_der).unwrap_err().to_string(),
            "certificate 1 cannot be an anchor: expected a certificate (SEQUENCE) at byte 0"
        );
    }

    #[test]
    fn embedded_ones_by_name_and_organization() {
        let anchors = Anchors::new(Roots::Mozilla).unwrap();
        let root = Certificate::parse(webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].as_ref());
        assert_eq!(anchors.by_subject(&root.subject)[0].subject, root.subject);
        assert_eq!(anchors.find(&root).unwrap().der, root.der);
        let same = anchors.same_organization(&root.subject).unwrap();
        assert_eq!(same.subject.organization(), root.subject.organization());
        assert!(!Anchors::new(Roots::None).unwrap().contains(&root));
    }
}
