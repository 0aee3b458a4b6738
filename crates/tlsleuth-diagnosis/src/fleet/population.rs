//! Connections to one server that are looked at together.

use tlsleuth_capture::{Address, Place};

use super::attempt::Brief;
use super::caps::{Caps, MAX_CLIENTS, count};
use super::group::Group;
use super::sorted::Sorted;
use super::tally::{Ended, Tally};
use super::timeline::Timeline;
use crate::{Party, wording};

/// One client at one server. There may be hundreds of thousands: it is kept small.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClientTally {
    /// How many completed.
    pub completed: u32,
    /// How many failed, health checks set apart.
    pub failed: u32,
    /// The leafs that it got: bits in the order of [`GroupFacts::leafs`](super::GroupFacts::leafs).
    pub leafs: u32,
    /// The proof of the first failure, or where none failed the first that completed.
    at: Place,
}

impl ClientTally {
    /// Its connections.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            completed: self.completed.into(),
            failed: self.failed.into(),
            first_completed: (self.failed == 0 && self.completed > 0).then_some(self.at),
            first_failed: (self.failed > 0).then_some(self.at),
        }
    }

    fn add(&mut self, attempt: &Brief) {
        match Ended::of(attempt) {
            Ended::Completed => {
                if self.completed == 0 && self.failed == 0 {
                    self.at = attempt.first;
                }
                self.completed = self.completed.saturating_add(1);
            }
            Ended::Failed => {
                if self.failed == 0 {
                    self.at = attempt.proof;
                }
                self.failed = self.failed.saturating_add(1);
            }
            Ended::Otherwise => {}
        }
    }

    /// Takes in those of another one that completed.
    fn join_completed(&mut self, other: &Self) {
        if let Some(first) = other.tally().first_completed {
            self.at = if self.completed == 0 { first } else { self.at.earlier(first) };
        }
        self.completed = self.completed.saturating_add(other.completed);
    }
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
    pub(super) fn add(&mut self, attempt: &Brief, caps: &mut Caps) -> Option<&mut ClientTally> {
        self.tally.add(attempt);
        if attempt.is_completed() {
            self.timeline.completed(attempt.first);
        } else if attempt.is_failed() && !attempt.is_health_check() {
            let verdict = attempt.verdict.unwrap_or("failed without a verdict");
            self.timeline.failed(attempt.first, attempt.proof, verdict, attempt.client);
            if let Some(held) = self.verdicts.at(verdict, true, || (0, attempt.proof)) {
                count(&mut held.0);
            }
            self.parties.count(attempt.party.unwrap_or(Party::Unknown));
        }
        let room = self.clients.len() < MAX_CLIENTS && caps.clients > 0;
        let free = &mut caps.clients;
        let Some(held) = self.clients.at(attempt.client, room, || {
            *free = free.saturating_sub(1);
            ClientTally::default()
        }) else {
            count(&mut self.clients_left_out);
            count(&mut caps.left_out.clients);
            return None;
        };
        held.add(attempt);
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
                if client.completed == 0 {
                    continue;
                }
                let room = sum.clients.len() < MAX_CLIENTS && caps.clients > 0;
                let free = &mut caps.clients;
                let held = sum.clients.at(*address, room, || {
                    *free = free.saturating_sub(1);
                    ClientTally::default()
                });
                match held {
                    Some(held) => held.join_completed(client),
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
        let failing = || self.clients.values().filter(|client| client.failed > 0);
        let sometimes = failing().filter(|client| client.completed > 0).count();
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
