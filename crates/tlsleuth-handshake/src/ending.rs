//! The end of a connection: what the protected records were, what was not sent and what was only
//! not seen, and how it ended.

use tlsleuth_capture::{EndReason, EndedFlow, GapCause, Place};

use crate::codepoint::AlertDescription;
use crate::connection::{Alert, Connection, Decryption, Event, EventKind, Outcome, Side};
use crate::flight::{self, Content, Lengths};
use crate::observed::Observed;

/// Nanoseconds of silence after which an unanswered side is taken to be silent, not merely slow: the
/// third retransmission of a SYN comes after 7 s (RFC 6298), a first answer is rarely that late.
const SILENCE_NS: i64 = 3_000_000_000;

/// Fills in what can be told only when all frames are there.
pub(crate) fn complete(connection: &mut Connection, flow: EndedFlow) {
    connection.first = flow.first;
    connection.last = flow.last;
    connection.frames = flow.frames;
    connection.end_reason = flow.reason;
    connection.watched_until = flow.watched_until;
    connection.transport = flow.facts.into();
    // Nearly always they are in order, and a sort of many takes room of its own.
    if !connection.events.is_sorted_by_key(|event| event.at.order()) {
        connection.events.sort_by_key(|event| event.at.order());
    }
    if !connection.protected.is_sorted_by_key(|record| record.at.order()) {
        connection.protected.sort_by_key(|record| record.at.order());
    }
    if connection.is_tls13() {
        tell_tls13(connection);
    }
    note_first_flight(connection);
    connection.outcome = outcome(connection);
}

/// Says what the protected records of TLS 1.3 were, and notes the alerts among them.
fn tell_tls13(connection: &mut Connection) {
    let Some(suite) = connection.cipher_suite() else { return };
    if connection.server_hello.present().is_none() {
        return;
    }
    let client_finished = connection.finished.client.present().copied();
    let lengths = Lengths::tls13(suite.value);
    let told = flight::tell_tls13(&mut connection.protected, lengths, client_finished);
    for (side, place) in
        [(Side::Server, told.server_finished), (Side::Client, told.client_finished)]
    {
        let finished = connection.finished.of_mut(side);
        if let (false, Some(place)) = (finished.is_present(), place) {
            *finished = Observed::Present(place);
            *connection.finished_inferred.of_mut(side) = true;
        }
    }
    let records = std::mem::take(&mut connection.protected);
    for record in &records {
        let side = record.from;
        match record.content {
            Content::Alert => {
                let index = connection.alerts.len();
                connection.push_alert(Alert {
                    from: side,
                    at: record.at,
                    level: None,
                    description: None,
                    encrypted: true,
                    inferred: true,
                    record_len: record.len,
                });
                push_event(connection, side, record.at, EventKind::Alert(index));
            }
            Content::ApplicationData => {
                let data = connection.application_data.of_mut(side);
                data.first = Some(data.first.map_or(record.at, |first| first.earlier(record.at)));
                data.last = Some(data.last.map_or(record.at, |last| last.later(record.at)));
                data.records += 1;
                data.bytes += u64::from(record.len);
                merge_run(connection, side, record.at, record.len, RunKind::Application);
            }
            Content::ServerFlight | Content::ClientFlight | Content::PostHandshake => {
                merge_run(connection, side, record.at, record.len, RunKind::Handshake);
            }
            Content::EmptyCertificate => {
                push_event(connection, side, record.at, EventKind::Certificate { certificates: 0 });
            }
            Content::Finished => {
                push_event(connection, side, record.at, EventKind::Finished { inferred: true });
            }
            Content::Unknown | Content::EarlyData | Content::Opened => {}
        }
    }
    connection.protected = records;
    // Alerts stay in the order of their frames; events refer to them by index.
    sort_alerts(connection);
}

fn sort_alerts(connection: &mut Connection) {
    if connection.alerts.is_sorted_by_key(|alert| alert.at.order()) {
        return;
    }
    let mut order: Vec<usize> = (0..connection.alerts.len()).collect();
    let alerts = &connection.alerts;
    let key = |index: &usize| alerts.get(*index).map(|alert| alert.at.order());
    order.sort_by_key(key);
    let sorted = order.iter().filter_map(|index| alerts.get(*index).copied()).collect();
    for event in &mut connection.events {
        if let EventKind::Alert(index) = &mut event.kind {
            *index = order.iter().position(|old| old == index).unwrap_or(*index);
        }
    }
    connection.alerts = sorted;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RunKind {
    Application,
    Handshake,
}

/// Adds a record to the event of its run, or begins one.
fn merge_run(connection: &mut Connection, from: Side, at: Place, len: u16, run: RunKind) {
    let last = connection
        .events
        .iter_mut()
        .rev()
        .find(|event| event.from == from && event.at.order() <= at.order());
    if let Some(event) = last {
        match (&mut event.kind, run) {
            (EventKind::ApplicationData { bytes, records, early: false }, RunKind::Application)
            | (EventKind::EncryptedHandshake { bytes, records }, RunKind::Handshake) => {
                *bytes = bytes.saturating_add(u32::from(len));
                *records = records.saturating_add(1);
                return;
            }
            _ => {}
        }
    }
    let (bytes, records) = (u32::from(len), 1);
    let kind = match run {
        RunKind::Application => EventKind::ApplicationData { bytes, records, early: false },
        RunKind::Handshake => EventKind::EncryptedHandshake { bytes, records },
    };
    push_event(connection, from, at, kind);
}

/// Puts an event at its place among those that are in order.
fn push_event(connection: &mut Connection, from: Side, at: Place, kind: EventKind) {
    let events = &mut connection.events;
    // It is the last one, or one of the last.
    let before = events.iter().rposition(|event| event.at.order() <= at.order());
    events.insert(before.map_or(0, |before| before + 1), Event { at, from, kind });
}

/// For every message that is not there: was it not sent, hidden, or missed?
fn note_first_flight(connection: &mut Connection) {
    let tls13 = connection.is_tls13();
    // What a flow that was let go did not show may have come later.
    let let_go = connection.end_reason == EndReason::Evicted
        && !(connection.finished.client.is_present() && connection.finished.server.is_present());
    let side_missed = |connection: &Connection, side: Side| {
        let lost =
            connection.gaps.of(side).iter().any(|gap| gap.cause != GapCause::NotAcknowledged);
        let joined_late = lacks_its_start(connection, side);
        let unseen =
            connection.stream(side).segments == 0 && connection.stream(side).acknowledged_bytes > 0;
        lost || joined_late || unseen || let_go
    };
    let server_missed = side_missed(connection, Side::Server);
    let client_missed = side_missed(connection, Side::Client);
    // A side whose Finished was opened hides nothing before it, nor does one before TLS 1.3.
    let side_protected = |connection: &Connection, side: Side| {
        let is_open =
            connection.finished.of(side).is_present() && !connection.finished_inferred.of(side);
        tls13
            && !is_open
            && connection.protected.iter().any(|record| hides(record.from, side, record.content))
    };
    let server_protected = side_protected(connection, Side::Server);
    let client_protected = side_protected(connection, Side::Client);
    let unseen = |missed: bool, protected: bool| -> Unseen {
        if missed {
            Unseen::Missed
        } else if protected {
            Unseen::Encrypted
        } else {
            Unseen::Absent
        }
    };
    let server = unseen(server_missed, server_protected);
    let client = unseen(client_missed, client_protected);
    if connection.server_hello.present().is_none() && server_missed {
        connection.server_hello = Observed::Missed;
    }
    let resumed = connection.resumed().unwrap_or(false);
    let certificate = if resumed && server != Unseen::Missed { Unseen::Absent } else { server };
    settle(&mut connection.server_chain, certificate);
    settle(&mut connection.certificate_request, certificate);
    settle(&mut connection.server_key_exchange, if tls13 { Unseen::Absent } else { server });
    settle(&mut connection.encrypted_extensions, if tls13 { server } else { Unseen::Absent });
    let has = |content| connection.protected.iter().any(|record| record.content == content);
    let client_certificate = match client {
        Unseen::Missed => Unseen::Missed,
        _ if resumed => Unseen::Absent,
        // A lone Finished leaves no room for a certificate.
        Unseen::Encrypted if !has(Content::EmptyCertificate) && !has(Content::ClientFlight) => {
            Unseen::Absent
        }
        client => client,
    };
    settle(&mut connection.client_chain, client_certificate);
    for (side, missed) in [(Side::Server, server_missed), (Side::Client, client_missed)] {
        let finished = connection.finished.of_mut(side);
        if !finished.is_present() && missed {
            *finished = Observed::Missed;
        }
    }
}

/// Whether it is not known that a stream is there from its first byte, neither by a SYN nor by a hello.
fn lacks_its_start(connection: &Connection, side: Side) -> bool {
    !connection.stream(side).from_start
        && connection.first_tls.of(side).is_none_or(|_| match side {
            Side::Client => connection.client_hellos.is_empty(),
            Side::Server => connection.hello().is_none(),
        })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unseen {
    Absent,
    Encrypted,
    Missed,
}

fn settle<T>(fact: &mut Observed<T>, unseen: Unseen) {
    if !fact.is_present() {
        *fact = match unseen {
            Unseen::Absent => Observed::Absent,
            Unseen::Encrypted => Observed::Encrypted,
            Unseen::Missed => Observed::Missed,
        };
    }
}

fn hides(from: Side, side: Side, content: Content) -> bool {
    from == side
        && matches!(
            content,
            Content::ServerFlight
                | Content::ClientFlight
                | Content::Unknown
                | Content::EmptyCertificate
                | Content::Finished
        )
}

/// How the handshake ended, by the frames alone.
fn outcome(connection: &Connection) -> Outcome {
    let hellos_seen = !connection.client_hellos.is_empty()
        || connection.hello().is_some()
        || connection.ssl2.client_hello.is_some();
    let from_start = connection.transport.syn.is_some() || connection.transport.syn_ack.is_some();
    let said_why = connection
        .alerts
        .iter()
        .any(|alert| alert.is_fatal() && connection.application_data.client.records == 0);
    if connection.tls_seen() && !hellos_seen && !from_start {
        return if said_why { Outcome::Failed } else { Outcome::Incomplete };
    }
    if !connection.tls_seen() && !from_start {
        return Outcome::Incomplete;
    }
    if is_one_sided(connection) {
        return if said_why { Outcome::Failed } else { Outcome::Incomplete };
    }
    let data = &connection.application_data;
    let flowed = data.client.records > 0 && data.server.records > 0;
    let fatal = fatal_alert(connection);
    if flowed && fatal.is_none() {
        return Outcome::Completed;
    }
    let finished =
        connection.finished.client.is_present() && connection.finished.server.is_present();
    let tls13 = connection.is_tls13();
    let missing = [Side::Client, Side::Server].into_iter().any(|side| {
        connection.gaps.of(side).iter().any(|gap| gap.cause != GapCause::NotAcknowledged)
    });
    // Where a part of the handshake is missing, what cannot be read may be a close_notify, and what
    // comes behind the other side's FIN is an answer to that. A client that is seen to send no Finished
    // has not completed, whatever else is missing.
    let unfinished = never_finished(connection);
    let is_sure = |alert: &Alert| {
        // Without the server's flight nothing tells what a client may still have to refuse.
        let is_blind = alert.description.is_none()
            && connection.stream(Side::Server).data_segments > 0
            && lacks_its_start(connection, Side::Server);
        if is_blind || answers_a_missed_alert(connection, alert) {
            return false;
        }
        let left = connection.fin(alert.from.peer());
        let is_answer = left.is_some_and(|fin| fin.time <= alert.at.time);
        let is_known = alert.description.is_some() || (alert.from == Side::Client && unfinished);
        !missing || (is_known && !is_answer)
    };
    if finished {
        match fatal {
            Some(alert) if is_sure(alert) => return Outcome::Failed,
            None if tls13 && !missing && server_left_without_a_word(connection) => {
                return Outcome::Failed;
            }
            _ => return Outcome::Completed,
        }
    }
    if let Some(alert) = fatal {
        return if is_sure(alert) { Outcome::Failed } else { Outcome::Incomplete };
    }
    if flowed {
        return Outcome::Incomplete;
    }
    let transport = &connection.transport;
    if connection.refusal.is_some() || !transport.icmp.is_empty() && transport.syn_ack.is_none() {
        return Outcome::Failed;
    }
    let is_ambiguous = !transport.conflicts.is_empty() && !connection.tls_seen();
    let client_left = connection.first_close().is_some_and(|(side, _)| side == Side::Client);
    if is_ambiguous || (missing && !(client_left && unfinished)) {
        return Outcome::Incomplete;
    }
    if tls13 && (was_closed_idle(connection) || was_in_use(connection)) {
        return Outcome::Completed;
    }
    if connection.first_close().is_some() {
        return Outcome::Failed;
    }
    let plain = connection.plaintext.server.is_some() && !connection.client_hellos.is_empty();
    if plain {
        return Outcome::Failed;
    }
    if lacks_frames(connection) || !fell_silent(connection) {
        return Outcome::Incomplete;
    }
    Outcome::Failed
}

/// Whether the client's stream is there, behind a ServerHello, and holds nothing that is encrypted
/// but alerts, and what is missing at its end has no room for a Finished.
fn never_finished(connection: &Connection) -> bool {
    let is_there = connection.stream(Side::Client).from_start && !may_hide_finished(connection);
    let sent = connection.protected.iter().filter(|record| record.from == Side::Client);
    is_there
        && !connection.finished.client.is_present()
        // Without its hello the stream was not read as TLS.
        && !connection.client_hellos.is_empty()
        && connection.hello().is_some()
        && connection.application_data.client.records == 0
        && sent.into_iter().all(|record| record.content == Content::Alert)
}

/// Whether bytes are missing from the client's stream that may hold a Finished or a part of one. Only
/// at its end are there too few for that, if no Finished can have begun before.
fn may_hide_finished(connection: &Connection) -> bool {
    let last_data = connection.stream(Side::Client).last_data;
    let has_begun = if connection.is_tls13() {
        // Whatever came behind the ClientHello may be the beginning of a Finished.
        connection.client_hellos.last().map(|hello| hello.at) != last_data
    } else {
        connection.change_cipher_spec.client.is_some()
    };
    let least = if connection.is_tls13() { LEAST_FINISHED_TLS13 } else { LEAST_FINISHED };
    match connection.gaps.client.as_slice() {
        [] => false,
        [gap] => {
            let at_the_end = last_data.is_some_and(|last| last.order() < gap.at.order());
            has_begun || !at_the_end || gap.len_bytes >= least
        }
        _ => true,
    }
}

/// Bytes of the smallest record of TLS 1.2 or below with a Finished: a header of 5, the message's of
/// 4, and 12 of verify_data (RFC 5246 §7.4.9); ciphers and MACs only add to it.
const LEAST_FINISHED: u64 = 5 + 4 + 12;

/// The same of TLS 1.3: verify_data is as long as a hash, 32 bytes or more, and the content type and
/// a tag of 8 bytes (AES-CCM-8) or more follow (RFC 9846 §4.4.4, §5.2).
const LEAST_FINISHED_TLS13: u64 = 5 + 4 + 32 + 1 + 8;

/// Whether nothing new came for so long that somebody is taken to be silent. What came of a flow after
/// it was let go nobody knows.
fn fell_silent(connection: &Connection) -> bool {
    if connection.end_reason == EndReason::Evicted {
        return false;
    }
    let transport = &connection.transport;
    let new = [
        connection.stream(Side::Client).last_data,
        connection.stream(Side::Server).last_data,
        transport.established,
    ];
    let new = new.into_iter().flatten().map(|at| at.time).max();
    let quiet_ns = connection.watched_until.since(new.unwrap_or(connection.first.time));
    quiet_ns >= SILENCE_NS
        || connection.end_reason == EndReason::Idle
        || (transport.syn_ack.is_none() && transport.syn_retransmissions.total() > 1)
}

/// Whether bytes were neither acknowledged nor sent again until the end, although TCP sends them
/// again within seconds (RFC 6298 §2): then it is the capture that has no more of the connection.
fn lacks_frames(connection: &Connection) -> bool {
    [Side::Client, Side::Server].into_iter().any(|side| {
        let (stream, direction) = (connection.stream(side), connection.direction(side));
        let again = &connection.transport.retransmissions;
        let kept = again.kept();
        let was_resent = u64::try_from(kept.len()).is_ok_and(|kept| kept < again.total())
            || kept.iter().any(|again| again.direction == direction);
        let in_syn = connection.transport.syn.map_or(0, |syn| u64::from(syn.payload_bytes));
        stream.stream_bytes > stream.acknowledged_bytes.max(in_syn) && !was_resent
    })
}

/// Protected records of a client that are more than its second flight can be: EndOfEarlyData,
/// EncryptedExtensions, Certificate, CertificateVerify, Finished, and a Certificate over two records.
const MORE_THAN_A_FLIGHT: usize = 8;

/// Whether both ends of TLS 1.3 sent so many records that application data is among them, although
/// their sizes do not tell where it begins.
fn was_in_use(connection: &Connection) -> bool {
    [Side::Client, Side::Server].into_iter().all(|side| {
        let records = connection.protected.iter().filter(|record| record.from == side);
        records.count() > MORE_THAN_A_FLIGHT
    })
}

/// Whether a server of TLS 1.3 closed a connection on which nothing came for long behind the
/// client's second flight: one that refuses does so at once, so it had taken that flight.
fn was_closed_idle(connection: &Connection) -> bool {
    let Some((Side::Server, closed)) = connection.first_close() else { return false };
    let Some(flight) = connection.stream(Side::Client).last_data else { return false };
    let is_flight = connection.protected.iter().any(|record| {
        record.from == Side::Client
            && record.at == flight
            && matches!(record.content, Content::ClientFlight | Content::Unknown)
    });
    let is_reset = connection.reset().is_some_and(|(_, reset)| reset == closed);
    let is_acknowledged = connection.stream(Side::Client).stream_bytes
        <= connection.stream(Side::Client).acknowledged_bytes;
    is_flight
        && !is_reset
        && is_acknowledged
        && connection.alerts.is_empty()
        && closed.time.since(flight.time) >= SILENCE_NS
}

/// Whether the capture has one direction only: the other one is acknowledged, or the one sent data,
/// which it does only to a peer that answered its SYN.
fn is_one_sided(connection: &Connection) -> bool {
    let in_syn = connection.transport.syn.is_some_and(|syn| syn.payload_bytes > 0);
    [Side::Client, Side::Server].into_iter().any(|side| {
        connection.stream(side).segments == 0
            && (connection.stream(side).acknowledged_bytes > 0
                || (connection.stream(side.peer()).data_segments > 0 && !in_syn))
    })
}

/// The first alert that ended the connection before application data flowed both ways.
fn fatal_alert(connection: &Connection) -> Option<&Alert> {
    let data = &connection.application_data;
    let flowing = match (data.client.first, data.server.first) {
        (Some(client), Some(server)) => Some(client.later(server)),
        _ => None,
    };
    connection.alerts.iter().find(|alert| {
        if flowing.is_some_and(|flowing| flowing.order() <= alert.at.order()) {
            return false;
        }
        let is_fatal = match alert.description {
            Some(AlertDescription::CLOSE_NOTIFY | AlertDescription::USER_CANCELED) => false,
            Some(_) => alert.is_fatal() || connection.is_tls13() && !alert.is_warning_only(),
            None => ends_the_handshake(connection, alert),
        };
        if !is_fatal {
            return false;
        }
        // Both had finished and the other side had left: an answer to that, and no reason for it.
        let done =
            connection.finished.client.is_present() && connection.finished.server.is_present();
        let has_left = || {
            let closed = connection.first_close();
            closed.is_some_and(|(side, at)| side != alert.from && at.order() <= alert.at.order())
        };
        if done && has_left() {
            return false;
        }
        !is_about_the_end(connection, alert)
    })
}

/// Whether an alert that can be read is about what came behind a complete handshake.
fn is_about_the_end(connection: &Connection, alert: &Alert) -> bool {
    let is_done = [Side::Client, Side::Server].into_iter().all(|side| {
        connection.finished.of(side).present().is_some_and(|at| at.order() <= alert.at.order())
    });
    if !is_done {
        return false;
    }
    // OpenSSL says decode_error when the peer closes without close_notify.
    let peer_left = connection.fin(alert.from.peer()).is_some_and(|fin| fin.time <= alert.at.time)
        || (connection.stream(alert.from.peer()).missed_fin() && went_on(connection, alert));
    if alert.description == Some(AlertDescription::DECODE_ERROR) && peer_left {
        return true;
    }
    // Who does not get the renegotiation that it asked for may leave (RFC 5246 §7.2.2).
    connection.alerts.iter().any(|earlier| {
        earlier.description == Some(AlertDescription::NO_RENEGOTIATION)
            && earlier.at.order() <= alert.at.order()
    })
}

/// Whether the sender of an alert was content with the other side's last flight: a client that both
/// finished with, a server that sent more behind the client's Finished.
fn went_on(connection: &Connection, alert: &Alert) -> bool {
    let finished = connection.finished.of(alert.from.peer()).present();
    alert.from == Side::Client
        || connection.events.iter().any(|event| {
            event.from == alert.from
                && event.at.order() < alert.at.order()
                && !matches!(event.kind, EventKind::Alert(_))
                && finished.is_some_and(|finished| finished.order() <= event.at.order())
        })
}

/// Whether a client of TLS 1.2 or below says an alert behind its Finished, and bytes of the server are
/// missing: its Finished, and what the client answers (a refused renegotiation), may be among them.
fn answers_a_missed_alert(connection: &Connection, alert: &Alert) -> bool {
    let finished = connection.finished.client.present();
    alert.from == Side::Client
        && !connection.is_tls13()
        && connection.has_gap(Side::Server)
        && finished.is_some_and(|finished| finished.order() < alert.at.order())
}

/// Whether an alert that cannot be read stands where only a fatal one makes sense.
fn ends_the_handshake(connection: &Connection, alert: &Alert) -> bool {
    let own = connection.finished.of(alert.from);
    let peers = connection.finished.of(alert.from.peer());
    if connection.is_tls13() {
        match alert.from {
            // Instead of its Finished.
            Side::Client => !own.is_present(),
            // Right behind the client's Finished, with no ticket and no data before it.
            Side::Server => {
                let spoke = connection.protected.iter().any(|record| {
                    record.from == Side::Server
                        && matches!(
                            record.content,
                            Content::PostHandshake | Content::ApplicationData
                        )
                });
                let client_closed =
                    connection.alerts.iter().any(|other| {
                        other.from == Side::Client && other.at.order() < alert.at.order()
                    }) || connection
                        .fin(Side::Client)
                        .is_some_and(|fin| fin.order() <= alert.at.order());
                !spoke && !client_closed && connection.decryption != Decryption::Opened
            }
        }
    } else {
        // TLS 1.2 and below: before both sides were done an encrypted alert ends the handshake.
        let peer_finished_before =
            peers.present().is_some_and(|finished| finished.order() <= alert.at.order());
        !own.is_present() || !peer_finished_before
    }
}

/// Whether the server closed right behind the client's Finished with nothing sent, as servers do
/// that refuse a client's certificate silently.
fn server_left_without_a_word(connection: &Connection) -> bool {
    let Some((Side::Server, at)) = connection.first_close() else { return false };
    let Some(finished) = connection.finished.client.present() else { return false };
    let spoke = connection
        .protected
        .iter()
        .any(|record| record.from == Side::Server && record.at.order() > finished.order());
    let opened_data = connection.application_data.server.records > 0 || connection.tickets > 0;
    // One that closes later had nothing to do.
    let at_once = at.time.since(finished.time) < SILENCE_NS;
    !spoke && !opened_data && at_once && connection.gaps.server.is_empty()
}

impl Alert {
    /// A warning that leaves the handshake as it is even in TLS 1.3's eyes: before the version is
    /// known servers warn of an unrecognized name and go on.
    fn is_warning_only(&self) -> bool {
        self.level == Some(crate::codepoint::AlertLevel::WARNING)
            && self.description == Some(AlertDescription::UNRECOGNIZED_NAME)
    }
}
