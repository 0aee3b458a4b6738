//! `chain.expired`: a certificate had expired when it was sent.

use tlsleuth_cert::DefectKind;
use tlsleuth_handshake::Side;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// A certificate had expired when it was sent.
    ///
    /// ## What happened
    /// The validity of a certificate on the path had ended at the time of the capture.
    /// ## Likely causes
    /// The renewal failed, or the renewed certificate is on disk and the server was not reloaded; an
    /// intermediate or cross-signed root expired; the clock that judges is wrong.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_EXPIRED of chain {
        code: "chain.expired",
        severity: Error,
        since: "0.1.0",
        needs: [DATES],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.1.2.5"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::Expired { .. }))
    else {
        return Ok(None);
    };
    let DefectKind::Expired { not_after } = found.kind else { return Ok(None) };
    let ago = wording::span(chain.judged_at.saturating_sub(not_after));
    let leaf = super::is_leaf(found);
    let what = if leaf { "the certificate" } else { "an issuing certificate" };
    Ok(Some(
        Finding::new(owner(chain), format!("{what} {} expired {ago} before it was sent", named(certificate.as_deref())))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!(
                "{} (serial {}) was valid until {}",
                named(certificate.as_deref()),
                certificate.as_ref().map_or_else(String::new, |certificate| certificate.serial.to_string()),
                wording::date(not_after)
            ))
            .explain(format!("It ended at {}; the frame is from {}.", wording::date(not_after), wording::date(chain.judged_at)))
            .remedy(if leaf && chain.side == Side::Client {
                "Renew the client's certificate and let the client read the new file: most programs read it once and want a restart. (Short-lived ones: look at the agent that renews them: cert-manager, step-ca, SPIRE, Vault.)"
            } else if leaf {
                "Renew it and reload the service: a renewed file alone changes nothing until nginx -s reload, systemctl reload apache2, or a restart of a Go or Java server that reads it once (certbot: a deploy hook; Kubernetes: cert-manager's Certificate and its events)."
            } else {
                "Replace the chain file by the one that the authority gives out today; drop the expired intermediate or cross-signed root from it."
            })
            .seen_as(&[
                "curl: (60) SSL certificate problem: certificate has expired",
                "Go: x509: certificate has expired or is not yet valid",
                "Java: CertificateExpiredException: NotAfter",
                "OpenSSL: certificate has expired (10), sslv3 alert certificate expired",
                "browsers: NET::ERR_CERT_DATE_INVALID, SEC_ERROR_EXPIRED_CERTIFICATE",
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
            &super::CHAIN_EXPIRED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example expired + ServerKeyExchange + ServerHelloDone
             client Alert fatal certificate_expired",
            expect![[r#"
                error chain.expired (certain, server): the certificate "shop.example" expired 5 days before it was sent
                  frame 5: "shop.example" (serial 10:01) was valid until 2026-11-15 10:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn fires_for_an_intermediate() {
        check(
            &super::CHAIN_EXPIRED,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=expired-intermediate + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.expired (certain, server): an issuing certificate "Example Issuing CA" expired 19 days before it was sent
                  frame 5: "Example Issuing CA" (serial 02:f6:68) was valid until 2026-11-01 00:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn fires_for_the_chain_of_a_client() {
        check(
            &super::CHAIN_EXPIRED,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + CertificateRequest + ServerHelloDone
             client Certificate leaf=alice.example expired + ClientKeyExchange + CertificateVerify
             server Alert fatal certificate_expired",
            expect![[r#"
                clear
                error chain.expired (certain, client): the certificate "alice.example" expired 5 days before it was sent
                  frame 6: "alice.example" (serial 10:01) was valid until 2026-11-15 10:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_EXPIRED,
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
            &super::CHAIN_EXPIRED,
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
            &super::CHAIN_EXPIRED,
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
