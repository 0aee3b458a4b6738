//! `sni.unrecognized`: the server does not know the name.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// The server does not know the name that the client asked for.
    ///
    /// ## What happened
    /// The server answered `unrecognized_name` and ended the handshake. rustls servers say
    /// `access_denied` at this point, which is inferred to mean the same.
    /// ## Likely causes
    /// No virtual host for this name; a strict server (nginx ssl_reject_handshake, HAProxy
    /// strict-sni); DNS or a proxy leads to the wrong machine.
    /// ## When it cannot be told
    /// Go servers answer `internal_error`, which means other things too: see `peer.internal-error`.
    pub static SNI_UNRECOGNIZED {
        code: "sni.unrecognized",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: ["peer.access-denied", "peer.internal-error", "tcp.closed-after-client-hello"],
        references: ["RFC 6066 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = match (case.client_hello(), case.ending.alert()) {
        (Err(Skip::Undetermined), Some(alert))
            if alert.from == Side::Server
                && alert.description == Some(AlertDescription::UNRECOGNIZED_NAME) =>
        {
            // The alert says it by itself; the name is not in the capture.
            let title = "the server does not know the name that the client asked for";
            return Ok(Some(remedy(
                Finding::new(Party::Server, title)
                    .evidence(alert.at, "the server answers unrecognized_name"),
            )));
        }
        (hello, _) => hello?,
    };
    let Some(name) = hello.value.extensions.server_name() else {
        return Err(Skip::NotApplicable);
    };
    let Some(alert) =
        case.ending.alert().filter(|_| case.ending.is(Side::Server, Phase::ClientHello))
    else {
        return Ok(None);
    };
    let finding = Finding::new(
        Party::Server,
        format!("the server does not know the name `{}`", name.host_name),
    )
    .evidence(hello.at, format!("the client asks for `{}`", name.host_name));
    let finding = match alert.description {
        Some(AlertDescription::UNRECOGNIZED_NAME) => {
            finding.evidence(alert.at, "the server answers unrecognized_name")
        }
        Some(said @ (AlertDescription::ACCESS_DENIED | AlertDescription::INTERNAL_ERROR)) => {
            finding.evidence(alert.at, format!("the server answers {said}")).possible(
                "One of several explanations: rustls servers answer access_denied, and Go servers \
                 internal_error, to a name for which they have no certificate.",
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(remedy(finding)))
}

fn remedy(finding: Finding) -> Finding {
    finding
            .remedy("Add the name on the server (nginx: server_name and a certificate in a server block, or take ssl_reject_handshake out of the default one; HAProxy: a certificate in crt that lists it, or drop strict-sni; Kubernetes: the Ingress's host),")
            .remedy("or correct the name, or the DNS entry, that the client uses.")
            .seen_as(&[
                "OpenSSL: tlsv1 unrecognized name",
                "Go: remote error: tls: unrecognized name",
                "Java: Received fatal alert: unrecognized_name",
                "browsers: ERR_SSL_UNRECOGNIZED_NAME_ALERT, SSL_ERROR_UNRECOGNIZED_NAME_ALERT",
            ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_says_so() {
        check(
            &super::SNI_UNRECOGNIZED,
            "client ClientHello sni=shop.example
             server Alert fatal unrecognized_name",
            expect![[r#"
                error sni.unrecognized (certain, server): the server does not know the name `shop.example`
                  frame 4: the client asks for `shop.example`
                  frame 5: the server answers unrecognized_name
            "#]],
        );
    }

    #[test]
    fn possible_for_go_s_word_for_it() {
        check(
            &super::SNI_UNRECOGNIZED,
            "client ClientHello sni=shop.example
             server Alert fatal internal_error",
            expect![[r#"
                error sni.unrecognized (possible, server): the server does not know the name `shop.example`
                  frame 4: the client asks for `shop.example`
                  frame 5: the server answers internal_error
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_a_remark() {
        check(
            &super::SNI_UNRECOGNIZED,
            "client ClientHello sni=shop.example versions=1.2
             server Alert warning unrecognized_name + ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_name() {
        check(
            &super::SNI_UNRECOGNIZED,
            "client ClientHello
             server Alert fatal unrecognized_name",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::SNI_UNRECOGNIZED,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn fires_for_the_alert_alone() {
        check(
            &super::SNI_UNRECOGNIZED,
            "no-syn
             server Alert fatal unrecognized_name",
            expect![[r#"
                error sni.unrecognized (certain, server): the server does not know the name that the client asked for
                  frame 1: the server answers unrecognized_name
            "#]],
        );
    }
}
