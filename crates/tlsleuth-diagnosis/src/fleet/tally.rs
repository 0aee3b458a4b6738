//! How often something completed and failed.

use tlsleuth_capture::Place;

use super::attempt::Brief;

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

/// How a connection ended, as far as a tally tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    Completed,
    Failed,
    /// A health check, or nobody knows.
    Otherwise,
}

impl Ended {
    pub(crate) fn of(attempt: &Brief) -> Self {
        if attempt.is_completed() {
            Self::Completed
        } else if attempt.is_failed() && !attempt.is_health_check() {
            Self::Failed
        } else {
            Self::Otherwise
        }
    }
}

impl Tally {
    pub(crate) fn add(&mut self, attempt: &Brief) {
        self.count(Ended::of(attempt), attempt.first, attempt.proof);
    }

    /// Counts a connection by how it ended, its first frame, and the frame that proves it.
    pub(crate) fn count(&mut self, ended: Ended, first: Place, proof: Place) {
        match ended {
            Ended::Completed => {
                self.completed = self.completed.saturating_add(1);
                self.first_completed = self.first_completed.or(Some(first));
            }
            Ended::Failed => {
                self.failed = self.failed.saturating_add(1);
                self.first_failed = self.first_failed.or(Some(proof));
            }
            Ended::Otherwise => {}
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
