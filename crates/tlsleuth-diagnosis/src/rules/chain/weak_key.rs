//! `chain.weak-key`: a key on the path is too short.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A key on the path is too short.
    ///
    /// ## What happened
    /// A certificate on the path holds a key that today's clients refuse: RSA below 2048 bits, or a
    /// small curve.
    /// ## Likely causes
    /// An old certificate or a device that makes its own.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WEAK_KEY of chain {
        code: "chain.weak-key",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.1.2.7", "RFC 9325 §4.5"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((_, certificate)) = defect(chain, |kind| matches!(kind, DefectKind::WeakKey)) else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(
            owner(chain),
            format!(
                "the key of {who} is too weak ({})",
                certificate.as_ref().map_or_else(String::new, |c| c.key.to_string())
            ),
        )
        .evidence(
            chain.at(),
            format!(
                "{who} has the key {}",
                certificate.as_ref().map_or_else(String::new, |c| c.key.to_string())
            ),
        )
        .remedy("Issue the certificate anew with EC P-256 or RSA 2048 or more.")
        .seen_as(&[
            "OpenSSL: EE certificate key too weak (66)",
            "Java: Algorithm constraints check failed on keysize limits",
        ]),
    ))
}
