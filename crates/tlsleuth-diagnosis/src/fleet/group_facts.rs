//! What is summed up of a server under one name.

use std::sync::Arc;

use tlsleuth_capture::{Address, Place};
use tlsleuth_cert::WireText;
use tlsleuth_handshake::codepoint::{CipherSuite, NamedGroup, ProtocolVersion};

use super::attempt::{Brief, ChainShape, Chosen, Resumption};
use super::caps::{Caps, MAX_KINDS, MAX_LEAFS, count, push};
use super::counts::Counts;
use super::hello::HelloId;
use super::latency::Latency;
use super::leaf::Leaf;
use super::node::Nodes;
use super::population::Population;
use super::size::Sizes;
use super::sorted::Sorted;
use super::tally::Tally;

/// What is summed up of the connections to a server under one name.
#[derive(Clone, Debug, Default)]
pub struct GroupFacts {
    /// Verdicts.
    pub verdicts: Sorted<&'static str, u64>,
    /// Those with a ClientHello.
    pub asked: Population,
    /// The leafs in the order in which they were first seen.
    pub leafs: Vec<Leaf>,
    /// For each sort of key: the last leaf seen, and how often it was another one than before.
    pub runs: Sorted<&'static str, (usize, u64)>,
    /// Leafs that did not fit.
    pub leafs_left_out: u64,
    /// The kinds of hellos, in the order in which they were first seen.
    pub hellos: Vec<(HelloId, Tally)>,
    /// Hellos that did not fit.
    pub hellos_left_out: u64,
    /// The sizes of the hellos.
    pub sizes: Sizes,
    /// Who answered whom.
    pub nodes: Nodes,
    /// The chains as sent.
    pub chains: Counts<ChainShape>,
    /// Versions that the server chose in handshakes that completed.
    pub versions: Counts<ProtocolVersion>,
    /// Suites likewise.
    pub suites: Counts<CipherSuite>,
    /// Groups likewise.
    pub groups: Counts<NamedGroup>,
    /// Application protocols likewise; `None` where it is seen to have chosen none.
    pub protocols: Counts<Option<WireText>>,
    /// Connections that offered an earlier session.
    pub offering: Tally,
    /// Those that did not.
    pub not_offering: Tally,
    /// The first frames of hellos whose session was not taken up.
    pub first_refused: Vec<Place>,
    /// Where the time went in handshakes that completed.
    pub latency: Latency,
}

impl GroupFacts {
    pub(super) fn add(&mut self, attempt: &Brief, caps: &mut Caps) {
        if attempt.is_completed() {
            self.latency.add(&attempt.phases);
        }
        if let Some(verdict) = attempt.verdict {
            self.verdicts.count(verdict);
        }
        let Some((hello, at)) = attempt.hello else { return };
        let leaf = self.leaf(attempt, caps);
        if let Some(client) = self.asked.add(attempt, caps) {
            client.leafs |= leaf;
        }
        self.nodes.add(attempt, leaf, caps);
        self.sizes.add(attempt.hello_bytes, attempt, caps);
        self.hello(hello, attempt, caps);
        if let Some(chain) = attempt.chain {
            let sent = attempt.leaf.as_ref().map_or(attempt.first, |(_, at, _)| *at);
            self.chains.add(chain, sent);
        }
        if attempt.is_completed()
            && let Some(Chosen { version, suite, group, at }) = attempt.chosen
        {
            self.versions.add(version, at);
            self.suites.add(suite, at);
            if let Some(group) = group {
                self.groups.add(group, at);
            }
            if let Some(protocol) = &attempt.alpn {
                self.protocols.add(protocol.clone(), at);
            }
        }
        self.resumption(at, attempt);
    }

    fn hello(&mut self, hello: HelloId, attempt: &Brief, caps: &mut Caps) {
        let full = self.hellos.len() >= MAX_KINDS;
        let held = self.hellos.iter_mut().find(|(id, _)| *id == hello);
        if hello == HelloId::OTHER || (held.is_none() && full) {
            count(&mut self.hellos_left_out);
            count(&mut caps.left_out.hellos);
        } else if let Some((_, tally)) = held {
            tally.add(attempt);
        } else {
            let mut tally = Tally::default();
            tally.add(attempt);
            push(&mut self.hellos, (hello, tally));
        }
    }

    fn resumption(&mut self, at: Place, attempt: &Brief) {
        match attempt.resumption {
            Resumption::NotOffered => self.not_offering.add(attempt),
            Resumption::Offered | Resumption::Resumed => self.offering.add(attempt),
            Resumption::Refused => {
                self.offering.add(attempt);
                if self.first_refused.len() < 3 {
                    self.first_refused.push(at);
                }
            }
        }
    }

    /// Notes the leaf; its bit.
    fn leaf(&mut self, attempt: &Brief, caps: &mut Caps) -> u32 {
        let Some((facts, at, trusted)) = &attempt.leaf else { return 0 };
        let nth = match self.leafs.iter().position(|leaf| leaf.facts.sha256 == facts.sha256) {
            Some(nth) => nth,
            None if self.leafs.len() < MAX_LEAFS => {
                push(
                    &mut self.leafs,
                    Leaf {
                        facts: Arc::clone(facts),
                        trusted: *trusted,
                        first: *at,
                        last: *at,
                        stapled_ahead: None,
                        count: 0,
                        tally: Tally::default(),
                    },
                );
                self.leafs.len() - 1
            }
            None => {
                count(&mut self.leafs_left_out);
                count(&mut caps.left_out.leafs);
                return 0;
            }
        };
        if let Some(leaf) = self.leafs.get_mut(nth) {
            leaf.last = leaf.last.later(*at);
            leaf.stapled_ahead = leaf.stapled_ahead.or(attempt.stapled_ahead.as_deref().copied());
            leaf.count = leaf.count.saturating_add(1);
            leaf.tally.add(attempt);
        }
        if let Some(run) = self.runs.at(facts.key, true, || (nth, 1))
            && run.0 != nth
        {
            *run = (nth, run.1.saturating_add(1));
        }
        u32::try_from(nth).ok().and_then(|nth| 1u32.checked_shl(nth)).unwrap_or(0)
    }

    /// The clients that got a leaf.
    pub fn clients_of(&self, nth: usize) -> impl Iterator<Item = Address> + '_ {
        let bit = u32::try_from(nth).ok().and_then(|nth| 1u32.checked_shl(nth)).unwrap_or(0);
        self.asked
            .clients
            .iter()
            .filter(move |(_, client)| client.leafs & bit != 0)
            .map(|(address, _)| *address)
    }
}
