//! The NSS key log format (RFC 9850), read once and indexed by client random.
//!
//! ```text
//! <Label> <space> <ClientRandom, 64 hex digits> <space> <Secret, hex digits> <end of line>
//! ```
//!
//! Lines that begin with `#` and empty lines say nothing. Lines end with LF or CRLF; the last one
//! may lack its end, or be half written.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, PoisonError, RwLock};

use tlsleuth_handshake::opener::{HelloPair, NoOpener, RecordOpener, SecretSource};
use zeroize::{Zeroize, Zeroizing};

use crate::rsa_key::{MAX_PEM_BYTES, RsaKey, RsaKeyError};
use crate::secret::{Label, Secret, Secrets, unhex};
use crate::suite::Suite;
use crate::{static_rsa, tls12, tls13};

/// Bytes of a line beyond which it is no line of a key log. The longest that any program writes
/// (`ECH_CONFIG`) may have some thousand; those that are used have at most 193.
const MAX_LINE_BYTES: usize = 512;

/// Client randoms that are kept; a log of a gigabyte has some 1.3 million. With all six secrets of
/// each that is 800 MB, with those of TLS 1.2 alone a fourth of it.
const MAX_CLIENT_RANDOMS: usize = 2_000_000;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What the lines of key logs were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct LogCounts {
    /// Lines whose secret can open records.
    pub used: u64,
    /// Lines in order whose secret opens no record of TLS over TCP: exporter secrets, those of
    /// QUIC and of ECH, labels that are not known.
    pub ignored: u64,
    /// Of those, lines of the old form `RSA` and `PMS_CLIENT_RANDOM`, which log premaster secrets.
    pub premaster: u64,
    /// Lines that would be used but for the cap on client randoms: two million are kept.
    pub dropped: u64,
    /// Lines that are none: cut short, not hex, of a wrong length.
    pub malformed: u64,
    /// Distinct client randoms.
    pub client_randoms: u64,
}

/// Secrets of key logs, and RSA private keys: what to open records with.
///
/// It may grow while it is in use. A clone shares the same secrets. They are wiped from memory with
/// the last clone, and no `Debug` output shows them.
///
/// ```
/// use tlsleuth_keylog::KeyLog;
///
/// let log = KeyLog::new();
/// log.add(b"# a comment\r\nCLIENT_RANDOM 00 half a li");
/// assert_eq!(log.counts().malformed, 1);
/// ```
#[derive(Clone, Default)]
pub struct KeyLog {
    index: Arc<RwLock<Index>>,
}

struct Index {
    secrets: HashMap<[u8; 32], Secrets>,
    rsa_keys: Vec<Arc<RsaKey>>,
    /// A log was added, be there any secret in it or not.
    has_log: bool,
    counts: LogCounts,
    /// Client randoms that are kept.
    max: usize,
}

impl Default for Index {
    fn default() -> Self {
        let (secrets, counts) = (HashMap::new(), LogCounts::default());
        let rsa_keys = Vec::new();
        Self { secrets, rsa_keys, has_log: false, counts, max: MAX_CLIENT_RANDOMS }
    }
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLog").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl KeyLog {
    /// Without secrets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a whole key log, for instance that of a secrets block of a pcapng file.
    pub fn add(&self, text: &[u8]) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.has_log = true;
        let mut digits = Zeroizing::default();
        for line in text.split(|byte| *byte == b'\n') {
            index.line(line, &mut digits);
        }
    }

    /// Adds a key log from a file or a pipe, which is read once and to its end. Holds one line of it
    /// at a time, and each secret once.
    ///
    /// # Errors
    /// As `reader`; what was read before stays.
    pub fn read(&self, mut reader: impl Read) -> io::Result<()> {
        let mut chunk = Zeroizing::new(vec![0; CHUNK_BYTES]);
        let mut digits = Zeroizing::default();
        // The beginning of a line whose end is in the next chunk.
        let mut partial = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES + 1));
        loop {
            let read = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let mut rest = chunk.get(..read).unwrap_or(&[]);
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let (line, behind) = rest.split_at(end);
                if partial.is_empty() {
                    index.line(line, &mut digits);
                } else {
                    keep(&mut partial, line);
                    index.line(&partial, &mut digits);
                    partial.zeroize();
                    partial.reserve_exact(MAX_LINE_BYTES + 1);
                }
                rest = behind.get(1..).unwrap_or(&[]);
            }
            keep(&mut partial, rest);
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.has_log = true;
        index.line(&partial, &mut digits);
        Ok(())
    }

    /// Adds the RSA private keys of a PEM file (PKCS#1 or PKCS#8, not encrypted) and tells how many
    /// there were. They open connections of servers whose certificate has such a key, where the
    /// client encrypted its secret to it: suites with static RSA, in TLS 1.2 and below. Sessions
    /// that are resumed stay closed: their secret is of an earlier connection.
    ///
    /// # Errors
    /// Says why there is none; then no key of the file is added.
    pub fn read_rsa_keys(&self, reader: impl Read) -> Result<usize, RsaKeyError> {
        // Room for all of it from the start: a vector that grows leaves its old copy unwiped.
        let mut pem = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        let mut chunk = Zeroizing::new(vec![0; CHUNK_BYTES]);
        let mut reader = reader.take(MAX_PEM_BYTES);
        loop {
            let read = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let more = chunk.get(..read).unwrap_or(&[]);
            if pem.capacity() - pem.len() < more.len() {
                let mut larger = Zeroizing::new(Vec::with_capacity(2 * (pem.len() + more.len())));
                larger.extend_from_slice(&pem);
                pem = larger;
            }
            pem.extend_from_slice(more);
        }
        let keys = RsaKey::read_pem(&pem)?;
        let added = keys.len();
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.rsa_keys.extend(keys.into_iter().map(Arc::new));
        Ok(added)
    }

    /// What the lines so far were.
    #[must_use]
    pub fn counts(&self) -> LogCounts {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let client_randoms = u64::try_from(index.secrets.len()).unwrap_or(u64::MAX);
        LogCounts { client_randoms, ..index.counts }
    }

    /// A copy of one secret.
    pub(crate) fn secret(&self, client_random: &[u8; 32], label: Label) -> Option<Secret> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.secrets.get(client_random).and_then(|secrets| secrets.get(label))
    }

    /// Whether there are RSA keys.
    pub(crate) fn has_rsa_keys(&self) -> bool {
        !self.index.read().unwrap_or_else(PoisonError::into_inner).rsa_keys.is_empty()
    }

    /// The RSA keys.
    pub(crate) fn rsa_keys(&self) -> Vec<Arc<RsaKey>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).rsa_keys.clone()
    }
}

/// Adds to a line, up to one byte more than a line may have.
fn keep(partial: &mut Vec<u8>, bytes: &[u8]) {
    let room = (MAX_LINE_BYTES + 1).saturating_sub(partial.len());
    partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

impl Index {
    fn line(&mut self, line: &[u8], digits: &mut Zeroizing<Vec<u8>>) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return;
        }
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let (label, random, secret) = (fields.next(), fields.next(), fields.next());
        let (Some(label), Some(random), Some(secret), None) =
            (label, random, secret, fields.next())
        else {
            self.counts.malformed += 1;
            return;
        };
        let Some(label) = Label::parse(label) else {
            let is_label = label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if is_label {
                self.counts.ignored += 1;
                self.counts.premaster +=
                    u64::from(label == b"RSA" || label == b"PMS_CLIENT_RANDOM");
            } else {
                self.counts.malformed += 1;
            }
            return;
        };
        let random = unhex(random, digits).and_then(|()| <[u8; 32]>::try_from(&***digits).ok());
        if let Some(random) = random
            && unhex(secret, digits).is_some()
            && label.fits(digits.len())
            && line.len() <= MAX_LINE_BYTES
        {
            if self.secrets.len() >= self.max && !self.secrets.contains_key(&random) {
                self.counts.dropped += 1;
                return;
            }
            self.counts.used += 1;
            self.secrets.entry(random).or_default().insert(label, digits);
        } else {
            self.counts.malformed += 1;
        }
    }
}

impl SecretSource for KeyLog {
    fn is_empty(&self) -> bool {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        !index.has_log && index.rsa_keys.is_empty()
    }

    fn wants_messages(&self) -> bool {
        self.has_rsa_keys()
    }

    fn opener(&self, hellos: &HelloPair<'_>) -> Result<Box<dyn RecordOpener>, NoOpener> {
        let (is_known, has_log, has_keys) = {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            let is_known = index.secrets.contains_key(hellos.client_random);
            (is_known, index.has_log, !index.rsa_keys.is_empty())
        };
        let is_told_by_key = has_keys && static_rsa::applies(hellos.version, hellos.suite);
        if !is_known && !is_told_by_key {
            return Err(if has_log { NoOpener::NoSecrets } else { NoOpener::RsaKeyOnly });
        }
        let suite = Suite::new(hellos.suite).ok_or(NoOpener::Unsupported)?;
        if hellos.version.is_tls13() {
            Ok(Box::new(tls13::Opener::new(self, hellos, suite)?))
        } else {
            Ok(Box::new(tls12::Opener::new(self.clone(), hellos, suite)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    fn random() -> [u8; 32] {
        let half = [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc];
        let mut random = [0; 32];
        for (at, byte) in random.iter_mut().enumerate() {
            *byte = half.get(at % 16).copied().unwrap_or(0x11 * u8::try_from(at % 16).unwrap());
        }
        random
    }

    fn text() -> String {
        let (master, short) = ("ab".repeat(48), "cd".repeat(32));
        format!(
            "# SSL/TLS secrets log file, generated by NSS\r\n\
             CLIENT_RANDOM {RANDOM} {master}\r\n\
             \n\
             CLIENT_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {short}\n\
             SERVER_TRAFFIC_SECRET_0  {RANDOM}\t{short}  \n\
             EXPORTER_SECRET {RANDOM} {short}\n\
             EARLY_EXPORTER_SECRET {RANDOM} {short}\n\
             QUIC_CLIENT_TRAFFIC_SECRET {RANDOM} {short}\n\
             ECH_SECRET {RANDOM} {short}\n\
             ECH_CONFIG {RANDOM} {}\n\
             RSA 0123456789abcdef {master}\n\
             CLIENT_RANDOM {RANDOM} {short}\n\
             no line\n\
             CLIENT_RANDOM {RANDOM} CLIENT_RANDOM {RANDOM} {master}\n\
             CLIENT_TRAFFIC_SECRET_0 {RANDOM} {}",
            "00".repeat(3000),
            "cd".repeat(20),
        )
    }

    #[test]
    fn lines_are_used_ignored_or_malformed() {
        let log = KeyLog::new();
        log.add(text().as_bytes());
        let counts = log.counts();
        assert_eq!((counts.used, counts.ignored, counts.malformed), (3, 6, 4));
        assert_eq!((counts.premaster, counts.client_randoms), (1, 1));
        assert_eq!(log.secret(&random(), Label::Master).unwrap().as_slice(), [0xab; 48]);
        assert!(log.secret(&random(), Label::ServerApplication).is_some());
        assert!(log.secret(&random(), Label::ClientApplication).is_none());
        assert!(log.secret(&[0; 32], Label::Master).is_none());
        assert!(!format!("{log:?}").contains("171"), "no secret in Debug");
    }

    #[test]
    fn beyond_the_cap_lines_are_dropped_and_counted() {
        let log = KeyLog::new();
        log.index.write().unwrap().max = 2;
        for byte in ["01", "02", "03", "02"] {
            let (random, secret) = (byte.repeat(32), "ab".repeat(48));
            log.add(format!("CLIENT_RANDOM {random} {secret}").as_bytes());
        }
        let counts = log.counts();
        assert_eq!((counts.used, counts.dropped, counts.client_randoms), (3, 1, 2));
    }

    /// Gives a byte or a few at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let step = self.1.min(self.0.len()).min(buf.len());
            let (now, later) = self.0.split_at(step);
            buf[..step].copy_from_slice(now);
            self.0 = later;
            Ok(step)
        }
    }

    /// No record, however wrong, stops an opener of any suite and version.
    #[test]
    fn hostile_records_open_nothing() {
        use tlsleuth_handshake::Side;
        use tlsleuth_handshake::codepoint::{CipherSuite, ProtocolVersion};
        let log = KeyLog::new();
        log.add(text().as_bytes());
        let mut openers = 0;
        for (suite, version) in (0..=u16::MAX)
            .filter(|id| CipherSuite(*id).name().is_some())
            .flat_map(|id| (0x0300..=0x0304).map(move |version| (CipherSuite(id), version)))
        {
            for encrypt_then_mac in [false, true] {
                let hellos = HelloPair {
                    client_random: &random(),
                    server_random: &[7; 32],
                    version: ProtocolVersion(version),
                    suite,
                    extended_master_secret: false,
                    encrypt_then_mac,
                    early_data: true,
                    is_compressed: false,
                    client_messages: &[],
                    server_messages: &[],
                };
                let Ok(mut opener) = log.opener(&hellos) else { continue };
                openers += 1;
                let mut plain = Vec::new();
                for len in [0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 64, 80, 256] {
                    for content_type in [20, 21, 22, 23] {
                        let body: Vec<u8> = (0..=u8::MAX).cycle().take(len).collect();
                        let opened =
                            opener.open(Side::Client, content_type, version, &body, &mut plain);
                        assert!(opened.is_err(), "{suite:?} {len}");
                    }
                    opener.gap(Side::Client);
                    for kind in [1, 2, 5, 20, 24] {
                        opener.handshake_message(Side::Client, &[kind, 0, 0, 0, 3, 3]);
                        opener.handshake_message(Side::Server, &[kind, 0, 0, 0, 3, 3]);
                    }
                }
            }
        }
        assert!(openers > 500, "{openers}");
    }

    #[test]
    fn a_reader_gives_the_same_as_the_whole_text() {
        let text = text();
        let whole = KeyLog::new();
        whole.add(text.as_bytes());
        for step in [1, 7, 100, 1 << 20] {
            let log = KeyLog::new();
            log.read(Drip(text.as_bytes(), step)).unwrap();
            assert_eq!(log.counts(), whole.counts(), "steps of {step}");
            let label = Label::ClientHandshake;
            assert_eq!(log.secret(&random(), label), whole.secret(&random(), label));
        }
    }
}
