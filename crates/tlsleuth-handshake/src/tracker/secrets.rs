//! Opening protected records, where somebody knows the secrets.

use std::borrow::Cow;

use tlsleuth_capture::{Direction, Place};

use super::{Shared, Tracker};
use crate::codepoint::{CompressionMethod, ExtensionType};
use crate::connection::{Decryption, Side};
use crate::flight::Content;
use crate::opener::{HelloPair, NoOpener, NotOpened, RecordOpener};
use crate::record::{Record, RecordHeader};

/// Bytes of protected records that are kept until both hellos are there. Early data has rarely more
/// than what a server's `max_early_data_size` allows, 16 KiB with OpenSSL.
const MAX_WAITING_BYTES: usize = 64 * 1024;

/// Records that are kept until both hellos are there.
const MAX_WAITING_RECORDS: usize = 64;

/// Application records of a side that are opened. What the handshake needs is not behind them, and
/// what is opened names its protocol with the first.
const MAX_OPENED_RECORDS: u64 = 64;

/// What opening records needs. Without secrets there is none of it.
#[derive(Default)]
pub(super) struct Opening {
    opener: Option<Box<dyn RecordOpener>>,
    /// A record was opened.
    pub(super) opened: bool,
    /// Why the first record that stayed closed did.
    pub(super) not_opened: Option<NotOpened>,
    waiting: Waiting,
}

impl Opening {
    pub(super) fn buffered_bytes(&self) -> usize {
        size_of::<Self>()
            + self.waiting.buffered_bytes()
            + self.opener.as_ref().map_or(0, |opener| opener.buffered_bytes())
    }

    /// Nothing more is opened.
    pub(super) fn settle(&mut self) {
        self.opener = None;
        self.waiting = Waiting::default();
    }
}

/// Protected records before the hellos: early data, and what came ahead of a hello that was
/// captured late.
#[derive(Debug, Default)]
struct Waiting {
    records: Vec<WaitingRecord>,
    bytes: usize,
    /// There were too many: they are told as if there were no secrets.
    is_full: bool,
    messages: Messages,
}

/// Handshake messages before the opener is made, header and body, where it will need them.
#[derive(Debug, Default)]
struct Messages {
    client: Vec<u8>,
    server: Vec<u8>,
    /// There were too many, and none is kept.
    is_full: bool,
}

#[derive(Debug)]
struct WaitingRecord {
    direction: Direction,
    header: RecordHeader,
    at: Place,
    begins: Place,
    whole: Option<Vec<u8>>,
    damaged: bool,
}

impl Waiting {
    fn buffered_bytes(&self) -> usize {
        self.bytes
            + self.records.capacity() * size_of::<WaitingRecord>()
            + self.messages.client.capacity()
            + self.messages.server.capacity()
    }
}

impl Tracker {
    pub(super) fn opener(&mut self) -> Option<&mut Box<dyn RecordOpener>> {
        self.opening.as_mut()?.opener.as_mut()
    }

    fn has_opener(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.opener.is_some())
    }

    /// What waits is too much to be kept.
    fn is_full(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.waiting.is_full)
    }

    /// Whether the bodies of application data are to be read.
    pub(super) fn wants_application_data(&self, shared: &Shared, direction: Direction) -> bool {
        shared.secrets.is_some()
            && self.connection.application_data.of(self.connection.side(direction)).records
                < MAX_OPENED_RECORDS
            && (self.has_opener() || !self.has_both_hellos() || self.may_find_secrets_later())
    }

    /// Hands a message to the opener, or keeps it for the one that is made when both hellos are
    /// there.
    pub(super) fn tell_opener(&mut self, shared: &Shared, side: Side, message: &[u8]) {
        if let Some(opener) = self.opener() {
            opener.handshake_message(side, message);
            return;
        }
        if !shared.secrets.as_ref().is_some_and(|secrets| secrets.wants_messages()) {
            return;
        }
        let messages = &mut self.opening.get_or_insert_default().waiting.messages;
        if messages.is_full {
            return;
        }
        if messages.client.len() + messages.server.len() + message.len() > MAX_WAITING_BYTES {
            *messages = Messages { is_full: true, ..Messages::default() };
            return;
        }
        match side {
            Side::Client => messages.client.extend_from_slice(message),
            Side::Server => messages.server.extend_from_slice(message),
        }
    }

    fn has_both_hellos(&self) -> bool {
        !self.connection.client_hellos.is_empty() && self.connection.server_hello.is_present()
    }

    /// Secrets may come in the course of a capture; those of the first records are in time.
    fn may_find_secrets_later(&self) -> bool {
        !self.has_opener()
            && matches!(self.connection.decryption, Decryption::NoSecrets | Decryption::NotAsked)
            && self.forward.kept.max(self.reverse.kept) < 4
    }

    /// Whether a record is to be kept until both hellos are there.
    pub(super) fn waits_for_hellos(
        &mut self,
        shared: &Shared,
        direction: Direction,
        header: &RecordHeader,
    ) -> bool {
        shared.secrets.is_some()
            // One of the two.
            && self.connection.client_hellos.is_empty() == self.connection.server_hello.is_present()
            && !self.is_full()
            && !self.mid_stream
            && match header.content_type {
                23 => true,
                21 | 22 => self.stream(direction).protected,
                _ => false,
            }
    }

    /// Keeps a record until both hellos are there.
    pub(super) fn wait(&mut self, shared: &Shared, direction: Direction, record: &Record<'_>) {
        let waiting = &mut self.opening.get_or_insert_default().waiting;
        waiting.bytes += record.body().map_or(0, <[u8]>::len);
        waiting.records.push(WaitingRecord {
            direction,
            header: record.header,
            at: record.at,
            begins: record.begins,
            whole: record.whole.as_deref().map(<[u8]>::to_vec),
            damaged: record.damaged,
        });
        if waiting.bytes > MAX_WAITING_BYTES || waiting.records.len() > MAX_WAITING_RECORDS {
            self.stop_waiting(shared);
            self.opening.get_or_insert_default().waiting.is_full = true;
        }
    }

    /// Goes on with the records that were kept.
    pub(super) fn stop_waiting(&mut self, shared: &Shared) {
        let Some(opening) = &mut self.opening else { return };
        let is_full = std::mem::replace(&mut opening.waiting.is_full, true);
        opening.waiting.bytes = 0;
        for waiting in std::mem::take(&mut opening.waiting.records) {
            let record = Record {
                header: waiting.header,
                at: waiting.at,
                begins: waiting.begins,
                whole: waiting.whole.map(Cow::Owned),
                damaged: waiting.damaged,
            };
            self.record(shared, waiting.direction, &record);
        }
        if let Some(opening) = &mut self.opening {
            opening.waiting.is_full = is_full;
        }
    }

    /// A hello came.
    pub(super) fn hellos_told(&mut self, shared: &Shared) {
        if shared.secrets.is_none() || !self.has_both_hellos() || self.has_opener() {
            return;
        }
        self.find_secrets(shared);
        self.stop_waiting(shared);
    }

    fn find_secrets(&mut self, shared: &Shared) {
        let Some(secrets) = shared.secrets.as_ref().filter(|secrets| !secrets.is_empty()) else {
            return;
        };
        let (Some(client), Some(server)) =
            (self.connection.client_hello(), self.connection.server_hello.present())
        else {
            self.connection.decryption = Decryption::Failed(NotOpened::Gap);
            return;
        };
        let (client, server) = (&client.value, &server.value);
        let opening = self.opening.get_or_insert_default();
        let messages = std::mem::replace(
            &mut opening.waiting.messages,
            Messages { is_full: true, ..Messages::default() },
        );
        let both = |extension| {
            client.extensions.contains(extension) && server.extensions.contains(extension)
        };
        let opener = secrets.opener(&HelloPair {
            client_random: &client.random,
            server_random: &server.random,
            version: server.negotiated_version(),
            suite: server.cipher_suite,
            extended_master_secret: both(ExtensionType::EXTENDED_MASTER_SECRET),
            encrypt_then_mac: both(ExtensionType::ENCRYPT_THEN_MAC),
            early_data: client.has_early_data(),
            is_compressed: server.compression_method != CompressionMethod::NULL,
            client_messages: &messages.client,
            server_messages: &messages.server,
        });
        match opener {
            Ok(mut opener) => {
                // What came before the secrets counted in the sequence numbers.
                for (side, stream) in [
                    (self.connection.side(Direction::Forward), &self.forward),
                    (self.connection.side(Direction::Reverse), &self.reverse),
                ] {
                    let early = side == Side::Client && opening.waiting.is_full;
                    if stream.kept > 0 || stream.gap || early {
                        opener.gap(side);
                    }
                }
                opening.opener = Some(opener);
                self.connection.decryption = Decryption::Opened;
            }
            Err(NoOpener::NoSecrets) => self.connection.decryption = Decryption::NoSecrets,
            Err(NoOpener::RsaKeyOnly) => self.connection.decryption = Decryption::RsaKeyOnly,
            Err(NoOpener::Unsupported) => self.connection.decryption = Decryption::Unsupported,
        }
    }

    /// Opens a protected record and takes what is in it; `false` when it stays closed.
    pub(super) fn open(
        &mut self,
        shared: &Shared,
        direction: Direction,
        record: &Record<'_>,
    ) -> bool {
        let side = self.connection.side(direction);
        let header = record.header;
        if shared.secrets.is_some() && self.may_find_secrets_later() {
            self.find_secrets(shared);
        }
        let Some(opening) = &mut self.opening else { return false };
        let Some(opener) = &mut opening.opener else { return false };
        let mut plain = Vec::new();
        let opened = match record.body() {
            Some(body) if !record.damaged => {
                opener.open(side, header.content_type, header.record_version, body, &mut plain)
            }
            _ => {
                opener.gap(side);
                Err(NotOpened::Gap)
            }
        };
        let content_type = match opened {
            Ok(content_type) => content_type,
            Err(why) => {
                let seen = self.connection.application_data.of(side).records;
                if record.whole.is_none() && !record.damaged && seen >= MAX_OPENED_RECORDS {
                    self.application_data(direction, record.at, header.len, false);
                    return true;
                }
                opening.not_opened.get_or_insert(why);
                return false;
            }
        };
        opening.opened = true;
        let early = side == Side::Client && content_type == 23 && self.is_early(record.at);
        let content = if early { Content::EarlyData } else { Content::Opened };
        self.keep_protected(direction, record, content);
        self.opened_record(shared, direction, record, content_type, &plain);
        true
    }
}
