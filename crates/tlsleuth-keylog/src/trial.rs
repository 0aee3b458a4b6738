//! How far to look for the sequence number that a record was sealed with.

/// How many records may have got lost in a gap of the capture before it is given up.
const WINDOW: u64 = 64;

/// How many records that did not open may have counted nonetheless.
const FAILURES: u64 = 16;

/// Bytes of one side that are tried in vain before no more is tried: so many that every handshake
/// with rejected early data and a gap gets through, so few that hostile input costs milliseconds.
const BUDGET_BYTES: usize = 8 << 20;

/// What is known of one side's sequence numbers beside the next one.
#[derive(Debug)]
pub(crate) struct Trial {
    failures: u64,
    lost: bool,
    budget: usize,
}

impl Default for Trial {
    fn default() -> Self {
        Self { failures: 0, lost: false, budget: BUDGET_BYTES }
    }
}

impl Trial {
    /// How many sequence numbers beyond the next one the record may have.
    pub(crate) fn slack(&self) -> u64 {
        if self.lost { WINDOW } else { self.failures.min(FAILURES) }
    }

    /// Whether records are missing since the last one that opened.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether anything is uncertain.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.slack() > 0
    }

    /// Pays for one try; `false` when it is not to be made.
    pub(crate) fn pay(&mut self, bytes: usize) -> bool {
        match self.budget.checked_sub(bytes + 64) {
            Some(left) => {
                self.budget = left;
                true
            }
            None => false,
        }
    }

    /// A record opened: what came before is settled, and the try was not in vain.
    pub(crate) fn opened(&mut self, bytes: usize) {
        self.budget = (self.budget + bytes + 64).min(BUDGET_BYTES);
        self.failures = 0;
        self.lost = false;
    }

    /// A record did not open, with any key and number.
    pub(crate) fn failed(&mut self) {
        self.failures += 1;
    }

    /// Records are missing.
    pub(crate) fn gap(&mut self) {
        self.lost = true;
    }
}
