//! `chain.staple-expired`: the stapled OCSP response is out of date or cannot be believed.

use tlsleuth_cert::{CertStatus, OcspProblem};

use super::owner;
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip, wording};

declare_rule! {
    /// The stapled OCSP response is out of date or cannot be believed.
    ///
    /// ## What happened
    /// nextUpdate lies in the past, thisUpdate in the future, the signature is wrong, or the responder
    /// does not know the certificate.
    /// ## Likely causes
    /// The server cannot reach the responder and keeps an old response; a response from before the
    /// certificate was renewed; a certificate so new that the responder does not know it; a wrong clock.
    /// ## When it cannot be told
    /// Without a stapled response nothing is said. TLS 1.3 encrypts the Certificate message: without
    /// secrets nothing is said.
    pub static CHAIN_STAPLE_EXPIRED of chain {
        code: "chain.staple-expired",
        severity: Error,
        since: "0.1.0",
        needs: [STAPLE],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 6960 §4.2.2.1"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let stapled = chain.stapled.as_ref().ok_or(Skip::NotApplicable)?;
    let judged = &stapled.value;
    let unknown = judged.status() == Some(CertStatus::Unknown);
    let bad = judged.problems.iter().find(|problem| !matches!(problem, OcspProblem::Unchecked));
    let (says, fix) = match (bad, &judged.response) {
        (Some(OcspProblem::Stale), Some(response)) => {
            let until = response.next_update.map_or_else(String::new, wording::date);
            (format!("it was good until {until}"), FETCH)
        }
        (Some(OcspProblem::Future), Some(response)) => {
            (format!("it is from {}, after this frame", wording::date(response.this_update)), CLOCK)
        }
        (
            Some(
                problem @ (OcspProblem::NotAboutLeaf
                | OcspProblem::UnauthorizedSigner
                | OcspProblem::BadSignature),
            ),
            _,
        ) => (problem.to_string(), RENEW),
        (Some(problem), _) => (problem.to_string(), FETCH),
        (None, _) if unknown => ("the responder does not know the certificate".to_owned(), UNKNOWN),
        (None, _) => return Ok(None),
    };
    Ok(Some(
        Finding::new(owner(chain), format!("the stapled OCSP response is no good: {says}"))
        .certificate(Some(0))
        .evidence(stapled.at, format!("the stapled response: {says}"))
        .remedy(fix)
        .seen_as(&["Firefox: SEC_ERROR_OCSP_OLD_RESPONSE, SEC_ERROR_OCSP_FUTURE_RESPONSE, SEC_ERROR_OCSP_UNKNOWN_CERT", "curl --cert-status: (91) OCSP response has expired"]),
    ))
}

const FETCH: &str = "Let the server reach the OCSP responder (nginx: resolver and ssl_stapling_verify; firewall), and restart it so that it fetches a fresh response; or switch stapling off.";
const RENEW: &str = "Let the server fetch the response anew (nginx: remove an old ssl_stapling_file, restart; HAProxy: renew the .ocsp file beside the certificate): after a renewal the old one is about another certificate. Or switch stapling off.";
const CLOCK: &str = "Check the clocks first (timedatectl, chronyc tracking) on the client, the server and the capturing host: a response is made before it is stapled, so one of them is behind.";
const UNKNOWN: &str = "The authority's responder has no record of this certificate: right after it was issued, wait some minutes and let the server fetch again; otherwise ask the authority, or have the certificate issued anew. Switch stapling off meanwhile.";

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_it_is_stale() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "clock 1796104000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp + CertificateStatus good + ServerHelloDone
             client Alert fatal certificate_revoked",
            expect![[r#"
                error chain.staple-expired (certain, server): the stapled OCSP response is no good: it was good until 2026-11-28 04:43:32 UTC
                  frame 5: the stapled response: it was good until 2026-11-28 04:43:32 UTC
            "#]],
        );
    }

    #[test]
    fn fires_when_its_signer_may_not() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "clock 1795240000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp + CertificateStatus unauthorized + ServerHelloDone
             client Alert fatal certificate_revoked",
            expect![[r#"
                error chain.staple-expired (certain, server): the stapled OCSP response is no good: its signer may not sign for the issuer
                  frame 6: the stapled response: its signer may not sign for the issuer
            "#]],
        );
    }

    #[test]
    fn fires_when_it_is_from_the_future() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "clock 1795000000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp
             server CertificateStatus good + ServerHelloDone
             client Alert fatal bad_certificate_status_response",
            expect![[r#"
                error chain.staple-expired (certain, server): the stapled OCSP response is no good: it is from 2026-11-21 04:43:32 UTC, after this frame
                  frame 6: the stapled response: it is from 2026-11-21 04:43:32 UTC, after this frame
            "#]],
        );
    }

    #[test]
    fn fires_when_the_responder_does_not_know_the_certificate() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "clock 1795240000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp + CertificateStatus unknown + ServerHelloDone
             client Alert fatal bad_certificate_status_response",
            expect![[r#"
                error chain.staple-expired (certain, server): the stapled OCSP response is no good: the responder does not know the certificate
                  frame 5: the stapled response: the responder does not know the certificate
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_fresh() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "clock 1795240000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp + CertificateStatus good + ServerHelloDone
             client Alert fatal certificate_revoked",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_staple() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example  + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_chain_is_encrypted() {
        check(
            &super::CHAIN_STAPLE_EXPIRED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
