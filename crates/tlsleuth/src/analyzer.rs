//! The pipeline in one piece: frames in, judged connections out.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;

use tlsleuth_capture::decode::TunnelHop;
use tlsleuth_capture::{
    DecodeStats, Decoded, Decoder, Endpoint, FlowStats, FlowTable, Frame, Limits, TunnelId,
};
use tlsleuth_cert::{Anchors, Judge, Roots};
use tlsleuth_diagnosis::{Context, Diagnosis, Fleet, Policy, Summary, VerifyTime, diagnose};
use tlsleuth_handshake::Connection;
use tlsleuth_handshake::opener::SecretSource;
use tlsleuth_handshake::ports::is_usual_tls_port;

use crate::knowledge::Knowledge;
use crate::log::LogLine;
use crate::sessions::Sessions;

/// What an analysis depends on beside the frames.
#[derive(Clone)]
pub struct Options {
    /// Caps on what a capture can make the analysis hold.
    pub limits: Limits,
    /// Anchors, clock and thresholds.
    pub policy: Policy,
    /// Ports at which connections without TLS are told too, beside the usual ones.
    pub ports: Vec<u16>,
    /// Whoever knows secrets.
    pub secrets: Option<Arc<dyn SecretSource + Send + Sync>>,
}

impl Default for Options {
    /// No anchors, the capture's clock, no secrets.
    fn default() -> Self {
        let anchors = Anchors::none();
        Self {
            limits: Limits::default(),
            policy: Policy {
                judge: Arc::new(Judge::new(anchors)),
                roots: "none",
                own_anchors: false,
                verify_time: VerifyTime::Capture,
                slow_handshake_ns: 2_000_000_000,
            },
            ports: Vec::new(),
            secrets: None,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Options {
    /// The same with the roots that Mozilla trusts.
    ///
    /// # Errors
    /// When the anchors cannot be loaded.
    pub fn with_roots(roots: Roots) -> Result<Self, tlsleuth_cert::Error> {
        let mut options = Self::default();
        let anchors = Anchors::new(roots)?;
        options.policy.judge = Arc::new(Judge::new(anchors));
        options.policy.roots = match roots {
            Roots::Mozilla => "mozilla",
            Roots::System => "system",
            Roots::None => "none",
        };
        Ok(options)
    }
}

/// One connection: its facts and what was found in them.
#[derive(Clone, Debug)]
pub struct Analyzed {
    /// Counted from 1 in the order of the report.
    pub id: u64,
    /// The facts.
    pub connection: Box<Connection>,
    /// The findings and the verdict.
    pub diagnosis: Diagnosis,
    /// The tunnels around it, the outermost first.
    pub tunnel: Vec<TunnelHop>,
    /// Lines of logs that belong to it, see [`Logs`](crate::log::Logs).
    pub log_lines: Vec<LogLine>,
}

/// What an analysis tells.
#[derive(Clone, Debug)]
pub enum Event {
    /// A connection. They come in the order of their start.
    Connection(Box<Analyzed>),
    /// What the connections show together. Comes once, after the last connection.
    Fleet(Box<Fleet>),
}

/// Counts of an analysis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Flows in which no TLS was found and that are not told.
    pub without_tls: u64,
    /// Such flows that could not be kept until it was known whether their server speaks TLS.
    pub candidates_dropped: u64,
    /// What happened in the flow table.
    pub flows: FlowStats,
}

/// Takes frames, gives judged connections. No input, no output, no clock.
#[derive(Debug)]
pub struct Analyzer {
    options: Options,
    decoder: Decoder,
    table: FlowTable,
    sessions: Sessions,
    decoded: Vec<DecodeStats>,
    taken: u32,
    events: VecDeque<Event>,
}

impl Analyzer {
    /// An analysis without frames.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut sessions = Sessions::default();
        sessions.shared.secrets.clone_from(&options.secrets);
        Self {
            decoder: Decoder::new(options.limits.clone()),
            table: FlowTable::new(options.limits.clone()),
            sessions,
            options,
            decoded: Vec::new(),
            taken: 0,
            events: VecDeque::new(),
        }
    }

    /// Takes one frame. Never fails: what cannot be decoded is counted.
    pub fn push_frame(&mut self, frame: &Frame<'_>) {
        self.taken = self.taken.saturating_add(1);
        let mut decoded = self.decoder.decode(frame);
        let capture = usize::try_from(frame.place.capture).unwrap_or(usize::MAX);
        if self.decoded.len() <= capture && capture < 1_000_000 {
            self.decoded.resize(capture + 1, DecodeStats::default());
        }
        if let Some(stats) = self.decoded.get_mut(capture) {
            stats.count(&decoded);
        }
        match &mut decoded {
            Decoded::Segment(segment) => {
                segment.place.sequence = self.taken;
                self.table.push(segment, &mut self.sessions);
            }
            Decoded::Icmp(error) => {
                error.place.sequence = self.taken;
                self.table.push_icmp(error);
            }
            _ => {}
        }
    }

    /// The frames are over: the connections are judged, and [`poll`](Self::poll) tells them.
    pub fn finish(&mut self) {
        self.table.finish(&mut self.sessions);
        let mut connections = std::mem::take(&mut self.sessions.ended);
        let servers: HashSet<Endpoint> =
            connections.iter().map(|connection| connection.server).collect();
        for candidate in std::mem::take(&mut self.sessions.candidates) {
            let server = candidate.server;
            if servers.contains(&server)
                || is_usual_tls_port(server.port)
                || self.options.ports.contains(&server.port)
            {
                connections.push(candidate);
            } else {
                self.sessions.without_tls += 1;
            }
        }
        connections.sort_by_key(|connection| {
            (connection.first.order(), connection.client, connection.server)
        });
        let mut knowledge = Knowledge::default();
        for connection in &connections {
            knowledge.learn(connection);
        }
        let context = Context { intermediates: &knowledge.intermediates, servers: &knowledge };
        let mut summary = Summary::default();
        for (connection, id) in connections.into_iter().zip(1..) {
            let diagnosis = diagnose(&connection, &self.options.policy, &context);
            summary.push(&connection, &diagnosis);
            let tunnel = self.tunnel_path(connection.tunnel).to_vec();
            let analyzed = Analyzed { id, connection, diagnosis, tunnel, log_lines: Vec::new() };
            self.events.push_back(Event::Connection(Box::new(analyzed)));
        }
        self.events.push_back(Event::Fleet(Box::new(summary.finish())));
    }

    /// The next thing that the analysis tells.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
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

    /// Counts of flows.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            without_tls: self.sessions.without_tls,
            candidates_dropped: self.sessions.candidates_dropped,
            flows: self.table.stats(),
        }
    }

    /// The tunnels that a number stands for, the outermost first.
    #[must_use]
    pub fn tunnel_path(&self, tunnel: TunnelId) -> &[TunnelHop] {
        self.decoder.tunnel_path(tunnel)
    }

    /// Bytes held for streams that are not settled, and for fragments.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.table.buffered_bytes() + self.sessions.buffered_bytes() + self.decoder.buffered_bytes()
    }
}
