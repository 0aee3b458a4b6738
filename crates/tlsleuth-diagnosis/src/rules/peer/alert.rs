//! `peer.alert`: an alert ended the handshake, and no other rule says why.

use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::{Outcome, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Skip, wording};

declare_rule! {
    /// An alert ended the handshake, and nothing else in the capture says why.
    ///
    /// ## What happened
    /// One side sent an alert that is rare, that is unusual at this point, or that cannot be read;
    /// the messages that it is about may not be in the capture.
    /// ## Likely causes
    /// What the alert's name says; see `tlsleuth explain` with that name.
    /// ## When it cannot be told
    /// The alert says no more; its sender's log does. Wherever another rule explains the failure this
    /// one is silent.
    pub static PEER_ALERT {
        code: "peer.alert",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: ["tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 9846 §6.2"],
    }
}

/// What a rare alert means.
fn means(said: AlertDescription) -> Option<&'static str> {
    Some(match said {
        AlertDescription::UNKNOWN_PSK_IDENTITY => {
            "The server knows no pre-shared key by the identity that the client sent: the two are configured with different identities, or the client offers nothing but a session that the server has forgotten."
        }
        AlertDescription::ECH_REQUIRED => {
            "The server did not accept Encrypted ClientHello, and the client insists on it: its ECH configuration (the HTTPS record in DNS) is stale, or a device on the way ends TLS."
        }
        AlertDescription::CERTIFICATE_UNOBTAINABLE
        | AlertDescription::BAD_CERTIFICATE_HASH_VALUE => {
            "The certificate behind a URL that was sent in its place could not be fetched, or was another one (RFC 6066 §5)."
        }
        AlertDescription::NO_RENEGOTIATION => "The sender does not renegotiate.",
        AlertDescription::GENERAL_ERROR => {
            "The sender gives no reason that another alert would fit."
        }
        AlertDescription::EXPORT_RESTRICTION => {
            "An alert of the last century, about export-grade ciphers."
        }
        AlertDescription::CLOSE_NOTIFY | AlertDescription::USER_CANCELED => {
            "The sender ends the connection by itself: somebody canceled, or the program stopped."
        }
        _ => return None,
    })
}

fn check(case: &Case<'_>) -> Verdict {
    match case.connection.outcome {
        Outcome::Completed => return Ok(None),
        // What cannot be read may be the close_notify behind a handshake that was not seen.
        Outcome::Incomplete if case.ending.alert().is_some() => return Err(Skip::Undetermined),
        _ => {}
    }
    let Some(alert) = case.ending.alert() else {
        return if case.connection.tls_seen() { Ok(None) } else { Err(Skip::NotApplicable) };
    };
    let who = alert.from.name();
    let called = match alert.description {
        Some(said) => said.to_string(),
        None => format!("an encrypted alert of {} bytes", alert.record_len),
    };
    let mut finding =
        Finding::new(alert.from.into(), format!("the {who} ended the handshake with {called}"))
            .evidence(alert.at, format!("the {who} says {called}"));
    if let Some(sentence) = alert.description.and_then(means) {
        finding = finding.explain(sentence);
    }
    let hello_missed = case.client_hello().is_err()
        || (alert.from == Side::Client && case.server_hello().is_err());
    if hello_missed {
        finding = finding
            .explain("What it answers is not in the capture, or came in another form.")
            .next_step("capture the connection from its first packet");
    }
    if alert.description.is_none() {
        finding = finding.next_step(wording::KEY_LOG);
    }
    Ok(Some(
        finding.remedy(format!("Look in the {who}'s log at this time for the alert's reason.")),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn fires_for_a_rare_alert() {
        check(
            &super::PEER_ALERT,
            "client ClientHello sni=shop.example
             server Alert fatal unknown_psk_identity",
            expect![[r#"
                error peer.alert (certain, server): the server ended the handshake with unknown_psk_identity
                  frame 5: the server says unknown_psk_identity
            "#]],
        );
    }

    #[test]
    fn fires_where_the_hello_was_missed() {
        check_verdict(
            "no-syn
             server Alert fatal general_error",
            expect![[r#"
                failed: peer.alert
            "#]],
        );
    }

    #[test]
    fn another_explanation_wins() {
        check_verdict(
            "client ClientHello
             server Alert fatal unrecognized_name",
            expect![[r#"
                failed: sni.missing
            "#]],
        );
    }

    #[test]
    fn clear_without_an_alert() {
        check(
            &super::PEER_ALERT,
            "client ClientHello
             server FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn does_not_apply_without_tls() {
        check(
            &super::PEER_ALERT,
            "client FIN",
            expect![[r#"
            not applicable
        "#]],
        );
    }

    #[test]
    fn undetermined_where_the_handshake_was_not_seen() {
        check(
            &super::PEER_ALERT,
            "no-syn
             client ApplicationData 100
             client Alert encrypted",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
