//! TLS 1.2 and below (RFC 5246 §6.2.3, RFC 4346, RFC 2246, RFC 6101).
//!
//! The keys come from the master secret and the randoms. A renegotiation makes new ones, which are
//! in force behind its ChangeCipherSpec; its hellos are told like all messages, and its master
//! secret has a line of its own in the key log.

use std::fmt;
use std::ops::RangeInclusive;

use rc4::{KeyInit, Rc4, StreamCipher};
use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::{
    CompressionMethod, ExtensionType, HandshakeType, ProtocolVersion,
};
use tlsleuth_handshake::message::ServerHello;
use tlsleuth_handshake::opener::{HelloPair, NoOpener, NotOpened, RecordOpener};

use crate::cipher::{Aead, Cbc};
use crate::hash::{Bytes, Hash};
use crate::log::KeyLog;
use crate::schedule::{key_block, ssl3_mac};
use crate::secret::Label;
use crate::suite::{Protection, Suite};
use crate::tls13::nonce;
use crate::trial::Trial;

const CHANGE_CIPHER_SPEC: u8 = 20;

/// Opens the records of one connection.
pub(crate) struct Opener {
    log: KeyLog,
    version: ProtocolVersion,
    client: Keys,
    server: Keys,
    next: Renegotiation,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}

/// What one side protects its records with.
struct Keys {
    /// `None` where a renegotiation left no keys.
    cipher: Option<Cipher>,
    /// The sequence number of the next record.
    next: u64,
    trial: Trial,
}

enum Cipher {
    Aead {
        key: Box<dyn Aead>,
        iv: Bytes,
        explicit_nonce: bool,
    },
    Block {
        key: Box<dyn Cbc>,
        block_len: usize,
        mac: MacKey,
        iv: Option<Bytes>,
        encrypt_then_mac: bool,
    },
    Rc4 {
        key: Box<Rc4>,
        mac: MacKey,
        is_lost: bool,
    },
    Null {
        mac: MacKey,
    },
}

/// What a renegotiation said so far.
#[derive(Default)]
struct Renegotiation {
    client_random: Option<[u8; 32]>,
    keys: Option<(Option<Cipher>, Option<Cipher>)>,
}

/// What authenticates the content of a record.
struct MacKey {
    hash: Hash,
    key: Bytes,
    is_ssl3: bool,
}

impl MacKey {
    /// Whether `tag` is that of a record.
    fn verifies(&self, record: &Header, number: u64, content: &[u8], tag: &[u8]) -> bool {
        let Ok(len) = u16::try_from(content.len()) else { return false };
        let [major, minor] = record.version.to_be_bytes();
        let [high, low] = len.to_be_bytes();
        let number = number.to_be_bytes();
        let expected = if self.is_ssl3 {
            let header = [record.content_type, high, low];
            ssl3_mac(self.hash, &self.key, &[&number, &header, content])
        } else {
            let header = [record.content_type, major, minor, high, low];
            self.hash.hmac(&self.key, &[&number, &header, content])
        };
        expected.as_slice() == tag
    }

    fn len(&self) -> usize {
        self.hash.len()
    }
}

/// The header of a record but for its length.
struct Header {
    content_type: u8,
    version: u16,
}

impl Opener {
    pub(crate) fn new(log: KeyLog, hellos: &HelloPair<'_>, suite: Suite) -> Result<Self, NoOpener> {
        if !(ProtocolVersion::SSL3..=ProtocolVersion::TLS1_2).contains(&hellos.version)
            || hellos.is_compressed
        {
            return Err(NoOpener::Unsupported);
        }
        let (client, server) = ciphers(
            &log,
            hellos.version,
            suite,
            hellos.client_random,
            hellos.server_random,
            hellos.encrypt_then_mac,
        )?;
        let keys = |cipher| Keys { cipher, next: 0, trial: Trial::default() };
        Ok(Self {
            log,
            version: hellos.version,
            client: keys(client),
            server: keys(server),
            next: Renegotiation::default(),
        })
    }

    fn keys(&mut self, side: Side) -> &mut Keys {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// A side's records have the keys of the renegotiation from here on.
    fn change_keys(&mut self, side: Side) {
        let next = &mut self.next;
        let cipher = match (&mut next.keys, side) {
            (Some((client, _)), Side::Client) => client.take(),
            (Some((_, server)), Side::Server) => server.take(),
            (None, _) => None,
        };
        *self.keys(side) = Keys { cipher, next: 0, trial: Trial::default() };
    }

    fn server_hello(&mut self, hello: &ServerHello) {
        let Some(client_random) = self.next.client_random else { return };
        let suite = Suite::new(hello.cipher_suite)
            .filter(|_| hello.compression_method == CompressionMethod::NULL);
        let encrypt_then_mac = hello.extensions.contains(ExtensionType::ENCRYPT_THEN_MAC);
        self.next.keys = suite.and_then(|suite| {
            let random = &hello.random;
            ciphers(&self.log, self.version, suite, &client_random, random, encrypt_then_mac).ok()
        });
    }
}

/// The keys of both sides: client's and server's.
fn ciphers(
    log: &KeyLog,
    version: ProtocolVersion,
    suite: Suite,
    client_random: &[u8; 32],
    server_random: &[u8; 32],
    encrypt_then_mac: bool,
) -> Result<(Option<Cipher>, Option<Cipher>), NoOpener> {
    let master = log.secret(client_random, Label::Master).ok_or(NoOpener::NoSecrets)?;
    let (mac, key_len, iv_len) = match suite.protection {
        Protection::Aead(kind) if kind.explicit_nonce() => (None, kind.key_len(), 4),
        Protection::Aead(kind) => (None, kind.key_len(), 12),
        Protection::Block(kind, mac) => {
            // TLS 1.1 sends the IV with each record (RFC 4346 §6.2.3.2).
            let implicit = version < ProtocolVersion::TLS1_1;
            (Some(mac), kind.key_len(), if implicit { kind.block_len() } else { 0 })
        }
        Protection::Rc4(mac) => (Some(mac), 16, 0),
        Protection::Null(mac) => (Some(mac), 0, 0),
    };
    if mac.is_none() && version < ProtocolVersion::TLS1_2 {
        return Err(NoOpener::Unsupported);
    }
    let mac_len = mac.map_or(0, Hash::len);
    let len = 2 * (mac_len + key_len + iv_len);
    let block = key_block(version, suite.hash, &master, client_random, server_random, len);
    let cipher = |side: usize| -> Option<Cipher> {
        let cut = |at: usize, len: usize| {
            block
                .get(at + side * len..at + side * len + len)
                .map(|bytes| Bytes::new(bytes.to_vec()))
        };
        let mac_key = cut(0, mac_len)?;
        let key = cut(2 * mac_len, key_len)?;
        let iv = cut(2 * (mac_len + key_len), iv_len)?;
        let mac = mac.map(|hash| MacKey {
            hash,
            key: mac_key,
            is_ssl3: version == ProtocolVersion::SSL3,
        });
        Some(match suite.protection {
            Protection::Aead(kind) => Cipher::Aead {
                key: kind.with_key(&key)?,
                iv,
                explicit_nonce: kind.explicit_nonce(),
            },
            Protection::Block(kind, _) => Cipher::Block {
                key: kind.with_key(&key)?,
                block_len: kind.block_len(),
                mac: mac?,
                iv: (iv_len > 0).then_some(iv),
                encrypt_then_mac,
            },
            Protection::Rc4(_) => Cipher::Rc4 {
                key: Box::new(Rc4::new_from_slice(&key).ok()?),
                mac: mac?,
                is_lost: false,
            },
            Protection::Null(_) => Cipher::Null { mac: mac? },
        })
    };
    Ok((cipher(0), cipher(1)))
}

impl Keys {
    fn open(&mut self, header: &Header, body: &[u8], plain: &mut Vec<u8>) -> bool {
        let numbers = self.next..=self.next.saturating_add(self.trial.slack());
        let Some(cipher) = &mut self.cipher else { return false };
        let opened = cipher.open(header, body, numbers, &mut self.trial, plain);
        match opened {
            Some(number) => {
                self.trial.opened(body.len());
                self.next = number.saturating_add(1);
            }
            None => {
                plain.clear();
                self.trial.failed();
            }
        }
        opened.is_some()
    }
}

impl Cipher {
    /// Opens a record, whose number is one of `numbers`, and tells which.
    fn open(
        &mut self,
        header: &Header,
        body: &[u8],
        mut numbers: RangeInclusive<u64>,
        trial: &mut Trial,
        plain: &mut Vec<u8>,
    ) -> Option<u64> {
        match self {
            Self::Aead { key, iv, explicit_nonce } => {
                let (explicit, sealed) =
                    body.split_at_checked(if *explicit_nonce { 8 } else { 0 })?;
                let len = u16::try_from(sealed.len().checked_sub(key.tag_len())?).ok()?;
                let [major, minor] = header.version.to_be_bytes();
                let [high, low] = len.to_be_bytes();
                numbers.find(|number| {
                    let nonce = if *explicit_nonce {
                        <[u8; 12]>::try_from([iv.as_slice(), explicit].concat()).ok()
                    } else {
                        <[u8; 12]>::try_from(iv.as_slice()).ok().map(|iv| nonce(iv, *number))
                    };
                    let mut aad = [0; 13];
                    let fields = [header.content_type, major, minor, high, low];
                    let bytes = number.to_be_bytes().into_iter().chain(fields);
                    aad.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
                    trial.pay(body.len())
                        && nonce.is_some_and(|nonce| key.open(nonce, &aad, sealed, plain))
                })
            }
            Self::Block { key, block_len, mac, iv, encrypt_then_mac } => {
                let mac_len = mac.len();
                let (sealed, tag) = if *encrypt_then_mac {
                    body.split_at_checked(body.len().checked_sub(mac_len)?)?
                } else {
                    (body, &[][..])
                };
                let (explicit, blocks) =
                    sealed.split_at_checked(if iv.is_none() { *block_len } else { 0 })?;
                plain.clear();
                plain.extend_from_slice(blocks);
                let decrypted = match iv {
                    Some(iv) => {
                        let decrypted = key.decrypt(iv, plain);
                        // The last block is the next record's IV, whether this one opens or not.
                        let last = blocks.len().checked_sub(*block_len)?;
                        *iv = Bytes::new(blocks.get(last..)?.to_vec());
                        decrypted
                    }
                    None => key.decrypt(explicit, plain),
                };
                // struct { opaque content[]; opaque MAC[]; uint8 padding[]; uint8 padding_length; }
                let padding = usize::from(*plain.last()?) + 1;
                let unpadded = plain.len().checked_sub(padding)?;
                if !decrypted {
                    return None;
                }
                plain.truncate(unpadded);
                if *encrypt_then_mac {
                    return numbers.find(|number| {
                        trial.pay(body.len()) && mac.verifies(header, *number, sealed, tag)
                    });
                }
                mac.cut(header, numbers, trial, plain)
            }
            Self::Rc4 { key, mac, is_lost } => {
                plain.clear();
                plain.extend_from_slice(body);
                key.apply_keystream(plain);
                if *is_lost {
                    return None;
                }
                mac.cut(header, numbers, trial, plain)
            }
            Self::Null { mac } => {
                plain.clear();
                plain.extend_from_slice(body);
                mac.cut(header, numbers, trial, plain)
            }
        }
    }
}

impl MacKey {
    /// Cuts the MAC from the end of a record's content and tells with which number it is right.
    fn cut(
        &self,
        header: &Header,
        mut numbers: RangeInclusive<u64>,
        trial: &mut Trial,
        plain: &mut Vec<u8>,
    ) -> Option<u64> {
        let content_len = plain.len().checked_sub(self.len())?;
        let (content, tag) = plain.split_at_checked(content_len)?;
        let number = numbers.find(|number| {
            trial.pay(plain.len()) && self.verifies(header, *number, content, tag)
        })?;
        plain.truncate(content_len);
        Some(number)
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
        let header = Header { content_type, version: record_version };
        let opened = self.keys(side).open(&header, body, plain);
        if content_type == CHANGE_CIPHER_SPEC {
            self.change_keys(side);
        }
        if opened { Ok(content_type) } else { Err(NotOpened) }
    }

    fn handshake_message(&mut self, side: Side, message: &[u8]) {
        let Some((&[kind, ..], body)) = message.split_first_chunk::<4>() else { return };
        match (HandshakeType(kind), side) {
            (HandshakeType::CLIENT_HELLO, Side::Client) => {
                let random = body.get(2..34).and_then(|random| random.try_into().ok());
                self.next = Renegotiation { client_random: random, ..Renegotiation::default() };
            }
            (HandshakeType::SERVER_HELLO, Side::Server) => {
                self.server_hello(&ServerHello::decode(body).0);
            }
            _ => {}
        }
    }

    fn gap(&mut self, side: Side) {
        let keys = self.keys(side);
        keys.trial.gap();
        if let Some(Cipher::Rc4 { is_lost, .. }) = &mut keys.cipher {
            // The key stream went on by nobody knows how many bytes.
            *is_lost = true;
        }
    }
}
