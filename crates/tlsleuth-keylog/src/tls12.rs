//! TLS 1.2 and below (RFC 5246 §6.2.3, RFC 4346, RFC 2246, RFC 6101).
//!
//! The keys come from the master secret and the randoms. A renegotiation makes new ones, which are
//! in force behind its ChangeCipherSpec; its hellos are told like all messages, and its master
//! secret has a line of its own in the key log. With static RSA the server's key tells the master
//! secret, once the ClientKeyExchange is there.

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
use crate::schedule::{Randoms, key_block, ssl3_mac};
use crate::secret::Label;
use crate::static_rsa::{self, Exchange, Transcript};
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
    /// The first handshake, while its secret is still to come from the server's RSA key.
    exchange: Option<Box<Exchange>>,
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

pub(crate) enum Cipher {
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

/// The keys of both sides: client's and server's.
pub(crate) type Pair = (Option<Cipher>, Option<Cipher>);

/// What a renegotiation said so far.
#[derive(Default)]
struct Renegotiation {
    client_random: Option<[u8; 32]>,
    /// The ClientHello, where an RSA key may need it.
    transcript: Transcript,
    exchange: Option<Box<Exchange>>,
    keys: Option<Pair>,
}

/// What authenticates the content of a record.
pub(crate) struct MacKey {
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

/// What decides how keys are cut, but for the master secret.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: Suite,
    pub(crate) randoms: Randoms,
    pub(crate) encrypt_then_mac: bool,
}

impl Opener {
    pub(crate) fn new(log: KeyLog, hellos: &HelloPair<'_>, suite: Suite) -> Result<Self, NoOpener> {
        let parameters = Parameters {
            version: hellos.version,
            suite,
            randoms: Randoms { client: *hellos.client_random, server: *hellos.server_random },
            encrypt_then_mac: hellos.encrypt_then_mac,
        };
        if !(ProtocolVersion::SSL3..=ProtocolVersion::TLS1_2).contains(&hellos.version)
            || hellos.is_compressed
            || !parameters.are_possible()
        {
            return Err(NoOpener::Unsupported);
        }
        let keys = |cipher| Keys { cipher, next: 0, trial: Trial::default() };
        let (pair, exchange) = match log.secret(hellos.client_random, Label::Master) {
            Some(master) => (ciphers(&master, &parameters), None),
            None if static_rsa::applies(hellos.version, hellos.suite) && log.has_rsa_keys() => {
                let mut transcript = Transcript::default();
                transcript.add(Side::Client, hellos.client_messages);
                transcript.add(Side::Server, hellos.server_messages);
                let extended = hellos.extended_master_secret;
                ((None, None), Some(Box::new(Exchange::new(parameters, extended, transcript))))
            }
            None => return Err(NoOpener::NoSecrets),
        };
        Ok(Self {
            log,
            version: hellos.version,
            client: keys(pair.0),
            server: keys(pair.1),
            exchange,
            next: Renegotiation::default(),
        })
    }
}

impl Opener {
    fn keys(&mut self, side: Side) -> &mut Keys {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes the keys that come from an RSA key, as soon as its messages are there.
    fn settle(&mut self) -> Result<(), NotOpened> {
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        (self.client.cipher, self.server.cipher) = exchange.keys(&self.log)?;
        self.exchange = None;
        Ok(())
    }

    /// A side's records have the keys of the renegotiation from here on.
    fn change_keys(&mut self, side: Side) {
        // What was not opened before stays so.
        self.exchange = None;
        let next = &mut self.next;
        if let Some(exchange) = &mut next.exchange {
            next.keys = exchange.keys(&self.log).ok();
            next.exchange = None;
        }
        let cipher = match (&mut next.keys, side) {
            (Some((client, _)), Side::Client) => client.take(),
            (Some((_, server)), Side::Server) => server.take(),
            (None, _) => None,
        };
        *self.keys(side) = Keys { cipher, next: 0, trial: Trial::default() };
    }

    fn client_hello(&mut self, message: &[u8], body: &[u8]) {
        self.next = Renegotiation {
            client_random: body.get(2..34).and_then(|random| random.try_into().ok()),
            ..Renegotiation::default()
        };
        if self.log.has_rsa_keys() {
            self.next.transcript.add(Side::Client, message);
        }
    }

    fn server_hello(&mut self, message: &[u8], hello: &ServerHello) {
        let Some(client_random) = self.next.client_random else { return };
        let Some(suite) = Suite::new(hello.cipher_suite)
            .filter(|_| hello.compression_method == CompressionMethod::NULL)
        else {
            return;
        };
        let parameters = Parameters {
            version: self.version,
            suite,
            randoms: Randoms { client: client_random, server: hello.random },
            encrypt_then_mac: hello.extensions.contains(ExtensionType::ENCRYPT_THEN_MAC),
        };
        if let Some(master) = self.log.secret(&client_random, Label::Master) {
            self.next.keys = Some(ciphers(&master, &parameters));
        } else if static_rsa::applies(self.version, hello.cipher_suite) && self.log.has_rsa_keys() {
            let mut transcript = std::mem::take(&mut self.next.transcript);
            transcript.add(Side::Server, message);
            let extended = hello.extensions.contains(ExtensionType::EXTENDED_MASTER_SECRET);
            let exchange = Exchange::new(parameters, extended, transcript);
            self.next.exchange = Some(Box::new(exchange));
        }
    }
}

impl Parameters {
    /// Authenticated encryption came with TLS 1.2.
    fn are_possible(&self) -> bool {
        !matches!(self.suite.protection, Protection::Aead(_))
            || self.version >= ProtocolVersion::TLS1_2
    }
}

/// The keys of both sides.
pub(crate) fn ciphers(master: &[u8], parameters: &Parameters) -> Pair {
    let Parameters { version, suite, .. } = *parameters;
    if !parameters.are_possible() {
        return (None, None);
    }
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
    let mac_len = mac.map_or(0, Hash::len);
    let len = 2 * (mac_len + key_len + iv_len);
    let block = key_block(version, suite.hash, master, &parameters.randoms, len);
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
                encrypt_then_mac: parameters.encrypt_then_mac,
            },
            Protection::Rc4(_) => Cipher::Rc4 {
                key: Box::new(Rc4::new_from_slice(&key).ok()?),
                mac: mac?,
                is_lost: false,
            },
            Protection::Null(_) => Cipher::Null { mac: mac? },
        })
    };
    (cipher(0), cipher(1))
}

impl Keys {
    /// Why the last record did not open.
    fn reason(&self) -> NotOpened {
        match self.cipher {
            None => NotOpened::NoSecret(Label::Master.name()),
            Some(Cipher::Rc4 { is_lost: true, .. }) => NotOpened::Gap,
            _ if self.trial.is_lost() => NotOpened::Gap,
            _ => NotOpened::NotAuthentic,
        }
    }

    fn open(&mut self, header: &Header, body: &[u8], plain: &mut Vec<u8>) -> bool {
        let numbers = self.next..=self.next.saturating_add(self.trial.slack());
        let Some(cipher) = &mut self.cipher else {
            self.trial.failed();
            return false;
        };
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
        let settled = self.settle();
        let keys = self.keys(side);
        let is_open = keys.open(&header, body, plain);
        let reason = settled.err().unwrap_or_else(|| keys.reason());
        if content_type == CHANGE_CIPHER_SPEC {
            self.change_keys(side);
        }
        if is_open { Ok(content_type) } else { Err(reason) }
    }

    fn handshake_message(&mut self, side: Side, message: &[u8]) {
        let Some((&[kind, ..], body)) = message.split_first_chunk::<4>() else { return };
        match (HandshakeType(kind), side) {
            (HandshakeType::CLIENT_HELLO, Side::Client) => self.client_hello(message, body),
            (HandshakeType::SERVER_HELLO, Side::Server) => {
                self.server_hello(message, &ServerHello::decode(body).0);
            }
            _ => {
                for exchange in self.exchange.iter_mut().chain(&mut self.next.exchange) {
                    exchange.transcript.add(side, message);
                }
            }
        }
    }

    fn gap(&mut self, side: Side) {
        for exchange in self.exchange.iter_mut().chain(&mut self.next.exchange) {
            exchange.transcript.gap(side);
        }
        let keys = self.keys(side);
        keys.trial.gap();
        if let Some(Cipher::Rc4 { is_lost, .. }) = &mut keys.cipher {
            // The key stream went on by nobody knows how many bytes.
            *is_lost = true;
        }
    }

    fn buffered_bytes(&self) -> usize {
        let exchanges = self.exchange.iter().chain(&self.next.exchange);
        exchanges.map(|exchange| exchange.transcript.bytes()).sum::<usize>()
            + self.next.transcript.bytes()
    }
}
