//! Connections to one server that are looked at together.

use tlsleuth_capture::{Address, Place};

use super::attempt::Attempt;
use super::caps::{Caps, MAX_CLIENTS, count};
use super::group::Group;
use super::sorted::Sorted;
use super::tally::Tally;
use super::timeline::Timeline;
use crate::{Party, wording};

/// One client at one server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClientTally {
    /// Its connections.
    pub tally: Tally,
    /// The leafs that it got: bits in the order of [`GroupFacts::leafs`](super::GroupFacts::leafs).
    pub leafs: u32,
}

/// Connections that failed or completed for reasons of one sort: with a ClientHello, or without.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// All together.
    pub tally: Tally,
    /// One after the other.
    pub timeline: Timeline,
    /// Each client.
    pub clients: Sorted<Address, ClientTally>,
    /// Connections of clients that did not fit.
    pub clients_left_out: u64,
    /// Failures that a ladder or a race explains.
    pub excused: u64,
    /// Failures by verdict, and the proof of the first of each.
    pub verdicts: Sorted<&'static str, (u64, Place)>,
    /// Failures by who has to act.
    pub parties: Sorted<Party, u64>,
}

impl Population {
    pub(super) fn add(&mut self, attempt: &Attempt, caps: &mut Caps) -> Option<&mut ClientTally> {
        self.tally.add(attempt);
        if attempt.is_completed() {
            self.timeline.completed(attempt.first);
        } else if attempt.is_failed() && !attempt.is_health_check() {
            let verdict = attempt.verdict.unwrap_or("failed without a verdict");
            self.timeline.failed(attempt.first, attempt.proof, verdict, attempt.client.address);
            if let Some(held) = self.verdicts.at(verdict, true, || (0, attempt.proof)) {
                count(&mut held.0);
            }
            self.parties.count(attempt.party.unwrap_or(Party::Unknown));
        }
        let room = self.clients.len() < MAX_CLIENTS && caps.clients > 0;
        let free = &mut caps.clients;
        let Some(held) = self.clients.at(attempt.client.address, room, || {
            *free = free.saturating_sub(1);
            ClientTally::default()
        }) else {
            count(&mut self.clients_left_out);
            count(&mut caps.left_out.clients);
            return None;
        };
        held.tally.add(attempt);
        Some(held)
    }

    /// Those that completed in several populations, as one: what came before a first failure.
    pub(super) fn of_completed<'g>(all: impl Iterator<Item = &'g Group>, caps: &mut Caps) -> Self {
        let mut sum = Self::default();
        let mut span: Option<(Place, Place)> = None;
        for group in all.filter(|group| group.completed > 0) {
            let facts = group.facts();
            let population = &facts.asked;
            let tally = population.tally.of_completed();
            sum.tally = sum.tally.and(tally);
            sum.clients_left_out = sum.clients_left_out.saturating_add(population.clients_left_out);
            for step in population.timeline.steps().iter().filter(|step| step.completed > 0) {
                let (first, last) = span.unwrap_or((step.first, step.last));
                span = Some((first.earlier(step.first), last.later(step.last)));
            }
            for (address, client) in population.clients.iter() {
                if client.tally.completed == 0 {
                    continue;
                }
                let room = sum.clients.len() < MAX_CLIENTS && caps.clients > 0;
                let free = &mut caps.clients;
                let held = sum.clients.at(*address, room, || {
                    *free = free.saturating_sub(1);
                    ClientTally::default()
                });
                match held {
                    Some(held) => held.tally = held.tally.and(client.tally.of_completed()),
                    None => count(&mut sum.clients_left_out),
                }
            }
        }
        if let Some((first, last)) = span {
            sum.timeline.all_completed(first, last, sum.tally.completed);
        }
        sum
    }

    /// Who has to act by most of the verdicts: more than half of the failures say so.
    #[must_use]
    pub fn party(&self) -> Party {
        let (party, count) =
            self.parties.iter().max_by_key(|(_, count)| **count).unwrap_or((&Party::Unknown, &0));
        if count.saturating_mul(2) > self.tally.failed { *party } else { Party::Unknown }
    }

    /// How many clients only fail, and how many fail at times and complete at others.
    #[must_use]
    pub fn failing_clients(&self) -> (usize, usize) {
        let failing = || self.clients.values().filter(|client| client.tally.failed > 0);
        let sometimes = failing().filter(|client| client.tally.completed > 0).count();
        (failing().count().saturating_sub(sometimes), sometimes)
    }

    /// The verdicts in words, the commonest first.
    #[must_use]
    pub fn verdicts_in_words(&self) -> String {
        verdicts_in_words(self.verdicts.iter().map(|(code, (count, _))| (*code, *count)))
    }
}

/// Verdicts with their counts in words, the commonest first.
#[must_use]
pub fn verdicts_in_words(verdicts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let mut counted: Vec<_> = verdicts.collect();
    counted.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    wording::list(counted.into_iter().map(|(code, count)| format!("{code} {count} times")))
}
