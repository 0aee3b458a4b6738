//! `peer.server-aborted`: the server gave up behind the client's second flight.

use tlsleuth_handshake::Side;

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The server gave up with an encrypted alert or a bare close, and that tells no more.
    ///
    /// ## What happened
    /// The server had chosen the parameters; behind its own flight or the client's second one it
    /// ended the handshake, and why cannot be seen.
    /// ## Likely causes
    /// A client certificate that is missing or refused (gRPC servers close without an alert); keys
    /// that do not fit; a crash.
    /// ## When it cannot be told
    /// The server's log or a key log says more.
    pub static PEER_SERVER_ABORTED {
        code: "peer.server-aborted",
        severity: Error,
        since: "0.1.0",
        leads_to: ["tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 8446 §6.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let ending = &case.ending;
    if case.completed() || ending.by != Side::Server || ending.phase < Phase::ServerFlight {
        return Ok(None);
    }
    let how = match ending.how {
        How::Alert(alert) if alert.description.is_none() => {
            format!("an encrypted alert of {} bytes", alert.record_len)
        }
        How::Closed if ending.phase >= Phase::ClientFlight => "a FIN".to_owned(),
        _ => return Ok(None),
    };
    Ok(Some(
        Finding::new(Party::Server, format!("the server gave up in mid-handshake ({how})"))
            .evidence_if(ending.at, || format!("the server ends the handshake with {how}"))
            .likely("Inferred from the place: behind the client's second flight a server judges the client's certificate and its Finished.")
            .remedy("Look in the server's log at this time; if it wants client certificates, check the client's.")
            .next_step(wording::KEY_LOG),
    ))
}
