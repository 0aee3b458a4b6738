//! Which of several nodes behind one address answered, as far as its SYN-ACK tells.
//!
//! A balancer that passes packets on leaves what the node's own TCP wrote: how far the packet came
//! (TTL), what the stack announces (MSS, window scale, whether it numbers packets), and the node's
//! clock of timestamps (RFC 7323 §5.4). Systems start that clock at a number of their own for each
//! client, so nodes are told apart for each client by itself. A balancer that ends TCP answers with
//! its own clock: then there is one node, and nothing to tell.

use std::collections::BTreeSet;

use tlsleuth_capture::transport::SynFacts;
use tlsleuth_capture::{Address, Place};

use super::attempt::Brief;
use super::caps::{Caps, MAX_NODES, count, push};
use super::tally::{Ended, Tally};

/// Clocks held of one client and stack. More say that each connection starts its own, as recent
/// kernels do, so that clocks tell nothing.
const MAX_CLOCKS: usize = 16;
/// Two readings of one clock differ by less, in milliseconds: SYN cookies put options into the
/// lowest bits, and clocks drift.
const SAME_CLOCK_MS: u32 = 1_000;

/// What a SYN-ACK tells of the stack that sent it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Stack {
    /// Time to live as seen.
    pub ttl: u8,
    /// Whether the packet's identification is zero; `None` in IPv6.
    pub zero_id: Option<bool>,
    /// The announced segment size.
    pub mss: Option<u16>,
    /// The window scale.
    pub window_scale: Option<u8>,
}

/// What a SYN-ACK tells of the node that sent it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodeFacts {
    /// Its stack.
    pub stack: Stack,
    /// Its clock of timestamps less the time of the capture, in milliseconds modulo 2^32: it stays
    /// the same where the clock ticks once a millisecond, as it does on all current systems.
    pub clock: Option<u32>,
}

impl NodeFacts {
    /// From a SYN-ACK.
    #[must_use]
    pub fn of(syn_ack: &SynFacts) -> Self {
        let now = (syn_ack.at.time.0 / 1_000_000).rem_euclid(1 << 32);
        let now = u32::try_from(now).unwrap_or(0);
        Self {
            stack: Stack {
                ttl: syn_ack.ttl,
                zero_id: syn_ack.ip_id.map(|id| id == 0),
                mss: syn_ack.mss,
                window_scale: syn_ack.window_scale,
            },
            clock: syn_ack.timestamp.map(|timestamp| timestamp.wrapping_sub(now)),
        }
    }
}

/// How one node answered one client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// How these connections ended.
    pub tally: Tally,
    /// The leafs that it sent: bits in the order of the group's leafs.
    pub leafs: u32,
    /// How often it answered again after another node had.
    pub returns: u32,
    last: Place,
}

impl Answers {
    fn add(&mut self, answer: &Answer, latest: Place) {
        if self.last.order() < latest.order() && self.last != Place::default() {
            self.returns = self.returns.saturating_add(1);
        }
        self.last = answer.first;
        self.tally.count(answer.ended, answer.first, answer.proof);
        self.leafs |= answer.leaf;
    }
}

/// One connection as far as it tells who answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Answer {
    client: Address,
    node: NodeFacts,
    leaf: u32,
    ended: Ended,
    first: Place,
    proof: Place,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Seen {
    client: Address,
    stack: Stack,
    all: Answers,
    clocks: Vec<(u32, Answers)>,
    /// Every connection has a clock of its own.
    no_clocks: bool,
}

/// Who answered whom at one server and name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Nodes {
    /// Clients that were answered once: most of those that have an address of their own.
    once: Vec<Answer>,
    seen: Vec<Seen>,
}

/// The nodes that answered one client in turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Apart {
    /// Who was answered.
    pub client: Address,
    /// How each node answered; two at least.
    pub nodes: Vec<Answers>,
    /// By what they are told apart, in words.
    pub by: String,
}

impl Nodes {
    pub(crate) fn add(&mut self, attempt: &Brief, leaf: u32, caps: &mut Caps) {
        let Some(node) = attempt.node else { return };
        let client = attempt.client;
        let answer = Answer {
            client,
            node,
            leaf,
            ended: Ended::of(attempt),
            first: attempt.first,
            proof: attempt.proof,
        };
        if let Some(nth) = self.once.iter().position(|held| held.client == client) {
            let before = self.once.remove(nth);
            caps.nodes = caps.nodes.saturating_add(1);
            self.again(&before, caps);
        } else if !self.seen.iter().any(|seen| seen.client == client) {
            if self.len() >= MAX_NODES || caps.nodes == 0 {
                count(&mut caps.left_out.nodes);
            } else {
                caps.nodes -= 1;
                push(&mut self.once, answer);
            }
            return;
        }
        self.again(&answer, caps);
    }

    fn len(&self) -> usize {
        self.once.len().saturating_add(self.seen.len())
    }

    /// Takes an answer to a client that was answered several times.
    fn again(&mut self, answer: &Answer, caps: &mut Caps) {
        let (client, facts) = (answer.client, answer.node);
        let mut latest = Place::default();
        let mut found = None;
        for (nth, seen) in self.seen.iter().enumerate().filter(|(_, seen)| seen.client == client) {
            latest = latest.later(seen.all.last);
            if seen.stack == facts.stack {
                found = Some(nth);
            }
        }
        if found.is_none() {
            if self.len() >= MAX_NODES || caps.nodes == 0 {
                count(&mut caps.left_out.nodes);
                return;
            }
            caps.nodes -= 1;
            let (all, clocks) = (Answers::default(), Vec::new());
            push(
                &mut self.seen,
                Seen { client, stack: facts.stack, all, clocks, no_clocks: false },
            );
        }
        let nth = found.unwrap_or(self.seen.len().saturating_sub(1));
        let Some(seen) = self.seen.get_mut(nth) else { return };
        seen.all.add(answer, latest);
        let Some(clock) = facts.clock.filter(|_| !seen.no_clocks) else { return };
        let same = |held: u32| {
            held.wrapping_sub(clock) < SAME_CLOCK_MS || clock.wrapping_sub(held) < SAME_CLOCK_MS
        };
        let room = seen.clocks.len() < MAX_CLOCKS && caps.nodes > 0;
        match seen.clocks.iter_mut().find(|(held, _)| same(*held)) {
            Some((held, answers)) => {
                *held = clock;
                answers.add(answer, latest);
            }
            None if room => {
                caps.nodes -= 1;
                let mut answers = Answers::default();
                answers.add(answer, latest);
                push(&mut seen.clocks, (clock, answers));
            }
            None => {
                caps.nodes = caps.nodes.saturating_add(seen.clocks.len());
                seen.clocks = Vec::new();
                seen.no_clocks = true;
            }
        }
    }

    /// The nodes of each client that got answers of several in turn: twice at least one of them
    /// answered again after another one, so that it is no move from one to the next.
    #[must_use]
    pub fn apart(&self) -> Vec<Apart> {
        let clients: BTreeSet<Address> = self.seen.iter().map(|seen| seen.client).collect();
        clients.into_iter().filter_map(|client| self.apart_for(client)).collect()
    }

    fn apart_for(&self, client: Address) -> Option<Apart> {
        let mut nodes = Vec::new();
        let mut stacks = Vec::new();
        let mut clocks = 0usize;
        for seen in self.seen.iter().filter(|seen| seen.client == client) {
            stacks.push(seen.stack);
            let returns = seen.clocks.iter().any(|(_, answers)| answers.returns > 0);
            if seen.clocks.len() > 1 && returns {
                clocks += seen.clocks.len();
                nodes.extend(seen.clocks.iter().map(|(_, answers)| *answers));
            } else {
                nodes.push(seen.all);
            }
        }
        let returns: u32 = nodes.iter().map(|node| node.returns).fold(0, u32::saturating_add);
        (nodes.len() >= 2 && returns >= 2).then(|| Apart { client, nodes, by: by(&stacks, clocks) })
    }
}

/// What differs, in words.
fn by(stacks: &[Stack], clocks: usize) -> String {
    let mut by = Vec::new();
    if clocks > 1 {
        by.push(format!("{clocks} separate clocks of TCP timestamps"));
    }
    let mut values = |what: &str, value: fn(&Stack) -> Option<String>| {
        let distinct: BTreeSet<Option<String>> = stacks.iter().map(value).collect();
        if distinct.len() > 1 {
            let each = distinct.into_iter().map(|value| value.unwrap_or_else(|| "none".to_owned()));
            by.push(format!("{what} {}", crate::wording::list(each)));
        }
    };
    values("TTL", |stack| Some(stack.ttl.to_string()));
    values("packets numbered:", |stack| {
        stack.zero_id.map(|zero| if zero { "no" } else { "yes" }.to_owned())
    });
    values("MSS", |stack| stack.mss.map(|mss| mss.to_string()));
    values("window scale", |stack| stack.window_scale.map(|scale| scale.to_string()));
    crate::wording::list(by)
}
