//! Quantiles of spans of time in little memory.

use std::num::NonZeroU16;

use super::sorted::Sorted;
use crate::timing::Phases;

/// Counts spans in steps of one eighth of their size, so that a quantile is off by 12 % at most
/// and memory depends on how far the spans differ, not on how many there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spans {
    /// With little room for each: every server and name has four of these lists.
    steps: Sorted<u16, u32>,
    count: u64,
}

impl Spans {
    /// Counts one span, in nanoseconds.
    pub fn add(&mut self, span_ns: i64) {
        self.count_step(step_of(span_ns));
    }

    fn count_step(&mut self, step: u16) {
        if let Some(count) = self.steps.at(step, true, || 0) {
            *count = count.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
    }

    /// How many spans were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The steps that hold spans, the shortest first, with how many.
    pub fn steps(&self) -> impl Iterator<Item = (u16, u64)> {
        self.steps.iter().map(|(step, count)| (*step, u64::from(*count)))
    }

    /// The span in nanoseconds that `percent` of all do not exceed, rounded up to its step.
    #[must_use]
    pub fn quantile(&self, percent: u64) -> Option<i64> {
        let rank = self.count.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0u64;
        for (&step, &count) in self.steps.iter() {
            seen = seen.saturating_add(u64::from(count));
            if seen >= rank {
                return i64::try_from(upper(step).saturating_mul(1_000)).ok();
            }
        }
        None
    }
}

fn step_of(span_ns: i64) -> u16 {
    step(u64::try_from(span_ns).unwrap_or(0) / 1_000)
}

/// Eight steps for each doubling; below eight microseconds each one is a step. The largest is 495.
fn step(micros: u64) -> u16 {
    if micros < 8 {
        return u16::try_from(micros).unwrap_or(0);
    }
    let octave = 63 - micros.leading_zeros();
    let eighth = (micros >> (octave - 3)) & 7;
    u16::try_from(u64::from((octave - 2) * 8) + eighth).unwrap_or(u16::MAX)
}

/// The largest number of microseconds in a step.
fn upper(step: u16) -> u64 {
    if step < 8 {
        return u64::from(step);
    }
    let octave = u32::from(step / 8) + 2;
    let low = (8 + u64::from(step % 8)) << (octave - 3);
    low.saturating_add((1u64 << (octave - 3)) - 1)
}

/// The phases of one handshake as the steps in which they are counted, with an eighth of the room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PhaseSteps {
    tcp: Step,
    server_hello: Step,
    client: Step,
    handshake: Step,
}

/// One more than the step.
type Step = Option<NonZeroU16>;

impl From<Phases> for PhaseSteps {
    fn from(phases: Phases) -> Self {
        let step = |span_ns: Option<i64>| NonZeroU16::MIN.checked_add(step_of(span_ns?));
        Self {
            tcp: step(phases.tcp_ns),
            server_hello: step(phases.server_hello_ns),
            client: step(phases.client_ns),
            handshake: step(phases.handshake_ns),
        }
    }
}

/// The phases of many handshakes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latency {
    /// SYN to SYN-ACK.
    pub tcp: Spans,
    /// ClientHello to ServerHello.
    pub server_hello: Spans,
    /// The server's flight to the client's next act.
    pub client: Spans,
    /// ClientHello to the later Finished.
    pub handshake: Spans,
}

impl Latency {
    /// Counts one handshake.
    pub fn add(&mut self, phases: &PhaseSteps) {
        for (spans, step) in [
            (&mut self.tcp, phases.tcp),
            (&mut self.server_hello, phases.server_hello),
            (&mut self.client, phases.client),
            (&mut self.handshake, phases.handshake),
        ] {
            if let Some(step) = step {
                spans.count_step(step.get() - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_its_spans() {
        for micros in [0, 1, 7, 8, 9, 15, 16, 17, 31, 1_000, 123_456, 10_000_000, u64::MAX / 2_000]
        {
            let step = step(micros);
            assert!(upper(step) >= micros, "{micros}");
            assert!(step == 0 || upper(step - 1) < micros, "{micros}");
        }
    }

    #[test]
    fn quantiles_are_close() {
        let mut spans = Spans::default();
        (1..=1_000).for_each(|ms| spans.add(ms * 1_000_000));
        let median = spans.quantile(50).unwrap();
        assert!((500_000_000..563_000_000).contains(&median), "{median}");
        assert!(spans.quantile(99).unwrap() >= 990_000_000);
        assert_eq!(Spans::default().quantile(50), None);
    }
}
