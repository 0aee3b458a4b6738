//! `peer.client-aborted`: the client gave up behind the server's flight, and that tells no more.

use tlsleuth_handshake::Side;

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The client gave up behind the server's flight with an encrypted alert or a bare close.
    ///
    /// ## What happened
    /// The server had answered; the client ended the handshake, and what it found wrong cannot be
    /// seen.
    /// ## Likely causes
    /// A certificate that it does not accept; a parameter that it does not like; a time-out.
    /// ## When it cannot be told
    /// The client's log or a key log says more.
    pub static PEER_CLIENT_ABORTED {
        code: "peer.client-aborted",
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
    if case.completed() || ending.by != Side::Client || ending.phase < Phase::ServerFlight {
        return Ok(None);
    }
    // Who sends data has accepted what the server sent, be it not in the capture: what ends the
    // connection then only closes it.
    if case.connection.application_data.client.records > 0 {
        return Ok(None);
    }
    let how = match ending.how {
        How::Alert(alert) if alert.description.is_none() => {
            format!("an encrypted alert of {} bytes", alert.record_len)
        }
        How::Closed if ending.phase >= Phase::ServerFlight => "a FIN".to_owned(),
        _ => return Ok(None),
    };
    Ok(Some(
        Finding::new(
            Party::Client,
            format!("the client gave up behind the server's flight ({how})"),
        )
        .evidence_if(ending.at, || format!("the client ends the handshake with {how}"))
        .likely("Inferred from the place: what the client found wrong is not to be seen.")
        .remedy("Look in the client's log at this time.")
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
            &super::PEER_CLIENT_ABORTED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 19
             client FIN",
            expect![[r#"
                error peer.client-aborted (likely, client): the client gave up behind the server's flight (an encrypted alert of 19 bytes)
                  frame 6: the client ends the handshake with an encrypted alert of 19 bytes
            "#]],
        );
    }

    #[test]
    fn fires_for_a_fin() {
        check(
            &super::PEER_CLIENT_ABORTED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client FIN",
            expect![[r#"
                error peer.client-aborted (likely, client): the client gave up behind the server's flight (a FIN)
                  frame 6: the client ends the handshake with a FIN
            "#]],
        );
    }

    #[test]
    fn clear_when_the_alert_says_why() {
        check(
            &super::PEER_CLIENT_ABORTED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_for_a_client_alone_that_sent_data() {
        check(
            &super::PEER_CLIENT_ABORTED,
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone lose
             client ClientKeyExchange + ChangeCipherSpec + Finished
             client ApplicationData 300
             client Alert encrypted
             client FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_before_the_server_answered() {
        check(
            &super::PEER_CLIENT_ABORTED,
            "client ClientHello
             client FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_CLIENT_ABORTED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }
}
