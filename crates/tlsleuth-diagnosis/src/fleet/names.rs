//! The names of a server.

use std::collections::HashMap;
use std::sync::OnceLock;

use tlsleuth_cert::WireText;

use super::group::Group;

/// The groups of a server by the name that was asked for, `None` where there was none: found by a hash
/// while connections come in, walked in the order of the names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    groups: Vec<(Option<WireText>, Box<Group>)>,
    /// Looked up, never walked.
    index: HashMap<Option<WireText>, usize>,
    sorted: OnceLock<Vec<usize>>,
}

impl Names {
    /// The group of a name.
    #[must_use]
    pub fn get(&self, name: &Option<WireText>) -> Option<&Group> {
        let (_, group) = self.groups.get(*self.index.get(name)?)?;
        Some(group)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// In the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&WireText>, &Group)> {
        let sorted = self.sorted.get_or_init(|| {
            let mut sorted: Vec<usize> = (0..self.groups.len()).collect();
            sorted.sort_unstable_by_key(|nth| self.groups.get(*nth).map(|(name, _)| name));
            sorted
        });
        sorted
            .iter()
            .filter_map(|nth| self.groups.get(*nth))
            .map(|(name, group)| (name.as_ref(), &**group))
    }

    /// The groups in any order.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().map(|(_, group)| &**group)
    }

    /// The group of a name, which is made if there is none and `room` allows it.
    pub(super) fn at(&mut self, name: &Option<WireText>, room: bool) -> Option<&mut Group> {
        let nth = match self.index.get(name) {
            Some(nth) => *nth,
            None if !room => return None,
            None => {
                let nth = self.groups.len();
                self.groups.push((name.clone(), Box::default()));
                self.index.insert(name.clone(), nth);
                self.sorted.take();
                nth
            }
        };
        self.groups.get_mut(nth).map(|(_, group)| &mut **group)
    }
}
