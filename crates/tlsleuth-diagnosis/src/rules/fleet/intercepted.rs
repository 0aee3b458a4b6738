//! `fleet.intercepted`: the same name is served with leafs of different issuers to different clients.

use std::collections::BTreeSet;

use tlsleuth_capture::{Address, Endpoint};
use tlsleuth_cert::WireText;

use super::{called, failed_of};
use crate::fleet::chance::{ALPHA, ln_choose, significant};
use crate::fleet::{Group, Leaf, Summary, Tally};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, Severity, wording};

declare_fleet_rule! {
    /// The same name is served with leafs of different issuers to different clients.
    ///
    /// ## What happened
    /// One address answers for one name, and which authority signed the certificate depends on who
    /// asks: some clients always get one issuer, others always another one.
    /// ## Likely causes
    /// TLS inspection on the way of some clients (a proxy, a firewall, a virus scanner), whose
    /// authority those clients may not know; or a balancer that sends clients to different services.
    /// ## The test
    /// No client got both issuers, both were served in the same span of time, each at least three
    /// times, with keys of one sort or with trust that differs. That the issuers fall on the clients so
    /// neatly has a probability of 1 in C(n, k) by chance; over all servers it must be 0.01 at most.
    /// Issuers that the anchors both trust are no interception.
    /// ## When it cannot be told
    /// TLS 1.3 hides the certificate without secrets.
    pub static FLEET_INTERCEPTED {
        code: "fleet.intercepted",
        severity: Warning,
        since: "0.1.0",
        references: [],
    }
}

/// Leafs of one issuer, with their clients.
struct Issued<'a> {
    issuer: &'a str,
    leafs: Vec<&'a Leaf>,
    clients: BTreeSet<Address>,
    count: u64,
    tally: Tally,
    trusted: Option<bool>,
}

fn issued(group: &Group) -> Vec<Issued<'_>> {
    let mut all: Vec<Issued<'_>> = Vec::new();
    for (nth, leaf) in group.leafs.iter().enumerate() {
        let clients = group.clients_of(nth);
        match all.iter_mut().find(|issued| issued.issuer == leaf.facts.issuer) {
            Some(issued) => {
                issued.clients.extend(clients);
                issued.count = issued.count.saturating_add(leaf.count);
                issued.tally = issued.tally.and(leaf.tally);
                issued.leafs.push(leaf);
            }
            None => all.push(Issued {
                issuer: &leaf.facts.issuer,
                leafs: vec![leaf],
                clients: clients.collect(),
                count: leaf.count,
                tally: leaf.tally,
                trusted: leaf.trusted,
            }),
        }
    }
    all
}

/// The usual issuer and the other one.
fn pair(summary: &Summary, group: &Group) -> Option<(usize, usize)> {
    if !group.has_several_leafs() || group.asked.clients_left_out > 0 || group.leafs_left_out > 0 {
        return None;
    }
    let all = issued(group);
    for (nth, one) in all.iter().enumerate() {
        for (other_nth, other) in all.iter().enumerate().skip(nth + 1) {
            if !apart(summary, one, other) {
                continue;
            }
            // The one that is not trusted is the other one, or else the one that fewer clients get.
            let one_is_usual = match (one.trusted, other.trusted) {
                (Some(true), Some(false)) => true,
                (Some(false), Some(true)) => false,
                _ => one.clients.len() >= other.clients.len(),
            };
            return Some(if one_is_usual { (nth, other_nth) } else { (other_nth, nth) });
        }
    }
    None
}

fn apart(summary: &Summary, one: &Issued<'_>, other: &Issued<'_>) -> bool {
    let trust_differs =
        one.trusted.is_some() && other.trusted.is_some() && one.trusted != other.trusted;
    let both_trusted = one.trusted == Some(true) && other.trusted == Some(true);
    let same_key = one
        .leafs
        .iter()
        .any(|leaf| other.leafs.iter().any(|second| second.facts.key == leaf.facts.key));
    let first = |issued: &Issued<'_>| issued.leafs.iter().map(|leaf| leaf.first.order()).min();
    let last = |issued: &Issued<'_>| issued.leafs.iter().map(|leaf| leaf.last.order()).max();
    let same_time = first(one) < last(other) && first(other) < last(one);
    let all = one.count.saturating_add(other.count);
    !both_trusted
        && (same_key || trust_differs)
        && same_time
        && one.count >= 3
        && other.count >= 3
        && !one.clients.is_empty()
        && !other.clients.is_empty()
        && one.clients.is_disjoint(&other.clients)
        && significant(-ln_choose(all, one.count), summary.looks(), ALPHA)
}

/// Whether a name at a server is told as intercepted.
pub(crate) fn is_intercepted(summary: &Summary, server: Endpoint, name: &WireText) -> bool {
    summary
        .servers()
        .get(&server)
        .and_then(|held| held.names.get(&Some(name.clone())))
        .is_some_and(|group| pair(summary, group).is_some())
}

fn check(summary: &Summary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (server, name, group) in summary.groups() {
        let Some(name) = name else { continue };
        let Some((usual, other)) = pair(summary, group) else { continue };
        let all = issued(group);
        if let (Some(usual), Some(other)) = (all.get(usual), all.get(other)) {
            findings.push(finding(server, name, usual, other));
        }
    }
    findings
}

fn finding(server: Endpoint, name: &WireText, usual: &Issued<'_>, other: &Issued<'_>) -> Finding {
    let title = format!(
        "{} of {} clients of {} always get a certificate by {} instead of {}",
        other.clients.len(),
        usual.clients.len() + other.clients.len(),
        called(server, Some(name)),
        other.issuer,
        usual.issuer
    );
    let mut finding = Finding::new(Party::Network, title);
    for (leaf, issued) in usual
        .leafs
        .iter()
        .take(1)
        .map(|leaf| (leaf, usual))
        .chain(other.leafs.iter().take(2).map(|leaf| (leaf, other)))
    {
        finding = finding
            .evidence(leaf.first, format!("{}, signed by {}", leaf.facts.name, issued.issuer));
    }
    let finding = finding
        .evidence_if(other.tally.first_failed, || "a failure of one of these clients".to_owned())
        .explain(format!("Other issuer: clients {}, {} failed. Usual issuer: clients {}, {} failed.",
            wording::list(&other.clients), failed_of(other.tally), wording::list(&usual.clients), failed_of(usual.tally)))
        .remedy("If TLS is inspected there on purpose: install the inspection's authority on these clients, or except the name. If not: find out who answers on the way of these clients.")
        .next_step(format!("{} on one client of each sort, and compare the issuers", wording::s_client(&server, Some(&name.to_string()))));
    let trust_differs = usual.trusted == Some(true) && other.trusted == Some(false);
    if trust_differs {
        finding.likely("That somebody on the way answers is inferred: the anchors trust one issuer and not the other, and no client got both.")
    } else {
        let severity = if other.tally.failed > 0 { Severity::Warning } else { Severity::Info };
        finding.severity(severity).possible("The anchors trust neither issuer, so that a balancer that sends clients to two services is as well possible (name your authority with --ca-file).")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_when_the_issuer_depends_on_the_client() {
        let mut script = Script::default();
        for _ in 0..6 {
            script.connection().client(7).leaf("real", "E1").trusted(true).completed();
            script
                .connection()
                .client(8)
                .leaf("fake", "Inspection")
                .trusted(false)
                .failed("chain.untrusted-root");
            script.connection().client(9).leaf("real", "E1").trusted(true).completed();
        }
        let found = script.find(&FLEET_INTERCEPTED);
        assert_eq!(found.len(), 1);
        assert!(found[0].title.starts_with("1 of 3 clients"), "{}", found[0].title);
        assert_eq!(script.codes(), ["fleet.intercepted"]);
    }

    #[test]
    fn clear_when_a_client_gets_both_or_both_are_trusted() {
        let mut script = Script::default();
        for nth in 0..12 {
            let (leaf, issuer) = if nth % 2 == 0 { ("real", "E1") } else { ("other", "E2") };
            script
                .connection()
                .client(7 + nth / 2 % 2)
                .leaf(leaf, issuer)
                .trusted(nth % 2 == 0)
                .completed();
        }
        assert!(script.find(&FLEET_INTERCEPTED).is_empty());
        let mut script = Script::default();
        for _ in 0..6 {
            script.connection().client(7).leaf("a", "E1").trusted(true).completed();
            script.connection().client(8).leaf("b", "E2").trusted(true).completed();
        }
        assert!(script.find(&FLEET_INTERCEPTED).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        for _ in 0..2 {
            script.connection().client(7).leaf("a", "E1").trusted(true).completed();
            script.connection().client(8).leaf("b", "E2").trusted(false).completed();
        }
        assert!(script.find(&FLEET_INTERCEPTED).is_empty());
    }
}
