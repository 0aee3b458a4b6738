//! What the user asked for: anchors, clock, thresholds.

use std::sync::Arc;

use tlsleuth_capture::Timestamp;
use tlsleuth_cert::Judge;

/// The clock that decides whether a certificate is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VerifyTime {
    /// The time of the frame that brought it.
    #[default]
    Capture,
    /// One time for all.
    At(Timestamp),
}

/// What judging depends on beside the connection.
#[derive(Clone)]
pub struct Policy {
    /// Judges chains against the anchors that were chosen.
    pub judge: Arc<Judge>,
    /// Whether chains are judged. If not, no rule looks at a certificate, and whether a chain is
    /// trusted is not told: for those who ask for handshakes alone.
    pub judge_chains: bool,
    /// What the anchors are called in the report: `mozilla`, `system` or `none`.
    pub roots: &'static str,
    /// Whether the user added anchors: then a root that is not among them is refused by intent.
    pub own_anchors: bool,
    /// The clock for validity.
    pub verify_time: VerifyTime,
    /// From how many nanoseconds on a handshake is slow.
    pub slow_handshake_ns: i64,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("roots", &self.roots).finish_non_exhaustive()
    }
}
