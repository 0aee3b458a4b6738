//! Paths from a leaf to a root.

use std::sync::Arc;

use crate::{Certificate, Name, WireText};

/// Where a certificate of a path was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// It was sent, at this place of the chain, counted from 0.
    Sent(usize),
    /// It is a trust anchor that was not sent.
    Anchor,
    /// It was not sent here but in another chain of the capture.
    SeenElsewhere,
}

/// What the check of a signature gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureCheck {
    /// It is right.
    Valid,
    /// It is wrong.
    Invalid,
    /// It was not checked; why.
    Unchecked(&'static str),
}

/// One certificate of a path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PathStep {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Where it was found.
    pub origin: Origin,
    /// Whether it is a trust anchor, or holds the name and key of one. Only the last step can.
    pub is_anchor: bool,
    /// Its signature, checked with the key of the next step; at a self-signed end with its own key.
    /// None at an anchor, whose signature does not matter, and where the issuer is not there.
    pub signature: Option<SignatureCheck>,
}

/// What is known of an issuer that was not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerHints {
    /// Its name.
    pub issuer: Name,
    /// The identifier of its key, if the certificate tells.
    pub authority_key_id: Option<Box<[u8]>>,
    /// Where it can be fetched, if the certificate tells.
    pub issuer_urls: Vec<WireText>,
    /// The issuer, seen in another chain of the capture.
    pub found: Option<Arc<Certificate>>,
    /// Whether the path reaches an anchor when certificates seen elsewhere fill the gap.
    pub found_leads_to_anchor: bool,
    /// How many authorities' certificates were sent and used before the gap.
    pub intermediates_sent: usize,
    /// Whether the leaf carries certificate timestamps, as all certificates of publicly trusted
    /// authorities do.
    pub leaf_is_public: bool,
    /// An anchor of the same organization.
    pub same_organization: Option<Arc<Certificate>>,
    /// A certificate (sent, anchor or seen elsewhere) that has the issuer's name, but another key.
    pub same_name_other_key: Option<Arc<Certificate>>,
    /// A certificate (sent) whose subject says the same as the issuer in another encoding, which
    /// OpenSSL takes and others do not.
    pub name_differs_in_encoding: Option<Arc<Certificate>>,
}
