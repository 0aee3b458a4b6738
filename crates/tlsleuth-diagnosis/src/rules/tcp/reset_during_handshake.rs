//! `tcp.reset-during-handshake`: a reset after the server's first bytes.

use tlsleuth_handshake::Side;

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
        leads_to: [],
        references: ["RFC 9293 §3.5.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let ending = &case.ending;
    let How::Reset(reset) = ending.how else { return Ok(None) };
    if case.completed() || ending.phase < Phase::ClientHello || !path::server_answered(connection) {
        return Ok(None);
    }
    let by = ending.by;
    let origin = path::origin(connection, &reset);
    let party = if origin == Origin::Other { Party::Network } else { by.into() };
    let before = match by {
        Side::Client => connection.stream(Side::Server).last_data,
        Side::Server => connection.stream(Side::Client).last_data,
    };
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
