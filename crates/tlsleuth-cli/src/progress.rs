//! How far the reading is, on standard error, for whoever waits.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::arguments::{Main, Progress};

/// Nothing is shown before: most captures are read by then.
const PATIENCE: Duration = Duration::from_millis(700);
/// Between two lines.
const EVERY: Duration = Duration::from_millis(200);

/// A line that is written over and over, and wiped in the end.
pub(crate) struct Meter {
    /// `None` where nobody watches.
    started: Option<Instant>,
    last: Option<Instant>,
}

impl Meter {
    pub(crate) fn new(arguments: &Main) -> Self {
        let wanted =
            arguments.progress == Progress::Auto && !arguments.quiet && io::stderr().is_terminal();
        Self { started: wanted.then(now), last: None }
    }

    /// Shows how far it is, if it is time to.
    pub(crate) fn show(&mut self, frames: u64, bytes: u64, connections: u64) {
        let Some(started) = self.started else { return };
        let now = now();
        let spent = now.duration_since(started);
        if spent < PATIENCE || self.last.is_some_and(|last| now.duration_since(last) < EVERY) {
            return;
        }
        self.last = Some(now);
        #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
        let (megabytes, rate) = (bytes as f64 / 1e6, bytes as f64 / 1e6 / spent.as_secs_f64());
        let mut err = io::stderr();
        // Numbers only: nothing off the wire is here. Who cannot be told cannot be helped.
        let _ = write!(
            err,
            "\r\x1b[K{megabytes:.1} MB read ({rate:.0} MB/s), {frames} frames, {connections} TCP connections"
        );
        let _ = err.flush();
    }

    /// Wipes the line.
    pub(crate) fn end(&mut self) {
        if self.last.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the user waits is no fact of the capture")]
fn now() -> Instant {
    Instant::now()
}
