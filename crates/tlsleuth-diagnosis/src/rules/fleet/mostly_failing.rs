//! `fleet.mostly-failing`: the failure rate of one server is above the threshold.

use tlsleuth_capture::Endpoint;
use tlsleuth_cert::WireText;

use super::{called, clock, explained, outage_window, split_by_client, split_by_node};
use crate::fleet::{Group, Population, Summary, Tally};
use crate::rule::declare_fleet_rule;
use crate::{Finding, wording};

/// Failures below which a rate says nothing.
const ENOUGH: u64 = 4;
/// Clients below which it may be the client.
const CLIENTS: usize = 2;

declare_fleet_rule! {
    /// More than half of the connections to one server fail.
    ///
    /// ## What happened
    /// Of the connections to one address and name that ended, more than half failed, at least four and
    /// of two clients or more, and no other rule tells why only those. Health checks are not counted,
    /// nor attempts that a fallback or a lost race explains.
    /// ## Likely causes
    /// The verdicts say it: they are listed with their counts. Who has to act is whom more than half
    /// of them name.
    /// ## The test
    /// A threshold, not a test: above one half, from four failures on.
    /// ## When it cannot be told
    /// One client that fails again and again may be the fault itself, so two are asked for.
    pub static FLEET_MOSTLY_FAILING {
        code: "fleet.mostly-failing",
        severity: Warning,
        since: "0.1.0",
        references: [],
    }
}

fn check(summary: &Summary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (end, server) in summary.servers().iter() {
        if let Some(reached) = server.not_reached()
            && above(reached, 0)
            && above(reached, lost_races(summary, *end))
            && split_by_client::split_of_reach(summary, server).is_none()
            && !outage_window::is_told(summary, *end, reached)
        {
            findings.push(finding(summary, *end, None, reached));
        }
        let mostly = |tally: Tally| tally.failed >= ENOUGH && tally.failed > tally.completed;
        for (name, group) in server.names.iter().filter(|(_, group)| mostly(group.ended)) {
            let name = name.as_ref();
            if above(&group.asked, 0) && !told(summary, *end, name, group) {
                findings.push(finding(summary, *end, name, &group.asked));
            }
        }
    }
    findings
}

/// Whether another rule tells which connections fail.
pub(crate) fn told(
    summary: &Summary,
    end: Endpoint,
    name: Option<&WireText>,
    group: &Group,
) -> bool {
    let nameless = name.is_none()
        && summary
            .servers()
            .get(&end)
            .is_some_and(|server| split_by_client::split_by_name(summary, server).is_some());
    nameless
        || explained(summary, end, name, group)
        || split_by_client::split(summary, end, name, group).is_some()
        || split_by_node::split(summary, group).is_some()
        || outage_window::is_told(summary, end, &group.asked)
}

fn above(population: &Population, lost: u64) -> bool {
    let failed = population.tally.failed.saturating_sub(population.excused).saturating_sub(lost);
    let failing = population.clients.values().filter(|client| client.failed > 0);
    failed >= ENOUGH
        && failed > population.tally.completed
        && failing.take(CLIENTS).count() >= CLIENTS
}

/// Attempts at a server that lost a race which is told.
fn lost_races(summary: &Summary, end: Endpoint) -> u64 {
    let lost = summary.ladders().races.iter().filter(|((_, server, _, _), _)| *server == end);
    lost.map(|(_, race)| race.times).sum()
}

fn finding(
    summary: &Summary,
    end: Endpoint,
    name: Option<&WireText>,
    population: &Population,
) -> Finding {
    let tally = population.tally;
    let title =
        format!("{} of {} connections to {} fail", tally.failed, tally.ended(), called(end, name));
    let failures: Vec<_> =
        population.timeline.steps().iter().filter_map(|step| step.proof).collect();
    let mut finding = Finding::new(population.party(), title);
    for at in failures.iter().take(3) {
        finding = finding.evidence(*at, "a failure");
    }
    finding = finding
        .evidence_if(tally.first_completed, || "a connection that completes".to_owned())
        .explain(format!("Verdicts: {}.", population.verdicts_in_words()));
    let (only, sometimes) = population.failing_clients();
    finding = finding.explain(format!(
        "Clients: {only} only fail, {sometimes} fail at times and get through at others."
    ));
    if let Some(first) = failures.first() {
        finding = finding.explain(format!("The first failure is at {}.", clock(*first)));
    }
    let here = name.and_then(|name| leafs(summary, end, name));
    let elsewhere: Vec<String> = name.map(|name| others(summary, end, name)).unwrap_or_default();
    if let Some(here) = here {
        finding = finding.explain(format!("It sends {here}."));
    }
    if !elsewhere.is_empty() {
        finding = finding
            .explain(format!("The same name at other addresses: {}.", wording::list(elsewhere)));
    }
    finding.remedy("See the verdict of one of its connections for what to change; if other addresses of the same name are fine, take this one out of service until then.")
}

fn leafs(summary: &Summary, end: Endpoint, name: &WireText) -> Option<String> {
    let group = summary.servers().get(&end)?.names.get(&Some(name.clone()))?;
    let leafs = group.leafs.iter().map(|leaf| leaf.facts.display());
    (!group.leafs.is_empty()).then(|| wording::list(leafs))
}

/// The same name at other addresses: how it fares there.
fn others(summary: &Summary, end: Endpoint, name: &WireText) -> Vec<String> {
    summary
        .servers()
        .iter()
        .filter(|(other, _)| **other != end)
        .filter_map(|(other, server)| Some((other, server.names.get(&Some(name.clone()))?)))
        .map(|(other, group)| {
            let tally = group.asked.tally;
            let serials = group.leafs.iter().map(|leaf| &leaf.facts.serial);
            let sends = if group.leafs.is_empty() {
                String::new()
            } else {
                format!(", serial {}", wording::list(serials))
            };
            format!("{other} completes {} of {}{sends}", tally.completed, tally.ended())
        })
        .take(8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Party;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_for_the_bad_node() {
        let mut script = Script::default();
        for nth in 0..4 {
            for node in 2..6 {
                let making = script.connection().client(7 + nth % 2).server(node);
                if node == 4 {
                    making.leaf("old", "E1").party(Party::Server).failed("chain.expired")
                } else {
                    making.leaf("new", "E1").completed()
                }
            }
        }
        let found = script.find(&FLEET_MOSTLY_FAILING);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].party, Party::Server);
        assert_eq!(found[0].title, "4 of 4 connections to api.example.test at 10.0.0.4:443 fail");
        assert!(
            found[0].explanation.contains("10.0.0.2:443 completes 4 of 4, serial new"),
            "{}",
            found[0].explanation
        );
    }

    #[test]
    fn clear_where_most_complete_or_only_probes_fail() {
        let mut script = Script::default();
        (0..10).for_each(|nth| script.connection().client(nth).completed());
        (0..4).for_each(|nth| script.connection().client(nth).failed("tcp.server-silent"));
        (0..50).for_each(|nth| {
            script.connection().client(nth).no_hello().failed("tcp.no-client-hello")
        });
        assert!(script.find(&FLEET_MOSTLY_FAILING).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        (0..3).for_each(|nth| script.connection().client(nth).failed("chain.expired"));
        assert!(script.find(&FLEET_MOSTLY_FAILING).is_empty());
        let mut script = Script::default();
        (0..9).for_each(|_| script.connection().failed("chain.expired"));
        assert!(script.find(&FLEET_MOSTLY_FAILING).is_empty());
    }
}
