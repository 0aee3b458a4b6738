//! `peer.user-canceled`: one side canceled in mid-handshake.

use tlsleuth_handshake::codepoint::AlertDescription;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// One side canceled in mid-handshake, without saying that anything is wrong.
    ///
    /// ## What happened
    /// `user_canceled` or `close_notify` came before the handshake was complete.
    /// ## Likely causes
    /// A user or a time-out ended it; a client that checks a certificate itself and did not like it.
    /// ## When it cannot be told
    /// An encrypted alert does not say what it is.
    pub static PEER_USER_CANCELED {
        code: "peer.user-canceled",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: [],
        references: ["RFC 8446 §6.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    let said = match alert.description {
        Some(said @ (AlertDescription::USER_CANCELED | AlertDescription::CLOSE_NOTIFY)) => said,
        _ => return Ok(None),
    };
    let who = alert.from.name();
    Ok(Some(
        Finding::new(Party::from(alert.from), format!("the {who} canceled the handshake ({said})"))
            .evidence(alert.at, format!("the {who} says {said} before the handshake is complete"))
            .explain("It does not say why: a user, a time-out, or a check of its own.")
            .remedy(format!("Look at the {who}'s time-outs and its log at this time."))
            .seen_as(&[
                "Go: remote error: tls: user canceled",
                "Java: closing inbound before receiving peer's close_notify",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_user_canceled() {
        check(
            &super::PEER_USER_CANCELED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert warning user_canceled
             client Alert warning close_notify
             client FIN",
            expect![[r#"
                error peer.user-canceled (certain, client): the client canceled the handshake (user_canceled)
                  frame 6: the client says user_canceled before the handshake is complete
            "#]],
        );
    }

    #[test]
    fn fires_for_a_close_in_the_middle() {
        check(
            &super::PEER_USER_CANCELED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert warning close_notify
             client FIN",
            expect![[r#"
                error peer.user-canceled (certain, client): the client canceled the handshake (close_notify)
                  frame 6: the client says close_notify before the handshake is complete
            "#]],
        );
    }

    #[test]
    fn clear_when_java_closes_a_healthy_connection() {
        check(
            &super::PEER_USER_CANCELED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200
             client Encrypted 35
             client FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_for_another_alert() {
        check(
            &super::PEER_USER_CANCELED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }
}
