//! `tcp.server-flight-lost`: the server's flight never arrived at the client.

use tlsleuth_capture::{Gap, GapCause, IcmpKind};
use tlsleuth_handshake::{Outcome, Side};

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The server's flight was sent again and never acknowledged.
    ///
    /// ## What happened
    /// The ClientHello arrived; of the server's answer, with its certificates, nothing or only the
    /// small segments came through.
    /// ## Likely causes
    /// A path whose MTU is smaller than both ends believe, with ICMP filtered so that nobody tells
    /// the server (a path MTU black hole): tunnels, VPN, PPPoE, cloud overlays. Heavy loss.
    /// ## When it cannot be told
    /// Captured at the client, all that shows is a hole, or silence.
    pub static TCP_SERVER_FLIGHT_LOST {
        code: "tcp.server-flight-lost",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: [
            "tcp.closed-during-handshake",
            "tcp.reset-during-handshake",
            "tcp.server-silent",
            "peer.client-aborted",
            "peer.client-rejected-certificate",
            "peer.user-canceled",
        ],
        references: ["RFC 1191", "RFC 2923 §2.1", "RFC 8899"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let server = connection.stream(Side::Server);
    if path::hello_at(connection).is_none() || server.data_segments == 0 {
        return Err(Skip::NotApplicable);
    }
    if case.completed() || case.ending.phase >= Phase::ClientFlight {
        return Ok(None);
    }
    path::both_seen(connection)?;
    // What was lost behind the end is not why it came.
    let before_the_end = |gap: &Gap| case.ending.at.is_none_or(|end| gap.at.order() <= end.order());
    let hole = connection
        .gaps
        .server
        .iter()
        .find(|gap| gap.cause == GapCause::NotAcknowledged && before_the_end(gap));
    let again: Vec<_> = path::retransmissions(connection, Side::Server).collect();
    let lost = path::unacknowledged(connection, Side::Server);
    let sent_again = lost > 0 && again.len() >= 2;
    if hole.is_none() && !sent_again {
        return Ok(None);
    }
    if connection.outcome == Outcome::Incomplete {
        return Err(Skip::Undetermined);
    }
    let finding = Finding::new(Party::Network, "the server's flight never arrived at the client");
    let finding = match (hole, again.last()) {
        (Some(gap), _) => finding.evidence(
            gap.at,
            format!("behind a hole of {} bytes that the client never got", gap.len_bytes),
        ),
        (None, Some(last)) => finding
            .evidence_if(server.first_data, || "the server's answer begins".to_owned())
            .evidence(
                last.at,
                format!(
                    "{} bytes sent again, {} times, and never acknowledged",
                    last.len_bytes,
                    again.len()
                ),
            ),
        (None, None) => finding,
    };
    let arrived =
        if server.longest_acknowledged > 0 { Some(server.longest_acknowledged) } else { None };
    let mut finding = if hole.is_some() {
        finding.explain(
            "Smaller segments behind the hole came through, the full ones before them did not.",
        )
    } else {
        finding
    };
    if let Some(arrived) = arrived.filter(|arrived| *arrived < server.longest_payload) {
        finding = finding.explain(format!(
            "The longest segment that was acknowledged has {arrived} bytes of payload, the longest one sent {}.",
            server.longest_payload
        ));
    }
    let mss = connection.transport.syn.as_ref().and_then(|syn| syn.mss);
    if let Some(mss) = mss {
        finding = finding.explain(format!("The client announced an MSS of {mss}."));
    }
    let too_big = connection.transport.icmp.kept().iter().find_map(|icmp| match icmp.kind {
        IcmpKind::PacketTooBig(mtu) => Some((icmp, mtu)),
        _ => None,
    });
    finding = match too_big {
        Some((icmp, mtu)) => finding
            .evidence(icmp.at, format!("{} says that the next link takes {mtu} bytes", icmp.from))
            .explain("A router said so by ICMP, and the server did not follow."),
        None => finding.likely("Inferred from what is missing: the path's MTU is smaller than these segments, and no ICMP message says so; heavy loss would look alike."),
    };
    Ok(Some(
        finding
            .remedy("Clamp the MSS where the tunnel or VPN begins: iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu; or lower the MTU of the interface (Docker, Kubernetes overlays: 50 bytes less than the network below).")
            .remedy("Let ICMP type 3 code 4 (IPv6: type 2) through the firewalls, or set net.ipv4.tcp_mtu_probing=1 on the server.")
            .seen_as(&[
                "curl: (28) SSL connection timeout, after \"TLS handshake, Client hello (1)\"",
                "Go: net/http: TLS handshake timeout",
                "OpenSSL s_client hangs after CONNECTED(00000003)",
                "Java: java.net.SocketTimeoutException: Read timed out",
                "browsers: ERR_TIMED_OUT",
            ])
            .next_step(format!("test the path's MTU from the server: ping -M do -s 1472 {}", connection.client.address))
            .next_step("try with a small MSS from the client: ip route change ... advmss 1200; if that works, it is the MTU"),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_at_the_server_when_it_is_sent_again() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
            "client ClientHello
             server ServerHello + Encrypted 1300 vanish
             wait 1s
             server again vanish
             wait 2s
             server again vanish
             watch 5s",
            expect![[r#"
                error tcp.server-flight-lost (likely, network): the server's flight never arrived at the client
                  frame 5: the server's answer begins
                  frame 7: 1359 bytes sent again, 2 times, and never acknowledged
            "#]],
        );
    }

    #[test]
    fn fires_at_the_client_when_only_the_small_end_arrives() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
            "client ClientHello
             server ServerHello + Encrypted 1300 lose vanish
             server Encrypted 53
             client ACK
             wait 5s
             client FIN",
            expect![[r#"
                error tcp.server-flight-lost (likely, network): the server's flight never arrived at the client
                  frame 5: behind a hole of 1359 bytes that the client never got
            "#]],
        );
    }

    #[test]
    fn says_what_a_router_said() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
            "client ClientHello
             server ServerHello + Encrypted 1300 vanish
             ICMP too-big mtu=1400
             wait 1s
             server again vanish
             wait 2s
             server again vanish
             watch 5s",
            expect![[r#"
                error tcp.server-flight-lost (certain, network): the server's flight never arrived at the client
                  frame 5: the server's answer begins
                  frame 8: 1359 bytes sent again, 2 times, and never acknowledged
                  frame 6: 10.0.0.1 says that the next link takes 1400 bytes
            "#]],
        );
    }

    #[test]
    fn clear_when_it_arrives() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
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
    fn clear_when_a_retransmission_arrives() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example vanish
             wait 1s
             server again
             client Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_the_server_sent_nothing() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
            "client ClientHello
             server ACK
             watch 20s",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_capture_ends_too_early() {
        check(
            &super::TCP_SERVER_FLIGHT_LOST,
            "client ClientHello
             server ServerHello + Encrypted 1300 vanish
             wait 200ms
             server again vanish
             wait 400ms
             server again vanish",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
