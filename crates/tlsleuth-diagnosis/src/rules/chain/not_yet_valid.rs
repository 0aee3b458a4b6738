//! `chain.not-yet-valid`: a certificate was not yet valid when it was sent.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// A certificate was not yet valid when it was sent.
    ///
    /// ## What happened
    /// The validity of a certificate on the path had not begun at the time of the capture.
    /// ## Likely causes
    /// The clock of the host that judges is behind (a board without a battery, a virtual machine that
    /// was suspended); the certificate was made for later; the authority's clock is ahead.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_NOT_YET_VALID of chain {
        code: "chain.not-yet-valid",
        severity: Error,
        since: "0.1.0",
        needs: [DATES],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.1.2.5"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::NotYetValid { .. }))
    else {
        return Ok(None);
    };
    let DefectKind::NotYetValid { not_before } = found.kind else { return Ok(None) };
    let ahead = wording::span(not_before.saturating_sub(chain.judged_at));
    Ok(Some(
        Finding::new(owner(chain), format!("the certificate {} becomes valid {ahead} after it was sent", named(certificate.as_deref())))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{} is valid from {}", named(certificate.as_deref()), wording::date(not_before)))
            .explain(format!("It begins at {}; the frame is from {}. Either the certificate is for later, or a clock is wrong: that of the host that made it, that of the client, or that of the capturing host.", wording::date(not_before), wording::date(chain.judged_at)))
            .remedy("Check the clocks first (timedatectl, chronyc tracking) on the client, the server and the host that issued the certificate; then install one that is valid now.")
            .seen_as(&[
                "curl: (60) SSL certificate problem: certificate is not yet valid",
                "Go: x509: certificate has expired or is not yet valid",
                "Java: CertificateNotYetValidException",
                "browsers: NET::ERR_CERT_DATE_INVALID",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_the_leaf() {
        check(
            &super::CHAIN_NOT_YET_VALID,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example not-yet-valid + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.not-yet-valid (certain, server): the certificate "shop.example" becomes valid 2 days after it was sent
                  frame 5: "shop.example" is valid from 2026-11-22 10:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn fires_for_an_intermediate() {
        check(
            &super::CHAIN_NOT_YET_VALID,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=not-yet-valid-intermediate + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.not-yet-valid (certain, server): the certificate "Example Issuing CA" becomes valid 41 days after it was sent
                  frame 5: "Example Issuing CA" is valid from 2027-01-01 00:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_NOT_YET_VALID,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=good + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_NOT_YET_VALID,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_chain_is_encrypted() {
        check(
            &super::CHAIN_NOT_YET_VALID,
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
