//! `protocol.malformed`: records or messages break the specification.

use tlsleuth_capture::Place;
use tlsleuth_handshake::codepoint::AlertDescription;
use tlsleuth_handshake::{Connection, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity, Skip};

declare_rule! {
    /// Records or messages break the specification.
    ///
    /// ## What happened
    /// A field, a length or the order of messages is not what the specification allows; the peer says
    /// so with an alert such as decode_error, illegal_parameter, unexpected_message or
    /// record_overflow, or reads on.
    /// ## Likely causes
    /// A faulty implementation; a middlebox that rewrites; two protocols mixed on one connection
    /// (plain text in a TLS stream, a PROXY protocol header that nobody expects); corruption.
    /// ## When it cannot be told
    /// What is encrypted cannot be checked; then only the alert speaks.
    pub static PROTOCOL_MALFORMED {
        code: "protocol.malformed",
        severity: Error,
        since: "0.1.0",
        needs: [BROKEN],
        leads_to: [
            "tcp.closed-during-handshake",
            "tcp.reset-during-handshake",
            "tcp.closed-after-client-hello",
            "tcp.reset-after-client-hello",
            "peer.handshake-failure",
            "peer.client-aborted",
            "peer.server-aborted",
        ],
        references: ["RFC 9846 §6.2", "RFC 5246 §7.2.2"],
    }
}

/// Whether an alert says that the specification was broken.
fn complains(said: AlertDescription) -> bool {
    matches!(
        said,
        AlertDescription::UNEXPECTED_MESSAGE
            | AlertDescription::RECORD_OVERFLOW
            | AlertDescription::DECOMPRESSION_FAILURE
            | AlertDescription::ILLEGAL_PARAMETER
            | AlertDescription::DECODE_ERROR
            | AlertDescription::MISSING_EXTENSION
            | AlertDescription::UNSUPPORTED_EXTENSION
    )
}

/// What the usual clients and servers print for it.
const SEEN_AS: &[&str] = &[
    "OpenSSL: tlsv1 alert decode error / sslv3 alert illegal parameter / unexpected message",
    "OpenSSL: error:0A00010B:SSL routines::wrong version number",
    "Go: tls: unexpected message, tls: oversized record received with length ..., local error: tls: record overflow",
    "Java: javax.net.ssl.SSLException: Unsupported or unrecognized SSL message / SSLProtocolException",
    "browsers: ERR_SSL_PROTOCOL_ERROR",
];

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    if !connection.tls_seen() {
        return Err(Skip::NotApplicable);
    }
    let complaint = case.ending.alert().filter(|alert| alert.description.is_some_and(complains));
    let anomaly = connection.anomalies.first();
    let garbage = [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|side| connection.garbage.of(side).as_ref().map(|found| (side, found)))
        // Behind its fatal alert a side owes no more records: MariaDB tells the error in its own
        // protocol there.
        .filter(|(side, found)| {
            let mut alerts = connection.alerts.iter();
            !alerts.any(|alert| {
                alert.from == *side && alert.is_fatal() && alert.at.order() <= found.at.order()
            })
        })
        .min_by_key(|(_, found)| found.at.order());
    let alert_says = |finding: Finding| match complaint {
        Some(alert) => finding.evidence(
            alert.at,
            format!(
                "the {} says {}",
                alert.from.name(),
                alert.description.map_or_else(String::new, |said| said.to_string())
            ),
        ),
        None => finding,
    };
    if let Some(second) = unasked_hello(connection).filter(|_| case.ending.by == Side::Server) {
        let unreadable = case.ending.alert().is_some_and(|alert| alert.description.is_none());
        let finding = Finding::new(
            Party::Client,
            "the client sent a second ClientHello that the server did not ask for",
        )
        .evidence(second, "a second ClientHello, and no HelloRetryRequest before it")
        .remedy("Correct or update the client's TLS stack, or the device on the way that sends its first message again.")
        .seen_as(SEEN_AS);
        let finding = match case.ending.at {
            _ if case.completed() => finding.severity(Severity::Warning),
            Some(at) if unreadable => {
                finding.evidence(at, "the server ends the handshake with an alert that cannot be read").likely(
                    "Inferred: the alert is encrypted; nothing but a ClientHello came from the client before it.",
                )
            }
            _ => alert_says(finding),
        };
        return Ok(Some(finding));
    }
    let (offender, finding) = match (garbage, anomaly) {
        (Some((side, found)), _) => (
            Some(side),
            Finding::new(
                side.into(),
                format!("the {} sent bytes that are no TLS record", side.name()),
            )
            .evidence(found.at, format!("where a record should begin there is `{}`", found.value)),
        ),
        (None, Some(found)) => {
            // Who sent the message is not kept with it: the events of the same frame tell.
            let side =
                connection.events.iter().find(|event| event.at == found.at).map(|event| event.from);
            let whose =
                side.map_or_else(|| "a peer".to_owned(), |side| format!("the {}", side.name()));
            (
                side,
                Finding::new(
                    side.map_or(Party::Unknown, Party::from),
                    format!("{whose} sent a malformed message: {}", found.value),
                )
                .evidence(
                    found.at,
                    format!("{}; a receiver should answer {}", found.value, found.value.alert()),
                ),
            )
        }
        (None, None) => {
            let Some(alert) = complaint else { return Ok(None) };
            let said = alert.description.unwrap_or_default();
            let finding = Finding::new(
                alert.from.peer().into(),
                format!("the {} says that the {} broke the protocol ({said})", alert.from.name(), alert.from.peer().name()),
            )
            .evidence(alert.at, format!("the {} says {said}", alert.from.name()))
            .possible("Nothing in the visible bytes is wrong. Some stacks send this alert for other reasons: GnuTLS decode_error for a missing client certificate, Java and Go unexpected_message where no group fits or a handshake was broken off.")
            .remedy(format!("Look in the {}'s log at this time: it says what it did not like.", alert.from.name()))
            .seen_as(SEEN_AS);
            return Ok(Some(finding));
        }
    };
    if case.connection.has_gap(offender.unwrap_or(Side::Client)) {
        // Behind missing bytes anything may look broken.
        return Err(Skip::Undetermined);
    }
    let finding = alert_says(finding);
    // What nobody objected to did no harm; it may have been the reason where a peer objected
    // otherwise or left.
    let blamed = match (complaint, offender) {
        (Some(alert), Some(offender)) => alert.from != offender,
        (Some(_), None) => true,
        (None, Some(offender)) => {
            garbage.is_some() && !case.completed() && case.ending.by != offender
        }
        (None, None) => false,
    };
    let finding = if blamed {
        finding
    } else {
        finding.severity(Severity::Warning).explain("The peer did not complain about it.")
    };
    Ok(Some(
        finding
            .remedy(match offender {
                Some(Side::Client) => "Correct or update the client's TLS stack, or the device on the way that rewrites what it sends.",
                Some(Side::Server) => "Correct or update the server's TLS stack, or the device on the way that rewrites what it sends; check that nothing writes plain text into the connection.",
                None => "Correct or update the TLS stack that sent it.",
            })
            .seen_as(SEEN_AS),
    ))
}

/// A second ClientHello in front of the ServerHello, where the server's stream is there whole and
/// holds no HelloRetryRequest (RFC 9846 §4.1.2).
fn unasked_hello(connection: &Connection) -> Option<Place> {
    let [_, second] = connection.client_hellos.as_slice() else { return None };
    let answer = connection.server_hello.present()?;
    let whole = connection.stream(Side::Server).from_start && !connection.has_gap(Side::Server);
    let unasked = connection.hello_retry.is_none() && second.at.order() < answer.at.order();
    (whole && unasked).then_some(second.at)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn fires_for_a_second_hello_that_nobody_asked_for() {
        check_verdict(
            "client ClientHello sni=shop.example
             client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200
             server Alert encrypted
             server FIN",
            expect![[r#"
                failed: protocol.malformed
            "#]],
        );
    }

    #[test]
    fn a_second_hello_behind_a_retry_that_was_missed_is_no_breach() {
        check(
            &super::PROTOCOL_MALFORMED,
            "client ClientHello sni=shop.example
             server HelloRetryRequest group=secp256r1 lose
             client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + ChangeCipherSpec + Encrypted 1200
             client ChangeCipherSpec + Alert encrypted",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn fires_when_an_alert_answers_a_bad_length() {
        check(
            &super::PROTOCOL_MALFORMED,
            "client Bytes 160301002f 0100002b 0303 0000000000000000000000000000000000000000000000000000000000000000 00 0002c02b 0100 0004 0000 00ff
             server Alert fatal decode_error
             server FIN",
            expect![[r#"
                error protocol.malformed (certain, client): the client sent a malformed message: extensions, offset 43: length 4 exceeds the 0 bytes left
                  frame 4: extensions, offset 43: length 4 exceeds the 0 bytes left; a receiver should answer decode_error
                  frame 5: the server says decode_error
            "#]],
        );
    }

    #[test]
    fn fires_when_bytes_are_no_record() {
        check(
            &super::PROTOCOL_MALFORMED,
            r#"client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerHelloDone
             client Plain "this is no record at all"
             server Alert fatal unexpected_message
             server FIN"#,
            expect![[r#"
                error protocol.malformed (certain, client): the client sent bytes that are no TLS record
                  frame 6: where a record should begin there is `this is `
                  frame 7: the server says unexpected_message
            "#]],
        );
    }

    #[test]
    fn possible_when_only_the_alert_speaks() {
        check(
            &super::PROTOCOL_MALFORMED,
            "client ClientHello
             server Alert fatal illegal_parameter
             server FIN",
            expect![[r#"
                error protocol.malformed (possible, client): the server says that the client broke the protocol (illegal_parameter)
                  frame 5: the server says illegal_parameter
            "#]],
        );
    }

    #[test]
    fn clear_when_all_is_well() {
        check(
            &super::PROTOCOL_MALFORMED,
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

    #[test]
    fn clear_for_words_behind_a_fatal_alert() {
        check(
            &super::PROTOCOL_MALFORMED,
            r#"client ClientHello versions=1.3
             server Alert fatal protocol_version
             server Plain "an error of another protocol"
             server FIN"#,
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_alert_is_an_effect() {
        check(
            &super::PROTOCOL_MALFORMED,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerHelloDone
             client FIN
             server Alert fatal decode_error
             server FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_tls() {
        check(
            &super::PROTOCOL_MALFORMED,
            "client SYN
             server RST",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_behind_missing_bytes() {
        check(
            &super::PROTOCOL_MALFORMED,
            "client ClientHello lose
             server ACK
             client Bytes 160301002f 0100002b 0303 0000000000000000000000000000000000000000000000000000000000000000 00 0002c02b 0100 0004 0000 00ff + ClientHello
             server ACK",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
