//! A flow of which there is no more than its first SYN, in few bytes: floods and scans make millions of
//! them.

use crate::flow::{EndReason, EndedFlow};
use crate::stream::FlowId;
use crate::transport::{SynFacts, TcpOptions, TransportFacts};
use crate::{Endpoint, Place, Segment, SeqNumber, Timestamp, TunnelId};

/// A flow that is over and had one frame, a SYN without payload. `EndedFlow::from` makes it whole.
#[derive(Clone, Copy, Debug)]
pub struct LoneSyn {
    pub(crate) id: FlowId,
    pub(crate) serial: u32,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
    pub(crate) tunnel: TunnelId,
    pub(crate) at: Place,
    pub(crate) isn: SeqNumber,
    pub(crate) seed: SynSeed,
    pub(crate) reason: EndReason,
    pub(crate) watched_until: Timestamp,
}

impl LoneSyn {
    /// How many flows began before it; see [`EndedFlow::serial`].
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial.into()
    }

    /// The end that the SYN was sent to.
    #[must_use]
    pub fn destination(&self) -> Endpoint {
        self.destination
    }

    /// The tunnels around it.
    #[must_use]
    pub fn tunnel(&self) -> TunnelId {
        self.tunnel
    }
}

impl From<LoneSyn> for EndedFlow {
    fn from(syn: LoneSyn) -> Self {
        let mut facts = syn.seed.transport(syn.at, syn.isn);
        facts.forward.from_start = true;
        Self {
            id: syn.id,
            serial: syn.serial.into(),
            forward_source: syn.source,
            forward_destination: syn.destination,
            tunnel: syn.tunnel,
            first: syn.at,
            last: syn.at,
            frames: 1,
            reason: syn.reason,
            watched_until: syn.watched_until,
            facts: Box::new(facts),
        }
    }
}

/// What a SYN told, without its place and number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynSeed {
    timestamp: u32,
    ip_id: u16,
    mss: u16,
    window_scale: u8,
    ttl: u8,
    /// Which of the fields above count, and whether selective acknowledgments are permitted.
    has: u8,
}

impl SynSeed {
    const TIMESTAMP: u8 = 1;
    const IP_ID: u8 = 2;
    const MSS: u8 = 4;
    const WINDOW_SCALE: u8 = 8;
    const SACK: u8 = 16;

    pub(crate) fn new(segment: &Segment<'_>) -> Self {
        let options = TcpOptions::parse(segment.options);
        let bit = |bit, set| if set { bit } else { 0 };
        Self {
            timestamp: options.timestamp.unwrap_or(0),
            ip_id: segment.ip_id.unwrap_or(0),
            mss: options.mss.unwrap_or(0),
            window_scale: options.window_scale.unwrap_or(0),
            ttl: segment.ttl,
            has: bit(Self::TIMESTAMP, options.timestamp.is_some())
                | bit(Self::IP_ID, segment.ip_id.is_some())
                | bit(Self::MSS, options.mss.is_some())
                | bit(Self::WINDOW_SCALE, options.window_scale.is_some())
                | bit(Self::SACK, options.sack_permitted),
        }
    }

    /// The facts of a flow that began with this SYN, in frame `at` with the number `isn`.
    pub(crate) fn transport(self, at: Place, isn: SeqNumber) -> TransportFacts {
        let mut facts = TransportFacts { syn: Some(self.facts(at, isn)), ..Default::default() };
        facts.forward.segments = 1;
        facts.forward.first_ttl = self.ttl;
        facts.forward.last_ttl = self.ttl;
        facts.forward.last_ip_id = (self.has & Self::IP_ID != 0).then_some(self.ip_id);
        facts
    }

    fn facts(self, at: Place, isn: SeqNumber) -> SynFacts {
        let has = |bit| self.has & bit != 0;
        SynFacts {
            at,
            isn,
            ack: None,
            mss: has(Self::MSS).then_some(self.mss),
            window_scale: has(Self::WINDOW_SCALE).then_some(self.window_scale),
            sack_permitted: has(Self::SACK),
            timestamp: has(Self::TIMESTAMP).then_some(self.timestamp),
            ttl: self.ttl,
            ip_id: has(Self::IP_ID).then_some(self.ip_id),
            payload_bytes: 0,
        }
    }
}
