//! `signature.no-overlap`: the server cannot sign with any algorithm that the client takes.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::flight::Content;

use crate::ending::Phase;
use crate::offer::{Part, Suspect};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, wording};

declare_rule! {
    /// The server's key cannot sign with any algorithm that the client takes.
    ///
    /// ## What happened
    /// The server refused the ClientHello, and of all parts of the offer the signature algorithms
    /// are the unusual one.
    /// ## Likely causes
    /// A client that takes ECDSA only meets a server with an RSA certificate, or the other way
    /// round; a policy without RSA-PSS (FIPS, old smart cards) meets TLS 1.3, which needs it.
    /// ## When it cannot be told
    /// The server's certificate is not sent in a refusal. Java refuses only behind its ServerHello.
    pub static SIGNATURE_NO_OVERLAP {
        code: "signature.no-overlap",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: ["peer.handshake-failure", "peer.server-aborted", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello"],
        references: ["RFC 8446 §4.2.3", "RFC 5246 §7.4.1.4.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let schemes = hello.value.extensions.signature_algorithms().ok_or(Skip::NotApplicable)?;
    let Some(alert) = case.ending.alert().filter(|alert| alert.from == Side::Server) else {
        return Ok(None);
    };
    let at_hello = case.ending.phase == Phase::ClientHello
        && matches!(
            alert.description,
            Some(
                AlertDescription::HANDSHAKE_FAILURE
                    | AlertDescription::INSUFFICIENT_SECURITY
                    | AlertDescription::MISSING_EXTENSION
            )
        );
    // Behind the ServerHello, and before a flight with a certificate could have been sent.
    let refusal = alert.inferred
        || matches!(alert.description, None | Some(AlertDescription::HANDSHAKE_FAILURE));
    let behind_hello = case.ending.phase == Phase::ServerFlight
        && refusal
        && case.connection.is_tls13()
        && case.server_chain().is_err()
        && server_flight_bytes(case) < 200;
    if !at_hello && !behind_hello {
        return Ok(None);
    }
    let unusual = |suspect: &&Suspect| suspect.part == Part::Signatures && suspect.weight >= 2;
    let Some(suspect) = case.suspects().iter().find(unusual) else { return Ok(None) };
    let first = case.prime_suspect().map(|suspect| suspect.part);
    if !behind_hello && first != Some(Part::Signatures) {
        return Ok(None);
    }
    let said =
        alert.description.map_or_else(|| "an encrypted alert".to_owned(), |said| said.to_string());
    Ok(Some(
        Finding::new(Party::Client, "the server's key cannot sign as the client demands")
            .evidence(hello.at, format!("the client takes signatures by {}", wording::list(schemes)))
            .evidence(alert.at, format!("the server answers {said}"))
            .likely(format!(
                "Inferred: {}; a server does not say which part of the offer it refuses, but this part \
                 is the unusual one.",
                suspect.says
            ))
            .remedy("Let the client take rsa_pss_rsae_sha256 and ecdsa_secp256r1_sha256 (OpenSSL: SignatureAlgorithms in openssl.cnf; Java: jdk.tls.client.SignatureSchemes),")
            .remedy("or give the server a certificate with a key of the other kind beside its own (nginx: a second ssl_certificate line).")
            .seen_as(&[
                "OpenSSL server: no suitable signature algorithm, no shared signature algorithms",
                "Go: tls: peer doesn't support any of the certificate's signature algorithms",
                "Java: No supported signature algorithm",
            ])
            .next_step(wording::s_client(
                &case.connection.server,
                case.server_name().ok().map(|name| name.value.to_string()).as_deref(),
            )),
    ))
}

/// Bytes of handshake messages that the server sent behind its ServerHello.
fn server_flight_bytes(case: &Case<'_>) -> u64 {
    case.connection
        .protected
        .iter()
        .filter(|record| {
            record.from == Side::Server
                && matches!(record.content, Content::ServerFlight | Content::Finished)
        })
        .map(|record| u64::from(record.len))
        .sum()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn wins_where_a_server_calls_the_offer_insufficient() {
        // Erlang's word for suites, groups and signature algorithms alike.
        check_verdict(
            "client ClientHello sni=shop.example sigalgs=ecdsa_secp256r1_sha256
             server Alert fatal insufficient_security",
            expect![[r#"
                failed: signature.no-overlap
            "#]],
        );
    }

    #[test]
    fn fires_when_no_rsa_key_may_sign() {
        check(
            &super::SIGNATURE_NO_OVERLAP,
            "client ClientHello sigalgs=ecdsa_secp256r1_sha256
             server Alert fatal handshake_failure",
            expect![[r#"
                error signature.no-overlap (likely, client): the server's key cannot sign as the client demands
                  frame 4: the client takes signatures by ecdsa_secp256r1_sha256
                  frame 5: the server answers handshake_failure
            "#]],
        );
    }

    #[test]
    fn fires_for_an_encrypted_alert_behind_the_hello() {
        check(
            &super::SIGNATURE_NO_OVERLAP,
            "client ClientHello sigalgs=ecdsa_secp256r1_sha256
             server ServerHello negotiated=1.3 + ChangeCipherSpec
             server Encrypted 35",
            expect![[r#"
                error signature.no-overlap (likely, client): the server's key cannot sign as the client demands
                  frame 4: the client takes signatures by ecdsa_secp256r1_sha256
                  frame 6: the server answers an encrypted alert
            "#]],
        );
    }

    #[test]
    fn clear_when_the_offer_is_usual() {
        check(
            &super::SIGNATURE_NO_OVERLAP,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_the_extension() {
        check(
            &super::SIGNATURE_NO_OVERLAP,
            "client ClientHello versions=1.0 sigalgs=none
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::SIGNATURE_NO_OVERLAP,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
