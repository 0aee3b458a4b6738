//! `alpn.no-overlap`: the two sides have no application protocol in common.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::flight::Content;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, wording};

declare_rule! {
    /// The client and the server have no application protocol in common.
    ///
    /// ## What happened
    /// The server answered `no_application_protocol`. Go servers send it encrypted in TLS 1.3: an
    /// alert right behind the ServerHello, before any other message, to a client that offered ALPN.
    /// ## Likely causes
    /// A server that for the moment speaks only `acme-tls/1` (a renewal is going on); a gRPC client
    /// (h2 only) at a server or load balancer without HTTP/2; an MQTT or database client with ALPN
    /// at a web server.
    /// ## When it cannot be told
    /// The server's own list is not sent.
    pub static ALPN_NO_OVERLAP {
        code: "alpn.no-overlap",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: ["peer.server-aborted", "peer.handshake-failure", "tcp.closed-during-handshake"],
        references: ["RFC 7301 §3.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let alert = case.ending.alert().filter(|alert| alert.from == Side::Server);
    let said = alert.and_then(|alert| alert.description)
        == Some(AlertDescription::NO_APPLICATION_PROTOCOL);
    let hello = match (case.client_hello(), alert) {
        (Err(Skip::Undetermined), Some(alert)) if said => {
            // The alert says it by itself; what was offered is not in the capture.
            let title = "the server takes none of the client's application protocols";
            return Ok(Some(remedy(
                Finding::new(Party::Unknown, title)
                    .evidence(alert.at, "the server answers no_application_protocol"),
            )));
        }
        (hello, _) => hello?,
    };
    let Some(alert) = alert else { return Ok(None) };
    let offered = match hello.value.extensions.alpn() {
        Some(offered) => offered,
        // Servers that insist on a protocol refuse a client without ALPN with the same alert.
        None if said => &[],
        None => return Err(Skip::NotApplicable),
    };
    // An encrypted alert in place of EncryptedExtensions: of what a server judges between the two,
    // ALPN is what fails.
    let nothing_else = !case.connection.protected.iter().any(|record| {
        record.from == Side::Server
            && matches!(record.content, Content::ServerFlight | Content::Finished)
    });
    let inferred = alert.inferred && case.ending.phase == Phase::ServerFlight && nothing_else;
    if !said && !inferred {
        return Ok(None);
    }
    let shown = wording::list(offered);
    let mut finding = Finding::new(
        Party::Unknown,
        if offered.is_empty() {
            "the server insists on an application protocol, and the client offers none".to_owned()
        } else {
            format!("the server takes none of the client's application protocols ({shown})")
        },
    )
    .evidence(hello.at, format!("the client offers ALPN {shown}"));
    finding = if said {
        finding.evidence(alert.at, "the server answers no_application_protocol")
    } else {
        finding
            .evidence(alert.at, format!("an encrypted alert of {} bytes right behind the ServerHello", alert.record_len))
            .likely("Inferred: the server's first protected record has the size of an alert. Go servers refuse an ALPN mismatch at exactly this point.")
            .next_step(wording::KEY_LOG)
    };
    let web = offered.iter().any(|name| matches!(name.raw(), b"h2" | b"http/1.1"));
    if web {
        finding = finding.explain("If a certificate is being renewed with TLS-ALPN-01, the server may for the moment speak acme-tls/1 alone: visitors then fail until the challenge is over.");
    }
    Ok(Some(remedy(finding)))
}

fn remedy(finding: Finding) -> Finding {
    finding
            .remedy("Give the server the client's protocol (nginx: listen ... http2; Go: tls.Config.NextProtos with \"h2\", \"http/1.1\" beside acme-tls/1; Caddy, Traefik: enable HTTP/2 on the entry point),")
            .remedy("or correct what the client offers (curl: --http1.1; gRPC needs h2 end to end, so a load balancer must pass it on).")
            .seen_as(&[
                "Go server: tls: client requested unsupported application protocols",
                "Go client: remote error: tls: no application protocol",
                "OpenSSL: tlsv1 alert no application protocol",
                "Java: no matching application layer protocol",
            ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_says_so() {
        check(
            &super::ALPN_NO_OVERLAP,
            "client ClientHello alpn=h2
             server Alert fatal no_application_protocol",
            expect![[r#"
                error alpn.no-overlap (certain, unknown): the server takes none of the client's application protocols (h2)
                  frame 4: the client offers ALPN h2
                  frame 5: the server answers no_application_protocol
            "#]],
        );
    }

    #[test]
    fn fires_when_none_is_offered() {
        check(
            &super::ALPN_NO_OVERLAP,
            "client ClientHello
             server Alert fatal no_application_protocol",
            expect![[r#"
                error alpn.no-overlap (certain, unknown): the server insists on an application protocol, and the client offers none
                  frame 4: the client offers ALPN none
                  frame 5: the server answers no_application_protocol
            "#]],
        );
    }

    #[test]
    fn likely_when_the_alert_is_encrypted() {
        check(
            &super::ALPN_NO_OVERLAP,
            "client ClientHello alpn=h2
             server ServerHello negotiated=1.3 + ChangeCipherSpec
             server Encrypted 19
             server FIN",
            expect![[r#"
                error alpn.no-overlap (likely, unknown): the server takes none of the client's application protocols (h2)
                  frame 4: the client offers ALPN h2
                  frame 6: an encrypted alert of 19 bytes right behind the ServerHello
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::ALPN_NO_OVERLAP,
            "client ClientHello alpn=h2 versions=1.2
             server ServerHello alpn=h2",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_alpn() {
        check(
            &super::ALPN_NO_OVERLAP,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::ALPN_NO_OVERLAP,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn fires_for_the_alert_alone() {
        check(
            &super::ALPN_NO_OVERLAP,
            "no-syn
             server Alert fatal no_application_protocol",
            expect![[r#"
                error alpn.no-overlap (certain, unknown): the server takes none of the client's application protocols
                  frame 1: the server answers no_application_protocol
            "#]],
        );
    }
}
