//! `fleet.split-by-node`: some nodes behind one address always succeed and others always fail.

use tlsleuth_capture::Endpoint;
use tlsleuth_cert::WireText;

use super::{called, explained, outage_window, separable, split_by_client};
use crate::fleet::chance::{ALPHA, Table, ln_combined, p_value, real, significant};
use crate::fleet::node::{Answers, Apart};
use crate::fleet::{Group, Summary};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party};

declare_fleet_rule! {
    /// Some nodes behind one address always succeed and others always fail.
    ///
    /// ## What happened
    /// Several nodes answer under one address in turn, and which one answers tells whether the
    /// handshake fails. The nodes are told apart by what their own TCP writes into the SYN-ACK: the
    /// clock of its timestamps, the TTL, the announced segment size, whether packets are numbered.
    /// ## Likely causes
    /// A node that was not updated or not reloaded, lacks a certificate or a key, or runs another
    /// configuration.
    /// ## The test
    /// A client got answers of at least two nodes, one of which answered again after another one had,
    /// at least twice. Nine of ten connections to the nodes that fail fail, nine of ten to the others
    /// complete, at least three each, over all such clients. For each of them Fisher's exact test,
    /// times the number of sets of its nodes, says how likely chance does as much; these are put
    /// together by Fisher's method for independent tests, and over all servers give 0.01 at most.
    /// ## When it cannot be told
    /// A balancer that ends TCP itself answers with its own clock. Some systems begin a new clock for
    /// every connection; then only nodes of different TTL or kind are told apart.
    pub static FLEET_SPLIT_BY_NODE {
        code: "fleet.split-by-node",
        severity: Warning,
        since: "0.1.0",
        references: ["RFC 7323 §5.4"],
    }
}

/// Nodes that fail among those behind one address.
pub(crate) struct Split {
    /// The client that was answered by the most nodes.
    apart: Apart,
    /// How many of these fail.
    failing: usize,
    /// Connections of all clients that were answered by several nodes.
    table: Table,
    clients: usize,
    ln_p: f64,
    looks: u64,
}

/// Whether failures at a server and name depend on the node.
pub(crate) fn split(summary: &Summary, group: &Group) -> Option<Split> {
    if !separable(summary, group.ended) {
        return None;
    }
    let mut all = Table::default();
    let mut ln_ps = Vec::new();
    let mut best: Option<(usize, Apart)> = None;
    for apart in group.nodes.apart() {
        let mut table = Table::default();
        for node in &apart.nodes {
            table.count(fails(node), node.tally.failed, node.tally.completed);
        }
        all.count(true, table.failed_with, table.completed_with);
        all.count(false, table.failed_without, table.completed_without);
        let sets = real(u64::try_from(apart.nodes.len()).unwrap_or(u64::MAX));
        ln_ps.push((table.ln_p() + sets * std::f64::consts::LN_2).min(0.0));
        let failing = apart.nodes.iter().filter(|node| fails(node)).count();
        let more = (apart.nodes.len(), failing)
            > best.as_ref().map_or((0, 0), |(failing, held)| (held.nodes.len(), *failing));
        if more {
            best = Some((failing, apart));
        }
    }
    let (failing, apart) = best?;
    let (ln_p, looks) = (ln_combined(&ln_ps), summary.looks());
    (failing > 0 && all.separates() && significant(ln_p, looks, ALPHA)).then_some(Split {
        apart,
        failing,
        table: all,
        clients: ln_ps.len(),
        ln_p,
        looks,
    })
}

fn fails(node: &Answers) -> bool {
    node.tally.failed > node.tally.completed
}

fn check(summary: &Summary) -> Vec<Finding> {
    summary
        .groups()
        .filter_map(|(server, name, group)| {
            let split = split(summary, group)?;
            let told = explained(summary, server, name, group)
                || split_by_client::split(summary, server, name, group).is_some()
                || outage_window::is_told(summary, server, &group.asked);
            (!told).then(|| finding(server, name, group, &split))
        })
        .collect()
}

fn finding(server: Endpoint, name: Option<&WireText>, group: &Group, split: &Split) -> Finding {
    let Split { apart, failing, table, clients, ln_p, looks } = split;
    let with = table.failed_with.saturating_add(table.completed_with);
    let without = table.failed_without.saturating_add(table.completed_without);
    let nodes = apart.nodes.len();
    let title = format!(
        "{failing} of {nodes} nodes that can be told apart behind {} {}: {} of {with} connections there, {} of {without} at the others",
        called(server, name),
        if *failing == 1 { "fails" } else { "fail" },
        table.failed_with,
        table.failed_without
    );
    let mut finding = Finding::new(Party::Server, title);
    for node in apart.nodes.iter().filter(|node| fails(node)).take(3) {
        finding =
            finding.evidence_if(node.tally.first_failed, || "a failure at this node".to_owned());
    }
    for node in apart.nodes.iter().filter(|node| !fails(node)).take(2) {
        finding =
            finding.evidence_if(node.tally.first_completed, || "another node completes".to_owned());
    }
    finding
        .explain(format!(
            "{} answered by several nodes in turn; they are told apart by their SYN-ACKs, those that answer {} by {}.",
            if *clients == 1 { "One client is".to_owned() } else { format!("{clients} clients are") },
            apart.client,
            apart.by
        ))
        .explain(format!("Failures at this server: {}.", group.asked.verdicts_in_words()))
        .likely(format!(
            "That the node decides is inferred from the counts (Fisher's exact test, {}).",
            p_value(*ln_p, *looks)
        ))
        .remedy("Take the node that fails out of the balancer, then compare its version, configuration, certificate and key with another one; let the deployment check every node by its own address.")
        .next_step(format!("{} on each node by its own address", crate::wording::s_client(&"NODE:443", name.map(WireText::to_string).as_deref())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    /// Connections to five nodes in turn, of which those that `fails` names fail.
    fn five(
        count: usize,
        fails: &[usize],
        clock: fn(usize) -> u32,
        ttl: fn(usize) -> u8,
    ) -> Script {
        let mut script = Script::default();
        for nth in 0..count {
            // No cycle: a balancer sends each connection where it likes.
            let node = nth * nth % 7 % 5;
            let making = script.connection().node(ttl(node), Some(clock(node)));
            if fails.contains(&node) {
                making.failed("peer.internal-error");
            } else {
                making.completed();
            }
        }
        script
    }

    #[test]
    fn fires_for_the_nodes_that_fail() {
        let script = five(60, &[1, 4], |node| u32::try_from(node).unwrap() * 77_777_777, |_| 64);
        let found = script.find(&FLEET_SPLIT_BY_NODE);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.starts_with("2 of 4 nodes that can be told apart behind api"),
            "{}",
            found[0].title
        );
        assert!(found[0].explanation.contains("4 separate clocks"), "{}", found[0].explanation);
        assert_eq!(script.codes(), ["fleet.split-by-node"]);
    }

    #[test]
    fn the_ttl_tells_nodes_apart_too() {
        let script = five(60, &[1], |_| 5, |node| if node == 1 { 62 } else { 63 });
        let found = script.find(&FLEET_SPLIT_BY_NODE);
        assert!(found[0].title.starts_with("1 of 2 nodes"), "{}", found[0].title);
        assert!(found[0].explanation.contains("TTL 62, 63"), "{}", found[0].explanation);
    }

    #[test]
    fn many_clients_with_a_few_connections_each_tell_it_together() {
        let mut script = Script::default();
        for nth in 0..144usize {
            let (client, node) = (nth % 12, ((nth * 2_654_435_761) >> 16) % 4);
            let clock = 400_000_000 * u32::try_from(node).unwrap()
                + u32::try_from(client).unwrap() * 9_000_000;
            let making = script.connection().client(7 + client).node(64, Some(clock));
            if node == 3 { making.failed("peer.internal-error") } else { making.completed() }
        }
        let found = script.find(&FLEET_SPLIT_BY_NODE);
        assert_eq!(found.len(), 1);
        assert!(found[0].title.starts_with("1 of 4 nodes"), "{}", found[0].title);
        assert_eq!(script.codes(), ["fleet.split-by-node"]);
    }

    #[test]
    fn clear_where_every_node_fails_now_and_then() {
        let mut script = Script::default();
        for nth in 0..60usize {
            let making =
                script.connection().node(64, Some(u32::try_from(nth % 4).unwrap() * 9_999_999));
            if nth % 5 == 0 { making.failed("peer.internal-error") } else { making.completed() }
        }
        assert!(script.find(&FLEET_SPLIT_BY_NODE).is_empty());
    }

    #[test]
    fn a_node_that_takes_over_is_no_second_one_in_turn() {
        let mut script = Script::default();
        (0..20).for_each(|_| script.connection().node(64, Some(1)).completed());
        (0..20).for_each(|_| {
            script.connection().node(63, Some(900_000)).failed("peer.internal-error")
        });
        assert!(script.find(&FLEET_SPLIT_BY_NODE).is_empty());
    }

    #[test]
    fn a_clock_for_every_connection_tells_nothing() {
        let mut script = Script::default();
        for nth in 0..60u32 {
            let making = script.connection().node(64, Some(nth.wrapping_mul(2_654_435_761)));
            if nth % 4 == 0 { making.failed("peer.internal-error") } else { making.completed() }
        }
        assert!(script.find(&FLEET_SPLIT_BY_NODE).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let script = five(7, &[1], |node| u32::try_from(node).unwrap() * 77_777_777, |_| 64);
        assert!(script.find(&FLEET_SPLIT_BY_NODE).is_empty());
    }
}
