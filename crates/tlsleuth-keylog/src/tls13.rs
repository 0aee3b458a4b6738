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
use zeroize::Zeroizing;

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
    /// Those that nobody logged.
    missing: [Option<Label>; 3],
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
    iv: Zeroizing<[u8; 12]>,
    next: u64,
}

impl Epoch {
    fn new(secret: Secret, kind: AeadKind, hash: Hash) -> Option<Self> {
        if secret.len() != hash.len() {
            return None;
        }
        let key = kind.with_key(&hash.expand_label(&secret, "key", kind.key_len())?)?;
        let iv = <[u8; 12]>::try_from(hash.expand_label(&secret, "iv", 12)?.as_slice()).ok()?;
        Some(Self { secret, key, iv: Zeroizing::new(iv), next: 0 })
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
            if self.key.open(nonce(*self.iv, number), aad, body, plain) {
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
            missing: labels.map(|label| {
                label.filter(|label| log.secret(hellos.client_random, *label).is_none())
            }),
            // Records of a side without early data begin with the handshake's keys.
            at: if labels[EARLY].is_some() { EARLY } else { HANDSHAKE },
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

    /// Why the last record did not open.
    fn reason(&self) -> NotOpened {
        match self.missing.get(self.at) {
            Some(Some(label)) => NotOpened::NoSecret(label.name()),
            _ if self.trial.is_lost() => NotOpened::Gap,
            _ => NotOpened::NotAuthentic,
        }
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
            return Err(NotOpened::NotAuthentic);
        }
        let len = u16::try_from(body.len()).map_err(|_| NotOpened::NotAuthentic)?;
        let [[major, minor], [high, low]] = [record_version.to_be_bytes(), len.to_be_bytes()];
        let header = [content_type, major, minor, high, low];
        let aad: &[u8] = if self.without_header { &[] } else { &header };
        let keys = self.keys(side);
        if !keys.open(aad, body, plain) {
            return Err(keys.reason());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::testing::hex;

    /// Secret, key and IV of RFC 8448 §3, and the KeyUpdate's next secret where there is one.
    const VECTORS: [[&str; 3]; 4] = [
        [
            "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
            "dbfaa693d1762c5b666af5d950258d01",
            "5bd3c71b836e0b76bb73265f",
        ],
        [
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
            "3fce516009c21727d0f2e4e86ee403bc",
            "5d313eb2671276ee13000b30",
        ],
        [
            "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
            "17422dda596ed5d9acd890e3c63f5051",
            "5b78923dee08579033e523d9",
        ],
        [
            "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
            "9f02283b6c9c07efc26bb9f2ac92e356",
            "cf782b88dd83549aadf1e984",
        ],
    ];

    #[test]
    fn keys_of_rfc_8448() {
        for [secret, key, iv] in VECTORS {
            let secret = hex(secret);
            let of = |label, len| Hash::Sha256.expand_label(&secret, label, len).unwrap().to_vec();
            assert_eq!(of("key", 16), hex(key));
            assert_eq!(of("iv", 12), hex(iv));
        }
    }

    #[test]
    fn the_sequence_number_goes_into_the_end_of_the_iv() {
        assert_eq!(nonce([0xff; 12], 0x0102), [[0xff; 10].as_slice(), &[0xfe, 0xfd]].concat()[..]);
        assert_eq!(nonce([0; 12], u64::MAX)[..4], [0; 4]);
    }

    #[test]
    fn a_secret_of_another_hash_makes_no_keys() {
        let secret = || Secret::new(vec![1; 32]);
        assert!(Epoch::new(secret(), AeadKind::Aes256Gcm, Hash::Sha384).is_none());
        assert!(Epoch::new(secret(), AeadKind::Aes128Gcm, Hash::Sha256).is_some());
    }

    /// Seals what [`Keys::open`] opens.
    fn sealed(epoch: &Epoch, number: u64, text: &[u8]) -> (Vec<u8>, [u8; 5]) {
        use aes_gcm::aead::{AeadInOut, KeyInit};
        let key = Hash::Sha256.expand_label(&epoch.secret, "key", 16).unwrap();
        let cipher = aes_gcm::Aes128Gcm::new_from_slice(&key).unwrap();
        let len = u16::try_from(text.len() + 16).unwrap().to_be_bytes();
        let header = [23, 3, 3, len[0], len[1]];
        let mut body = text.to_vec();
        let nonce = nonce(*epoch.iv, number).into();
        let tag =
            cipher.encrypt_inout_detached(&nonce, &header, body.as_mut_slice().into()).unwrap();
        body.extend_from_slice(&tag);
        (body, header)
    }

    fn keys() -> Keys {
        let epoch = |byte| {
            let secret = Secret::new(vec![byte; 32]);
            Epoch::new(secret, AeadKind::Aes128Gcm, Hash::Sha256)
        };
        Keys {
            epochs: [None, epoch(1), epoch(2)],
            missing: [None; 3],
            at: HANDSHAKE,
            kind: AeadKind::Aes128Gcm,
            hash: Hash::Sha256,
            trial: Trial::default(),
        }
    }

    fn opens(keys: &mut Keys, (body, header): &(Vec<u8>, [u8; 5])) -> bool {
        let mut plain = Vec::new();
        let opened = keys.open(header, body, &mut plain);
        assert_eq!(opened, plain == b"text\x16", "nothing is left where nothing opens");
        opened
    }

    #[test]
    fn a_missed_finished_a_gap_and_a_missed_key_update() {
        let mut side = keys();
        let other = keys();
        let [_, Some(handshake), Some(application)] = &other.epochs else { panic!("two keys") };
        let updated = application.updated(AeadKind::Aes128Gcm, Hash::Sha256).unwrap();
        assert!(opens(&mut side, &sealed(handshake, 0, b"text\x16")));
        assert!(!opens(&mut side, &sealed(handshake, 5, b"text\x16")), "no gap was told");
        assert!(opens(&mut side, &sealed(application, 0, b"text\x16")), "without a Finished");
        assert!(!opens(&mut side, &sealed(handshake, 1, b"text\x16")), "that epoch is over");
        assert!(opens(&mut side, &sealed(application, 2, b"text\x16")), "one did not open");
        side.trial.gap();
        assert!(opens(&mut side, &sealed(application, 60, b"text\x16")));
        assert!(!opens(&mut side, &sealed(application, 62, b"text\x16")), "the gap is over");
        side.trial.gap();
        assert!(opens(&mut side, &sealed(&updated, 3, b"text\x16")));
        assert!(opens(&mut side, &sealed(&updated, 4, b"text\x16")));
    }

    #[test]
    fn hostile_records_are_tried_only_so_often() {
        let mut side = keys();
        let junk = (vec![7; 16_000], [23, 3, 3, 62, 128]);
        for _ in 0..10_000 {
            side.trial.gap();
            assert!(!opens(&mut side, &junk));
        }
        assert!(!side.trial.pay(16_000), "the budget is spent");
    }
}
