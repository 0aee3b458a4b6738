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
