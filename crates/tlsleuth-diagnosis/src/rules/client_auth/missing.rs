//! `client-auth.missing`: the server requires a client certificate and got none.

use tlsleuth_capture::Place;
use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::flight::Content;
use tlsleuth_handshake::{Observed, Side};

use crate::ending::{How, Phase};
use crate::finding::Words;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, server_setting, wording};

declare_rule! {
    /// The server requires a client certificate and got none.
    ///
    /// ## What happened
    /// The server asked for a certificate, the client answered with an empty list (in TLS 1.3 a
    /// record of exactly that size), and the server ended the connection.
    /// ## Likely causes
    /// The client has no certificate configured, cannot read its key, or has none from the
    /// authorities that the server named.
    /// ## When it cannot be told
    /// In TLS 1.3 the request and the certificate are encrypted; the size of an empty one gives it
    /// away, unless the client puts it in one record with its Finished.
    pub static CLIENT_AUTH_MISSING {
        code: "client-auth.missing",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.handshake-failure", "peer.server-aborted", "protocol.malformed", "tcp.closed-during-handshake", "tcp.reset-during-handshake", "peer.access-denied"],
        references: ["RFC 8446 §4.4.2.4", "RFC 5246 §7.4.6"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let connection = case.connection;
    let required = case.ending.by == Side::Server
        && case.ending.description() == Some(AlertDescription::CERTIFICATE_REQUIRED);
    let refused = match case.ending.how {
        How::Alert(_) | How::Closed | How::Reset(_) => {
            case.ending.by == Side::Server && case.ending.phase >= Phase::ClientFlight
        }
        _ => false,
    };
    let may_lack_one = required || refused || (case.completed() && short_answer(case));
    if !may_lack_one {
        return Ok(None);
    }
    let empty = empty_certificate(case);
    let none_sent = none_sent(case);
    if let (true, Some((at, says))) = (case.completed(), &empty) {
        return Ok(answered_in_http(case, *at, says.clone()));
    }
    if !(required || (refused && (empty.is_some() || none_sent))) {
        return Ok(None);
    }
    let mut finding = Finding::new(
        Party::Client,
        "the server requires a client certificate, and the client sent none",
    );
    if let Observed::Present(request) = &connection.certificate_request {
        let authorities = request.value.authorities().len();
        finding = finding.evidence(
            request.at,
            if authorities == 0 {
                "the server asks for a certificate of any authority".to_owned()
            } else {
                format!(
                    "the server asks for a certificate of {}",
                    super::of_authorities(authorities)
                )
            },
        );
    }
    if let Some((at, says)) = empty {
        finding = finding.evidence(at, says);
        if connection.client_chain.present().is_none() {
            finding = finding
                .likely("Inferred: the client's first protected record has exactly the size of an empty Certificate message.")
                .next_step(wording::KEY_LOG);
        }
    } else if none_sent {
        finding = finding.evidence_if(connection.client_key_exchange, || {
            "the client sends no Certificate message".to_owned()
        });
    }
    let said = match case.ending.how {
        How::Alert(alert) => alert
            .description
            .map_or_else(|| "with an encrypted alert".to_owned(), |said| format!("with {said}")),
        How::Reset(_) => "with a reset".to_owned(),
        _ => "by closing".to_owned(),
    };
    Ok(Some(
        finding
            .evidence_if(case.ending.at, || format!("the server ends the handshake {said}"))
            .remedy("Give the client a certificate and its key (curl --cert/--key; Go: tls.Config.Certificates; Java: a keyStore, not only a trustStore; nginx proxy: proxy_ssl_certificate), issued by an authority that the server accepts,")
            .remedy(format!("or make it optional on the server ({}).", server_setting::optional_certificate(connection)))
            .seen_as(&[
                "Go server: tls: client didn't provide a certificate",
                "Go client: remote error: tls: certificate required",
                "OpenSSL server: peer did not return a certificate",
                "OpenSSL client: tlsv13 alert certificate required, sslv3 alert handshake failure",
                "nginx: 400 No required SSL certificate was sent",
                "Java: Empty client certificate chain, Received fatal alert: certificate_required",
                "browsers: ERR_BAD_SSL_CLIENT_AUTH_CERT",
            ]),
    ))
}

/// nginx lets the handshake complete and answers with status 400 inside of TLS, so that a completed
/// handshake without a certificate that was asked for may be a refusal all the same.
fn answered_in_http(case: &Case<'_>, at: Place, says: Words) -> Option<Finding> {
    let answer = case.connection.application_data.server;
    short_answer(case).then(|| {
        Finding::new(
            Party::Client,
            "the client sent no certificate though one was asked for, and got a short answer",
        )
        .evidence(at, says)
        .evidence_if(answer.first, || format!("the server answers with {} bytes", answer.bytes))
        .severity(crate::Severity::Info)
        .possible(
            "The handshake completed, so the certificate may be optional; but nginx completes the \
             handshake too and refuses with `400 No required SSL certificate was sent` inside of TLS.",
        )
        .remedy("If the answer is an error: give the client a certificate and its key, or make it optional (nginx: ssl_verify_client optional).")
        .seen_as(&["nginx: 400 No required SSL certificate was sent"])
    })
}

/// Whether the server answered with no more than an error page.
fn short_answer(case: &Case<'_>) -> bool {
    let answer = case.connection.application_data.server;
    answer.records > 0 && answer.bytes < 4_096
}

/// Where the client said that it has no certificate.
fn empty_certificate(case: &Case<'_>) -> Option<(Place, Words)> {
    if let Observed::Present(chain) = &case.connection.client_chain
        && chain.value.chain.is_empty()
    {
        return Some((chain.at, "the client sends an empty Certificate".into()));
    }
    case.connection.protected.iter().find(|record| record.content == Content::EmptyCertificate).map(
        |record| {
            (record.at, format!("a record of {} bytes: an empty Certificate", record.len).into())
        },
    )
}

/// Whether the server asked in clear, and the client went on without a Certificate message, as SSL 3
/// and some stacks do.
fn none_sent(case: &Case<'_>) -> bool {
    !case.connection.is_tls13()
        && case.connection.certificate_request.is_present()
        && case.connection.client_chain == Observed::Absent
        && case.connection.client_key_exchange.is_some()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_an_empty_one_is_refused() {
        check(
            &super::CLIENT_AUTH_MISSING,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest + ServerHelloDone
             client Certificate none + ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal handshake_failure",
            expect![[r#"
                error client-auth.missing (certain, client): the server requires a client certificate, and the client sent none
                  frame 5: the server asks for a certificate of any authority
                  frame 6: the client sends an empty Certificate
                  frame 7: the server ends the handshake with handshake_failure
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_says_so_in_tls_1_3() {
        check(
            &super::CLIENT_AUTH_MISSING,
            "client ClientHello
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 25 + Finished
             server Encrypted 19",
            expect![[r#"
                error client-auth.missing (likely, client): the server requires a client certificate, and the client sent none
                  frame 6: a record of 25 bytes: an empty Certificate
                  frame 7: the server ends the handshake with an encrypted alert
            "#]],
        );
    }

    #[test]
    fn clear_when_nobody_asks() {
        check(
            &super::CLIENT_AUTH_MISSING,
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
    fn clear_when_it_was_sent() {
        check(
            &super::CLIENT_AUTH_MISSING,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest + ServerHelloDone
             client Certificate leaf=alice.example + ClientKeyExchange + CertificateVerify + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_without_tls() {
        check(
            &super::CLIENT_AUTH_MISSING,
            "client SYN
             server RST",
            expect![[r#"
                not applicable
            "#]],
        );
    }
}
