//! `cipher.no-overlap`: the two sides have no cipher suite in common.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;

use crate::ending::Phase;
use crate::offer::Part;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The client and the server have no cipher suite in common.
    ///
    /// ## What happened
    /// The server answered the ClientHello with `handshake_failure` or `insufficient_security`, and
    /// of all parts of the offer the suites are the unusual one; or another connection shows what
    /// the server takes, and this client does not offer it.
    /// ## Likely causes
    /// An old client without forward secrecy or AEAD suites meets a hardened server; a client whose
    /// suites all need an ECDSA certificate meets a server with an RSA one, or the other way round.
    /// ## When it cannot be told
    /// The server's list is never sent. Where nothing in the hello is unusual the verdict is
    /// `peer.handshake-failure`.
    pub static CIPHER_NO_OVERLAP {
        code: "cipher.no-overlap",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: ["peer.handshake-failure", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello"],
        references: ["RFC 5246 §7.4.1.3", "RFC 8446 §4.1.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let ending = &case.ending;
    if !ending.is(Side::Server, Phase::ClientHello) {
        return Ok(None);
    }
    let Some(alert) = ending.alert() else { return Ok(None) };
    let said = match alert.description {
        Some(
            said @ (AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY),
        ) => said,
        _ => return Ok(None),
    };
    let suspect = case.prime_suspect();
    // Erlang calls an offer insufficient for its groups and signature algorithms, too.
    let another =
        suspect.is_some_and(|suspect| suspect.part != Part::Suites && suspect.weight >= 2);
    let suspect = suspect.filter(|suspect| suspect.part == Part::Suites);
    let insufficient = said == AlertDescription::INSUFFICIENT_SECURITY && !another;
    let (inference, weight) = match suspect {
        Some(suspect) => (suspect.says.clone(), suspect.weight),
        None if insufficient => ("the server calls the offer insufficient".to_owned(), 2),
        None => return Ok(None),
    };
    let mut finding = Finding::new(
        Party::Client,
        match hello.value.real_suites().count() {
            1 => "the server does not take the client's only cipher suite".to_owned(),
            some => format!("the server takes none of the client's {some} cipher suites"),
        },
    )
    .evidence(
        hello.at,
        format!(
            "the client offers {}",
            wording::list(hello.value.real_suites().map(wording::suite))
        ),
    )
    .evidence(alert.at, format!("the server answers {said}"))
    .explain(format!("In this hello {inference}."));
    if let Some(seen) = case.context.servers.chose(case.connection)
        && !hello.value.cipher_suites().contains(&seen.value.cipher_suite)
    {
        finding = finding.evidence(
            seen.at,
            format!(
                "in another connection the server chooses {}, which this client does not offer",
                seen.value.cipher_suite
            ),
        );
    }
    let finding = if insufficient || weight >= 3 {
        finding.likely("Inferred: a server does not say which part of the offer it refuses, but this part is the unusual one.")
    } else {
        finding.possible("Inferred: a server does not say which part of the offer it refuses.")
    };
    Ok(Some(
        finding
            .remedy("Let the client offer suites with ECDHE and AES-GCM or ChaCha20 (update it, or widen its cipher setting),")
            .remedy("or widen the server's list (nginx: ssl_ciphers; Apache: SSLCipherSuite; HAProxy: ssl-default-bind-ciphers and -ciphersuites for TLS 1.3; Java: jdk.tls.disabledAlgorithms). If all its suites need an ECDSA certificate, add one beside the RSA one.")
            .seen_as(&[
                "OpenSSL client: sslv3 alert handshake failure",
                "OpenSSL server: no shared cipher",
                "Go: tls: no cipher suite supported by both client and server",
                "Java: no cipher suites in common",
                "browsers: ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
            ])
            .next_step(format!("what the server takes: nmap --script ssl-enum-ciphers, or {}", wording::s_client(&case.connection.server, case.server_name().ok().map(|name| name.value.to_string()).as_deref()))),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_old_suites_only() {
        check(
            &super::CIPHER_NO_OVERLAP,
            "client ClientHello versions=1.2 suites=AES128-SHA,DES-CBC3-SHA
             server Alert fatal handshake_failure",
            expect![[r#"
                error cipher.no-overlap (likely, client): the server takes none of the client's 2 cipher suites
                  frame 4: the client offers AES128-SHA, DES-CBC3-SHA
                  frame 5: the server answers handshake_failure
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_calls_it_insufficient() {
        check(
            &super::CIPHER_NO_OVERLAP,
            "client ClientHello versions=1.2
             server Alert fatal insufficient_security",
            expect![[r#"
                error cipher.no-overlap (likely, client): the server takes none of the client's 7 cipher suites
                  frame 4: the client offers TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, ECDHE-RSA-AES128-GCM-SHA256, ECDHE-ECDSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384 and 1 more
                  frame 5: the server answers insufficient_security
            "#]],
        );
    }

    #[test]
    fn shows_what_the_server_chooses_elsewhere() {
        check(
            &super::CIPHER_NO_OVERLAP,
            "client ClientHello versions=1.2 suites=AES128-SHA
             server Alert fatal handshake_failure
             connection
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                error cipher.no-overlap (likely, client): the server does not take the client's only cipher suite
                  frame 4: the client offers AES128-SHA
                  frame 5: the server answers handshake_failure
                  frame 10: in another connection the server chooses TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, which this client does not offer
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_offer_is_usual() {
        check(
            &super::CIPHER_NO_OVERLAP,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_tls() {
        check(
            &super::CIPHER_NO_OVERLAP,
            "client SYN
             server RST",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::CIPHER_NO_OVERLAP,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
