//! A flow as the listener sees it.

use super::entry::Flow;
use crate::flow::FlowView;
use crate::stream::{Direction, FlowId};
use crate::transport::TransportFacts;
use crate::{Endpoint, Place, TunnelId};

/// A flow of the table, while one segment is taken.
pub(super) struct Live<'f> {
    pub(super) id: FlowId,
    pub(super) flow: &'f Flow,
}

impl FlowView for Live<'_> {
    #[inline]
    fn id(&self) -> FlowId {
        self.id
    }

    fn ends(&self) -> (Endpoint, Endpoint) {
        self.flow.ends()
    }

    fn tunnel(&self) -> TunnelId {
        self.flow.key.tunnel
    }

    fn first(&self) -> Place {
        self.flow.first()
    }

    fn facts(&self) -> Option<&TransportFacts> {
        self.flow.cold.as_ref().map(|cold| &*cold.facts)
    }

    #[inline]
    fn is_heard(&self, direction: Direction) -> bool {
        let Some(cold) = &self.flow.cold else { return false };
        !self.flow.is_lacking(direction) && cold.facts.stream(direction).segments > 0
    }
}
