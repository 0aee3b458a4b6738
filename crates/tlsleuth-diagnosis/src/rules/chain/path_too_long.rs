//! `chain.path-too-long`: a pathLenConstraint is exceeded.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A pathLenConstraint is exceeded.
    ///
    /// ## What happened
    /// More intermediates stand below an authority than it allows.
    /// ## Likely causes
    /// A sub-authority issued by one that may not have any.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_PATH_TOO_LONG of chain {
        code: "chain.path-too-long",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.2.1.9"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) = defect(chain, |kind| {
        matches!(kind, DefectKind::PathTooLong { .. } | DefectKind::TooDeep { .. })
    }) else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("more intermediates than {who} allows"))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{who}: {}", found.kind))
            .remedy("Issue the leaf from an authority that may issue it, or the sub-authority from one with a larger pathLenConstraint.")
            .seen_as(&["OpenSSL: path length constraint exceeded (25)", "Go: x509: too many intermediates for path length constraint"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_an_intermediate_is_too_many() {
        check(
            &super::CHAIN_PATH_TOO_LONG,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=path-too-long + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.path-too-long (certain, server): more intermediates than "Int pathlen 0" allows
                  frame 5: "Int pathlen 0": path too long: 1 intermediates, 0 allowed
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_kept() {
        check(
            &super::CHAIN_PATH_TOO_LONG,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=path-length-kept + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_PATH_TOO_LONG,
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
            &super::CHAIN_PATH_TOO_LONG,
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
