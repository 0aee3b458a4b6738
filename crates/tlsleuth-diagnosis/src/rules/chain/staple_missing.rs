//! `chain.staple-missing`: the certificate demands a stapled OCSP response, and there is none.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::ExtensionType;

use super::owner;
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip};

declare_rule! {
    /// The certificate demands a stapled OCSP response, and there is none.
    ///
    /// ## What happened
    /// The leaf has the TLS feature status_request (must-staple), the client asked for a response,
    /// and the server sent none.
    /// ## Likely causes
    /// A restarted server that has not fetched one yet; stapling not configured.
    /// ## When it cannot be told
    /// Only where the client asked for it. TLS 1.3 encrypts the Certificate message: without secrets
    /// nothing is said.
    pub static CHAIN_STAPLE_MISSING of chain {
        code: "chain.staple-missing",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 7633 §4.2.3"],
    }
}

fn check(case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let leaf = chain.leaf()?;
    if chain.side != Side::Server || !leaf.must_staple {
        return Err(Skip::NotApplicable);
    }
    let hello = case.client_hello()?;
    if !hello.value.extensions.contains(ExtensionType::STATUS_REQUEST) {
        return Err(Skip::NotApplicable);
    }
    if chain.sent.value.stapled.is_some() {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(owner(chain), "the certificate demands a stapled OCSP response, and the server sent none")
            .certificate(Some(0))
            .evidence(hello.at, "the client asks for a stapled response")
            .evidence(chain.at(), "the leaf has must-staple, and no response came with it")
            .remedy("Switch stapling on and let the server fetch a response before it takes connections (nginx: ssl_stapling on with ssl_stapling_file; Apache: SSLUseStapling on), or issue the certificate anew without must-staple.")
            .seen_as(&["Firefox: MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_leaf_demands_it() {
        check(
            &super::CHAIN_STAPLE_MISSING,
            "client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate story=must-staple + ServerHelloDone
             client Alert fatal bad_certificate_status_response",
            expect![[r#"
                error chain.staple-missing (certain, server): the certificate demands a stapled OCSP response, and the server sent none
                  frame 4: the client asks for a stapled response
                  frame 5: the leaf has must-staple, and no response came with it
            "#]],
        );
    }

    #[test]
    fn clear_when_it_came() {
        check(
            &super::CHAIN_STAPLE_MISSING,
            "client ClientHello sni=api.example.test versions=1.2 status-request
             server ServerHello + Certificate story=must-staple + CertificateStatus good + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_the_client_did_not_ask() {
        check(
            &super::CHAIN_STAPLE_MISSING,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=must-staple + ServerHelloDone
             client Alert fatal bad_certificate_status_response",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_the_leaf_does_not_demand_it() {
        check(
            &super::CHAIN_STAPLE_MISSING,
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
            &super::CHAIN_STAPLE_MISSING,
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
