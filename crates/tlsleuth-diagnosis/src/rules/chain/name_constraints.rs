//! `chain.name-constraints`: a name is outside of the constraints of an issuer.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A name is outside of the constraints of an issuer.
    ///
    /// ## What happened
    /// An authority may only certify certain names, and the certificate holds another one.
    /// ## Likely causes
    /// A constrained company authority was asked for a name outside of its domain.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_NAME_CONSTRAINTS of chain {
        code: "chain.name-constraints",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.2.1.10"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::NameConstraints { .. }))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("{who} holds a name that its issuer may not certify"))
            .evidence(chain.at(), format!("{who}: {}", found.kind))
            .remedy("Request the certificate from an authority that may certify this name, or leave the name out.")
            .seen_as(&["OpenSSL: permitted subtree violation (47), excluded subtree violation (48)", "Go: x509: a root or intermediate certificate is not authorized to sign for this name"]),
    ))
}
