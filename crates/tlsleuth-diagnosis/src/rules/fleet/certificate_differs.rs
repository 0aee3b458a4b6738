//! `fleet.certificate-differs`: one name and address alternates between certificates.

use tlsleuth_capture::Endpoint;
use tlsleuth_cert::WireText;

use super::{called, clock, failed_of, fails_more, intercepted};
use crate::fleet::node::Apart;
use crate::fleet::{Group, Leaf, Summary};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, Severity, wording};

declare_fleet_rule! {
    /// One name and address alternates between certificates.
    ///
    /// ## What happened
    /// The same address answers for the same name now with one certificate, now with another one of
    /// the same sort of key.
    /// ## Likely causes
    /// Nodes behind a load balancer that are out of step: a renewal reached some of them only, or a
    /// node was not reloaded.
    /// ## The test
    /// The leaf changed at least three times between leafs that came back, with keys of one sort (a
    /// server may well have an RSA and an elliptic certificate). It matters where one of them fails in
    /// at least half of its connections, and more than the rest by Fisher's exact test at 0.05. Nodes
    /// are counted where the SYN-ACKs that one client got tell them apart (see `fleet.split-by-node`)
    /// and each of them sends one of the leafs only.
    /// ## When it cannot be told
    /// TLS 1.3 hides the certificate without secrets, and resumed handshakes send none.
    pub static FLEET_CERTIFICATE_DIFFERS {
        code: "fleet.certificate-differs",
        severity: Info,
        since: "0.1.0",
        references: [],
    }
}

/// Certificates in turn.
pub(crate) struct Differs<'a> {
    leafs: Vec<&'a Leaf>,
    runs: u64,
    /// The nodes that one client was answered by, where each sends one of the leafs.
    nodes: Option<(Apart, usize)>,
    /// Whether failures depend on it.
    pub(crate) matters: bool,
    worst: Option<&'a Leaf>,
}

/// Whether a group alternates.
pub(crate) fn differs(group: &Group) -> Option<Differs<'_>> {
    if !group.has_several_leafs() {
        return None;
    }
    let (key, (_, runs)) = group.runs.iter().max_by_key(|(_, (_, runs))| *runs)?;
    let leafs: Vec<&Leaf> = group.leafs.iter().filter(|leaf| leaf.facts.key == *key).collect();
    let count = u64::try_from(leafs.len()).unwrap_or(u64::MAX);
    // Leafs that come back: there are more runs than leafs, by two at least.
    if count < 2 || *runs < count.saturating_add(2) {
        return None;
    }
    let worst = leafs.iter().copied().find(|leaf| {
        let others = leafs
            .iter()
            .filter(|other| other.facts.sha256 != leaf.facts.sha256)
            .fold(Default::default(), |sum: crate::fleet::Tally, other| sum.and(other.tally));
        fails_more(leaf.tally, others)
    });
    let nodes = nodes(group, worst.or(leafs.first().copied())?);
    Some(Differs { runs: *runs, nodes, matters: worst.is_some(), worst, leafs })
}

/// The most nodes that one client was answered by, if each sends this leaf or never does; and how
/// many send it.
fn nodes(group: &Group, leaf: &Leaf) -> Option<(Apart, usize)> {
    let nth = group.leafs.iter().position(|held| held.facts.sha256 == leaf.facts.sha256)?;
    let bit = 1u32.checked_shl(u32::try_from(nth).ok()?)?;
    let all = group.nodes.apart().into_iter().filter_map(|apart| {
        let single = apart.nodes.iter().all(|node| node.leafs.count_ones() <= 1);
        let with = apart.nodes.iter().filter(|node| node.leafs & bit != 0).count();
        (single && with > 0 && with < apart.nodes.len()).then_some((apart, with))
    });
    all.max_by_key(|(apart, _)| apart.nodes.len())
}

fn check(summary: &Summary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (server, name, group) in summary.groups() {
        if name.is_some_and(|name| intercepted::is_intercepted(summary, server, name)) {
            continue;
        }
        if let Some(found) = differs(group) {
            findings.push(finding(server, name, &found));
        }
    }
    findings
}

fn finding(server: Endpoint, name: Option<&WireText>, found: &Differs<'_>) -> Finding {
    let count = found.leafs.len();
    let failing = if found.matters { ", and one of them fails" } else { "" };
    let title =
        format!("{} answers with {count} certificates in turn{failing}", called(server, name));
    let mut finding = Finding::new(Party::Server, title);
    for leaf in found.leafs.iter().take(4) {
        finding = finding
            .evidence(leaf.first, format!("for the first time: serial {}", leaf.facts.serial));
    }
    let each = found.leafs.iter().map(|leaf| {
        format!(
            "{} was sent {} times between {} and {}, {} failed",
            leaf.facts.display(),
            leaf.count,
            clock(leaf.first),
            clock(leaf.last),
            failed_of(leaf.tally)
        )
    });
    finding = finding
        .explain(format!("It changed {} times.", found.runs.saturating_sub(1)))
        .explain(format!("{}.", wording::list(each)))
        .remedy("Find the node that still has the other certificate, install the new one there and reload it; let the deployment check every node by its own address.")
        .next_step(format!("{} on each node by its own address", wording::s_client(&"NODE:443", name.map(WireText::to_string).as_deref())));
    finding = match &found.nodes {
        Some((apart, with)) => {
            let leaf = found.worst.or(found.leafs.first().copied());
            finding.likely(format!(
                "{} nodes answer {}, {with} of them with serial {}: each sends one certificate only. They are told apart by their SYN-ACKs: {}.",
                apart.nodes.len(),
                apart.client,
                leaf.map_or("", |leaf| leaf.facts.serial.as_str()),
                apart.by
            ))
        }
        None => finding.likely(
            "Several nodes behind one address that are out of step are inferred from the turns.",
        ),
    };
    if let Some(worst) = found.worst {
        finding = finding.severity(Severity::Warning).evidence_if(worst.tally.first_failed, || {
            format!("a failure with serial {}", worst.facts.serial)
        });
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_when_a_node_is_out_of_step() {
        let mut script = Script::default();
        for _ in 0..4 {
            script.connection().leaf("new", "E1").completed();
            script.connection().leaf("new", "E1").completed();
            script.connection().leaf("old", "E1").failed("chain.expired");
        }
        let found = script.find(&FLEET_CERTIFICATE_DIFFERS);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(
            script
                .find(&crate::rules::fleet::certificate_changed::FLEET_CERTIFICATE_CHANGED)
                .is_empty()
        );
    }

    #[test]
    fn nodes_are_counted_where_their_clocks_tell_them_apart() {
        let mut script = Script::default();
        for nth in 0..12 {
            let making = script.connection().node(64, Some([5, 70_000_000, 900_000_000][nth % 3]));
            if nth % 3 == 2 {
                making.leaf("old", "E1").failed("chain.expired");
            } else {
                making.leaf("new", "E1").completed();
            }
        }
        let found = script.find(&FLEET_CERTIFICATE_DIFFERS);
        let says = "3 nodes answer 10.0.0.7, 1 of them with serial old";
        assert!(found[0].explanation.contains(says), "{}", found[0].explanation);
        assert_eq!(script.codes(), ["fleet.certificate-differs"]);
    }

    #[test]
    fn harmless_where_all_complete() {
        let mut script = Script::default();
        for _ in 0..4 {
            script.connection().leaf("a", "E1").completed();
            script.connection().leaf("b", "E1").completed();
        }
        assert_eq!(script.find(&FLEET_CERTIFICATE_DIFFERS)[0].severity, Severity::Info);
    }

    #[test]
    fn clear_for_two_sorts_of_keys() {
        let mut script = Script::default();
        for _ in 0..4 {
            script.connection().leaf("a", "E1").completed();
            script.connection().leaf_of("b", "R1", "RSA").completed();
        }
        assert!(script.find(&FLEET_CERTIFICATE_DIFFERS).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        script.connection().leaf("a", "E1").completed();
        script.connection().leaf("b", "E1").completed();
        script.connection().leaf("a", "E1").completed();
        assert!(script.find(&FLEET_CERTIFICATE_DIFFERS).is_empty());
    }
}
