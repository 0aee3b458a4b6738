//! Whether a share moved by more than chance.

use crate::fleet::chance::{Table, real};

/// The logarithm of the probability that the shares of (count, of) differ as much by chance:
/// Fisher's exact test, the tail on the side where they differ, doubled.
pub(super) fn ln_p(before: (u64, u64), after: (u64, u64)) -> f64 {
    // The tail begins beyond the mode where the larger share is in the first row, so it is short.
    let (more, less) =
        if share(before) >= share(after) { (before, after) } else { (after, before) };
    let table = Table {
        failed_with: more.0,
        completed_with: more.1.saturating_sub(more.0),
        failed_without: less.0,
        completed_without: less.1.saturating_sub(less.0),
    };
    (table.ln_p() + std::f64::consts::LN_2).min(0.0)
}

/// The share; zero of nothing.
pub(super) fn share((count, of): (u64, u64)) -> f64 {
    if of == 0 { 0.0 } else { real(count) / real(of) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_matter_which_is_the_first() {
        assert!((ln_p((8, 10), (1, 10)) - ln_p((1, 10), (8, 10))).abs() < 1e-9);
        // All ten against none of ten: 2 of C(20, 10) = 184,756.
        assert!((ln_p((10, 10), (0, 10)).exp() - 2.0 / 184_756.0).abs() < 1e-9);
        assert!((ln_p((5, 10), (5, 10))).abs() < 1e-9);
    }
}
