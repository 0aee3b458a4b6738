//! The size of the ClientHello as what separates failures: part of `fleet.split-by-client`.

use super::split_by_client::{Split, failing, table};
use crate::Party;
use crate::fleet::chance::{ALPHA, significant};
use crate::fleet::{Group, Summary, Tally};
use crate::wording;

/// How such a separation begins.
pub(super) const SAYS: &str = "have ";

/// The size from which on, or up to which, the hellos of a group fail.
pub(super) fn split(summary: &Summary, group: &Group) -> Option<Split> {
    let steps = group.sizes.steps();
    if !group.sizes.is_whole() || steps.len() < 2 {
        return None;
    }
    // Each border between two sizes is a look.
    let borders = u64::try_from(steps.len() - 1).unwrap_or(u64::MAX);
    let tries = borders.saturating_mul(summary.looks());
    let all = steps.iter().fold(Tally::default(), |sum, step| sum.and(step.tally));
    let mut best: Option<Split> = None;
    let mut below = Tally::default();
    for (nth, pair) in steps.windows(2).enumerate() {
        let [smaller, larger] = pair else { continue };
        below = below.and(smaller.tally);
        let above =
            steps.iter().skip(nth + 1).fold(Tally::default(), |sum, step| sum.and(step.tally));
        let (small, large) = (wording::count(smaller.most), wording::count(larger.least));
        for (with, without, says) in [
            (
                above,
                below,
                format!("{SAYS}{large} bytes or more (the others have {small} at most)"),
            ),
            (
                below,
                above,
                format!("{SAYS}{small} bytes or less (the others have {large} at least)"),
            ),
        ] {
            let table = table(with, without);
            let ln_p = table.ln_p();
            let better = best.as_ref().is_none_or(|held| table.misfits() < held.table.misfits());
            if better && table.separates() && significant(ln_p, tries, ALPHA) {
                best = Some(Split {
                    says,
                    table,
                    ln_p,
                    tries,
                    failed: with.first_failed.or(all.first_failed),
                    completed: without.first_completed.or(all.first_completed),
                    party: match group.asked.party() {
                        Party::Unknown => Party::Network,
                        party => party,
                    },
                    clients: failing(&group.asked),
                    also: Vec::new(),
                });
            }
        }
    }
    best
}
