//! `capture.gap`: bytes that the receiver acknowledged are not in the capture.

use tlsleuth_capture::{Gap, GapCause};
use tlsleuth_handshake::{Connection, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity};

declare_rule! {
    /// Bytes that the receiver acknowledged are not in the capture.
    ///
    /// ## What happened
    /// The sender's bytes arrived, for the receiver acknowledged them; the capture did not see them.
    /// ## Likely causes
    /// The capturing host was too slow and dropped packets; a mirror port that carries more than it
    /// can; a second path.
    /// ## When it cannot be told
    /// Bytes that nobody acknowledged may have been lost by the network instead.
    pub static CAPTURE_GAP {
        code: "capture.gap",
        severity: Warning,
        since: "0.1.0",
        needs: [GAP],
        leads_to: [],
        references: ["RFC 9293 §3.8"],
    }
}

/// The first gap of a cause in either stream, and how many bytes of that cause are missing.
pub(super) fn first_gap(connection: &Connection, cause: GapCause) -> Option<(Side, Gap, u64)> {
    let gaps = |side: Side| {
        connection
            .gaps
            .of(side)
            .iter()
            .filter(move |gap| gap.cause == cause)
            .map(move |gap| (side, *gap))
    };
    let total = gaps(Side::Client)
        .chain(gaps(Side::Server))
        .fold(0u64, |sum, (_, gap)| sum.saturating_add(gap.len_bytes));
    gaps(Side::Client)
        .chain(gaps(Side::Server))
        .min_by_key(|(_, gap)| gap.at.order())
        .map(|(side, gap)| (side, gap, total))
}

/// How bad a gap is: behind the handshake it hides nothing that matters here.
pub(super) fn weight(connection: &Connection, gap: &Gap) -> Severity {
    let finished =
        match (connection.finished.client.present(), connection.finished.server.present()) {
            (Some(client), Some(server)) => Some(client.later(*server)),
            _ => None,
        };
    match finished {
        Some(finished) if finished.order() < gap.at.order() => Severity::Info,
        _ => Severity::Warning,
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let lost = first_gap(connection, GapCause::NotCaptured);
    let limit = first_gap(connection, GapCause::LimitReached);
    let Some((side, gap, bytes)) = lost.or(limit) else { return Ok(None) };
    let title = format!("the capture lacks {bytes} bytes that the {} sent", side.name());
    let weight = weight(connection, &gap);
    let finding = Finding::new(Party::Capture, title).severity(weight).evidence(
        gap.at,
        format!("{} bytes before this frame are not in the capture", gap.len_bytes),
    );
    let finding = if lost.is_some() {
        finding.explain(
            "The receiver acknowledged them, so the network did not lose them: the capture did.",
        )
    } else {
        finding.explain("They were waited for until a limit of memory was reached.")
    };
    let finding = if weight == Severity::Info {
        finding.explain("They are behind the handshake, where tlsleuth slim leaves data out.")
    } else {
        finding
    };
    Ok(Some(
        finding
            .explain("Messages in these bytes were missed.")
            .remedy("Capture with a filter (tcp port 443), a larger buffer (tcpdump -B 65536), on a faster disk, or a mirror port with less traffic; tcpdump says at its end how many packets the kernel dropped."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_capture_lacks_the_certificate() {
        check(
            &super::CAPTURE_GAP,
            "client ClientHello versions=1.2
             server ServerHello
             server Certificate leaf=shop.example lose
             server ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished",
            expect![[r#"
                warning capture.gap (certain, capture): the capture lacks 600 bytes that the server sent
                  frame 6: 600 bytes before this frame are not in the capture
            "#]],
        );
    }

    #[test]
    fn only_a_note_behind_the_handshake() {
        check(
            &super::CAPTURE_GAP,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200 lose
             server ApplicationData 300
             client ACK",
            expect![[r#"
                info capture.gap (certain, capture): the capture lacks 205 bytes that the server sent
                  frame 9: 205 bytes before this frame are not in the capture
            "#]],
        );
    }

    #[test]
    fn clear_when_all_is_there() {
        check(
            &super::CAPTURE_GAP,
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
    fn clear_when_the_network_lost_it() {
        check(
            &super::CAPTURE_GAP,
            "client ClientHello
             server ServerHello + Encrypted 1300 lose vanish
             server Encrypted 53
             client ACK",
            expect![[r#"
                clear
            "#]],
        );
    }
}
