//! What the flow table tells of streams, and who listens.

use crate::flow::{EndedFlow, FlowView};
use crate::lone_syn::LoneSyn;
use crate::packed::{Packer, Unpacker};
use crate::{Place, transport::OverlapConflict};

/// Names a flow while the table follows it. A number is used again after the flow ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowId(pub u32);

impl FlowId {
    /// The number as an index: flows that are followed have small ones.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Which way bytes went: from the end that opened the connection, as far as that is known, or back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From the sender of the SYN; without a SYN, from the end that was seen first.
    Forward,
    /// The other way.
    Reverse,
}

impl Direction {
    /// The other direction.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }
}

/// Why bytes of a stream are not there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GapCause {
    /// The receiver acknowledged the bytes: the capture lost them.
    NotCaptured,
    /// Nobody acknowledged the bytes: the network lost them, or the capture ends too early to tell.
    NotAcknowledged,
    /// The frame was cut by the snap length.
    Snaplen,
    /// A cap of [`Limits`](crate::Limits) was hit while waiting for the bytes.
    LimitReached,
}

/// Bytes that are missing from a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// How many bytes are missing.
    pub len_bytes: u64,
    /// Why.
    pub cause: GapCause,
    /// The first frame behind the gap; for the last gap of a flow its last frame.
    pub at: Place,
}

/// Whether the listener wants more of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// Go on.
    More,
    /// Enough: no further bytes of the flow, in either direction, will be put in order or handed on.
    Settled,
}

/// Listens to streams. The table calls it while a segment is pushed, so that nothing is copied.
pub trait StreamSink {
    /// The next bytes of one direction, in order, seen in frame `at`.
    fn data(
        &mut self,
        flow: &impl FlowView,
        direction: Direction,
        at: Place,
        bytes: &[u8],
    ) -> Interest;

    /// Bytes are missing at this point of the stream; what comes next lies behind them.
    fn gap(&mut self, flow: &impl FlowView, direction: Direction, gap: Gap) -> Interest;

    /// Two segments brought different bytes for the same place; the first ones were handed on.
    fn conflict(&mut self, flow: &impl FlowView, direction: Direction, conflict: OverlapConflict);

    /// The flow is over, or is followed no longer. Its number may be used again afterwards.
    fn ended(&mut self, flow: EndedFlow);

    /// The same of a flow of which there was no more than a SYN. A million of them may end at once:
    /// who has no need of the whole flow now makes it when there is.
    fn ended_with_a_syn(&mut self, flow: LoneSyn) {
        self.ended(flow.into());
    }

    /// Bytes that the listener holds for flows that have not ended: they count towards
    /// [`Limits::max_flow_bytes`](crate::Limits::max_flow_bytes). Asked after every segment that is
    /// not settled, so it must be known without counting.
    fn held_bytes(&self) -> usize {
        0
    }

    /// Nothing came of a flow for a while, and there are many: what is held for it can be packed, and
    /// then no longer counts to [`held_bytes`](Self::held_bytes). It comes back with
    /// [`wake`](Self::wake) before anything else is told of the flow.
    fn rest(&mut self, flow: FlowId, to: &mut Packer) {
        let _ = (flow, to);
    }

    /// Unpacks what [`rest`](Self::rest) packed.
    fn wake(&mut self, flow: FlowId, from: &mut Unpacker<'_>) {
        let _ = (flow, from);
    }
}

crate::pack_variants!(Direction { Forward, Reverse });
crate::pack_variants!(GapCause { NotCaptured, NotAcknowledged, Snaplen, LimitReached });
crate::pack_fields!(Gap { len_bytes, cause, at });
