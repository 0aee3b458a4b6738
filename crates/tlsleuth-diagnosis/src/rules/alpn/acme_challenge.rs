//! `alpn.acme-challenge`: a TLS-ALPN-01 validation failed.

use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::{Observed, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity, Skip, wording};

declare_rule! {
    /// A TLS-ALPN-01 validation by a certificate authority failed.
    ///
    /// ## What happened
    /// A client offered `acme-tls/1` alone. The server must echo it and send a self-signed
    /// certificate for exactly the name asked for, with a critical acmeIdentifier of 32 bytes. One of
    /// these is not so.
    /// ## Likely causes
    /// TLS ends at a load balancer or proxy that does not know the challenge; the request reached
    /// another node than the one that ordered; the ACME client had no challenge certificate ready.
    /// ## When it cannot be told
    /// In TLS 1.3 the echo and the certificate are encrypted: only an alert or a close is seen.
    pub static ALPN_ACME_CHALLENGE {
        code: "alpn.acme-challenge",
        severity: Error,
        since: "0.1.0",
        needs: [ACME],
        leads_to: ["alpn.no-overlap", "peer.internal-error", "peer.handshake-failure", "peer.access-denied", "peer.client-rejected-certificate", "peer.client-aborted", "peer.user-canceled", "sni.unrecognized", "sni.certificate-mismatch", "sni.default-certificate", "chain.self-signed", "chain.untrusted-root", "chain.missing-intermediate", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 8737 §3"],
    }
}

const ACME: &[u8] = b"acme-tls/1";

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    if !case.connection.is_acme_validation() {
        return Err(Skip::NotApplicable);
    }
    let name = case.server_display();
    let base = |title: String| {
        Finding::new(Party::Server, title)
            .evidence(hello.at, format!("a validation of `{name}`: the client offers ALPN acme-tls/1"))
            .seen_as(&[
                "Let's Encrypt: Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge",
                "Let's Encrypt: Incorrect validation certificate for tls-alpn-01 challenge",
                "Let's Encrypt: remote error: tls: internal error",
            ])
    };
    if let Some(alert) = case.ending.alert().filter(|alert| alert.from == Side::Server) {
        let said = alert
            .description
            .map_or_else(|| "an encrypted alert".to_owned(), |said| said.to_string());
        let finding = base(format!(
            "the TLS-ALPN-01 validation of `{name}` failed: the server answered {said}"
        ))
        .evidence(alert.at, format!("the server answers {said}"));
        let finding = match alert.description {
            Some(AlertDescription::NO_APPLICATION_PROTOCOL) => finding
                .explain("Whoever ends TLS here does not know acme-tls/1.")
                .remedy("Let the challenge reach the ACME client: pass TLS through at the load balancer for acme-tls/1, or use HTTP-01 or DNS-01 instead."),
            Some(AlertDescription::INTERNAL_ERROR | AlertDescription::UNRECOGNIZED_NAME) => finding
                .explain(match case.context.servers.challenge_answered(case.connection) {
                    Some(other) if other.value != case.connection.server => format!("The server has no challenge certificate for this name, and {} has one (frame {}): the nodes differ, and only the one that ordered knows the challenge.", other.value, other.at.frame),
                    Some(other) => format!("The server has no challenge certificate for this name in this connection, and has one in another (frame {}): several nodes stand behind this address, and only the one that ordered knows the challenge.", other.at.frame),
                    None => "The server has no challenge certificate for this name: another node may have it, or the order is gone.".to_owned(),
                })
                .remedy("Share the challenge storage between the nodes (CertMagic: a common Storage), or send validations to the node that ordered."),
            _ => finding.remedy("Look at the ACME client's log for this moment."),
        };
        return Ok(Some(finding));
    }
    let tls13 = case.connection.is_tls13();
    let echo_seen = !tls13 || case.connection.encrypted_extensions.is_present();
    if case.connection.hello().is_some() && echo_seen {
        match case.connection.alpn_selected() {
            None => {
                let at = case.server_hello()?.at;
                return Ok(Some(
                    base(format!("the TLS-ALPN-01 validation of `{name}` failed: acme-tls/1 was not echoed"))
                        .evidence(at, "the server's answer selects no acme-tls/1")
                        .explain("TLS ends at something that does not know the challenge, usually a load balancer or CDN.")
                        .remedy("Pass TLS through to the ACME client for acme-tls/1, or use HTTP-01 or DNS-01 instead.")
                        .severity(Severity::Error),
                ));
            }
            Some(selected) if selected.value.raw() != ACME => {
                return Ok(Some(
                    base(format!(
                        "the TLS-ALPN-01 validation of `{name}` failed: the server selected {}",
                        selected.value
                    ))
                    .evidence(selected.at, format!("the server selects {}", selected.value))
                    .remedy("Pass TLS through to the ACME client for acme-tls/1."),
                ));
            }
            Some(_) => {}
        }
    }
    let chain = match &case.connection.server_chain {
        Observed::Present(_) => case.server_chain()?,
        _ if case.completed() => return Ok(None),
        Observed::Absent => return Ok(None),
        Observed::Encrypted | Observed::Missed => return Err(Skip::Undetermined),
    };
    let leaf = chain.leaf()?;
    let problem = match (&leaf.acme_identifier, leaf.names_total) {
        (None, _) => {
            Some("the certificate has no acmeIdentifier: it is the usual one, not the challenge's")
        }
        (Some(identifier), _) if !identifier.critical => Some("its acmeIdentifier is not critical"),
        (Some(identifier), _) if identifier.digest.is_none() => {
            Some("its acmeIdentifier does not hold 32 bytes")
        }
        (Some(_), names) if names != 1 => Some("it does not hold exactly one name"),
        _ if !leaf.is_self_issued() => Some("it is not self-signed"),
        _ => None,
    };
    let covered = case.server_name().is_ok_and(|name| leaf.covers(&name.value));
    let problem = problem.or((!covered).then_some("it is for another name"));
    let Some(problem) = problem else { return Ok(None) };
    Ok(Some(
        base(format!("the TLS-ALPN-01 validation of `{name}` failed: {problem}"))
            .evidence(chain.at(), format!("the leaf is {} for {}: {problem}", wording::certificate(leaf), leaf.names_for_display()))
            .remedy("Let validations reach the ACME client that ordered, and nothing in front of it end TLS for acme-tls/1."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_it_is_not_echoed() {
        check(
            &super::ALPN_ACME_CHALLENGE,
            "client ClientHello sni=shop.example alpn=acme-tls/1 versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client FIN",
            expect![[r#"
                error alpn.acme-challenge (certain, server): the TLS-ALPN-01 validation of `shop.example` failed: acme-tls/1 was not echoed
                  frame 4: a validation of `shop.example`: the client offers ALPN acme-tls/1
                  frame 5: the server's answer selects no acme-tls/1
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_does_not_know_it() {
        check(
            &super::ALPN_ACME_CHALLENGE,
            "client ClientHello sni=shop.example alpn=acme-tls/1
             server Alert fatal no_application_protocol",
            expect![[r#"
                error alpn.acme-challenge (certain, server): the TLS-ALPN-01 validation of `shop.example` failed: the server answered no_application_protocol
                  frame 4: a validation of `shop.example`: the client offers ALPN acme-tls/1
                  frame 5: the server answers no_application_protocol
            "#]],
        );
    }

    #[test]
    fn fires_when_the_certificate_is_the_usual_one() {
        check(
            &super::ALPN_ACME_CHALLENGE,
            "client ClientHello sni=shop.example alpn=acme-tls/1 versions=1.2
             server ServerHello alpn=acme-tls/1 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client FIN",
            expect![[r#"
                error alpn.acme-challenge (certain, server): the TLS-ALPN-01 validation of `shop.example` failed: the certificate has no acmeIdentifier: it is the usual one, not the challenge's
                  frame 4: a validation of `shop.example`: the client offers ALPN acme-tls/1
                  frame 5: the leaf is "shop.example" for `shop.example`: the certificate has no acmeIdentifier: it is the usual one, not the challenge's
            "#]],
        );
    }

    #[test]
    fn not_applicable_to_other_protocols() {
        check(
            &super::ALPN_ACME_CHALLENGE,
            "client ClientHello sni=shop.example alpn=h2
             server Alert fatal no_application_protocol",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_it_is_encrypted() {
        check(
            &super::ALPN_ACME_CHALLENGE,
            "client ClientHello sni=shop.example alpn=acme-tls/1
             server ServerHello negotiated=1.3 + Encrypted 1200
             client FIN",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
