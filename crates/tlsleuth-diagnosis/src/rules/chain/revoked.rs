//! `chain.revoked`: the stapled OCSP response says that the certificate is revoked.

use tlsleuth_cert::{CertStatus, OcspProblem};

use super::owner;
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip, wording};

declare_rule! {
    /// The stapled OCSP response says that the certificate is revoked.
    ///
    /// ## What happened
    /// The server stapled its authority's word that the leaf is revoked.
    /// ## Likely causes
    /// The key was reported as leaked, or the certificate was replaced and revoked while it is still
    /// served.
    /// ## When it cannot be told
    /// Without a stapled response revocation cannot be seen in a capture. TLS 1.3 encrypts the
    /// Certificate message: without secrets nothing is said.
    pub static CHAIN_REVOKED of chain {
        code: "chain.revoked",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 6960 §2.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let stapled = chain.stapled.as_ref().ok_or(Skip::NotApplicable)?;
    let Some(response) = &stapled.response else { return Ok(None) };
    let CertStatus::Revoked { at, .. } = response.status else { return Ok(None) };
    if stapled.problems.iter().any(|problem| {
        matches!(problem, OcspProblem::BadSignature | OcspProblem::UnauthorizedSigner)
    }) {
        return Ok(None);
    }
    let when = wording::date(at);
    let why = response
        .status
        .reason_name()
        .map_or_else(String::new, |reason| format!(", reason {reason}"));
    Ok(Some(
        Finding::new(owner(chain), format!("the certificate was revoked: {when}"))
            .evidence(chain.at(), format!("the stapled OCSP response says revoked since {when}{why}"))
            .remedy("Install a new certificate with a new key, and find out who revoked the old one and why.")
            .seen_as(&["Go: remote error: tls: revoked certificate", "OpenSSL: certificate revoked (23)", "browsers: NET::ERR_CERT_REVOKED, SEC_ERROR_REVOKED_CERTIFICATE"]),
    ))
}
