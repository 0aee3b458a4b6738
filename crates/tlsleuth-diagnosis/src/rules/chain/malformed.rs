//! `chain.malformed`: a certificate does not parse, or breaks RFC 5280 so that clients refuse it.

use tlsleuth_cert::{DefectAt, DefectKind, Violation};

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// A certificate does not parse, or breaks RFC 5280 so that clients refuse it.
    ///
    /// ## What happened
    /// Bytes of the certificate are not what the standard demands.
    /// ## Likely causes
    /// A tool that makes certificates by hand; a damaged file; a wrong file.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_MALFORMED of chain {
        code: "chain.malformed",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.1"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) = defect(chain, |kind| {
        matches!(
            kind,
            DefectKind::Malformed(_) | DefectKind::Violation(_) | DefectKind::UnknownCritical(_)
        )
    }) else {
        return Ok(None);
    };
    let at = super::place(chain, certificate.as_deref());
    let place = match found.at {
        DefectAt::Sent(place) | DefectAt::Path(place) => place.saturating_add(1),
        DefectAt::Chain => 1,
    };
    let who = certificate.filter(|certificate| !certificate.subject.is_empty()).map_or_else(
        || format!("number {place}"),
        |certificate| wording::certificate(&certificate),
    );
    let title = match &found.kind {
        DefectKind::Malformed(why) => format!("certificate {who} cannot be read: {why}"),
        kind => format!("certificate {who} {}", broken(kind)),
    };
    let says = title.trim_start_matches("certificate ").to_owned();
    let mut finding = Finding::new(owner(chain), title).certificate(at).evidence(chain.at(), says);
    if let Some(by) = found.refused_by {
        finding = finding.explain(format!("Refused by {by}."));
    }
    let finding = match &found.kind {
        DefectKind::Violation(Violation::OtherKeyIdentifier) => finding
            .remedy("Compare the certificate's X509v3 Authority Key Identifier with the issuer's X509v3 Subject Key Identifier (openssl x509 -text): send the issuer's certificate that has that identifier,")
            .remedy("or have the leaf issued anew by the issuer as it is now.")
            .seen_as(&["OpenSSL: unable to get local issuer certificate (20)"]),
        _ => finding
            .remedy("Make it anew with a current tool; check it with openssl x509 -text and a linter (pkilint, zlint).")
            .seen_as(&["Go: x509: malformed certificate", "OpenSSL: asn1 encoding routines", "Java: Could not parse certificate"]),
    };
    Ok(Some(finding))
}

fn broken(kind: &DefectKind) -> String {
    match kind {
        DefectKind::UnknownCritical(extension) => {
            format!("has a critical extension that verifiers do not know ({extension})")
        }
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_bytes_make_no_certificate() {
        check(
            &super::CHAIN_MALFORMED,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=garbage-leaf + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.malformed (certain, server): certificate number 1 cannot be read: expected a certificate (SEQUENCE) at byte 0
                  frame 5: number 1 cannot be read: expected a certificate (SEQUENCE) at byte 0
            "#]],
        );
    }

    #[test]
    fn fires_for_an_unknown_critical_extension() {
        check(
            &super::CHAIN_MALFORMED,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=unknown-critical + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.malformed (certain, server): certificate "api.example.test" has a critical extension that verifiers do not know (1.2.3.4)
                  frame 5: "api.example.test" has a critical extension that verifiers do not know (1.2.3.4)
            "#]],
        );
    }

    #[test]
    fn fires_when_another_key_of_the_issuer_is_named() {
        check(
            &super::CHAIN_MALFORMED,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=key-identifier-of-another + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error chain.malformed (certain, server): certificate "api.example.test" breaks RFC 5280: its authorityKeyIdentifier names another key than that of its issuer, which signed it
                  frame 5: "api.example.test" breaks RFC 5280: its authorityKeyIdentifier names another key than that of its issuer, which signed it
            "#]],
        );
    }

    #[test]
    fn clear_for_an_untidy_certificate_that_clients_take() {
        check(
            &super::CHAIN_MALFORMED,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=names-empty + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_MALFORMED,
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
            &super::CHAIN_MALFORMED,
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
            &super::CHAIN_MALFORMED,
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
