//! `tcp.client-silent`: the server's flight was acknowledged, and the client never went on.

use tlsleuth_handshake::{Outcome, Side};

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path, wording};

/// From this wait on a server that leaves is said to have given up: shorter ones are usual for a
/// client on a slow path.
const PATIENCE_NS: i64 = 1_000_000_000;

declare_rule! {
    /// The client acknowledged the server's whole flight and never went on.
    ///
    /// ## What happened
    /// The client's TCP took the server's certificate and all that belongs to it, and the program
    /// behind it sent neither its own flight nor an alert, until somebody gave up.
    /// ## Likely causes
    /// A client that waits for a person (a PIN of a smart card, a question about the certificate), for
    /// an OCSP or CRL server that does not answer, or for a key in a locked store; a program that
    /// hangs or was stopped; a scanner that only reads certificates; a collector that keeps only the
    /// first packets of each connection.
    /// ## When it cannot be told
    /// Where the client's direction was not captured, the end of the server's flight cannot be told
    /// from outside, or the capture ends too early.
    pub static TCP_CLIENT_SILENT {
        code: "tcp.client-silent",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["tcp.closed-during-handshake", "tcp.reset-during-handshake", "peer.user-canceled"],
        references: ["RFC 9293 §3.8", "RFC 9846 §2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    if case.completed() {
        return Ok(None);
    }
    let Some(hello) = connection.hello() else { return Err(Skip::NotApplicable) };
    path::both_seen(connection)?;
    let ending = &case.ending;
    if ending.phase != Phase::ServerFlight || connection.hello_retry.is_some() && !answered(case) {
        return Ok(None);
    }
    let server = connection.stream(Side::Server);
    let Some(flight) = server.last_data.filter(|at| at.order() >= hello.at.order()) else {
        return Err(Skip::Undetermined);
    };
    let is_whole = if connection.is_tls13() {
        connection.unfinished.server.is_none()
            && connection.protected.iter().any(|record| record.from == Side::Server)
    } else {
        connection.server_hello_done.is_some()
    };
    if !is_whole || path::unacknowledged(connection, Side::Server) > 0 {
        // Its rest may be missing, or not have arrived: `tcp.server-silent`, `tcp.server-flight-lost`.
        return Ok(None);
    }
    let waited = match (ending.how, ending.by) {
        (How::Silence, _) => connection.watched_until.since(flight.time),
        (How::Closed | How::Reset(_), Side::Server) => {
            ending.at.map_or(0, |at| at.time.since(flight.time))
        }
        (How::Unseen, _) if connection.outcome == Outcome::Incomplete => {
            return Err(Skip::Undetermined);
        }
        _ => return Ok(None),
    };
    if waited < PATIENCE_NS {
        return Ok(None);
    }
    let finding = Finding::new(
        Party::Client,
        "the client took the server's flight and never went on with the handshake",
    )
    .evidence_if(Some(hello.at).filter(|at| *at != flight), || {
        "the server's flight begins".to_owned()
    })
    .evidence(flight, "the last of the server's flight; the client's TCP acknowledges it");
    let finding = match ending.how {
        How::Silence => finding
            .evidence(
                connection.last,
                format!("the last frame; nothing came for {}", path::duration(waited)),
            )
            .likely("Inferred from the silence: nobody closed the connection in the capture. Some collectors keep only the first packets of each connection; then this is their doing."),
        _ => finding
            .evidence_if(ending.at, || {
                format!("{} later the server ends it", path::duration(waited))
            })
            .explain(path::waited("The server", waited)),
    };
    Ok(Some(
        finding
            .explain("The acknowledgment comes from the client's TCP, not from its program, which neither refused the certificate nor went on.")
            .remedy("Look at the client at this time: whether it waits for somebody (the PIN of a smart card, a question about the certificate), or for an OCSP or CRL server that it cannot reach (Windows and Java fetch those in mid-handshake; open the way to them, or staple OCSP at the server), or hangs.")
            .seen_as(&[
                "nginx: client timed out (110: Connection timed out) while SSL handshaking",
                "HAProxy: Timeout during SSL handshake",
                "Go: http: TLS handshake error from ...: read tcp ...: i/o timeout",
                "Apache: AH02008: SSL library error in handshake (The timeout specified has expired)",
            ])
            .next_step("capture on the client's host as well, with port 80 and 53: a fetch of an OCSP response or CRL that is not answered shows there")
            .next_step(wording::s_client(
                &connection.server,
                case.server_name().ok().map(|name| name.value.to_string()).as_deref(),
            )),
    ))
}

/// Whether the server went on behind its HelloRetryRequest.
fn answered(case: &Case<'_>) -> bool {
    case.connection.server_hello.is_present()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    const TO_THE_CLIENT: &str = "client ClientHello versions=1.2 sni=shop.example
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ACK\n";

    #[test]
    fn fires_when_nothing_comes_any_more() {
        check(
            &super::TCP_CLIENT_SILENT,
            &format!("{TO_THE_CLIENT} watch 30s"),
            expect![[r#"
                error tcp.client-silent (likely, client): the client took the server's flight and never went on with the handshake
                  frame 5: the last of the server's flight; the client's TCP acknowledges it
                  frame 6: the last frame; nothing came for 30.0 s
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_gives_up() {
        check(
            &super::TCP_CLIENT_SILENT,
            &format!("{TO_THE_CLIENT} wait 60s\n server FIN"),
            expect![[r#"
                error tcp.client-silent (certain, client): the client took the server's flight and never went on with the handshake
                  frame 5: the last of the server's flight; the client's TCP acknowledges it
                  frame 7: 60.0 s later the server ends it
            "#]],
        );
    }

    #[test]
    fn clear_when_the_client_closes() {
        check(
            &super::TCP_CLIENT_SILENT,
            &format!("{TO_THE_CLIENT} client FIN"),
            expect![[r#"
            clear
        "#]],
        );
    }

    #[test]
    fn does_not_apply_without_an_answer() {
        check(
            &super::TCP_CLIENT_SILENT,
            "client ClientHello versions=1.2
             server ACK
             watch 30s",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_capture_ends_at_once() {
        check(
            &super::TCP_CLIENT_SILENT,
            TO_THE_CLIENT,
            expect![[r#"
            undetermined
        "#]],
        );
    }
}
