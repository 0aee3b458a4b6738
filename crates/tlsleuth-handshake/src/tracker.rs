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
use tlsleuth_cert::{CertificateStore, Chain, Scts, WireText};

use crate::anomaly::{Anomaly, Problem};
use crate::codepoint::{AlertDescription, AlertLevel, CertificateType, HandshakeType};
use crate::connection::{
    Alert, Connection, Decryption, Event, EventKind, RolesFrom, SentChain, Side, Unfinished,
};
use crate::flight::{Content, KEPT_RECORDS, ProtectedRecord};
use crate::joiner::{self, Joiner, Message};
use crate::message::{
    self, Certificate, CertificateForm, ClientHello, HelloStore, ServerHello,
    SignedCertificateTimestamp,
};
use crate::observed::Observed;
use crate::opener::{NotOpened, SecretSource};
use crate::preamble::{self, Preamble};
use crate::record::{Cut, Record, RecordHeader, RecordReader};
use crate::touch::touch_transport;

/// Bytes of a direction after which a stream without TLS is given up.
const GIVE_UP_BYTES: u64 = 32 * 1024;

/// Alerts kept of one connection; further ones are dropped, the anomaly list says so.
const MAX_ALERTS: usize = 64;

/// Entries of the timeline of a handshake that gets no answer.
const FIRST_EVENTS: usize = 2;

/// Entries of the timeline of most handshakes of TLS 1.3.
const TLS13_EVENTS: usize = 12;

/// Entries of the timeline of most handshakes of TLS 1.2.
const USUAL_EVENTS: usize = 20;

/// Protected records of most connections of which any are kept.
const USUAL_PROTECTED: usize = 8;

/// The same of TLS 1.3, where the handshake has some.
const USUAL_PROTECTED_TLS13: usize = 12;

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
    pub fn new(flow: &FlowView<'_>) -> Self {
        let has_syn =
            flow.facts.is_some_and(|facts| facts.syn.is_some() || facts.syn_ack.is_some());
        // Made where it stays: it is not small.
        let mut connection = Box::write(Box::new_uninit(), Connection::new(flow));
        if has_syn {
            connection.roles_from = RolesFrom::Syn;
        } else if looks_like_server(flow.forward_source.port, flow.forward_destination.port) {
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
                reserve_events(events);
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

    fn tls(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() {
            let opening = self.wants_application_data(shared, direction);
            let wants = |header: &RecordHeader| header.content_type != 23 || opening;
            match self.stream(direction).records.next(at, &mut input, wants) {
                Some(Cut::Record(record)) => self.record(shared, direction, &record),
                Some(Cut::Lost { at, found }) => self.lost(direction, at, &found),
                None => break,
            }
        }
    }

    fn lost(&mut self, direction: Direction, at: Place, found: &[u8]) {
        let side = self.connection.side(direction);
        if self.connection.garbage.of(side).is_none() && !self.stream(direction).gap {
            let text = WireText::new(found);
            let garbage = Box::new(Located::new(text.clone(), at));
            *self.connection.garbage.of_mut(side) = Some(garbage);
            self.event(direction, at, EventKind::Garbage(Box::new(text)));
        }
    }

    fn record(&mut self, shared: &Shared, direction: Direction, record: &Record<'_>) {
        let side = self.connection.side(direction);
        let header = record.header;
        if self.waits_for_hellos(shared, direction, &header) {
            self.wait(shared, direction, record);
            return;
        }
        if self.is_protected(direction, &header) {
            self.protected(shared, direction, record);
            return;
        }
        match header.content_type {
            20 => self.change_cipher_spec(direction, record),
            21 => self.alert(direction, record),
            22 => match record.body() {
                Some(body) if !record.damaged => {
                    self.handshake(shared, direction, record.at, body, false);
                }
                _ => self.stream(direction).joiner = None,
            },
            23 => {
                let early = side == Side::Client && self.is_early(record.at);
                self.application_data(direction, record.at, header.len, early);
            }
            _ => {}
        }
    }

    /// Whether a record's content is encrypted, as far as what came before tells.
    fn is_protected(&mut self, direction: Direction, header: &RecordHeader) -> bool {
        let tls13 = self.tls13;
        match header.content_type {
            // Protected records of TLS 1.3 look like application data. An alert of 2 bytes behind
            // the ServerHello is in clear: OpenSSL's clients send those (RFC 9846 §5.1 permits).
            23 => tls13 || self.stream(direction).protected,
            21 if tls13 => header.len != 2,
            // That of a renegotiation is protected, and changes the keys.
            20 => !tls13 && self.opener().is_some() && self.stream(direction).protected,
            22 if tls13 => false,
            _ => self.stream(direction).protected,
        }
    }

    fn change_cipher_spec(&mut self, direction: Direction, record: &Record<'_>) {
        let side = self.connection.side(direction);
        self.connection.change_cipher_spec.of_mut(side).get_or_insert(record.at);
        if !self.tls13 {
            self.stream(direction).protected = true;
        }
        self.event(direction, record.at, EventKind::ChangeCipherSpec);
    }

    fn alert(&mut self, direction: Direction, record: &Record<'_>) {
        match record.body() {
            // Several alerts in one record are legal before TLS 1.3 (RFC 5246 §6.2.1).
            Some(body) if body.len() % 2 == 0 && (2..=16).contains(&body.len()) => {
                self.alerts_in(direction, record, body, false);
            }
            _ => self.hidden_alert(direction, record),
        }
    }

    /// Takes alerts that can be read: two bytes each.
    fn alerts_in(
        &mut self,
        direction: Direction,
        record: &Record<'_>,
        plain: &[u8],
        encrypted: bool,
    ) {
        for pair in plain.chunks_exact(2) {
            let [level, description] = *pair else { continue };
            self.push_alert(
                direction,
                Alert {
                    level: Some(AlertLevel(level)),
                    description: Some(AlertDescription(description)),
                    encrypted,
                    ..self.unread_alert(direction, record)
                },
            );
        }
    }

    /// Takes an alert of which only the record's type and length can be read.
    fn hidden_alert(&mut self, direction: Direction, record: &Record<'_>) {
        self.push_alert(direction, self.unread_alert(direction, record));
    }

    fn unread_alert(&self, direction: Direction, record: &Record<'_>) -> Alert {
        Alert {
            from: self.connection.side(direction),
            at: record.at,
            level: None,
            description: None,
            encrypted: true,
            inferred: false,
            record_len: record.header.len,
        }
    }

    fn push_alert(&mut self, direction: Direction, alert: Alert) {
        if self.connection.alerts.len() < MAX_ALERTS {
            self.event(direction, alert.at, EventKind::Alert(self.connection.alerts.len()));
            self.connection.push_alert(alert);
        }
    }

    fn application_data(&mut self, direction: Direction, at: Place, len: u16, early: bool) {
        let side = self.connection.side(direction);
        let data = if early {
            &mut **self.connection.early_data.get_or_insert_default()
        } else {
            self.connection.application_data.of_mut(side)
        };
        data.first.get_or_insert(at);
        data.last = Some(at);
        data.records += 1;
        data.bytes += u64::from(len);
        let from = side;
        // A run of records is one event.
        for event in self.connection.events.iter_mut().rev() {
            if event.from != from {
                continue;
            }
            if let EventKind::ApplicationData { bytes, records, early: was } = &mut event.kind
                && *was == early
            {
                *bytes = bytes.saturating_add(u32::from(len));
                *records = records.saturating_add(1);
                return;
            }
            break;
        }
        self.event(
            direction,
            at,
            EventKind::ApplicationData { bytes: u32::from(len), records: 1, early },
        );
    }

    fn protected(&mut self, shared: &Shared, direction: Direction, record: &Record<'_>) {
        let side = self.connection.side(direction);
        let header = record.header;
        if self.open(shared, direction, record) {
            return;
        }
        if header.content_type == 20 {
            self.change_cipher_spec(direction, record);
            return;
        }
        let tls13 = self.tls13;
        let content = if !tls13 {
            match header.content_type {
                21 => Content::Alert,
                22 => Content::Finished,
                _ => Content::ApplicationData,
            }
        } else if side == Side::Client && self.is_early(record.at) {
            Content::EarlyData
        } else {
            Content::Unknown
        };
        self.keep_protected(direction, record, content);
        if tls13 {
            // What they are is told at the end, when all of them are there.
            if content == Content::EarlyData {
                self.application_data(direction, record.at, header.len, true);
            } else if self.is_past_handshake(side) {
                let data = self.connection.application_data.of_mut(side);
                data.records += 1;
                data.bytes += u64::from(header.len);
                data.last = Some(record.at);
            }
            return;
        }
        match header.content_type {
            21 => self.hidden_alert(direction, record),
            22 => {
                let finished = self.connection.finished.of_mut(side);
                if finished.present().is_none() {
                    *finished = Observed::Present(record.at);
                    *self.connection.finished_inferred.of_mut(side) = true;
                    self.event(direction, record.at, EventKind::Finished { inferred: true });
                } else {
                    if self.connection.finished.server.is_present()
                        && self.connection.finished.client.is_present()
                    {
                        self.connection.renegotiation.get_or_insert_with(|| Box::new(record.at));
                    }
                    let (bytes, records) = (u32::from(header.len), 1);
                    self.event(
                        direction,
                        record.at,
                        EventKind::EncryptedHandshake { bytes, records },
                    );
                }
            }
            23 => self.application_data(direction, record.at, header.len, false),
            _ => {}
        }
    }

    fn keep_protected(&mut self, direction: Direction, record: &Record<'_>, content: Content) {
        let from = self.connection.side(direction);
        let stream = self.stream(direction);
        if stream.kept < KEPT_RECORDS {
            stream.kept += 1;
            let (at, header) = (record.at, record.header);
            let (content_type, len) = (header.content_type, header.len);
            if self.connection.protected.is_empty() {
                let usual = if self.tls13 { USUAL_PROTECTED_TLS13 } else { USUAL_PROTECTED };
                self.connection.protected.reserve_exact(usual);
            }
            self.connection.protected.push(ProtectedRecord {
                from,
                at,
                content_type,
                len,
                content,
            });
        }
    }

    /// Whether a protected record of the client came before the server's answer to an offer of
    /// early data.
    fn is_early(&self, at: Place) -> bool {
        let offered =
            self.connection.client_hello().is_some_and(|hello| hello.value.has_early_data());
        let answered = self
            .connection
            .server_hello
            .present()
            .is_some_and(|hello| hello.at.order() < at.order());
        offered && !answered
    }

    /// Whether so many protected records of a TLS 1.3 side came that the handshake is behind it.
    fn is_past_handshake(&self, side: Side) -> bool {
        let kept = match self.connection.direction(side) {
            Direction::Forward => self.forward.kept,
            Direction::Reverse => self.reverse.kept,
        };
        kept >= KEPT_RECORDS
    }

    fn opened_record(
        &mut self,
        shared: &Shared,
        direction: Direction,
        record: &Record<'_>,
        content_type: u8,
        plain: &[u8],
    ) {
        let side = self.connection.side(direction);
        match content_type {
            21 => self.alerts_in(direction, record, plain, true),
            20 => self.change_cipher_spec(direction, record),
            22 => self.handshake(shared, direction, record.at, plain, true),
            23 => {
                let early = side == Side::Client && self.is_early(record.at);
                self.application_data(direction, record.at, record.header.len, early);
                if self.connection.application.is_none() && !plain.is_empty() {
                    self.connection.application =
                        preamble::name_plaintext(side == Side::Client, plain)
                            .and_then(|plain| plain.kind.application());
                }
            }
            _ => {}
        }
    }

    fn handshake(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        body: &[u8],
        opened: bool,
    ) {
        let mut input = body;
        let kept = self.stream(direction).joiner.take();
        if kept.is_none() {
            // Nearly every message lies whole in its record.
            while let Some(message) = joiner::whole(&mut input) {
                self.message(shared, direction, at, &message, opened);
            }
            if input.is_empty() {
                return;
            }
        }
        let mut joiner = kept.unwrap_or_default();
        while let Some(message) = joiner.next(&mut input) {
            self.message(shared, direction, at, &message, opened);
        }
        if joiner.unfinished().is_some() {
            self.stream(direction).joiner = Some(joiner);
        }
    }

    fn message(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        joined: &Message<'_>,
        opened: bool,
    ) {
        let kind = HandshakeType(joined.kind);
        let Some(body) = joined.body else {
            let max = u32::try_from(joiner::MAX_MESSAGE_BYTES).unwrap_or(u32::MAX);
            let problem = Problem::LengthOutOfRange { length: joined.len, min: 0, max };
            self.anomalies(at, [Anomaly { extension: None, field: "length", offset: 0, problem }]);
            return;
        };
        match kind {
            HandshakeType::CLIENT_HELLO => self.learn_roles(direction, Side::Client),
            HandshakeType::SERVER_HELLO
            | HandshakeType::SERVER_HELLO_DONE
            | HandshakeType::SERVER_KEY_EXCHANGE
            | HandshakeType::CERTIFICATE_REQUEST
            | HandshakeType::HELLO_REQUEST => self.learn_roles(direction, Side::Server),
            HandshakeType::CLIENT_KEY_EXCHANGE => self.learn_roles(direction, Side::Client),
            _ => {}
        }
        let side = self.connection.side(direction);
        if shared.secrets.is_some()
            && let Some(whole) = joined.whole
        {
            self.tell_opener(shared, side, whole);
        }
        match kind {
            HandshakeType::CLIENT_HELLO => {
                let (hello, anomalies) = shared.hellos.client_hello(body);
                self.anomalies(at, anomalies);
                self.client_hello(direction, at, hello);
                self.hellos_told(shared);
                return;
            }
            HandshakeType::SERVER_HELLO => {
                let (hello, anomalies) = shared.hellos.server_hello(body);
                self.anomalies(at, anomalies);
                self.server_hello(shared, direction, at, hello);
                return;
            }
            _ => {}
        }
        use message::Message as M;
        let context = message::Context {
            version: self.connection.negotiated_version().map(|version| version.value),
            suite: self.connection.cipher_suite().map(|suite| suite.value),
            certificate_type: self.certificate_type(side),
            is_dtls: false,
        };
        let (decoded, anomalies) = message::Message::decode(kind, body, &context);
        self.anomalies(at, anomalies);
        match decoded {
            // The HelloRetryRequest of drafts, a message of its own.
            M::ServerHello(hello) => self.server_hello(shared, direction, at, *hello),
            M::Certificate(chain) => {
                self.certificate(shared, direction, at, &chain, body, false);
            }
            M::CompressedCertificate(compressed) => match compressed.expand(body) {
                Ok(plain) => {
                    let (chain, anomalies) = Certificate::decode(&plain, CertificateForm::Tls13);
                    self.anomalies(at, anomalies);
                    self.certificate(shared, direction, at, &chain, &plain, true);
                }
                Err(anomaly) => self.anomalies(at, [anomaly]),
            },
            M::CertificateStatus(status) => {
                if let Observed::Present(chain) = &mut self.connection.server_chain
                    && let Some(response) = status.responses.first()
                {
                    let response = || Located::new(response.clone(), at);
                    chain.value.stapled.get_or_insert_with(response);
                }
                self.event(direction, at, EventKind::CertificateStatus);
            }
            M::ServerKeyExchange(exchange) => {
                self.connection.server_key_exchange =
                    Observed::Present(Box::new(Located::new(exchange, at)));
                self.event(direction, at, EventKind::ServerKeyExchange);
            }
            M::CertificateRequest(request) => {
                if !self.connection.certificate_request.is_present() {
                    self.connection.certificate_request =
                        Observed::Present(Box::new(Located::new(*request, at)));
                }
                self.event(direction, at, EventKind::CertificateRequest);
            }
            M::ServerHelloDone => {
                self.connection.server_hello_done.get_or_insert(at);
                self.event(direction, at, EventKind::ServerHelloDone);
            }
            M::ClientKeyExchange(_) => {
                self.connection.client_key_exchange.get_or_insert(at);
                self.event(direction, at, EventKind::ClientKeyExchange);
            }
            M::CertificateVerify(_) => self.event(direction, at, EventKind::CertificateVerify),
            M::EncryptedExtensions(extensions) => {
                self.connection.encrypted_extensions =
                    Observed::Present(Box::new(Located::new(extensions, at)));
                self.event(direction, at, EventKind::EncryptedExtensions);
            }
            M::Finished(_) => {
                let finished = self.connection.finished.of_mut(side);
                if !finished.is_present() {
                    *finished = Observed::Present(at);
                }
                self.event(direction, at, EventKind::Finished { inferred: !opened });
            }
            M::NewSessionTicket(_) => {
                self.connection.tickets += 1;
                self.event(direction, at, EventKind::NewSessionTicket);
            }
            M::HelloRequest => {
                self.connection.renegotiation.get_or_insert_with(|| Box::new(at));
                self.event(direction, at, EventKind::HelloRequest);
            }
            M::EndOfEarlyData => self.event(direction, at, EventKind::EndOfEarlyData),
            M::KeyUpdate(_) => self.event(direction, at, EventKind::KeyUpdate),
            _ => self.event(direction, at, EventKind::OtherHandshake(kind.0)),
        }
    }

    /// What Certificate messages of a side carry, by what was negotiated (RFC 7250).
    fn certificate_type(&self, side: Side) -> CertificateType {
        let extensions = match self.connection.encrypted_extensions.present() {
            Some(extensions) => Some(&extensions.value.extensions),
            None => self.connection.server_hello.present().map(|hello| &hello.value.extensions),
        };
        let types = extensions.and_then(|extensions| match side {
            Side::Client => extensions.client_certificate_types(),
            Side::Server => extensions.server_certificate_types(),
        });
        types.and_then(|types| types.first()).copied().unwrap_or_default()
    }

    fn client_hello(&mut self, direction: Direction, at: Place, hello: ClientHello) {
        let nth = self.connection.client_hellos.len();
        // Nearly always there is but one.
        self.connection.client_hellos.reserve_exact(1);
        if nth == 0 || (nth == 1 && self.connection.hello_retry.is_some()) {
            self.connection.client_hellos.push(Located::new(hello, at));
        } else if self.connection.server_hello.is_present() {
            self.connection.renegotiation.get_or_insert_with(|| Box::new(at));
        } else if nth == 1 {
            // The HelloRetryRequest may come later than its answer where the capture swaps them.
            self.connection.client_hellos.push(Located::new(hello, at));
        }
        self.event(direction, at, EventKind::ClientHello(nth));
    }

    fn server_hello(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        hello: ServerHello,
    ) {
        if hello.is_hello_retry_request() {
            self.event(direction, at, EventKind::HelloRetryRequest);
            self.connection.hello_retry.get_or_insert_with(|| Box::new(Located::new(hello, at)));
            self.tls13 = self.connection.is_tls13();
            return;
        }
        self.event(direction, at, EventKind::ServerHello);
        if self.connection.server_hello.is_present() {
            return;
        }
        self.tls13 = hello.negotiated_version().is_tls13();
        self.connection.server_hello = Observed::Present(Located::new(hello, at));
        if self.tls13 {
            // A ChangeCipherSpec before it is there for middleboxes (RFC 9846 §D.4).
            self.forward.protected = false;
            self.reverse.protected = false;
        }
        self.hellos_told(shared);
    }

    fn certificate(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        message: &Certificate,
        body: &[u8],
        compressed: bool,
    ) {
        let side = self.connection.side(direction);
        let certificates = message.entries.len();
        let chain = Chain::new(message.der(body).map(|der| shared.certificates.intern(der)));
        let leaf = message.entries.first().map(|leaf| &leaf.extensions);
        let stapled = leaf
            .and_then(|leaf| leaf.certificate_status())
            .and_then(|status| status.responses.first())
            .map(|response| Located::new(response.clone(), at));
        let hello = self.connection.server_hello.present().filter(|_| side == Side::Server);
        let scts = leaf
            .and_then(|leaf| leaf.signed_certificate_timestamps())
            .or_else(|| hello?.value.extensions.signed_certificate_timestamps())
            .map(|list| Scts::new(list.iter().map(SignedCertificateTimestamp::sct)))
            .unwrap_or_default();
        let sent = SentChain {
            chain,
            raw_public_key: self.certificate_type(side) == CertificateType::RAW_PUBLIC_KEY,
            stapled,
            scts,
            compressed,
        };
        let place = match side {
            Side::Client => &mut self.connection.client_chain,
            Side::Server => &mut self.connection.server_chain,
        };
        if !place.is_present() {
            *place = Observed::Present(Box::new(Located::new(sent, at)));
        }
        self.event(direction, at, EventKind::Certificate { certificates });
    }
}

/// Takes room for more events, where all that was taken is used.
fn reserve_events(events: &mut Vec<Event>) {
    match events.len() {
        0 => events.reserve_exact(FIRST_EVENTS),
        FIRST_EVENTS => events.reserve_exact(TLS13_EVENTS - FIRST_EVENTS),
        TLS13_EVENTS => events.reserve_exact(USUAL_EVENTS - TLS13_EVENTS),
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
