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
        needs: [NO_SYN_ACK],
        leads_to: [],
        references: ["RFC 9293 §3.5", "RFC 6298 §2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let transport = &connection.transport;
    let syn = transport.syn.as_ref().ok_or(Skip::NotApplicable)?;
    // The client may reset what it gave up itself.
    let refused = transport
        .resets
        .kept()
        .iter()
        .any(|reset| connection.side(reset.direction) == Side::Server);
    if transport.syn_ack.is_some() || refused || !transport.icmp.is_empty() {
        return Ok(None);
    }
    let client = connection.stream(Side::Client);
    let again = transport.syn_retransmissions.total();
    if let Some(stale) = answered_by_an_old_connection(case) {
        return Ok(Some(stale));
    }
    let in_syn = if syn.payload_bytes > 0 { 1 + again } else { 0 };
    if connection.stream(Side::Server).segments > 0
        || client.data_segments > in_syn
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

/// The server still holds an older connection of these ports: it acknowledges that, and the client
/// answers by a reset, after which it may try again (RFC 9293 §3.5.1, figure 9).
fn answered_by_an_old_connection(case: &Case<'_>) -> Option<Finding> {
    let connection = case.connection;
    let syn = connection.transport.syn.as_ref()?;
    let (by, reset) = connection.reset()?;
    let server = connection.stream(Side::Server);
    let alone = server.segments > 0 && server.data_segments == 0;
    if by != Side::Client || !alone || connection.stream(Side::Client).data_segments > 0 {
        return None;
    }
    Some(
        Finding::new(
            Party::Network,
            format!("{} answered the SYN for an older connection of the same ports", connection.server),
        )
        .evidence(syn.at, "the client asks for a connection")
        .evidence(reset, "the client resets it: what came back was no SYN-ACK, but an acknowledgment of something else")
        .explain("The other end, or a NAT or firewall on the way, still holds a connection with the same two ports. The reset ends that one, and the client's next SYN is answered.")
        .remedy("Where it happens often: let the NAT or load balancer reuse ports later than the server forgets them, or more of them; check for clients that bind to a fixed port."),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_syn_is_sent_again_and_again() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN
             wait 1s
             client again
             wait 2s
             client again
             watch 4s",
            expect![[r#"
                error tcp.no-answer (certain, network): 10.0.0.2:443 never answered the SYN
                  frame 1: the client asks for a connection
                  frame 3: the SYN was sent again 2 times within 3.0 s; nothing came back
            "#]],
        );
    }

    #[test]
    fn likely_when_the_syn_was_sent_only_once() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN
             watch 60s",
            expect![[r#"
                error tcp.no-answer (likely, network): 10.0.0.2:443 never answered the SYN
                  frame 1: the client asks for a connection
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_gives_up_with_a_reset() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN
             wait 1s
             client again
             wait 2s
             client RST",
            expect![[r#"
                error tcp.no-answer (certain, network): 10.0.0.2:443 never answered the SYN
                  frame 1: the client asks for a connection
                  frame 2: the SYN was sent again once within 3.0 s; nothing came back
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_answered() {
        check(
            &super::TCP_NO_ANSWER,
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
    fn clear_when_a_reset_answers() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN
             server RST",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_syn() {
        check(
            &super::TCP_NO_ANSWER,
            "no-syn
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_capture_ends_at_once() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN",
            expect![[r#"
            undetermined
        "#]],
        );
    }

    #[test]
    fn undetermined_when_only_the_answer_is_missing() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello sni=shop.example
             watch 5s",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn fires_for_a_syn_that_an_old_connection_answers() {
        check(
            &super::TCP_NO_ANSWER,
            "client SYN
             server ACK
             client RST",
            expect![[r#"
                error tcp.no-answer (certain, network): 10.0.0.2:443 answered the SYN for an older connection of the same ports
                  frame 1: the client asks for a connection
                  frame 3: the client resets it: what came back was no SYN-ACK, but an acknowledgment of something else
            "#]],
        );
    }
}
