//! How often something completed and failed.

use tlsleuth_capture::Place;

use super::attempt::Attempt;

/// How often something completed and failed, with the first frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many completed.
    pub completed: u64,
    /// How many failed, health checks set apart.
    pub failed: u64,
    /// The first that completed.
    pub first_completed: Option<Place>,
    /// The proof of the first failure.
    pub first_failed: Option<Place>,
}

impl Tally {
    pub(crate) fn add(&mut self, attempt: &Attempt) {
        if attempt.is_completed() {
            self.completed = self.completed.saturating_add(1);
            self.first_completed = self.first_completed.or(Some(attempt.first));
        } else if attempt.is_failed() && !attempt.is_health_check() {
            self.failed = self.failed.saturating_add(1);
            self.first_failed = self.first_failed.or(Some(attempt.proof));
        }
    }

    /// Those of it that completed.
    #[must_use]
    pub fn of_completed(self) -> Self {
        Self { failed: 0, first_failed: None, ..self }
    }

    /// Those that ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.completed.saturating_add(self.failed)
    }

    /// This and another one together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let earlier = |a: Option<Place>, b: Option<Place>| match (a, b) {
            (Some(a), Some(b)) => Some(a.earlier(b)),
            (a, b) => a.or(b),
        };
        Self {
            completed: self.completed.saturating_add(other.completed),
            failed: self.failed.saturating_add(other.failed),
            first_completed: earlier(self.first_completed, other.first_completed),
            first_failed: earlier(self.first_failed, other.first_failed),
        }
    }
}
