//! `tcp.no-client-hello`: the connection opened and closed with no byte from the client.

use tlsleuth_capture::{Gap, GapCause};
use tlsleuth_handshake::{Outcome, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The connection opened and closed with no byte from the client.
    ///
    /// ## What happened
    /// TCP was established, the client sent nothing, and one side closed. No handshake failed: none
    /// began.
    /// ## Likely causes
    /// A health check of a load balancer, a port scan, a monitoring system; a client that opens
    /// connections in advance (browsers) or lost a race between two addresses. It is the cause of
    /// `EOF` lines in servers' logs.
    /// ## When it cannot be told
    /// Where the capture has not both ends of the connection, or lost bytes.
    pub static TCP_NO_CLIENT_HELLO {
        code: "tcp.no-client-hello",
        severity: Info,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: [],
        references: ["RFC 9293 §3.6"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    if case.completed() {
        // Frames that were captured in another order than they were sent in: there was a hello.
        return Ok(None);
    }
    let connection = case.connection;
    let transport = &connection.transport;
    let client = connection.stream(Side::Client);
    // What comes behind the end is no part of the conversation.
    let closed = connection.first_close().map(|(_, at)| at);
    let too_late = client
        .first_data
        .is_some_and(|data| closed.is_some_and(|closed| closed.order() < data.order()));
    if !too_late && (client.data_segments > 0 || client.stream_bytes > 0) {
        return if connection.tls_seen() || connection.plaintext.client.is_some() {
            Ok(None)
        } else {
            Err(Skip::NotApplicable)
        };
    }
    let (Some(syn), Some(_)) = (&transport.syn, &transport.syn_ack) else {
        // Not established, or joined late.
        return Err(if transport.syn.is_some() { Skip::NotApplicable } else { Skip::Undetermined });
    };
    path::both_seen(connection)?;
    let was_lost = |gap: &Gap| gap.cause != GapCause::NotAcknowledged;
    if connection.gaps.client.iter().any(was_lost) {
        // What the server acknowledged is a hello that the capture lost.
        return Err(Skip::Undetermined);
    }
    let Some((by, at)) = connection.first_close() else {
        return if connection.outcome == Outcome::Failed {
            Ok(Some(finding(case, None).evidence(syn.at, "the client opens the connection")))
        } else {
            Err(Skip::Undetermined)
        };
    };
    Ok(Some(
        finding(case, Some((by, at.time.since(syn.at.time))))
            .evidence(syn.at, "the client opens the connection")
            .evidence(at, format!("the {} closes it; the client has sent no byte", by.name())),
    ))
}

/// The finding: who closed and how many nanoseconds after the SYN.
fn finding(case: &Case<'_>, closed: Option<(Side, i64)>) -> Finding {
    let spoke = case.connection.stream(Side::Server).data_segments > 0;
    let title = match closed {
        Some((Side::Client, _)) => "the client opened the connection and closed it without a byte",
        Some((Side::Server, _)) => {
            "the server closed the connection, on which the client had sent no byte"
        }
        None => "the client opened the connection and never sent a byte",
    };
    let mut finding = Finding::new(Party::Client, title);
    finding = match closed {
        Some((Side::Server, ns)) => finding
            .explain("The server got tired of waiting for a ClientHello.")
            .explain(path::waited("It", ns)),
        _ => finding.explain(
            "This is what a health check, a port scan or a connection opened in advance looks like; no handshake began, so none failed.",
        ),
    };
    if spoke {
        finding =
            finding.explain("The server spoke first, so its protocol may not begin with TLS.");
    }
    finding
        .remedy("If this is a load balancer's health check, nothing needs to be done; to silence the server's log, let it check over TLS (AWS: HTTPS or TLS health check; HAProxy: check-ssl; Kubernetes: httpGet with scheme HTTPS).")
        .seen_as(&[
            "Go: http: TLS handshake error from ...: EOF",
            "nginx: client closed connection while SSL handshaking",
            "HAProxy: Connection closed during SSL handshake",
            "OpenSSL: SSL_accept: unexpected eof while reading",
        ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tlsleuth_capture::Place;
    use tlsleuth_handshake::{Connection, Outcome};

    use crate::diagnose::diagnose;
    use crate::rules::testing::{self, check, check_verdict};

    #[test]
    fn fires_when_the_client_opens_and_closes() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
            "client SYN
             server SYN-ACK
             client ACK
             wait 100ms
             client FIN
             server FIN",
            expect![[r#"
                info tcp.no-client-hello (certain, client): the client opened the connection and closed it without a byte
                  frame 1: the client opens the connection
                  frame 4: the client closes it; the client has sent no byte
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_gets_tired_of_waiting() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
            "client SYN
             server SYN-ACK
             client ACK
             wait 60s
             server FIN
             client FIN",
            expect![[r#"
                info tcp.no-client-hello (certain, client): the server closed the connection, on which the client had sent no byte
                  frame 1: the client opens the connection
                  frame 4: the server closes it; the client has sent no byte
            "#]],
        );
    }

    #[test]
    fn says_that_the_server_spoke_first() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
            r#"port 25
             server Plain "220 mail.example ESMTP\r\n"
             client RST"#,
            expect![[r#"
                info tcp.no-client-hello (certain, client): the client opened the connection and closed it without a byte
                  frame 1: the client opens the connection
                  frame 5: the client closes it; the client has sent no byte
            "#]],
        );
    }

    #[test]
    fn clear_when_there_is_a_hello() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
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
    fn not_applicable_when_it_was_never_established() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
            "client SYN
             server RST",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_capture_starts_later() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
            "no-syn
             server ACK
             client FIN",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn undetermined_when_a_reset_acknowledges_what_was_not_captured() {
        let script = "client ClientHello sni=shop.example lose
             server RST";
        check(
            &super::TCP_NO_CLIENT_HELLO,
            script,
            expect![[r#"
                undetermined
            "#]],
        );
        check_verdict(
            script,
            expect![[r#"
                incomplete: none
            "#]],
        );
    }

    #[test]
    fn undetermined_while_it_is_open() {
        check(
            &super::TCP_NO_CLIENT_HELLO,
            "client SYN
             server SYN-ACK
             client ACK",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn silent_where_the_handshake_completed_though_the_close_was_captured_first() {
        let (mut connection, _) = testing::one(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client FIN",
            diagnose,
        );
        connection.transport.forward.fin = Some(Place::default());
        let found = |connection: &Connection| {
            let diagnosis = testing::judged(connection, diagnose);
            diagnosis.findings.iter().any(|found| found.code == super::TCP_NO_CLIENT_HELLO.code)
        };
        assert!(!found(&connection));
        connection.outcome = Outcome::Failed;
        assert!(found(&connection));
    }
}
