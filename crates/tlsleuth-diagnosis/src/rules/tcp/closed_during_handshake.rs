//! `tcp.closed-during-handshake`: a FIN after the server's first bytes, with no alert.

use tlsleuth_handshake::Side;

use super::reset_during_handshake::stage;
use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, path};

declare_rule! {
    /// A FIN after the server's first bytes, before completion, with no alert.
    ///
    /// ## What happened
    /// The server had begun to answer when one side closed the connection without saying why.
    /// ## Likely causes
    /// A time-out; a peer that refuses silently (gRPC, Node, wget, clients that check certificates
    /// themselves); a process that stopped; a user who canceled.
    /// ## When it cannot be told
    /// A FIN has no reason in it: the log of the side that closed says more.
    pub static TCP_CLOSED_DURING_HANDSHAKE {
        code: "tcp.closed-during-handshake",
        severity: Error,
        since: "0.1.0",
        needs: [CLOSED],
        leads_to: [],
        references: ["RFC 9293 §3.6", "RFC 9846 §6.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let ending = &case.ending;
    path::hello(connection)?;
    if case.completed() || ending.how != How::Closed || ending.phase < Phase::ClientHello {
        return Ok(None);
    }
    if !path::server_answered(connection) {
        // Where the server's TCP took the hello it is `tcp.server-silent`.
        let unseen = ending.by == Side::Client
            && path::unacknowledged(connection, Side::Client) > 0
            && path::retransmissions(connection, Side::Client).next().is_none();
        return Ok(unseen.then(|| left_early(case, "closes")));
    }
    if connection.plaintext.server.is_some() && connection.first_tls.server.is_none() {
        // Not TLS at all: `protocol.plaintext-reply`.
        return Ok(None);
    }
    let by = ending.by;
    let before = ending.at.and_then(|at| path::last_said(connection, by.peer(), at));
    if by == Side::Client && before.is_none() {
        return Ok(Some(left_early(case, "closes")));
    }
    let waited = match (before, ending.at) {
        (Some(before), Some(at)) => at.time.since(before.time),
        _ => 0,
    };
    let finding = Finding::new(
        by.into(),
        format!("the {} closed the connection {}", by.name(), stage(ending.phase)),
    )
    .evidence_if(before, || format!("the last that the {} had sent", by.peer().name()))
    .evidence_if(ending.at, || {
        format!("{} later the {} closes, without an alert", path::duration(waited), by.name())
    });
    let finding = if waited >= 1_000_000_000 {
        finding.explain(path::waited(&format!("The {}", by.name()), waited))
    } else {
        finding.explain("A FIN has no reason in it.")
    };
    Ok(Some(
        finding
            .remedy(match by {
                Side::Client => "Look in the client's log at this time: it gave up, or refused what the server sent (Node, wget and gRPC do so without an alert).",
                Side::Server => "Look in the server's log at this time: it gave up, stopped, or refused the client without an alert (gRPC's C core never sends one).",
            })
            .seen_as(&[
                "OpenSSL: error:0A000126:SSL routines::unexpected eof while reading",
                "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL",
                "Go: EOF, unexpected EOF",
                "Java: javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake",
                "nginx: peer closed connection in SSL handshake",
                "Node: socket hang up",
            ]),
    ))
}

/// The client left, and only then the server's answer came.
pub(super) fn left_early(case: &Case<'_>, does: &str) -> Finding {
    let connection = case.connection;
    let hello = path::hello_at(connection);
    let waited = match (hello, case.ending.at) {
        (Some(hello), Some(at)) => at.time.since(hello.time),
        _ => 0,
    };
    Finding::new(Side::Client.into(), "the client left before the server answered")
        .evidence_if(hello, || "the ClientHello".to_owned())
        .evidence_if(case.ending.at, || {
            format!("{} later the client {does}", path::duration(waited))
        })
        .evidence_if(connection.first_tls.server, || "only then the server's answer comes".to_owned())
        .explain("The server's answer is not why: the client had left. It canceled, lost patience, or another connection of it won a race (browsers open several).")
        .remedy("Look in the client's log at this time. Where another connection to the same server completes at the same time nothing needs to be done.")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_closes() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example
             server FIN",
            expect![[r#"
                error tcp.closed-during-handshake (certain, server): the server closed the connection after the server's answer
                  frame 4: the last that the client had sent
                  frame 6: 2.0 ms later the server closes, without an alert
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_closes_in_the_middle_of_an_answer() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "client ClientHello versions=1.2
             server Bytes 1603030050 02000046 0303
             client FIN",
            expect![[r#"
                error tcp.closed-during-handshake (certain, client): the client closed the connection in the middle of the server's first answer
                  frame 5: the last that the server had sent
                  frame 6: 1.0 ms later the client closes, without an alert
            "#]],
        );
    }

    #[test]
    fn clear_when_an_alert_says_why() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example
             client Alert fatal unknown_ca
             client FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completed() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200
             client FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_hello() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "client SYN
             server SYN-ACK
             client ACK
             server FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example
             server FIN",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn clear_when_the_answer_is_no_tls() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            r#"client ClientHello
             server Plain "HTTP/1.1 400 Bad Request\r\n\r\n"
             server FIN"#,
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_left_before_the_answer() {
        check(
            &super::TCP_CLOSED_DURING_HANDSHAKE,
            "client ClientHello versions=1.2
             client FIN
             server ServerHello + Certificate leaf=shop.example
             client RST",
            expect![[r#"
                error tcp.closed-during-handshake (certain, client): the client left before the server answered
                  frame 4: the ClientHello
                  frame 5: 1.0 ms later the client closes
                  frame 6: only then the server's answer comes
            "#]],
        );
    }
}
