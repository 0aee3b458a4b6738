//! `chain.name-constraints`: a name is outside of the constraints of an issuer.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A name is outside of the constraints of an issuer.
    ///
    /// ## What happened
    /// An authority may only certify certain names, and the certificate holds another one.
    /// ## Likely causes
    /// A constrained company authority was asked for a name outside of its domain.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_NAME_CONSTRAINTS of chain {
        code: "chain.name-constraints",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.2.1.10"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::NameConstraints { .. }))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("{who} holds a name that its issuer may not certify"))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{who}: {}", found.kind))
            .remedy("Request the certificate from an authority that may certify this name, or leave the name out.")
            .seen_as(&["OpenSSL: permitted subtree violation (47), excluded subtree violation (48)", "Go: x509: a root or intermediate certificate is not authorized to sign for this name"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_a_name_outside() {
        check(
            &super::CHAIN_NAME_CONSTRAINTS,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=name-constraints-broken + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.name-constraints (certain, server): "api.example.org" holds a name that its issuer may not certify
                  frame 5: "api.example.org": `api.example.org` is outside of the name constraints of CN=nc-dns,O=Example
            "#]],
        );
    }

    #[test]
    fn clear_when_the_names_are_within() {
        check(
            &super::CHAIN_NAME_CONSTRAINTS,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=name-constraints-kept + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_NAME_CONSTRAINTS,
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
            &super::CHAIN_NAME_CONSTRAINTS,
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
