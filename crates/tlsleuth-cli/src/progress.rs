//! How far the reading is, on standard error, for whoever waits.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::arguments::{Main, Progress};

/// Nothing is shown before: most captures are read by then.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often a second it is drawn at most.
const PER_SECOND: u8 = 5;
/// Where it is known how much there is to read. Numbers only: nothing off the wire is here.
const WITH_TOTAL: &str = "{msg}; {decimal_bytes} of {decimal_total_bytes} {wide_bar} {decimal_bytes_per_sec}, {eta} left";
const WITHOUT_TOTAL: &str = "{msg}; {decimal_bytes} read, {decimal_bytes_per_sec} {spinner}";

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progressed {
    /// Bytes of the decompressed captures.
    pub(crate) bytes: u64,
    /// Bytes to read in all, where that is known.
    pub(crate) total: Option<u64>,
    /// TCP connections that were seen to begin.
    pub(crate) connections: u64,
    /// TLS connections that were judged and failed.
    pub(crate) failed: u64,
}

/// A line that is drawn over and over, and wiped in the end.
pub(crate) struct Meter {
    /// `None` where nobody watches.
    bar: Option<(ProgressBar, Instant)>,
    visible: bool,
}

impl Meter {
    pub(crate) fn new(arguments: &Main) -> Self {
        let wanted =
            arguments.progress == Progress::Auto && !arguments.quiet && io::stderr().is_terminal();
        // Hidden at first, so that the rate is that of the whole time.
        let bar = wanted
            .then(|| (ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()), now()));
        Self { bar, visible: false }
    }

    /// Shows how far it is, if it is time to.
    pub(crate) fn show(&mut self, progressed: impl FnOnce() -> Progressed) {
        let Some((bar, started)) = &self.bar else { return };
        if !self.visible && now().duration_since(*started) < PATIENCE {
            return;
        }
        let Progressed { bytes, total, connections, failed } = progressed();
        let total = total.filter(|total| *total >= bytes);
        if bar.length() != total || !self.visible {
            let template = if total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            match total {
                Some(total) => bar.set_length(total),
                None => bar.unset_length(),
            }
        }
        bar.set_message(format!("{connections} connections, {failed} failed so far"));
        bar.set_position(bytes);
        if !self.visible {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(PER_SECOND));
            self.visible = true;
        }
    }

    /// Says something while the line is away.
    pub(crate) fn aside(&self, say: impl FnOnce()) {
        match &self.bar {
            Some((bar, _)) => bar.suspend(say),
            None => say(),
        }
    }

    /// Wipes the line.
    pub(crate) fn end(&mut self) {
        if let Some((bar, _)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the user waits is no fact of the capture")]
fn now() -> Instant {
    Instant::now()
}
