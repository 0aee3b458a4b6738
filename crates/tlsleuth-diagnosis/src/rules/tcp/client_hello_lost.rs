//! `tcp.client-hello-lost`: the ClientHello, or a part of it, never arrived.

use tlsleuth_capture::{GapCause, IcmpKind};
use tlsleuth_handshake::{Outcome, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

/// A hello from this size on does not fit into one segment of an Ethernet path: 1,500 bytes less
/// the headers of IPv6 and of TCP with timestamps.
const ONE_SEGMENT: u64 = 1_428;

declare_rule! {
    /// Segments of the ClientHello were sent again and never acknowledged.
    ///
    /// ## What happened
    /// TCP was established with small packets; then the client's first data got no acknowledgment,
    /// however often it was sent.
    /// ## Likely causes
    /// A middlebox that drops a ClientHello that comes in two segments (post-quantum key shares make
    /// it larger than one) or a server name that it blocks; a path whose MTU is smaller than both
    /// ends believe; a SYN proxy in front of a server that is down.
    /// ## When it cannot be told
    /// Where the server's direction was not captured.
    pub static TCP_CLIENT_HELLO_LOST {
        code: "tcp.client-hello-lost",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: [
            "tcp.server-silent",
            "tcp.closed-after-client-hello",
            "tcp.reset-after-client-hello",
        ],
        references: ["RFC 9293 §3.8.1", "RFC 8899", "RFC 9846 §4.2.8"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let client = connection.stream(Side::Client);
    if !connection.tls_seen() || client.data_segments == 0 {
        return Err(Skip::NotApplicable);
    }
    if path::server_answered(connection) || case.completed() {
        return Ok(None);
    }
    path::both_seen(connection)?;
    if connection.stream(Side::Server).segments == 0 {
        return Err(Skip::Undetermined);
    }
    let lost = path::unacknowledged(connection, Side::Client);
    let again: Vec<_> = path::retransmissions(connection, Side::Client).collect();
    let missing = connection.gaps.client.iter().find(|gap| gap.cause == GapCause::NotAcknowledged);
    let half = connection.unfinished.client.is_some();
    let Some(hello) = path::hello_at(connection).or(client.first_data) else {
        return Err(Skip::NotApplicable);
    };
    // Seen from the client's side the same bytes go out again and again; from the server's side
    // they never come in.
    let sent_again = lost > 0 && again.len() >= 2;
    let never_came = missing.is_some() || (half && lost == 0);
    if !sent_again && !never_came {
        return Ok(None);
    }
    if connection.outcome == Outcome::Incomplete {
        return Err(Skip::Undetermined);
    }
    let span = connection.last.time.since(hello.time);
    let whole = client.stream_bytes;
    let title = if client.acknowledged_bytes > 0 {
        format!("only {} bytes of the ClientHello arrived at the server", client.acknowledged_bytes)
    } else {
        "the ClientHello never arrived at the server".to_owned()
    };
    let mut finding = Finding::new(Party::Network, title).evidence(
        hello,
        format!(
            "the ClientHello: {whole} bytes in {}",
            path::count(segments(whole, client.longest_payload), "segment")
        ),
    );
    if let Some(last) = again.last().filter(|_| sent_again) {
        finding = finding.evidence(
            last.at,
            format!(
                "{} bytes sent again, {} times within {}, and never acknowledged",
                last.len_bytes,
                again.len(),
                path::duration(span)
            ),
        );
    }
    if let Some(gap) = missing {
        finding = finding.evidence(
            gap.at,
            format!(
                "{} bytes before this one are missing and were not acknowledged",
                gap.len_bytes
            ),
        );
    } else if never_came && !sent_again {
        finding = finding.evidence_if(client.last_data, || {
            "the last part of the ClientHello that came; its end is missing".to_owned()
        })
        .likely("Inferred: what came was acknowledged, and the rest never came; a client that stopped in the middle would look the same.");
    }
    let too_big = connection.transport.icmp.kept().iter().find_map(|icmp| match icmp.kind {
        IcmpKind::PacketTooBig(mtu) => Some((icmp, mtu)),
        _ => None,
    });
    if let Some((icmp, mtu)) = too_big {
        finding = finding
            .evidence(icmp.at, format!("{} says that the next link takes {mtu} bytes", icmp.from))
            .explain("The path's MTU is smaller than the packets, and the sender did not follow the router's message.");
    }
    finding = if whole > ONE_SEGMENT || half {
        finding.explain("The ClientHello does not fit into one segment, as it is usual with post-quantum key shares: middleboxes and servers that expect it in one packet drop it, and on a path with a smaller MTU only its full segments vanish.")
            .remedy("Ask whoever runs the firewall, load balancer or intrusion prevention system on the way for an update that reassembles a ClientHello.")
            .remedy("To prove it, let the client send a small hello: openssl s_client -groups X25519, Chrome's policy PostQuantumKeyAgreementEnabled=false, Go's GODEBUG=tlsmlkem=0. If that works, it is the size.")
    } else {
        finding.explain("The ClientHello fits into one segment: a device on the way drops it for what is in it, or the server vanished behind a SYN proxy that had answered for it.")
            .remedy("Ask whoever runs the firewall or SYN proxy on the way; check that the server itself is up.")
    };
    Ok(Some(
        finding
            .remedy("If the path's MTU is at fault (tunnels, VPN, PPPoE), clamp the MSS: iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu.")
            .seen_as(&[
                "curl: (28) SSL connection timeout",
                "Go: net/http: TLS handshake timeout",
                "Java: java.net.SocketTimeoutException: Read timed out",
                "browsers: ERR_TIMED_OUT, ERR_CONNECTION_RESET",
            ])
            .next_step(format!("test the path's MTU: ping -M do -s 1472 {}", connection.server.address))
            .next_step("capture on the server as well: which segments arrive there?"),
    ))
}

/// How many segments of at most `longest` bytes so many bytes take.
fn segments(bytes: u64, longest: u32) -> u64 {
    bytes.div_ceil(u64::from(longest.max(1))).max(1)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_it_is_sent_again_and_again() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
            "client ClientHello sni=shop.example padding=1500 vanish
             wait 1s
             client again vanish
             wait 2s
             client again vanish
             watch 5s",
            expect![[r#"
                error tcp.client-hello-lost (certain, network): the ClientHello never arrived at the server
                  frame 5: the ClientHello: 1715 bytes in 2 segments
                  frame 7: 255 bytes sent again, 2 times within 3.0 s, and never acknowledged
            "#]],
        );
    }

    #[test]
    fn fires_when_a_small_one_vanishes() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
            "client ClientHello sni=shop.example vanish
             wait 1s
             client again vanish
             wait 2s
             client again vanish
             wait 4s
             client FIN vanish",
            expect![[r#"
                error tcp.client-hello-lost (certain, network): the ClientHello never arrived at the server
                  frame 4: the ClientHello: 211 bytes in 1 segment
                  frame 6: 211 bytes sent again, 2 times within 7.0 s, and never acknowledged
            "#]],
        );
    }

    #[test]
    fn fires_at_the_server_when_half_of_it_comes() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
            "mss 600
             client Bytes 16030102000100 01fc0303
             server ACK
             watch 20s",
            expect![[r#"
                error tcp.client-hello-lost (likely, network): only 11 bytes of the ClientHello arrived at the server
                  frame 4: the ClientHello: 11 bytes in 1 segment
                  frame 4: the last part of the ClientHello that came; its end is missing
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_answers() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
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
    fn clear_when_it_is_acknowledged() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
            "client ClientHello
             server ACK
             watch 20s",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_hello() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
            "client SYN
             server SYN-ACK
             client ACK
             client FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_without_the_server_side() {
        check(
            &super::TCP_CLIENT_HELLO_LOST,
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello vanish
             wait 1s
             client again vanish
             wait 1s
             client again vanish
             watch 9s",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
