//! The pipeline in one piece: frames in, judged connections out.

use std::sync::Arc;

use tlsleuth_capture::decode::TunnelHop;
use tlsleuth_capture::{DecodeStats, FlowStats, Frame, Limits, TunnelId};
use tlsleuth_cert::{Anchors, Judge, Roots};
use tlsleuth_diagnosis::{Diagnosis, Fleet, Policy, VerifyTime};
use tlsleuth_handshake::Connection;
use tlsleuth_handshake::opener::SecretSource;

use crate::examiner::Examiner;
use crate::follower::Follower;
use crate::log::LogLine;
use crate::unread::Unread;

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
                judge_chains: true,
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
    /// A connection. They come in the order of their start, each as soon as enough later ones were
    /// seen to judge it; one that stays open while many thousand later ones end comes when it ends.
    Connection(Box<Analyzed>),
    /// What the connections show together. Comes once, after the last connection.
    Fleet(Box<Fleet>),
}

/// Counts of an analysis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Flows in which no TLS was found and that are not told.
    pub without_tls: u64,
    /// What happened in the flow table.
    pub flows: FlowStats,
    /// DTLS, which is not read.
    pub dtls: Option<Unread>,
    /// QUIC, which is not read.
    pub quic: Option<Unread>,
}

/// Takes frames, gives judged connections. No input, no output, no clock.
#[derive(Debug)]
pub struct Analyzer {
    follower: Follower,
    examiner: Examiner,
    finishing: bool,
}

impl Analyzer {
    /// An analysis without frames.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let follower = Follower::new(&options);
        Self { follower, examiner: Examiner::new(options), finishing: false }
    }

    /// Takes one frame. Never fails: what cannot be decoded is counted.
    pub fn push_frame(&mut self, frame: &Frame<'_>) {
        self.follower.push_frame(frame);
        if self.follower.ended() > 0 {
            self.examine();
        }
    }

    /// The frames are over: what is left is judged while [`poll`](Self::poll) tells it.
    pub fn finish(&mut self) {
        self.finishing = true;
    }

    /// The next thing that the analysis tells. Whoever asks after each frame keeps memory flat.
    pub fn poll(&mut self) -> Option<Event> {
        loop {
            let event = self.examiner.poll();
            if event.is_some() || !self.finishing {
                return event;
            }
            // A few flows at a time: what ended is much larger than a flow that goes on.
            let more = self.follower.finish_some();
            self.examine();
            if !more {
                self.finishing = false;
                self.examiner.finish();
            }
        }
    }

    /// What became of the frames of one capture.
    #[must_use]
    pub fn decode_stats(&self, capture: u32) -> DecodeStats {
        self.follower.decode_stats(capture)
    }

    /// Counts of flows.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.follower.counts(self.examiner.without_tls())
    }

    /// The tunnels that a number stands for, the outermost first.
    #[must_use]
    pub fn tunnel_path(&self, tunnel: TunnelId) -> &[TunnelHop] {
        self.follower.tunnel_path(tunnel)
    }

    /// Bytes held for streams that are not settled, and for fragments.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.follower.buffered_bytes()
    }

    fn examine(&mut self) {
        self.examiner.take(self.follower.take_ended());
    }
}
