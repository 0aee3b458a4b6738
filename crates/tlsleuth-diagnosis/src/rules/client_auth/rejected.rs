//! `client-auth.rejected`: the server refused the client's certificate.

use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::flight::Content;
use tlsleuth_handshake::{Observed, Side};

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, wording};

declare_rule! {
    /// The server refused the client's certificate, and the capture shows no defect in it.
    ///
    /// ## What happened
    /// The client sent a certificate, and the server ended the handshake behind it. An alert of the
    /// server's about certificates says so even where the capture lacks the client's messages.
    /// ## Likely causes
    /// The server does not know the client's authority, or lacks an intermediate; it demands a name
    /// or usage that the certificate has not; a revocation list; the key does not fit.
    /// ## When it cannot be told
    /// In TLS 1.3 both the certificate and the alert are encrypted: that a certificate was sent is
    /// inferred from the size of the client's flight.
    pub static CLIENT_AUTH_REJECTED {
        code: "client-auth.rejected",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["peer.server-aborted", "peer.handshake-failure", "peer.internal-error", "protocol.malformed", "peer.access-denied", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 8446 §4.4.2.4", "RFC 5246 §7.4.6"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let ending = &case.ending;
    if let Some(refusal) = of_what_was_missed(case) {
        return Ok(Some(advise(refusal)));
    }
    let refused = ending.by == Side::Server
        && ending.phase >= Phase::ClientFlight
        && matches!(ending.how, How::Alert(_) | How::Closed | How::Reset(_));
    if !refused {
        return Ok(None);
    }
    let said = ending.description();
    let about_certificate = said.is_none_or(|said| {
        matches!(
            said,
            AlertDescription::BAD_CERTIFICATE
                | AlertDescription::UNSUPPORTED_CERTIFICATE
                | AlertDescription::CERTIFICATE_REVOKED
                | AlertDescription::CERTIFICATE_EXPIRED
                | AlertDescription::CERTIFICATE_UNKNOWN
                | AlertDescription::UNKNOWN_CA
                | AlertDescription::ACCESS_DENIED
                | AlertDescription::HANDSHAKE_FAILURE
                | AlertDescription::INTERNAL_ERROR
        )
    });
    if !about_certificate {
        return Ok(None);
    }
    let sent = match &case.connection.client_chain {
        Observed::Present(chain) if chain.value.chain.is_empty() => return Ok(None),
        Observed::Present(chain) => {
            Some((chain.at, chain.value.chain.leaf().map(|leaf| wording::certificate(leaf))))
        }
        Observed::Encrypted => {
            let flight = case.connection.protected.iter().find(|record| {
                record.from == Side::Client && record.content == Content::ClientFlight
            });
            Some((flight.ok_or(Skip::Undetermined)?.at, None))
        }
        Observed::Absent => return Err(Skip::NotApplicable),
        Observed::Missed => return Err(Skip::Undetermined),
    };
    let Some((at, leaf)) = sent else { return Err(Skip::NotApplicable) };
    let said_words = match ending.how {
        How::Alert(alert) => alert
            .description
            .map_or_else(|| "an encrypted alert".to_owned(), |said| said.to_string()),
        How::Reset(_) => "a reset".to_owned(),
        _ => "a close, without an alert".to_owned(),
    };
    let mut finding = Finding::new(
        Party::Unknown,
        format!("the server refused the client's certificate ({said_words})"),
    );
    finding = match leaf {
        Some(leaf) => finding.evidence(at, format!("the client sends {leaf}")),
        None => finding
            .evidence(at, "the client's second flight is large enough to hold a certificate")
            .likely("Inferred: TLS 1.3 hides the certificate and the alert; the server left right behind the client's flight.")
            .next_step(wording::KEY_LOG),
    };
    finding = finding.evidence_if(ending.at, || format!("the server answers with {said_words}"));
    Ok(Some(advise(finding)))
}

/// A server's alert about certificates is about the client's, whether that was seen or not.
fn of_what_was_missed(case: &Case<'_>) -> Option<Finding> {
    let alert = case.ending.alert().filter(|alert| alert.from == Side::Server)?;
    let said = alert.description?;
    let says_which = matches!(
        said,
        AlertDescription::UNSUPPORTED_CERTIFICATE
            | AlertDescription::CERTIFICATE_REVOKED
            | AlertDescription::CERTIFICATE_EXPIRED
            | AlertDescription::CERTIFICATE_UNKNOWN
            | AlertDescription::UNKNOWN_CA
    );
    let about_certificate = says_which || said == AlertDescription::BAD_CERTIFICATE;
    if !about_certificate || !matches!(case.connection.client_chain, Observed::Missed) {
        return None;
    }
    let finding = Finding::new(
        Party::Unknown,
        format!("the server refused the client's certificate ({said})"),
    )
    .evidence(alert.at, format!("the server says {said}"))
    .explain("The client's certificate is not in the capture.")
    .next_step("capture the connection from its first packet, both directions");
    Some(if says_which {
        finding
    } else {
        finding
            .likely("Go's and NSS's servers say bad_certificate to a client that sends none, too.")
    })
}

fn advise(finding: Finding) -> Finding {
    finding
            .remedy("Look in the server's log for the reason; check that its client authorities hold the issuer and the intermediates of the client's certificate (nginx: ssl_client_certificate and ssl_verify_depth; HAProxy: ca-file; Go: tls.Config.ClientCAs; Java: the server's trustStore).")
            .seen_as(&[
                "Go server: tls: failed to verify certificate",
                "Go client: remote error: tls: bad certificate, tls: unknown certificate authority",
                "OpenSSL client: tlsv1 alert unknown ca, sslv3 alert bad certificate",
                "Java: Received fatal alert: certificate_unknown",
                "browsers: ERR_BAD_SSL_CLIENT_AUTH_CERT",
            ])
            .next_step("openssl verify -CAfile the-server's-client-authorities.pem -untrusted intermediates.pem client.pem")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_an_alert_about_a_certificate_that_was_missed() {
        check(
            &super::CLIENT_AUTH_REJECTED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest authorities=A + ServerHelloDone
             client Certificate leaf=robot chain=leaf + ClientKeyExchange + CertificateVerify lose
             client ChangeCipherSpec + Finished
             server Alert fatal certificate_expired
             server FIN",
            expect![[r#"
                error client-auth.rejected (certain, unknown): the server refused the client's certificate (certificate_expired)
                  frame 7: the server says certificate_expired
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_refuses_it() {
        check(
            &super::CLIENT_AUTH_REJECTED,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest + ServerHelloDone
             client Certificate leaf=alice.example + ClientKeyExchange + CertificateVerify + ChangeCipherSpec + Finished
             server Alert fatal bad_certificate",
            expect![[r#"
                error client-auth.rejected (certain, unknown): the server refused the client's certificate (bad_certificate)
                  frame 6: the client sends "alice.example"
                  frame 7: the server answers with bad_certificate
            "#]],
        );
    }

    #[test]
    fn likely_when_all_is_encrypted() {
        check(
            &super::CLIENT_AUTH_REJECTED,
            "client ClientHello
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 1100 + Encrypted 281 + Finished
             server Encrypted 19",
            expect![[r#"
                error client-auth.rejected (likely, unknown): the server refused the client's certificate (an encrypted alert)
                  frame 6: the client's second flight is large enough to hold a certificate
                  frame 7: the server answers with an encrypted alert
            "#]],
        );
    }

    #[test]
    fn clear_when_none_was_sent() {
        check(
            &super::CLIENT_AUTH_REJECTED,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest + ServerHelloDone
             client Certificate none + ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal handshake_failure",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::CLIENT_AUTH_REJECTED,
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
    fn not_applicable_when_nobody_asked() {
        check(
            &super::CLIENT_AUTH_REJECTED,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }
}
