//! Connections of a group that wait to be summed up, in little room.

use std::sync::Arc;

use tlsleuth_capture::{Address, Located, Place, Sequence, Timestamp};
use tlsleuth_cert::WireText;
use tlsleuth_handshake::Outcome;
use tlsleuth_handshake::codepoint::{CipherSuite, NamedGroup, ProtocolVersion};

use super::attempt::{Brief, ChainShape, Chosen, Resumption};
use super::caps::push;
use super::hello::HelloId;
use super::latency::PhaseSteps;
use super::leaf::{LeafFacts, SeenLeaf};
use super::node::NodeFacts;
use crate::Party;

/// So many lie in one piece of memory, the first of a server by itself: pieces of one size that never
/// move fill each other's places, where lists that grow would leave holes of every size.
const PIECE: usize = 5;

/// Those that wait, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    full: Vec<Vec<Packed>>,
    /// The piece that still has room: not among the others, since each connection is put there and
    /// every step on the way is a place in memory to be fetched.
    last: Vec<Packed>,
    count: usize,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, brief: &mut Brief) {
        if self.last.len() == self.last.capacity() {
            let room = if self.last.is_empty() { 1 } else { PIECE };
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(room));
            if !full.is_empty() {
                push(&mut self.full, full);
            }
        }
        self.last.push(Packed::of(brief));
        self.count += 1;
    }

    /// Each as it came, but for what [`Packed`] leaves out.
    pub(super) fn briefs(&self) -> impl Iterator<Item = Brief> + '_ {
        self.packed().map(Packed::brief)
    }

    fn packed(&self) -> impl Iterator<Item = &Packed> {
        self.full.iter().flatten().chain(&self.last)
    }

    /// Empties it; room for the next few is kept.
    pub(super) fn clear(&mut self) {
        self.full.clear();
        self.last.clear();
        self.count = 0;
    }

    /// The leafs that were sent.
    pub(super) fn seen_leafs(&self) -> impl Iterator<Item = SeenLeaf<'_>> {
        self.packed().filter_map(|packed| {
            Some(SeenLeaf {
                facts: packed.leaf.as_deref()?,
                first: packed.place(packed.leaf_at, |far| far.leaf_at),
                stapled_ahead: packed.rare.as_ref().and_then(|rare| rare.stapled_ahead),
            })
        })
    }
}

/// A [`Brief`] without what its group never asks for: what a server chose where the handshake did not
/// complete, and the verdict and the proof where it did.
#[derive(Clone, Debug)]
struct Packed {
    client: Address,
    first: Place,
    end: End,
    leaf: Option<Arc<LeafFacts>>,
    rare: Option<Box<Rare>>,
    node: Option<NodeFacts>,
    chain: Option<ChainShape>,
    hello: Option<HelloId>,
    hello_bytes: u32,
    hello_at: Near,
    leaf_at: Near,
    trusted: Option<bool>,
    resumption: Resumption,
}

#[derive(Clone, Debug)]
enum End {
    Completed {
        chosen: Option<(ProtocolVersion, CipherSuite, Option<NamedGroup>)>,
        chosen_at: Near,
        alpn: Option<Option<WireText>>,
        phases: PhaseSteps,
    },
    Otherwise {
        outcome: Outcome,
        verdict: Option<&'static str>,
        party: Option<Party>,
        proof: Near,
    },
}

/// A place by its distance from the first frame of the connection. Where that does not fit it is
/// among what is [`Rare`].
#[derive(Clone, Copy, Debug, Default)]
struct Near {
    frames: u32,
    sequence: u32,
    nanoseconds: u32,
}

impl Near {
    fn of(place: Place, first: Place) -> Option<Self> {
        (place.capture == first.capture).then_some(())?;
        Some(Self {
            frames: u32::try_from(place.frame.checked_sub(first.frame)?).ok()?,
            sequence: place.sequence.number().checked_sub(first.sequence.number())?,
            nanoseconds: u32::try_from(place.time.0.checked_sub(first.time.0)?).ok()?,
        })
    }

    fn place(self, first: Place) -> Place {
        Place {
            capture: first.capture,
            frame: first.frame.saturating_add(u64::from(self.frames)),
            time: Timestamp(first.time.0.saturating_add(i64::from(self.nanoseconds))),
            sequence: Sequence::new(first.sequence.number().saturating_add(self.sequence)),
        }
    }
}

/// What hardly any connection has.
#[derive(Clone, Debug, Default)]
struct Rare {
    stapled_ahead: Option<Located<i64>>,
    hello_at: Option<Place>,
    leaf_at: Option<Place>,
    chosen_at: Option<Place>,
    proof: Option<Place>,
}

impl Packed {
    /// Takes what the brief holds.
    fn of(brief: &mut Brief) -> Self {
        let first = brief.first;
        let mut rare = brief
            .stapled_ahead
            .take()
            .map(|ahead| Box::new(Rare { stapled_ahead: Some(*ahead), ..Rare::default() }));
        let mut near = |place: Place, far: fn(&mut Rare) -> &mut Option<Place>| {
            Near::of(place, first).unwrap_or_else(|| {
                *far(rare.get_or_insert_default()) = Some(place);
                Near::default()
            })
        };
        let (hello, hello_at) = match brief.hello {
            Some((hello, at)) => (Some(hello), near(at, |rare| &mut rare.hello_at)),
            None => (None, Near::default()),
        };
        let (leaf, leaf_at, trusted) = match brief.leaf.take() {
            Some((leaf, at, trusted)) => (Some(leaf), near(at, |rare| &mut rare.leaf_at), trusted),
            None => (None, Near::default(), None),
        };
        let end = if brief.outcome == Outcome::Completed {
            let (chosen, chosen_at) = match brief.chosen {
                Some(Chosen { version, suite, group, at }) => {
                    (Some((version, suite, group)), near(at, |rare| &mut rare.chosen_at))
                }
                None => (None, Near::default()),
            };
            End::Completed { chosen, chosen_at, alpn: brief.alpn.take(), phases: brief.phases }
        } else {
            End::Otherwise {
                outcome: brief.outcome,
                verdict: brief.verdict,
                party: brief.party,
                proof: near(brief.proof, |rare| &mut rare.proof),
            }
        };
        Self {
            client: brief.client,
            first,
            end,
            leaf,
            rare,
            node: brief.node,
            chain: brief.chain,
            hello,
            hello_bytes: brief.hello_bytes,
            hello_at,
            leaf_at,
            trusted,
            resumption: brief.resumption,
        }
    }

    fn place(&self, near: Near, far: impl FnOnce(&Rare) -> Option<Place>) -> Place {
        self.rare.as_deref().and_then(far).unwrap_or_else(|| near.place(self.first))
    }

    fn brief(&self) -> Brief {
        let mut brief = Brief {
            client: self.client,
            first: self.first,
            hello: self.hello.map(|hello| (hello, self.place(self.hello_at, |far| far.hello_at))),
            hello_bytes: self.hello_bytes,
            node: self.node,
            outcome: Outcome::Completed,
            verdict: None,
            party: None,
            proof: self.first,
            leaf: self.leaf.as_ref().map(|leaf| {
                let at = self.place(self.leaf_at, |far| far.leaf_at);
                (Arc::clone(leaf), at, self.trusted)
            }),
            stapled_ahead: self.rare.as_ref().and_then(|rare| rare.stapled_ahead).map(Box::new),
            chain: self.chain,
            chosen: None,
            alpn: None,
            resumption: self.resumption,
            phases: PhaseSteps::default(),
        };
        match &self.end {
            End::Completed { chosen, chosen_at, alpn, phases } => {
                let at = self.place(*chosen_at, |far| far.chosen_at);
                brief.chosen =
                    chosen.map(|(version, suite, group)| Chosen { version, suite, group, at });
                brief.alpn.clone_from(alpn);
                brief.phases = *phases;
            }
            End::Otherwise { outcome, verdict, party, proof } => {
                brief.outcome = *outcome;
                (brief.verdict, brief.party) = (*verdict, *party);
                brief.proof = self.place(*proof, |far| far.proof);
            }
        }
        brief
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Packed>(), 176);
    }

    /// What the group asks for comes out as it went in, also where a place is far off.
    #[test]
    fn nothing_that_is_asked_for_is_lost() {
        let mut script = Script::default();
        script.connection().leaf("a", "E1").completed();
        script.connection().leaf("a", "E1").failed("chain.expired");
        let mut waiting = Waiting::default();
        let mut sent = Vec::new();
        for attempt in script.attempts() {
            let near = attempt.brief.clone();
            let first = near.first;
            let places = [
                Place {
                    frame: first.frame + 7,
                    sequence: Sequence::new(first.sequence.number() + 9),
                    ..first
                },
                Place { time: Timestamp(first.time.0 + 5_000_000_000), ..first },
                Place { time: Timestamp(first.time.0 - 1), ..first },
                Place { capture: first.capture + 1, ..first },
                Place { frame: first.frame + (1 << 32), ..first },
            ];
            for at in places {
                let mut brief = near.clone();
                brief.hello = brief.hello.map(|(hello, _)| (hello, at));
                brief.leaf = brief.leaf.map(|(leaf, _, trusted)| (leaf, at, trusted));
                brief.chosen = brief.chosen.map(|chosen| Chosen { at, ..chosen });
                brief.stapled_ahead = Some(Box::new(Located::new(3, at)));
                brief.proof = at;
                if brief.is_completed() {
                    (brief.verdict, brief.party, brief.proof) = (None, None, first);
                } else {
                    (brief.chosen, brief.alpn, brief.phases) = (None, None, PhaseSteps::default());
                }
                waiting.push(&mut brief.clone());
                sent.push(brief);
            }
        }
        assert_eq!(waiting.len(), sent.len());
        let held: Vec<Brief> = waiting.briefs().collect();
        assert_eq!(format!("{held:?}"), format!("{sent:?}"));
        let leafs: Vec<Place> = waiting.seen_leafs().map(|leaf| leaf.first).collect();
        let told: Vec<Place> =
            sent.iter().filter_map(|brief| Some(brief.leaf.as_ref()?.1)).collect();
        assert_eq!(leafs, told);
        assert_eq!(leafs.len(), sent.len());
        waiting.clear();
        assert!(waiting.is_empty());
    }
}
