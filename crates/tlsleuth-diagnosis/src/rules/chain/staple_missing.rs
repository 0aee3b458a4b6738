//! `chain.staple-missing`: the certificate demands a stapled OCSP response, and there is none.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::ExtensionType;

use super::owner;
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip};

declare_rule! {
    /// The certificate demands a stapled OCSP response, and there is none.
    ///
    /// ## What happened
    /// The leaf has the TLS feature status_request (must-staple), the client asked for a response,
    /// and the server sent none.
    /// ## Likely causes
    /// A restarted server that has not fetched one yet; stapling not configured.
    /// ## When it cannot be told
    /// Only where the client asked for it. TLS 1.3 encrypts the Certificate message: without secrets
    /// nothing is said.
    pub static CHAIN_STAPLE_MISSING of chain {
        code: "chain.staple-missing",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 7633 §4.2.3"],
    }
}

fn check(case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let leaf = chain.leaf()?;
    if chain.side != Side::Server || !leaf.must_staple {
        return Err(Skip::NotApplicable);
    }
    let hello = case.client_hello()?;
    if !hello.value.extensions.contains(ExtensionType::STATUS_REQUEST) {
        return Err(Skip::NotApplicable);
    }
    if chain.sent.value.stapled.is_some() {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(owner(chain), "the certificate demands a stapled OCSP response, and the server sent none")
            .evidence(hello.at, "the client asks for a stapled response")
            .evidence(chain.at(), "the leaf has must-staple, and no response came with it")
            .remedy("Switch stapling on and let the server fetch a response before it takes connections (nginx: ssl_stapling on with ssl_stapling_file; Apache: SSLUseStapling on), or issue the certificate anew without must-staple.")
            .seen_as(&["Firefox: MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING"]),
    ))
}
