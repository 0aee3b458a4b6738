//! `chain.self-signed`: the leaf is its own issuer and is not a trusted anchor.

use tlsleuth_cert::DefectKind;
use tlsleuth_handshake::Side;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// The leaf is its own issuer and is not a trusted anchor.
    ///
    /// ## What happened
    /// The certificate was signed with its own key, and the other side does not know it.
    /// ## Likely causes
    /// A certificate made by hand or by an installer; a development server; a device.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_SELF_SIGNED of chain {
        code: "chain.self-signed",
        severity: Error,
        since: "0.1.0",
        needs: [NO_TRUST],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §6.1"],
    }
}

fn check(case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((_, certificate)) = defect(chain, |kind| matches!(kind, DefectKind::SelfSignedLeaf))
    else {
        return Ok(None);
    };
    let anchors = super::anchors(case);
    Ok(Some(
        Finding::new(owner(chain), format!("the certificate {} is self-signed", named(certificate.as_deref())))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("subject and issuer are both {}, and it is not among {anchors}", named(certificate.as_deref())))
            .remedy(match chain.side {
                Side::Server => "Install a certificate of an authority that the client trusts (ACME: certbot, Caddy; or the company's authority),",
                Side::Client => "Give the client a certificate of an authority that the server knows,",
            })
            .remedy(format!(
                "or give the {} this very certificate as a trust anchor ({}).",
                chain.side.peer().name(),
                super::give_an_anchor(chain.side)
            ))
            .seen_as(&[
                "curl: (60) SSL certificate problem: self-signed certificate",
                "Go: x509: certificate signed by unknown authority",
                "Java: PKIX path building failed: unable to find valid certification path to requested target",
                "Node: DEPTH_ZERO_SELF_SIGNED_CERT",
                "browsers: NET::ERR_CERT_AUTHORITY_INVALID, MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_a_leaf_that_signs_itself() {
        check(
            &super::CHAIN_SELF_SIGNED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example self-signed + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.self-signed (certain, server): the certificate "shop.example" is self-signed
                  frame 5: subject and issuer are both "shop.example", and it is not among the anchors of --ca-file
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_an_anchor() {
        check(
            &super::CHAIN_SELF_SIGNED,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=self-signed-trusted + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_SELF_SIGNED,
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
            &super::CHAIN_SELF_SIGNED,
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
