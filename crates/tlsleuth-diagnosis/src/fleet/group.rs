//! A server under one name.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use tlsleuth_handshake::Outcome;

use super::attempt::{Brief, Resumption};
use super::caps::{Caps, count};
use super::group_facts::GroupFacts;
use super::leaf::{LeafFacts, SeenLeaf};
use super::tally::Tally;
use super::waiting::Waiting;

/// So many connections are kept as they came before the first are summed up. A capture of an exit to
/// the internet has tens of thousands of servers with a few connections each: summing those up takes
/// twenty pieces of memory a server, of which nobody looks at most, and so much room as some fifty
/// connections of different clients take as they are.
const FEW: usize = 32;

/// So many wait afterwards: what is summed up of a server is spread over as many places in memory,
/// and is fetched once for all of them.
const BATCH: usize = 4;

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
    /// How often an earlier session was taken up.
    pub resumed: u64,
    /// How often it was not.
    pub refused: u64,
    first_leaf: Option<Arc<LeafFacts>>,
    several_leafs: bool,
    /// Connections that are not summed up yet.
    waiting: Waiting,
    /// Failures that a ladder or a race explains, of those that wait.
    excused: u64,
    /// What those before them sum up to, where there are any.
    summed: Option<Box<GroupFacts>>,
    /// What all sum up to, where somebody looked while some wait.
    whole: OnceLock<Box<GroupFacts>>,
}

impl Deref for Group {
    type Target = GroupFacts;

    fn deref(&self) -> &GroupFacts {
        match &self.summed {
            Some(summed) if self.waiting.is_empty() => summed,
            _ => self.whole.get_or_init(|| Box::new(self.sum())),
        }
    }
}

impl Group {
    /// Takes a connection with what it holds, and how many failures before it belong to a ladder that it
    /// ends.
    pub(super) fn add(&mut self, brief: &mut Brief, excused: u64, caps: &mut Caps) {
        count(&mut self.connections);
        match brief.outcome {
            Outcome::Completed => count(&mut self.completed),
            Outcome::Failed => count(&mut self.failed),
            Outcome::Incomplete => {}
        }
        if brief.is_health_check() {
            count(&mut self.health_checks);
        }
        if brief.hello.is_some() {
            self.ended.add(brief);
            match brief.resumption {
                Resumption::Resumed => count(&mut self.resumed),
                Resumption::Refused => count(&mut self.refused),
                Resumption::NotOffered | Resumption::Offered => {}
            }
            if let Some((leaf, ..)) = &brief.leaf {
                let first = self.first_leaf.get_or_insert_with(|| Arc::clone(leaf));
                self.several_leafs |= !Arc::ptr_eq(first, leaf) && first.sha256 != leaf.sha256;
            }
        }
        // Whatever was looked at is no longer all.
        self.whole.take();
        if self.waiting.len() >= if self.summed.is_some() { BATCH } else { FEW } {
            self.sum_up(caps);
        }
        self.excused = self.excused.saturating_add(excused);
        self.waiting.push(brief);
    }

    /// Nothing comes any more: where some are summed up, all are.
    pub(super) fn settle(&mut self, caps: &mut Caps) {
        if self.summed.is_some() && !self.waiting.is_empty() {
            self.sum_up(caps);
            self.waiting = Waiting::default();
        }
    }

    /// Whether another leaf was sent than the first one.
    #[must_use]
    pub fn has_several_leafs(&self) -> bool {
        self.several_leafs
    }

    /// The leafs that were sent; the same one several times where there are few connections.
    pub fn seen_leafs(&self) -> impl Iterator<Item = SeenLeaf<'_>> {
        let summed = self.summed.iter().flat_map(|facts| &facts.leafs).map(|leaf| SeenLeaf {
            facts: &leaf.facts,
            first: leaf.first,
            stapled_ahead: leaf.stapled_ahead,
        });
        summed.chain(self.waiting.seen_leafs())
    }

    /// What [`Deref`] gives, without keeping it: for whoever looks at every group once.
    #[must_use]
    pub fn facts(&self) -> Cow<'_, GroupFacts> {
        match (&self.summed, self.whole.get()) {
            (Some(summed), _) if self.waiting.is_empty() => Cow::Borrowed(summed),
            (_, Some(whole)) => Cow::Borrowed(whole),
            _ => Cow::Owned(self.sum()),
        }
    }

    /// Adds those that wait to what is summed up.
    fn sum_up(&mut self, caps: &mut Caps) {
        let facts = self.summed.get_or_insert_default();
        facts.asked.excused = facts.asked.excused.saturating_add(std::mem::take(&mut self.excused));
        self.waiting.briefs().for_each(|brief| facts.add(&brief, caps));
        self.waiting.clear();
    }

    /// What all sum up to.
    fn sum(&self) -> GroupFacts {
        let mut facts = self.summed.as_deref().cloned().unwrap_or_default();
        facts.asked.excused = facts.asked.excused.saturating_add(self.excused);
        let mut caps = Caps::default();
        self.waiting.briefs().for_each(|brief| facts.add(&brief, &mut caps));
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
            group.add(&mut attempt.brief.clone(), 1, &mut Caps::default());
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
        assert!(group.summed.is_some() && !group.waiting.is_empty());
        let before = group.facts().latency.clone();
        group.settle(&mut Caps::default());
        assert!(group.waiting.is_empty());
        assert_eq!((group.asked.tally, &group.latency), (group.ended, &before));
    }
}
