//! `sni.missing`: no server name was sent, and that led to the failure.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The client sent no server name, and the server refused it for that.
    ///
    /// ## What happened
    /// The ClientHello has no server_name, and the server answered `unrecognized_name`; or
    /// `internal_error` or `access_denied`, as Go and rustls servers do that choose a certificate by
    /// name alone; or `handshake_failure`, as wolfSSL and content delivery networks do, to a hello in
    /// which nothing else is unusual.
    /// ## Likely causes
    /// The client dials an address, or its TLS library is too old to send a name, or a health check
    /// or proxy does not set one.
    /// ## When it cannot be told
    /// Other alerts have other causes as well.
    pub static SNI_MISSING {
        code: "sni.missing",
        severity: Error,
        since: "0.1.0",
        needs: [NO_NAME],
        leads_to: ["peer.internal-error", "peer.access-denied", "peer.handshake-failure", "sni.certificate-mismatch", "sni.default-certificate", "peer.client-rejected-certificate", "peer.client-aborted"],
        references: ["RFC 6066 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    if hello.value.extensions.server_name().is_some() {
        return Ok(None);
    }
    if let Some(other) = led_to_another_certificate(case) {
        return Ok(Some(other));
    }
    let Some(alert) =
        case.ending.alert().filter(|_| case.ending.is(Side::Server, Phase::ClientHello))
    else {
        return Ok(None);
    };
    let finding =
        Finding::new(Party::Client, "the client sent no server name, and the server refuses that")
            .evidence(hello.at, "the client sends no server_name");
    let finding = match alert.description {
        Some(AlertDescription::UNRECOGNIZED_NAME) => {
            finding.evidence(alert.at, "the server answers unrecognized_name")
        }
        Some(said @ (AlertDescription::INTERNAL_ERROR | AlertDescription::ACCESS_DENIED)) => finding
            .evidence(alert.at, format!("the server answers {said}"))
            .likely("Inferred: Go and rustls servers that choose a certificate by name answer like this when there is no name."),
        Some(said @ AlertDescription::HANDSHAKE_FAILURE)
            if case.suspects().iter().all(|suspect| suspect.weight < 2) =>
        {
            let finding = finding.evidence(alert.at, format!("the server answers {said}"));
            if case.suspects().is_empty() {
                finding.likely("Inferred: nothing else in the hello is unusual, and wolfSSL's and rustls' servers and content delivery networks answer like this to a client that sends no name.")
            } else {
                finding.possible("Inferred: hardly anything else in the hello is unusual, and wolfSSL's and rustls' servers and content delivery networks answer like this to a client that sends no name.")
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(
        finding
            .remedy("Let the client dial the name, not the address, or set the name (openssl s_client -servername; curl --connect-to; HAProxy: sni str(...) and check-sni; Java: SSLParameters.setServerNames),")
            .remedy("or give the server a default certificate (Go: tls.Config.Certificates beside GetCertificate; nginx: a default_server with a certificate).")
            .seen_as(&["Go server: tls: no certificates configured", "OpenSSL: tlsv1 unrecognized name"]),
    ))
}

/// The server sent another certificate than the one that it has for those who ask by name.
fn led_to_another_certificate(case: &Case<'_>) -> Option<Finding> {
    let hello = case.client_hello().ok()?;
    let chain = case.server_chain().ok()?;
    let leaf = chain.leaf().ok()?;
    let address = tlsleuth_cert::ReferenceName::from(case.connection.server.address.ip());
    if case.completed() || leaf.covers(&address) || case.ending.by != Side::Client {
        return None;
    }
    let other = case.context.servers.chain_for_a_name(case.connection)?;
    let (name, right) = &other.value;
    let right = right.chain.leaf()?;
    if right.sha256 == leaf.sha256 {
        return None;
    }
    Some(
        Finding::new(
            Party::Client,
            "the client sent no server name and got another certificate than those who do",
        )
        .evidence(hello.at, "the client sends no server_name")
        .evidence(
            chain.at(),
            format!("the server sends {}, for {}", wording::certificate(leaf), leaf.names_for_display()),
        )
        .evidence(
            other.at,
            format!(
                "to a client that asks for `{name}` the same server sends {}, for {}",
                wording::certificate(right),
                right.names_for_display()
            ),
        )
        .remedy("Let the client send the server name (openssl s_client -servername; Java: SSLParameters.setServerNames; HAProxy: sni str(...); very old clients: update),")
        .remedy("or make the certificate with that name the server's default one.")
        .needs_symptom(),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_says_so() {
        check(
            &super::SNI_MISSING,
            "client ClientHello
             server Alert fatal unrecognized_name",
            expect![[r#"
                error sni.missing (certain, client): the client sent no server name, and the server refuses that
                  frame 4: the client sends no server_name
                  frame 5: the server answers unrecognized_name
            "#]],
        );
    }

    #[test]
    fn fires_for_go_s_word_for_it() {
        check(
            &super::SNI_MISSING,
            "client ClientHello
             server Alert fatal internal_error",
            expect![[r#"
                error sni.missing (likely, client): the client sent no server name, and the server refuses that
                  frame 4: the client sends no server_name
                  frame 5: the server answers internal_error
            "#]],
        );
    }

    #[test]
    fn fires_when_those_who_name_it_get_another_certificate() {
        check(
            &super::SNI_MISSING,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=www.example + ServerHelloDone
             client Alert fatal bad_certificate
             connection
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                error sni.missing (certain, client): the client sent no server name and got another certificate than those who do
                  frame 4: the client sends no server_name
                  frame 5: the server sends "www.example", for `www.example`
                  frame 11: to a client that asks for `shop.example` the same server sends "shop.example", for `shop.example`
                clear
            "#]],
        );
    }

    #[test]
    fn clear_with_a_name() {
        check(
            &super::SNI_MISSING,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_did_no_harm() {
        check(
            &super::SNI_MISSING,
            "client ClientHello
             server ServerHello negotiated=1.3",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_tls() {
        check(
            &super::SNI_MISSING,
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
            &super::SNI_MISSING,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn likely_for_handshake_failure_to_a_usual_hello() {
        check(
            &super::SNI_MISSING,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                error sni.missing (likely, client): the client sent no server name, and the server refuses that
                  frame 4: the client sends no server_name
                  frame 5: the server answers handshake_failure
            "#]],
        );
    }

    #[test]
    fn possible_for_handshake_failure_to_a_narrow_hello() {
        check(
            &super::SNI_MISSING,
            "client ClientHello versions=1.2
             server Alert fatal handshake_failure",
            expect![[r#"
                error sni.missing (possible, client): the client sent no server name, and the server refuses that
                  frame 4: the client sends no server_name
                  frame 5: the server answers handshake_failure
            "#]],
        );
    }
}
