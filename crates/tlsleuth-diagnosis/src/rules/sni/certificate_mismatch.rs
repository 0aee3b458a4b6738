//! `sni.certificate-mismatch`: the certificate does not cover the name that the client asked for.

use tlsleuth_capture::Located;
use tlsleuth_cert::{Miss, ReferenceName};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity, Skip, wording};

declare_rule! {
    /// The leaf certificate does not cover the name that the client asked for.
    ///
    /// ## What happened
    /// The client sent a server name and no subjectAltName entry of the leaf matches it; or it sent
    /// none, as clients do that dial an address, and the leaf does not cover that address.
    /// ## Likely causes
    /// The server has no certificate for this name and sent its default one; the client dials an
    /// address or an alias; a wildcard that does not reach two labels deep; a proxy answered.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the server's Certificate message: without secrets the rule is undetermined.
    pub static SNI_CERTIFICATE_MISMATCH {
        code: "sni.certificate-mismatch",
        severity: Error,
        since: "0.1.0",
        needs: [SERVER_CHAIN],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 9525 §6.3", "RFC 6066 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let dialled;
    let asked = match case.server_name() {
        Ok(name) => name,
        Err(Skip::NotApplicable) => {
            let address = case.connection.server.address.ip();
            dialled = Located::new(ReferenceName::from(address), hello.at);
            &dialled
        }
        Err(skip) => return Err(skip),
    };
    let named = case.server_name().is_ok();
    let chain = case.server_chain()?;
    if chain.sent.value.raw_public_key {
        return Err(Skip::NotApplicable);
    }
    let leaf = chain.leaf()?;
    if leaf.malformed.is_some() && leaf.dns_names.is_empty() {
        return Err(Skip::Undetermined);
    }
    if leaf.covers(&asked.value) {
        return Ok(None);
    }
    if !named && case.completed() && case.is_in_use() {
        // What a client without SNI compares is not in the capture, and this one was content.
        return Err(Skip::Undetermined);
    }
    let covers = leaf.names_for_display();
    let mut finding = if named {
        Finding::new(Party::Server, format!("the certificate does not cover `{}`", asked.value))
            .evidence(asked.at, format!("the client asks for `{}`", asked.value))
    } else {
        Finding::new(
            Party::Client,
            format!(
                "the certificate covers names, and not the address {} that the client dialled",
                asked.value
            ),
        )
        .evidence(
            asked.at,
            "the client sends no server name: it dials an address, or is too old to send one",
        )
    }
    .certificate(Some(0))
    .evidence(chain.at(), format!("the leaf covers {covers}"));
    if let Some(miss) = leaf.nearest_miss(&asked.value).filter(|miss| *miss != Miss::Unrelated) {
        finding = finding.explain(wording::sentence(&miss.to_string()));
    }
    if !named {
        finding = finding.severity(if refused_for_certificate(case) { Severity::Error } else { Severity::Info }).likely(
            "Inferred: what a client without SNI compares the certificate with is not in the capture; \
             one that dials an address compares the address.",
        );
    }
    let finding = if named {
        finding
            .remedy(format!("Install a certificate that lists {} (its subjectAltName, not only the CN), or let the server choose it by name (nginx: server_name and ssl_certificate in the same server block; Kubernetes: spec.tls.hosts and secretName of the Ingress; Apache: ServerName/ServerAlias),", asked.value))
            .remedy("or correct the name that the client dials.")
    } else {
        finding.remedy("Let the client dial a name that the certificate covers,").remedy(format!(
            "or add the address {} to the certificate as an iPAddress entry of subjectAltName.",
            asked.value
        ))
    };
    Ok(Some(
        finding
            .seen_as(&[
                "curl: (60) SSL: no alternative certificate subject name matches target host name",
                "Go: x509: certificate is valid for ..., not ...",
                "Go: x509: cannot validate certificate for ... because it doesn't contain any IP SANs",
                "OpenSSL: hostname mismatch",
                "Java: No subject alternative DNS name matching ... found",
                "Node: ERR_TLS_CERT_ALTNAME_INVALID",
                "browsers: NET::ERR_CERT_COMMON_NAME_INVALID, SSL_ERROR_BAD_CERT_DOMAIN",
            ])
            .next_step(wording::s_client(&case.connection.server, named.then(|| asked.value.to_string()).as_deref()))
            .needs_symptom(),
    ))
}

/// Whether the client said that it did not like the certificate.
fn refused_for_certificate(case: &Case<'_>) -> bool {
    use tlsleuth_handshake::codepoint::AlertDescription as A;
    case.ending.by == tlsleuth_handshake::Side::Client
        && (case.ending.alert().is_none()
            || matches!(
                case.ending.description(),
                None | Some(A::BAD_CERTIFICATE | A::CERTIFICATE_UNKNOWN | A::HANDSHAKE_FAILURE)
            ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_a_name_with_a_dot() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=name-with-dot + ServerKeyExchange + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error sni.certificate-mismatch (certain, server): the certificate does not cover `api.example.test`
                  frame 4: the client asks for `api.example.test`
                  frame 5: the leaf covers `api.example.test.`
            "#]],
        );
    }

    #[test]
    fn fires_when_no_name_matches() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=www.example + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error sni.certificate-mismatch (certain, server): the certificate does not cover `shop.example`
                  frame 4: the client asks for `shop.example`
                  frame 5: the leaf covers `www.example`
            "#]],
        );
    }

    #[test]
    fn fires_for_an_address() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=www.example + ServerHelloDone
             client Alert fatal bad_certificate",
            expect![[r#"
                error sni.certificate-mismatch (likely, client): the certificate covers names, and not the address 10.0.0.2 that the client dialled
                  frame 4: the client sends no server name: it dials an address, or is too old to send one
                  frame 5: the leaf covers `www.example`
            "#]],
        );
    }

    #[test]
    fn clear_when_a_name_matches() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
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
    fn clear_for_a_wildcard() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
            "client ClientHello sni=shop.example.test versions=1.2
             server ServerHello + Certificate leaf=*.example.test + ServerHelloDone",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
            "client ClientHello sni=shop.example
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_it_is_encrypted() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
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

    #[test]
    fn undetermined_for_a_content_client_without_a_name() {
        check(
            &super::SNI_CERTIFICATE_MISMATCH,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 100",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
