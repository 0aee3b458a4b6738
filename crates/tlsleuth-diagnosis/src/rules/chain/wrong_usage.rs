//! `chain.wrong-usage`: key usage or extended key usage does not allow this use.

use tlsleuth_cert::{DefectKind, Usage};
use tlsleuth_handshake::Side;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// Key usage or extended key usage does not allow this use.
    ///
    /// ## What happened
    /// The certificate is for something else: a client's certificate on a server, a server's in a
    /// client, a signing key.
    /// ## Likely causes
    /// The wrong profile or template was used for the request, or the wrong file is configured.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WRONG_USAGE of chain {
        code: "chain.wrong-usage",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.2.1.12", "RFC 5280 §4.2.1.3"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::WrongUsage(_)))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("{who} may not be used for a TLS {}", chain.side.name()))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{who}: {}", usage(&found.kind, chain.side)))
            .remedy("Issue it anew with extendedKeyUsage serverAuth for a server, clientAuth for a client (both if it plays both roles).")
            .seen_as(&["OpenSSL: unsuitable certificate purpose (26), sslv3 alert unsupported certificate", "Go: x509: certificate specifies an incompatible key usage", "Java: Extended key usage does not permit use for TLS server authentication"]),
    ))
}

/// What it may be used for, beside what it was used for.
fn usage(kind: &DefectKind, side: Side) -> String {
    let wanted = match side {
        Side::Client => "clientAuth",
        Side::Server => "serverAuth",
    };
    match kind {
        DefectKind::WrongUsage(Usage::Extended(says)) => {
            format!("its extended key usage is {says}, and {wanted} is needed")
        }
        DefectKind::WrongUsage(Usage::Key(says)) => format!("its key usage is {says}"),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_a_certificate_of_a_client() {
        check(
            &super::CHAIN_WRONG_USAGE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example wrong-usage + ServerKeyExchange + ServerHelloDone
             client Alert fatal unsupported_certificate",
            expect![[r#"
                error chain.wrong-usage (certain, server): "shop.example" may not be used for a TLS server
                  frame 5: "shop.example": its extended key usage is clientAuth, and serverAuth is needed
            "#]],
        );
    }

    #[test]
    fn fires_for_an_intermediate() {
        check(
            &super::CHAIN_WRONG_USAGE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=wrong-usage-intermediate + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.wrong-usage (certain, server): "Client Issuing CA" may not be used for a TLS server
                  frame 5: "Client Issuing CA": its extended key usage is clientAuth, and serverAuth is needed
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_WRONG_USAGE,
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
            &super::CHAIN_WRONG_USAGE,
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
            &super::CHAIN_WRONG_USAGE,
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
