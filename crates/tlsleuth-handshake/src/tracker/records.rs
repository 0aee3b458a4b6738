//! The records of TLS: which are in clear, what the others are from outside.

use tlsleuth_capture::{Direction, Located, Place};
use tlsleuth_cert::WireText;

use super::{Shared, Tracker};
use crate::codepoint::{AlertDescription, AlertLevel};
use crate::connection::{Alert, EventKind, Side};
use crate::flight::{Content, KEPT_RECORDS, ProtectedRecord};
use crate::observed::Observed;
use crate::preamble;
use crate::record::{Cut, Record, RecordHeader};

/// Alerts kept of one connection; further ones are dropped, the anomaly list says so.
const MAX_ALERTS: usize = 64;

/// Protected records of most connections of which any are kept.
const USUAL_PROTECTED: usize = 8;

/// The same of TLS 1.3, where the handshake has some.
const USUAL_PROTECTED_TLS13: usize = 12;

impl Tracker {
    pub(super) fn tls(&mut self, shared: &Shared, direction: Direction, at: Place, bytes: &[u8]) {
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

    pub(super) fn lost(&mut self, direction: Direction, at: Place, found: &[u8]) {
        let side = self.connection.side(direction);
        if self.connection.garbage.of(side).is_none() && !self.stream(direction).gap {
            let text = WireText::new(found);
            let garbage = Box::new(Located::new(text.clone(), at));
            *self.connection.garbage.of_mut(side) = Some(garbage);
            self.event(direction, at, EventKind::Garbage(Box::new(text)));
        }
    }

    pub(super) fn record(&mut self, shared: &Shared, direction: Direction, record: &Record<'_>) {
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
    pub(super) fn is_protected(&mut self, direction: Direction, header: &RecordHeader) -> bool {
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

    pub(super) fn change_cipher_spec(&mut self, direction: Direction, record: &Record<'_>) {
        let side = self.connection.side(direction);
        self.connection.change_cipher_spec.of_mut(side).get_or_insert(record.at);
        if !self.tls13 {
            self.stream(direction).protected = true;
        }
        self.event(direction, record.at, EventKind::ChangeCipherSpec);
    }

    pub(super) fn alert(&mut self, direction: Direction, record: &Record<'_>) {
        match record.body() {
            // Several alerts in one record are legal before TLS 1.3 (RFC 5246 §6.2.1).
            Some(body) if body.len() % 2 == 0 && (2..=16).contains(&body.len()) => {
                self.alerts_in(direction, record, body, false);
            }
            _ => self.hidden_alert(direction, record),
        }
    }

    /// Takes alerts that can be read: two bytes each.
    pub(super) fn alerts_in(
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
    pub(super) fn hidden_alert(&mut self, direction: Direction, record: &Record<'_>) {
        self.push_alert(direction, self.unread_alert(direction, record));
    }

    pub(super) fn unread_alert(&self, direction: Direction, record: &Record<'_>) -> Alert {
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

    pub(super) fn push_alert(&mut self, direction: Direction, alert: Alert) {
        if self.connection.alerts.len() < MAX_ALERTS {
            self.event(direction, alert.at, EventKind::Alert(self.connection.alerts.len()));
            self.connection.push_alert(alert);
        }
    }

    pub(super) fn application_data(
        &mut self,
        direction: Direction,
        at: Place,
        len: u16,
        early: bool,
    ) {
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

    pub(super) fn protected(&mut self, shared: &Shared, direction: Direction, record: &Record<'_>) {
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

    pub(super) fn keep_protected(
        &mut self,
        direction: Direction,
        record: &Record<'_>,
        content: Content,
    ) {
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
    pub(super) fn is_early(&self, at: Place) -> bool {
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
    pub(super) fn is_past_handshake(&self, side: Side) -> bool {
        let kept = match self.connection.direction(side) {
            Direction::Forward => self.forward.kept,
            Direction::Reverse => self.reverse.kept,
        };
        kept >= KEPT_RECORDS
    }

    pub(super) fn opened_record(
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
}
