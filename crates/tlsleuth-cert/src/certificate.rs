//! One certificate: its facts, however broken it is.

use std::{fmt, net::IpAddr, sync::Arc};

use ring::digest;

use crate::{
    AcmeIdentifier, BasicConstraints, ExtendedKeyUsage, Extension, KeyUsage, Miss, Name,
    NameConstraints, Oid, PublicKey, ReferenceName, Scts, SignatureAlgorithm, Violation, WireText,
    der::{Element, Fault, Reader, tag},
    extension, time,
};

/// A certificate (RFC 5280 §4.1), as far as it could be read.
///
/// [`parse`](Self::parse) never fails. Where reading stopped is [`malformed`](Self::malformed);
/// the fields behind that point keep their defaults, and the fields before it are facts.
///
/// ```text
/// Certificate ::= SEQUENCE {
///     tbsCertificate      TBSCertificate,
///     signatureAlgorithm  AlgorithmIdentifier,
///     signatureValue      BIT STRING }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Certificate {
    /// The certificate as sent.
    pub der: Arc<[u8]>,
    /// SHA-256 of [`der`](Self::der), by which the world names certificates.
    pub sha256: Fingerprint,
    /// What does not parse, if anything: the first place.
    pub malformed: Option<Malformed>,
    /// Rules of RFC 5280 that it breaks although it can be read.
    pub violations: Vec<Violation>,
    /// Serial number.
    pub serial: Serial,
    /// Who signed it.
    pub issuer: Name,
    /// Whom it is about.
    pub subject: Name,
    /// Start of validity, in seconds since 1970-01-01T00:00:00Z; within the years 0 to 9999.
    pub not_before: Option<i64>,
    /// Last second of validity, likewise.
    pub not_after: Option<i64>,
    /// The subject's key.
    pub key: PublicKey,
    /// How it was signed.
    pub signature_algorithm: SignatureAlgorithm,
    /// dNSName entries of subjectAltName, as written.
    pub dns_names: Vec<WireText>,
    /// iPAddress entries of subjectAltName.
    pub ip_addresses: Vec<IpAddr>,
    /// rfc822Name entries of subjectAltName.
    pub email_addresses: Vec<WireText>,
    /// uniformResourceIdentifier entries of subjectAltName (SPIFFE identities are such).
    pub uris: Vec<WireText>,
    /// How many other entries subjectAltName has.
    pub other_names: usize,
    /// How many entries subjectAltName has; at most 4,096 of them are kept.
    pub names_total: usize,
    /// The extensions in their order.
    pub extensions: Vec<Extension>,
    /// basicConstraints.
    pub basic_constraints: Option<BasicConstraints>,
    /// keyUsage.
    pub key_usage: Option<KeyUsage>,
    /// extendedKeyUsage.
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    /// subjectKeyIdentifier.
    pub subject_key_id: Option<Box<[u8]>>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_id: Option<Box<[u8]>>,
    /// nameConstraints.
    pub name_constraints: Option<NameConstraints>,
    /// Policy identifiers.
    pub policies: Vec<Oid>,
    /// The server must staple an OCSP response (RFC 7633).
    pub must_staple: bool,
    /// Signed certificate timestamps inside the certificate.
    pub scts: Scts,
    /// Where the issuer's certificate can be fetched (caIssuers).
    pub issuer_urls: Vec<WireText>,
    /// Where the issuer's OCSP responder is.
    pub ocsp_urls: Vec<WireText>,
    /// Where revocation lists are.
    pub crl_urls: Vec<WireText>,
    /// It answers an ACME challenge (RFC 8737).
    pub acme_identifier: Option<AcmeIdentifier>,
    /// It has id-pkix-ocsp-nocheck, as delegated OCSP responders do.
    pub ocsp_no_check: bool,
    pub(crate) is_precertificate: bool,
    pub(crate) signed: Arc<[u8]>,
    pub(crate) signature: Arc<[u8]>,
}

/// Why a certificate does not parse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Where, counted from the certificate's first byte.
    pub offset: usize,
    /// What should have been there.
    pub expected: &'static str,
    /// Whether only the body of an extension is broken, which some clients do not look at.
    pub in_extension: bool,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.offset)
    }
}

/// A SHA-256 digest, printed as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, bytes);
        let mut fingerprint = [0; 32];
        for (to, from) in fingerprint.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(fingerprint)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A serial number, printed as hex octets with colons (`04:ab:9f`), a leading zero octet left out.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Serial(Box<[u8]>);

impl Serial {
    /// The content of the INTEGER.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn new(content: &[u8]) -> Self {
        Self(content.into())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 5280 allows 20 octets; what is far beyond is cut.
        const SHOWN: usize = 64;
        let octets = match &*self.0 {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        for (i, byte) in octets.iter().take(SHOWN).enumerate() {
            write!(f, "{}{byte:02x}", if i == 0 { "" } else { ":" })?;
        }
        if octets.len() > SHOWN {
            write!(f, "… ({} octets in all)", octets.len())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Certificate {
    /// Reads a certificate; never fails.
    ///
    /// The structure is walked element by element, and each extension is parsed by itself, so that
    /// one broken part does not hide the others. A certificate that is cut off gives what stands
    /// before the cut.
    ///
    /// ```
    /// # use tlsleuth_cert::Certificate;
    /// let broken = Certificate::parse(&[0x30, 0x03, 0x02, 0x01, 0x05]);
    /// assert_eq!(
    ///     broken.malformed.unwrap().to_string(),
    ///     "expected the signed part (tbsCertificate) at byte 2"
    /// );
    /// ```
    #[must_use]
    pub fn parse(der: &[u8]) -> Self {
        let mut certificate = Self::unread(der);
        if let Err(fault) = certificate.read() {
            certificate.add_fault(fault);
        }
        certificate.note_violations();
        certificate
    }

    fn unread(der: &[u8]) -> Self {
        let none: Arc<[u8]> = Arc::from([].as_slice());
        Self {
            der: Arc::from(der),
            sha256: Fingerprint::of(der),
            malformed: None,
            violations: Vec::new(),
            serial: Serial::default(),
            issuer: Name::empty(),
            subject: Name::empty(),
            not_before: None,
            not_after: None,
            key: PublicKey::unknown(),
            signature_algorithm: SignatureAlgorithm::unknown(),
            dns_names: Vec::new(),
            ip_addresses: Vec::new(),
            email_addresses: Vec::new(),
            uris: Vec::new(),
            other_names: 0,
            names_total: 0,
            extensions: Vec::new(),
            basic_constraints: None,
            key_usage: None,
            extended_key_usage: None,
            subject_key_id: None,
            authority_key_id: None,
            name_constraints: None,
            policies: Vec::new(),
            must_staple: false,
            scts: Scts::default(),
            issuer_urls: Vec::new(),
            ocsp_urls: Vec::new(),
            crl_urls: Vec::new(),
            acme_identifier: None,
            ocsp_no_check: false,
            is_precertificate: false,
            signed: Arc::clone(&none),
            signature: none,
        }
    }

    /// Keeps the first fault: what follows it is often its consequence.
    pub(crate) fn add_fault(&mut self, fault: Fault) {
        let Fault { offset, expected } = fault;
        // What breaks the structure outweighs what breaks an extension.
        if self.malformed.is_none_or(|malformed| malformed.in_extension) {
            self.malformed = Some(Malformed { offset, expected, in_extension: false });
        }
    }

    /// Keeps the first fault of an extension's body.
    pub(crate) fn add_extension_fault(&mut self, fault: Fault) {
        let Fault { offset, expected } = fault;
        self.malformed.get_or_insert(Malformed { offset, expected, in_extension: true });
    }

    fn read(&mut self) -> Result<(), Fault> {
        let der = Arc::clone(&self.der);
        let mut outermost = Reader::new(&der);
        let (outer, cut) = outermost.enter(tag::SEQUENCE, "a certificate (SEQUENCE)")?;
        if let Some(fault) = cut {
            self.add_fault(fault);
        }
        let mut outer = outer.inside;
        let (signed, cut) = outer.enter(tag::SEQUENCE, "the signed part (tbsCertificate)")?;
        if let Some(fault) = cut {
            self.add_fault(fault);
        }
        let inner = self.read_signed_part(signed.inside);
        if let Some(whole) = signed.whole {
            self.signed = Arc::from(whole);
            let algorithm = outer.expect(tag::SEQUENCE, "the signature algorithm")?;
            self.signature_algorithm = SignatureAlgorithm::read(&algorithm)?;
            let signature = outer.expect(tag::BIT_STRING, "the signature (BIT STRING)")?;
            self.signature = Arc::from(signature.bit_string()?);
            if let Ok(inner) = &inner
                && *inner != algorithm.whole
            {
                self.violations.push(Violation::AlgorithmMismatch);
            }
            if !outer.is_empty() {
                self.add_fault(outer.fault("the end of the certificate"));
            } else if !outermost.is_empty() {
                self.add_fault(outermost.fault("nothing behind the certificate"));
            }
        }
        inner.map(|_| ())
    }

    /// Reads the signed part; gives its signature algorithm, which must equal the outer one.
    ///
    /// ```text
    /// TBSCertificate ::= SEQUENCE {
    ///     version              [0] EXPLICIT Version DEFAULT v1,
    ///     serialNumber         CertificateSerialNumber,
    ///     signature            AlgorithmIdentifier,
    ///     issuer               Name,
    ///     validity             Validity,
    ///     subject              Name,
    ///     subjectPublicKeyInfo SubjectPublicKeyInfo,
    ///     issuerUniqueID       [1] IMPLICIT UniqueIdentifier OPTIONAL,
    ///     subjectUniqueID      [2] IMPLICIT UniqueIdentifier OPTIONAL,
    ///     extensions           [3] EXPLICIT Extensions OPTIONAL }
    /// ```
    fn read_signed_part<'a>(&mut self, mut part: Reader<'a>) -> Result<&'a [u8], Fault> {
        let version = match part.optional(tag::context(0), "the version")? {
            Some(explicit) => {
                explicit.open().expect(tag::INTEGER, "the version (INTEGER)")?.small_integer()?
            }
            None => 0,
        };
        self.serial =
            Serial::new(part.expect(tag::INTEGER, "the serial number (INTEGER)")?.content);
        // Only now: where nothing follows, a missing version means nothing.
        if version != 2 {
            self.violations.push(Violation::NotVersion3(version));
        }
        let algorithm = part.expect(tag::SEQUENCE, "the signature algorithm")?;
        // The outer one is taken if there is one; this one stands in for it in a cut certificate.
        match SignatureAlgorithm::read(&algorithm) {
            Ok(read) => self.signature_algorithm = read,
            Err(fault) => self.add_fault(fault),
        }
        self.issuer = self.read_name(&part.expect(tag::SEQUENCE, "the issuer (Name)")?);
        let validity = part.expect(tag::SEQUENCE, "the validity")?;
        if let Err(fault) = self.read_validity(&validity) {
            self.add_fault(fault);
        }
        self.subject = self.read_name(&part.expect(tag::SEQUENCE, "the subject (Name)")?);
        let key = part.expect(tag::SEQUENCE, "the public key (SubjectPublicKeyInfo)")?;
        match PublicKey::read(&key) {
            Ok(key) => self.key = key,
            Err(fault) => self.add_fault(fault),
        }
        for n in [1, 2] {
            let constructed = part.optional(tag::context(n), "a unique identifier")?;
            let primitive = part.optional(tag::context_primitive(n), "a unique identifier")?;
            if constructed.or(primitive).is_some()
                && !self.violations.contains(&Violation::UniqueIdentifiers)
            {
                self.violations.push(Violation::UniqueIdentifiers);
            }
        }
        if part.peek() == Some(tag::context(3)) {
            if version != 2 {
                self.violations.push(Violation::ExtensionsNeedVersion3);
            }
            let (explicit, cut) = part.enter(tag::context(3), "the extensions")?;
            if let Some(fault) = cut {
                self.add_fault(fault);
            }
            let mut explicit = explicit.inside;
            let (list, cut) = explicit.enter(tag::SEQUENCE, "a list of extensions")?;
            if let Some(fault) = cut {
                self.add_fault(fault);
            }
            self.read_extensions(list.inside)?;
        }
        if !part.is_empty() {
            return Err(part.fault("the end of the signed part"));
        }
        Ok(algorithm.whole)
    }

    fn read_name(&mut self, element: &Element<'_>) -> Name {
        let (name, fault) = Name::read(element);
        if let Some(fault) = fault {
            self.add_fault(fault);
        }
        name
    }

    fn read_validity(&mut self, element: &Element<'_>) -> Result<(), Fault> {
        let mut validity = element.open();
        let not_before = validity.next("the start of validity")?;
        let not_after = validity.next("the end of validity");
        let start = time::parse_time(&not_before).map(|time| self.not_before = Some(time));
        self.not_after = Some(time::parse_time(&not_after?)?);
        start
    }

    fn read_extensions(&mut self, mut list: Reader<'_>) -> Result<(), Fault> {
        // Certificates have some ten; the cap keeps the search for duplicates cheap.
        const MAX_EXTENSIONS: usize = 256;
        while !list.is_empty() {
            if self.extensions.len() == MAX_EXTENSIONS {
                return Err(list.fault("no more than 256 extensions"));
            }
            let element = list.expect(tag::SEQUENCE, "an extension")?;
            match extension::read(&element, self) {
                Ok(extension) => {
                    if self.extensions.iter().any(|other| other.oid == extension.oid) {
                        let oid = extension.oid.clone();
                        self.violations.push(Violation::DuplicateExtension(oid));
                    }
                    self.extensions.push(extension);
                }
                Err(fault) => self.add_fault(fault),
            }
        }
        Ok(())
    }

    fn note_violations(&mut self) {
        let mut found = Vec::new();
        match self.serial.content() {
            [] => {}
            [first, ..] if first & 0x80 != 0 => found.push(Violation::NegativeSerial),
            zero if zero.iter().all(|byte| *byte == 0) => found.push(Violation::ZeroSerial),
            [0, rest @ ..] if rest.len() > 20 => found.push(Violation::LongSerial),
            [first, rest @ ..] if *first != 0 && rest.len() >= 20 => {
                found.push(Violation::LongSerial);
            }
            _ => {}
        }
        if self.malformed.is_none() {
            if self.issuer.is_empty() {
                found.push(Violation::EmptyIssuer);
            }
            let critical_names =
                self.extensions.iter().any(|e| e.critical && e.name() == Some("subjectAltName"));
            if self.subject.is_empty() && (self.is_ca() || !critical_names) {
                found.push(Violation::EmptySubject);
            }
        }
        if let (Some(start), Some(end)) = (self.not_before, self.not_after)
            && start > end
        {
            found.push(Violation::ValidityReversed);
        }
        if let Some(BasicConstraints { is_ca: false, path_len: Some(_) }) = self.basic_constraints {
            found.push(Violation::PathLengthWithoutCa);
        }
        if self.extended_key_usage.as_ref().is_some_and(|usage| usage.purposes.is_empty()) {
            found.push(Violation::EmptyExtendedKeyUsage);
        }
        if self.is_precertificate {
            found.push(Violation::Precertificate);
        }
        self.violations.append(&mut found);
    }

    /// Whether basicConstraints says that the subject may issue certificates.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|constraints| constraints.is_ca)
    }

    /// Whether issuer and subject are the same name. That it is also *self-signed*, only its
    /// signature can tell.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        !self.subject.is_empty() && self.issuer == self.subject
    }

    /// Whether it is of the version that allows extensions, and therefore of today's form.
    #[must_use]
    pub fn is_version_3(&self) -> bool {
        !self.violations.iter().any(|v| matches!(v, Violation::NotVersion3(_)))
    }

    /// Whether the other certificate holds the same subject and key: the same authority, perhaps
    /// signed by another one or renewed.
    #[must_use]
    pub fn is_same_entity(&self, other: &Self) -> bool {
        self.subject == other.subject && self.key == other.key && !self.key.der().is_empty()
    }

    /// Whether it was valid at `at`, in seconds since 1970. Both ends are part of the validity
    /// (RFC 5280 §4.1.2.5). A certificate without readable times is never valid.
    #[must_use]
    pub fn is_valid_at(&self, at: i64) -> bool {
        matches!((self.not_before, self.not_after), (Some(start), Some(end)) if start <= at && at <= end)
    }

    /// Whether one of its names is the name that the client asked for (RFC 9525 §6).
    ///
    /// Only subjectAltName counts; a common name does not, as no current client takes it.
    #[must_use]
    pub fn covers(&self, name: &ReferenceName) -> bool {
        match name {
            ReferenceName::Ip(address) => self.ip_addresses.contains(address),
            ReferenceName::Dns(host) => {
                self.dns_names.iter().any(|pattern| host.is_matched_by(pattern.raw()))
            }
            ReferenceName::Invalid(_) => false,
        }
    }

    /// Why no name covers `name`, by the name that comes nearest. None when one does cover it.
    #[must_use]
    pub fn nearest_miss(&self, name: &ReferenceName) -> Option<Miss> {
        if self.covers(name) { None } else { Some(Miss::find(self, name)) }
    }

    /// The names that the certificate covers, for a sentence: `` `a.example`, `b.example` and 3
    /// more ``. At most 20 are written out.
    #[must_use]
    pub fn names_for_display(&self) -> String {
        const SHOWN: usize = 6;
        let dns = self.dns_names.iter().map(|name| format!("`{name}`"));
        let addresses = self.ip_addresses.iter().map(|address| format!("`{address}`"));
        let names: Vec<String> = dns.chain(addresses).take(SHOWN).collect();
        let covered = self.dns_names.len() + self.ip_addresses.len();
        match covered.saturating_sub(names.len()) {
            0 if names.is_empty() => "no name".to_owned(),
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} by {})", self.subject, self.issuer)
    }
}

/// For fuzzing: parses, and touches everything that is computed from the facts.
pub(crate) fn fuzz(data: &[u8]) {
    let certificate = Certificate::parse(data);
    let name = ReferenceName::new(data);
    let _ = (certificate.covers(&name), certificate.nearest_miss(&name));
    let _ = (certificate.names_for_display(), certificate.serial.to_string());
    let _ = (certificate.subject.to_string(), certificate.key.to_string());
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustls_pki_types::{CertificateDer, pem::PemObject as _};

    use super::Certificate;
    use crate::Violation;

    fn leaf(story: &str) -> Vec<u8> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/certs/");
        let pem = fs::read(format!("{root}{story}/chain.pem")).unwrap();
        CertificateDer::pem_slice_iter(&pem).next().unwrap().unwrap().to_vec()
    }

    /// Replaces the first occurrence of some bytes by others of the same length.
    fn replaced(story: &str, from: &[u8], to: &[u8]) -> Certificate {
        let mut der = leaf(story);
        let at = der.windows(from.len()).position(|window| window == from).unwrap();
        der[at..at + to.len()].copy_from_slice(to);
        Certificate::parse(&der)
    }

    #[test]
    fn facts() {
        let leaf = Certificate::parse(&leaf("missing-intermediate-aia"));
        assert_eq!(leaf.malformed, None);
        assert_eq!(leaf.violations, []);
        assert_eq!(leaf.subject.to_string(), "CN=api.example.test");
        assert_eq!(leaf.issuer.to_string(), "CN=Example Issuing CA,O=Example");
        assert_eq!(leaf.key.to_string(), "EC P-256");
        assert_eq!(leaf.signature_algorithm.to_string(), "ecdsa-with-SHA256");
        assert_eq!((leaf.not_before, leaf.not_after), (Some(1_790_812_800), Some(1_822_348_800)));
        assert_eq!(leaf.dns_names[0].to_string(), "api.example.test");
        assert!(!leaf.is_ca() && leaf.is_version_3() && !leaf.is_self_issued());
        assert_eq!(leaf.key_usage.unwrap().to_string(), "digitalSignature");
        assert_eq!(leaf.extended_key_usage.as_ref().unwrap().to_string(), "serverAuth");
        assert_eq!(leaf.issuer_urls[0].to_string(), "http://ca.example.test/issuing.crt");
        assert_eq!(leaf.ocsp_urls[0].to_string(), "http://ocsp.example.test");
        assert_eq!(leaf.crl_urls[0].to_string(), "http://ca.example.test/issuing.crl");
        assert_eq!(leaf.policies[0].to_string(), "2.23.140.1.2.1");
        assert_eq!(leaf.sha256.to_string().len(), 64);
        assert!(Certificate::parse(&self::leaf("must-staple")).must_staple);
    }

    #[test]
    fn an_answer_to_an_acme_challenge() {
        let leaf = Certificate::parse(&leaf("acme-challenge"));
        let identifier = leaf.acme_identifier.unwrap();
        assert!(identifier.critical);
        assert_eq!(identifier.digest.unwrap()[31], 7);
    }

    #[test]
    fn serial_numbers() {
        let serial = |content: &[u8]| {
            let mut certificate = Certificate::parse(b"");
            certificate.serial = super::Serial::new(content);
            certificate.note_violations();
            (certificate.serial.to_string(), certificate.violations)
        };
        assert_eq!(serial(&[0, 0x9f, 1]), ("9f:01".to_owned(), vec![]));
        assert_eq!(serial(&[0x9f]), ("9f".to_owned(), vec![Violation::NegativeSerial]));
        assert_eq!(serial(&[0]), ("00".to_owned(), vec![Violation::ZeroSerial]));
        assert_eq!(serial(&[1; 21]).1, [Violation::LongSerial]);
        assert_eq!(serial(&[1; 20]).1, []);
        assert_eq!(serial(&[&[0, 0x80][..], &[1; 19]].concat()).1, []);
    }

    #[test]
    fn broken_rules() {
        // The outer algorithm becomes another one; the inner stays.
        let mut der = leaf("good");
        let oid = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let at = der.windows(8).rposition(|window| window == oid).unwrap();
        der[at + 7] = 3;
        let certificate = Certificate::parse(&der);
        assert_eq!(certificate.violations, [Violation::AlgorithmMismatch]);
        // subjectKeyIdentifier becomes a second keyUsage.
        let twice = replaced("good", &[0x55, 0x1d, 14], &[0x55, 0x1d, 15]);
        assert!(matches!(twice.violations[..], [Violation::DuplicateExtension(_)]));
        assert!(
            replaced("good", &[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 1]).violations[..]
                == [Violation::NotVersion3(1), Violation::ExtensionsNeedVersion3]
        );
    }

    #[test]
    fn a_bad_part_does_not_hide_the_rest() {
        // A month 13 in notAfter.
        let certificate = replaced("good", b"271001000000Z", b"271301000000Z");
        let malformed = certificate.malformed.unwrap();
        assert_eq!(malformed.expected, "a time: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ");
        assert_eq!(certificate.not_after, None);
        assert!(!certificate.is_valid_at(1_795_168_800));
        assert_eq!(certificate.dns_names.len(), 1);
        assert!(!certificate.signature.is_empty());
    }

    #[test]
    fn a_cut_certificate_gives_what_there_is() {
        let der = leaf("good");
        let mut seen_subject = false;
        for len in 0..der.len() {
            let certificate = Certificate::parse(&der[..len]);
            assert!(certificate.malformed.is_some(), "{len}");
            seen_subject |= certificate.subject.to_string() == "CN=api.example.test";
        }
        assert!(seen_subject);
    }
}
