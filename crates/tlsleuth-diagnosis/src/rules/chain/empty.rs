//! `chain.empty`: the server sent an empty certificate list.

use tlsleuth_cert::DefectKind;
use tlsleuth_handshake::Side;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip};

declare_rule! {
    /// The server sent an empty certificate list.
    ///
    /// ## What happened
    /// The Certificate message holds no certificate.
    /// ## Likely causes
    /// A server that runs without one, or could not load it.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_EMPTY of chain {
        code: "chain.empty",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 8446 §4.4.2", "RFC 5246 §7.4.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    if chain.side == Side::Client {
        // A client says so that it has none: see `client-auth.missing`.
        return Err(Skip::NotApplicable);
    }
    let Some((found, _)) = defect(chain, |kind| matches!(kind, DefectKind::Empty)) else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(owner(chain), format!("the {} sent no certificate", chain.side.name()))
            .evidence(chain.at(), format!("an empty certificate list ({})", found.kind))
            .remedy("Give the server its certificate and reload it.")
            .seen_as(&[
                "OpenSSL: peer did not return a certificate",
                "Go: tls: received empty certificates message",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_sends_none() {
        check(
            &super::CHAIN_EMPTY,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate none + ServerHelloDone
             client Alert fatal decode_error",
            expect![[r#"
                error chain.empty (certain, server): the server sent no certificate
                  frame 5: an empty certificate list (no certificate was sent)
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_EMPTY,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=good + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_to_a_client_without_one() {
        check(
            &super::CHAIN_EMPTY,
            "client ClientHello versions=1.2
             server ServerHello + CertificateRequest + ServerHelloDone
             client Certificate none",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_EMPTY,
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
            &super::CHAIN_EMPTY,
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
