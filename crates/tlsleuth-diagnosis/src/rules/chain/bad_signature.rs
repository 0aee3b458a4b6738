//! `chain.bad-signature`: a signature does not verify with the issuer's key.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A signature does not verify with the issuer's key.
    ///
    /// ## What happened
    /// The certificate names an issuer whose key did not make its signature.
    /// ## Likely causes
    /// Two authorities with the same name (one was made anew with another key), a wrong intermediate
    /// in the chain file, a damaged or forged certificate.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_BAD_SIGNATURE of chain {
        code: "chain.bad-signature",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §6.1.3"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::BadSignature { .. }))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("the signature of {who} does not verify with its issuer's key"))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{who}: {}", found.kind))
            .remedy("Send the intermediate that really signed it: compare authorityKeyIdentifier of the certificate with subjectKeyIdentifier of the issuer (openssl x509 -text), and replace the chain file.")
            .seen_as(&["OpenSSL: certificate signature failure (7)", "Go: x509: certificate signed by unknown authority (possibly because of \"crypto/rsa: verification error\")"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_the_leaf() {
        check(
            &super::CHAIN_BAD_SIGNATURE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=bad-signature-leaf + ServerKeyExchange + ServerHelloDone
             client Alert fatal decrypt_error",
            expect![[r#"
                error chain.bad-signature (certain, server): the signature of "api.example.test" does not verify with its issuer's key
                  frame 5: "api.example.test": the signature is not by CN=Example Issuing CA,O=Example
            "#]],
        );
    }

    #[test]
    fn fires_for_an_intermediate() {
        check(
            &super::CHAIN_BAD_SIGNATURE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=bad-signature-intermediate + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.bad-signature (certain, server): the signature of "Example Issuing CA" does not verify with its issuer's key
                  frame 5: "Example Issuing CA": the signature is not by CN=Example Root CA,O=Example
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_BAD_SIGNATURE,
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
            &super::CHAIN_BAD_SIGNATURE,
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
            &super::CHAIN_BAD_SIGNATURE,
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
