//! A server under one name.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::OnceLock;

use tlsleuth_cert::Fingerprint;
use tlsleuth_handshake::Outcome;

use super::attempt::Attempt;
use super::caps::{Caps, count, push};
use super::group_facts::GroupFacts;
use super::leaf::SeenLeaf;
use super::tally::Tally;

/// So many connections are kept as they came. A capture of an exit to the internet has tens of
/// thousands of servers with one or two connections each: summing those up takes twenty pieces of
/// memory a server, of which nobody looks at most.
const FEW: usize = 4;

/// A server under one name, or without one: counts, and through [`Deref`] the [`GroupFacts`], which
/// are summed up when they are first looked at.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// All connections.
    pub connections: u64,
    /// How many completed.
    pub completed: u64,
    /// How many failed, health checks among them.
    pub failed: u64,
    /// Health checks and scans: opened and closed without a byte.
    pub health_checks: u64,
    /// How those with a ClientHello ended.
    pub ended: Tally,
    /// Failures that a ladder or a race explains, before they are summed up.
    excused: u64,
    first_leaf: Option<Fingerprint>,
    several_leafs: bool,
    /// The connections while there are few.
    few: Vec<Attempt>,
    facts: OnceLock<Box<GroupFacts>>,
}

impl Deref for Group {
    type Target = GroupFacts;

    fn deref(&self) -> &GroupFacts {
        self.facts.get_or_init(|| Box::new(self.sum(&mut Caps::default())))
    }
}

impl Group {
    /// Takes a connection, and how many failures before it belong to a ladder that it ends.
    pub(super) fn add(&mut self, attempt: Attempt, excused: u64, caps: &mut Caps) {
        count(&mut self.connections);
        match attempt.outcome {
            Outcome::Completed => count(&mut self.completed),
            Outcome::Failed => count(&mut self.failed),
            Outcome::Incomplete => {}
        }
        if attempt.is_health_check() {
            count(&mut self.health_checks);
        }
        if attempt.hello.is_some() {
            self.ended.add(&attempt);
            if let Some((leaf, ..)) = &attempt.leaf {
                let first = *self.first_leaf.get_or_insert(leaf.sha256);
                self.several_leafs |= first != leaf.sha256;
            }
        }
        if u64::try_from(self.few.len()).is_ok_and(|few| few + 1 == self.connections) {
            // Whatever was looked at is no longer all.
            self.facts.take();
            if self.few.len() < FEW {
                self.excused = self.excused.saturating_add(excused);
                push(&mut self.few, attempt);
                return;
            }
            let facts = self.sum(caps);
            self.few = Vec::new();
            let _ = self.facts.set(Box::new(facts));
        }
        if let Some(facts) = self.facts.get_mut() {
            facts.asked.excused = facts.asked.excused.saturating_add(excused);
            facts.add(&attempt, caps);
        }
    }

    /// Whether another leaf was sent than the first one.
    #[must_use]
    pub fn has_several_leafs(&self) -> bool {
        self.several_leafs
    }

    /// The leafs that were sent; the same one several times where there are few connections.
    pub fn seen_leafs(&self) -> impl Iterator<Item = SeenLeaf<'_>> {
        let few = self.few.iter().filter_map(|attempt| {
            let (facts, first, _) = attempt.leaf.as_ref()?;
            Some(SeenLeaf { facts, first: *first, stapled_ahead: attempt.stapled_ahead })
        });
        // While there are few, they stand for what may have been summed up of them.
        let facts = self.facts.get().filter(|_| self.few.is_empty());
        let summed = facts.into_iter().flat_map(|facts| &facts.leafs).map(|leaf| SeenLeaf {
            facts: &leaf.facts,
            first: leaf.first,
            stapled_ahead: leaf.stapled_ahead,
        });
        few.chain(summed)
    }

    /// What [`Deref`] gives, without keeping it: for whoever looks at every group once.
    #[must_use]
    pub fn facts(&self) -> Cow<'_, GroupFacts> {
        match self.facts.get() {
            Some(facts) => Cow::Borrowed(facts),
            None => Cow::Owned(self.sum(&mut Caps::default())),
        }
    }

    fn sum(&self, caps: &mut Caps) -> GroupFacts {
        let mut facts = GroupFacts::default();
        facts.asked.excused = self.excused;
        self.few.iter().for_each(|attempt| facts.add(attempt, caps));
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    /// Whether there are few or many, and whether somebody looked in between, makes no difference.
    #[test]
    fn few_and_many_are_summed_up_alike() {
        let mut script = Script::default();
        for nth in 0..3 * FEW {
            let leaf = if nth < 2 { "old" } else { "new" };
            script.connection().leaf(leaf, "E1").completed();
        }
        let mut group = Group::default();
        for (nth, attempt) in script.attempts().iter().enumerate() {
            group.add(attempt.clone(), 1, &mut Caps::default());
            let count = u64::try_from(nth).unwrap() + 1;
            assert_eq!(group.facts().asked.tally, group.ended);
            assert_eq!(group.asked.tally.completed, count);
            assert_eq!(group.asked.excused, count);
            assert_eq!(group.latency, group.facts().latency);
            assert_eq!(group.leafs.len(), if nth < 2 { 1 } else { 2 });
            assert_eq!(group.has_several_leafs(), nth >= 2);
            let seen = group.seen_leafs().map(|leaf| leaf.facts.sha256);
            let distinct: std::collections::BTreeSet<_> = seen.collect();
            assert_eq!(distinct.len(), group.leafs.len());
        }
        assert!(group.few.is_empty());
    }
}
