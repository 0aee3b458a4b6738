//! Chooses the frames: one pass over the captures, in the order of the analysis.

use std::collections::{HashMap, HashSet, VecDeque};

use tlsleuth::Frame;
use tlsleuth::capture::{Decoded, Decoder, Endpoint, Limits, TcpFlags};

use crate::need::{FlowKey, FrameId, Need, key};

/// Frames of a connection that are kept behind what is needed, so that acknowledgments and the
/// beginning of the data are seen.
const MARGIN: u32 = 6;
/// Frames kept before a FIN or a reset: whether a reset is in the window is told by them.
const BEFORE_CLOSE: usize = 4;

/// The frames to be kept, by the order in which they are read: 8 bytes a frame.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// In order, each once.
    pub(crate) kept: Vec<u64>,
    /// Frames that are only to say how long their capture went on.
    pub(crate) clocks: HashSet<u64>,
    /// Frames read.
    pub(crate) frames: u64,
    /// Bytes of the frames read.
    pub(crate) bytes: u64,
}

/// Decides frame by frame.
pub(crate) struct Selector<'n> {
    decoder: Decoder,
    flows: HashMap<FlowKey, Flow<'n>>,
    /// The same without the tunnels.
    ends: HashSet<(Endpoint, Endpoint)>,
    kept: Vec<u64>,
    frames: u64,
    bytes: u64,
    /// The latest segment of each capture: by it a capture says how long it went on.
    last_of: Vec<Option<u64>>,
}

/// The connections of one flow, one after the other.
#[derive(Debug, Default)]
struct Flow<'n> {
    waiting: VecDeque<&'n Need>,
    current: Option<&'n Need>,
    /// All is kept so far.
    within: bool,
    margin: u32,
    recent: VecDeque<u64>,
}

impl<'n> Selector<'n> {
    /// For these connections, in the order of the report.
    pub(crate) fn new(needs: &'n [Need]) -> Self {
        let mut flows: HashMap<FlowKey, Flow<'n>> = HashMap::new();
        for need in needs {
            flows.entry(need.key).or_default().waiting.push_back(need);
        }
        Self {
            decoder: Decoder::new(Limits::default()),
            ends: flows.keys().map(|(a, b, _)| (*a, *b)).collect(),
            flows,
            kept: Vec::new(),
            frames: 0,
            bytes: 0,
            last_of: Vec::new(),
        }
    }

    /// Looks at the next frame.
    pub(crate) fn push(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.bytes += u64::try_from(frame.data.len()).unwrap_or(0);
        let ordinal = self.frames;
        let id = (frame.place.capture, frame.place.frame);
        let mut clock = false;
        match self.decoder.decode(frame) {
            Decoded::Segment(segment) => {
                clock = true;
                let key = key(segment.source, segment.destination, segment.tunnel);
                if let Some(flow) = self.flows.get_mut(&key) {
                    flow.frame(id, ordinal, segment.flags, &mut self.kept);
                }
            }
            Decoded::Icmp(error) => {
                let quoted = error.quoted;
                // A router in the middle may see other tunnels than the ends.
                let (a, b, _) = key(quoted.source, quoted.destination, error.tunnel);
                if self.ends.contains(&(a, b)) {
                    self.kept.push(ordinal);
                }
            }
            // Which connection a fragment belongs to is known when its packet is whole.
            Decoded::Fragment => self.kept.push(ordinal),
            _ => {}
        }
        if clock {
            self.clock(frame.place.capture, ordinal);
        }
    }

    /// Notes the last segment of a capture. Segments alone move the clock of an analysis.
    fn clock(&mut self, capture: u32, ordinal: u64) {
        let Ok(capture) = usize::try_from(capture) else { return };
        if self.last_of.len() <= capture && capture < 1_000_000 {
            self.last_of.resize(capture + 1, None);
        }
        if let Some(last) = self.last_of.get_mut(capture) {
            *last = Some(ordinal);
        }
    }

    /// The frames that are kept.
    pub(crate) fn finish(mut self) -> Selection {
        self.kept.sort_unstable();
        self.kept.dedup();
        let last = self.last_of.into_iter().flatten();
        let clocks = last.filter(|last| self.kept.binary_search(last).is_err()).collect();
        Selection { kept: self.kept, clocks, frames: self.frames, bytes: self.bytes }
    }
}

impl<'n> Flow<'n> {
    fn frame(&mut self, id: FrameId, ordinal: u64, flags: TcpFlags, kept: &mut Vec<u64>) {
        if self.waiting.front().is_some_and(|next| next.first == id) {
            self.current = self.waiting.pop_front();
            self.within = true;
            self.margin = MARGIN;
            self.recent.clear();
        }
        let Some(need) = self.current else { return };
        let closes = flags.has(TcpFlags::FIN) || flags.has(TcpFlags::RST);
        let mut keep = need.whole
            || self.within
            || closes
            || flags.has(TcpFlags::SYN)
            || need.named.contains(&id);
        if !keep && self.margin > 0 {
            self.margin -= 1;
            keep = true;
        }
        if id == need.until {
            self.within = false;
        }
        if keep {
            kept.push(ordinal);
        }
        if closes {
            kept.extend(self.recent.drain(..));
            // What acknowledges the end follows.
            self.margin = self.margin.max(2);
        } else if !keep {
            if self.recent.len() == BEFORE_CLOSE {
                self.recent.pop_front();
            }
            self.recent.push_back(ordinal);
        }
        if id == need.last && self.waiting.is_empty() {
            // What comes after belongs to none.
            self.current = None;
        }
    }
}
