//! The leafs that a server sent.

use std::sync::Arc;

use tlsleuth_capture::{Located, Place};
use tlsleuth_cert::{Certificate, Fingerprint};

use super::tally::Tally;
use crate::wording;

/// A leaf certificate in brief.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafFacts {
    /// Its fingerprint.
    pub sha256: Fingerprint,
    /// What it is called.
    pub name: String,
    /// Its serial number.
    pub serial: String,
    /// Who issued it.
    pub issuer: String,
    /// The sort of key: a server may have one certificate for each.
    pub key: &'static str,
    /// Start of validity, in seconds since 1970.
    pub not_before: Option<i64>,
    /// End of validity.
    pub not_after: Option<i64>,
}

impl LeafFacts {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        let key = certificate.key.to_string();
        Self {
            sha256: certificate.sha256,
            name: wording::certificate(certificate),
            serial: certificate.serial.to_string(),
            issuer: wording::authority(&certificate.issuer),
            key: if key.starts_with("RSA") {
                "RSA"
            } else if key.starts_with("EC") {
                "EC"
            } else {
                "other"
            },
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }

    /// As a sentence names it.
    #[must_use]
    pub fn display(&self) -> String {
        let end = self
            .not_after
            .map_or_else(String::new, |end| format!(", valid until {}", wording::date(end)));
        format!("{} (serial {}, issued by {}{end})", self.name, self.serial, self.issuer)
    }
}

/// A leaf where it was seen.
#[derive(Clone, Copy, Debug)]
pub struct SeenLeaf<'s> {
    /// The certificate.
    pub facts: &'s LeafFacts,
    /// The first frame with it.
    pub first: Place,
    /// The first frame with a stapled OCSP response from after it, and by how many seconds.
    pub stapled_ahead: Option<Located<i64>>,
}

/// A leaf at one server and name.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub facts: Arc<LeafFacts>,
    /// Whether its chain was trusted where it was first seen.
    pub trusted: Option<bool>,
    /// The first frame with it.
    pub first: Place,
    /// The last one.
    pub last: Place,
    /// The first frame with a stapled OCSP response from after it, and by how many seconds.
    pub stapled_ahead: Option<Located<i64>>,
    /// How often it was sent.
    pub count: u64,
    /// How those connections ended.
    pub tally: Tally,
}
