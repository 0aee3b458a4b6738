//! A map that is filled by a hash and walked in order.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::caps::push;

/// From so many entries on they are found by a hash; below, by looking at each. Most servers have one
/// name, and a table for it would take more memory than the name.
const HASHED_FROM: usize = 8;

/// A map that is filled by a hash, and put in order once when it is walked.
#[derive(Clone, Debug)]
pub struct Indexed<K, V> {
    entries: Vec<(K, V)>,
    /// Looked up, never walked.
    index: Option<HashMap<K, usize, RandomState>>,
    sorted: OnceLock<Vec<usize>>,
}

impl<K, V> Default for Indexed<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: None, sorted: OnceLock::new() }
    }
}

impl<K: Clone + Ord + Hash, V> Indexed<K, V> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(self.find(key)?).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_some()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// In the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let sorted = self.sorted.get_or_init(|| {
            let mut sorted: Vec<usize> = (0..self.entries.len()).collect();
            sorted.sort_unstable_by_key(|nth| self.entries.get(*nth).map(|(key, _)| key));
            sorted
        });
        sorted.iter().filter_map(|nth| self.entries.get(*nth)).map(|(key, value)| (key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in any order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values in any order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    fn find(&self, key: &K) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|(held, _)| held == key),
        }
    }
}

impl<K: Clone + Ord + Hash, V: Default> Indexed<K, V> {
    /// The value of a key, which is made if there is none and `room` allows it.
    pub(crate) fn at(&mut self, key: &K, room: bool) -> Option<&mut V> {
        let nth = self.place(key, room)?;
        self.nth(nth)
    }

    /// The value at a place.
    pub(crate) fn nth(&mut self, nth: usize) -> Option<&mut V> {
        self.entries.get_mut(nth).map(|(_, value)| value)
    }

    /// The place of a key, which is made if there is none and `room` allows it.
    pub(crate) fn place(&mut self, key: &K, room: bool) -> Option<usize> {
        match self.find(key) {
            Some(nth) => Some(nth),
            None if !room => None,
            None => {
                let nth = self.entries.len();
                push(&mut self.entries, (key.clone(), V::default()));
                self.sorted.take();
                if let Some(index) = &mut self.index {
                    index.insert(key.clone(), nth);
                } else if self.entries.len() >= HASHED_FROM {
                    let keys = self.entries.iter().map(|(key, _)| key.clone());
                    self.index = Some(keys.zip(0..).collect());
                }
                Some(nth)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_found_and_walked_in_order() {
        for count in [1u32, 7, 8, 9, 1_000] {
            let mut map: Indexed<u32, u32> = Indexed::default();
            for nth in 0..count {
                let key = nth.wrapping_mul(2_654_435_761) % 100_003;
                *map.at(&key, true).unwrap() += 1;
                *map.at(&key, false).unwrap() += nth;
                // Walking in between is no end of filling.
                assert_eq!(map.iter().count(), map.len());
            }
            assert!(map.keys().is_sorted());
            assert_eq!(map.values().map(|value| u64::from(*value)).sum::<u64>(), {
                let count = u64::from(count);
                count + count * (count - 1) / 2
            });
            assert!(map.at(&100_004, false).is_none() && !map.contains_key(&100_004));
        }
    }
}
