//! `chain.untrusted-root`: the chain is complete but ends in a root that is not trusted.

use std::sync::LazyLock;

use tlsleuth_cert::DefectKind;
use tlsleuth_handshake::Side;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The chain is complete but ends in a root that is not trusted.
    ///
    /// ## What happened
    /// Every issuer was sent, up to a root that is not among the anchors.
    /// ## Likely causes
    /// A private authority that this client was not given; TLS inspection on the way; an old trust
    /// store (Java, embedded devices) without a new public root.
    /// ## When it cannot be told
    /// What the other side trusts is not in the capture: the anchors given here stand for it. TLS 1.3
    /// encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_UNTRUSTED_ROOT of chain {
        code: "chain.untrusted-root",
        severity: Error,
        since: "0.1.0",
        needs: [NO_TRUST],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §6.1"],
    }
}

fn check(case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, _)) = defect(chain, |kind| matches!(kind, DefectKind::UntrustedRoot { .. }))
    else {
        return Ok(None);
    };
    let DefectKind::UntrustedRoot { root, sent, was_public, .. } = &found.kind else {
        return Ok(None);
    };
    // Joined, not formatted: where an authority is private every connection says this.
    let root_name = wording::authority(root);
    // Whoever runs a private authority has done nothing wrong: the other side lacks its root.
    let party = if *was_public { owner(chain) } else { Party::from(chain.side.peer()) };
    let mut finding = Finding::new(
        party,
        ["the chain ends in the root ", &root_name, ", which is not trusted"].concat(),
    )
    .evidence(
        chain.at(),
        [
            "the chain leads to ",
            &root_name,
            if *sent { " (sent with it)" } else { " (not sent)" },
            ", which is not among ",
            super::anchors(case),
        ]
        .concat(),
    );
    let product = chain.judgement.interceptor;
    if let Some(product) = product {
        finding = finding.explain(format!("The names are those that {} gives to the certificates it makes: TLS is inspected on the way.", product.product));
    }
    if *was_public {
        finding = finding.explain("This root was publicly trusted once and has left the stores of today's browsers; older stores still hold it.");
    }
    if !*was_public && product.is_none() {
        finding = finding.explain("The chain is complete. A private authority is no fault in itself: whoever connects must have been given its root.");
    }
    Ok(Some(finding.remedy(remedy(chain.side)).seen_as(&[
        "curl: (60) SSL certificate problem: self-signed certificate in certificate chain",
        "Go: x509: certificate signed by unknown authority",
        "Java: PKIX path building failed",
        "OpenSSL: self-signed certificate in certificate chain (19), tlsv1 alert unknown ca",
        "browsers: NET::ERR_CERT_AUTHORITY_INVALID, SEC_ERROR_UNKNOWN_ISSUER",
    ])))
}

/// The same for every chain of a side, and put together once.
fn remedy(side: Side) -> &'static str {
    static REMEDIES: LazyLock<[String; 2]> = LazyLock::new(|| {
        [Side::Client, Side::Server].map(|side| {
            [
                "Give the ",
                side.peer().name(),
                " this root as a trust anchor (",
                super::give_an_anchor(side),
                "),\n",
                match side {
                    Side::Server => "or install a certificate of a publicly trusted authority.",
                    Side::Client => {
                        "or give the client a certificate of an authority that the server knows."
                    }
                },
                " To judge with your own anchors: tlsleuth --ca-file root.pem.",
            ]
            .concat()
        })
    });
    let [client, server] = &*REMEDIES;
    match side {
        Side::Client => client,
        Side::Server => server,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_root_is_sent() {
        check(
            &super::CHAIN_UNTRUSTED_ROOT,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=untrusted + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.untrusted-root (certain, client): the chain ends in the root "Private Root", which is not trusted
                  frame 5: the chain leads to "Private Root" (sent with it), which is not among the anchors of --ca-file
            "#]],
        );
    }

    #[test]
    fn fires_for_a_private_root() {
        check(
            &super::CHAIN_UNTRUSTED_ROOT,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=private-root + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.untrusted-root (certain, client): the chain ends in the root "Example Root CA", which is not trusted
                  frame 5: the chain leads to "Example Root CA" (not sent), which is not among the anchors of --ca-file
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_UNTRUSTED_ROOT,
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
            &super::CHAIN_UNTRUSTED_ROOT,
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
            &super::CHAIN_UNTRUSTED_ROOT,
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
