//! From a server's RSA key to the master secret (RFC 5246 §7.4.7.1, RFC 7627).
//!
//! ```text
//! client                                   server
//! ClientHello             ->
//!                         <-  ServerHello, Certificate, ..., ServerHelloDone
//! ..., ClientKeyExchange  ->
//! ```
//!
//! The ClientKeyExchange holds the premaster secret, encrypted to the key of the Certificate. With
//! the extended master secret all of these messages go into the master secret.

use std::sync::Arc;

use tlsleuth_cert::Certificate;
use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::{CipherSuite, HandshakeType, KeyExchange, ProtocolVersion};
use tlsleuth_handshake::message::{self, CertificateForm};
use tlsleuth_handshake::opener::NotOpened;

use crate::log::KeyLog;
use crate::rsa_key::RsaKey;
use crate::schedule::{extended_master_secret, master_secret};
use crate::secret::Secret;
use crate::tls12::{Pair, Parameters, ciphers};

/// Bytes of handshake messages that are kept of one handshake. Long chains have some 10 KiB.
const MAX_BYTES: usize = 256 * 1024;

/// Keys that are tried where the capture does not show the server's certificate.
const MAX_TRIED: usize = 8;

/// The messages of one handshake, header and body, up to the ClientKeyExchange.
#[derive(Default)]
pub(crate) struct Transcript {
    client: Vec<u8>,
    server: Vec<u8>,
    /// Messages are missing.
    is_incomplete: bool,
}

impl Transcript {
    /// Takes a side's messages, one or several.
    pub(crate) fn add(&mut self, side: Side, messages: &[u8]) {
        // The transcript has no HelloRequest (RFC 5246 §7.4.1.1).
        if messages.first() == Some(&HandshakeType::HELLO_REQUEST.0) || self.has_all_of(side) {
            return;
        }
        if self.bytes() + messages.len() > MAX_BYTES {
            self.is_incomplete = true;
            return;
        }
        self.of(side).extend_from_slice(messages);
    }

    /// Messages of a side are missing.
    pub(crate) fn gap(&mut self, side: Side) {
        self.is_incomplete |= !self.has_all_of(side);
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.client.len() + self.server.len()
    }

    fn of(&mut self, side: Side) -> &mut Vec<u8> {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Whether a side's last message up to the ClientKeyExchange is there.
    fn has_all_of(&self, side: Side) -> bool {
        match side {
            Side::Client => body_of(&self.client, HandshakeType::CLIENT_KEY_EXCHANGE).is_some(),
            Side::Server => body_of(&self.server, HandshakeType::SERVER_HELLO_DONE).is_some(),
        }
    }

    /// The messages in the order in which they were sent (RFC 7627 §3), if all are there.
    fn in_order(&self) -> Option<[&[u8]; 3]> {
        let (hello, _) = split_message(&self.client)
            .filter(|(hello, _)| hello.first() == Some(&HandshakeType::CLIENT_HELLO.0))?;
        let behind = self.client.get(hello.len()..)?;
        (!self.is_incomplete && self.has_all_of(Side::Server)).then_some([
            hello,
            &self.server,
            behind,
        ])
    }
}

/// Cuts the first message off.
fn split_message(messages: &[u8]) -> Option<(&[u8], &[u8])> {
    let [_, a, b, c, ..] = messages else { return None };
    let len = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
    messages.split_at_checked(len.checked_add(4)?)
}

/// The body of the first message of a type.
fn body_of(mut messages: &[u8], kind: HandshakeType) -> Option<&[u8]> {
    while let Some((message, behind)) = split_message(messages) {
        if message.first() == Some(&kind.0) {
            return message.get(4..);
        }
        messages = behind;
    }
    None
}

/// Whether a suite's secret is encrypted to the server's key. That of export suites is not, where the
/// server's key is too long for them.
pub(crate) fn applies(version: ProtocolVersion, suite: CipherSuite) -> bool {
    let exchange = suite.facts().map(|facts| facts.key_exchange);
    version <= ProtocolVersion::TLS1_2 && exchange == Some(KeyExchange::Rsa)
}

/// A key exchange whose secret the server's key tells, once its messages are there.
pub(crate) struct Exchange {
    parameters: Parameters,
    extended_master_secret: bool,
    pub(crate) transcript: Transcript,
    /// What was found out for good.
    failed: Option<NotOpened>,
}

impl Exchange {
    pub(crate) fn new(
        parameters: Parameters,
        extended_master_secret: bool,
        transcript: Transcript,
    ) -> Self {
        Self { parameters, extended_master_secret, transcript, failed: None }
    }

    /// The keys of both sides.
    ///
    /// # Errors
    /// Says what is missing, as far as messages came.
    pub(crate) fn keys(&mut self, log: &KeyLog) -> Result<Pair, NotOpened> {
        if let Some(why) = self.failed {
            return Err(why);
        }
        let master = self.master(log);
        if let Err(why @ (NotOpened::OtherKey | NotOpened::KeyDoesNotFit)) = master {
            self.failed = Some(why);
        }
        Ok(ciphers(&master?, &self.parameters))
    }

    fn master(&self, log: &KeyLog) -> Result<Secret, NotOpened> {
        let transcript = &self.transcript;
        let missing =
            if transcript.is_incomplete { NotOpened::Gap } else { NotOpened::NoKeyExchange };
        let exchange =
            body_of(&transcript.client, HandshakeType::CLIENT_KEY_EXCHANGE).ok_or(missing)?;
        let premaster = self.premaster(exchange, &self.candidates(log)?)?;
        let Parameters { version, suite, ref randoms, .. } = self.parameters;
        if !self.extended_master_secret {
            return Ok(master_secret(version, suite.hash, &premaster, randoms));
        }
        let messages = transcript.in_order().ok_or(NotOpened::Gap)?;
        Ok(extended_master_secret(version, suite.hash, &premaster, &messages))
    }

    /// The keys that the exchange may be encrypted to: that of the server's certificate.
    fn candidates(&self, log: &KeyLog) -> Result<Vec<Arc<RsaKey>>, NotOpened> {
        let mut keys = log.rsa_keys();
        if let Some(body) = body_of(&self.transcript.server, HandshakeType::CERTIFICATE) {
            let (chain, _) = message::Certificate::decode(body, CertificateForm::Tls12);
            let leaf = chain.der(body).next().map(Certificate::parse);
            keys.retain(|key| leaf.as_ref().is_some_and(|leaf| key.belongs_to(leaf.key.der())));
        }
        if keys.is_empty() { Err(NotOpened::OtherKey) } else { Ok(keys) }
    }

    /// ```text
    /// struct {
    ///     ProtocolVersion client_version;    that of the ClientHello
    ///     opaque random[46];
    /// } PreMasterSecret;
    /// ```
    fn premaster(&self, exchange: &[u8], keys: &[Arc<RsaKey>]) -> Result<Secret, NotOpened> {
        let offered = self.transcript.client.get(4..6);
        let negotiated = self.parameters.version.0.to_be_bytes();
        keys.iter()
            .filter_map(|key| Some((key, encrypted(exchange, key.len())?)))
            .take(MAX_TRIED)
            .filter_map(|(key, encrypted)| key.decrypt(encrypted))
            .find(|premaster| {
                let version = premaster.get(..2);
                // Some clients send the version that was negotiated (RFC 5246 §7.4.7.1).
                premaster.len() == 48
                    && (version == offered || version == Some(negotiated.as_slice()))
            })
            .ok_or(NotOpened::KeyDoesNotFit)
    }
}

/// The encrypted premaster secret of a ClientKeyExchange: behind its length, but for SSL 3.0 and
/// those who do as it did (RFC 5246 §7.4.7.1).
fn encrypted(exchange: &[u8], len: usize) -> Option<&[u8]> {
    if exchange.len() == len {
        return Some(exchange);
    }
    let (claimed, encrypted) = exchange.split_first_chunk::<2>()?;
    (usize::from(u16::from_be_bytes(*claimed)) == len && encrypted.len() == len)
        .then_some(encrypted)
}
