//! Which rules may find something, by the signs that are seen: most need one that is not there, and
//! are not even looked at.

use std::array;
use std::sync::LazyLock;

use crate::Rule;
use crate::registry::RULES;
use crate::rule::Check;
use crate::signs::{FOURS, Signs};
use crate::verdict::LAST_RESORT;

/// Rules, as bits by their places in [`RULES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Runnable(u128);

const _: () = assert!(RULES.len() <= 128, "a bit for each rule");

struct Needs {
    /// The rules that look at the connection, but for the [`LAST_RESORT`].
    of_connections: u128,
    /// The rules that look at each chain.
    of_chains: u128,
    /// For each four signs, by those of them that are missing: the rules that need one of these.
    unmet: [[u128; 16]; FOURS],
}

static NEEDS: LazyLock<Needs> = LazyLock::new(|| {
    let of = |wanted: &dyn Fn(&Rule) -> bool| {
        let bits = RULES.iter().zip(0..).filter(|(rule, _)| wanted(rule));
        bits.fold(0, |set, (_, bit)| set | 1u128 << bit)
    };
    let needs_one = |rule: &Rule, place: usize, missing: usize| {
        rule.needs.fours().get(place).is_some_and(|needed| needed & missing != 0)
    };
    Needs {
        of_connections: of(&|rule| {
            matches!(rule.check, Check::Connection(_)) && rule.code != LAST_RESORT.code
        }),
        of_chains: of(&|rule| matches!(rule.check, Check::Chain(_))),
        unmet: array::from_fn(|place| {
            array::from_fn(|missing| of(&|rule| needs_one(rule, place, missing)))
        }),
    }
});

impl Runnable {
    /// The rules about a connection with these signs.
    pub(crate) fn of_connection(signs: Signs) -> Self {
        Self(NEEDS.of_connections & !unmet(signs))
    }

    /// The rules about a chain, by the signs of the connection and of the chain.
    pub(crate) fn of_chain(signs: Signs) -> Self {
        Self(NEEDS.of_chains & !unmet(signs))
    }

    /// The rules of all of them.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there are rules of the others among them.
    pub(crate) fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The rules in the order of the catalogue, each with the set of itself.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Self, &'static Rule)> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let rule = RULES.get(usize::try_from(left.trailing_zeros()).ok()?)?;
            let one = left & left.wrapping_neg();
            left ^= one;
            Some((Self(one), *rule))
        })
    }
}

/// The rules that need a sign that is not seen.
fn unmet(seen: Signs) -> u128 {
    let missing = seen.missing().fours();
    let rules = NEEDS.unmet.iter().zip(missing).filter_map(|(table, four)| table.get(four));
    rules.fold(0, |set, rules| set | rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_runs_where_all_that_it_needs_is_seen() {
        let all = Signs::none().missing();
        let pairs = RULES.iter().flat_map(|a| RULES.iter().map(|b| a.needs.and(b.needs)));
        for signs in pairs.chain([Signs::none(), all]) {
            let connections = Runnable::of_connection(signs);
            let chains = Runnable::of_chain(signs);
            for (rule, place) in RULES.iter().zip(0..) {
                let one = Runnable(1 << place);
                let runs = rule.needs.are_in(signs);
                let of_chains = matches!(rule.check, Check::Chain(_));
                let is_last = rule.code == LAST_RESORT.code;
                assert_eq!(connections.has(one), runs && !of_chains && !is_last, "{}", rule.code);
                assert_eq!(chains.has(one), runs && of_chains, "{}", rule.code);
            }
            let all: Vec<&str> = connections.or(chains).iter().map(|(_, rule)| rule.code).collect();
            let expected = RULES.iter().filter(|rule| rule.needs.are_in(signs));
            let expected = expected.map(|rule| rule.code).filter(|code| *code != LAST_RESORT.code);
            assert_eq!(all, expected.collect::<Vec<_>>());
        }
    }
}
