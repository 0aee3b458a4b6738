//! `tcp.no-answer`: the SYN was never answered.

use tlsleuth_handshake::{Outcome, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The SYN was never answered.
    ///
    /// ## What happened
    /// The client asked for a connection, again and again, and got neither a SYN-ACK nor a reset nor
    /// an ICMP message.
    /// ## Likely causes
    /// A firewall or security group drops the packets; nobody has that address; the server is down or
    /// overloaded; the answers go another way and are dropped there.
    /// ## When it cannot be told
    /// With a single SYN at the end of the capture, or where only the client's direction was
    /// captured.
    pub static TCP_NO_ANSWER {
        code: "tcp.no-answer",
        severity: Error,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 9293 §3.5", "RFC 6298 §2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let transport = &connection.transport;
    let syn = transport.syn.as_ref().ok_or(Skip::NotApplicable)?;
    if transport.syn_ack.is_some() || !transport.resets.is_empty() || !transport.icmp.is_empty() {
        return Ok(None);
    }
    let client = connection.stream(Side::Client);
    let again = transport.syn_retransmissions.total();
    if connection.stream(Side::Server).segments > 0
        || client.data_segments > 0
        || transport.established.is_some()
        || client.segments > 1 + again
    {
        // Something did answer; the SYN-ACK is only not in the capture.
        return Err(Skip::Undetermined);
    }
    if connection.outcome != Outcome::Failed {
        return Err(Skip::Undetermined);
    }
    let last = transport.syn_retransmissions.kept().last().copied();
    let span = connection.last.time.since(syn.at.time);
    let finding = Finding::new(
        Party::Network,
        format!("{} never answered the SYN", connection.server),
    )
    .evidence(syn.at, "the client asks for a connection")
    .evidence_if(last, || {
        let times = if again == 1 { "once".to_owned() } else { format!("{again} times") };
        format!("the SYN was sent again {times} within {}; nothing came back", path::duration(span))
    })
    .explain("Neither a SYN-ACK nor a reset nor an ICMP message came back: somebody drops packets silently, or nobody is there.")
    .remedy("Ask whoever runs the firewall or security group between the two whether this address and port are open; check that the server is up and has this address.")
    .remedy("AWS, Azure, GCP: the security group or network rule of the server, and that of the subnet. Kubernetes: a NetworkPolicy, or a Service without endpoints. Linux: iptables -L -v or nft list ruleset, and look for DROP.")
    .seen_as(&[
        "curl: (28) Connection timed out / Failed to connect to ... port 443 after ... ms: Connection timed out",
        "Go: dial tcp ...: i/o timeout",
        "Java: java.net.SocketTimeoutException: connect timed out",
        "Node: connect ETIMEDOUT",
        "browsers: ERR_CONNECTION_TIMED_OUT",
    ])
    .next_step("capture on the server at the same time: if the SYN arrives there, its answer is dropped on the way back; if not, the SYN is dropped on the way there");
    Ok(Some(if again == 0 {
        finding.likely("Only one SYN was seen: the client may have given up early.")
    } else {
        finding
    }))
}
