//! `fleet.outage-window`: failures of one kind begin and end at clear times.

use tlsleuth_capture::Endpoint;

use super::{called, clock, explained, separable, split_by_client};
use crate::fleet::chance::{ALPHA, Table, ln_likelihood_ratio, p_value, significant};
use crate::fleet::timeline::{Step, Timeline};
use crate::fleet::{Population, Summary, Tally, verdicts_in_words};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, wording};

/// Failures below which no window is looked for.
const ENOUGH: u64 = 5;

declare_fleet_rule! {
    /// Failures begin and end at clear times.
    ///
    /// ## What happened
    /// In one span of time at least half of the connections to a server fail; before and after it
    /// hardly any does.
    /// ## Likely causes
    /// A restart, a deployment, a crash, a route or firewall that changed: look at what happened at
    /// these times.
    /// ## The test
    /// Of all windows over the connections in their order the one with the highest likelihood ratio
    /// (a failure rate of its own against one rate for all) is taken. Fisher's exact test for it, times
    /// the number of windows there are, n (n + 1) / 2, and of servers, must be 0.01 at most, with five
    /// failures at least, and a rate outside below a fifth of the one inside.
    /// ## When it cannot be told
    /// Where only clients fail that never succeed, it is they who come and go, not the server.
    pub static FLEET_OUTAGE_WINDOW {
        code: "fleet.outage-window",
        severity: Warning,
        since: "0.1.0",
        references: [],
    }
}

/// A span of failures.
pub(crate) struct Window {
    inside: Step,
    begins: bool,
    ends: bool,
    ln_p: f64,
    tries: u64,
    outside_failed: u64,
    outside: u64,
    width: u64,
}

/// The outage in a population, if there is one.
pub(crate) fn window(summary: &Summary, population: &Population) -> Option<Window> {
    let found = scan(&population.timeline, summary.looks())?;
    // Somebody who fails inside must get through outside, or else the clients are what differs;
    // three clients that fail at the same time are hardly three coincidences.
    let gets_through =
        found.inside.failing.keys().any(|client| {
            population.clients.get(client).is_some_and(|client| client.completed > 0)
        });
    (gets_through || found.inside.failing.len() >= 3).then_some(found)
}

fn scan(timeline: &Timeline, looks: u64) -> Option<Window> {
    let steps = timeline.steps();
    let failed: u64 = steps.iter().map(|step| step.failed).sum();
    let all: u64 = steps.iter().map(Step::count).sum();
    if failed < ENOUGH || all.saturating_sub(failed) < ENOUGH {
        return None;
    }
    let mut best: Option<(f64, usize, Step)> = None;
    for (begin, first) in steps.iter().enumerate().filter(|(_, step)| step.failed > 0) {
        let mut counts = (0u64, 0u64);
        let mut span = 0usize;
        for step in steps.iter().skip(begin) {
            counts = (counts.0.saturating_add(step.failed), counts.1.saturating_add(step.count()));
            span += 1;
            let ratio =
                if step.failed > 0 { ln_likelihood_ratio(counts, (failed, all)) } else { 0.0 };
            if ratio > 0.0 && best.as_ref().is_none_or(|(held, _, _)| ratio > *held) {
                let mut inside = first.clone();
                steps.iter().skip(begin + 1).take(span - 1).for_each(|step| inside.join(step));
                best = Some((ratio, begin, inside));
            }
        }
    }
    let (_, begin, inside) = best?;
    let outside_failed = failed.saturating_sub(inside.failed);
    let outside = all.saturating_sub(inside.count());
    let table = Table {
        failed_with: inside.failed,
        completed_with: inside.completed,
        failed_without: outside_failed,
        completed_without: outside.saturating_sub(outside_failed),
    };
    let ln_p = table.ln_p();
    let tries = (all.saturating_mul(all.saturating_add(1)) / 2).saturating_mul(looks);
    // The rates: at least half inside, and outside below a fifth of that.
    let clear = inside.failed >= ENOUGH
        && inside.failed >= inside.completed
        && u128::from(outside_failed) * u128::from(inside.count()) * 5
            < u128::from(inside.failed) * u128::from(outside.max(1));
    let ends = steps.last().is_some_and(|last| last.last.order() > inside.last.order());
    (clear && significant(ln_p, tries, ALPHA)).then(|| Window {
        begins: begin > 0,
        ends,
        inside,
        ln_p,
        tries,
        outside_failed,
        outside,
        width: timeline.width(),
    })
}

fn check(summary: &Summary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (end, server) in summary.servers().iter() {
        if split_by_client::split_of_reach(summary, server).is_none()
            && let Some(window) = server.not_reached().and_then(|reached| window(summary, reached))
        {
            findings.push(finding(&end.to_string(), &window));
        }
        let enough = |tally: Tally| tally.failed >= ENOUGH && tally.completed >= ENOUGH;
        for (name, group) in server
            .names
            .iter()
            .filter(|(_, group)| enough(group.ended) && separable(summary, group.ended))
        {
            let name = name.as_ref();
            if let Some(window) = window(summary, &group.asked)
                && !explained(summary, *end, name, group)
                && !by_ladders(&group.asked)
                && split_by_client::split(summary, *end, name, group).is_none()
            {
                findings.push(finding(&called(*end, name), &window));
            }
        }
    }
    findings
}

fn by_ladders(population: &Population) -> bool {
    population.excused.saturating_mul(2) > population.tally.failed
}

/// Whether an outage of a server, or of a name at it, is told.
pub(crate) fn is_told(summary: &Summary, end: Endpoint, population: &Population) -> bool {
    summary.servers().contains_key(&end) && window(summary, population).is_some()
}

fn finding(called: &str, window: &Window) -> Finding {
    let inside = &window.inside;
    let (from, to) = (clock(inside.first), clock(inside.last));
    let when = match (window.begins, window.ends) {
        (true, false) => format!("since {from}"),
        (false, true) => format!("until {to}"),
        _ => format!("from {from} to {to}"),
    };
    let title =
        format!("connections to {called} fail {when}: {} of {}", inside.failed, inside.count());
    let mut finding = Finding::new(Party::Unknown, title)
        .evidence_if(inside.proof, || "the first failure".to_owned())
        .evidence_if(inside.last_proof, || "the last failure".to_owned())
        .explain(format!("Verdicts inside: {}.", verdicts_in_words(inside.verdicts.iter().map(|(code, count)| (*code, *count)))))
        .explain(format!("Outside of this time {} of {} fail.", window.outside_failed, window.outside))
        .explain(format!("Clients that fail: {}{}.", wording::list(inside.failing.keys()), if inside.failing.len() >= 4 { " and maybe more" } else { "" }))
        .likely(format!("The window is the likeliest one; chance is excluded by Fisher's exact test over all windows ({}).", p_value(window.ln_p, window.tries)));
    if window.width > 1 {
        finding =
            finding.explain(format!("Its edges are known to within {} connections.", window.width));
    }
    finding.remedy("Look at what happened to this server and on the way to it at these times: restarts, deployments, certificate renewals, routes, firewalls.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_when_a_server_is_gone_for_a_while() {
        let mut script = Script::default();
        (0..12).for_each(|nth| script.connection().client(7 + nth % 3).completed());
        (0..12).for_each(|nth| {
            script.connection().client(7 + nth % 3).no_hello().failed("tcp.refused")
        });
        (0..12).for_each(|nth| script.connection().client(7 + nth % 3).completed());
        let found = script.find(&FLEET_OUTAGE_WINDOW);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.contains(" from ") && found[0].title.ends_with("12 of 12"),
            "{}",
            found[0].title
        );
        assert_eq!(script.codes(), ["fleet.outage-window"]);
    }

    #[test]
    fn one_that_does_not_end_says_since() {
        let mut script = Script::default();
        (0..20).for_each(|nth| script.connection().client(7 + nth % 3).completed());
        (0..20)
            .for_each(|nth| script.connection().client(7 + nth % 3).failed("peer.internal-error"));
        let found = script.find(&FLEET_OUTAGE_WINDOW);
        assert!(found[0].title.contains(" since "), "{}", found[0].title);
    }

    #[test]
    fn clear_when_failures_are_spread() {
        let mut script = Script::default();
        for nth in 0..60 {
            let making = script.connection().client(7 + nth % 3);
            if nth % 5 == 0 { making.failed("tcp.server-silent") } else { making.completed() }
        }
        assert!(script.find(&FLEET_OUTAGE_WINDOW).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        (0..4).for_each(|nth| script.connection().client(7 + nth).completed());
        (0..4).for_each(|nth| script.connection().client(7 + nth).failed("peer.internal-error"));
        (0..4).for_each(|nth| script.connection().client(7 + nth).completed());
        assert!(script.find(&FLEET_OUTAGE_WINDOW).is_empty());
    }
}
