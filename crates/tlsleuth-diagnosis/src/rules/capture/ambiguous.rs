//! `capture.ambiguous`: two segments brought different bytes for the same place of a stream.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// Two segments brought different bytes for the same place of a stream.
    ///
    /// ## What happened
    /// A retransmission does not repeat what was sent. The bytes that came first were taken; which
    /// ones the receiver took cannot be known.
    /// ## Likely causes
    /// A device on the way that rewrites or injects segments; a broken capture card or merge; an
    /// attempt to deceive whoever listens.
    /// ## When it cannot be told
    /// Which bytes the receiver took depends on its system.
    pub static CAPTURE_AMBIGUOUS {
        code: "capture.ambiguous",
        severity: Warning,
        since: "0.1.0",
        needs: [CONFLICT],
        leads_to: [],
        references: ["RFC 9293 §3.4", "RFC 5722 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let conflicts = &connection.transport.conflicts;
    let Some(first) = conflicts.first() else { return Ok(None) };
    let side = connection.side(first.direction);
    Ok(Some(
        Finding::new(
            Party::Network,
            format!("two segments bring different bytes for the same place of the {}'s stream", side.name()),
        )
        .evidence(first.first, "these bytes were taken")
        .evidence(
            second_place(first.first, first.second),
            format!("other bytes for the same place, from byte {} of the stream on", first.offset),
        )
        .explain(format!(
            "It happened {}. What the receiver took cannot be known, so the rest of what is said about this connection rests on the bytes that came first.",
            match conflicts.total() {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            }
        ))
        .remedy("Capture at both ends and compare: what differs was changed on the way."),
    ))
}

/// The later frame of the two.
fn second_place(
    first: tlsleuth_capture::Place,
    second: tlsleuth_capture::Place,
) -> tlsleuth_capture::Place {
    first.later(second)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_a_retransmission_differs() {
        check(
            &super::CAPTURE_AMBIGUOUS,
            "client ClientHello sni=shop.example
             client conflict
             server ServerHello",
            expect![[r#"
                warning capture.ambiguous (certain, network): two segments bring different bytes for the same place of the client's stream
                  frame 4: these bytes were taken
                  frame 5: other bytes for the same place, from byte 0 of the stream on
            "#]],
        );
    }

    #[test]
    fn counts_them() {
        check(
            &super::CAPTURE_AMBIGUOUS,
            "client ClientHello
             client conflict
             client conflict ttl=9
             server ACK",
            expect![[r#"
                warning capture.ambiguous (certain, network): two segments bring different bytes for the same place of the client's stream
                  frame 4: these bytes were taken
                  frame 5: other bytes for the same place, from byte 0 of the stream on
            "#]],
        );
    }

    #[test]
    fn clear_when_it_repeats_the_same() {
        check(
            &super::CAPTURE_AMBIGUOUS,
            "client ClientHello
             client again
             server ServerHello",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_without_retransmissions() {
        check(
            &super::CAPTURE_AMBIGUOUS,
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
