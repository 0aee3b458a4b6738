//! `chain.weak-signature`: a certificate on the path is signed with MD5 or SHA-1.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place, told_by_its_time};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// A certificate on the path is signed with MD5 or SHA-1.
    ///
    /// ## What happened
    /// The signature rests on a broken hash, which today's clients refuse. Clients took SHA-1 before
    /// 2017 and MD5 before July 2011: of a capture of that time it is only told.
    /// ## Likely causes
    /// An old private authority.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WEAK_SIGNATURE of chain {
        code: "chain.weak-signature",
        severity: Error,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 9155", "RFC 6151"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((defect, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::WeakSignature))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    let refused_from = certificate.as_ref().and_then(|c| c.signature_algorithm.refused_from());
    let algorithm =
        certificate.as_ref().map_or_else(String::new, |c| c.signature_algorithm.to_string());
    let finding =
        Finding::new(owner(chain), format!("{who} is signed with a broken hash ({algorithm})"))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{who} is signed with {algorithm}"))
            .remedy("Let the authority sign with SHA-256 and issue the certificate anew.")
            .seen_as(&[
                "Go: x509: cannot verify signature: insecure algorithm SHA1-RSA",
                "OpenSSL: CA signature digest algorithm too weak (68)",
                "Java: Algorithm constraints check failed on signature algorithm",
            ]);
    Ok(Some(told_by_its_time(finding, defect, refused_from)))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn fires_for_sha_1() {
        check(
            &super::CHAIN_WEAK_SIGNATURE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=weak-signature-sha1 + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.weak-signature (certain, server): "api.example.test" is signed with a broken hash (sha1WithRSAEncryption)
                  frame 6: "api.example.test" is signed with sha1WithRSAEncryption
            "#]],
        );
    }

    #[test]
    fn fires_for_md5() {
        check(
            &super::CHAIN_WEAK_SIGNATURE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=weak-signature-md5 + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error chain.weak-signature (certain, server): "api.example.test" is signed with a broken hash (md5WithRSAEncryption)
                  frame 6: "api.example.test" is signed with md5WithRSAEncryption
            "#]],
        );
    }

    #[test]
    fn sha_1_is_only_told_of_a_time_when_clients_took_it() {
        let script = |day: &str| {
            format!(
                "clock {day}
                 client ClientHello sni=api.example.test versions=1.2
                 server ServerHello + Certificate story=weak-signature-sha1-of-2016 + ServerKeyExchange + ServerHelloDone
                 client Alert fatal handshake_failure",
            )
        };
        check(
            &super::CHAIN_WEAK_SIGNATURE,
            &script("2016-12-31"),
            expect![[r#"
                info chain.weak-signature (certain, server): "api.example.test" is signed with a broken hash (sha1WithRSAEncryption)
                  frame 5: "api.example.test" is signed with sha1WithRSAEncryption
            "#]],
        );
        check_verdict(
            &script("2016-12-31"),
            expect![[r#"
                failed: peer.handshake-failure
            "#]],
        );
        check_verdict(
            &script("2017-01-01"),
            expect![[r#"
                failed: chain.weak-signature
            "#]],
        );
    }

    #[test]
    fn md5_is_only_told_of_a_time_when_clients_took_it() {
        let script = |day: &str| {
            format!(
                "clock {day}
                 client ClientHello sni=api.example.test versions=1.2
                 server ServerHello + Certificate story=weak-signature-md5-of-2011 + ServerKeyExchange + ServerHelloDone
                 client Alert fatal handshake_failure",
            )
        };
        check(
            &super::CHAIN_WEAK_SIGNATURE,
            &script("2011-06-30"),
            expect![[r#"
                info chain.weak-signature (certain, server): "api.example.test" is signed with a broken hash (md5WithRSAEncryption)
                  frame 5: "api.example.test" is signed with md5WithRSAEncryption
            "#]],
        );
        check_verdict(
            &script("2011-06-30"),
            expect![[r#"
                failed: peer.handshake-failure
            "#]],
        );
        check_verdict(
            &script("2011-07-01"),
            expect![[r#"
                failed: chain.weak-signature
            "#]],
        );
    }

    #[test]
    fn clear_for_the_signature_of_a_root() {
        check(
            &super::CHAIN_WEAK_SIGNATURE,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=weak-signature-of-root + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_WEAK_SIGNATURE,
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
            &super::CHAIN_WEAK_SIGNATURE,
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
