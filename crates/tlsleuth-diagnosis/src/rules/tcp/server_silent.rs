//! `tcp.server-silent`: the ClientHello was acknowledged, and the server never answered.

use tlsleuth_handshake::{Outcome, Side};

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path, wording};

/// From this wait on a client that leaves is said to have given up: shorter ones are usual for an
/// answer on a slow path.
const PATIENCE_NS: i64 = 1_000_000_000;

declare_rule! {
    /// The ClientHello was acknowledged, and the server never answered.
    ///
    /// ## What happened
    /// The server's TCP took the client's bytes, and the program behind it sent nothing, or stopped
    /// in the middle of its answer, until somebody gave up.
    /// ## Likely causes
    /// A program that accepts no connections any more (all workers busy, a deadlock, a debugger); one
    /// that speaks another protocol and waits for more; a load balancer or SYN proxy that takes
    /// connections for a server that is down; a middlebox that swallows the answer.
    /// ## When it cannot be told
    /// Where the server's direction was not captured, or the capture ends too early.
    pub static TCP_SERVER_SILENT {
        code: "tcp.server-silent",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["tcp.closed-during-handshake", "peer.user-canceled"],
        references: ["RFC 9293 §3.8", "RFC 9846 §2"],
    }
}

/// What the server owed when it fell silent.
enum Owed {
    /// An answer to the ClientHello.
    Answer,
    /// The rest of its flight.
    Rest,
    /// An answer to the client's second flight.
    Finished,
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    if case.completed() {
        return Ok(None);
    }
    let ending = &case.ending;
    let last_hello = connection.client_hellos.last().map(|hello| hello.at);
    let Some(hello) = last_hello.or_else(|| path::hello_at(connection)) else {
        return Err(Skip::NotApplicable);
    };
    path::both_seen(connection)?;
    let answered = path::server_answered(connection);
    let server_last = connection.stream(Side::Server).last_data;
    let retried = connection.hello_retry.is_some()
        && connection.client_hellos.len() > 1
        && !connection.server_hello.is_present();
    let in_flight = ending.phase == Phase::ServerFlight
        && !connection.is_tls13()
        && connection.server_hello_done.is_none()
        && !connection.resumed().unwrap_or(false);
    let owed = match ending.phase {
        Phase::ClientHello if !answered => Owed::Answer,
        Phase::ServerFlight if retried => Owed::Answer,
        Phase::ClientHello | Phase::ServerFlight
            if connection.unfinished.server.is_some() || in_flight =>
        {
            Owed::Rest
        }
        Phase::ClientFlight => Owed::Finished,
        _ => return Ok(None),
    };
    let since = match owed {
        Owed::Answer => hello,
        Owed::Rest => server_last.unwrap_or(hello),
        Owed::Finished => connection.stream(Side::Client).last_data.unwrap_or(hello),
    };
    let waited = match (ending.how, ending.by) {
        (How::Silence, Side::Server) => connection.watched_until.since(since.time),
        (How::Closed | How::Reset(_) | How::Alert(_), Side::Client) => {
            ending.at.map_or(0, |at| at.time.since(since.time))
        }
        (How::Unseen, _) if connection.outcome == Outcome::Incomplete => {
            return Err(Skip::Undetermined);
        }
        // Its flight is there only in part, so in the eyes of the ending it is the client's turn.
        (How::Silence, Side::Client) if matches!(owed, Owed::Rest) || retried => {
            connection.watched_until.since(since.time)
        }
        _ => return Ok(None),
    };
    if path::unacknowledged(connection, Side::Client) > 0 {
        // It may not have arrived: `tcp.client-hello-lost`.
        return Ok(None);
    }
    if !matches!(owed, Owed::Answer) && waited < PATIENCE_NS {
        return Ok(None);
    }
    let name = case.server_name().ok().map(|name| name.value.to_string());
    let title = match owed {
        Owed::Answer => "the server took the ClientHello and never answered",
        Owed::Rest => "the server fell silent in the middle of its answer",
        Owed::Finished => "the server never answered the client's second flight",
    };
    let hurried = waited < PATIENCE_NS;
    let party = if hurried { Party::Client } else { Party::Server };
    let acknowledged = connection.stream(Side::Client).first_acknowledged;
    let mut finding = Finding::new(party, title).evidence(hello, "the ClientHello");
    if let Some(at) = acknowledged {
        finding = finding.evidence(at, "the server's TCP acknowledges it");
    }
    if !matches!(owed, Owed::Answer) {
        finding = finding.evidence(
            since,
            match owed {
                Owed::Finished => "the last of the client's second flight",
                _ => "the last that the server sends",
            },
        );
    }
    finding = match ending.how {
        How::Silence => finding
            .evidence(
                connection.last,
                format!("the last frame; nothing came for {}", path::duration(waited)),
            )
            .likely("Inferred from the silence: nobody closed the connection in the capture. Some collectors keep only the first packets of each connection; then this is their doing."),
        _ => finding
            .evidence_if(ending.at, || {
                format!("{} later the client ends it", path::duration(waited))
            })
            .explain(path::waited("The client", waited)),
    };
    if hurried {
        finding = finding.possible(
            "The client did not wait long: it may have canceled, or another connection of it won a race.",
        );
    }
    if connection.stream(Side::Server).zero_window {
        finding = finding.explain("The server announced a zero window: its program reads nothing.");
    }
    Ok(Some(
        finding
            .explain("The acknowledgment comes from the server's TCP, not from its program: the program is stuck, busy or waits for something else; or a load balancer or SYN proxy acknowledges for a server that is not there.")
            .remedy("Look whether the server's program still accepts (ss -ltn: a full Recv-Q at a listening socket means that it does not), whether its workers are busy, and whether the port is one for TLS.")
            .remedy("Behind a load balancer (AWS NLB, HAProxy in TCP mode, Kubernetes Service): check that the server behind it is reachable from there.")
            .seen_as(&[
                "curl: (28) SSL connection timeout / Operation timed out",
                "Go: net/http: TLS handshake timeout",
                "Java: java.net.SocketTimeoutException: Read timed out",
                "OpenSSL s_client hangs after CONNECTED(00000003)",
                "nginx: upstream timed out (110: Connection timed out) while SSL handshaking to upstream",
                "browsers: ERR_TIMED_OUT",
            ])
            .next_step("capture on the server: if its answer is there and not here, the path loses it")
            .next_step(wording::s_client(&connection.server, name.as_deref())),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_client_gives_up() {
        check(
            &super::TCP_SERVER_SILENT,
            "client ClientHello sni=shop.example
             server ACK
             wait 10s
             client FIN
             server ACK",
            expect![[r#"
                error tcp.server-silent (certain, server): the server took the ClientHello and never answered
                  frame 4: the ClientHello
                  frame 5: the server's TCP acknowledges it
                  frame 6: 10.0 s later the client ends it
            "#]],
        );
    }

    #[test]
    fn fires_when_nothing_comes_any_more() {
        check(
            &super::TCP_SERVER_SILENT,
            "client ClientHello
             server ACK
             watch 20s",
            expect![[r#"
                error tcp.server-silent (likely, server): the server took the ClientHello and never answered
                  frame 4: the ClientHello
                  frame 5: the server's TCP acknowledges it
                  frame 5: the last frame; nothing came for 20.0 s
            "#]],
        );
    }

    #[test]
    fn fires_in_the_middle_of_the_answer() {
        check(
            &super::TCP_SERVER_SILENT,
            "client ClientHello versions=1.2
             server ServerHello
             client ACK
             wait 5s
             client FIN",
            expect![[r#"
                error tcp.server-silent (certain, server): the server fell silent in the middle of its answer
                  frame 4: the ClientHello
                  frame 5: the server's TCP acknowledges it
                  frame 5: the last that the server sends
                  frame 7: 5.0 s later the client ends it
            "#]],
        );
    }

    #[test]
    fn doubts_when_the_client_did_not_wait() {
        check(
            &super::TCP_SERVER_SILENT,
            "client ClientHello
             server ACK
             wait 50ms
             client FIN",
            expect![[r#"
                error tcp.server-silent (possible, client): the server took the ClientHello and never answered
                  frame 4: the ClientHello
                  frame 5: the server's TCP acknowledges it
                  frame 6: 52 ms later the client ends it
            "#]],
        );
    }

    #[test]
    fn clear_when_it_answers() {
        check(
            &super::TCP_SERVER_SILENT,
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
    fn clear_when_the_hello_never_arrived() {
        check(
            &super::TCP_SERVER_SILENT,
            "client ClientHello vanish
             wait 1s
             client again vanish
             wait 2s
             client again vanish
             wait 5s
             client FIN vanish",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_hello() {
        check(
            &super::TCP_SERVER_SILENT,
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
    fn undetermined_while_it_may_still_answer() {
        check(
            &super::TCP_SERVER_SILENT,
            "client ClientHello
             server ACK
             watch 1s",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_server_side_is_missing() {
        check(
            &super::TCP_SERVER_SILENT,
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello
             server ServerHello lose
             client ACK
             watch 10s",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
