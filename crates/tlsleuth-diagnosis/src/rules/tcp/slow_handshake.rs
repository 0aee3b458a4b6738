//! `tcp.slow-handshake`: the handshake took long; says where the time went.

use tlsleuth_capture::{Place, Timestamp};
use tlsleuth_handshake::{Connection, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The handshake took longer than the threshold, two seconds if nobody says otherwise.
    ///
    /// ## What happened
    /// The handshake completed, late. The time between the turns of the two sides is shared out:
    /// where a segment was sent again it went to the network, else to the side whose turn it was.
    /// ## Likely causes
    /// Network: loss, a long path. Server: an overloaded machine, a certificate or key that comes
    /// from elsewhere (OCSP, HSM, a remote signer), name look-ups at accept. Client: a slow check of
    /// revocation, a prompt for a PIN, a busy machine.
    /// ## When it cannot be told
    /// Where the beginning is not in the capture.
    pub static TCP_SLOW_HANDSHAKE {
        code: "tcp.slow-handshake",
        severity: Warning,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 6298 §2", "RFC 9846 §2"],
    }
}

/// One stretch of time and who spent it.
struct Stretch {
    party: Party,
    ns: i64,
    /// Its end.
    at: Place,
    says: &'static str,
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let (Some(client), Some(server)) = (
        connection.finished.client.present().copied(),
        connection.finished.server.present().copied(),
    ) else {
        return Err(if case.completed() { Skip::Undetermined } else { Skip::NotApplicable });
    };
    let Some(begin) =
        connection.transport.syn.as_ref().map(|syn| syn.at).or(path::hello_at(connection))
    else {
        return Err(Skip::Undetermined);
    };
    let end = client.later(server);
    let total = end.time.since(begin.time);
    if total < case.policy.slow_handshake_ns {
        return Ok(None);
    }
    let stretches = stretches(connection, end);
    let of = |party: Party| -> i64 {
        stretches.iter().filter(|stretch| stretch.party == party).map(|stretch| stretch.ns).sum()
    };
    let shares = [
        (Party::Network, of(Party::Network)),
        (Party::Server, of(Party::Server)),
        (Party::Client, of(Party::Client)),
    ];
    let Some((worst, ns)) = shares.iter().copied().max_by_key(|(_, ns)| *ns) else {
        return Err(Skip::Undetermined);
    };
    let mut finding = Finding::new(
        worst,
        format!(
            "the handshake took {}, of which the {} took {}",
            path::duration(total),
            worst.name(),
            path::duration(ns)
        ),
    )
    .explain(format!(
        "Network {}, server {}, client {}.",
        path::duration(of(Party::Network)),
        path::duration(of(Party::Server)),
        path::duration(of(Party::Client)),
    ));
    let mut longest: Vec<&Stretch> =
        stretches.iter().filter(|stretch| stretch.ns > total / 10).collect();
    longest.sort_by_key(|stretch| std::cmp::Reverse(stretch.ns));
    longest.truncate(3);
    longest.sort_by_key(|stretch| stretch.at.order());
    for stretch in longest {
        finding = finding.evidence(
            stretch.at,
            format!("{}: {} ({})", stretch.says, path::duration(stretch.ns), stretch.party.name()),
        );
    }
    if let Some(again) = connection.transport.retransmissions.first() {
        let times = connection.transport.retransmissions.total();
        let says = match times {
            1 => "a retransmission".to_owned(),
            _ => format!("the first of {times} retransmissions"),
        };
        finding = finding.evidence(again.at, says);
    }
    Ok(Some(finding.remedy(match worst {
        Party::Server => "Look what the server does at this point: CPU, a full accept queue, keys in an HSM, OCSP fetched at the handshake, name look-ups (HostnameLookups in Apache, UseDNS).",
        Party::Client => "Look what the client does at this point: revocation checks (OCSP, CRL) through a blocked path, a prompt for a PIN, a busy machine.",
        _ => "Look for loss and delay on the way (mtr, ping); retransmissions of a SYN cost 1, 3 and 7 seconds.",
    })))
}

/// The turns of the handshake in their order, each with who spent the time before it.
fn stretches(connection: &Connection, end: Place) -> Vec<Stretch> {
    let transport = &connection.transport;
    let mut turns: Vec<(Place, Party, &'static str)> = Vec::new();
    if let Some(syn_ack) = &transport.syn_ack {
        turns.push((syn_ack.at, Party::Network, "until the SYN was answered"));
    }
    if let Some(established) = transport.established {
        turns.push((established, Party::Network, "until the connection was established"));
    }
    let mut last: Option<Side> = None;
    for event in &connection.events {
        if event.at.order() > end.order() {
            break;
        }
        let says = match (last, event.from) {
            (None, Side::Client) => "until the client began",
            (None, Side::Server) => "until the server began",
            (Some(Side::Client), Side::Client) => "within the client's flight",
            (Some(Side::Server), Side::Server) => "within the server's flight",
            (Some(Side::Client), Side::Server) => "until the server answered",
            (Some(Side::Server), Side::Client) => "until the client answered",
        };
        turns.push((event.at, event.from.into(), says));
        last = Some(event.from);
    }
    turns.sort_by_key(|(at, _, _)| at.order());
    let Some(begin) = transport.syn.as_ref().map(|syn| syn.at).or(turns.first().map(|turn| turn.0))
    else {
        return Vec::new();
    };
    // Half of what the SYN and its answer took is on either side of the capture point.
    let leg = |from: Option<Place>, to: Option<Place>| match (from, to) {
        (Some(from), Some(to)) if transport.syn_retransmissions.is_empty() => {
            to.time.since(from.time).max(0)
        }
        _ => 0,
    };
    let syn = transport.syn.as_ref().map(|syn| syn.at);
    let syn_ack = transport.syn_ack.as_ref().map(|syn_ack| syn_ack.at);
    let to_server = leg(syn, syn_ack);
    let to_client = leg(syn_ack, transport.established);
    let mut stretches = Vec::new();
    let mut before = begin;
    for (at, party, says) in turns {
        let ns = at.time.since(before.time);
        if ns > 0 {
            let (party, says) =
                if party != Party::Network && resent(connection, before.time, at.time) {
                    (Party::Network, "while segments were lost and sent again")
                } else {
                    (party, says)
                };
            let answers = says.ends_with("answered");
            let travel = match party {
                Party::Server if answers => to_server.min(ns),
                Party::Client if answers => to_client.min(ns),
                _ => 0,
            };
            if travel > 0 {
                stretches.push(Stretch {
                    party: Party::Network,
                    ns: travel,
                    at,
                    says: "one round trip",
                });
            }
            stretches.push(Stretch { party, ns: ns - travel, at, says });
            before = at;
        }
    }
    stretches
}

/// Whether a segment was sent again in a stretch.
fn resent(connection: &Connection, from: Timestamp, to: Timestamp) -> bool {
    let transport = &connection.transport;
    let within = |at: &Place| at.time > from && at.time <= to;
    transport.retransmissions.kept().iter().any(|again| within(&again.at))
        || transport.syn_retransmissions.kept().iter().any(within)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_takes_long() {
        check(
            &super::TCP_SLOW_HANDSHAKE,
            "client ClientHello versions=1.2
             server ACK
             wait 3s
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished",
            expect![[r#"
                warning tcp.slow-handshake (certain, server): the handshake took 3.0 s, of which the server took 3.0 s
                  frame 6: until the server answered: 3.0 s (server)
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_takes_long() {
        check(
            &super::TCP_SLOW_HANDSHAKE,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             wait 4s
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished",
            expect![[r#"
                warning tcp.slow-handshake (certain, client): the handshake took 4.0 s, of which the client took 4.0 s
                  frame 6: until the client answered: 4.0 s (client)
            "#]],
        );
    }

    #[test]
    fn fires_when_the_network_loses_the_syn() {
        check(
            &super::TCP_SLOW_HANDSHAKE,
            "client SYN vanish
             wait 1s
             client again vanish
             wait 2s
             client again
             server SYN-ACK
             client ACK
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                warning tcp.slow-handshake (certain, network): the handshake took 3.0 s, of which the network took 3.0 s
                  frame 4: until the SYN was answered: 3.0 s (network)
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_fast() {
        check(
            &super::TCP_SLOW_HANDSHAKE,
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
    fn not_applicable_when_it_failed() {
        check(
            &super::TCP_SLOW_HANDSHAKE,
            "client ClientHello
             wait 5s
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_its_beginning_is_missing() {
        check(
            &super::TCP_SLOW_HANDSHAKE,
            "no-syn
             client ClientHello sni=shop.example versions=1.2 lose
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
