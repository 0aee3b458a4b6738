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
        needs: [STAPLE],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 6960 §2.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let stapled = chain.stapled.as_ref().ok_or(Skip::NotApplicable)?;
    let Some(response) = &stapled.value.response else { return Ok(None) };
    let CertStatus::Revoked { at, .. } = response.status else { return Ok(None) };
    if stapled.value.problems.iter().any(|problem| {
        matches!(problem, OcspProblem::BadSignature | OcspProblem::UnauthorizedSigner)
    }) {
        return Ok(None);
    }
    let when = wording::date(at);
    let why = response
        .status
        .reason_name()
        .map_or_else(String::new, |reason| format!(", reason {reason}"));
    let mut finding = Finding::new(owner(chain), format!("the certificate was revoked: {when}"));
    if stapled.value.problems.contains(&OcspProblem::Unchecked) {
        finding = finding.likely("Inferred: who signed the response could not be checked, since the issuer's certificate is not there or its algorithm is not known.");
    }
    Ok(Some(
        finding
            .certificate(Some(0))
            .evidence(stapled.at, format!("the stapled OCSP response says revoked since {when}{why}"))
            .remedy("Install a new certificate with a new key, and find out who revoked the old one and why.")
            .seen_as(&["Go: remote error: tls: revoked certificate", "OpenSSL: certificate revoked (23)", "browsers: NET::ERR_CERT_REVOKED, SEC_ERROR_REVOKED_CERTIFICATE"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_staple_says_so() {
        check(
            &super::CHAIN_REVOKED,
            "clock 1795240000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp + CertificateStatus revoked + ServerHelloDone
             client Alert fatal certificate_revoked",
            expect![[r#"
                error chain.revoked (certain, server): the certificate was revoked: 2026-11-05 00:00:00 UTC
                  frame 5: the stapled OCSP response says revoked since 2026-11-05 00:00:00 UTC, reason keyCompromise
            "#]],
        );
    }

    #[test]
    fn likely_when_its_signature_cannot_be_checked() {
        check(
            &super::CHAIN_REVOKED,
            "clock 1795240000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp alone + CertificateStatus revoked + ServerHelloDone
             client Alert fatal certificate_revoked",
            expect![[r#"
                error chain.revoked (likely, server): the certificate was revoked: 2026-11-05 00:00:00 UTC
                  frame 5: the stapled OCSP response says revoked since 2026-11-05 00:00:00 UTC, reason keyCompromise
            "#]],
        );
    }

    #[test]
    fn clear_when_the_staple_says_good() {
        check(
            &super::CHAIN_REVOKED,
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
    fn clear_when_the_staple_is_not_to_be_trusted() {
        check(
            &super::CHAIN_REVOKED,
            "clock 1795240000
             client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate ocsp + CertificateStatus unauthorized + ServerHelloDone
             client Alert fatal certificate_revoked",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_staple() {
        check(
            &super::CHAIN_REVOKED,
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
            &super::CHAIN_REVOKED,
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
