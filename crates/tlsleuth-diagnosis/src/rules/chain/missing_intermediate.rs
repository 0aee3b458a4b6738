//! `chain.missing-intermediate`: the issuer of the last certificate that can be linked was not sent.

use tlsleuth_cert::DefectKind;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// The issuer of the last certificate that can be linked was not sent.
    ///
    /// ## What happened
    /// The chain stops below a root: the next issuer was not sent, and it is not a root that is
    /// known.
    /// ## Likely causes
    /// The server sends the leaf alone (cert.pem in place of fullchain.pem). Browsers often hide it,
    /// since they keep or fetch intermediates.
    /// ## When it cannot be told
    /// Whether an issuer that nobody sent is an intermediate or a private root cannot always be told.
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_MISSING_INTERMEDIATE of chain {
        code: "chain.missing-intermediate",
        severity: Error,
        since: "0.1.0",
        needs: [NO_TRUST],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5246 §7.4.2", "RFC 8446 §4.4.2"],
    }
}

fn check(case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, _)) = defect(chain, |kind| {
        matches!(kind, DefectKind::MissingIntermediate(_) | DefectKind::UnknownIssuer(_))
    }) else {
        return Ok(None);
    };
    let (hints, sure) = match &found.kind {
        DefectKind::MissingIntermediate(hints) => (hints, true),
        DefectKind::UnknownIssuer(hints) => (hints, false),
        _ => return Ok(None),
    };
    if hints.issuer.is_empty() {
        return Ok(Some(nameless(chain)));
    }
    let issuer = wording::authority(&hints.issuer);
    let sent = chain.sent.value.chain.total();
    let whose = chain.side.name();
    let mut finding = Finding::new(
        owner(chain),
        format!("the {whose} did not send the certificate of its issuer {issuer}"),
    )
    .evidence(
        chain.at(),
        match chain.sent.value.chain.leaf() {
            Some(leaf) if sent == 1 => {
                let one =
                    if leaf.subject.is_empty() && leaf.dns_names.is_empty() { "one " } else { "" };
                let leaf = wording::certificate(leaf);
                format!("the only certificate sent is {one}{leaf}, issued by {issuer}")
            }
            _ => format!(
                "{sent} certificates were sent; the last that can be linked was issued by {issuer}"
            ),
        },
    )
    .evidence(
        chain.at(),
        format!("that issuer was not sent, and it is not among {}", super::anchors(case)),
    );
    if let Some(seen) = hints.found.first() {
        finding = finding.explain(format!(
            "The missing certificate was seen elsewhere in the capture: {}{}.",
            wording::certificate(&seen.certificate),
            if hints.leads_to_anchor() { ", and with it the chain is trusted" } else { "" },
        ));
    }
    if let Some(url) = hints.issuer_urls.first() {
        finding = finding.explain(format!("The certificate says where it can be had: {url}."));
    }
    if !sure {
        finding = finding.likely("Whether that issuer is an intermediate or a private root cannot be told from what was sent.");
    }
    let fix = format!("Send the leaf first, then {issuer}, without the root.");
    Ok(Some(
        finding
            .remedy(if chain.side == tlsleuth_handshake::Side::Server {
                format!("{fix}\nnginx: ssl_certificate must name the full chain (fullchain.pem), not the leaf alone (cert.pem); Apache 2.4: SSLCertificateFile with the chain in it; Go: tls.LoadX509KeyPair with the chain in the file; HAProxy: leaf, chain and key in one crt file; Java: the key entry's chain in the keyStore; then reload.")
            } else {
                format!("{fix}\nGive the client the whole chain with its key (curl --cert with the chain in the file; Java: the key entry's chain), or add the intermediate to the server's client authorities.")
            })
            .remedy(if sure { "" } else { "If it is a private root instead: give it to the other side as a trust anchor." })
            .seen_as(&[
                "curl: (60) SSL certificate problem: unable to get local issuer certificate",
                "Go: x509: certificate signed by unknown authority",
                "Java: PKIX path building failed: unable to find valid certification path to requested target",
                "OpenSSL: unable to verify the first certificate (21), unable to get local issuer certificate (20)",
                "Node: UNABLE_TO_VERIFY_LEAF_SIGNATURE",
                "browsers: NET::ERR_CERT_AUTHORITY_INVALID (not all of them), SEC_ERROR_UNKNOWN_ISSUER",
            ]),
    ))
}

/// Nobody can look for an issuer without a name.
fn nameless(chain: &JudgedChain<'_>) -> Finding {
    let leaf = chain.sent.value.chain.leaf();
    let who = leaf.map_or_else(|| "the certificate".to_owned(), |leaf| wording::certificate(leaf));
    Finding::new(owner(chain), "the certificate does not say who issued it: no path to a root can be built")
        .evidence(chain.at(), format!("the issuer of {who} is an empty name"))
        .remedy("Issue it anew with an authority that has a name (RFC 5280 demands one), or give the other side this very certificate as a trust anchor.")
        .seen_as(&[
            "OpenSSL: unable to get local issuer certificate (20)",
            "Go: x509: certificate signed by unknown authority",
        ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_issuer_has_no_name() {
        check(
            &super::CHAIN_MISSING_INTERMEDIATE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=issuer-without-name + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.missing-intermediate (certain, server): the certificate does not say who issued it: no path to a root can be built
                  frame 5: the issuer of "api.example.test" is an empty name
            "#]],
        );
    }

    #[test]
    fn fires_when_the_leaf_is_alone() {
        check(
            &super::CHAIN_MISSING_INTERMEDIATE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=leaf + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.missing-intermediate (likely, server): the server did not send the certificate of its issuer "Test Issuing CA"
                  frame 5: the only certificate sent is "shop.example", issued by "Test Issuing CA"
                  frame 5: that issuer was not sent, and it is not among the anchors of --ca-file
            "#]],
        );
    }

    #[test]
    fn says_so_when_it_was_seen_elsewhere() {
        check(
            &super::CHAIN_MISSING_INTERMEDIATE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=leaf + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca
             connection
             client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=full + ServerKeyExchange + ServerHelloDone
             client FIN",
            expect![[r#"
                error chain.missing-intermediate (certain, server): the server did not send the certificate of its issuer "Test Issuing CA"
                  frame 5: the only certificate sent is "shop.example", issued by "Test Issuing CA"
                  frame 5: that issuer was not sent, and it is not among the anchors of --ca-file
                clear
            "#]],
        );
    }

    #[test]
    fn likely_when_it_may_be_a_root() {
        check(
            &super::CHAIN_MISSING_INTERMEDIATE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=unknown-issuer + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.missing-intermediate (likely, server): the server did not send the certificate of its issuer "Private CA"
                  frame 5: the only certificate sent is "api.example.test", issued by "Private CA"
                  frame 5: that issuer was not sent, and it is not among the anchors of --ca-file
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_MISSING_INTERMEDIATE,
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
            &super::CHAIN_MISSING_INTERMEDIATE,
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
            &super::CHAIN_MISSING_INTERMEDIATE,
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
