//! One connection as the rules see it. The accessors keep a rule honest: what was not sent is
//! [`Skip::NotApplicable`], what is encrypted or was missed is [`Skip::Undetermined`].

use std::cell::OnceCell;
use std::sync::Arc;

use tlsleuth_capture::{Endpoint, Located, Place, Timestamp};
use tlsleuth_cert::{
    Certificate, ChainJudgement, Intermediates, OcspJudgement, Purpose, ReferenceName, WireText,
};
use tlsleuth_handshake::codepoint::{CipherSuite, ProtocolVersion};
use tlsleuth_handshake::connection::{Connection, SentChain};
use tlsleuth_handshake::message::{ClientHello, ServerHello};
use tlsleuth_handshake::{Observed, Side};

use crate::ending::{Ending, How, ending};
use crate::offer::{Suspect, prime_suspect, suspects};
use crate::policy::{Policy, VerifyTime};
use crate::rule::Skip;
use crate::signs::Signs;

/// A chain with what judging it gave.
#[derive(Clone, Debug)]
pub struct JudgedChain<'a> {
    /// Whose chain it is.
    pub side: Side,
    /// As it was sent.
    pub sent: &'a Located<SentChain>,
    /// What is wrong with it.
    pub judgement: Arc<ChainJudgement>,
    /// The clock that judged it, in seconds since 1970.
    pub judged_at: i64,
    /// The stapled OCSP response, judged: its frame, which in TLS 1.2 is that of a message of its own.
    pub stapled: Option<Located<Arc<OcspJudgement>>>,
    /// For a client's chain: whether it leads to an authority that the server asked for.
    pub leads_to_requested: bool,
    /// The signs that rules need of this chain.
    pub signs: Signs,
}

impl JudgedChain<'_> {
    /// The frame that completes the Certificate message.
    #[must_use]
    pub fn at(&self) -> Place {
        self.sent.at
    }

    /// The leaf.
    ///
    /// # Errors
    /// [`Skip::NotApplicable`] for an empty chain.
    pub fn leaf(&self) -> Result<&Arc<Certificate>, Skip> {
        self.sent.value.chain.leaf().ok_or(Skip::NotApplicable)
    }
}

/// What other connections of the incident tell.
pub struct Context<'a> {
    /// Authorities seen in any chain.
    pub intermediates: &'a dyn Intermediates,
    /// What else was seen of the servers.
    pub servers: &'a dyn ServerKnowledge,
}

/// What other connections show of a server.
pub trait ServerKnowledge {
    /// A chain that the same server sent in clear in another connection, to a client that asked for
    /// the same name: its frame, and the chain.
    fn chain_in_clear(&self, connection: &Connection) -> Option<Located<Arc<SentChain>>>;

    /// A suite that the server chose in another connection.
    fn chose(&self, connection: &Connection) -> Option<Located<ServerHello>>;

    /// A chain in clear that the same server sent to a client that asked for a name, where this
    /// connection's client asked for none: its frame, the name, and the chain.
    fn chain_for_a_name(
        &self,
        connection: &Connection,
    ) -> Option<Located<(WireText, Arc<SentChain>)>>;

    /// A completed handshake of the same client with the same server whose newest offered version
    /// is older than this one's: its ClientHello's place and that version.
    fn succeeded_with_older(&self, connection: &Connection) -> Option<Located<ProtocolVersion>>;

    /// Where a server answered a TLS-ALPN-01 validation (RFC 8737) of the same name: its ClientHello
    /// and the server.
    fn challenge_answered(&self, connection: &Connection) -> Option<Located<Endpoint>>;

    /// Where a client of the same address with the same suites used an earlier connection, with the
    /// same leaf certificate, or, where that is hidden, at the same server and name. What comes later
    /// does not count: somebody may have told a browser to trust the certificate.
    fn content_before(&self, connection: &Connection) -> Option<Place>;
}

/// Knows nothing of other connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoServerKnowledge;

impl ServerKnowledge for NoServerKnowledge {
    fn chain_in_clear(&self, _: &Connection) -> Option<Located<Arc<SentChain>>> {
        None
    }

    fn chose(&self, _: &Connection) -> Option<Located<ServerHello>> {
        None
    }

    fn chain_for_a_name(&self, _: &Connection) -> Option<Located<(WireText, Arc<SentChain>)>> {
        None
    }

    fn succeeded_with_older(&self, _: &Connection) -> Option<Located<ProtocolVersion>> {
        None
    }

    fn challenge_answered(&self, _: &Connection) -> Option<Located<Endpoint>> {
        None
    }

    fn content_before(&self, _: &Connection) -> Option<Place> {
        None
    }
}

/// One connection as the rules see it.
pub struct Case<'a> {
    /// The facts.
    pub connection: &'a Connection,
    /// What the user asked for.
    pub policy: &'a Policy,
    /// What ended it.
    pub ending: Ending,
    /// The signs that rules need, but for those of a single chain.
    pub signs: Signs,
    /// What other connections tell.
    pub context: &'a Context<'a>,
    /// Read when a rule first asks: most connections need it for nothing.
    server_name: OnceCell<Option<Located<ReferenceName>>>,
    /// Likewise: several rules ask of a hello that was refused.
    suspects: OnceCell<Vec<Suspect>>,
    server_chain: Observed<JudgedChain<'a>>,
    client_chain: Observed<JudgedChain<'a>>,
}

impl<'a> Case<'a> {
    /// A case with its chains judged.
    #[must_use]
    pub fn new(connection: &'a Connection, policy: &'a Policy, context: &'a Context<'a>) -> Self {
        let judge = |chain: &'a Observed<Box<Located<SentChain>>>, side| {
            if policy.judge_chains {
                chain.as_ref().map(|sent| judge_chain(connection, sent, side, policy, context))
            } else {
                Observed::Missed
            }
        };
        let ending = ending(connection);
        let server_chain = judge(&connection.server_chain, Side::Server);
        let client_chain = judge(&connection.client_chain, Side::Client);
        let mut signs = Signs::of(connection, &ending);
        if server_chain.is_present() {
            signs = signs.and(Signs::SERVER_CHAIN);
        }
        if client_chain.is_present() {
            signs = signs.and(Signs::CLIENT_CHAIN);
        }
        Self {
            connection,
            policy,
            ending,
            signs,
            context,
            server_name: OnceCell::new(),
            suspects: OnceCell::new(),
            server_chain,
            client_chain,
        }
    }

    /// The first ClientHello.
    ///
    /// # Errors
    /// Skips when it was not sent or not seen.
    pub fn client_hello(&self) -> Result<&'a Located<ClientHello>, Skip> {
        match self.connection.client_hello() {
            Some(hello) => Ok(hello),
            None if self.connection.tls_seen() => Err(Skip::Undetermined),
            None => Err(Skip::NotApplicable),
        }
    }

    /// The ServerHello (not a HelloRetryRequest).
    ///
    /// # Errors
    /// Skips when it was not sent or not seen.
    pub fn server_hello(&self) -> Result<&'a Located<ServerHello>, Skip> {
        seen(&self.connection.server_hello)
    }

    /// The name that the client asked for.
    ///
    /// # Errors
    /// Skips when it sent none, or the ClientHello was not seen.
    pub fn server_name(&self) -> Result<&Located<ReferenceName>, Skip> {
        self.client_hello()?;
        self.asked_name().ok_or(Skip::NotApplicable)
    }

    fn asked_name(&self) -> Option<&Located<ReferenceName>> {
        let read = || {
            let hello = self.connection.client_hello()?;
            let sni = hello.value.extensions.server_name()?;
            Some(Located::new(ReferenceName::new(sni.host_name.raw()), hello.at))
        };
        self.server_name.get_or_init(read).as_ref()
    }

    /// What is unusual about the ClientHello, the most unusual first; nothing where it was not seen.
    #[must_use]
    pub fn suspects(&self) -> &[Suspect] {
        let read = || self.connection.client_hello().map(|hello| suspects(&hello.value));
        self.suspects.get_or_init(|| read().unwrap_or_default())
    }

    /// The most unusual part of the ClientHello, if it stands out.
    #[must_use]
    pub fn prime_suspect(&self) -> Option<&Suspect> {
        prime_suspect(self.suspects())
    }

    /// The server's chain.
    ///
    /// # Errors
    /// Skips when it was not sent, is encrypted, or was not seen.
    pub fn server_chain(&self) -> Result<&JudgedChain<'a>, Skip> {
        seen(&self.server_chain)
    }

    /// The client's chain.
    ///
    /// # Errors
    /// Skips when it was not sent, is encrypted, or was not seen.
    pub fn client_chain(&self) -> Result<&JudgedChain<'a>, Skip> {
        seen(&self.client_chain)
    }

    /// One side's chain.
    ///
    /// # Errors
    /// Skips when it was not sent, is encrypted, or was not seen.
    pub fn chain(&self, side: Side) -> Result<&JudgedChain<'a>, Skip> {
        match side {
            Side::Client => self.client_chain(),
            Side::Server => self.server_chain(),
        }
    }

    /// The negotiated version.
    ///
    /// # Errors
    /// Skips when no ServerHello was sent or seen.
    pub fn negotiated_version(&self) -> Result<Located<ProtocolVersion>, Skip> {
        if let Some(version) = self.connection.negotiated_version() {
            return Ok(version);
        }
        let hello = self.server_hello()?;
        Ok(Located::new(hello.value.negotiated_version(), hello.at))
    }

    /// The chosen suite.
    ///
    /// # Errors
    /// Skips when no ServerHello was sent or seen.
    pub fn cipher_suite(&self) -> Result<Located<CipherSuite>, Skip> {
        let hello = self.server_hello()?;
        Ok(Located::new(hello.value.cipher_suite, hello.at))
    }

    /// Whether the handshake completed and both sides were content.
    #[must_use]
    pub fn completed(&self) -> bool {
        self.connection.outcome == tlsleuth_handshake::Outcome::Completed
    }

    /// That there was a handshake whose end can be judged: rules about who refused whom begin so.
    ///
    /// # Errors
    /// Skips when there was no TLS, or the capture shows neither an end nor its lack.
    pub fn ended_in_sight(&self) -> Result<(), Skip> {
        if !self.connection.tls_seen() {
            return Err(Skip::NotApplicable);
        }
        if self.ending.how == How::Unseen { Err(Skip::Undetermined) } else { Ok(()) }
    }

    /// Whether application data flowed both ways: both ends were content with each other.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        let data = &self.connection.application_data;
        data.client.records > 0 && data.server.records > 0
    }

    /// Whether the client ended the handshake before the server's chain came: then that is not why.
    #[must_use]
    pub fn left_before_the_chain(&self) -> bool {
        let Ok(chain) = self.server_chain() else { return false };
        self.ending.by == Side::Client
            && matches!(self.ending.how, How::Closed | How::Reset(_) | How::Alert(_))
            && self.ending.at.is_some_and(|at| at.order() < chain.at().order())
    }

    /// What the server is called in titles: the name that was asked for, or its address.
    #[must_use]
    pub fn server_display(&self) -> String {
        match self.asked_name() {
            Some(name) => name.value.to_string(),
            None => self.connection.server.to_string(),
        }
    }
}

fn seen<T>(fact: &Observed<T>) -> Result<&T, Skip> {
    match fact {
        Observed::Present(value) => Ok(value),
        Observed::Absent => Err(Skip::NotApplicable),
        Observed::Encrypted | Observed::Missed => Err(Skip::Undetermined),
    }
}

fn judge_chain<'a>(
    connection: &Connection,
    sent: &'a Located<SentChain>,
    side: Side,
    policy: &Policy,
    context: &Context<'_>,
) -> JudgedChain<'a> {
    let time = match policy.verify_time {
        VerifyTime::Capture => sent.at.time,
        VerifyTime::At(time) => time,
    };
    let judged_at = Timestamp::seconds(time);
    let purpose = match side {
        Side::Client => Purpose::ClientAuth,
        Side::Server => Purpose::ServerAuth,
    };
    let chain = &sent.value.chain;
    let judgement = policy.judge.judge(chain, purpose, context.intermediates, judged_at);
    let stapled = match (&sent.value.stapled, chain.leaf()) {
        (Some(response), Some(leaf)) => {
            let issuer = judgement.path.get(1).map(|step| &*step.certificate);
            let judged = policy.judge.judge_staple(&response.value, leaf, issuer, judged_at);
            Some(Located::new(judged, response.at))
        }
        _ => None,
    };
    let leads_to_requested = side == Side::Client
        && connection.certificate_request.present().is_some_and(|request| {
            let named = |der: &[u8]| {
                request.value.authorities().iter().any(|authority| **authority == *der)
            };
            chain.certificates().iter().any(|certificate| named(certificate.issuer.der()))
        });
    let signs = Signs::none();
    let mut chain =
        JudgedChain { side, sent, judgement, judged_at, stapled, leads_to_requested, signs };
    chain.signs = Signs::of_chain(&chain);
    chain
}
