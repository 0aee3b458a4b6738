//! One flow: the segments between two endpoints, in both directions.

use std::hash::{Hash, Hasher};

use crate::stream::{Direction, FlowId};
use crate::transport::TransportFacts;
use crate::{Address, Endpoint, Place, Timestamp, TunnelId};

/// What flows are told apart by. The lower endpoint comes first, whoever sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(crate) struct FlowKey {
    low: Address,
    high: Address,
    low_port: u16,
    high_port: u16,
    pub(crate) tunnel: TunnelId,
}

impl FlowKey {
    /// The key, and whether `source` is its lower end.
    #[inline]
    pub(crate) fn new(source: Endpoint, destination: Endpoint, tunnel: TunnelId) -> (Self, bool) {
        let source_is_low = source <= destination;
        let (low, high) = if source_is_low { (source, destination) } else { (destination, source) };
        let key = Self {
            low: low.address,
            high: high.address,
            low_port: low.port,
            high_port: high.port,
            tunnel,
        };
        (key, source_is_low)
    }

    /// The lower and the higher end.
    pub(crate) fn ends(&self) -> (Endpoint, Endpoint) {
        let end = |address, port| Endpoint { address, port };
        (end(self.low, self.low_port), end(self.high, self.high_port))
    }
}

impl Hash for FlowKey {
    /// Hands the hasher whole words: it is asked once a frame.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ([a, b], [c, d]) = (self.low.halves(), self.high.halves());
        state.write_u64(a);
        state.write_u64(b);
        state.write_u64(c);
        state.write_u64(d);
        let ports = u32::from(self.low_port) << 16 | u32::from(self.high_port);
        state.write_u64(u64::from(ports) << 32 | u64::from(self.tunnel.0));
    }
}

/// A flow as the listener sees it while it is followed. Most of it is asked for once, when the flow is
/// heard of for the first time, so nothing is made ready that nobody asks for.
pub trait FlowView {
    /// Its number in the table.
    fn id(&self) -> FlowId;

    /// The end that opened the connection, as far as that is known, and the other end.
    fn ends(&self) -> (Endpoint, Endpoint);

    /// The tunnels around it.
    fn tunnel(&self) -> TunnelId;

    /// Its first frame.
    fn first(&self) -> Place;

    /// What TCP did so far.
    fn facts(&self) -> Option<&TransportFacts>;

    /// Whether nothing that a direction said so far is known to be missing, and the capture has
    /// segments of it, be they without data: if it is silent, then it said nothing.
    ///
    /// To be asked of the direction opposite to the one that is told of: the bytes of that one are just
    /// being handed on.
    fn is_heard(&self, direction: Direction) -> bool;
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
    /// The table was full: [`Limits::max_flows`](crate::Limits::max_flows). What came of the flow later
    /// was not looked at.
    Evicted,
    /// The capture ended.
    CaptureEnd,
}

crate::pack_variants!(EndReason { Closed, Reset, Idle, Replaced, Evicted, CaptureEnd });

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
