//! Attempts of one client that belong together, put together while the connections go by.

use std::collections::{BTreeMap, HashMap, VecDeque};

use foldhash::fast::RandomState;
use tlsleuth_capture::{Address, Endpoint, Place, Timestamp};
use tlsleuth_cert::WireText;
use tlsleuth_handshake::Outcome;

use super::Attempt;
use super::hello::{HelloId, Hellos};

/// A fallback comes so soon after the failure that caused it, in nanoseconds. Programs fall back at
/// once, but a silent server costs them their timeout first.
const FALLBACK_NS: i64 = 10_000_000_000;
/// Steps of one ladder that are kept.
const MAX_STEPS: usize = 8;
/// Nanoseconds of capture time between two looks for pending failures that are too old.
const CLEARED_EVERY_NS: i64 = 1_000_000_000;
/// Clients and servers between which failures wait for a fallback.
pub const MAX_PENDING: usize = 16_384;
/// Kinds of ladders and races that are told apart.
const MAX_KINDS: usize = 4_096;
/// Lost attempts that wait for the winner of their race.
const MAX_RECENT: usize = 256;
/// The second attempt of a race comes so much later, in nanoseconds: RFC 8305 §8 allows 10 ms to
/// 2 s and recommends 250 ms.
const RACE_NS: std::ops::RangeInclusive<i64> = 10_000_000..=2_000_000_000;

/// Failures that make a client try again with less. A certificate that was refused is none.
const FALLBACK_FROM: &[&str] = &[
    "version.intolerant",
    "version.no-overlap",
    "version.fallback",
    "alpn.no-overlap",
    "protocol.malformed",
    "peer.handshake-failure",
    "peer.internal-error",
    "tcp.reset-after-client-hello",
    "tcp.closed-after-client-hello",
    "tcp.reset-during-handshake",
    "tcp.closed-during-handshake",
    "tcp.server-silent",
    "tcp.client-hello-lost",
    "tcp.server-flight-lost",
];

/// How the loser of a race ends: nothing of TLS was seen of it.
const LOST: &[&str] = &["tcp.no-answer", "tcp.unreachable", "tcp.refused", "tcp.no-client-hello"];

#[derive(Clone, Debug)]
struct Failure {
    hello: HelloId,
    name: Option<WireText>,
    at: Place,
    proof: Place,
    end: Place,
}

/// One kind of ladder at one server: who fell back from what to what, and how often.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// How often it was climbed down.
    pub times: u64,
    /// Attempts that failed on the way.
    pub failures: u64,
    /// The first one: the proof of each failed step, and the attempt that completed.
    pub proofs: Vec<Place>,
    /// The ClientHello of the attempt that completed.
    pub completed: Place,
    /// The first client seen.
    pub client: Address,
    /// Whether other clients do it too.
    pub other_clients: bool,
    /// Time spent on failed attempts in the worst case, in nanoseconds.
    pub longest_ns: i64,
}

/// A ladder is told apart by server, name, and its steps in words.
pub type LadderKind = (Endpoint, Option<WireText>, Vec<String>);

/// A race between two families of addresses, told apart by its four ends: the client and the server
/// of the lost attempt, then those of the other one.
pub type RaceKind = (Address, Endpoint, Address, Endpoint);

/// How often a race was lost in the same way.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// How often.
    pub times: u64,
    /// The first lost attempt.
    pub lost: Place,
    /// What the first one was followed by.
    pub won: Place,
    /// The longest time until the other attempt began, in nanoseconds.
    pub longest_ns: i64,
}

/// Puts attempts together.
#[derive(Clone, Debug, Default)]
pub struct Ladders {
    /// Looked up for every connection that completed, never walked in order.
    pending: HashMap<(Address, Endpoint), Vec<Failure>, RandomState>,
    recent: VecDeque<(Address, Endpoint, Place)>,
    /// The ladders.
    pub ladders: BTreeMap<LadderKind, Ladder>,
    /// The races.
    pub races: BTreeMap<RaceKind, Race>,
    /// Attempts that did not fit.
    pub left_out: u64,
    /// When those that are too old were let go last.
    cleared: Option<Timestamp>,
}

impl Ladders {
    /// Takes the next attempt. Tells how many failures before it belong to a ladder that it ends.
    pub(crate) fn add(&mut self, attempt: &Attempt, hellos: &Hellos) -> u64 {
        let Some((hello, at)) = attempt.hello else {
            // A capture that ends soon after leaves it open whether an answer would have come.
            let open = attempt.outcome == Outcome::Incomplete && attempt.verdict.is_none();
            if open || attempt.verdict.is_some_and(|code| LOST.contains(&code)) {
                if self.recent.len() >= MAX_RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back((attempt.client, attempt.server, attempt.first));
            }
            return 0;
        };
        let key = (attempt.client, attempt.server);
        if attempt.is_failed() {
            if attempt.verdict.is_some_and(|code| FALLBACK_FROM.contains(&code)) {
                self.wait(key, hello, at, attempt);
            }
            return 0;
        }
        if !attempt.is_completed() {
            return 0;
        }
        self.race(attempt);
        let Some(failures) = self.pending.remove(&key) else { return 0 };
        self.climb(attempt, hello, at, failures, hellos)
    }

    fn wait(&mut self, key: (Address, Endpoint), hello: HelloId, at: Place, attempt: &Attempt) {
        if self.pending.len() >= MAX_PENDING && !self.pending.contains_key(&key) {
            let now = attempt.first.time;
            // In a flood all of them are fresh: looking at each again for every failure is too much.
            if self
                .cleared
                .is_none_or(|cleared| now.since(cleared).saturating_abs() >= CLEARED_EVERY_NS)
            {
                self.cleared = Some(now);
                self.pending.retain(|_, failures| {
                    failures.last().is_some_and(|last| now.since(last.end.time) <= FALLBACK_NS)
                });
            }
            if self.pending.len() >= MAX_PENDING {
                self.left_out = self.left_out.saturating_add(1);
                return;
            }
        }
        let failures = self.pending.entry(key).or_default();
        if failures.len() >= MAX_STEPS {
            failures.remove(0);
        }
        failures.push(Failure {
            hello,
            name: attempt.name.clone(),
            at,
            proof: attempt.proof,
            end: attempt.last,
        });
    }

    fn climb(
        &mut self,
        attempt: &Attempt,
        hello: HelloId,
        at: Place,
        failures: Vec<Failure>,
        hellos: &Hellos,
    ) -> u64 {
        let Some(last) = hellos.get(hello) else { return 0 };
        // Back from the attempt that completed, as long as one follows the other.
        let mut chain: Vec<&Failure> = Vec::new();
        let mut next = attempt.first;
        for failure in failures.iter().rev() {
            if failure.name != attempt.name || next.time.since(failure.end.time) > FALLBACK_NS {
                break;
            }
            next = failure.at;
            chain.push(failure);
        }
        chain.reverse();
        // What was given up: a newer version, or other application protocols.
        chain.retain(|failure| {
            hellos.get(failure.hello).is_some_and(|offer| {
                let newer =
                    offer.newest.and_then(|v| v.rank()) > last.newest.and_then(|v| v.rank());
                let same = offer.newest == last.newest;
                newer || (same && !offer.alpn.is_empty() && offer.alpn != last.alpn)
            })
        });
        let Some(first) = chain.first() else { return 0 };
        let mut steps: Vec<String> = Vec::new();
        for failure in &chain {
            let step = hellos.get(failure.hello).map(super::hello::Offer::step).unwrap_or_default();
            if steps.last() != Some(&step) {
                steps.push(step);
            }
        }
        steps.push(last.step());
        let count = u64::try_from(chain.len()).unwrap_or(u64::MAX);
        let longest_ns = attempt.first.time.since(first.at.time).max(0);
        let kind = (attempt.server, attempt.name.clone(), steps);
        if self.ladders.len() >= MAX_KINDS && !self.ladders.contains_key(&kind) {
            self.left_out = self.left_out.saturating_add(1);
            return count;
        }
        let ladder = self.ladders.entry(kind).or_insert_with(|| Ladder {
            times: 0,
            failures: 0,
            proofs: chain.iter().map(|failure| failure.proof).collect(),
            completed: at,
            client: attempt.client,
            other_clients: false,
            longest_ns,
        });
        ladder.times = ladder.times.saturating_add(1);
        ladder.failures = ladder.failures.saturating_add(count);
        ladder.other_clients |= ladder.client != attempt.client;
        ladder.longest_ns = ladder.longest_ns.max(longest_ns);
        count
    }

    fn race(&mut self, attempt: &Attempt) {
        let is_v4 = |address: Address| address.ip().is_ipv4();
        let now = attempt.first.time;
        while let Some((_, _, at)) = self.recent.front()
            && now.since(at.time) > *RACE_NS.end()
        {
            self.recent.pop_front();
        }
        let lost = self.recent.iter().position(|(client, server, at)| {
            is_v4(*client) != is_v4(attempt.client)
                && server.port == attempt.server.port
                && RACE_NS.contains(&now.since(at.time))
        });
        let Some((client, server, at)) = lost.and_then(|nth| self.recent.remove(nth)) else {
            return;
        };
        let kind = (client, server, attempt.client, attempt.server);
        if self.races.len() >= MAX_KINDS && !self.races.contains_key(&kind) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let race = self.races.entry(kind).or_insert(Race {
            times: 0,
            lost: at,
            won: attempt.first,
            longest_ns: 0,
        });
        race.times = race.times.saturating_add(1);
        race.longest_ns = race.longest_ns.max(now.since(at.time));
    }
}
