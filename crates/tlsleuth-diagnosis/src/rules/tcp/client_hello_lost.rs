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
            "the ClientHello: {whole} bytes in {} segments",
            segments(whole, client.longest_payload)
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
