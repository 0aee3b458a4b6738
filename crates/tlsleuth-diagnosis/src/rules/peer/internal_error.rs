//! `peer.internal-error`: one side said `internal_error`.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// One side said `internal_error`.
    ///
    /// ## What happened
    /// The sender could not go on for a reason of its own.
    /// ## Likely causes
    /// A Go server (Caddy, Traefik, autocert) that has no certificate for the name, or could not get
    /// one; a key that cannot be read; an HSM that does not answer; a crash.
    /// ## When it cannot be told
    /// The alert says no more; the sender's log does.
    pub static PEER_INTERNAL_ERROR {
        code: "peer.internal-error",
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
    if alert.description != Some(AlertDescription::INTERNAL_ERROR) {
        return Ok(None);
    }
    let who = alert.from.name();
    let mut finding =
        Finding::new(Party::from(alert.from), format!("the {who} had an internal error"))
            .evidence(alert.at, format!("the {who} says internal_error"));
    if case.ending.is(Side::Server, Phase::ClientHello) {
        let name = case.server_name().ok().map(|name| name.value.to_string());
        finding = match name {
            Some(name) => finding
                .explain(format!("Go servers answer so when they have no certificate for `{name}` or could not get one (autocert's host policy, CertMagic without an on-demand permission, a failed renewal)."))
                .remedy(format!("Look in the server's log for `{name}`: is it configured, did its last order or renewal fail? (Caddy: the site address or on_demand_tls ask; Go autocert: HostPolicy; Traefik: the router's certResolver)")),
            None => finding
                .explain("Go servers that choose a certificate by name answer so to a client that sends none.")
                .remedy("Let the client send a server name, or give the server a default certificate."),
        };
    } else if case.ending.by == Side::Client && case.ending.phase == Phase::ServerFlight {
        finding = finding
            .explain("At this point a client judges the certificate. Programs whose own check refuses it, beside that of the TLS library, answer so: Perl's IO::Socket::SSL for a name that is not covered.")
            .remedy("Look in the client's log at this time, and compare the certificate's names with what the client dials.");
    } else {
        finding = finding.remedy(format!("Look in the {who}'s log at this time."));
    }
    Ok(Some(finding.seen_as(&[
        "Go: remote error: tls: internal error",
        "OpenSSL: tlsv1 alert internal error",
        "Java: Received fatal alert: internal_error",
        "browsers: ERR_SSL_PROTOCOL_ERROR, SSL_ERROR_INTERNAL_ERROR_ALERT",
    ])))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn fires_and_names_the_name() {
        check(
            &super::PEER_INTERNAL_ERROR,
            "client ClientHello sni=shop.example
             server Alert fatal internal_error",
            expect![[r#"
                error peer.internal-error (certain, server): the server had an internal error
                  frame 5: the server says internal_error
            "#]],
        );
    }

    #[test]
    fn fires_without_a_name() {
        check(
            &super::PEER_INTERNAL_ERROR,
            "client ClientHello
             server Alert fatal internal_error",
            expect![[r#"
                error peer.internal-error (certain, server): the server had an internal error
                  frame 5: the server says internal_error
            "#]],
        );
    }

    #[test]
    fn fires_later() {
        check(
            &super::PEER_INTERNAL_ERROR,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal internal_error",
            expect![[r#"
                error peer.internal-error (certain, server): the server had an internal error
                  frame 7: the server says internal_error
            "#]],
        );
    }

    #[test]
    fn of_a_client_at_the_certificate_it_is_a_symptom() {
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=www.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal internal_error",
            expect![[r#"
                failed: sni.certificate-mismatch
            "#]],
        );
    }

    #[test]
    fn of_a_server_it_has_nothing_to_do_with_its_certificate() {
        check_verdict(
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=www.example expired + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal internal_error",
            expect![[r#"
                failed: peer.internal-error
            "#]],
        );
    }

    #[test]
    fn clear_for_another_alert() {
        check(
            &super::PEER_INTERNAL_ERROR,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_INTERNAL_ERROR,
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
