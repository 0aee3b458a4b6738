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
        needs: [UNFINISHED],
        leads_to: ["tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 8446 §6.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
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

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_an_encrypted_alert() {
        check(
            &super::PEER_SERVER_ABORTED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 1100 + Finished
             server Encrypted 19
             server FIN",
            expect![[r#"
                error peer.server-aborted (likely, server): the server gave up in mid-handshake (an encrypted alert of 19 bytes)
                  frame 7: the server ends the handshake with an encrypted alert of 19 bytes
            "#]],
        );
    }

    #[test]
    fn fires_for_a_fin() {
        check(
            &super::PEER_SERVER_ABORTED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server FIN",
            expect![[r#"
                error peer.server-aborted (likely, server): the server gave up in mid-handshake (a FIN)
                  frame 7: the server ends the handshake with a FIN
            "#]],
        );
    }

    #[test]
    fn clear_when_the_alert_says_why() {
        check(
            &super::PEER_SERVER_ABORTED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal decrypt_error",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_SERVER_ABORTED,
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
}
