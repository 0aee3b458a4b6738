//! What the extensions of a certificate say (RFC 5280 §4.2 and later).

use std::{fmt, net::IpAddr};

use x509_parser::{
    extensions::{DistributionPointName, GeneralName, ParsedExtension, X509ExtensionParser},
    nom::Parser as _,
};

use crate::{
    Fingerprint, Name, Oid, Sct, Scts, Violation, WireText,
    certificate::Certificate,
    der::{Element, Fault, Reader, tag},
    limits::MAX_NAMES,
};

/// One extension, as it stands in the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extension {
    /// What it is.
    pub oid: Oid,
    /// A client that does not know it must refuse the certificate.
    pub critical: bool,
    /// Where it starts, counted from the first byte of the certificate.
    pub offset: usize,
}

impl Extension {
    /// Its usual name, as OpenSSL and RFC 5280 spell it.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.oid.content() {
            [0x55, 0x1d, last] => match last {
                9 => "subjectDirectoryAttributes",
                14 => "subjectKeyIdentifier",
                15 => "keyUsage",
                16 => "privateKeyUsagePeriod",
                17 => "subjectAltName",
                18 => "issuerAltName",
                19 => "basicConstraints",
                30 => "nameConstraints",
                31 => "crlDistributionPoints",
                32 => "certificatePolicies",
                33 => "policyMappings",
                35 => "authorityKeyIdentifier",
                36 => "policyConstraints",
                37 => "extendedKeyUsage",
                46 => "freshestCRL",
                54 => "inhibitAnyPolicy",
                _ => return None,
            },
            AUTHORITY_INFO_ACCESS => "authorityInfoAccess",
            TLS_FEATURE => "tlsFeature",
            SCT_LIST => "signedCertificateTimestampList",
            SCT_POISON => "ctPoison",
            ACME_IDENTIFIER => "acmeIdentifier",
            _ => return None,
        })
    }

    /// Whether Go and OpenSSL parse its body, so that a bad one makes them refuse.
    fn is_read_by_clients(&self) -> bool {
        matches!(self.oid.content(), [0x55, 0x1d, 14 | 15 | 17 | 19 | 30 | 31 | 32 | 35 | 37])
            || self.oid.content() == AUTHORITY_INFO_ACCESS
    }

    /// Whether rustls knows it, so that it may be critical.
    pub(crate) fn is_processed_by_rustls(&self) -> bool {
        matches!(self.oid.content(), [0x55, 0x1d, 15 | 17 | 19 | 30 | 31 | 37])
    }

    /// Whether OpenSSL and Go process it, so that it may be critical.
    pub(crate) fn is_processed(&self) -> bool {
        matches!(self.oid.content(), [0x55, 0x1d, 15 | 17 | 19 | 30 | 31 | 32 | 33 | 36 | 37 | 54])
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.oid),
        }
    }
}

const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
const ACME_IDENTIFIER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 31];
const SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
const SCT_POISON: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3];
const OCSP_NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];

/// The basicConstraints extension (RFC 5280 §4.2.1.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BasicConstraints {
    /// Whether the subject may issue certificates.
    pub is_ca: bool,
    /// How many intermediates may stand between it and a leaf.
    pub path_len: Option<u32>,
}

/// The keyUsage extension (RFC 5280 §4.2.1.3): bit 0 is the lowest here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// The key may sign handshakes.
    #[must_use]
    pub fn digital_signature(self) -> bool {
        self.0 & 1 != 0
    }

    /// The key may decrypt the premaster secret of RSA key exchange.
    #[must_use]
    pub fn key_encipherment(self) -> bool {
        self.0 >> 2 & 1 != 0
    }

    /// The key may be used for static (EC)DH.
    #[must_use]
    pub fn key_agreement(self) -> bool {
        self.0 >> 4 & 1 != 0
    }

    /// The key may sign certificates.
    #[must_use]
    pub fn key_cert_sign(self) -> bool {
        self.0 >> 5 & 1 != 0
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        list(f, NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 != 0).map(|(_, n)| n))
    }
}

/// The extendedKeyUsage extension (RFC 5280 §4.2.1.12).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExtendedKeyUsage {
    /// May be a TLS server.
    pub server_auth: bool,
    /// May be a TLS client.
    pub client_auth: bool,
    /// May sign OCSP responses for its issuer.
    pub ocsp_signing: bool,
    /// anyExtendedKeyUsage, which most TLS clients do not take for an answer.
    pub any: bool,
    /// Every purpose, by its usual name or dotted identifier.
    pub purposes: Vec<String>,
}

impl fmt::Display for ExtendedKeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.purposes.iter())
    }
}

/// The nameConstraints extension (RFC 5280 §4.2.1.10).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NameConstraints {
    /// A name of one of these forms must be within one of them.
    pub permitted: Vec<NameSubtree>,
    /// No name may be within one of these.
    pub excluded: Vec<NameSubtree>,
}

/// One subtree of names.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NameSubtree {
    /// This DNS name and all below it; with a leading dot only those below it.
    Dns(WireText),
    /// A range of addresses.
    Ip(IpRange),
    /// E-mail addresses.
    Email(WireText),
    /// URIs by host.
    Uri(WireText),
    /// Distinguished names below this one. rustls refuses every chain with such a constraint.
    Directory(Name),
    /// Another form, or one that cannot be read.
    Other,
}

impl fmt::Display for NameSubtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) => write!(f, "DNS:{text}"),
            Self::Ip(range) => write!(f, "IP:{range}"),
            Self::Email(text) => write!(f, "email:{text}"),
            Self::Uri(text) => write!(f, "URI:{text}"),
            Self::Directory(name) => write!(f, "directory:{name}"),
            Self::Other => f.write_str("another form of name"),
        }
    }
}

/// An address and a mask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IpRange {
    /// The address.
    pub address: IpAddr,
    /// Bits that must agree.
    pub mask: IpAddr,
}

impl IpRange {
    /// Whether the range holds this address.
    #[must_use]
    pub fn contains(&self, address: &IpAddr) -> bool {
        match (self.address, self.mask, address) {
            (IpAddr::V4(range), IpAddr::V4(mask), IpAddr::V4(address)) => {
                (range.to_bits() ^ address.to_bits()) & mask.to_bits() == 0
            }
            (IpAddr::V6(range), IpAddr::V6(mask), IpAddr::V6(address)) => {
                (range.to_bits() ^ address.to_bits()) & mask.to_bits() == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.mask)
    }
}

/// The acmeIdentifier extension (RFC 8737 §3): the certificate answers a tls-alpn-01 challenge and
/// is not meant for users.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AcmeIdentifier {
    /// RFC 8737 demands that it is critical.
    pub critical: bool,
    /// SHA-256 of the key authorization; None if the extension does not hold 32 octets.
    pub digest: Option<[u8; 32]>,
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    let mut none = true;
    for item in items {
        write!(f, "{}{item}", if none { "" } else { ", " })?;
        none = false;
    }
    if none { f.write_str("nothing") } else { Ok(()) }
}

/// URLs of one kind that are kept of one certificate.
const MAX_URLS: usize = 16;

/// Reads one extension into the certificate; the fault tells of its body, and the next extension
/// can be read all the same.
///
/// ```text
/// Extension ::= SEQUENCE {
///     extnID     OBJECT IDENTIFIER,
///     critical   BOOLEAN DEFAULT FALSE,
///     extnValue  OCTET STRING }
/// ```
pub(crate) fn read(element: &Element<'_>, into: &mut Certificate) -> Result<Extension, Fault> {
    let mut reader = element.open();
    let oid = reader.expect(tag::OID, "an extension's identifier")?.content;
    let critical = reader
        .optional(tag::BOOLEAN, "whether the extension is critical")?
        .is_some_and(|critical| critical.content.iter().any(|byte| *byte != 0));
    let value = reader.expect(tag::OCTET_STRING, "an extension's value (OCTET STRING)")?;
    let extension = Extension { oid: Oid::new(oid), critical, offset: element.offset };
    let body = value.open();
    let read = match oid {
        [0x55, 0x1d, 17] => read_names(body, into),
        TLS_FEATURE => read_features(body).map(|status| into.must_staple |= status),
        ACME_IDENTIFIER => {
            let mut body = body;
            let octets = body.expect(tag::OCTET_STRING, "32 octets of a challenge").ok();
            let digest = octets.and_then(|octets| octets.content.try_into().ok());
            into.acme_identifier = Some(AcmeIdentifier { critical, digest });
            Ok(())
        }
        OCSP_NO_CHECK => {
            into.ocsp_no_check = true;
            Ok(())
        }
        SCT_POISON => {
            into.is_precertificate = true;
            Ok(())
        }
        _ => read_by_library(element, into)
            .map_err(|expected| Fault { offset: value.content_offset(), expected }),
    };
    if let Err(fault) = read {
        if extension.is_read_by_clients() {
            into.add_extension_fault(fault);
        } else {
            into.violations.push(Violation::UnreadableExtension(extension.oid.clone()));
        }
    }
    Ok(extension)
}

fn read_by_library(element: &Element<'_>, into: &mut Certificate) -> Result<(), &'static str> {
    let Ok((_, parsed)) = X509ExtensionParser::new().parse(element.whole) else {
        return Err("an extension");
    };
    match parsed.parsed_extension() {
        ParsedExtension::ParseError { .. } => {
            return Err(match parsed.oid.as_bytes() {
                [0x55, 0x1d, 14] => "a subjectKeyIdentifier",
                [0x55, 0x1d, 15] => "a keyUsage",
                [0x55, 0x1d, 18] => "an issuerAltName",
                [0x55, 0x1d, 19] => "a basicConstraints",
                [0x55, 0x1d, 30] => "a nameConstraints",
                [0x55, 0x1d, 31] => "a crlDistributionPoints",
                [0x55, 0x1d, 32] => "a certificatePolicies",
                [0x55, 0x1d, 35] => "an authorityKeyIdentifier",
                [0x55, 0x1d, 37] => "an extendedKeyUsage",
                AUTHORITY_INFO_ACCESS => "an authorityInfoAccess",
                SCT_LIST => "a list of signed certificate timestamps",
                _ => "an extension body of its kind",
            });
        }
        ParsedExtension::BasicConstraints(constraints) => {
            into.basic_constraints = Some(BasicConstraints {
                is_ca: constraints.ca,
                path_len: constraints.path_len_constraint,
            });
        }
        ParsedExtension::KeyUsage(usage) => into.key_usage = Some(KeyUsage(usage.flags)),
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let mut purposes = Vec::new();
            for (given, name) in [
                (usage.any, "anyExtendedKeyUsage"),
                (usage.server_auth, "serverAuth"),
                (usage.client_auth, "clientAuth"),
                (usage.code_signing, "codeSigning"),
                (usage.email_protection, "emailProtection"),
                (usage.time_stamping, "timeStamping"),
                (usage.ocsp_signing, "OCSPSigning"),
            ] {
                if given {
                    purposes.push(name.to_owned());
                }
            }
            purposes.extend(
                usage.other.iter().take(64).map(|oid| Oid::new(oid.as_bytes()).to_string()),
            );
            into.extended_key_usage = Some(ExtendedKeyUsage {
                server_auth: usage.server_auth,
                client_auth: usage.client_auth,
                ocsp_signing: usage.ocsp_signing,
                any: usage.any,
                purposes,
            });
        }
        ParsedExtension::SubjectKeyIdentifier(id) => {
            into.subject_key_id = Some(id.0.into());
        }
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            into.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.into());
        }
        ParsedExtension::NameConstraints(constraints) => {
            let read = |trees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
                let trees = trees.iter().flatten().take(MAX_NAMES);
                trees.map(|tree| subtree(&tree.base)).collect()
            };
            into.name_constraints = Some(NameConstraints {
                permitted: read(&constraints.permitted_subtrees),
                excluded: read(&constraints.excluded_subtrees),
            });
        }
        ParsedExtension::AuthorityInfoAccess(access) => {
            for description in access.iter() {
                let GeneralName::URI(url) = description.access_location else { continue };
                let list = match description.access_method.as_bytes() {
                    [0x2b, 6, 1, 5, 5, 7, 0x30, 1] => &mut into.ocsp_urls,
                    [0x2b, 6, 1, 5, 5, 7, 0x30, 2] => &mut into.issuer_urls,
                    _ => continue,
                };
                if list.len() < MAX_URLS {
                    list.push(WireText::from(url));
                }
            }
        }
        ParsedExtension::CRLDistributionPoints(points) => {
            for point in points.iter() {
                let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
                    continue;
                };
                for name in names {
                    if let GeneralName::URI(url) = name
                        && into.crl_urls.len() < MAX_URLS
                    {
                        into.crl_urls.push(WireText::from(*url));
                    }
                }
            }
        }
        ParsedExtension::CertificatePolicies(policies) => {
            let oids = policies.iter().take(64);
            into.policies = oids.map(|policy| Oid::new(policy.policy_id.as_bytes())).collect();
        }
        ParsedExtension::SCT(list) => {
            into.scts = Scts::new(list.iter().map(|sct| Sct {
                log_id: Fingerprint(*sct.id.key_id),
                timestamp_ms: sct.timestamp,
            }));
        }
        _ => {}
    }
    Ok(())
}

fn subtree(base: &GeneralName<'_>) -> NameSubtree {
    match base {
        GeneralName::DNSName(name) => NameSubtree::Dns(WireText::from(*name)),
        GeneralName::RFC822Name(name) => NameSubtree::Email(WireText::from(*name)),
        GeneralName::URI(name) => NameSubtree::Uri(WireText::from(*name)),
        GeneralName::IPAddress(octets) => {
            let half = octets.len() / 2;
            let (address, mask) = octets.split_at_checked(half).unwrap_or_default();
            match (ip_address(address), ip_address(mask)) {
                (Some(address), Some(mask)) => NameSubtree::Ip(IpRange { address, mask }),
                _ => NameSubtree::Other,
            }
        }
        GeneralName::DirectoryName(name) => {
            match Reader::new(name.as_raw()).expect(tag::SEQUENCE, "a name") {
                Ok(element) => NameSubtree::Directory(Name::read(&element).0),
                Err(_) => NameSubtree::Other,
            }
        }
        _ => NameSubtree::Other,
    }
}

/// An iPAddress of a subjectAltName: 4 or 16 octets in network order.
pub(crate) fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

/// Reads the subjectAltName one name at a time, so that a bad one hides no other.
///
/// ```text
/// SubjectAltName ::= GeneralNames
/// GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
/// GeneralName ::= CHOICE {
///     otherName [0], rfc822Name [1] IA5String, dNSName [2] IA5String, x400Address [3],
///     directoryName [4], ediPartyName [5], uniformResourceIdentifier [6] IA5String,
///     iPAddress [7] OCTET STRING, registeredID [8] }
/// ```
fn read_names(mut body: Reader<'_>, into: &mut Certificate) -> Result<(), Fault> {
    let mut names = body.expect(tag::SEQUENCE, "a list of names (subjectAltName)")?.open();
    let mut bad = None;
    while !names.is_empty() {
        let name = names.next("a name of subjectAltName")?;
        into.names_total += 1;
        if into.names_total > MAX_NAMES {
            continue;
        }
        let text = || WireText::new(name.content);
        if matches!(name.tag, 0x81 | 0x82 | 0x86) && !name.content.is_ascii() {
            bad = bad.or(Some(Fault {
                offset: name.offset,
                expected: "a name of subjectAltName in ASCII (IA5String)",
            }));
        }
        match name.tag {
            0x81 => into.email_addresses.push(text()),
            0x82 => into.dns_names.push(text()),
            0x86 => into.uris.push(text()),
            0x87 => match ip_address(name.content) {
                Some(address) => into.ip_addresses.push(address),
                None => {
                    into.other_names += 1;
                    bad = bad.or(Some(Fault {
                        offset: name.offset,
                        expected: "an address of 4 or 16 octets",
                    }));
                }
            },
            _ => into.other_names += 1,
        }
    }
    if into.names_total == 0 {
        into.violations.push(Violation::EmptyAltName);
    }
    bad.map_or(Ok(()), Err)
}

/// Whether the TLS features (RFC 7633) hold status_request (5): the server must staple.
fn read_features(mut body: Reader<'_>) -> Result<bool, Fault> {
    let mut features = body.expect(tag::SEQUENCE, "a list of TLS features")?.open();
    let mut status_request = false;
    while !features.is_empty() {
        let feature = features.expect(tag::INTEGER, "a TLS feature")?;
        status_request |= feature.small_integer() == Ok(5);
    }
    Ok(status_request)
}
