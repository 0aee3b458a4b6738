//! One connection: every fact that its frames show, each with its place. No opinions.

use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use tlsleuth_capture::{
    Direction, EndReason, EndedFlow, Endpoint, Gap, Located, Place, Timestamp, TransportFacts,
    TunnelId,
};
use tlsleuth_cert::{Chain, OcspResponse, Sct, Scts, WireText};

use crate::anomaly::Anomaly;
use crate::codepoint::{AlertDescription, AlertLevel, CipherSuite, NamedGroup, ProtocolVersion};
use crate::flight::ProtectedRecord;
use crate::message::sslv2::{Ssl2ClientHello, Ssl2Error, Ssl2ServerHello};
use crate::message::{
    CertificateRequest, ClientHello, EncryptedExtensions, ServerHello, ServerKeyExchange,
};
use crate::observed::Observed;
use crate::opener::NotOpened;
use crate::preamble::{Plaintext, PlaintextKind, Protocol, ProxiedAddresses, Refusal};

mod packed;

/// The two ends of a handshake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The end that sends the ClientHello.
    Client,
    /// The end that answers it.
    Server,
}

impl Side {
    /// The other end.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// One value for each end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Both<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T> Both<T> {
    fn swap(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
    }

    /// One end's.
    pub fn of(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// One end's, to change.
    pub fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// How it is known which end is the client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RolesFrom {
    /// A ClientHello or a message that only one side sends.
    Handshake,
    /// The SYN.
    Syn,
    /// The port numbers, a guess.
    Ports,
}

/// How the handshake ended, by the frames alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// Both sides finished, or application data flowed both ways.
    Completed,
    /// It ended before that.
    Failed,
    /// The capture ends or starts while it is going on, or too much is missing to tell.
    Incomplete,
}

impl Outcome {
    /// The word of the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// An alert, as sent or as inferred from the size and place of an encrypted record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alert {
    /// Who sent it.
    pub from: Side,
    /// The frame.
    pub at: Place,
    /// The level, where it can be read.
    pub level: Option<AlertLevel>,
    /// The description, where it can be read.
    pub description: Option<AlertDescription>,
    /// Whether it was sent encrypted (it may have been opened with logged secrets).
    pub encrypted: bool,
    /// Whether that it is an alert is only inferred.
    pub inferred: bool,
    /// Bytes of the record's body.
    pub record_len: u16,
}

impl Alert {
    /// Whether the connection cannot go on after it, as far as the bytes tell. In TLS 1.3 every
    /// alert but `close_notify` and `user_canceled` is fatal whatever its level (RFC 9846 §6).
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        let closes = matches!(
            self.description,
            Some(AlertDescription::CLOSE_NOTIFY | AlertDescription::USER_CANCELED)
        );
        self.level == Some(AlertLevel::FATAL) && !closes
    }
}

/// What happened at one point of the timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// A ClientHello; 0 for the first, 1 for the answer to a HelloRetryRequest or a renegotiation.
    ClientHello(usize),
    /// An SSL 2 message.
    Ssl2(Ssl2Step),
    /// A ServerHello.
    ServerHello,
    /// A HelloRetryRequest.
    HelloRetryRequest,
    /// EncryptedExtensions, opened.
    EncryptedExtensions,
    /// A Certificate message with so many certificates.
    Certificate {
        /// How many.
        certificates: usize,
    },
    /// A stapled OCSP response in a message of its own (RFC 6066 §8).
    CertificateStatus,
    /// A ServerKeyExchange.
    ServerKeyExchange,
    /// A CertificateRequest.
    CertificateRequest,
    /// ServerHelloDone.
    ServerHelloDone,
    /// ClientKeyExchange.
    ClientKeyExchange,
    /// CertificateVerify.
    CertificateVerify,
    /// HelloRequest: the server asks for a renegotiation.
    HelloRequest,
    /// NewSessionTicket.
    NewSessionTicket,
    /// EndOfEarlyData.
    EndOfEarlyData,
    /// KeyUpdate.
    KeyUpdate,
    /// Finished, in clear (opened) or inferred.
    Finished {
        /// Whether that it is a Finished is only inferred from its size and place.
        inferred: bool,
    },
    /// Another handshake message.
    OtherHandshake(u8),
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// Handshake messages that are encrypted: so many bytes in so many records.
    EncryptedHandshake {
        /// Bytes of the records' bodies.
        bytes: u32,
        /// How many records.
        records: u32,
    },
    /// An alert: its index in [`Connection::alerts`].
    Alert(usize),
    /// Application data: the first of a run of records.
    ApplicationData {
        /// Bytes of the records' bodies seen in this run.
        bytes: u32,
        /// How many records.
        records: u32,
        /// Whether it is early data (RFC 9846 §4.2.10).
        early: bool,
    },
    /// A command or answer that turns to TLS, in words.
    Starttls(Box<WireText>),
    /// An answer of a proxy on the way, in words.
    ProxyConnect(Box<WireText>),
    /// Plain text where TLS was expected, in words.
    Plaintext(Box<WireText>),
    /// Bytes are missing from the capture.
    CaptureGap(Box<Gap>),
    /// Bytes make no record.
    Garbage(Box<WireText>),
}

/// A message of SSL 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ssl2Step {
    /// CLIENT-HELLO.
    ClientHello,
    /// SERVER-HELLO.
    ServerHello,
    /// CLIENT-MASTER-KEY.
    ClientMasterKey,
    /// ERROR.
    Error,
}

impl Ssl2Step {
    /// The name of the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientHello => "client_hello",
            Self::ServerHello => "server_hello",
            Self::ClientMasterKey => "client_master_key",
            Self::Error => "error",
        }
    }
}

/// One entry of the timeline of TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The frame.
    pub at: Place,
    /// Who did it.
    pub from: Side,
    /// What.
    pub kind: EventKind,
}

/// A chain as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct SentChain {
    /// The certificates, leaf first if the sender kept to the order.
    pub chain: Chain,
    /// Whether the message held a raw public key instead (RFC 7250).
    pub raw_public_key: bool,
    /// The stapled OCSP response of the leaf, raw.
    pub stapled: Option<Located<Box<[u8]>>>,
    /// Signed certificate timestamps that came in an extension of TLS: of the ServerHello, since TLS
    /// 1.3 of the leaf's entry.
    pub scts: Scts,
    /// Whether it came compressed (RFC 8879).
    pub compressed: bool,
}

/// How a signed certificate timestamp came (RFC 6962 §3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SctSource {
    /// In the leaf certificate.
    Certificate,
    /// In an extension of TLS.
    TlsExtension,
    /// In the stapled OCSP response.
    Staple,
}

impl SentChain {
    /// Every signed certificate timestamp of the leaf, and how many there are in all: of each source
    /// the first 64 are kept.
    #[must_use]
    pub fn all_scts(&self) -> (Vec<(SctSource, Sct)>, usize) {
        let mut all = Vec::new();
        let mut total = 0;
        let mut add = |source, scts: &Scts| {
            total += scts.count;
            all.extend(scts.list.iter().map(|sct| (source, *sct)));
        };
        if let Some(leaf) = self.chain.leaf() {
            add(SctSource::Certificate, &leaf.scts);
        }
        add(SctSource::TlsExtension, &self.scts);
        if let Some(staple) = &self.stapled {
            for response in &OcspResponse::parse(&staple.value).responses {
                add(SctSource::Staple, &response.scts);
            }
        }
        (all, total)
    }
}

/// What became of the secrets that were given, for this connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Decryption {
    /// Nobody gave secrets.
    #[default]
    NotAsked,
    /// There is no line for this connection's client random.
    NoSecrets,
    /// There are RSA keys alone, and this connection's keys do not come from them.
    RsaKeyOnly,
    /// Records were opened.
    Opened,
    /// Some records were opened, others not: why the first of them was not.
    Partly(NotOpened),
    /// Secrets were there, and no record could be opened with them: why the first was not.
    Failed(NotOpened),
    /// The suite or the version is not known to the opener.
    Unsupported,
}

/// Application data of one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ApplicationData {
    /// The first record.
    pub first: Option<Place>,
    /// The last record seen before the connection was settled.
    pub last: Option<Place>,
    /// Records seen before the connection was settled.
    pub records: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// Alerts of most connections of which any are seen: both sides say `close_notify`.
const USUAL_ALERTS: usize = 2;

/// What TCP did on the flow of a connection: nothing, until the flow ends and tells it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlowTransport(Option<Box<TransportFacts>>);

static NOTHING_YET: LazyLock<TransportFacts> = LazyLock::new(TransportFacts::default);

impl Deref for FlowTransport {
    type Target = TransportFacts;

    fn deref(&self) -> &TransportFacts {
        match &self.0 {
            Some(facts) => facts,
            None => &NOTHING_YET,
        }
    }
}

impl DerefMut for FlowTransport {
    fn deref_mut(&mut self) -> &mut TransportFacts {
        self.0.get_or_insert_default()
    }
}

impl From<Box<TransportFacts>> for FlowTransport {
    fn from(facts: Box<TransportFacts>) -> Self {
        Self(Some(facts))
    }
}

/// Everything that the frames of one connection show. What few connections have is in a box of its own.
///
/// The fields lie in memory as they are listed: what each record asks for first, side by side, then what
/// the messages of the handshake fill, then what is told at the end.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Connection {
    /// Which way the client's bytes went; the other one is the server's.
    pub client_direction: Direction,
    /// How the ends' roles are known.
    pub roles_from: RolesFrom,
    /// Whether `finished` of each side is only inferred.
    pub finished_inferred: Both<bool>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the flow ended.
    pub end_reason: EndReason,
    /// What became of logged secrets.
    pub decryption: Decryption,
    /// Session tickets seen in clear or opened.
    pub tickets: u32,
    /// The tunnels around it.
    pub tunnel: TunnelId,
    /// The timeline of TLS, in the order of the frames.
    pub events: Vec<Event>,
    /// Protected records before the connection was settled, the first ones of each side.
    pub protected: Vec<ProtectedRecord>,
    /// The ClientHellos, at most two: the second one answers a HelloRetryRequest.
    pub client_hellos: Vec<Located<ClientHello>>,
    /// Alerts, in the order of their frames.
    pub alerts: Vec<Alert>,
    /// Early data of the client, if it sent any.
    pub early_data: Option<Box<ApplicationData>>,
    /// The HelloRetryRequest.
    pub hello_retry: Option<Box<Located<ServerHello>>>,
    /// Application data of each side, early data apart.
    pub application_data: Both<ApplicationData>,
    /// Finished of each side: seen, inferred (see the events), not sent, or missed.
    pub finished: Both<Observed<Place>>,
    /// ChangeCipherSpec of each side.
    pub change_cipher_spec: Both<Option<Place>>,
    /// The frame with the first TLS byte of each side.
    pub first_tls: Both<Option<Place>>,
    /// The ServerHello.
    pub server_hello: Observed<Located<ServerHello>>,
    /// The end of the server's first flight in TLS 1.2 and below.
    pub server_hello_done: Option<Place>,
    /// The ClientKeyExchange.
    pub client_key_exchange: Option<Place>,
    /// The server's chain.
    pub server_chain: Observed<Box<Located<SentChain>>>,
    /// The ServerKeyExchange.
    pub server_key_exchange: Observed<Box<Located<ServerKeyExchange>>>,
    /// A CertificateRequest.
    pub certificate_request: Observed<Box<Located<CertificateRequest>>>,
    /// EncryptedExtensions.
    pub encrypted_extensions: Observed<Box<Located<EncryptedExtensions>>>,
    /// The client's chain.
    pub client_chain: Observed<Box<Located<SentChain>>>,
    /// What TCP did.
    pub transport: FlowTransport,
    /// What breaks the specification.
    pub anomalies: Vec<Located<Anomaly>>,
    /// Bytes missing in each side's stream before the connection was settled.
    pub gaps: Both<Vec<Gap>>,
    /// What is not a record although a record should begin there, of each side.
    pub garbage: Both<Option<Box<Located<WireText>>>>,
    /// A handshake message that began and did not end: who, where it began, type, bytes missing.
    pub unfinished: Both<Option<Box<Unfinished>>>,
    /// Plain text of either side where TLS was expected.
    pub plaintext: Both<Option<Box<Located<Plaintext>>>>,
    /// A refusal before TLS began: STARTTLS or a proxy.
    pub refusal: Option<Box<Located<RefusalFacts>>>,
    /// A HelloRequest or a ClientHello in a connection that was complete.
    pub renegotiation: Option<Box<Place>>,
    /// The first frame.
    pub first: Place,
    /// The last frame.
    pub last: Place,
    /// The capture's time when the connection was let go: up to then nothing more came.
    pub watched_until: Timestamp,
    /// How many frames.
    pub frames: u64,
    /// The client's end.
    pub client: Endpoint,
    /// The server's end.
    pub server: Endpoint,
    /// The protocol that TLS was started from or that was seen inside.
    pub application: Option<&'static str>,
    /// What came before TLS: STARTTLS, tunnels, PROXY headers, in their order.
    pub preambles: Vec<Located<PreambleFacts>>,
    /// SSL 2 messages: what was offered and answered.
    pub ssl2: Ssl2,
}

// Allocators hand out up to 1 KiB by their shortest way.
const _: () = assert!(size_of::<Connection>() <= 1024);

/// What was said in SSL 2 messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ssl2 {
    /// The ClientHello, which may offer newer versions (RFC 5246 §E.2).
    pub client_hello: Option<Box<Located<Ssl2ClientHello>>>,
    /// The ServerHello: then SSL 2 was negotiated.
    pub server_hello: Option<Box<Located<Ssl2ServerHello>>>,
    /// An error.
    pub error: Option<Box<Located<Ssl2Error>>>,
}

/// What came before TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreambleFacts {
    /// The protocol.
    pub protocol: Protocol,
    /// Where a tunnel goes, as the client wrote it.
    pub target: Option<WireText>,
    /// The addresses that a PROXY header tells.
    pub proxied: Option<ProxiedAddresses>,
}

/// A refusal of TLS or of a tunnel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusalFacts {
    /// The protocol.
    pub protocol: Option<Protocol>,
    /// What the refusing side said.
    pub reason: Refusal,
    /// Where the tunnel was to go.
    pub target: Option<WireText>,
}

/// A record or message whose end is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unfinished {
    /// Where it begins.
    pub begins: Place,
    /// The content type of the record.
    pub content_type: u8,
    /// The handshake type, if it is in clear.
    pub handshake_type: Option<u8>,
}

impl Connection {
    /// A connection of which nothing is known but its ends, the one that opened it first, the tunnels
    /// around it, and its first frame.
    pub(crate) fn new(
        (client, server): (Endpoint, Endpoint),
        tunnel: TunnelId,
        first: Place,
    ) -> Self {
        Self {
            client,
            server,
            tunnel,
            client_direction: Direction::Forward,
            roles_from: RolesFrom::Ports,
            first,
            last: first,
            frames: 0,
            watched_until: first.time,
            end_reason: EndReason::CaptureEnd,
            transport: FlowTransport::default(),
            application: None,
            preambles: Vec::new(),
            refusal: None,
            plaintext: Both::default(),
            first_tls: Both::default(),
            ssl2: Ssl2::default(),
            client_hellos: Vec::new(),
            hello_retry: None,
            server_hello: Observed::Absent,
            encrypted_extensions: Observed::Absent,
            server_chain: Observed::Absent,
            certificate_request: Observed::Absent,
            server_key_exchange: Observed::Absent,
            server_hello_done: None,
            client_chain: Observed::Absent,
            client_key_exchange: None,
            change_cipher_spec: Both::default(),
            finished: Both::default(),
            finished_inferred: Both::default(),
            tickets: 0,
            alerts: Vec::new(),
            application_data: Both::default(),
            early_data: None,
            protected: Vec::new(),
            gaps: Both::default(),
            renegotiation: None,
            anomalies: Vec::new(),
            garbage: Both::default(),
            unfinished: Both::default(),
            events: Vec::new(),
            decryption: Decryption::NotAsked,
            outcome: Outcome::Incomplete,
        }
    }

    /// A flow without any payload, or whose payload nobody looked at.
    #[must_use]
    pub fn without_data(flow: EndedFlow) -> Box<Self> {
        let ends = (flow.forward_source, flow.forward_destination);
        let mut connection = Box::new(Self::new(ends, flow.tunnel, flow.first));
        if flow.facts.syn.is_some() || flow.facts.syn_ack.is_some() {
            connection.roles_from = RolesFrom::Syn;
        }
        crate::ending::complete(&mut connection, flow);
        connection
    }

    pub(crate) fn push_alert(&mut self, alert: Alert) {
        if self.alerts.is_empty() {
            self.alerts.reserve_exact(USUAL_ALERTS);
        }
        self.alerts.push(alert);
    }

    /// The other end is the client after all.
    pub(crate) fn swap_roles(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
        self.client_direction = self.client_direction.opposite();
        self.plaintext.swap();
        self.first_tls.swap();
        self.change_cipher_spec.swap();
        self.finished.swap();
        self.application_data.swap();
        self.gaps.swap();
        self.garbage.swap();
        for alert in &mut self.alerts {
            alert.from = alert.from.peer();
        }
        for record in &mut self.protected {
            record.from = record.from.peer();
        }
        for event in &mut self.events {
            event.from = event.from.peer();
        }
    }

    /// Whether any byte of TLS was seen.
    #[must_use]
    pub fn tls_seen(&self) -> bool {
        self.first_tls.client.is_some() || self.first_tls.server.is_some()
    }

    /// Whether it is a TLS-ALPN-01 validation of an authority (RFC 8737 §3).
    #[must_use]
    pub fn is_acme_validation(&self) -> bool {
        self.client_hello().is_some_and(|hello| hello.value.extensions.has_acme())
    }

    /// Whether both ends spoke another protocol and were content with it, as on a port where TLS is
    /// only one of several. A server that refuses in clear is not content.
    #[must_use]
    pub fn is_plain_conversation(&self) -> bool {
        let (Some(_), Some(server)) = (&self.plaintext.client, &self.plaintext.server) else {
            return false;
        };
        // What web servers say on a port of TLS to a request in clear, or to anything else.
        let is_refused =
            matches!(server.value.kind, PlaintextKind::HttpResponse(400 | 403 | 426 | 497));
        !self.tls_seen()
            && self.refusal.is_none()
            && self.transport.conflicts.is_empty()
            && !is_refused
    }

    /// The application protocol that the server chose.
    #[must_use]
    pub fn alpn_selected(&self) -> Option<Located<&WireText>> {
        if let Some(extensions) = self.encrypted_extensions.present()
            && let Some(alpn) = extensions.value.alpn()
        {
            return Some(Located::new(alpn, extensions.at));
        }
        let hello = self.server_hello.present()?;
        Some(Located::new(hello.value.alpn()?, hello.at))
    }

    /// The first ClientHello.
    #[must_use]
    pub fn client_hello(&self) -> Option<&Located<ClientHello>> {
        self.client_hellos.first()
    }

    /// The version that the ServerHello (or the HelloRetryRequest) chose.
    #[must_use]
    pub fn negotiated_version(&self) -> Option<Located<ProtocolVersion>> {
        self.hello().map(|hello| Located::new(hello.value.negotiated_version(), hello.at))
    }

    /// The suite that the ServerHello (or the HelloRetryRequest) chose.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<Located<CipherSuite>> {
        self.hello().map(|hello| Located::new(hello.value.cipher_suite, hello.at))
    }

    /// The key exchange group that was chosen.
    #[must_use]
    pub fn group(&self) -> Option<Located<NamedGroup>> {
        let of_hello = self.hello().and_then(|hello| {
            hello.value.selected_group().map(|group| Located::new(group, hello.at))
        });
        of_hello.or_else(|| {
            let exchange = self.server_key_exchange.present()?;
            exchange.value.group().map(|group| Located::new(group, exchange.at))
        })
    }

    /// The ServerHello, or the HelloRetryRequest where the capture has no ServerHello.
    #[must_use]
    pub fn hello(&self) -> Option<&Located<ServerHello>> {
        self.server_hello.present().or(self.hello_retry.as_deref())
    }

    /// Whether the negotiated version is TLS 1.3 or a draft of it.
    #[must_use]
    pub fn is_tls13(&self) -> bool {
        self.negotiated_version().is_some_and(|version| version.value.is_tls13())
    }

    /// Whether the server took up an earlier session: `None` where no ServerHello was seen.
    #[must_use]
    pub fn resumed(&self) -> Option<bool> {
        let hello = self.server_hello.present()?;
        if self.is_tls13() {
            return Some(hello.value.extensions.selected_identity().is_some());
        }
        if self.server_chain.is_present()
            || self.server_key_exchange.is_present()
            || self.server_hello_done.is_some()
        {
            return Some(false);
        }
        let client = self.client_hello()?;
        let echoed =
            !hello.value.session_id.is_empty() && hello.value.session_id == client.value.session_id;
        let abbreviated = self.change_cipher_spec.server.is_some()
            && self.change_cipher_spec.client.is_none_or(|client| {
                self.change_cipher_spec.server.is_some_and(|s| s.order() <= client.order())
            });
        Some(
            abbreviated
                && (echoed
                    || client
                        .value
                        .extensions
                        .session_ticket()
                        .is_some_and(|ticket| ticket.len_bytes > 0)),
        )
    }

    /// What TCP did on one side's stream.
    #[must_use]
    pub fn stream(&self, side: Side) -> &tlsleuth_capture::transport::StreamFacts {
        self.transport.stream(self.direction(side))
    }

    /// The direction of one side's bytes.
    #[must_use]
    pub fn direction(&self, side: Side) -> Direction {
        match side {
            Side::Client => self.client_direction,
            Side::Server => self.client_direction.opposite(),
        }
    }

    /// Whose bytes go in a direction.
    #[must_use]
    pub fn side(&self, direction: Direction) -> Side {
        if direction == self.client_direction { Side::Client } else { Side::Server }
    }

    /// The end point of one side.
    #[must_use]
    pub fn endpoint(&self, side: Side) -> Endpoint {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }

    /// The first reset that its receiver obeyed, and who sent it.
    #[must_use]
    pub fn reset(&self) -> Option<(Side, Place)> {
        self.transport.reset().map(|reset| (self.side(reset.direction), reset.at))
    }

    /// The first FIN of one side.
    #[must_use]
    pub fn fin(&self, side: Side) -> Option<Place> {
        self.stream(side).fin
    }

    /// Who closed first, with a FIN or a reset, and where.
    #[must_use]
    pub fn first_close(&self) -> Option<(Side, Place)> {
        let fin = |side| self.stream(side).fin.as_ref().map(|at| (side, at));
        let reset = self.transport.reset().map(|reset| (self.side(reset.direction), &reset.at));
        let first = earlier(earlier(fin(Side::Client), fin(Side::Server)), reset);
        first.map(|(side, at)| (side, *at))
    }

    /// Whether the capture has both directions from their first byte to the end of the handshake.
    #[must_use]
    pub fn has_gap(&self, side: Side) -> bool {
        !self.gaps.of(side).is_empty()
    }
}

/// Which of two was first; the one on the left, where nothing tells.
fn earlier<'a>(
    left: Option<(Side, &'a Place)>,
    right: Option<(Side, &'a Place)>,
) -> Option<(Side, &'a Place)> {
    match (left, right) {
        (Some(left), Some(right)) if right.1.order() < left.1.order() => Some(right),
        (left, right) => left.or(right),
    }
}
