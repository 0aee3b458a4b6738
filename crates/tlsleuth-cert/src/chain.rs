//! A chain as one side sent it.

use std::sync::Arc;

use crate::{Certificate, Fingerprint, Limits};

/// The certificates of one Certificate message in the order sent, the leaf first.
///
/// Holds at most 200 certificates ([`Limits::max_chain_certificates`]); [`total`](Self::total) tells
/// how many were sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chain {
    certificates: Vec<Arc<Certificate>>,
    total: usize,
}

impl Chain {
    /// Takes the certificates in the order sent.
    pub fn new(certificates: impl IntoIterator<Item = Arc<Certificate>>) -> Self {
        let mut all = certificates.into_iter();
        let limit = Limits::default().max_chain_certificates;
        let certificates: Vec<_> = all.by_ref().take(limit).collect();
        let total = certificates.len() + all.count();
        Self { certificates, total }
    }

    /// The certificates in the order sent.
    #[must_use]
    pub fn certificates(&self) -> &[Arc<Certificate>] {
        &self.certificates
    }

    /// How many were sent; more than are kept only in hostile chains.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// The first certificate, which every client takes as the peer's own.
    #[must_use]
    pub fn leaf(&self) -> Option<&Arc<Certificate>> {
        self.certificates.first()
    }

    /// Whether no certificate was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// What tells chains apart: the fingerprints in their order.
    pub(crate) fn fingerprints(&self) -> Box<[Fingerprint]> {
        self.certificates.iter().map(|certificate| certificate.sha256).collect()
    }
}
