//! How connections ended by the size of their ClientHello, in bounded memory.

use super::attempt::Brief;
use super::caps::{Caps, count, grow};
use super::tally::Tally;

/// Steps held of one server and name; when there are more, each gets twice as wide.
const MAX_STEPS: usize = 64;

/// Hellos of about one size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The smallest of them, in bytes.
    pub least: u32,
    /// The largest.
    pub most: u32,
    /// How they ended.
    pub tally: Tally,
}

/// Sizes in steps, the smallest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sizes {
    steps: Vec<Step>,
    /// Two sizes are one step where they are the same after so many bits are dropped.
    shift: u32,
    left_out: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { steps: Vec::new(), shift: 3, left_out: 0 }
    }
}

impl Sizes {
    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether every hello is in a step.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.left_out == 0
    }

    pub(crate) fn add(&mut self, size: u32, attempt: &Brief, caps: &mut Caps) {
        let slot = size.checked_shr(self.shift).unwrap_or(0);
        let found = self
            .steps
            .binary_search_by_key(&slot, |step| step.least.checked_shr(self.shift).unwrap_or(0));
        match found {
            Ok(nth) => {
                if let Some(step) = self.steps.get_mut(nth) {
                    step.least = step.least.min(size);
                    step.most = step.most.max(size);
                    step.tally.add(attempt);
                }
            }
            Err(_) if caps.sizes == 0 => {
                count(&mut self.left_out);
                count(&mut caps.left_out.sizes);
            }
            Err(nth) => {
                caps.sizes -= 1;
                let mut tally = Tally::default();
                tally.add(attempt);
                grow(&mut self.steps);
                self.steps.insert(nth, Step { least: size, most: size, tally });
                while self.steps.len() > MAX_STEPS {
                    self.widen(caps);
                }
            }
        }
    }

    fn widen(&mut self, caps: &mut Caps) {
        self.shift += 1;
        let shift = self.shift;
        let slot = |step: &Step| step.least.checked_shr(shift).unwrap_or(0);
        let before = self.steps.len();
        self.steps.dedup_by(|later, held| {
            let same = slot(later) == slot(held);
            if same {
                held.most = held.most.max(later.most);
                held.tally = held.tally.and(later.tally);
            }
            same
        });
        caps.sizes = caps.sizes.saturating_add(before.saturating_sub(self.steps.len()));
    }
}
