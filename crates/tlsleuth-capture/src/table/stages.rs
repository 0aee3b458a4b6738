//! How far the flows have come: when room is needed, it decides which of them leaves.

use crate::Timestamp;

/// How far a flow has come, as far as that decides how much is lost when it leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// One side spoke, without data: a SYN that nothing answered yet.
    Unanswered,
    /// It opened, and is listened to.
    Open,
    /// It is over, or the listener had enough of it.
    Done,
}

/// The numbers of the flows in use, by stage.
#[derive(Default)]
pub(super) struct Stages {
    unanswered: Turn,
    open: Turn,
    done: Turn,
}

/// The flows of one stage, and the hand that goes round among them.
#[derive(Default)]
struct Turn {
    flows: NumberSet,
    /// Where the next look at them begins.
    hand: u32,
    /// When this round began: of a flow that is idle since before, nothing came for a whole round.
    began: Option<Timestamp>,
}

impl Stages {
    fn of(&mut self, stage: Stage) -> &mut Turn {
        match stage {
            Stage::Unanswered => &mut self.unanswered,
            Stage::Open => &mut self.open,
            Stage::Done => &mut self.done,
        }
    }

    pub(super) fn insert(&mut self, stage: Stage, slot: u32) {
        self.of(stage).flows.insert(slot);
    }

    pub(super) fn remove(&mut self, slot: u32) {
        for turn in [&mut self.unanswered, &mut self.open, &mut self.done] {
            turn.flows.remove(slot);
        }
    }

    /// The stage whose flows leave first. Flows that are done leave before those that go on, and
    /// unanswered ones before all others; but so many of the latter stay as `unanswered_share` says,
    /// or no new connection would live until its answer while the others fill the table.
    pub(super) fn least(&self, unanswered_share: usize) -> Stage {
        if self.unanswered.flows.len() > unanswered_share {
            Stage::Unanswered
        } else if self.done.flows.len() > 0 {
            Stage::Done
        } else if self.open.flows.len() > 0 {
            Stage::Open
        } else {
            Stage::Unanswered
        }
    }

    /// The next two flows of a stage, in turn, of this round.
    pub(super) fn ahead(&mut self, stage: Stage) -> [Option<u32>; 2] {
        let turn = self.of(stage);
        let next = turn.flows.next(turn.hand);
        [next, next.and_then(|next| turn.flows.next(next.wrapping_add(1)))]
    }

    /// The next flow of a stage, in turn, and when the round began.
    pub(super) fn next(&mut self, stage: Stage, now: Timestamp) -> Option<(u32, Timestamp)> {
        let turn = self.of(stage);
        let found = match turn.flows.next(turn.hand) {
            Some(found) => found,
            None => {
                turn.began = Some(now);
                turn.flows.next(0)?
            }
        };
        turn.hand = found.wrapping_add(1);
        Some((found, *turn.began.get_or_insert(now)))
    }
}

/// A set of small numbers: a bit for each, and a bit for each word of these that is not empty, so that
/// the next number is found without touching many words.
#[derive(Default)]
pub(super) struct NumberSet {
    words: Vec<u64>,
    not_empty: Vec<u64>,
    len: usize,
}

impl NumberSet {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn has(&self, number: u32) -> bool {
        let (index, bit) = split(number);
        self.words.get(index).is_some_and(|word| word & (1 << bit) != 0)
    }

    pub(super) fn insert(&mut self, number: u32) {
        let (index, bit) = split(number);
        if self.words.len() <= index {
            self.words.resize(index.saturating_add(1), 0);
            self.not_empty.resize(index / 64 + 1, 0);
        }
        let Some(word) = self.words.get_mut(index) else { return };
        if *word & (1 << bit) == 0 {
            *word |= 1 << bit;
            self.len += 1;
            if let Some(upper) = self.not_empty.get_mut(index / 64) {
                *upper |= 1 << (index % 64);
            }
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        let (index, bit) = split(number);
        let Some(word) = self.words.get_mut(index) else { return };
        if *word & (1 << bit) != 0 {
            *word &= !(1 << bit);
            self.len -= 1;
            if *word == 0
                && let Some(upper) = self.not_empty.get_mut(index / 64)
            {
                *upper &= !(1 << (index % 64));
            }
        }
    }

    /// The next number of the set, from `from` on.
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let (index, bit) = split(from);
        let number = |index: usize, bits: u64| {
            u32::try_from(index).ok()?.checked_mul(64)?.checked_add(bits.trailing_zeros())
        };
        let bits = self.words.get(index)? & (u64::MAX << bit);
        if bits != 0 {
            return number(index, bits);
        }
        let next = index.wrapping_add(1);
        let mut upper = next / 64;
        let mut bits = self.not_empty.get(upper)? & (u64::MAX << (next % 64));
        while bits == 0 {
            upper = upper.wrapping_add(1);
            bits = *self.not_empty.get(upper)?;
        }
        let index =
            upper.checked_mul(64)?.checked_add(usize::try_from(bits.trailing_zeros()).ok()?)?;
        number(index, *self.words.get(index)?)
    }
}

/// Which word of the bits, and which bit of it.
fn split(number: u32) -> (usize, u32) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), number % 64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It is a set, and tells its numbers in order.
        #[test]
        fn numbers_are_found_in_order(
            steps in proptest::collection::vec((any::<bool>(), 0u32..20_000), 0..200),
            from in 0u32..20_100,
        ) {
            let mut set = NumberSet::default();
            let mut model = BTreeSet::new();
            for (insert, number) in steps {
                if insert {
                    set.insert(number);
                    model.insert(number);
                } else {
                    set.remove(number);
                    model.remove(&number);
                }
                prop_assert_eq!(set.len(), model.len());
            }
            prop_assert_eq!(set.next(from), model.range(from..).next().copied());
            prop_assert_eq!(set.has(from), model.contains(&from));
            let mut all = Vec::new();
            let mut at = 0;
            while let Some(number) = set.next(at) {
                all.push(number);
                at = number + 1;
            }
            prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn unanswered_flows_leave_first_but_for_their_share() {
        let mut stages = Stages::default();
        for slot in 0..10 {
            stages.insert(Stage::Unanswered, slot);
        }
        stages.insert(Stage::Open, 10);
        assert_eq!(stages.least(9), Stage::Unanswered);
        assert_eq!(stages.least(10), Stage::Open);
        stages.insert(Stage::Done, 11);
        assert_eq!(stages.least(10), Stage::Done);
        stages.remove(10);
        stages.remove(11);
        assert_eq!(stages.least(10), Stage::Unanswered, "only these are left");
        assert_eq!(stages.next(Stage::Open, Timestamp(0)), None);
        let twice = (0..20).filter_map(|time| stages.next(Stage::Unanswered, Timestamp(time)));
        let first = (0..10).map(|slot| (slot, Timestamp(0)));
        let second = (0..10).map(|slot| (slot, Timestamp(10)));
        assert_eq!(twice.collect::<Vec<_>>(), first.chain(second).collect::<Vec<_>>(), "in turn");
    }
}
