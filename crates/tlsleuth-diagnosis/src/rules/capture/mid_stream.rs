//! `capture.mid-stream`: the capture starts after the connection did.

use tlsleuth_handshake::Side;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity};

declare_rule! {
    /// The capture starts after the connection did.
    ///
    /// ## What happened
    /// Neither the SYN nor the SYN-ACK is there: the first packets of the connection came before the
    /// first frame.
    /// ## Likely causes
    /// The capture was started too late; it was cut out of a longer one; long-lived connections.
    /// ## When it cannot be told
    /// What was offered and chosen before the first frame.
    pub static CAPTURE_MID_STREAM {
        code: "capture.mid-stream",
        severity: Warning,
        since: "0.1.0",
        needs: [NO_SYN_ACK],
        leads_to: [],
        references: ["RFC 9293 §3.5"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let transport = &connection.transport;
    if transport.syn.is_some() || transport.syn_ack.is_some() {
        return Ok(None);
    }
    if connection.stream(Side::Client).from_start || connection.stream(Side::Server).from_start {
        return Ok(None);
    }
    let hello = connection.client_hello();
    let finding = Finding::new(
        Party::Capture,
        match hello {
            Some(_) => "the capture starts after the connection was established",
            None => "the capture starts after the ClientHello",
        },
    )
    .evidence(connection.first, "the first frame of the connection is no SYN");
    Ok(Some(match hello {
        // Nothing of TLS is missing.
        Some(hello) => finding
            .evidence(hello.at, "the ClientHello is there")
            .severity(Severity::Info)
            .remedy("Nothing of the handshake is missing; start the capture before the client to see TCP's part as well."),
        None => finding
            .explain("What the client offered cannot be seen, and perhaps not what the server chose.")
            .remedy("Start the capture before the client connects. For connections that live long, let the client connect anew."),
    }))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_behind_the_hello() {
        check(
            &super::CAPTURE_MID_STREAM,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example
             client Alert fatal unknown_ca",
            expect![[r#"
                warning capture.mid-stream (certain, capture): the capture starts after the ClientHello
                  frame 1: the first frame of the connection is no SYN
            "#]],
        );
    }

    #[test]
    fn only_a_note_when_the_hello_is_there() {
        check(
            &super::CAPTURE_MID_STREAM,
            "no-syn
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                info capture.mid-stream (certain, capture): the capture starts after the connection was established
                  frame 1: the first frame of the connection is no SYN
                  frame 1: the ClientHello is there
            "#]],
        );
    }

    #[test]
    fn clear_with_a_syn() {
        check(
            &super::CAPTURE_MID_STREAM,
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
    fn clear_with_a_syn_ack() {
        check(
            &super::CAPTURE_MID_STREAM,
            "client SYN lose
             server SYN-ACK
             client ACK
             client ClientHello",
            expect![[r#"
                clear
            "#]],
        );
    }
}
