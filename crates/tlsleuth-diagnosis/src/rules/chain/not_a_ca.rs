//! `chain.not-a-ca`: an issuer may not issue certificates.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// An issuer may not issue certificates.
    ///
    /// ## What happened
    /// A certificate was signed by one without CA:TRUE, or whose keyUsage leaves keyCertSign out.
    /// ## Likely causes
    /// A private authority made without basicConstraints; a leaf used to sign.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_NOT_A_CA of chain {
        code: "chain.not-a-ca",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.2.1.9", "RFC 5280 §4.2.1.3"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::NotACa { .. } | DefectKind::CaAsLeaf))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), match found.kind { DefectKind::CaAsLeaf => format!("the leaf {who} is an authority's certificate"), _ => format!("{who} issued a certificate and is no authority") })
            .evidence(chain.at(), format!("{who}: {}", found.kind))
            .remedy("Make the authority anew with basicConstraints CA:TRUE (critical) and keyUsage keyCertSign, and issue the leaf from it.")
            .seen_as(&["OpenSSL: invalid CA certificate (24)", "Go: x509: invalid signature: parent certificate cannot sign this kind of certificate"]),
    ))
}
