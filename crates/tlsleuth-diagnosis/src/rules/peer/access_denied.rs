//! `peer.access-denied`: one side said `access_denied`.

use tlsleuth_handshake::codepoint::AlertDescription;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// One side said `access_denied`.
    ///
    /// ## What happened
    /// The other side was understood, and a policy forbids it.
    /// ## Likely causes
    /// An access list of names or certificates; a service mesh policy; rustls servers say it of an
    /// unknown server name, GnuTLS servers of a client certificate that they do not accept.
    /// ## When it cannot be told
    /// An encrypted alert does not say what it is.
    pub static PEER_ACCESS_DENIED {
        code: "peer.access-denied",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: [],
        references: ["RFC 8446 §6.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    if alert.description != Some(AlertDescription::ACCESS_DENIED) {
        return Ok(None);
    }
    let who = alert.from.name();
    Ok(Some(
        Finding::new(Party::from(alert.from), format!("the {who} denied access"))
            .evidence(alert.at, format!("the {who} says access_denied"))
            .remedy("Look at the access rules and the log of the side that said it (an allow list of client certificates or names, a mesh policy).")
            .seen_as(&["OpenSSL: tlsv1 alert access denied", "Go: remote error: tls: access denied"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_says_so() {
        check(
            &super::PEER_ACCESS_DENIED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal access_denied",
            expect![[r#"
                error peer.access-denied (certain, server): the server denied access
                  frame 7: the server says access_denied
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_says_so() {
        check(
            &super::PEER_ACCESS_DENIED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal access_denied",
            expect![[r#"
                error peer.access-denied (certain, client): the client denied access
                  frame 6: the client says access_denied
            "#]],
        );
    }

    #[test]
    fn clear_for_another_alert() {
        check(
            &super::PEER_ACCESS_DENIED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_other_side_had_left() {
        check(
            &super::PEER_ACCESS_DENIED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client FIN
             server Alert fatal access_denied",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_ACCESS_DENIED,
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
