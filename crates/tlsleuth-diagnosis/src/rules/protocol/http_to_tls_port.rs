//! `protocol.http-to-tls-port`: the client spoke plain HTTP to a TLS port.

use tlsleuth_handshake::preamble::PlaintextKind;
use tlsleuth_handshake::{Outcome, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The client spoke plain HTTP to a TLS port.
    ///
    /// ## What happened
    /// Where a ClientHello was expected the client sent an HTTP request in clear; the server refused
    /// with an error in clear, with an alert, or by closing.
    /// ## Likely causes
    /// A URL with `http://` and the port of HTTPS; a proxy or load balancer that ends TLS and talks
    /// plain HTTP to a backend that wants TLS (nginx `proxy_pass http://...:443`, a Kubernetes ingress
    /// without `backend-protocol: HTTPS`, an AWS target group with protocol HTTP); a health check.
    /// ## When it cannot be told
    /// Where the server answers the request as usual, the port is one for plain HTTP.
    pub static PROTOCOL_HTTP_TO_TLS_PORT {
        code: "protocol.http-to-tls-port",
        severity: Error,
        since: "0.1.0",
        needs: [IN_CLEAR],
        leads_to: [
            "tcp.closed-after-client-hello",
            "tcp.reset-after-client-hello",
            "protocol.plaintext-reply",
            "protocol.malformed",
            "peer.handshake-failure",
        ],
        references: ["RFC 9110 §4.2.2", "RFC 9846 §5"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let Some(said) = &connection.plaintext.client else {
        return if connection.first_tls.client.is_some() {
            Ok(None)
        } else if connection.stream(Side::Client).data_segments > 0 {
            Err(Skip::Undetermined)
        } else {
            Err(Skip::NotApplicable)
        };
    };
    if !matches!(said.value.kind, PlaintextKind::HttpRequest | PlaintextKind::Http2)
        || connection.first_tls.client.is_some()
        || connection.refusal.is_some()
    {
        return Ok(None);
    }
    path::both_seen(connection)?;
    let finding = Finding::new(Party::Client, "the client spoke plain HTTP to a TLS port")
        .evidence(said.at, format!("the client sends in clear: {}", said.value.quote));
    let alert = connection.alerts.iter().find(|alert| alert.from == Side::Server);
    let answer = connection.plaintext.server.as_ref();
    let finding = if let Some(alert) = alert {
        let says = alert.description.map_or_else(|| "an alert".to_owned(), |said| said.to_string());
        finding.evidence(alert.at, format!("the server answers in TLS: {says}"))
    } else if let Some(first) = connection.first_tls.server {
        finding.evidence(first, "the server answers in TLS")
    } else if let Some(answer) = answer {
        match answer.value.kind {
            // What nginx (400), Go (400), Apache (400) and HAProxy answer to a request in clear.
            PlaintextKind::HttpResponse(400 | 403 | 426 | 497) => finding
                .evidence(answer.at, format!("the server refuses in clear: {}", answer.value.quote))
                .likely("Inferred from the port and the refusal: the text behind the status line usually says so (\"The plain HTTP request was sent to HTTPS port\", \"Client sent an HTTP request to an HTTPS server\")."),
            // A server that answers as usual is no TLS server.
            _ => return Ok(None),
        }
    } else if let Some((by, at)) = connection.first_close() {
        match by {
            Side::Server => finding
                .evidence(at, "the server ends the connection without an answer")
                .likely(
                    "Inferred: OpenSSL's servers, HAProxy and stunnel close when what comes is no TLS.",
                ),
            Side::Client => finding
                .evidence(at, "the client ends the connection; the server has not answered")
                .likely("Inferred from the port, and from servers that wait for a ClientHello (NSS)."),
        }
    } else if connection.outcome == Outcome::Failed {
        finding
            .evidence(connection.last, "the last frame; the server does not answer")
            .likely("Inferred from the port, and from servers that wait for a ClientHello (NSS).")
    } else {
        return Err(Skip::Undetermined);
    };
    Ok(Some(
        finding
            .remedy("Use https:// in the client's URL, or the port of plain HTTP.")
            .remedy("A proxy that forwards there must speak TLS to its backend: nginx proxy_pass https://...; HAProxy server ... ssl verify ...; Kubernetes ingress-nginx annotation backend-protocol: \"HTTPS\"; AWS target group protocol HTTPS; probes with scheme: HTTPS.")
            .seen_as(&[
                "nginx: 400 The plain HTTP request was sent to HTTPS port",
                "Go: http: TLS handshake error from ...: client sent an HTTP request to an HTTPS server",
                "Go client: net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x15\\x03\\x01\\x00\\x02\\x02\"",
                "curl: (52) Empty reply from server; (1) Received HTTP/0.9 when not allowed",
                "OpenSSL: error:0A00009C:SSL routines::http request",
                "Java: javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_refuses_in_clear() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
            r#"client Plain "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
             server Plain "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"
             server FIN"#,
            expect![[r#"
                error protocol.http-to-tls-port (likely, client): the client spoke plain HTTP to a TLS port
                  frame 4: the client sends in clear: GET / HTTP/1.1
                  frame 5: the server refuses in clear: HTTP/1.1 400 Bad Request
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_closes() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
            r#"client Plain "GET / HTTP/1.1\r\n\r\n"
             server FIN"#,
            expect![[r#"
                error protocol.http-to-tls-port (likely, client): the client spoke plain HTTP to a TLS port
                  frame 4: the client sends in clear: GET / HTTP/1.1
                  frame 5: the server ends the connection without an answer
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_answers_with_an_alert() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
            r#"client Plain "GET / HTTP/1.1\r\n\r\n"
             server Alert fatal unexpected_message
             server FIN"#,
            expect![[r#"
                error protocol.http-to-tls-port (certain, client): the client spoke plain HTTP to a TLS port
                  frame 4: the client sends in clear: GET / HTTP/1.1
                  frame 5: the server answers in TLS: unexpected_message
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_takes_it() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
            r#"port 8443
             client Plain "GET / HTTP/1.1\r\n\r\n"
             server Plain "HTTP/1.1 200 OK\r\n\r\n"
             server FIN"#,
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_client_speaks_tls() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
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
    fn not_applicable_without_a_byte() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
            "client SYN
             server SYN-ACK
             client ACK
             client FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_server_side_is_missing() {
        check(
            &super::PROTOCOL_HTTP_TO_TLS_PORT,
            r#"client SYN
             server SYN-ACK lose
             client ACK
             client Plain "GET / HTTP/1.1\r\n\r\n"
             server Plain "HTTP/1.1 400 Bad Request\r\n\r\n" lose
             client ACK"#,
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
