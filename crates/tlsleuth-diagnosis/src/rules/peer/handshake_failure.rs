//! `peer.handshake-failure`: `handshake_failure` that nothing in the hellos explains.

use tlsleuth_handshake::codepoint::AlertDescription;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// One side said `handshake_failure`, and nothing that can be seen explains it.
    ///
    /// ## What happened
    /// No acceptable parameters were found, or a policy refused the other side.
    /// ## Likely causes
    /// Before the ServerHello: suites, groups, signature algorithms, the version (GnuTLS), no server
    /// name (rustls, CDNs). Behind the client's flight: a client certificate is missing or refused.
    /// ## When it cannot be told
    /// The alert says no more; the sender's log does.
    pub static PEER_HANDSHAKE_FAILURE {
        code: "peer.handshake-failure",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: [],
        references: ["RFC 8446 §6.2", "RFC 5246 §7.2.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    let said = match alert.description {
        Some(
            said @ (AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY),
        ) => said,
        _ => return Ok(None),
    };
    let who = alert.from.name();
    let mut finding =
        Finding::new(Party::Unknown, format!("the {who} refused the handshake ({said})"))
            .evidence(alert.at, format!("the {who} says {said}"));
    if case.ending.phase == Phase::ClientHello
        && let Ok(hello) = case.client_hello()
    {
        let suspects = case.suspects();
        finding = finding.evidence(
            hello.at,
            format!(
                "the client offers {}",
                wording::counted(hello.value.real_suites().count(), "suite")
            ),
        );
        if suspects.is_empty() {
            finding = finding.explain("Nothing in the client's offer is unusual. Candidates: a name or client that the server does not serve, suites that all need another kind of certificate, a policy.");
        } else {
            finding = finding.explain(format!(
                "Candidates: {}.",
                suspects.iter().map(|suspect| suspect.says.as_str()).collect::<Vec<_>>().join("; ")
            ));
        }
        if hello.value.extensions.server_name().is_none() {
            finding = finding
                .explain("The client sends no server name, which some servers refuse like this.");
        }
    } else {
        finding = finding.explain("At this point a server that wants a client certificate refuses like this, and a client whose policy forbids what was chosen.");
    }
    Ok(Some(
        finding
            .remedy(format!(
                "Look in the {who}'s log at this time; compare with a client that succeeds."
            ))
            .next_step(wording::s_client(
                &case.connection.server,
                case.server_name().ok().map(|name| name.value.to_string()).as_deref(),
            ))
            .seen_as(&[
                "OpenSSL: sslv3 alert handshake failure",
                "Go: remote error: tls: handshake failure",
                "Java: Received fatal alert: handshake_failure",
                "browsers: ERR_SSL_VERSION_OR_CIPHER_MISMATCH, SSL_ERROR_HANDSHAKE_FAILURE_ALERT",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_behind_the_hello() {
        check(
            &super::PEER_HANDSHAKE_FAILURE,
            "client ClientHello sni=shop.example
             server Alert fatal handshake_failure",
            expect![[r#"
                error peer.handshake-failure (certain, unknown): the server refused the handshake (handshake_failure)
                  frame 5: the server says handshake_failure
                  frame 4: the client offers 7 suites
            "#]],
        );
    }

    #[test]
    fn fires_behind_the_server_s_flight() {
        check(
            &super::PEER_HANDSHAKE_FAILURE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal handshake_failure",
            expect![[r#"
                error peer.handshake-failure (certain, unknown): the client refused the handshake (handshake_failure)
                  frame 6: the client says handshake_failure
            "#]],
        );
    }

    #[test]
    fn names_what_is_unusual() {
        check(
            &super::PEER_HANDSHAKE_FAILURE,
            "client ClientHello versions=1.2 suites=AES128-SHA
             server Alert fatal handshake_failure",
            expect![[r#"
                error peer.handshake-failure (certain, unknown): the server refused the handshake (handshake_failure)
                  frame 5: the server says handshake_failure
                  frame 4: the client offers 1 suite
            "#]],
        );
    }

    #[test]
    fn clear_for_another_alert() {
        check(
            &super::PEER_HANDSHAKE_FAILURE,
            "client ClientHello
             server Alert fatal protocol_version",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_HANDSHAKE_FAILURE,
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
