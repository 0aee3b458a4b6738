//! The first half of an analysis: frames in, connections out as they end, not judged yet.

use tlsleuth_capture::decode::TunnelHop;
use tlsleuth_capture::packed::{Pack, Packer, Unpacker};
use tlsleuth_capture::transport::OverlapConflict;
use tlsleuth_capture::{
    DecodeStats, Decoded, Decoder, Direction, EndedFlow, Endpoint, FlowId, FlowStats, FlowTable,
    FlowView, Frame, Gap, Interest, LoneSyn, Place, Sequence, StreamSink, TransportFacts, TunnelId,
};
use tlsleuth_handshake::datagram::DatagramProtocol;
use tlsleuth_handshake::{Connection, Shared, Tracker};

use crate::analyzer::{Counts, Options};
use crate::knowledge::Knowledge;
use crate::unread::UnreadCounter;

/// What became of one flow, for the [`Examiner`](crate::Examiner).
#[derive(Debug)]
pub struct Ended {
    /// How many flows began before it: each number comes once.
    pub(crate) serial: u64,
    pub(crate) what: What,
    /// The tunnels around it, the outermost first.
    pub(crate) tunnel: Vec<TunnelHop>,
    /// What it holds, in bytes, as far as that is counted.
    pub(crate) held_bytes: usize,
}

impl Ended {
    /// Loads what is about to be worked on.
    pub(crate) fn touch(&self, knowledge: &Knowledge) {
        if let What::Connection(session, flow) = &self.what {
            session.tracker.touch(flow);
            knowledge.touch(flow.forward_destination);
        }
    }
}

/// What there is of a flow that ended.
#[derive(Debug)]
pub(crate) enum What {
    /// Nothing to tell of.
    Nothing,
    /// An opening without a byte.
    Opening(Opening),
    /// A connection; whoever takes it [finishes](Tracker::finish) it, which is a good part of following
    /// and can be done on another thread.
    Connection(Box<Session>, EndedFlow),
}

/// A flow that opened, or tried to, and has no payload. The connection is made of it when it is told,
/// which takes ten times the memory: floods and scans have millions that wait.
#[derive(Debug)]
pub(crate) enum Opening {
    Syn(LoneSyn),
    Flow(EndedFlow),
}

impl Opening {
    pub(crate) fn server(&self) -> Endpoint {
        match self {
            Self::Syn(syn) => syn.destination(),
            Self::Flow(flow) => flow.forward_destination,
        }
    }

    fn tunnel(&self) -> TunnelId {
        match self {
            Self::Syn(syn) => syn.tunnel(),
            Self::Flow(flow) => flow.tunnel,
        }
    }

    pub(crate) fn connection(self) -> Box<Connection> {
        Connection::without_data(match self {
            Self::Syn(syn) => syn.into(),
            Self::Flow(flow) => flow,
        })
    }
}

/// Takes frames, gives connections as they end. No input, no output, no clock.
///
/// The [`Analyzer`](crate::Analyzer) is this and an [`Examiner`](crate::Examiner) in one. Apart, they
/// may work on two threads: the verdicts depend on the order of what ended and on nothing else.
///
/// ```
/// # use tlsleuth::{Event, Examiner, Follower, Frame, Options};
/// # fn frames() -> Vec<Frame<'static>> { Vec::new() }
/// let options = Options::default();
/// let (mut follower, mut examiner) = (Follower::new(&options), Examiner::new(options));
/// let (sender, receiver) = std::sync::mpsc::sync_channel(16);
/// std::thread::scope(|scope| {
///     scope.spawn(move || {
///         for batch in receiver {
///             examiner.take(batch);
///         }
///         examiner.finish();
///         while let Some(event) = examiner.poll() { /* … */ }
///     });
///     for frame in frames() {
///         follower.push_frame(&frame);
///         if follower.ended() >= 64 {
///             let _ = sender.send(follower.take_ended());
///         }
///     }
///     while follower.finish_some() {
///         let _ = sender.send(follower.take_ended());
///     }
///     let _ = sender.send(follower.take_ended());
///     drop(sender);
/// });
/// ```
#[derive(Debug)]
pub struct Follower {
    decoder: Decoder,
    table: FlowTable,
    sessions: Sessions,
    decoded: Vec<DecodeStats>,
    unread: UnreadCounter,
    taken: u32,
}

impl Follower {
    /// A follower that has seen nothing.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let shared = Shared { secrets: options.secrets.clone(), ..Shared::default() };
        Self {
            decoder: Decoder::new(options.limits.clone()),
            table: FlowTable::new(options.limits.clone()),
            sessions: Sessions { shared, ..Sessions::default() },
            decoded: Vec::new(),
            unread: UnreadCounter::default(),
            taken: 0,
        }
    }

    /// Takes one frame. Never fails: what cannot be decoded is counted.
    pub fn push_frame(&mut self, frame: &Frame<'_>) {
        self.taken = self.taken.saturating_add(1);
        let place = Place { sequence: Sequence::new(self.taken), ..frame.place };
        let frame = &Frame { place, ..*frame };
        let capture = usize::try_from(place.capture).unwrap_or(usize::MAX);
        let Self { decoder, table, sessions, decoded, .. } = self;
        if let Some(stats) = decoded.get_mut(capture)
            && decoder.plain_segment(frame, |segment| table.push(&segment, sessions)).is_some()
        {
            stats.segments = stats.segments.saturating_add(1);
        } else {
            self.push_other(frame, capture);
        }
    }

    /// Takes a frame that is no plain segment, or the first one of a capture.
    #[inline(never)]
    fn push_other(&mut self, frame: &Frame<'_>, capture: usize) {
        let decoded = self.decoder.decode(frame);
        if self.decoded.len() <= capture && capture < MAX_COUNTED_CAPTURES {
            self.decoded.resize(capture + 1, DecodeStats::default());
        }
        if let Some(stats) = self.decoded.get_mut(capture) {
            stats.count(&decoded);
        }
        match &decoded {
            Decoded::Segment(segment) => self.table.push(segment, &mut self.sessions),
            Decoded::Icmp(error) => self.table.push_icmp(error, &mut self.sessions),
            Decoded::Datagram(datagram) => self.unread.push(datagram),
            _ => {}
        }
    }

    /// The frames are over: some flows end, so that whoever takes them after each call never holds all
    /// of them; `false` when none is left.
    pub fn finish_some(&mut self) -> bool {
        self.table.finish_some(&mut self.sessions)
    }

    /// How many flows ended and were not taken yet.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.sessions.ended.len()
    }

    /// The flows that ended, in the order in which they did.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        let room = Vec::with_capacity(self.sessions.ended.len());
        let mut ended = std::mem::replace(&mut self.sessions.ended, room);
        for Ended { what, tunnel, .. } in &mut ended {
            let around = match what {
                What::Nothing => TunnelId::NONE,
                What::Opening(opening) => opening.tunnel(),
                What::Connection(_, flow) => flow.tunnel,
            };
            *tunnel = self.decoder.tunnel_path(around).to_vec();
        }
        ended
    }

    /// What became of the frames of one capture.
    #[must_use]
    pub fn decode_stats(&self, capture: u32) -> DecodeStats {
        usize::try_from(capture)
            .ok()
            .and_then(|capture| self.decoded.get(capture))
            .copied()
            .unwrap_or_default()
    }

    /// The counts of the analysis; `without_tls` are those of its
    /// [`Examiner`](crate::Examiner::without_tls).
    #[must_use]
    pub fn counts(&self, without_tls: u64) -> Counts {
        Counts {
            without_tls,
            flows: self.table.stats(),
            dtls: self.unread.unread(DatagramProtocol::Dtls),
            quic: self.unread.unread(DatagramProtocol::Quic),
        }
    }

    /// What happened in the flow table.
    #[must_use]
    pub fn flow_stats(&self) -> FlowStats {
        self.table.stats()
    }

    /// The tunnels that a number stands for, the outermost first.
    #[must_use]
    pub fn tunnel_path(&self, tunnel: TunnelId) -> &[TunnelHop] {
        self.decoder.tunnel_path(tunnel)
    }

    /// Bytes held for streams that are not settled, and for fragments.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.table.buffered_bytes() + self.sessions.held_bytes + self.decoder.buffered_bytes()
    }
}

/// Captures whose frames are counted apart.
const MAX_COUNTED_CAPTURES: usize = 1_000_000;

/// The trackers of the flows that are followed, and what ended.
#[derive(Debug, Default)]
struct Sessions {
    shared: Shared,
    trackers: Vec<Option<Box<Session>>>,
    /// Without their tunnels, until they are taken.
    ended: Vec<Ended>,
    /// Bytes that the trackers hold, their facts included as far as they are counted.
    held_bytes: usize,
}

/// One flow's tracker.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) tracker: Tracker,
    /// Its share of [`Sessions::held_bytes`].
    held_bytes: usize,
    /// What of that waits in the tracker for more.
    buffered: usize,
}

/// What a tracker holds before it has heard anything.
const TRACKER_BYTES: usize = size_of::<Tracker>() + size_of::<Connection>();

/// What the facts of a message take is not counted but taken to be so many times its bytes: lists of
/// numbers become lists of larger ones, and texts are kept apart. An estimate, which only decides when
/// the table is taken to be full.
const FACTS_FACTOR: usize = 3;

/// From so many bytes on a stream is application data, of which no facts are kept.
const FACTS_BYTES: usize = 16 << 10;

impl Sessions {
    /// Lets the tracker of a flow hear something, and takes what it holds then into the account.
    fn hear(
        &mut self,
        flow: &impl FlowView,
        bytes: usize,
        tell: impl FnOnce(&mut Tracker, &Shared) -> Interest,
    ) -> Interest {
        let index = flow.id().index();
        if self.trackers.len() <= index {
            self.trackers.resize_with(index.saturating_add(1), || None);
        }
        let Some(entry) = self.trackers.get_mut(index) else { return Interest::Settled };
        let session = entry.get_or_insert_with(|| {
            self.held_bytes = self.held_bytes.saturating_add(TRACKER_BYTES);
            let tracker = Tracker::new(flow);
            Box::new(Session { tracker, held_bytes: TRACKER_BYTES, buffered: 0 })
        });
        let interest = tell(&mut session.tracker, &self.shared);
        let now = session.tracker.buffered_bytes();
        let before = std::mem::replace(&mut session.buffered, now);
        let facts = if session.held_bytes < FACTS_BYTES { bytes * FACTS_FACTOR } else { 0 };
        let change = |held: usize| (held + facts + now).saturating_sub(before);
        session.held_bytes = change(session.held_bytes);
        self.held_bytes = change(self.held_bytes);
        interest
    }
}

impl StreamSink for Sessions {
    fn data(
        &mut self,
        flow: &impl FlowView,
        direction: Direction,
        at: Place,
        bytes: &[u8],
    ) -> Interest {
        let other = direction.opposite();
        let is_heard = flow.is_heard(other);
        self.hear(flow, bytes.len(), |tracker, shared| {
            tracker.note_heard(other, is_heard);
            tracker.data(shared, direction, at, bytes)
        })
    }

    fn gap(&mut self, flow: &impl FlowView, direction: Direction, gap: Gap) -> Interest {
        self.hear(flow, 0, |tracker, _| tracker.gap(direction, gap))
    }

    // The conflict is in the flow's own facts, which the connection gets at its end.
    fn conflict(&mut self, _: &impl FlowView, _: Direction, _: OverlapConflict) {}

    fn ended(&mut self, flow: EndedFlow) {
        let (serial, tunnel) = (flow.serial, Vec::new());
        self.ended.push(match self.trackers.get_mut(flow.id.index()).and_then(Option::take) {
            Some(session) => {
                let held_bytes = session.held_bytes;
                self.held_bytes = self.held_bytes.saturating_sub(held_bytes);
                Ended { serial, what: What::Connection(session, flow), tunnel, held_bytes }
            }
            // Without a byte and without an opening there is nothing to tell.
            None if flow.facts.syn.is_none() && flow.facts.syn_ack.is_none() => {
                Ended { serial, what: What::Nothing, tunnel, held_bytes: 0 }
            }
            None => {
                let held_bytes = size_of::<EndedFlow>() + size_of::<TransportFacts>();
                Ended { serial, what: What::Opening(Opening::Flow(flow)), tunnel, held_bytes }
            }
        });
    }

    // Without a byte there is no tracker.
    fn ended_with_a_syn(&mut self, syn: LoneSyn) {
        let (serial, held_bytes) = (syn.serial(), size_of::<LoneSyn>());
        let what = What::Opening(Opening::Syn(syn));
        self.ended.push(Ended { serial, what, tunnel: Vec::new(), held_bytes });
    }

    fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    fn rest(&mut self, flow: FlowId, to: &mut Packer) {
        let session = self.trackers.get_mut(flow.index()).and_then(Option::take);
        to.flag(session.is_some());
        if let Some(session) = session {
            let Session { tracker, held_bytes, buffered } = *session;
            self.held_bytes = self.held_bytes.saturating_sub(held_bytes);
            held_bytes.saturating_sub(buffered).pack(to);
            tracker.pack(to);
            if to.has_aside() {
                to.holds(held_bytes.saturating_sub(TRACKER_BYTES));
            }
        }
    }

    fn wake(&mut self, flow: FlowId, from: &mut Unpacker<'_>) {
        if from.flag() != Some(true) {
            return;
        }
        let (Some(facts), Some(tracker)) = (usize::unpack(from), Tracker::unpack(from)) else {
            debug_assert!(false, "what was packed is what is unpacked");
            return;
        };
        let buffered = tracker.buffered_bytes();
        let held_bytes = facts.saturating_add(buffered);
        self.held_bytes = self.held_bytes.saturating_add(held_bytes);
        if let Some(place) = self.trackers.get_mut(flow.index()) {
            *place = Some(Box::new(Session { tracker, held_bytes, buffered }));
        }
    }
}
