//! `chain.not-a-ca`: an issuer may not issue certificates.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
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
        needs: [DEFECT],
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
    let finding = match found.kind {
        DefectKind::CaAsLeaf => {
            Finding::new(owner(chain), format!("the leaf {who} is an authority's certificate"))
                .evidence(chain.at(), format!("{who} has basicConstraints CA:TRUE"))
                .remedy("Issue a certificate for this service without CA:TRUE and install that (openssl req -x509 makes CA:TRUE unless told -addext basicConstraints=critical,CA:FALSE).")
                .seen_as(&["rustls: CaUsedAsEndEntity", "Firefox: MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY"])
        }
        ref kind => {
            let lacks = match kind {
                DefectKind::NotACa { lacks_key_cert_sign: true } => "has a keyUsage without keyCertSign",
                _ => "has no basicConstraints with CA:TRUE",
            };
            Finding::new(owner(chain), format!("{who} issued a certificate and is no authority"))
                .evidence(chain.at(), format!("{who} {lacks}"))
                .remedy("Make the authority anew with basicConstraints CA:TRUE (critical) and keyUsage keyCertSign, and issue the leaf from it.")
                .seen_as(&["OpenSSL: invalid CA certificate (24)", "Go: x509: invalid signature: parent certificate cannot sign this kind of certificate"])
        }
    };
    Ok(Some(finding.certificate(place(chain, certificate.as_deref()))))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_a_leaf_issues() {
        check(
            &super::CHAIN_NOT_A_CA,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=not-a-ca + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.not-a-ca (certain, server): "api.example.test" issued a certificate and is no authority
                  frame 5: "api.example.test" has no basicConstraints with CA:TRUE
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_NOT_A_CA,
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
            &super::CHAIN_NOT_A_CA,
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
            &super::CHAIN_NOT_A_CA,
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
