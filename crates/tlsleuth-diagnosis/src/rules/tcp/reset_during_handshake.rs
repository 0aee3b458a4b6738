//! `tcp.reset-during-handshake`: a reset after the server's first bytes.

use tlsleuth_handshake::Side;

use super::closed_during_handshake::left_early;
use crate::ending::{How, Phase};
use crate::path::{self, Origin};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// A reset after the server's first bytes, before the handshake completed.
    ///
    /// ## What happened
    /// The server had begun to answer when one side, or somebody in its name, cut the connection
    /// without an alert.
    /// ## Likely causes
    /// A process that crashed or was killed; a time-out; a peer that refuses without an alert; a
    /// device on the way that read the certificate or the hello.
    /// ## When it cannot be told
    /// A reset has no reason in it: the log of the side that sent it says more.
    pub static TCP_RESET_DURING_HANDSHAKE {
        code: "tcp.reset-during-handshake",
        severity: Error,
        since: "0.1.0",
        needs: [RESET],
        leads_to: [],
        references: ["RFC 9293 §3.5.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let ending = &case.ending;
    path::hello(connection)?;
    let How::Reset(reset) = ending.how else { return Ok(None) };
    if case.completed() || ending.phase < Phase::ClientHello {
        return Ok(None);
    }
    if !path::server_answered(connection) {
        let unseen = ending.by == Side::Client
            && path::unacknowledged(connection, Side::Client) > 0
            && path::retransmissions(connection, Side::Client).next().is_none();
        return Ok(unseen.then(|| left_early(case, "resets the connection")));
    }
    let by = ending.by;
    let origin = path::origin(connection, &reset);
    let party = if origin == Origin::Other { Party::Network } else { by.into() };
    let before = path::last_said(connection, by.peer(), reset.at);
    if by == Side::Client && before.is_none() && origin != Origin::Other {
        return Ok(Some(left_early(case, "resets the connection")));
    }
    let waited = before.map_or(0, |before| reset.at.time.since(before.time));
    let where_ = stage(ending.phase);
    let finding = match origin {
        Origin::Other => Finding::new(party, format!("another host cut the handshake in the {}'s name {where_}", by.name()))
            .likely("Inferred: the reset came from another distance (its TTL differs) than this side's own segments."),
        _ => Finding::new(party, format!("the {} reset the connection {where_}", by.name())),
    };
    let finding = finding
        .evidence_if(before, || format!("the last that the {} had sent", by.peer().name()))
        .evidence(reset.at, path::reset_says(connection, &reset));
    let finding = if waited >= 1_000_000_000 {
        finding.explain(path::waited(&format!("The {}", by.name()), waited))
    } else {
        finding
    };
    Ok(Some(
        finding
            .remedy(match (origin, by) {
                (Origin::Other, _) => "Ask whoever runs the firewall or inspection device between the two.",
                (_, Side::Client) => "Look in the client's log at this time: it ended the handshake, by a time-out, a crash, or because it did not like what the server sent.",
                (_, Side::Server) => "Look in the server's log at this time: a crash or restart, a worker that was killed, a refusal without an alert. Kubernetes: kubectl describe pod shows restarts.",
            })
            .seen_as(&[
                "curl: (35) Recv failure: Connection reset by peer",
                "OpenSSL: SSL_ERROR_SYSCALL, errno 104",
                "Go: read: connection reset by peer",
                "Java: java.net.SocketException: Connection reset",
                "nginx: peer closed connection in SSL handshake (104: Connection reset by peer)",
                "Node: read ECONNRESET",
            ])
            .next_step("capture on the other side as well: a reset that its host never sent was made on the way"),
    ))
}

/// Where in the handshake it was, as the end of a sentence.
pub(super) fn stage(phase: Phase) -> &'static str {
    match phase {
        Phase::Connecting | Phase::BeforeClientHello => "before the handshake",
        Phase::ClientHello => "in the middle of the server's first answer",
        Phase::ServerFlight => "after the server's answer",
        Phase::ClientFlight => "after the client's second flight",
        Phase::Finished => "right after the handshake",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_resets() {
        check(
            &super::TCP_RESET_DURING_HANDSHAKE,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example
             server RST",
            expect![[r#"
                error tcp.reset-during-handshake (certain, server): the server reset the connection after the server's answer
                  frame 4: the last that the client had sent
                  frame 6: a reset in the server's name: TTL 64, IP ID 1003, window 64240; the server's own segments have TTL 64, last IP ID 1002
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_resets_after_a_while() {
        check(
            &super::TCP_RESET_DURING_HANDSHAKE,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             wait 10s
             client RST",
            expect![[r#"
                error tcp.reset-during-handshake (certain, client): the client reset the connection after the server's answer
                  frame 5: the last that the server had sent
                  frame 6: a reset in the client's name: TTL 64, IP ID 1004, window 64240; the client's own segments have TTL 64, last IP ID 1003
            "#]],
        );
    }

    #[test]
    fn says_that_another_host_did_it() {
        check(
            &super::TCP_RESET_DURING_HANDSHAKE,
            "client ClientHello
             server ServerHello + Encrypted 1000
             server RST ttl=200",
            expect![[r#"
                error tcp.reset-during-handshake (likely, network): another host cut the handshake in the server's name after the server's answer
                  frame 4: the last that the client had sent
                  frame 6: a reset in the server's name: TTL 200, IP ID 1003, window 64240; the server's own segments have TTL 64, last IP ID 1002
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completed() {
        check(
            &super::TCP_RESET_DURING_HANDSHAKE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200
             client RST",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_hello() {
        check(
            &super::TCP_RESET_DURING_HANDSHAKE,
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
            &super::TCP_RESET_DURING_HANDSHAKE,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example
             server RST",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_had_not_answered() {
        check(
            &super::TCP_RESET_DURING_HANDSHAKE,
            "client ClientHello
             server RST",
            expect![[r#"
                clear
            "#]],
        );
    }
}
