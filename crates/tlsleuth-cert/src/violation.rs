//! Rules of RFC 5280 that a certificate breaks although it can be read.

use std::fmt;

use crate::Oid;

/// A rule that a certificate breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Violation {
    /// It is not of version 3 (§4.1.2.1); holds the version that it claims.
    NotVersion3(u32),
    /// It has extensions, which only version 3 has.
    ExtensionsNeedVersion3,
    /// issuerUniqueID or subjectUniqueID, which CAs must not write (§4.1.2.8).
    UniqueIdentifiers,
    /// The serial number is negative (§4.1.2.2).
    NegativeSerial,
    /// The serial number is zero (§4.1.2.2).
    ZeroSerial,
    /// The serial number is longer than 20 octets (§4.1.2.2).
    LongSerial,
    /// The algorithm inside the signed part differs from the one outside (§4.1.1.2).
    AlgorithmMismatch,
    /// The issuer is an empty name (§4.1.2.4).
    EmptyIssuer,
    /// The subject is empty, and there is no critical subjectAltName in its place (§4.1.2.6).
    EmptySubject,
    /// notAfter lies before notBefore.
    ValidityReversed,
    /// An extension stands in the list twice (§4.2).
    DuplicateExtension(Oid),
    /// An extension that no client of note looks into cannot be read.
    UnreadableExtension(Oid),
    /// A path length without cA or keyCertSign (§4.2.1.9).
    PathLengthWithoutCa,
    /// An extendedKeyUsage that names no purpose (§4.2.1.12).
    EmptyExtendedKeyUsage,
    /// A subjectAltName without a name (§4.2.1.6).
    EmptyAltName,
    /// Its authorityKeyIdentifier is not the subjectKeyIdentifier of the issuer whose key signed it
    /// (§4.2.1.2). Only a chain shows it, so no certificate has it by itself.
    OtherKeyIdentifier,
    /// It is a precertificate (RFC 6962 §3.1), which must never be used.
    Precertificate,
}

impl Violation {
    /// Who refuses a chain for it, None when nobody of note does.
    #[must_use]
    pub fn refused_by(&self) -> Option<&'static str> {
        match self {
            Self::NotVersion3(0 | 1) => Some("rustls; not OpenSSL, Go, Java"),
            Self::NotVersion3(_)
            | Self::AlgorithmMismatch
            | Self::ValidityReversed
            | Self::Precertificate => Some("every client"),
            Self::ExtensionsNeedVersion3 => Some("rustls, Java"),
            Self::UniqueIdentifiers => Some("rustls; not OpenSSL, Go"),
            Self::NegativeSerial => Some("Go from 1.23; not OpenSSL"),
            Self::DuplicateExtension(_) => Some("Go, rustls, NSS, GnuTLS"),
            Self::EmptyExtendedKeyUsage => Some("rustls, NSS"),
            Self::OtherKeyIdentifier => Some("OpenSSL; not Go, rustls"),
            Self::ZeroSerial
            | Self::LongSerial
            | Self::EmptyIssuer
            | Self::EmptySubject
            | Self::UnreadableExtension(_)
            | Self::EmptyAltName
            | Self::PathLengthWithoutCa => None,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotVersion3(version) => {
                return write!(f, "it is of X.509 version {}", u64::from(*version) + 1);
            }
            Self::DuplicateExtension(oid) => {
                return write!(f, "extension {oid} stands in it twice");
            }
            Self::UnreadableExtension(oid) => return write!(f, "extension {oid} cannot be read"),
            Self::ExtensionsNeedVersion3 => "it has extensions but is not of version 3",
            Self::UniqueIdentifiers => "it has unique identifiers",
            Self::NegativeSerial => "its serial number is negative",
            Self::ZeroSerial => "its serial number is zero",
            Self::LongSerial => "its serial number is longer than 20 octets",
            Self::AlgorithmMismatch => "the signature algorithms inside and outside differ",
            Self::EmptyIssuer => "its issuer is an empty name",
            Self::EmptySubject => "its subject is empty and no critical subjectAltName replaces it",
            Self::ValidityReversed => "it ends before it begins",
            Self::PathLengthWithoutCa => "it has a path length but is no CA",
            Self::EmptyExtendedKeyUsage => "its extendedKeyUsage names no purpose",
            Self::EmptyAltName => "its subjectAltName holds no name",
            Self::OtherKeyIdentifier => {
                "its authorityKeyIdentifier names another key than that of its issuer, which signed it"
            }
            Self::Precertificate => "it is a precertificate",
        })
    }
}
