//! TLS 1.3 (RFC 9846 §5.2, §7).
//!
//! ```text
//! client   early -> handshake -> application 0 -> application 1 -> ...
//! server            handshake -> application 0 -> application 1 -> ...
//!              EndOfEarlyData   Finished         KeyUpdate
//! ```
//!
//! The messages below the arrows end an epoch. They may be missing from the capture, so a record
//! that does not open with the key of its epoch is tried with those of later ones.

use std::fmt;

use tlsleuth_handshake::Side;
use tlsleuth_handshake::opener::{HelloPair, NoOpener, NotOpened, RecordOpener};

use crate::cipher::{Aead, AeadKind};
use crate::hash::Hash;
use crate::log::KeyLog;
use crate::secret::{Label, Secret};
use crate::suite::{Protection, Suite};
use crate::trial::Trial;

const END_OF_EARLY_DATA: u8 = 5;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// The content type of protected records.
const APPLICATION_DATA: u8 = 23;

/// Where a side's keys are.
const EARLY: usize = 0;
const HANDSHAKE: usize = 1;
const APPLICATION: usize = 2;

/// Opens the records of one connection.
pub(crate) struct Opener {
    client: Keys,
    server: Keys,
    /// Drafts before 25 authenticate no header.
    without_header: bool,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}

/// What one side protects its records with.
struct Keys {
    epochs: [Option<Epoch>; 3],
    /// The epoch of the last record that opened; earlier ones are over.
    at: usize,
    kind: AeadKind,
    hash: Hash,
    trial: Trial,
}

/// One key, and the sequence number of the next record.
struct Epoch {
    secret: Secret,
    key: Box<dyn Aead>,
    iv: [u8; 12],
    next: u64,
}

impl Epoch {
    fn new(secret: Secret, kind: AeadKind, hash: Hash) -> Option<Self> {
        if secret.len() != hash.len() {
            return None;
        }
        let key = kind.with_key(&hash.expand_label(&secret, "key", kind.key_len())?)?;
        let iv = <[u8; 12]>::try_from(hash.expand_label(&secret, "iv", 12)?.as_slice()).ok()?;
        Some(Self { secret, key, iv, next: 0 })
    }

    /// The epoch behind a KeyUpdate (RFC 9846 §7.2).
    fn updated(&self, kind: AeadKind, hash: Hash) -> Option<Self> {
        Self::new(hash.expand_label(&self.secret, "traffic upd", hash.len())?, kind, hash)
    }

    /// Tries the next sequence number and `slack` more.
    fn open(
        &mut self,
        aad: &[u8],
        body: &[u8],
        slack: u64,
        trial: &mut Trial,
        plain: &mut Vec<u8>,
    ) -> bool {
        for number in self.next..=self.next.saturating_add(slack) {
            if !trial.pay(body.len()) {
                return false;
            }
            if self.key.open(nonce(self.iv, number), aad, body, plain) {
                self.next = number.saturating_add(1);
                return true;
            }
        }
        false
    }
}

/// The IV with the sequence number in it (RFC 9846 §5.3, RFC 7905 §2).
pub(crate) fn nonce(iv: [u8; 12], number: u64) -> [u8; 12] {
    let mut nonce = iv;
    for (byte, number) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
        *byte ^= number;
    }
    nonce
}

impl Opener {
    pub(crate) fn new(
        log: &KeyLog,
        hellos: &HelloPair<'_>,
        suite: Suite,
    ) -> Result<Self, NoOpener> {
        let Protection::Aead(kind) = suite.protection else { return Err(NoOpener::Unsupported) };
        // Drafts before 20 have other labels in the key schedule.
        let draft = hellos.version.draft();
        if draft.is_some_and(|draft| draft < 20) {
            return Err(NoOpener::Unsupported);
        }
        let keys = |labels: [Option<Label>; 3]| Keys {
            epochs: labels.map(|label| {
                let secret = log.secret(hellos.client_random, label?)?;
                Epoch::new(secret, kind, suite.hash)
            }),
            at: EARLY,
            kind,
            hash: suite.hash,
            trial: Trial::default(),
        };
        use Label as L;
        let early = hellos.early_data.then_some(L::ClientEarly);
        let client = keys([early, Some(L::ClientHandshake), Some(L::ClientApplication)]);
        let server = keys([None, Some(L::ServerHandshake), Some(L::ServerApplication)]);
        if client.epochs.iter().chain(&server.epochs).all(Option::is_none) {
            return Err(NoOpener::NoSecrets);
        }
        Ok(Self { client, server, without_header: draft.is_some_and(|draft| draft < 25) })
    }

    fn keys(&mut self, side: Side) -> &mut Keys {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Keys {
    fn open(&mut self, aad: &[u8], body: &[u8], plain: &mut Vec<u8>) -> bool {
        let slack = self.trial.slack();
        for at in self.at..self.epochs.len() {
            if let Some(Some(epoch)) = self.epochs.get_mut(at)
                && epoch.open(aad, body, slack, &mut self.trial, plain)
            {
                self.at = at;
                self.trial.opened(body.len());
                return true;
            }
        }
        // A KeyUpdate may be among what is missing.
        if self.at == APPLICATION
            && self.trial.is_in_doubt()
            && let Some(Some(epoch)) = self.epochs.get(APPLICATION)
            && let Some(mut updated) = epoch.updated(self.kind, self.hash)
            && updated.open(aad, body, slack, &mut self.trial, plain)
        {
            self.epochs[APPLICATION] = Some(updated);
            self.trial.opened(body.len());
            return true;
        }
        self.trial.failed();
        false
    }

    /// The side's next record has another key.
    fn leave(&mut self, epoch: usize) {
        if self.at <= epoch {
            self.at = epoch + 1;
        }
    }
}

impl RecordOpener for Opener {
    fn open(
        &mut self,
        side: Side,
        content_type: u8,
        record_version: u16,
        body: &[u8],
        plain: &mut Vec<u8>,
    ) -> Result<u8, NotOpened> {
        if content_type != APPLICATION_DATA {
            return Err(NotOpened);
        }
        let len = u16::try_from(body.len()).map_err(|_| NotOpened)?;
        let [[major, minor], [high, low]] = [record_version.to_be_bytes(), len.to_be_bytes()];
        let header = [content_type, major, minor, high, low];
        let aad: &[u8] = if self.without_header { &[] } else { &header };
        if !self.keys(side).open(aad, body, plain) {
            return Err(NotOpened);
        }
        // struct { opaque content[length]; ContentType type; uint8 zeros[]; } TLSInnerPlaintext;
        while plain.last() == Some(&0) {
            plain.pop();
        }
        // A record of zeros alone breaks RFC 9846 §5.4; it opened, and says nothing.
        Ok(plain.pop().unwrap_or(0))
    }

    fn handshake_message(&mut self, side: Side, message: &[u8]) {
        let keys = self.keys(side);
        match message.first() {
            Some(&END_OF_EARLY_DATA) => keys.leave(EARLY),
            // With post-handshake client authentication a second one comes, and ends nothing.
            Some(&FINISHED) => keys.leave(HANDSHAKE),
            Some(&KEY_UPDATE) if keys.at == APPLICATION => {
                if let Some(Some(epoch)) = keys.epochs.get(APPLICATION) {
                    let updated = epoch.updated(keys.kind, keys.hash);
                    if let Some(epoch) = keys.epochs.get_mut(APPLICATION) {
                        *epoch = updated;
                    }
                }
            }
            _ => {}
        }
    }

    fn gap(&mut self, side: Side) {
        self.keys(side).trial.gap();
    }
}
