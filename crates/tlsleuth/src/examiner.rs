//! The second half of an analysis: connections in as they end, judged ones out in the order of
//! their start.
//!
//! Other connections of the incident help to judge one: they show a missing intermediate, or the
//! chain that TLS 1.3 hides. So a connection waits until [`TOLD_WAITING`] later ones ended, or the
//! frames are over, and is judged by all that was seen up to then. What waits is bounded, so memory
//! does not grow with the capture, and depends on the frames alone, so the same frames give the same
//! verdicts.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;
use tlsleuth_capture::Endpoint;
use tlsleuth_capture::decode::TunnelHop;
use tlsleuth_diagnosis::{Context, Summary, diagnose};
use tlsleuth_handshake::Connection;
use tlsleuth_handshake::ports::is_usual_tls_port;

use crate::analyzer::{Analyzed, Event, Options};
use crate::follower::{Ended, Opening, What};
use crate::knowledge::Knowledge;

/// Connections that wait for what later ones show.
const TOLD_WAITING: usize = 1_024;

/// Connections without TLS that wait until it is known whether their server speaks TLS.
const CANDIDATES_WAITING: usize = 1_024;

/// Connections that wait for one that began before them and goes on. When there are more, it is
/// told when it ends, after those.
const BLOCKED: usize = 4_096;

/// Connections that go through one step together before the next step begins: finishing, judging,
/// summing up. The code of all steps is more than fits into a processor's first cache.
const TOGETHER: usize = 16;

/// Bytes of all that wait, as the follower counts them; twice as many where one goes on. Long hellos
/// and chains must not make of a number of connections an amount of memory.
const WAITING_BYTES: usize = 16 << 20;

/// One flow in its turn; small, because a million may go on.
#[derive(Debug)]
enum Turn {
    /// It goes on.
    Going,
    /// There is nothing to tell of it.
    Nothing,
    /// It ended, and is to be told.
    Told(Held, Box<Connection>),
    /// It ended without TLS: told if its server speaks TLS.
    Candidate(Held, Box<Connection>),
    /// The same of one without a byte.
    Opening(Held, Box<Opening>),
}

// A flow that goes on takes as much room in the queue as one that waits.
const _: () = assert!(size_of::<Turn>() <= 16);

/// Bytes that a flow holds, as the follower counts them; 4 GiB at most.
#[derive(Clone, Copy, Debug)]
struct Held(u32);

impl Held {
    fn new(bytes: usize) -> Self {
        Self(u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Turn {
    /// Bytes that it holds.
    fn held_bytes(&self) -> usize {
        match self {
            Self::Going | Self::Nothing => 0,
            Self::Told(held, _) | Self::Candidate(held, _) | Self::Opening(held, _) => held.bytes(),
        }
    }
}

/// Takes connections as they end from a [`Follower`](crate::Follower), gives them judged.
#[derive(Debug)]
pub struct Examiner {
    options: Options,
    knowledge: Knowledge,
    summary: Summary,
    /// The flows by their serial numbers, from `base` on.
    turns: VecDeque<Turn>,
    base: u64,
    /// The tunnels around those that wait, by their serial numbers: few are in one.
    tunnels: HashMap<u64, Vec<TunnelHop>, RandomState>,
    told_waiting: usize,
    candidates_waiting: usize,
    waiting_bytes: usize,
    /// Flows that go on although later ones were told.
    late: HashSet<u64>,
    /// Flows taken.
    taken: usize,
    /// Those whose turn has come, with the numbers that they are told by.
    due: Vec<(u64, Box<Connection>, Vec<TunnelHop>)>,
    events: VecDeque<Event>,
    told: u64,
    without_tls: u64,
}

impl Examiner {
    /// An examiner that has seen nothing.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            knowledge: Knowledge::default(),
            summary: Summary::default(),
            turns: VecDeque::new(),
            base: 0,
            tunnels: HashMap::default(),
            told_waiting: 0,
            candidates_waiting: 0,
            waiting_bytes: 0,
            late: HashSet::new(),
            taken: 0,
            due: Vec::new(),
            events: VecDeque::new(),
            told: 0,
            without_tls: 0,
        }
    }

    /// Takes flows that ended, in the order in which they did.
    pub fn take(&mut self, ended: Vec<Ended>) {
        let mut ended = ended.into_iter();
        while !ended.as_slice().is_empty() {
            for ended in ended.as_slice().iter().take(TOGETHER) {
                ended.touch(&self.knowledge);
            }
            for ended in ended.by_ref().take(TOGETHER) {
                self.take_one(ended);
                self.taken = self.taken.wrapping_add(1);
                // By what was taken so far, not by what comes at once: the verdicts depend on the frames.
                if self.taken.is_multiple_of(TOGETHER) {
                    self.advance();
                    self.judge();
                }
            }
        }
    }

    fn take_one(&mut self, ended: Ended) {
        let Ended { serial, what, tunnel, held_bytes } = ended;
        let held = Held::new(held_bytes);
        let turn = match what {
            What::Nothing => {
                self.without_tls += 1;
                Turn::Nothing
            }
            What::Opening(opening) => Turn::Opening(held, Box::new(opening)),
            What::Connection(session, flow) => {
                let connection = session.tracker.finish(flow);
                self.sort_out(held, connection)
            }
        };
        if serial < self.base {
            self.late.remove(&serial);
            self.due(turn, tunnel);
            return;
        }
        let Ok(index) = usize::try_from(serial - self.base) else { return };
        if self.turns.len() <= index {
            self.turns.resize_with(index.saturating_add(1), || Turn::Going);
        }
        match &turn {
            Turn::Told(..) => self.told_waiting += 1,
            Turn::Candidate(..) | Turn::Opening(..) => self.candidates_waiting += 1,
            Turn::Going | Turn::Nothing => {}
        }
        if !tunnel.is_empty() && !matches!(turn, Turn::Nothing) {
            self.tunnels.insert(serial, tunnel);
        }
        self.waiting_bytes = self.waiting_bytes.saturating_add(turn.held_bytes());
        if let Some(place) = self.turns.get_mut(index) {
            *place = turn;
        }
    }

    /// Nothing comes any more: all that waits is judged, then the whole.
    pub fn finish(&mut self) {
        while !self.turns.is_empty() {
            self.first_is_due();
            if self.due.len() >= TOGETHER {
                self.judge();
            }
        }
        self.judge();
        let summary = std::mem::take(&mut self.summary);
        self.events.push_back(Event::Fleet(Box::new(summary.finish())));
    }

    /// The next thing to tell.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Flows in which no TLS was found and that are not told.
    #[must_use]
    pub fn without_tls(&self) -> u64 {
        self.without_tls
    }

    fn sort_out(&mut self, held: Held, connection: Box<Connection>) -> Turn {
        if connection.tls_seen() || connection.refusal.is_some() {
            self.knowledge.learn(&connection);
            return Turn::Told(held, connection);
        }
        let transport = &connection.transport;
        let opened = transport.syn.is_some() || transport.syn_ack.is_some();
        if !opened || connection.is_plain_conversation() {
            self.without_tls += 1;
            return Turn::Nothing;
        }
        Turn::Candidate(held, connection)
    }

    /// Tells what has waited long enough.
    fn advance(&mut self) {
        loop {
            match self.turns.front() {
                Some(Turn::Nothing) => {}
                Some(Turn::Told(..) | Turn::Candidate(..) | Turn::Opening(..))
                    if self.told_waiting > TOLD_WAITING
                        || self.candidates_waiting > CANDIDATES_WAITING
                        || self.waiting_bytes > WAITING_BYTES => {}
                Some(Turn::Going)
                    if self.told_waiting + self.candidates_waiting > BLOCKED
                        || self.waiting_bytes > 2 * WAITING_BYTES => {}
                _ => return,
            }
            self.first_is_due();
        }
    }

    fn first_is_due(&mut self) {
        let Some(turn) = self.turns.pop_front() else { return };
        match &turn {
            Turn::Going => {
                self.late.insert(self.base);
            }
            Turn::Told(..) => self.told_waiting = self.told_waiting.saturating_sub(1),
            Turn::Candidate(..) | Turn::Opening(..) => {
                self.candidates_waiting = self.candidates_waiting.saturating_sub(1);
            }
            Turn::Nothing => {}
        }
        self.waiting_bytes = self.waiting_bytes.saturating_sub(turn.held_bytes());
        // Nearly always there is none, and nothing to be hashed.
        let has_tunnels = !self.tunnels.is_empty();
        let tunnel = has_tunnels.then(|| self.tunnels.remove(&self.base)).flatten();
        self.base += 1;
        self.due(turn, tunnel.unwrap_or_default());
    }

    /// A flow's turn has come: it is judged if there is anything to tell of it.
    fn due(&mut self, turn: Turn, tunnel: Vec<TunnelHop>) {
        let connection = match turn {
            Turn::Going | Turn::Nothing => return,
            Turn::Told(_, connection) => connection,
            Turn::Candidate(_, connection) => {
                if !self.is_of_tls(connection.server) {
                    self.without_tls += 1;
                    return;
                }
                connection
            }
            Turn::Opening(_, opening) => {
                if !self.is_of_tls(opening.server()) {
                    self.without_tls += 1;
                    return;
                }
                opening.connection()
            }
        };
        self.told += 1;
        self.due.push((self.told, connection, tunnel));
    }

    /// Judges what is due.
    fn judge(&mut self) {
        for (_, connection, _) in &self.due {
            connection.touch();
            self.summary.touch(connection.server);
        }
        let knowledge = &self.knowledge;
        let context = Context { intermediates: &knowledge.intermediates, servers: knowledge };
        let first = self.events.len();
        for (id, connection, tunnel) in self.due.drain(..) {
            let diagnosis = diagnose(&connection, &self.options.policy, &context);
            let analyzed = Analyzed { id, connection, diagnosis, tunnel, log_lines: Vec::new() };
            self.events.push_back(Event::Connection(Box::new(analyzed)));
        }
        for event in self.events.range(first..) {
            if let Event::Connection(analyzed) = event {
                self.summary.push(&analyzed.connection, &analyzed.diagnosis);
            }
        }
    }

    /// Whether a server is taken to speak TLS, so that connections without it are told.
    fn is_of_tls(&self, server: Endpoint) -> bool {
        self.knowledge.speaks_tls(server)
            || is_usual_tls_port(server.port)
            || self.options.ports.contains(&server.port)
    }
}
