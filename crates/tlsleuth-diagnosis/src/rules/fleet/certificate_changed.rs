//! `fleet.certificate-changed`: the leaf for one name and address changed during the capture.

use tlsleuth_capture::Endpoint;
use tlsleuth_cert::WireText;

use super::{called, clock, failed_of, fails_more};
use crate::fleet::chance::{ALPHA_ASIDE, ln_choose, significant};
use crate::fleet::{Group, Leaf, Summary};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, Severity};

declare_fleet_rule! {
    /// The leaf for one name and address changed during the capture.
    ///
    /// ## What happened
    /// Up to a moment the server sent one certificate, from then on another one. Whether failures
    /// began or ended with it is said where the counts before and after tell.
    /// ## Likely causes
    /// A renewal, a deployment, a restart that picked up what was on disk; where failures began: the
    /// wrong file, a missing chain, an authority that the clients do not know.
    /// ## The test
    /// Each of the two was seen in one run only, with keys of one sort (or else as the only two). Two
    /// nodes that answer by chance would keep that order with a probability of 2 in C(n, k); it must
    /// be 0.05 at most. Failures begin or end with it when Fisher's exact test says so at 0.05 and at
    /// least half of the connections on that side fail.
    /// ## When it cannot be told
    /// TLS 1.3 hides the certificate without secrets, and resumed handshakes send none.
    pub static FLEET_CERTIFICATE_CHANGED {
        code: "fleet.certificate-changed",
        severity: Info,
        since: "0.1.0",
        references: ["RFC 9846 §4.4.2"],
    }
}

/// What the change did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Failures began with it.
    Began,
    /// Failures ended with it.
    Ended,
}

/// One change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    before: &'a Leaf,
    after: &'a Leaf,
    /// What it did, if the counts tell.
    pub(crate) effect: Option<Effect>,
}

/// The changes at one server and name.
pub(crate) fn changes<'g>(summary: &Summary, group: &'g Group) -> Vec<Change<'g>> {
    if !group.has_several_leafs() || group.leafs_left_out > 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (key, (_, runs)) in group.runs.iter() {
        let leafs: Vec<&Leaf> = group.leafs.iter().filter(|leaf| leaf.facts.key == *key).collect();
        // Each in one run: none came back.
        if u64::try_from(leafs.len()).ok() == Some(*runs) {
            for pair in leafs.windows(2) {
                if let [before, after] = pair {
                    found.extend(change(before, after, summary.several_leafs()));
                }
            }
        }
    }
    // Another sort of key: only where the server has no certificates of both sorts side by side.
    if let ([before, after], 2) = (group.leafs.as_slice(), group.runs.len()) {
        found.extend(change(before, after, summary.several_leafs()));
    }
    found
}

fn change<'a>(before: &'a Leaf, after: &'a Leaf, tries: u64) -> Option<Change<'a>> {
    if before.last.order() >= after.first.order() {
        return None;
    }
    let all = before.count.saturating_add(after.count);
    let ln_p = std::f64::consts::LN_2 - ln_choose(all, before.count);
    if !significant(ln_p, tries, ALPHA_ASIDE) {
        return None;
    }
    let effect = if fails_more(after.tally, before.tally) {
        Some(Effect::Began)
    } else if fails_more(before.tally, after.tally) {
        Some(Effect::Ended)
    } else {
        None
    };
    Some(Change { before, after, effect })
}

fn check(summary: &Summary) -> Vec<Finding> {
    summary
        .groups()
        .flat_map(|(server, name, group)| {
            changes(summary, group).into_iter().map(move |change| finding(server, name, &change))
        })
        .collect()
}

fn finding(server: Endpoint, name: Option<&WireText>, change: &Change<'_>) -> Finding {
    let Change { before, after, effect } = change;
    let at = clock(after.first);
    let what = match effect {
        Some(Effect::Began) => ", and failures began with it",
        Some(Effect::Ended) => ", and failures ended with it",
        None => "",
    };
    let title = format!("{} changed its certificate at {at}{what}", called(server, name));
    let finding = Finding::new(Party::Server, title)
        .evidence(before.last, format!("the last time: serial {}", before.facts.serial))
        .evidence(after.first, format!("for the first time: serial {}", after.facts.serial))
        .explain(format!(
            "Before: {}, sent {} times. After: {}, sent {} times.",
            before.facts.display(),
            before.count,
            after.facts.display(),
            after.count
        ))
        .explain(format!(
            "Of the connections that got the old one {} failed, of those that got the new one {}.",
            failed_of(before.tally),
            failed_of(after.tally)
        ));
    match effect {
        Some(Effect::Began) => finding
            .severity(Severity::Warning)
            .evidence_if(after.tally.first_failed, || "the first failure with the new one".to_owned())
            .remedy("Go back to the certificate and chain before the change, then look at what was deployed at that time."),
        Some(Effect::Ended) => finding
            .evidence_if(before.tally.first_failed, || "a failure with the old one".to_owned())
            .remedy("Nothing more to do here; let the renewal reload the server by itself, so that the old certificate does not stay in use."),
        None => finding.remedy("Nothing, if a renewal was due; clients that pin a certificate or key must know the new one."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn fires_when_a_leaf_follows_another() {
        let mut script = Script::default();
        (0..5).for_each(|_| script.connection().leaf("old", "E1").failed("chain.expired"));
        (0..5).for_each(|_| script.connection().leaf("new", "E1").completed());
        let found = script.find(&FLEET_CERTIFICATE_CHANGED);
        assert_eq!(found.len(), 1);
        assert!(found[0].title.ends_with("failures ended with it"), "{}", found[0].title);
        assert_eq!(found[0].severity, Severity::Info);
    }

    #[test]
    fn failures_that_begin_are_a_warning() {
        let mut script = Script::default();
        (0..5).for_each(|_| script.connection().leaf("old", "E1").completed());
        (0..5).for_each(|_| script.connection().leaf("new", "E2").failed("chain.untrusted-root"));
        let found = script.find(&FLEET_CERTIFICATE_CHANGED);
        assert!(found[0].title.ends_with("failures began with it"), "{}", found[0].title);
        assert_eq!(found[0].severity, Severity::Warning);
    }

    #[test]
    fn clear_with_one_leaf_or_two_in_turn() {
        let mut script = Script::default();
        (0..10).for_each(|_| script.connection().leaf("one", "E1").completed());
        assert!(script.find(&FLEET_CERTIFICATE_CHANGED).is_empty());
        let mut script = Script::default();
        for _ in 0..5 {
            script.connection().leaf("one", "E1").completed();
            script.connection().leaf("two", "E1").completed();
        }
        assert!(script.find(&FLEET_CERTIFICATE_CHANGED).is_empty());
    }

    #[test]
    fn among_many_servers_chance_has_many_tries() {
        let mut script = Script::default();
        for server in 0..40 {
            for nth in 0..8 {
                // One of them happens to send one after the other: 2 of C(8, 4) do.
                let old = if server == 7 { nth < 4 } else { nth % 2 == 0 };
                script
                    .connection()
                    .server(server)
                    .leaf(if old { "old" } else { "new" }, "E1")
                    .completed();
            }
        }
        assert!(script.find(&FLEET_CERTIFICATE_CHANGED).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        (0..2).for_each(|_| script.connection().leaf("old", "E1").completed());
        (0..2).for_each(|_| script.connection().leaf("new", "E1").completed());
        assert!(script.find(&FLEET_CERTIFICATE_CHANGED).is_empty());
    }
}
