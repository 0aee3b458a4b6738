//! Outcomes in the order of their time, in bounded memory.

use tlsleuth_capture::{Address, Place};

use super::caps::push;
use super::sorted::Sorted;

/// Steps held of one sequence. When full, neighbors are put together two by two.
const MAX_STEPS: usize = 128;

/// Clients remembered of one step.
const CLIENTS: usize = 4;

/// Connections that followed each other.
#[derive(Clone, Debug)]
pub struct Step {
    /// The first frame of the first one.
    pub first: Place,
    /// The last one's.
    pub last: Place,
    /// The first frame of a failure's proof.
    pub proof: Option<Place>,
    /// The same of the last failure.
    pub last_proof: Option<Place>,
    /// How many completed.
    pub completed: u64,
    /// How many failed.
    pub failed: u64,
    /// The failures by verdict.
    pub verdicts: Sorted<&'static str, u64>,
    /// Some of the clients that failed, in order.
    pub failing: Sorted<Address, ()>,
}

impl Step {
    /// How many connections.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.completed.saturating_add(self.failed)
    }

    /// Takes in the step that follows.
    pub fn join(&mut self, later: &Self) {
        self.last = later.last;
        self.proof = self.proof.or(later.proof);
        self.last_proof = later.last_proof.or(self.last_proof);
        self.completed = self.completed.saturating_add(later.completed);
        self.failed = self.failed.saturating_add(later.failed);
        for (&verdict, &count) in later.verdicts.iter() {
            if let Some(held) = self.verdicts.at(verdict, true, || 0) {
                *held = held.saturating_add(count);
            }
        }
        for &client in later.failing.keys() {
            self.failing.at(client, self.failing.len() < CLIENTS, || ());
        }
    }
}

/// The outcomes at one server. A run of like outcomes is one step; when there are too many runs,
/// steps hold at least so many connections as `width` says.
#[derive(Clone, Debug)]
pub struct Timeline {
    steps: Vec<Step>,
    width: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { steps: Vec::new(), width: 1 }
    }
}

impl Timeline {
    /// The steps in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How many connections the edge of a window may be off.
    #[must_use]
    pub fn width(&self) -> u64 {
        self.width
    }

    /// Adds a connection that completed.
    pub fn completed(&mut self, at: Place) {
        self.all_completed(at, at, 1);
    }

    /// Adds so many connections that completed, one after the other.
    pub fn all_completed(&mut self, first: Place, last: Place, count: u64) {
        self.add(Step {
            first,
            last,
            proof: None,
            last_proof: None,
            completed: count,
            failed: 0,
            verdicts: Sorted::default(),
            failing: Sorted::default(),
        });
    }

    /// Adds a connection that failed.
    pub fn failed(&mut self, at: Place, proof: Place, verdict: &'static str, client: Address) {
        self.add(Step {
            first: at,
            last: at,
            proof: Some(proof),
            last_proof: Some(proof),
            completed: 0,
            failed: 1,
            verdicts: Sorted::one(verdict, 1),
            failing: Sorted::one(client, ()),
        });
    }

    fn add(&mut self, step: Step) {
        if let Some(last) = self.steps.last_mut() {
            let alike = (last.failed == 0 && step.failed == 0)
                || (last.completed == 0 && step.completed == 0);
            if alike || last.count() < self.width {
                last.join(&step);
                return;
            }
        }
        if self.steps.len() >= MAX_STEPS {
            let held = std::mem::take(&mut self.steps);
            for (nth, step) in held.into_iter().enumerate() {
                match self.steps.last_mut() {
                    Some(last) if nth % 2 == 1 => last.join(&step),
                    _ => self.steps.push(step),
                }
            }
            self.width = self.width.saturating_mul(2);
        }
        push(&mut self.steps, step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_gets_nothing_is_lost() {
        let mut timeline = Timeline::default();
        let client = Address::v4([10, 0, 0, 7]);
        for frame in 0..10_000 {
            let at = Place { frame, ..Place::default() };
            if frame % 3 == 0 {
                timeline.failed(at, at, "tcp.refused", client);
            } else {
                timeline.completed(at);
            }
        }
        assert!(timeline.steps().len() <= MAX_STEPS);
        assert_eq!(timeline.steps().iter().map(Step::count).sum::<u64>(), 10_000);
        assert_eq!(timeline.steps().iter().map(|step| step.failed).sum::<u64>(), 3_334);
    }
}
