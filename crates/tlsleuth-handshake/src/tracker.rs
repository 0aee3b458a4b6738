//! Follows one connection: takes its bytes in order, and in the end tells its [`Connection`].
//!
//! ```text
//! bytes -probe-> TLS? -RecordReader-> records -Joiner-> messages -> facts
//!                 |                      |
//!                 plain text             protected: RecordOpener, or told from outside (flight)
//! ```
//!
//! The bytes of the two directions may come in any order between each other; what a fact depends on
//! is its frame, never when it was told.

use std::sync::Arc;

use tlsleuth_capture::{Direction, EndedFlow, FlowView, Gap, Interest, Located, Place};
use tlsleuth_cert::CertificateStore;

use crate::anomaly::Anomaly;
use crate::connection::{Connection, Decryption, Event, EventKind, RolesFrom, Side, Unfinished};
use crate::joiner::Joiner;
use crate::message::HelloStore;
use crate::opener::{NotOpened, SecretSource};
use crate::preamble::Preamble;
use crate::record::RecordReader;
use crate::touch::touch_transport;

/// Bytes of a direction after which a stream without TLS is given up.
const GIVE_UP_BYTES: u64 = 32 * 1024;

/// Entries of the timeline of a handshake that gets no answer.
const FIRST_EVENTS: usize = 2;

/// Entries of the timeline of most handshakes of TLS 1.3.
const TLS13_EVENTS: usize = 12;

/// Entries of the timeline of most handshakes of TLS 1.2.
const USUAL_EVENTS: usize = 20;

/// Events kept of one connection.
const MAX_EVENTS: usize = 256;

/// Anomalies kept of one connection.
const MAX_ANOMALIES: usize = 64;

/// Application records of a side after which nothing about the handshake is to be expected.
const SETTLED_RECORDS: u64 = 4;

/// The same when one side alone sends: a download, or a log that is shipped. No flight of a handshake
/// has so many records, and who refuses it does so long before.
const SETTLED_ONE_WAY_RECORDS: u64 = 64;

/// What all trackers of an analysis share.
#[derive(Default)]
pub struct Shared {
    /// Each distinct certificate is parsed once.
    pub certificates: CertificateStore,
    /// The hellos of one build are read once.
    pub hellos: HelloStore,
    /// Whoever knows secrets.
    pub secrets: Option<Arc<dyn SecretSource + Send + Sync>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

mod held;
mod messages;
mod records;
mod resting;
mod secrets;
mod start;
mod unheard;

use held::Held;
use secrets::Opening;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Mode {
    /// No byte yet, or too few to tell.
    #[default]
    Start,
    /// Records.
    Tls,
    /// Something else; TLS may follow.
    Plain,
    /// TLS records wrapped in TDS packets, as SQL Server does.
    Tds,
    /// SSL 2 records.
    Ssl2,
}

/// One direction.
#[derive(Default, Debug)]
struct Stream {
    mode: Mode,
    /// What is held while it is not TLS. Most connections never have it.
    held: Option<Box<Held>>,
    records: RecordReader,
    /// A handshake message over several records, while there is one.
    joiner: Option<Box<Joiner>>,
    /// From here on records are protected (TLS 1.2 and below: behind the ChangeCipherSpec).
    protected: bool,
    /// The capture has all that it said so far.
    is_heard: bool,
    /// Bytes are missing before the handshake was complete.
    gap: bool,
    bytes: u64,
    /// How many protected records were kept.
    kept: usize,
}

impl Stream {
    fn buffered_bytes(&self) -> usize {
        let records = self.records.buffered_bytes();
        if self.held.is_none() && self.joiner.is_none() {
            return records;
        }
        records
            + self.held.as_ref().map_or(0, |held| held.buffered_bytes())
            + self.joiner.as_ref().map_or(0, |joiner| joiner.buffered_bytes())
    }
}

/// Follows one connection.
pub struct Tracker {
    forward: Stream,
    reverse: Stream,
    roles_known: bool,
    mid_stream: bool,
    preamble: Option<Box<Preamble>>,
    /// What comes before TLS is over, or was never there.
    preamble_over: bool,
    /// TLS 1.3 or a draft of it was negotiated.
    tls13: bool,
    /// Where somebody may know secrets.
    opening: Option<Box<Opening>>,
    connection: Box<Connection>,
    settled: bool,
}

impl std::fmt::Debug for Tracker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracker").field("settled", &self.settled).finish_non_exhaustive()
    }
}

impl Tracker {
    /// Loads what [`finish`](Self::finish) is about to work on.
    pub fn touch(&self, flow: &EndedFlow) {
        self.connection.touch();
        touch_transport(&flow.facts);
    }

    /// A tracker for a flow that has its first payload.
    #[must_use]
    pub fn new(flow: &impl FlowView) -> Self {
        let has_syn =
            flow.facts().is_some_and(|facts| facts.syn.is_some() || facts.syn_ack.is_some());
        let (source, destination) = flow.ends();
        // Made where it stays: it is not small.
        let mut connection = Box::write(
            Box::new_uninit(),
            Connection::new((source, destination), flow.tunnel(), flow.first()),
        );
        if has_syn {
            connection.roles_from = RolesFrom::Syn;
        } else if looks_like_server(source.port, destination.port) {
            connection.swap_roles();
        }
        Self {
            forward: Stream::default(),
            reverse: Stream::default(),
            roles_known: false,
            mid_stream: !has_syn,
            preamble: None,
            preamble_over: false,
            tls13: false,
            opening: None,
            connection,
            settled: false,
        }
    }

    /// Bytes held beside the facts.
    #[inline]
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        let opening = self.opening.as_ref().map_or(0, |opening| opening.buffered_bytes());
        self.forward.buffered_bytes() + self.reverse.buffered_bytes() + opening
    }

    /// Whether TLS was seen.
    #[must_use]
    pub fn tls_seen(&self) -> bool {
        self.connection.tls_seen()
    }

    /// Takes note of whether the capture has all that a direction said so far
    /// ([`FlowView::is_heard`]): where it has not, TLS may begin without an answer that was seen.
    pub fn note_heard(&mut self, direction: Direction, is_heard: bool) {
        self.stream(direction).is_heard = is_heard;
    }

    /// Takes the next bytes of one direction.
    pub fn data(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        bytes: &[u8],
    ) -> Interest {
        if self.settled {
            return Interest::Settled;
        }
        self.release(shared, direction.opposite());
        let stream = self.stream(direction);
        stream.bytes = stream.bytes.saturating_add(bytes.len() as u64);
        match stream.mode {
            Mode::Start => self.start(shared, direction, at, bytes),
            Mode::Tls => self.tls(shared, direction, at, bytes),
            Mode::Plain => self.plain(shared, direction, at, bytes),
            Mode::Ssl2 => self.ssl2(shared, direction, at, bytes),
            Mode::Tds => self.tds(shared, direction, at, bytes),
        }
        self.interest()
    }

    /// Takes note of bytes that are not there.
    pub fn gap(&mut self, direction: Direction, gap: Gap) -> Interest {
        self.release(&Shared::default(), direction);
        let side = self.connection.side(direction);
        let stream = self.stream(direction);
        stream.gap = true;
        match stream.mode {
            Mode::Start => {
                stream.clear_head();
                stream.mode = Mode::Plain;
            }
            Mode::Tls => {
                let skips = stream.records.skips(gap.len_bytes);
                stream.records.gap(gap.len_bytes);
                if !skips {
                    stream.joiner = None;
                    if let Some(opener) = self.opener() {
                        opener.gap(side);
                    }
                }
            }
            Mode::Plain | Mode::Ssl2 | Mode::Tds => {}
        }
        let gaps = self.connection.gaps.of_mut(side);
        if gaps.len() < 16 {
            gaps.push(gap);
        }
        self.event(direction, gap.at, EventKind::CaptureGap(Box::new(gap)));
        self.interest()
    }

    /// Ends the connection.
    #[must_use]
    pub fn finish(mut self, flow: EndedFlow) -> Box<Connection> {
        if self.opening.is_some() || self.forward.held.is_some() || self.reverse.held.is_some() {
            let shared = Shared::default();
            self.stop_waiting(&shared);
            self.release_all(&shared);
        }
        for direction in [Direction::Forward, Direction::Reverse] {
            let side = self.connection.side(direction);
            let stream = self.stream(direction);
            let unfinished = if stream.mode == Mode::Tls {
                let joiner = stream.joiner.as_ref();
                let message = joiner.and_then(|joiner| joiner.unfinished()?.0);
                match (stream.records.unfinished(), message) {
                    (Some((header, begins)), kind) => Some(Unfinished {
                        begins,
                        content_type: header.content_type,
                        handshake_type: kind.or_else(|| stream.records.unfinished_message()),
                    }),
                    (None, Some(kind)) => Some(Unfinished {
                        begins: flow.last,
                        content_type: 22,
                        handshake_type: Some(kind),
                    }),
                    (None, None) => None,
                }
            } else {
                None
            };
            *self.connection.unfinished.of_mut(side) = unfinished.map(Box::new);
        }
        self.note_not_offered(&flow);
        let (mut connection, opening) = (self.connection, self.opening);
        // That the key exchange was missed shows later than that it has not come.
        let has_gap = connection.has_gap(Side::Client);
        let not_opened = opening.as_ref().and_then(|opening| opening.not_opened);
        let not_opened = not_opened.map(|why| match why {
            NotOpened::NoKeyExchange if has_gap => NotOpened::Gap,
            why => why,
        });
        connection.decryption = match (connection.decryption, not_opened) {
            (Decryption::Opened, Some(why)) if opening.is_some_and(|opening| opening.opened) => {
                Decryption::Partly(why)
            }
            (Decryption::Opened, Some(why)) => Decryption::Failed(why),
            (other, _) => other,
        };
        crate::ending::complete(&mut connection, flow);
        connection
    }

    #[inline]
    fn interest(&mut self) -> Interest {
        if self.settled {
            return Interest::Settled;
        }
        let data = &self.connection.application_data;
        let records = data.client.records + data.server.records;
        let flowing = data.client.records >= SETTLED_RECORDS
            && data.server.records >= SETTLED_RECORDS
            || (data.client.records > 0 && data.server.records > 0)
                && records >= 4 * SETTLED_RECORDS
            || records >= SETTLED_ONE_WAY_RECORDS;
        let plain = self.forward.bytes.max(self.reverse.bytes) > GIVE_UP_BYTES
            && [Mode::Start, Mode::Plain].contains(&self.forward.mode)
            && [Mode::Start, Mode::Plain].contains(&self.reverse.mode);
        if flowing || plain {
            self.settle();
            return Interest::Settled;
        }
        Interest::More
    }

    /// Nothing more is of interest.
    #[cold]
    fn settle(&mut self) {
        self.settled = true;
        for stream in [&mut self.forward, &mut self.reverse] {
            // What is in the middle of a record stays unfinished by choice, not by fault.
            *stream = Stream { mode: stream.mode, ..Stream::default() };
        }
        self.preamble = None;
        if let Some(opening) = &mut self.opening {
            opening.settle();
        }
    }

    fn stream(&mut self, direction: Direction) -> &mut Stream {
        match direction {
            Direction::Forward => &mut self.forward,
            Direction::Reverse => &mut self.reverse,
        }
    }

    fn event(&mut self, direction: Direction, at: Place, kind: EventKind) {
        let from = self.connection.side(direction);
        let events = &mut self.connection.events;
        if events.len() < MAX_EVENTS {
            if events.len() == events.capacity() {
                reserve_events(events, self.tls13);
            }
            events.push(Event { at, from, kind });
        }
    }

    fn anomalies(&mut self, at: Place, anomalies: impl IntoIterator<Item = Anomaly>) {
        for anomaly in anomalies {
            if self.connection.anomalies.len() < MAX_ANOMALIES {
                self.connection.anomalies.push(Located::new(anomaly, at));
            }
        }
    }

    /// A message that only one side sends tells the roles.
    fn learn_roles(&mut self, direction: Direction, side: Side) {
        if self.roles_known {
            return;
        }
        self.roles_known = true;
        self.connection.roles_from = RolesFrom::Handshake;
        if self.connection.side(direction) != side {
            self.connection.swap_roles();
        }
    }
}

/// Takes room for more events, where all that was taken is used.
#[cold]
fn reserve_events(events: &mut Vec<Event>, tls13: bool) {
    let usual = if tls13 { TLS13_EVENTS } else { USUAL_EVENTS };
    match events.len() {
        0 => events.reserve_exact(FIRST_EVENTS),
        held if held < usual => events.reserve_exact(usual - held),
        _ => {}
    }
}

/// Whether `first` looks like a server's port and `second` like a client's.
fn looks_like_server(first: u16, second: u16) -> bool {
    let known = |port| crate::ports::is_usual_tls_port(port);
    match (known(first), known(second)) {
        (true, false) => true,
        (false, true) => false,
        _ => first < second,
    }
}
