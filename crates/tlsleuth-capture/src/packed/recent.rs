//! The places that were packed last.

use super::RECENT_PLACES;
use crate::Place;

/// The latest places, in a ring.
#[derive(Debug, Default)]
pub(super) struct Recent {
    ring: Vec<Place>,
    /// How many places there ever were.
    count: usize,
}

impl Recent {
    pub(super) fn push(&mut self, place: Place) {
        if self.ring.len() < RECENT_PLACES {
            self.ring.push(place);
        } else if let Some(oldest) = self.ring.get_mut(self.count % RECENT_PLACES) {
            *oldest = place;
        }
        self.count += 1;
    }

    pub(super) fn find(&self, place: Place) -> Option<u8> {
        let nth = self.ring.iter().position(|known| *known == place)?;
        u8::try_from(nth).ok()
    }

    pub(super) fn get(&self, nth: u8) -> Option<Place> {
        self.ring.get(usize::from(nth)).copied()
    }

    /// The one that was put in last.
    pub(super) fn last(&self) -> Option<Place> {
        self.ring.get(self.count.checked_sub(1)? % RECENT_PLACES).copied()
    }

    pub(super) fn clear(&mut self) {
        self.ring.clear();
        self.count = 0;
    }
}
