//! `fleet.intermittent`: connections to one server fail now and then, also for clients that get through.

use tlsleuth_capture::Endpoint;
use tlsleuth_cert::WireText;

use super::{called, clock, mostly_failing};
use crate::fleet::chance::{ALPHA, Table, p_value, significant};
use crate::fleet::{Group, Population, Summary, Tally};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, wording};

/// Failures below which a rate says nothing.
const ENOUGH: u64 = 5;
/// One in so many must fail: what is rarer is the noise of every network.
const ONE_IN: u64 = 20;
/// Clients that fail and get through, below which it may be the client.
const CLIENTS: usize = 2;

declare_fleet_rule! {
    /// Connections to one server fail now and then, also for clients that otherwise get through.
    ///
    /// ## What happened
    /// One in twenty or more of the connections to one address and name fails, spread over time, and
    /// the same clients get through at other times: neither the client, nor its hello, nor the hour,
    /// nor the certificate tells which ones fail.
    /// ## Likely causes
    /// One of several nodes or paths behind a balancer that ends TCP itself, a limit that is reached at
    /// times (connections, file handles, memory), loss on the way. The verdicts say which.
    /// ## The test
    /// At least five failures, one in twenty at least and one half at most, of at least two clients
    /// that both fail and complete. Where other servers were seen, Fisher's exact test says that this
    /// one fails more often than they do together: 0.01 at most, over all servers.
    /// ## When it cannot be told
    /// A rule that tells which connections fail comes first: see the other `fleet` codes.
    pub static FLEET_INTERMITTENT {
        code: "fleet.intermittent",
        severity: Warning,
        since: "0.1.0",
        references: [],
    }
}

fn check(summary: &Summary) -> Vec<Finding> {
    let all = summary.groups().fold(Tally::default(), |sum, (_, _, group)| sum.and(group.ended));
    summary
        .groups()
        .filter(|(_, _, group)| {
            let Tally { failed, .. } = group.ended;
            failed >= ENOUGH && failed.saturating_mul(ONE_IN) >= group.ended.ended()
        })
        .filter_map(|(server, name, group)| {
            let ln_p = is_intermittent(summary, &group.asked, all)?;
            (!mostly_failing::told(summary, server, name, group))
                .then(|| finding(summary, server, name, group, ln_p))
        })
        .collect()
}

/// The logarithm of the chance that this server fails as often as it does by chance.
fn is_intermittent(summary: &Summary, population: &Population, all: Tally) -> Option<f64> {
    let tally = population.tally;
    let failed = tally.failed.saturating_sub(population.excused);
    if failed < ENOUGH
        || failed.saturating_mul(ONE_IN) < tally.ended()
        || failed > tally.completed
        || population.failing_clients().1 < CLIENTS
    {
        return None;
    }
    let table = Table {
        failed_with: tally.failed,
        completed_with: tally.completed,
        failed_without: all.failed.saturating_sub(tally.failed),
        completed_without: all.completed.saturating_sub(tally.completed),
    };
    let alone = all.ended() == tally.ended();
    let ln_p = table.ln_p();
    (alone || significant(ln_p, summary.looks(), ALPHA)).then_some(ln_p)
}

fn finding(
    summary: &Summary,
    server: Endpoint,
    name: Option<&WireText>,
    group: &Group,
    ln_p: f64,
) -> Finding {
    let population = &group.asked;
    let tally = population.tally;
    let (only, sometimes) = population.failing_clients();
    let title = format!(
        "{} of {} connections to {} fail, spread over the capture",
        tally.failed,
        tally.ended(),
        called(server, name)
    );
    let steps = population.timeline.steps();
    // The same clients get through at other times: it is not they, whatever single verdicts say.
    let party = match population.party() {
        Party::Client | Party::Server => Party::Server,
        party => party,
    };
    let mut finding = Finding::new(party, title);
    for at in steps.iter().filter_map(|step| step.proof).take(3) {
        finding = finding.evidence(at, "a failure");
    }
    finding = finding
        .evidence_if(tally.first_completed, || "a connection that completes".to_owned())
        .explain(format!("Verdicts: {}.", population.verdicts_in_words()))
        .explain(format!(
            "{sometimes} clients fail at times and get through at others, so that it is hardly they; {only} only fail."
        ));
    let first = steps.iter().find_map(|step| step.proof);
    let last = steps.iter().rev().find_map(|step| step.last_proof);
    if let (Some(first), Some(last)) = (first, last) {
        finding = finding.explain(format!(
            "The first failure is at {}, the last one at {}.",
            clock(first),
            clock(last)
        ));
    }
    if ln_p < 0.0 {
        finding = finding.explain(format!(
            "It fails more often than the other servers (Fisher's exact test, {}).",
            p_value(ln_p, summary.looks())
        ));
    }
    let many = wording::s_client(&server, name.map(WireText::to_string).as_deref());
    finding
        .remedy("Look for what differs from one attempt to the next: the nodes behind the address, limits on connections or memory, loss on the way; then see the verdict of one of these connections.")
        .next_step(format!("{many} some hundred times in a row, with a capture on the server's side of the balancer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_when_the_same_clients_fail_now_and_then() {
        let mut script = Script::default();
        for nth in 0..80 {
            let making = script.connection().client(7 + nth % 3);
            if nth % 7 == 0 {
                making.party(Party::Client).failed("version.no-overlap");
            } else {
                making.completed();
            }
        }
        let found = script.find(&FLEET_INTERMITTENT);
        assert_eq!(found[0].party, Party::Server);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].title,
            "12 of 80 connections to api.example.test at 10.0.0.2:443 fail, spread over the capture"
        );
        assert!(
            found[0].explanation.contains("3 clients fail at times"),
            "{}",
            found[0].explanation
        );
        assert_eq!(script.codes(), ["fleet.intermittent"]);
    }

    #[test]
    fn clear_for_rare_failures_and_where_every_server_has_them() {
        let mut script = Script::default();
        for nth in 0..200 {
            let making = script.connection().client(7 + nth % 3);
            if nth % 30 == 0 { making.failed("peer.client-aborted") } else { making.completed() }
        }
        assert!(script.find(&FLEET_INTERMITTENT).is_empty());
        let mut script = Script::default();
        for nth in 0..240 {
            let making =
                script.connection().client(7 + nth % 3).server(u8::try_from(nth % 4).unwrap());
            if nth % 7 == 0 { making.failed("peer.client-aborted") } else { making.completed() }
        }
        assert!(script.find(&FLEET_INTERMITTENT).is_empty());
    }

    #[test]
    fn clear_where_the_client_is_what_fails() {
        let mut script = Script::default();
        for nth in 0..80 {
            let making = script.connection().client(7 + nth % 8);
            if nth % 8 == 0 { making.failed("peer.client-aborted") } else { making.completed() }
        }
        assert!(script.find(&FLEET_INTERMITTENT).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        for nth in 0..20 {
            let making = script.connection().client(7 + nth % 2);
            if nth % 6 == 0 { making.failed("tcp.server-silent") } else { making.completed() }
        }
        assert!(script.find(&FLEET_INTERMITTENT).is_empty());
    }
}
