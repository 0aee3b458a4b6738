//! What only many connections together show. Each rule looks at a [`Summary`].
//!
//! A failure is told once: what a ladder, a certificate, a resumption, a kind of client or an outage
//! explains is not told again as `fleet.mostly-failing`.

use tlsleuth_capture::{Endpoint, Place};
use tlsleuth_cert::WireText;

use crate::fleet::{Group, Summary, Tally, chance};
use crate::wording;

mod by_size;
pub mod certificate_changed;
pub mod certificate_differs;
pub mod clock;
pub mod intercepted;
pub mod intermittent;
pub mod mostly_failing;
pub mod outage_window;
pub mod resumption_fails;
pub mod retry_ladder;
pub mod split_by_client;
pub mod split_by_node;
#[cfg(test)]
pub(crate) mod testing;

/// A server as a title calls it.
fn called(server: Endpoint, name: Option<&WireText>) -> String {
    match name {
        Some(name) => format!("{name} at {server}"),
        None => server.to_string(),
    }
}

/// The time of a frame to the millisecond.
fn clock(at: Place) -> String {
    let date = wording::date(at.time.seconds());
    let millis = at.time.0.rem_euclid(1_000_000_000) / 1_000_000;
    format!("{}.{millis:03} UTC", date.trim_end_matches(" UTC"))
}

/// `12 of 14`, the failures among those that ended.
fn failed_of(tally: Tally) -> String {
    format!("{} of {}", tally.failed, tally.ended())
}

/// Whether failures of a group are told by a rule about its certificates, sessions or clients.
fn explained(summary: &Summary, server: Endpoint, name: Option<&WireText>, group: &Group) -> bool {
    certificate_changed::changes(summary, group).iter().any(|change| change.effect.is_some())
        || certificate_differs::differs(group).is_some_and(|found| found.matters)
        || name.is_some_and(|name| intercepted::is_intercepted(summary, server, name))
        || resumption_fails::breaks(summary, group).is_some()
}

/// Whether anything could tell the failures of a server and name from the rest for certain enough. The
/// cleanest separation there is has the least probability, and no rule allows itself less than all looks;
/// so that where this says no, no connection need be looked at.
fn separable(summary: &Summary, tally: Tally) -> bool {
    let clean = chance::Table {
        failed_with: tally.failed,
        completed_without: tally.completed,
        ..chance::Table::default()
    };
    clean.separates() && chance::significant(clean.ln_p(), summary.looks(), chance::ALPHA)
}

/// Whether more than chance tells the failures of two tallies apart: the first fails in at least
/// half of its connections, and more than the second one.
fn fails_more(more: Tally, less: Tally) -> bool {
    let table = chance::Table {
        failed_with: more.failed,
        completed_with: more.completed,
        failed_without: less.failed,
        completed_without: less.completed,
    };
    more.failed >= 2
        && more.failed >= more.completed
        && less.completed > less.failed
        && chance::significant(table.ln_p(), 1, chance::ALPHA_ASIDE)
}
