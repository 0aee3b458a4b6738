//! A map for few entries.

use super::caps::grow;

/// A map in one sorted list: with one entry it takes the room of one, where a tree would take that of
/// eleven. Adding an entry moves those behind it, so that it is for some thousands at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sorted<K, V>(Vec<(K, V)>);

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// A map of one entry.
    pub(crate) fn one(key: K, value: V) -> Self {
        Self(vec![(key, value)])
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        let nth = self.0.binary_search_by(|(held, _)| held.cmp(key)).ok()?;
        self.0.get(nth).map(|(_, value)| value)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The value of a key, which is made if there is none and `room` allows it.
    pub(crate) fn at(&mut self, key: K, room: bool, make: impl FnOnce() -> V) -> Option<&mut V> {
        let nth = match self.0.binary_search_by(|(held, _)| held.cmp(&key)) {
            Ok(nth) => nth,
            Err(_) if !room => return None,
            Err(nth) => {
                grow(&mut self.0);
                self.0.insert(nth, (key, make()));
                nth
            }
        };
        self.0.get_mut(nth).map(|(_, value)| value)
    }
}

impl<K: Ord> Sorted<K, u64> {
    /// Counts a key once more.
    pub(crate) fn count(&mut self, key: K) {
        if let Some(count) = self.at(key, true, || 0) {
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map_in_order() {
        let mut sorted: Sorted<u32, u64> = Sorted::default();
        for number in [5, 1, 9, 5, 3, 5] {
            sorted.count(number);
        }
        let held: Vec<(u32, u64)> = sorted.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(held, [(1, 1), (3, 1), (5, 3), (9, 1)]);
        assert_eq!((sorted.get(&5), sorted.get(&4), sorted.len()), (Some(&3), None, 4));
        assert!(sorted.at(7, false, || 0).is_none());
    }
}
