//! How often each of a few values was seen, and where first.

use tlsleuth_capture::Place;

use super::caps::push;

/// Values held; further ones are counted together.
const MAX_VALUES: usize = 64;

/// Values in the order in which they were first seen, with their counts and first frames.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts<T> {
    entries: Vec<(T, u64, Place)>,
    left_out: u64,
}

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), left_out: 0 }
    }
}

impl<T: PartialEq> Counts<T> {
    /// Counts a value once more.
    pub fn add(&mut self, value: T, at: Place) {
        if let Some((_, count, _)) = self.entries.iter_mut().find(|(held, ..)| *held == value) {
            *count = count.saturating_add(1);
        } else if self.entries.len() < MAX_VALUES {
            push(&mut self.entries, (value, 1, at));
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Each value with its count and the first frame that shows it.
    pub fn iter(&self) -> impl Iterator<Item = (&T, u64, Place)> {
        self.entries.iter().map(|(value, count, at)| (value, *count, *at))
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(value, ..)| value)
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How often a value came that did not fit: more than 64 different ones.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_none_is_lost() {
        let mut counts = Counts::default();
        (0..200).for_each(|number| counts.add(number % 100, Place::default()));
        assert_eq!(counts.iter().next(), Some((&0, 2, Place::default())));
        let held: u64 = counts.iter().map(|(_, count, _)| count).sum();
        assert_eq!((counts.values().count(), held + counts.left_out()), (64, 200));
    }
}
