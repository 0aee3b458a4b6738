//! How likely chance alone explains what was counted: the tests that the fleet rules state.

use std::sync::LazyLock;

/// What chance may explain at most, over all servers together, before a rule speaks.
pub const ALPHA: f64 = 0.01;

/// The same where two groups are set beside each other that something else already told apart.
pub const ALPHA_ASIDE: f64 = 0.05;

/// Connections that failed and completed, with something and without it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// Failed with it.
    pub failed_with: u64,
    /// Completed with it.
    pub completed_with: u64,
    /// Failed without it.
    pub failed_without: u64,
    /// Completed without it.
    pub completed_without: u64,
}

impl Table {
    /// Adds connections that have the property, or that have not.
    pub fn count(&mut self, with: bool, failed: u64, completed: u64) {
        let (to_failed, to_completed) = if with {
            (&mut self.failed_with, &mut self.completed_with)
        } else {
            (&mut self.failed_without, &mut self.completed_without)
        };
        *to_failed = to_failed.saturating_add(failed);
        *to_completed = to_completed.saturating_add(completed);
    }

    /// Connections on the wrong side of a clean separation.
    #[must_use]
    pub fn misfits(&self) -> u64 {
        self.completed_with.saturating_add(self.failed_without)
    }

    /// Whether nine of ten with it fail, and nine of ten without it complete, at least three each.
    #[must_use]
    pub fn separates(&self) -> bool {
        self.failed_with >= 3
            && self.completed_without >= 3
            && self.failed_with >= self.completed_with.saturating_mul(9)
            && self.completed_without >= self.failed_without.saturating_mul(9)
    }

    /// The natural logarithm of the probability that as many failures or more fall on those with it
    /// by chance, the sums of rows and columns being what they are: Fisher's exact test, one-sided.
    #[must_use]
    pub fn ln_p(&self) -> f64 {
        let with = self.failed_with.saturating_add(self.completed_with);
        let without = self.failed_without.saturating_add(self.completed_without);
        let failed = self.failed_with.saturating_add(self.failed_without);
        let all = ln_choose(with.saturating_add(without), failed);
        let most = with.min(failed);
        let mut sum = f64::NEG_INFINITY;
        let mut last = f64::NEG_INFINITY;
        for hits in self.failed_with..=most {
            let term =
                ln_choose(with, hits) + ln_choose(without, failed.saturating_sub(hits)) - all;
            sum = ln_add(sum, term);
            // The terms fall from the mode on: what is left is below the precision of a double.
            if term < last && term < sum - 40.0 {
                break;
            }
            last = term;
        }
        sum.min(0.0)
    }
}

/// The logarithm of the number of ways to choose `k` of `n`; of nothing where `k` is above `n`.
#[must_use]
pub fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n.saturating_sub(k))
}

/// Whether the probability with this logarithm, for one of `tries` looks, is below `alpha`
/// (Bonferroni's correction).
#[must_use]
pub fn significant(ln_p: f64, tries: u64, alpha: f64) -> bool {
    ln_p + real(tries.max(1)).ln() <= alpha.ln()
}

/// Independent tests of one question put together: the logarithm of the probability that so many
/// probabilities have such a product or a smaller one, by chance (Fisher 1932). With k of them and
/// the product x it is x Σ (-ln x)^j / j! for j below k.
#[must_use]
pub fn ln_combined(ln_ps: &[f64]) -> f64 {
    let ln_x: f64 = ln_ps.iter().sum();
    let mut sum = f64::NEG_INFINITY;
    let mut ln_term = 0.0;
    for (nth, _) in (1u64..).zip(ln_ps) {
        sum = ln_add(sum, ln_term);
        ln_term += (-ln_x).max(f64::MIN_POSITIVE).ln() - real(nth).ln();
    }
    if ln_ps.is_empty() { 0.0 } else { (ln_x + sum).min(0.0) }
}

/// A probability in words, such as `p < 0.000001`.
#[must_use]
pub fn p_value(ln_p: f64, tries: u64) -> String {
    let p = (ln_p + real(tries.max(1)).ln()).exp().min(1.0);
    if p < 0.000_001 { "p < 0.000001".to_owned() } else { format!("p = {p:.6}") }
}

/// How much likelier it is that `window` has a failure rate of its own, as a logarithm, for counts
/// of (failed, all) in the window and over all. Zero where the window's rate is not the higher one.
#[must_use]
pub fn ln_likelihood_ratio(window: (u64, u64), all: (u64, u64)) -> f64 {
    let (failed, count) = window;
    let (outside_failed, outside) = (all.0.saturating_sub(failed), all.1.saturating_sub(count));
    if count == 0
        || outside == 0
        || real(failed) / real(count) <= real(outside_failed) / real(outside)
    {
        return 0.0;
    }
    ln_likelihood(failed, count) + ln_likelihood(outside_failed, outside)
        - ln_likelihood(all.0, all.1)
}

fn ln_likelihood(failed: u64, count: u64) -> f64 {
    let part = |some: u64| {
        if some == 0 { 0.0 } else { real(some) * (real(some) / real(count)).ln() }
    };
    part(failed) + part(count.saturating_sub(failed))
}

/// A count as a real number; exact below 2^53, and rounded above.
#[must_use]
pub fn real(count: u64) -> f64 {
    count as f64
}

fn ln_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// ln n! for the counts that a single server usually has: a test asks for nine of them.
static LN_FACTORIALS: LazyLock<[f64; 256]> =
    LazyLock::new(|| std::array::from_fn(|n| u64::try_from(n).map_or(0.0, sum_or_series)));

fn ln_factorial(n: u64) -> f64 {
    let held = usize::try_from(n).ok().and_then(|n| LN_FACTORIALS.get(n));
    held.copied().unwrap_or_else(|| sum_or_series(n))
}

/// ln n!, by Stirling's series above 30 (the error is below 1e-9 there).
fn sum_or_series(n: u64) -> f64 {
    if n < 30 {
        return (2..=n).map(|factor| real(factor).ln()).sum();
    }
    let x = real(n);
    x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + 1.0 / (12.0 * x)
        - 1.0 / (360.0 * x * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(a: u64, b: u64, c: u64, d: u64) -> Table {
        Table { failed_with: a, completed_with: b, failed_without: c, completed_without: d }
    }

    #[test]
    fn fishers_test_gives_known_values() {
        // All five failures of fifteen among the five with the property: 1 of C(15, 5) = 3003.
        assert!((table(5, 0, 0, 10).ln_p().exp() - 1.0 / 3003.0).abs() < 1e-9);
        // Fisher's tea: three of four right is 17 of 70.
        assert!((table(3, 1, 1, 3).ln_p().exp() - 17.0 / 70.0).abs() < 1e-9);
        assert!((table(0, 5, 5, 0).ln_p().exp() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn independent_tests_are_put_together_as_fisher_does() {
        // One test stays what it is; 0.05 twice gives 0.0025 (1 - ln 0.0025) = 0.017479.
        let ln = 0.05f64.ln();
        assert!((ln_combined(&[ln]) - ln).abs() < 1e-9);
        assert!((ln_combined(&[ln, ln]).exp() - 0.017_478_7).abs() < 1e-6);
        // Tests that say nothing take nothing away.
        assert!(ln_combined(&[0.0; 40]).abs() < 1e-6);
        assert!(ln_combined(&[ln; 1_000]).is_finite());
    }

    #[test]
    fn large_counts_stay_finite() {
        let ln_p = table(50_000, 0, 0, 50_000).ln_p();
        assert!(ln_p.is_finite() && ln_p < -60_000.0, "{ln_p}");
        assert!((ln_choose(40, 20).exp() / 137_846_528_820.0 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn a_window_like_the_rest_is_no_window() {
        assert_eq!(ln_likelihood_ratio((1, 10), (10, 100)), 0.0);
        assert!(ln_likelihood_ratio((12, 12), (12, 36)) > 20.0);
    }
}
