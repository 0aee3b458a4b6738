//! The first half of the pipeline: frames in, connections out as they end, not judged yet.

use tlsleuth_capture::decode::TunnelHop;
use tlsleuth_capture::transport::OverlapConflict;
use tlsleuth_capture::{
    DecodeStats, Decoded, Decoder, Direction, EndedFlow, FlowStats, FlowTable, FlowView, Frame,
    Gap, Interest, Limits, Place, StreamSink, TunnelId,
};
use tlsleuth_handshake::{Connection, Shared, Tracker};

/// What became of one flow.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How many flows began before it: each number comes once.
    pub(crate) serial: u64,
    /// The connection, unless there is nothing to tell of it.
    pub(crate) connection: Option<Box<Connection>>,
    /// The tunnels around it, the outermost first.
    pub(crate) tunnel: Vec<TunnelHop>,
}

/// Takes frames, gives connections as they end. No input, no output, no clock.
#[derive(Debug)]
pub(crate) struct Follower {
    decoder: Decoder,
    table: FlowTable,
    sessions: Sessions,
    decoded: Vec<DecodeStats>,
    taken: u32,
}

impl Follower {
    pub(crate) fn new(limits: &Limits, shared: Shared) -> Self {
        Self {
            decoder: Decoder::new(limits.clone()),
            table: FlowTable::new(limits.clone()),
            sessions: Sessions { shared, ..Sessions::default() },
            decoded: Vec::new(),
            taken: 0,
        }
    }

    /// Takes one frame; what ended by it is in [`ended`](Self::ended).
    pub(crate) fn push_frame(&mut self, frame: &Frame<'_>) {
        self.taken = self.taken.saturating_add(1);
        let mut frame = *frame;
        frame.place.sequence = self.taken;
        let decoded = self.decoder.decode(&frame);
        let capture = usize::try_from(frame.place.capture).unwrap_or(usize::MAX);
        if self.decoded.len() <= capture && capture < 1_000_000 {
            self.decoded.resize(capture + 1, DecodeStats::default());
        }
        if let Some(stats) = self.decoded.get_mut(capture) {
            stats.count(&decoded);
        }
        match &decoded {
            Decoded::Segment(segment) => self.table.push(segment, &mut self.sessions),
            Decoded::Icmp(error) => self.table.push_icmp(error),
            _ => {}
        }
    }

    /// The frames are over: every flow ends.
    pub(crate) fn finish(&mut self) {
        self.table.finish(&mut self.sessions);
    }

    /// What ended since it was asked last.
    pub(crate) fn ended(&mut self) -> impl Iterator<Item = Ended> {
        let decoder = &self.decoder;
        self.sessions.ended.drain(..).map(|(serial, connection)| {
            let tunnel = connection.as_ref().map_or(TunnelId::NONE, |connection| connection.tunnel);
            Ended { serial, connection, tunnel: decoder.tunnel_path(tunnel).to_vec() }
        })
    }

    /// Whether something ended since it was asked last.
    pub(crate) fn has_ended(&self) -> bool {
        !self.sessions.ended.is_empty()
    }

    pub(crate) fn decode_stats(&self, capture: u32) -> DecodeStats {
        usize::try_from(capture)
            .ok()
            .and_then(|capture| self.decoded.get(capture))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn flow_stats(&self) -> FlowStats {
        self.table.stats()
    }

    pub(crate) fn tunnel_path(&self, tunnel: TunnelId) -> &[TunnelHop] {
        self.decoder.tunnel_path(tunnel)
    }

    pub(crate) fn buffered_bytes(&self) -> usize {
        self.table.buffered_bytes() + self.sessions.buffered_bytes() + self.decoder.buffered_bytes()
    }
}

/// The trackers of the flows that are followed, and what ended.
#[derive(Debug, Default)]
struct Sessions {
    shared: Shared,
    trackers: Vec<Option<Box<Tracker>>>,
    ended: Vec<(u64, Option<Box<Connection>>)>,
}

impl Sessions {
    /// Bytes held by the trackers beside their facts.
    fn buffered_bytes(&self) -> usize {
        self.trackers.iter().flatten().map(|tracker| tracker.buffered_bytes()).sum()
    }

    fn tracker(&mut self, flow: &FlowView<'_>) -> Option<(&mut Tracker, &Shared)> {
        let index = flow.id.index();
        if self.trackers.len() <= index {
            self.trackers.resize_with(index.checked_add(1)?, || None);
        }
        let entry = self.trackers.get_mut(index)?;
        let tracker = entry.get_or_insert_with(|| Box::new(Tracker::new(flow)));
        Some((tracker, &self.shared))
    }
}

impl StreamSink for Sessions {
    fn data(
        &mut self,
        flow: &FlowView<'_>,
        direction: Direction,
        at: Place,
        bytes: &[u8],
    ) -> Interest {
        match self.tracker(flow) {
            Some((tracker, shared)) => tracker.data(shared, direction, at, bytes),
            None => Interest::Settled,
        }
    }

    fn gap(&mut self, flow: &FlowView<'_>, direction: Direction, gap: Gap) -> Interest {
        match self.tracker(flow) {
            Some((tracker, _)) => tracker.gap(direction, gap),
            None => Interest::Settled,
        }
    }

    // The conflict is in the flow's own facts, which the connection gets at its end.
    fn conflict(&mut self, _: &FlowView<'_>, _: Direction, _: OverlapConflict) {}

    fn ended(&mut self, flow: EndedFlow) {
        let serial = flow.serial;
        let connection = match self.trackers.get_mut(flow.id.index()).and_then(Option::take) {
            Some(tracker) => Some(tracker.finish(flow)),
            // Without a byte and without an opening there is nothing to tell.
            None if flow.facts.syn.is_none() && flow.facts.syn_ack.is_none() => None,
            None => Some(Connection::without_data(flow)),
        };
        self.ended.push((serial, connection));
    }
}
