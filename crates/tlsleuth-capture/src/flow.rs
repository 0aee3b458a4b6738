//! One flow: the segments between two endpoints, in both directions.

use crate::assembler::Assembler;
use crate::stream::{Direction, FlowId};
use crate::transport::{SynFacts, TcpOptions, TransportFacts};
use crate::{Endpoint, Place, Segment, SeqNumber, Timestamp, TunnelId};

/// What flows are told apart by. The lower endpoint comes first, whoever sends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FlowKey {
    pub(crate) low: Endpoint,
    pub(crate) high: Endpoint,
    pub(crate) tunnel: TunnelId,
}

impl FlowKey {
    /// The key, and whether `source` is its lower end.
    pub(crate) fn new(source: Endpoint, destination: Endpoint, tunnel: TunnelId) -> (Self, bool) {
        if source <= destination {
            (Self { low: source, high: destination, tunnel }, true)
        } else {
            (Self { low: destination, high: source, tunnel }, false)
        }
    }
}

/// The first SYN in a few bytes: a flood of them must stay cheap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynSeed {
    timestamp: Option<u32>,
    payload_bytes: u32,
    ip_id: Option<u16>,
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack_permitted: bool,
    ttl: u8,
}

impl SynSeed {
    pub(crate) fn new(segment: &Segment<'_>) -> Self {
        let options = TcpOptions::parse(segment.options);
        Self {
            timestamp: options.timestamp,
            payload_bytes: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
            ip_id: segment.ip_id,
            mss: options.mss,
            window_scale: options.window_scale,
            sack_permitted: options.sack_permitted,
            ttl: segment.ttl,
        }
    }

    pub(crate) fn facts(&self, at: Place, isn: SeqNumber, ack: Option<SeqNumber>) -> SynFacts {
        SynFacts {
            at,
            isn,
            ack,
            mss: self.mss,
            window_scale: self.window_scale,
            sack_permitted: self.sack_permitted,
            timestamp: self.timestamp,
            ttl: self.ttl,
            ip_id: self.ip_id,
            payload_bytes: self.payload_bytes,
        }
    }
}

/// How much is known of the number of a direction's first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Base {
    /// Nothing.
    Unknown,
    /// The first acknowledgment seen: the stream may have begun before.
    Acknowledged,
    /// The first payload seen: the stream may have begun before.
    Seen,
    /// The SYN, or the acknowledgment of it.
    Syn,
}

/// One direction of a flow, small: a million of them may be held.
pub(crate) struct Half {
    pub(crate) base: SeqNumber,
    pub(crate) highest: SeqNumber,
    pub(crate) acked: SeqNumber,
    pub(crate) base_known: Base,
    pub(crate) has_acked: bool,
    pub(crate) fin: bool,
    pub(crate) assembler: Option<Box<Assembler>>,
}

impl Half {
    pub(crate) fn new() -> Self {
        Self {
            base: SeqNumber(0),
            highest: SeqNumber(0),
            acked: SeqNumber(0),
            base_known: Base::Unknown,
            has_acked: false,
            fin: false,
            assembler: None,
        }
    }

    /// Sets the first byte's number if nothing better is known.
    pub(crate) fn start_at(&mut self, base: SeqNumber, how: Base) {
        let better = match self.base_known {
            Base::Unknown => true,
            Base::Acknowledged => how == Base::Seen || how == Base::Syn,
            Base::Seen | Base::Syn => false,
        };
        if better {
            self.base = base;
            self.highest = base;
            self.base_known = how;
        }
    }

    /// Notes that numbers up to `end` were sent.
    pub(crate) fn sent_to(&mut self, end: SeqNumber) {
        if end.distance_from(self.highest) > 0 {
            self.highest = end;
        }
    }
}

/// A flow while it is followed.
pub(crate) struct Flow {
    pub(crate) key: FlowKey,
    pub(crate) serial: u64,
    pub(crate) first: Place,
    pub(crate) last: Place,
    pub(crate) frames: u64,
    pub(crate) halves: [Half; 2],
    pub(crate) facts: Option<Box<TransportFacts>>,
    pub(crate) seed: SynSeed,
    pub(crate) forward_is_low: bool,
    pub(crate) opened_by_syn: bool,
    pub(crate) settled: bool,
    pub(crate) reset: bool,
}

impl Flow {
    pub(crate) fn new(
        key: FlowKey,
        serial: u64,
        forward_is_low: bool,
        segment: &Segment<'_>,
    ) -> Self {
        Self {
            key,
            serial,
            first: segment.place,
            last: segment.place,
            frames: 0,
            halves: [Half::new(), Half::new()],
            facts: None,
            seed: SynSeed::new(segment),
            forward_is_low,
            opened_by_syn: false,
            settled: false,
            reset: false,
        }
    }

    pub(crate) fn half(&self, direction: Direction) -> &Half {
        let [forward, reverse] = &self.halves;
        match direction {
            Direction::Forward => forward,
            Direction::Reverse => reverse,
        }
    }

    pub(crate) fn half_mut(&mut self, direction: Direction) -> &mut Half {
        let [forward, reverse] = &mut self.halves;
        match direction {
            Direction::Forward => forward,
            Direction::Reverse => reverse,
        }
    }

    pub(crate) fn ends(&self) -> (Endpoint, Endpoint) {
        if self.forward_is_low {
            (self.key.low, self.key.high)
        } else {
            (self.key.high, self.key.low)
        }
    }

    /// The facts; made of the first SYN when there are none yet.
    pub(crate) fn facts_mut(&mut self) -> &mut TransportFacts {
        let (opened, seed, first, base) =
            (self.opened_by_syn, self.seed, self.first, self.half(Direction::Forward).base);
        self.facts.get_or_insert_with(|| {
            let mut facts = TransportFacts::default();
            if opened {
                facts.syn = Some(seed.facts(first, SeqNumber(base.0.wrapping_sub(1)), None));
                facts.forward.segments = 1;
                facts.forward.first_ttl = seed.ttl;
                facts.forward.last_ttl = seed.ttl;
                facts.forward.last_ip_id = seed.ip_id;
            }
            Box::new(facts)
        })
    }

    pub(crate) fn both_closed(&self) -> bool {
        self.halves.iter().all(|half| half.fin)
    }
}

/// A flow as the listener sees it while it is followed.
#[derive(Clone, Copy, Debug)]
pub struct FlowView<'a> {
    /// Its number in the table.
    pub id: FlowId,
    /// The end that opened the connection, as far as that is known.
    pub forward_source: Endpoint,
    /// The other end.
    pub forward_destination: Endpoint,
    /// The tunnels around it.
    pub tunnel: TunnelId,
    /// Its first frame.
    pub first: Place,
    /// What TCP did so far.
    pub facts: Option<&'a TransportFacts>,
}

/// Why a flow is followed no longer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndReason {
    /// Both sides sent a FIN.
    Closed,
    /// A reset.
    Reset,
    /// Nothing came for [`Limits::flow_idle_ns`](crate::Limits::flow_idle_ns).
    Idle,
    /// The ports were used again.
    Replaced,
    /// The table was full: [`Limits::max_flows`](crate::Limits::max_flows).
    Evicted,
    /// The capture ended.
    CaptureEnd,
}

/// A flow that is over.
#[derive(Clone, Debug)]
pub struct EndedFlow {
    /// The number that it had in the table.
    pub id: FlowId,
    /// How many flows began before it. Each is told once, so that who waits for the end of the
    /// earlier ones knows when all of them are over.
    pub serial: u64,
    /// The end that opened the connection, as far as that is known.
    pub forward_source: Endpoint,
    /// The other end.
    pub forward_destination: Endpoint,
    /// The tunnels around it.
    pub tunnel: TunnelId,
    /// Its first frame.
    pub first: Place,
    /// Its last frame.
    pub last: Place,
    /// How many frames it had.
    pub frames: u64,
    /// Why it is over.
    pub reason: EndReason,
    /// The latest time of any frame when the flow ended: until then nothing more came.
    pub watched_until: Timestamp,
    /// What TCP did. Counts of payload stop when the listener had enough.
    pub facts: Box<TransportFacts>,
}
