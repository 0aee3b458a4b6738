//! How often each of a few values was seen.

/// Values held; further ones are counted together.
const MAX_VALUES: usize = 64;

/// Values in the order in which they were first seen, with their counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts<T> {
    entries: Vec<(T, u64)>,
    left_out: u64,
}

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), left_out: 0 }
    }
}

impl<T: PartialEq> Counts<T> {
    /// Counts a value once more.
    pub fn add(&mut self, value: T) {
        if let Some((_, count)) = self.entries.iter_mut().find(|(held, _)| *held == value) {
            *count = count.saturating_add(1);
        } else if self.entries.len() < MAX_VALUES {
            self.entries.push((value, 1));
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Each value with its count.
    pub fn iter(&self) -> impl Iterator<Item = (&T, u64)> {
        self.entries.iter().map(|(value, count)| (value, *count))
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(value, _)| value)
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
        (0..200).for_each(|number| counts.add(number % 100));
        assert_eq!(counts.iter().next(), Some((&0, 2)));
        let held: u64 = counts.iter().map(|(_, count)| count).sum();
        assert_eq!((counts.values().count(), held + counts.left_out()), (64, 200));
    }
}
