//! `chain.weak-key`: a key on the path is too short.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place, told_by_its_time};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A key on the path is too short.
    ///
    /// ## What happened
    /// A certificate on the path holds a key that today's clients refuse: RSA below 2048 bits, or a
    /// small curve. Clients took RSA-1024 before 2014 and less before October 2012: of a capture of
    /// that time it is only told.
    /// ## Likely causes
    /// An old certificate or a device that makes its own.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WEAK_KEY of chain {
        code: "chain.weak-key",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.1.2.7", "RFC 9325 §4.5"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((defect, certificate)) = defect(chain, |kind| matches!(kind, DefectKind::WeakKey))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    let refused_from = certificate.as_ref().and_then(|c| c.key.refused_from());
    let key = certificate.as_ref().map_or_else(String::new, |c| c.key.to_string());
    let finding = Finding::new(owner(chain), format!("the key of {who} is too weak ({key})"))
        .certificate(place(chain, certificate.as_deref()))
        .evidence(chain.at(), format!("{who} has the key {key}"))
        .remedy("Issue the certificate anew with EC P-256 or RSA 2048 or more.")
        .seen_as(&[
            "OpenSSL: EE certificate key too weak (66)",
            "Java: Algorithm constraints check failed on keysize limits",
        ]);
    Ok(Some(told_by_its_time(finding, defect, refused_from)))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn fires_for_the_leaf() {
        check(
            &super::CHAIN_WEAK_KEY,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=weak-key-leaf + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.weak-key (certain, server): the key of "api.example.test" is too weak (RSA-1024)
                  frame 6: "api.example.test" has the key RSA-1024
            "#]],
        );
    }

    #[test]
    fn fires_for_an_intermediate() {
        check(
            &super::CHAIN_WEAK_KEY,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=weak-key-intermediate + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.weak-key (certain, server): the key of "Weak Issuing CA" is too weak (RSA-1024)
                  frame 5: "Weak Issuing CA" has the key RSA-1024
            "#]],
        );
    }

    #[test]
    fn only_told_of_a_time_when_clients_took_it() {
        let script = |day: &str| {
            format!(
                "clock {day}
                 client ClientHello sni=api.example.test versions=1.2
                 server ServerHello + Certificate story=weak-key-leaf-of-2013 + ServerKeyExchange + ServerHelloDone
                 client Alert fatal handshake_failure",
            )
        };
        check(
            &super::CHAIN_WEAK_KEY,
            &script("2013-12-31"),
            expect![[r#"
                info chain.weak-key (certain, server): the key of "api.example.test" is too weak (RSA-1024)
                  frame 5: "api.example.test" has the key RSA-1024
            "#]],
        );
        check_verdict(
            &script("2013-12-31"),
            expect![[r#"
                failed: peer.handshake-failure
            "#]],
        );
        check_verdict(
            &script("2014-01-01"),
            expect![[r#"
                failed: chain.weak-key
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_WEAK_KEY,
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
            &super::CHAIN_WEAK_KEY,
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
            &super::CHAIN_WEAK_KEY,
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
