//! The trackers of all flows: the listener between the flow table and the diagnosis.

use tlsleuth_capture::transport::OverlapConflict;
use tlsleuth_capture::{Direction, EndedFlow, FlowView, Gap, Interest, Place, StreamSink};
use tlsleuth_handshake::{Connection, Shared, Tracker};

/// Connections without TLS that are kept until it is known whether TLS was seen at their server.
const MAX_CANDIDATES: usize = 200_000;

/// The trackers of the flows that are followed, and the connections that ended.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    pub(crate) shared: Shared,
    trackers: Vec<Option<Box<Tracker>>>,
    /// Connections in which TLS was found, or something that was to lead to it.
    pub(crate) ended: Vec<Box<Connection>>,
    /// Connections without TLS; some are told if their server turns out to speak TLS.
    pub(crate) candidates: Vec<Box<Connection>>,
    /// Flows without TLS that were let go.
    pub(crate) without_tls: u64,
    /// Flows that could not be kept as candidates.
    pub(crate) candidates_dropped: u64,
}

impl Sessions {
    /// Bytes held by the trackers beside their facts.
    pub(crate) fn buffered_bytes(&self) -> usize {
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

    fn keep(&mut self, connection: Box<Connection>) {
        if connection.tls_seen() || connection.refusal.is_some() {
            self.ended.push(connection);
            return;
        }
        let transport = &connection.transport;
        let opened = transport.syn.is_some() || transport.syn_ack.is_some();
        if !opened || connection.is_plain_conversation() {
            self.without_tls += 1;
        } else if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(connection);
        } else {
            self.candidates_dropped += 1;
            self.without_tls += 1;
        }
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
        let tracker = self.trackers.get_mut(flow.id.index()).and_then(Option::take);
        let connection = match tracker {
            Some(tracker) => tracker.finish(flow),
            None => Connection::without_data(flow),
        };
        self.keep(connection);
    }
}
