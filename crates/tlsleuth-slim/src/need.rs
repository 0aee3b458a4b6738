//! What of a connection is needed, told from its facts.

use std::collections::HashSet;

use tlsleuth::Analyzed;
use tlsleuth::capture::{Endpoint, Place, TunnelId};
use tlsleuth::handshake::connection::{Connection, EventKind, Outcome};

/// A frame by the number of its capture and its number in it.
pub type FrameId = (u32, u64);

/// The two ends of a flow in one order, whoever sends, and the tunnels around it.
pub(crate) type FlowKey = (Endpoint, Endpoint, TunnelId);

/// The key of a flow between two ends.
pub(crate) fn key(a: Endpoint, b: Endpoint, tunnel: TunnelId) -> FlowKey {
    if a <= b { (a, b, tunnel) } else { (b, a, tunnel) }
}

/// What one connection needs.
#[derive(Clone, Debug)]
pub struct Need {
    /// Which flow.
    pub(crate) key: FlowKey,
    /// Its first frame.
    pub first: FrameId,
    /// Its last frame.
    pub last: FrameId,
    /// The frame up to which all of it is needed.
    pub(crate) until: FrameId,
    /// Further frames that the report names.
    pub(crate) named: HashSet<FrameId>,
    /// Up to where the analysis looked at data.
    settled: FrameId,
    /// All of it is needed: with less it would be told otherwise.
    pub(crate) whole: bool,
    /// What is told of it, to be compared.
    pub(crate) story: Story,
}

/// What a connection's analysis says, as far as it must stay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Story {
    pub(crate) outcome: Outcome,
    pub(crate) verdict: Option<&'static str>,
    pub(crate) codes: Vec<&'static str>,
}

impl Story {
    pub(crate) fn of(analyzed: &Analyzed) -> Self {
        let diagnosis = &analyzed.diagnosis;
        // Data that is left out on purpose is missing, and the finding about that is right.
        let codes = diagnosis.findings.iter().map(|finding| finding.code);
        Self {
            outcome: diagnosis.outcome,
            verdict: diagnosis.verdict().map(|finding| finding.code),
            codes: codes.filter(|code| *code != "capture.gap").collect(),
        }
    }
}

fn id(at: Place) -> FrameId {
    (at.capture, at.frame)
}

/// The first frame of a connection.
pub(crate) fn first_of(analyzed: &Analyzed) -> FrameId {
    id(analyzed.connection.first)
}

/// Attempts until everything of a connection is kept.
pub(crate) const ATTEMPTS: u32 = 3;

impl Need {
    /// Keeps more: the data that the analysis looked at, then everything.
    pub(crate) fn widen(&mut self) {
        if self.until == self.settled || self.until == self.last {
            self.whole = true;
        } else {
            self.until = self.settled;
        }
    }

    /// What an analyzed connection needs.
    #[must_use]
    pub fn of(analyzed: &Analyzed) -> Self {
        let connection = &*analyzed.connection;
        let mut named: HashSet<FrameId> = connection
            .events
            .iter()
            .map(|event| id(event.at))
            .chain(connection.alerts.iter().map(|alert| id(alert.at)))
            .collect();
        for finding in &analyzed.diagnosis.findings {
            named.extend(finding.evidence.iter().map(|evidence| id(evidence.at)));
        }
        let transport = &connection.transport;
        named.extend(transport.retransmissions.kept().iter().map(|again| id(again.at)));
        for conflict in transport.conflicts.kept() {
            named.extend([id(conflict.first), id(conflict.second)]);
        }
        Self {
            key: key(connection.client, connection.server, connection.tunnel),
            first: id(connection.first),
            last: id(connection.last),
            until: id(until(connection, analyzed.diagnosis.outcome)),
            settled: id(settled(connection)),
            named,
            whole: false,
            story: Story::of(analyzed),
        }
    }
}

/// Up to where all frames are needed: the end of the handshake and the first data of both sides.
fn until(connection: &Connection, outcome: Outcome) -> Place {
    let data = &connection.application_data;
    let first_data = [data.client.first, data.server.first];
    // A failure is short; where no data flowed, the end is what it is about.
    if outcome == Outcome::Failed || first_data.iter().all(Option::is_none) {
        return connection.last;
    }
    let handshake = connection.events.iter().filter(|event| {
        !matches!(
            event.kind,
            EventKind::ApplicationData { .. }
                | EventKind::Alert(_)
                | EventKind::CaptureGap(_)
                | EventKind::NewSessionTicket
                | EventKind::KeyUpdate
        )
    });
    handshake
        .map(|event| event.at)
        .chain(first_data.into_iter().flatten())
        .fold(connection.first, Place::later)
}

/// Where the analysis saw the last data: of a long connection it looks at no more than it has to.
fn settled(connection: &Connection) -> Place {
    let data = &connection.application_data;
    let last = [data.client.last, data.server.last].into_iter().flatten();
    last.fold(connection.first, Place::later)
}
