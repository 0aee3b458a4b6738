//! The beginning of a stream: TLS at once, a preamble before it, SSL 2, or something else.

use tlsleuth_capture::{Direction, EndedFlow, Located, Place};

use super::unheard::Words;
use super::{Mode, Shared, Tracker};
use crate::WireText;
use crate::connection::{Both, EventKind, PreambleFacts, RefusalFacts, Side, Ssl2Step};
use crate::message::sslv2::{Ssl2Header, Ssl2Message};
use crate::preamble::{Preamble, Progress, Protocol, Refusal, name_plaintext, tds};
use crate::probe::{self, Beginning};
use crate::record::RecordReader;

/// Bytes of a direction that are held while it is not known what they are.
const MAX_HEAD_BYTES: usize = 20 * 1024;

/// Bytes of a direction that are held until the other one speaks: how they are cut into segments
/// must not change how they are understood, and what is longer is understood anyway.
const MAX_TURN_BYTES: usize = 512;

/// Preambles one after the other: a proxy, a tunnel in it, STARTTLS in that.
const MAX_PREAMBLES: usize = 4;

impl Tracker {
    pub(super) fn start(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        let mid_stream = self.mid_stream;
        let stream = self.stream(direction);
        stream.take_last();
        let mut head = stream.take_head();
        let begins = head.len();
        let bytes = if head.is_empty() {
            bytes
        } else {
            head.extend_from_slice(bytes);
            head.as_slice()
        };
        match probe::beginning(bytes) {
            Beginning::More => stream.hold().head = bytes.to_vec(),
            Beginning::Tls { content_type, .. } if content_type == 23 || content_type == 20 => {
                // A stream does not begin like this; one that was joined late may.
                let peer_is_tls = self.stream(direction.opposite()).mode == Mode::Tls;
                if peer_is_tls || (mid_stream && probe::begins_with_records(bytes)) {
                    // Joined behind the handshake: all that follows is protected.
                    self.stream(direction).protected |= content_type == 23;
                    self.begin_tls(direction, at);
                    self.tls(shared, direction, at, bytes);
                } else {
                    let mut seams = self.stream(direction).take_seams();
                    seams.push(begins, at);
                    self.begin_plain(shared, direction, &Words { bytes, seams: &seams });
                }
            }
            Beginning::Tls { .. } => {
                self.begin_tls(direction, at);
                self.tls(shared, direction, at, bytes);
            }
            Beginning::Ssl2ClientHello => {
                self.learn_roles(direction, Side::Client);
                self.begin_ssl2(shared, direction, at, bytes);
            }
            Beginning::Ssl2ServerHello if self.connection.ssl2.client_hello.is_some() => {
                self.learn_roles(direction, Side::Server);
                self.begin_ssl2(shared, direction, at, bytes);
            }
            Beginning::Ssl2ServerHello | Beginning::Plain if bytes.len() < MAX_TURN_BYTES => {
                let held = self.stream(direction).hold();
                held.head = bytes.to_vec();
                held.last = Some(at);
                held.seams.push(begins, at);
            }
            Beginning::Ssl2ServerHello | Beginning::Plain => {
                let mut seams = self.stream(direction).take_seams();
                seams.push(begins, at);
                self.words(shared, direction, &Words { bytes, seams: &seams });
            }
        }
    }

    /// A direction's turn is over: the other one speaks, or nothing more comes.
    #[inline]
    pub(super) fn release(&mut self, shared: &Shared, direction: Direction) {
        if self.stream(direction).take_last().is_some() {
            self.end_turn(shared, direction);
        }
    }

    #[cold]
    fn end_turn(&mut self, shared: &Shared, direction: Direction) {
        let other_has_gap = self.stream(direction.opposite()).gap;
        if other_has_gap {
            self.look_again(shared, direction);
        }
        let stream = self.stream(direction);
        let seams = stream.take_seams();
        match stream.mode {
            Mode::Start => {
                let bytes = stream.take_head();
                self.words(shared, direction, &Words { bytes: &bytes, seams: &seams });
            }
            Mode::Plain => {
                let bytes = stream.take_turn();
                self.turn(shared, direction, &Words { bytes: &bytes, seams: &seams });
            }
            Mode::Tls => {
                let bytes = stream.take_turn();
                self.go_on(shared, direction, &Words { bytes: &bytes, seams: &seams }, 0);
            }
            Mode::Ssl2 | Mode::Tds => {}
        }
    }

    /// The same for both directions, in the order in which they spoke.
    pub(super) fn release_all(&mut self, shared: &Shared) {
        let mut directions = [Direction::Forward, Direction::Reverse];
        directions.sort_by_key(|direction| {
            let held = self.stream(*direction).held.as_ref();
            held.and_then(|held| held.last).map(|at| at.order())
        });
        for direction in directions {
            self.release(shared, direction);
        }
    }

    pub(super) fn begin_tls(&mut self, direction: Direction, at: Place) {
        let stream = self.stream(direction);
        stream.mode = Mode::Tls;
        stream.records = RecordReader::new();
        stream.give_back_held();
        let side = self.connection.side(direction);
        self.connection.first_tls.of_mut(side).get_or_insert(at);
        if side == Side::Server {
            // A refusal that was followed by success is none. That the client begins with TLS does
            // not yet say so: some try all the same.
            self.connection.refusal = None;
        }
    }

    /// Bytes of a direction that is not TLS so far.
    pub(super) fn plain(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        let stream = self.stream(direction);
        let held = stream.hold();
        let begins = held.turn.len();
        if begins + bytes.len() < MAX_TURN_BYTES {
            held.turn.extend_from_slice(bytes);
            held.last = Some(at);
            held.seams.push(begins, at);
            return;
        }
        held.last = None;
        let mut seams = std::mem::take(&mut held.seams);
        seams.push(begins, at);
        let mut turn = std::mem::take(&mut held.turn);
        let bytes = if turn.is_empty() {
            bytes
        } else {
            turn.extend_from_slice(bytes);
            &turn
        };
        self.turn(shared, direction, &Words { bytes, seams: &seams });
    }

    /// What a direction that is not TLS so far said before the other one spoke, or much of it.
    fn turn(&mut self, shared: &Shared, direction: Direction, words: &Words<'_>) {
        let bytes = words.bytes;
        let peer_is_tls = self.stream(direction.opposite()).mode == Mode::Tls;
        let begins = probe::is_client_hello(bytes)
            || (peer_is_tls && probe::is_server_answer(bytes))
            || ((self.mid_stream || self.stream(direction).gap)
                && probe::begins_with_records(bytes));
        if begins {
            self.stream(direction).protected |= self.mid_stream && bytes.first() == Some(&23);
            self.stream(direction).clear_head();
            self.leave_preamble(words.place(0));
            self.begin_tls(direction, words.place(0));
            self.go_on(shared, direction, words, 0);
            self.look_again(shared, direction.opposite());
            return;
        }
        self.words(shared, direction, words);
    }

    pub(super) fn begin_plain(&mut self, shared: &Shared, direction: Direction, words: &Words<'_>) {
        let (bytes, at) = (words.bytes, words.last());
        let side = self.connection.side(direction);
        self.stream(direction).mode = Mode::Plain;
        // Behind missing bytes a stream may go on anywhere, in the middle of a record too.
        if !self.stream(direction).gap
            && self.connection.plaintext.of(side).is_none()
            && let Some(found) = name_plaintext(side == Side::Client, bytes)
        {
            let found = Box::new(Located::new(found, at));
            *self.connection.plaintext.of_mut(side) = Some(found);
        }
        if self.preamble_over {
            return;
        }
        let held = self.stream(direction).hold();
        if held.head.len() + bytes.len() > MAX_HEAD_BYTES {
            held.head = Vec::new();
            self.preamble_over = true;
            return;
        }
        held.head.extend_from_slice(bytes);
        for (begins, at) in words.seams.iter().filter(|(begins, _)| *begins < bytes.len()) {
            held.head_seams.push(held.head_bytes + begins, at);
        }
        held.head_bytes += bytes.len();
        self.step_preamble(shared, direction, at);
        // What the other direction said too early may make sense now.
        if !self.preamble_over && !self.stream(direction.opposite()).head().is_empty() {
            let other = self.stream(direction.opposite());
            if other.mode == Mode::Plain {
                self.step_preamble(shared, direction.opposite(), at);
            }
        }
    }

    fn step_preamble(&mut self, shared: &Shared, direction: Direction, at: Place) {
        let from_client = self.connection.side(direction) == Side::Client;
        loop {
            if self.preamble_over {
                return;
            }
            let head = self.stream(direction).take_head();
            if head.is_empty() {
                return;
            }
            let preamble = self.preamble.get_or_insert_with(Box::default);
            let progress = preamble.step(from_client, &head);
            let protocol = preamble.protocol();
            let rest = |consumed: usize| head.get(consumed..).unwrap_or(&[]).to_vec();
            match progress {
                Progress::Continue { consumed } => {
                    self.stream(direction).hold().head = rest(consumed);
                    if consumed == 0 || consumed >= head.len() {
                        return;
                    }
                }
                Progress::Refused { reason, consumed } => {
                    let tunnel = protocol.is_some_and(Protocol::is_tunnel);
                    let says = Box::new(WireText::new(reason.to_string().as_bytes()));
                    let kind = if tunnel {
                        EventKind::ProxyConnect(says)
                    } else {
                        EventKind::Starttls(says)
                    };
                    self.event(direction, at, kind);
                    let target = self.preamble.as_ref().and_then(|preamble| preamble.target());
                    let refusal = RefusalFacts { protocol, reason, target };
                    self.connection
                        .refusal
                        .get_or_insert_with(|| Box::new(Located::new(refusal, at)));
                    self.stream(direction).hold().head = rest(consumed);
                    if consumed == 0 {
                        return;
                    }
                }
                Progress::TlsStarts { offset } => {
                    let rest = rest(offset);
                    self.leave_preamble(at);
                    self.connection.refusal = None;
                    let mode =
                        if protocol == Some(Protocol::Tds) { Mode::Tds } else { Mode::Start };
                    self.stream(direction).mode = mode;
                    let other = self.stream(direction.opposite());
                    other.mode = mode;
                    let early = other.take_held();
                    self.again(shared, direction, at, &rest);
                    self.again(shared, direction.opposite(), at, &early);
                    return;
                }
                Progress::TunnelOpens { offset } => {
                    let rest = rest(offset);
                    self.note_preamble(at);
                    self.connection.refusal = None;
                    self.preamble = Some(Box::new(Preamble::new()));
                    self.connection.plaintext = Both::default();
                    self.stream(direction).mode = Mode::Start;
                    let other = self.stream(direction.opposite());
                    other.mode = Mode::Start;
                    let early = other.take_held();
                    self.again(shared, direction, at, &rest);
                    self.again(shared, direction.opposite(), at, &early);
                    return;
                }
                going @ (Progress::NoTls | Progress::NotThis) => {
                    if going == Progress::NoTls {
                        // The peers are content without TLS: nothing failed.
                        self.connection.refusal = None;
                    }
                    self.preamble_over = true;
                    for stream in [&mut self.forward, &mut self.reverse] {
                        if stream.mode == Mode::Plain {
                            stream.take_head();
                        }
                    }
                    return;
                }
            }
        }
    }

    /// Takes bytes that were held, as if they came now.
    fn again(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.stream(direction).mode {
            Mode::Start => self.start(shared, direction, at, bytes),
            Mode::Tds => self.tds(shared, direction, at, bytes),
            Mode::Tls | Mode::Plain | Mode::Ssl2 => {}
        }
    }

    /// TLS begins: what came before it was a preamble, and no plain text in the wrong place.
    pub(super) fn leave_preamble(&mut self, at: Place) {
        self.note_preamble(at);
        if self.preamble.as_ref().is_some_and(|preamble| preamble.protocol().is_some()) {
            self.connection.plaintext = Both::default();
        }
        self.preamble_over = true;
    }

    /// The server said that it cannot do TLS, and the client left at once.
    pub(super) fn note_not_offered(&mut self, flow: &EndedFlow) {
        let Some(preamble) = self.preamble.as_ref().filter(|_| !self.preamble_over) else { return };
        if self.connection.tls_seen()
            || self.connection.refusal.is_some()
            || preamble.is_offered() != Some(false)
        {
            return;
        }
        let fin = |direction| flow.facts.stream(direction).fin;
        let client = self.connection.client_direction;
        let Some(left) = fin(client) else { return };
        if fin(client.opposite()).is_some_and(|other| other.order() < left.order()) {
            return;
        }
        let facts = RefusalFacts {
            protocol: preamble.protocol(),
            reason: Refusal::NotOffered,
            target: None,
        };
        self.connection.refusal = Some(Box::new(Located::new(facts, left)));
    }

    fn note_preamble(&mut self, at: Place) {
        let Some(preamble) = &self.preamble else { return };
        let Some(protocol) = preamble.protocol() else { return };
        let facts =
            PreambleFacts { protocol, target: preamble.target(), proxied: preamble.proxied() };
        if !protocol.is_tunnel() {
            self.connection.application.get_or_insert(protocol.name());
        }
        let words = match &facts.target {
            Some(target) => format!("{} to {target}", protocol.name()),
            None => format!("{}: TLS begins", protocol.name()),
        };
        let words = Box::new(WireText::new(words.as_bytes()));
        let kind = if protocol.is_tunnel() {
            EventKind::ProxyConnect(words)
        } else {
            EventKind::Starttls(words)
        };
        if self.connection.preambles.len() < MAX_PREAMBLES {
            self.connection.preambles.push(Located::new(facts, at));
        }
        self.event(self.connection.client_direction, at, kind);
    }

    /// TLS records in TDS packets; behind the handshake they are bare.
    pub(super) fn tds(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        let stream = self.stream(direction);
        let mut head = stream.take_head();
        if head.len() + bytes.len() > 2 * MAX_HEAD_BYTES {
            return;
        }
        head.extend_from_slice(bytes);
        loop {
            match tds::unwrap(&head) {
                tds::Unwrapped::Packet { payload, consumed } => {
                    if !payload.is_empty() {
                        let side = self.connection.side(direction);
                        self.connection.first_tls.of_mut(side).get_or_insert(at);
                        self.tls(shared, direction, at, payload);
                    }
                    head.drain(..consumed.min(head.len()));
                    if consumed == 0 {
                        self.stream(direction).hold().head = head;
                        return;
                    }
                }
                tds::Unwrapped::More => {
                    self.stream(direction).hold().head = head;
                    return;
                }
                tds::Unwrapped::Bare => {
                    self.stream(direction).mode = Mode::Tls;
                    self.tls(shared, direction, at, &head);
                    return;
                }
            }
        }
    }

    /// Bytes of a direction that speaks SSL 2, in which a record is one message until keys are there.
    pub(super) fn ssl2(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        let stream = self.stream(direction);
        if stream.head().len() + bytes.len() > 16 * 1024 {
            return;
        }
        let mut head = stream.take_head();
        head.extend_from_slice(bytes);
        let rest = self.ssl2_messages(direction, at, &head);
        let rest = head.get(head.len().saturating_sub(rest)..).unwrap_or(&[]);
        if self.is_behind_ssl2(rest) && matches!(probe::beginning(rest), Beginning::Tls { .. }) {
            self.begin_tls(direction, at);
            self.tls(shared, direction, at, rest);
        } else {
            self.stream(direction).hold().head = rest.to_vec();
        }
    }

    /// Whether a record of a newer version may begin here, which is how they go on behind a hello
    /// in the old form.
    fn is_behind_ssl2(&self, rest: &[u8]) -> bool {
        self.connection.ssl2.server_hello.is_none()
            && matches!(rest, [20..=24] | [20..=24, 3, ..])
            && probe::beginning(rest) != Beginning::Plain
    }

    /// Reads whole messages; returns how many bytes are left over.
    fn ssl2_messages(&mut self, direction: Direction, at: Place, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !self.is_behind_ssl2(rest)
            && let Some(header) = Ssl2Header::decode(rest)
        {
            let header_len = usize::from(header.header_len);
            let Some(body) = rest.get(header_len..header_len + usize::from(header.body_len)) else {
                break;
            };
            rest = rest.get(header_len + body.len()..).unwrap_or(&[]);
            if self.connection.ssl2.server_hello.is_some() && self.stream(direction).protected {
                continue;
            }
            let (message, anomalies) = Ssl2Message::decode(body);
            self.anomalies(at, anomalies);
            match message {
                Some(Ssl2Message::ClientHello(hello)) => {
                    let hello = Box::new(Located::new(hello, at));
                    self.connection.ssl2.client_hello.get_or_insert(hello);
                    self.event(direction, at, EventKind::Ssl2(Ssl2Step::ClientHello));
                }
                Some(Ssl2Message::ServerHello(hello)) => {
                    let hello = Box::new(Located::new(hello, at));
                    self.connection.ssl2.server_hello.get_or_insert(hello);
                    self.event(direction, at, EventKind::Ssl2(Ssl2Step::ServerHello));
                }
                Some(Ssl2Message::ClientMasterKey(_)) => {
                    self.connection.client_key_exchange.get_or_insert(at);
                    self.forward.protected = true;
                    self.reverse.protected = true;
                    self.event(direction, at, EventKind::Ssl2(Ssl2Step::ClientMasterKey));
                }
                Some(Ssl2Message::Error(error)) => {
                    let error = Box::new(Located::new(error, at));
                    self.connection.ssl2.error.get_or_insert(error);
                    self.event(direction, at, EventKind::Ssl2(Ssl2Step::Error));
                }
                Some(Ssl2Message::Other(_)) | None => {}
            }
        }
        rest.len()
    }

    fn begin_ssl2(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
        self.stream(direction).mode = Mode::Ssl2;
        let side = self.connection.side(direction);
        self.connection.first_tls.of_mut(side).get_or_insert(at);
        self.ssl2(shared, direction, at, bytes);
    }
}
