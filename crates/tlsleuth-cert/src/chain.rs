//! A chain as one side sent it.

use std::sync::Arc;

use crate::{Certificate, Fingerprint, Limits, Name};

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

    /// Whether one of these authorities issued a certificate of the chain, or is in it: what a server
    /// wants that names authorities in its CertificateRequest. No names at all allow any chain.
    #[must_use]
    pub fn leads_to(&self, authorities: &[Name]) -> bool {
        let named = |name: &Name| authorities.contains(name);
        authorities.is_empty()
            || self
                .certificates
                .iter()
                .any(|c| named(&c.issuer) || (c.is_ca() && named(&c.subject)))
    }

    /// What tells chains apart: the fingerprints in their order.
    pub(crate) fn fingerprints(&self) -> Box<[Fingerprint]> {
        self.certificates.iter().map(|certificate| certificate.sha256).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Chain;
    use crate::{Certificate, name::tests::name};

    #[test]
    fn authorities_that_a_server_names() {
        let named = |text: &str| name(&[(&[0x55, 4, 3], 12, text.as_bytes())]);
        let mut leaf = Certificate::parse(b"");
        leaf.subject = named("leaf");
        leaf.issuer = named("A");
        let chain = Chain::new([Arc::new(leaf)]);
        assert!(chain.leads_to(&[named("B"), named("A")]));
        assert!(!chain.leads_to(&[named("B"), named("leaf")]));
        assert!(chain.leads_to(&[]));
    }

    #[test]
    fn too_many_are_counted() {
        let one = Arc::new(Certificate::parse(b""));
        let chain = Chain::new(std::iter::repeat_n(one, 5000));
        assert_eq!((chain.certificates().len(), chain.total()), (200, 5000));
        assert!(!chain.is_empty() && Chain::default().is_empty());
    }
}
