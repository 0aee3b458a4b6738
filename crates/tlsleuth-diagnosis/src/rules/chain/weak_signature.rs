//! `chain.weak-signature`: a certificate on the path is signed with MD5 or SHA-1.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A certificate on the path is signed with MD5 or SHA-1.
    ///
    /// ## What happened
    /// The signature rests on a broken hash, which today's clients refuse.
    /// ## Likely causes
    /// An old private authority.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WEAK_SIGNATURE of chain {
        code: "chain.weak-signature",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 9155", "RFC 6151"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((_, certificate)) = defect(chain, |kind| matches!(kind, DefectKind::WeakSignature))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(
            owner(chain),
            format!(
                "{who} is signed with a broken hash ({})",
                certificate
                    .as_ref()
                    .map_or_else(String::new, |c| c.signature_algorithm.to_string())
            ),
        )
        .evidence(
            chain.at(),
            format!(
                "{who} is signed with {}",
                certificate
                    .as_ref()
                    .map_or_else(String::new, |c| c.signature_algorithm.to_string())
            ),
        )
        .remedy("Let the authority sign with SHA-256 and issue the certificate anew.")
        .seen_as(&[
            "Go: x509: cannot verify signature: insecure algorithm SHA1-RSA",
            "OpenSSL: CA signature digest algorithm too weak (68)",
            "Java: Algorithm constraints check failed on signature algorithm",
        ]),
    ))
}
