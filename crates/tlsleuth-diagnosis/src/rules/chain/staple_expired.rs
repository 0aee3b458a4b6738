//! `chain.staple-expired`: the stapled OCSP response is out of date or cannot be believed.

use tlsleuth_cert::OcspProblem;

use super::owner;
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip, wording};

declare_rule! {
    /// The stapled OCSP response is out of date or cannot be believed.
    ///
    /// ## What happened
    /// nextUpdate lies in the past, thisUpdate in the future, or the signature is wrong.
    /// ## Likely causes
    /// The server cannot reach the responder and keeps an old response; a wrong clock.
    /// ## When it cannot be told
    /// Without a stapled response nothing is said. TLS 1.3 encrypts the Certificate message: without
    /// secrets nothing is said.
    pub static CHAIN_STAPLE_EXPIRED of chain {
        code: "chain.staple-expired",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 6960 §4.2.2.1"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let stapled = chain.stapled.as_ref().ok_or(Skip::NotApplicable)?;
    let bad = stapled.problems.iter().find(|problem| !matches!(problem, OcspProblem::Unchecked));
    let Some(problem) = bad else { return Ok(None) };
    let next = stapled.response.as_ref().and_then(|response| response.next_update);
    let says = match (problem, next) {
        (OcspProblem::Stale, Some(next)) => format!("it was good until {}", wording::date(next)),
        (problem, _) => problem.to_string(),
    };
    Ok(Some(
        Finding::new(owner(chain), format!("the stapled OCSP response is no good: {says}"))
        .evidence(chain.at(), format!("the stapled response: {says}"))
        .remedy("Let the server reach the OCSP responder (nginx: resolver and ssl_stapling_verify; firewall), and restart it so that it fetches a fresh response; or switch stapling off.")
        .seen_as(&["Firefox: SEC_ERROR_OCSP_OLD_RESPONSE", "curl --cert-status: (91) OCSP response has expired"]),
    ))
}
