//! Whether spans of time moved by more than chance.

use std::collections::BTreeMap;

use crate::fleet::chance::real;
use crate::fleet::latency::Spans;

/// Handshakes on each side below which the test says nothing.
const ENOUGH: u64 = 8;

/// The logarithm of the two-sided probability that chance alone sets the spans apart: the
/// Mann-Whitney test in its normal form, corrected for ties (Mann and Whitney 1947; Lehmann 1975).
/// `None` where there are too few.
pub(super) fn ln_p(before: &Spans, after: &Spans) -> Option<f64> {
    let (first, second) = (before.count(), after.count());
    if first < ENOUGH || second < ENOUGH {
        return None;
    }
    let mut steps: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
    before.steps().for_each(|(step, count)| steps.entry(step).or_default().0 = count);
    after.steps().for_each(|(step, count)| steps.entry(step).or_default().1 = count);
    let all = real(first) + real(second);
    let mut smaller = 0.0;
    let mut ranks = 0.0;
    let mut ties = 0.0;
    for (of_first, of_second) in steps.into_values() {
        let tied = real(of_first) + real(of_second);
        // Members of one step share the middle of its ranks.
        ranks += real(of_first) * (smaller + f64::midpoint(tied, 1.0));
        smaller += tied;
        ties += tied * tied * tied - tied;
    }
    let u = ranks - real(first) * (real(first) + 1.0) / 2.0;
    let mean = real(first) * real(second) / 2.0;
    let variance = real(first) * real(second) / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return Some(0.0);
    }
    // Half a rank less, because ranks are whole.
    let z = ((u - mean).abs() - 0.5).max(0.0) / variance.sqrt();
    Some(ln_two_tails(z))
}

/// ln of the probability that a normal variable is farther from its mean than `z` deviations.
fn ln_two_tails(z: f64) -> f64 {
    // Mills' ratio as a continued fraction; below two deviations by Abramowitz and Stegun 26.2.17
    // (error below 1e-7), where the fraction converges slowly.
    let ln_density = -z * z / 2.0 - f64::ln(std::f64::consts::TAU.sqrt());
    let ln_tail = if z < 2.0 {
        let t = 1.0 / (1.0 + 0.231_641_9 * z);
        let sum = t
            * (0.319_381_530
                + t * (-0.356_563_782
                    + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
        ln_density + sum.ln()
    } else {
        let fraction = (1..=40).rev().fold(z, |inner, k| z + f64::from(k) / inner);
        ln_density - fraction.ln()
    };
    (ln_tail + std::f64::consts::LN_2).min(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_the_tables() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (1.96, 0.049_995_8), (3.0, 0.002_699_8)] {
            assert!((ln_two_tails(z).exp() - p).abs() < 1e-6, "{z}");
        }
        assert!((ln_two_tails(6.0).exp() / 1.973_175e-9 - 1.0).abs() < 1e-5);
        assert!(ln_two_tails(200.0).is_finite());
    }

    fn spans(ms: impl Iterator<Item = i64>) -> Spans {
        let mut spans = Spans::default();
        ms.for_each(|ms| spans.add(ms * 1_000_000));
        spans
    }

    #[test]
    fn what_is_alike_stays_alike_and_what_moved_shows() {
        let before = spans((0..100).map(|nth| 10 + nth % 7));
        let alike = spans((0..80).map(|nth| 10 + (nth + 3) % 7));
        let slower = spans((0..80).map(|nth| 30 + nth % 7));
        assert!(ln_p(&before, &alike).unwrap().exp() > 0.05);
        assert!(ln_p(&before, &slower).unwrap() < -50.0);
        assert_eq!(ln_p(&before, &spans(0..7)), None);
        // All in one step: nothing to rank.
        assert_eq!(ln_p(&spans((0..9).map(|_| 5)), &spans((0..9).map(|_| 5))), Some(0.0));
    }
}
