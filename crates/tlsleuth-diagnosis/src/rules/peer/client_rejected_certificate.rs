//! `peer.client-rejected-certificate`: the client refused the server's certificate.

use tlsleuth_handshake::Observed;
use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The client refused the server's certificate, and its defect is not visible.
    ///
    /// ## What happened
    /// Behind the server's flight the client sent an alert about certificates, or an encrypted alert
    /// where only such a one makes sense, or it closed in place of its Finished.
    /// ## Likely causes
    /// An incomplete chain, a name that is not covered, an expired certificate, a private authority
    /// that this client does not know.
    /// ## When it cannot be told
    /// TLS 1.3 hides the certificate; the alert's sender gives hints, a key log shows the cause.
    pub static PEER_CLIENT_REJECTED_CERTIFICATE {
        code: "peer.client-rejected-certificate",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["tcp.closed-during-handshake", "tcp.reset-during-handshake", "peer.client-aborted"],
        references: ["RFC 8446 §6.2", "RFC 5246 §7.2.2"],
    }
}

/// What a client that sends this alert finds wrong, by stack.
fn means(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::BAD_CERTIFICATE => {
            "Go and GnuTLS send bad_certificate for every fault of a certificate; OpenSSL for a wrong name, a weak key and one that is not yet valid; NSS and rustls for a wrong name."
        }
        AlertDescription::UNKNOWN_CA => {
            "OpenSSL, NSS and rustls send unknown_ca when no path leads to a root that they trust: an intermediate is missing, or the root is private."
        }
        AlertDescription::CERTIFICATE_EXPIRED => {
            "The client's clock says that a certificate is outside its validity. NSS and rustls say so of one that is not yet valid too."
        }
        AlertDescription::CERTIFICATE_UNKNOWN => {
            "Java sends certificate_unknown for nearly every fault; Chrome for all of them."
        }
        AlertDescription::UNSUPPORTED_CERTIFICATE => {
            "The certificate's usage does not allow a TLS server, or its kind of key is not supported."
        }
        AlertDescription::CERTIFICATE_REVOKED => {
            "The client learned that the certificate is revoked."
        }
        AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE => {
            "The stapled OCSP response was missing or bad."
        }
        _ => "",
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let ending = &case.ending;
    let in_place = ending.by == Side::Client
        && (ending.phase >= Phase::ServerFlight || case.connection.hello().is_none());
    if !in_place || case.completed() {
        return Ok(None);
    }
    let certificate_expected = !case.connection.resumed().unwrap_or(false);
    let certificates = |said: AlertDescription| {
        matches!(
            said,
            AlertDescription::BAD_CERTIFICATE
                | AlertDescription::UNSUPPORTED_CERTIFICATE
                | AlertDescription::CERTIFICATE_REVOKED
                | AlertDescription::CERTIFICATE_EXPIRED
                | AlertDescription::CERTIFICATE_UNKNOWN
                | AlertDescription::UNKNOWN_CA
                | AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE
        )
    };
    let tls13 = case.connection.is_tls13();
    let finding = match ending.how {
        How::Alert(alert) if alert.description.is_some_and(certificates) => {
            let said = alert.description.unwrap_or_default();
            Finding::new(Party::Unknown, format!("the client refused the server's certificate ({said})"))
                .evidence(alert.at, format!("the client says {said}"))
                .explain(means(said))
        }
        How::Alert(alert) if alert.description.is_none() && certificate_expected && tls13 => {
            Finding::new(Party::Unknown, "the client refused the server's certificate (encrypted alert)")
                .evidence(
                    alert.at,
                    format!(
                        "a record of {} bytes right behind the server's flight, which has the size of an \
                         alert; the client sent no Finished",
                        alert.record_len
                    ),
                )
                .likely("Inferred: TLS 1.3 hides both the certificate and the alert; at this point a client judges the certificate.")
                .explain(if alert.record_len >= 35 {
                    "A record of this size points to Java, which pads: it sends certificate_unknown for nearly every fault."
                } else {
                    "OpenSSL's clients send this alert in clear, so it is another stack: Go and GnuTLS (bad_certificate for every fault), NSS, rustls, BoringSSL."
                })
        }
        How::Closed | How::Reset(_)
            if certificate_expected
                && ending.phase == Phase::ServerFlight
                && server_flight_is_whole(case)
                && case.context.servers.content_before(case.connection).is_none() =>
        {
            Finding::new(Party::Unknown, "the client left right behind the server's flight, without an alert")
                .evidence_if(ending.at, || "the client closes in place of its Finished".to_owned())
                .likely("Inferred: Node, wget and clients that check the certificate themselves refuse it silently at this point; a user who cancels, or a time-out, looks the same.")
        }
        _ => return Ok(None),
    };
    let mut finding = finding;
    if let Observed::Present(chain) = &case.connection.server_chain {
        if let Some(leaf) = chain.value.chain.leaf() {
            finding = finding.evidence(
                chain.at,
                format!(
                    "the server sends {}, issued by {}, valid until {}",
                    wording::certificate(leaf),
                    wording::authority(&leaf.issuer),
                    leaf.not_after.map_or_else(|| "an unreadable time".to_owned(), wording::date),
                ),
            );
        }
        finding = beside_what_is_seen(case, finding);
    } else if let Some(seen) = case.context.servers.chain_in_clear(case.connection)
        && let Some(leaf) = seen.value.chain.leaf()
    {
        finding = finding.evidence(seen.at, format!(
            "in another connection the same server sends {} in clear, issued by {}, for {}, valid until {}",
            wording::certificate(leaf),
            wording::authority(&leaf.issuer),
            leaf.names_for_display(),
            leaf.not_after.map_or_else(|| "an unreadable time".to_owned(), wording::date),
        ));
    } else {
        finding = finding
            .explain("Likely, in this order: the chain is incomplete; the name is not covered; the certificate expired; the authority is private.")
            .next_step(wording::KEY_LOG);
    }
    let name = case.server_name().ok().map(|name| name.value.to_string());
    Ok(Some(
        finding
            .remedy("Look at what the server sends (see next steps): the whole chain without the root, a name that covers what the client dials, a date that has not passed. If all is well, give the client the authority's root.")
            .seen_as(&[
                "Go server: http: TLS handshake error ... remote error: tls: bad certificate (the remote side, the client, said so)",
                "nginx: SSL_do_handshake() failed ... alert unknown ca / alert bad certificate / alert certificate unknown",
                "Java: PKIX path building failed",
                "curl: (60) SSL certificate problem",
                "browsers: NET::ERR_CERT_AUTHORITY_INVALID",
            ])
            .next_step(wording::s_client(&case.connection.server, name.as_deref())),
    ))
}

/// What the client said beside what the chain shows: nothing is wrong with it in our eyes.
fn beside_what_is_seen(case: &Case<'_>, finding: Finding) -> Finding {
    let Ok(chain) = case.server_chain() else { return finding };
    let root = chain.judgement.path.last().map(|step| &step.certificate);
    let root = root.map_or_else(|| "its root".to_owned(), |root| wording::authority(&root.subject));
    let now = wording::date(chain.judged_at);
    let sound = chain.judgement.is_trusted();
    match case.ending.description() {
        Some(AlertDescription::CERTIFICATE_EXPIRED) => {
            let mut finding = finding
                .explain(format!("Every certificate of the path is valid at the time of the capture ({now}). So the client's clock is wrong, or the client builds its path over an expired certificate of its own store (an old root or cross-sign)."))
                .remedy("Check the client's clock first (date -u; embedded devices without a battery start in 1970), then update its certificate store.");
            finding.party = Party::Client;
            finding
        }
        Some(AlertDescription::UNKNOWN_CA) if sound => {
            let mut finding = finding
                .explain(format!("The chain is complete and leads to {root}. So this client does not have that root: its store is old or its own, or it pins another authority."))
                .remedy(format!("Give the client {root} (its CA file, trustStore or ca-certificates package), or look at what it pins."));
            finding.party = Party::Client;
            finding
        }
        Some(AlertDescription::CERTIFICATE_REVOKED) => finding.explain(
            "Nothing in the capture says so: the client asked an OCSP responder or has a CRL.",
        ),
        Some(AlertDescription::BAD_CERTIFICATE) if sound => finding.explain(format!(
            "At the time of the capture ({now}) the chain is valid and complete, its signatures and usages are right{}. What remains: from every stack, that the client's clock is behind, or that it compares {} name; from Go and GnuTLS also that it lacks the root {root}, or that a check of its own refused (a pinned key, VerifyPeerCertificate).",
            if case.server_name().is_ok() { ", and it covers the name that was asked for" } else { "" },
            if case.server_name().is_ok() { "another" } else { "an address or a" },
        ))
        .remedy("Check the client's clock (date -u) first."),
        _ => finding.explain(format!("What is wrong with the certificate in this client's eyes is not to be seen in it: it lacks the root {root}, compares a name that it did not send, has a wrong clock, or pins a key."))
            .remedy(format!("If it lacks the root: give it {root} (curl --cacert; Java: keytool -importcert into its trustStore, or a newer JRE; Debian: ca-certificates; Node: NODE_EXTRA_CA_CERTS).")),
    }
}

/// Whether the server had sent all that a client needs to judge.
fn server_flight_is_whole(case: &Case<'_>) -> bool {
    case.connection.server_hello_done.is_some() || case.connection.finished.server.is_present()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_a_plain_alert() {
        check(
            &super::PEER_CLIENT_REJECTED_CERTIFICATE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca
             client FIN",
            expect![[r#"
                error peer.client-rejected-certificate (certain, client): the client refused the server's certificate (unknown_ca)
                  frame 6: the client says unknown_ca
                  frame 5: the server sends "shop.example", issued by "Test Issuing CA", valid until 2027-01-19 10:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn likely_for_an_encrypted_alert() {
        check(
            &super::PEER_CLIENT_REJECTED_CERTIFICATE,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 19
             client FIN",
            expect![[r#"
                error peer.client-rejected-certificate (likely, unknown): the client refused the server's certificate (encrypted alert)
                  frame 6: a record of 19 bytes right behind the server's flight, which has the size of an alert; the client sent no Finished
            "#]],
        );
    }

    #[test]
    fn likely_when_the_client_leaves_silently() {
        check(
            &super::PEER_CLIENT_REJECTED_CERTIFICATE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client FIN",
            expect![[r#"
                error peer.client-rejected-certificate (likely, unknown): the client left right behind the server's flight, without an alert
                  frame 6: the client closes in place of its Finished
                  frame 5: the server sends "shop.example", issued by "Test Issuing CA", valid until 2027-01-19 10:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn shows_what_another_connection_shows() {
        check(
            &super::PEER_CLIENT_REJECTED_CERTIFICATE,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 35
             client FIN
             connection
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                error peer.client-rejected-certificate (likely, unknown): the client refused the server's certificate (encrypted alert)
                  frame 6: a record of 35 bytes right behind the server's flight, which has the size of an alert; the client sent no Finished
                  frame 12: in another connection the same server sends "shop.example" in clear, issued by "Test Issuing CA", for `shop.example`, valid until 2027-01-19 10:00:00 UTC
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_refuses() {
        check(
            &super::PEER_CLIENT_REJECTED_CERTIFICATE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal bad_certificate",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_CLIENT_REJECTED_CERTIFICATE,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }
}
