//! `capture.one-sided`: only one direction of the connection is there.

use tlsleuth_handshake::Side;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// Only one direction of the connection is there.
    ///
    /// ## What happened
    /// One side's segments are in the capture; that the other side answered shows only in the
    /// acknowledgments.
    /// ## Likely causes
    /// Asymmetric routing past the capture point, a mirror port or tap that copies one direction, a
    /// capture filter with `src` or `dst`.
    /// ## When it cannot be told
    /// A single SYN without an answer may be a capture of one side, or a server that never answered.
    pub static CAPTURE_ONE_SIDED {
        code: "capture.one-sided",
        severity: Warning,
        since: "0.1.0",
        needs: [ONE_WAY],
        leads_to: [],
        references: ["RFC 9293 §3.4"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let transport = &connection.transport;
    let reset_by = |side: Side| {
        transport.resets.kept().iter().any(|reset| connection.side(reset.direction) == side)
    };
    let missing = [Side::Server, Side::Client]
        .into_iter()
        .find(|&side| connection.stream(side).segments == 0 && !reset_by(side));
    let Some(missing) = missing else { return Ok(None) };
    let there = missing.peer();
    let stream = connection.stream(there);
    if missing == Side::Server {
        // SYNs alone may simply have had no answer.
        let syns = u64::from(transport.syn.is_some()) + transport.syn_retransmissions.total();
        if stream.segments <= syns {
            return if transport.syn.is_some() { Err(crate::Skip::Undetermined) } else { Ok(None) };
        }
    }
    let at = stream.first_data.unwrap_or(connection.first);
    let answered = connection.stream(missing).acknowledged_bytes;
    let finding =
        Finding::new(Party::Capture, format!("only the {}'s direction was captured", there.name()))
            .evidence(
                at,
                format!(
                    "the {}'s segments are there, none of the {}'s",
                    there.name(),
                    missing.name()
                ),
            );
    let finding = if answered > 0 {
        finding.explain(format!(
            "The acknowledgments show that the {} sent {answered} bytes.",
            missing.name()
        ))
    } else {
        finding
    };
    Ok(Some(
        finding
            .explain("How the handshake ended cannot be told from one direction.")
            .remedy("Capture where both directions pass: on the host itself, or mirror both directions of the port; filter by host and port, not by src or dst."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_without_the_server_side() {
        check(
            &super::CAPTURE_ONE_SIDED,
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello
             server ServerHello lose
             client ACK",
            expect![[r#"
                warning capture.one-sided (certain, capture): only the client's direction was captured
                  frame 3: the client's segments are there, none of the server's
            "#]],
        );
    }

    #[test]
    fn fires_without_the_client_side() {
        check(
            &super::CAPTURE_ONE_SIDED,
            "client SYN lose
             server SYN-ACK
             client ACK lose
             client ClientHello lose
             server ServerHello",
            expect![[r#"
                warning capture.one-sided (certain, capture): only the server's direction was captured
                  frame 2: the server's segments are there, none of the client's
            "#]],
        );
    }

    #[test]
    fn clear_when_both_are_there() {
        check(
            &super::CAPTURE_ONE_SIDED,
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
    fn clear_when_a_reset_is_all_that_the_server_sends() {
        check(
            &super::CAPTURE_ONE_SIDED,
            "client SYN
             server RST",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn undetermined_with_a_syn_alone() {
        check(
            &super::CAPTURE_ONE_SIDED,
            "client SYN",
            expect![[r#"
            undetermined
        "#]],
        );
    }
}
