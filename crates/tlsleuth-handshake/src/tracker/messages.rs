//! The messages of the handshake: what each of them tells of the connection.

use tlsleuth_capture::{Direction, Located, Place};
use tlsleuth_cert::{Chain, Scts};

use super::{Shared, Tracker};
use crate::anomaly::{Anomaly, Problem};
use crate::codepoint::{CertificateType, HandshakeType};
use crate::connection::{EventKind, SentChain, Side};
use crate::joiner::{self, Message};
use crate::message::{
    self, Certificate, CertificateForm, ClientHello, ServerHello, SignedCertificateTimestamp,
};
use crate::observed::Observed;

impl Tracker {
    pub(super) fn handshake(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        body: &[u8],
        opened: bool,
    ) {
        let mut input = body;
        let kept = self.stream(direction).joiner.take();
        if kept.is_none() {
            // Nearly every message lies whole in its record.
            while let Some(message) = joiner::whole(&mut input) {
                self.message(shared, direction, at, &message, opened);
            }
            if input.is_empty() {
                return;
            }
        }
        let mut joiner = kept.unwrap_or_default();
        while let Some(message) = joiner.next(&mut input) {
            self.message(shared, direction, at, &message, opened);
        }
        if joiner.unfinished().is_some() {
            self.stream(direction).joiner = Some(joiner);
        }
    }

    pub(super) fn message(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        joined: &Message<'_>,
        opened: bool,
    ) {
        let kind = HandshakeType(joined.kind);
        let Some(body) = joined.body else {
            let max = u32::try_from(joiner::MAX_MESSAGE_BYTES).unwrap_or(u32::MAX);
            let problem = Problem::LengthOutOfRange { length: joined.len, min: 0, max };
            self.anomalies(at, [Anomaly { extension: None, field: "length", offset: 0, problem }]);
            return;
        };
        match kind {
            HandshakeType::CLIENT_HELLO => self.learn_roles(direction, Side::Client),
            HandshakeType::SERVER_HELLO
            | HandshakeType::SERVER_HELLO_DONE
            | HandshakeType::SERVER_KEY_EXCHANGE
            | HandshakeType::CERTIFICATE_REQUEST
            | HandshakeType::HELLO_REQUEST => self.learn_roles(direction, Side::Server),
            HandshakeType::CLIENT_KEY_EXCHANGE => self.learn_roles(direction, Side::Client),
            _ => {}
        }
        let side = self.connection.side(direction);
        if shared.secrets.is_some()
            && let Some(whole) = joined.whole
        {
            self.tell_opener(shared, side, whole);
        }
        match kind {
            HandshakeType::CLIENT_HELLO => {
                let (hello, anomalies) = shared.hellos.client_hello(body);
                self.anomalies(at, anomalies);
                self.client_hello(direction, at, hello);
                self.hellos_told(shared);
                return;
            }
            HandshakeType::SERVER_HELLO => {
                let (hello, anomalies) = shared.hellos.server_hello(body);
                self.anomalies(at, anomalies);
                self.server_hello(shared, direction, at, hello);
                return;
            }
            _ => {}
        }
        use message::Message as M;
        let context = message::Context {
            version: self.connection.negotiated_version().map(|version| version.value),
            suite: self.connection.cipher_suite().map(|suite| suite.value),
            certificate_type: self.certificate_type(side),
            is_dtls: false,
        };
        let (decoded, anomalies) = message::Message::decode(kind, body, &context);
        self.anomalies(at, anomalies);
        match decoded {
            // The HelloRetryRequest of drafts, a message of its own.
            M::ServerHello(hello) => self.server_hello(shared, direction, at, *hello),
            M::Certificate(chain) => {
                self.certificate(shared, direction, at, &chain, body, false);
            }
            M::CompressedCertificate(compressed) => match compressed.expand(body) {
                Ok(plain) => {
                    let (chain, anomalies) = Certificate::decode(&plain, CertificateForm::Tls13);
                    self.anomalies(at, anomalies);
                    self.certificate(shared, direction, at, &chain, &plain, true);
                }
                Err(anomaly) => self.anomalies(at, [anomaly]),
            },
            M::CertificateStatus(status) => {
                if let Observed::Present(chain) = &mut self.connection.server_chain
                    && let Some(response) = status.responses.first()
                {
                    let response = || Located::new(response.clone(), at);
                    chain.value.stapled.get_or_insert_with(response);
                }
                self.event(direction, at, EventKind::CertificateStatus);
            }
            M::ServerKeyExchange(exchange) => {
                self.connection.server_key_exchange =
                    Observed::Present(Box::new(Located::new(exchange, at)));
                self.event(direction, at, EventKind::ServerKeyExchange);
            }
            M::CertificateRequest(request) => {
                if !self.connection.certificate_request.is_present() {
                    self.connection.certificate_request =
                        Observed::Present(Box::new(Located::new(*request, at)));
                }
                self.event(direction, at, EventKind::CertificateRequest);
            }
            M::ServerHelloDone => {
                self.connection.server_hello_done.get_or_insert(at);
                self.event(direction, at, EventKind::ServerHelloDone);
            }
            M::ClientKeyExchange(_) => {
                self.connection.client_key_exchange.get_or_insert(at);
                self.event(direction, at, EventKind::ClientKeyExchange);
            }
            M::CertificateVerify(_) => self.event(direction, at, EventKind::CertificateVerify),
            M::EncryptedExtensions(extensions) => {
                self.connection.encrypted_extensions =
                    Observed::Present(Box::new(Located::new(extensions, at)));
                self.event(direction, at, EventKind::EncryptedExtensions);
            }
            M::Finished(_) => {
                let finished = self.connection.finished.of_mut(side);
                if !finished.is_present() {
                    *finished = Observed::Present(at);
                }
                self.event(direction, at, EventKind::Finished { inferred: !opened });
            }
            M::NewSessionTicket(_) => {
                self.connection.tickets += 1;
                self.event(direction, at, EventKind::NewSessionTicket);
            }
            M::HelloRequest => {
                self.connection.renegotiation.get_or_insert_with(|| Box::new(at));
                self.event(direction, at, EventKind::HelloRequest);
            }
            M::EndOfEarlyData => self.event(direction, at, EventKind::EndOfEarlyData),
            M::KeyUpdate(_) => self.event(direction, at, EventKind::KeyUpdate),
            _ => self.event(direction, at, EventKind::OtherHandshake(kind.0)),
        }
    }

    /// What Certificate messages of a side carry, by what was negotiated (RFC 7250).
    pub(super) fn certificate_type(&self, side: Side) -> CertificateType {
        let extensions = match self.connection.encrypted_extensions.present() {
            Some(extensions) => Some(&extensions.value.extensions),
            None => self.connection.server_hello.present().map(|hello| &hello.value.extensions),
        };
        let types = extensions.and_then(|extensions| match side {
            Side::Client => extensions.client_certificate_types(),
            Side::Server => extensions.server_certificate_types(),
        });
        types.and_then(|types| types.first()).copied().unwrap_or_default()
    }

    pub(super) fn client_hello(&mut self, direction: Direction, at: Place, hello: ClientHello) {
        let nth = self.connection.client_hellos.len();
        // Nearly always there is but one.
        self.connection.client_hellos.reserve_exact(1);
        if nth == 0 || (nth == 1 && self.connection.hello_retry.is_some()) {
            self.connection.client_hellos.push(Located::new(hello, at));
        } else if self.connection.server_hello.is_present() {
            self.connection.renegotiation.get_or_insert_with(|| Box::new(at));
        } else if nth == 1 {
            // The HelloRetryRequest may come later than its answer where the capture swaps them.
            self.connection.client_hellos.push(Located::new(hello, at));
        }
        self.event(direction, at, EventKind::ClientHello(nth));
    }

    pub(super) fn server_hello(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        hello: ServerHello,
    ) {
        if hello.is_hello_retry_request() {
            self.event(direction, at, EventKind::HelloRetryRequest);
            self.connection.hello_retry.get_or_insert_with(|| Box::new(Located::new(hello, at)));
            self.tls13 = self.connection.is_tls13();
            return;
        }
        self.event(direction, at, EventKind::ServerHello);
        if self.connection.server_hello.is_present() {
            return;
        }
        self.tls13 = hello.negotiated_version().is_tls13();
        self.connection.server_hello = Observed::Present(Located::new(hello, at));
        if self.tls13 {
            // A ChangeCipherSpec before it is there for middleboxes (RFC 9846 §D.4).
            self.forward.protected = false;
            self.reverse.protected = false;
        }
        self.hellos_told(shared);
    }

    pub(super) fn certificate(
        &mut self,
        shared: &Shared,
        direction: Direction,
        at: Place,
        message: &Certificate,
        body: &[u8],
        compressed: bool,
    ) {
        let side = self.connection.side(direction);
        let certificates = message.entries.len();
        let chain = Chain::new(message.der(body).map(|der| shared.certificates.intern(der)));
        let leaf = message.entries.first().map(|leaf| &leaf.extensions);
        let stapled = leaf
            .and_then(|leaf| leaf.certificate_status())
            .and_then(|status| status.responses.first())
            .map(|response| Located::new(response.clone(), at));
        let hello = self.connection.server_hello.present().filter(|_| side == Side::Server);
        let scts = leaf
            .and_then(|leaf| leaf.signed_certificate_timestamps())
            .or_else(|| hello?.value.extensions.signed_certificate_timestamps())
            .map(|list| Scts::new(list.iter().map(SignedCertificateTimestamp::sct)))
            .unwrap_or_default();
        let sent = SentChain {
            chain,
            raw_public_key: self.certificate_type(side) == CertificateType::RAW_PUBLIC_KEY,
            stapled,
            scts,
            compressed,
        };
        let place = match side {
            Side::Client => &mut self.connection.client_chain,
            Side::Server => &mut self.connection.server_chain,
        };
        if !place.is_present() {
            *place = Observed::Present(Box::new(Located::new(sent, at)));
        }
        self.event(direction, at, EventKind::Certificate { certificates });
    }
}
