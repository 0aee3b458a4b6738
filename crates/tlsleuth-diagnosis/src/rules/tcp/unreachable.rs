//! `tcp.unreachable`: an ICMP message says that the server cannot be reached.

use tlsleuth_capture::IcmpKind;
use tlsleuth_capture::transport::IcmpFacts;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// An ICMP unreachable answered the SYN.
    ///
    /// ## What happened
    /// A router, a firewall or the server's host said that the packet cannot be delivered.
    /// ## Likely causes
    /// No route; nobody has that address in the last network; a firewall rejects with ICMP.
    /// ## When it cannot be told
    /// Where ICMP is filtered, or was not captured: then it looks like `tcp.no-answer`.
    pub static TCP_UNREACHABLE {
        code: "tcp.unreachable",
        severity: Error,
        since: "0.1.0",
        needs: [ICMP],
        leads_to: ["tcp.no-answer"],
        references: ["RFC 792", "RFC 4443 §3.1", "RFC 9293 §3.9.2.2"],
    }
}

/// What an unreachable says, and who has to act on it.
fn meaning(icmp: &IcmpFacts) -> Option<(&'static str, &'static str)> {
    let route =
        "Correct the route or the address: traceroute to it shows who does not know the way.";
    let host = "Check that the server is up and has this address: the last router got no answer to its ARP or neighbor request.";
    let firewall = "A firewall rejects it: ask for a rule that lets this client through to this address and port (iptables REJECT --reject-with icmp-..., nft reject).";
    let port = "Nothing listens there, or a firewall rejects with its default answer (iptables REJECT): start the service or open the port.";
    Some(match (icmp.kind, icmp.ipv6) {
        (IcmpKind::Unreachable(0), false) => ("network unreachable", route),
        (IcmpKind::Unreachable(1), false) => ("host unreachable", host),
        (IcmpKind::Unreachable(3), false) => ("port unreachable", port),
        (IcmpKind::Unreachable(6 | 7), false) => ("destination unknown", route),
        (IcmpKind::Unreachable(9 | 10 | 13), false) => ("administratively prohibited", firewall),
        (IcmpKind::Unreachable(_), false) => ("unreachable", route),
        (IcmpKind::Unreachable(0), true) => ("no route to destination", route),
        (IcmpKind::Unreachable(1), true) => ("administratively prohibited", firewall),
        (IcmpKind::Unreachable(3), true) => ("address unreachable", host),
        (IcmpKind::Unreachable(4), true) => ("port unreachable", port),
        (IcmpKind::Unreachable(5 | 6), true) => ("refused by a policy", firewall),
        (IcmpKind::Unreachable(_), true) => ("unreachable", route),
        (IcmpKind::TimeExceeded(0), _) => (
            "time to live exceeded",
            "Packets run in a loop between routers: traceroute shows which addresses repeat.",
        ),
        _ => return None,
    })
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let transport = &connection.transport;
    if transport.icmp.is_empty() {
        return if transport.syn.is_some() && transport.syn_ack.is_none() {
            Ok(None)
        } else {
            Err(Skip::NotApplicable)
        };
    }
    if transport.syn_ack.is_some() {
        return Ok(None);
    }
    let Some(syn) = &transport.syn else { return Err(Skip::Undetermined) };
    let about_syn =
        |icmp: &&IcmpFacts| icmp.about == connection.client_direction && meaning(icmp).is_some();
    let Some(icmp) = transport.icmp.kept().iter().find(about_syn) else { return Ok(None) };
    let Some((says, remedy)) = meaning(icmp) else { return Ok(None) };
    Ok(Some(
        Finding::new(Party::Network, format!("{} cannot be reached: {says}", connection.server))
            .evidence(syn.at, "the client asks for a connection")
            .evidence(icmp.at, format!("{} answers by ICMP: {says}", icmp.from))
            .explain(if icmp.from == connection.server.address {
                "The message comes from the server's own address.".to_owned()
            } else {
                format!("The message comes from {}, a router or firewall on the way.", icmp.from)
            })
            .remedy(remedy)
            .seen_as(&[
                "curl: (7) Failed to connect: No route to host / Network is unreachable",
                "Go: connect: no route to host / network is unreachable",
                "Java: java.net.NoRouteToHostException",
                "Node: connect EHOSTUNREACH / ENETUNREACH",
                "browsers: ERR_ADDRESS_UNREACHABLE",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_a_router_knows_no_host() {
        check(
            &super::TCP_UNREACHABLE,
            "client SYN
             ICMP host-unreachable",
            expect![[r#"
                error tcp.unreachable (certain, network): 10.0.0.2:443 cannot be reached: host unreachable
                  frame 1: the client asks for a connection
                  frame 2: 10.0.0.1 answers by ICMP: host unreachable
            "#]],
        );
    }

    #[test]
    fn fires_when_a_firewall_prohibits_it() {
        check(
            &super::TCP_UNREACHABLE,
            "client SYN
             ICMP prohibited
             wait 1s
             client again
             ICMP prohibited",
            expect![[r#"
                error tcp.unreachable (certain, network): 10.0.0.2:443 cannot be reached: administratively prohibited
                  frame 1: the client asks for a connection
                  frame 2: 10.0.0.1 answers by ICMP: administratively prohibited
            "#]],
        );
    }

    #[test]
    fn clear_when_the_syn_is_only_not_answered() {
        check(
            &super::TCP_UNREACHABLE,
            "client SYN
             wait 1s
             client again",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_connection_is_established() {
        check(
            &super::TCP_UNREACHABLE,
            "client ClientHello
             ICMP host-unreachable",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_icmp() {
        check(
            &super::TCP_UNREACHABLE,
            "client ClientHello sni=shop.example versions=1.2
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
    fn undetermined_when_the_syn_is_not_there() {
        check(
            &super::TCP_UNREACHABLE,
            "no-syn
             client ACK
             ICMP host-unreachable",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
