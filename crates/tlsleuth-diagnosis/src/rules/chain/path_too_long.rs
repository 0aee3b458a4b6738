//! `chain.path-too-long`: a pathLenConstraint is exceeded.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A pathLenConstraint is exceeded.
    ///
    /// ## What happened
    /// More intermediates stand below an authority than it allows.
    /// ## Likely causes
    /// A sub-authority issued by one that may not have any.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_PATH_TOO_LONG of chain {
        code: "chain.path-too-long",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.2.1.9"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) = defect(chain, |kind| {
        matches!(kind, DefectKind::PathTooLong { .. } | DefectKind::TooDeep { .. })
    }) else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("more intermediates than {who} allows"))
            .evidence(chain.at(), format!("{who}: {}", found.kind))
            .remedy("Issue the leaf from an authority that may issue it, or the sub-authority from one with a larger pathLenConstraint.")
            .seen_as(&["OpenSSL: path length constraint exceeded (25)", "Go: x509: too many intermediates for path length constraint"]),
    ))
}
