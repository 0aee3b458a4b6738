//! One connection in brief.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tlsleuth_capture::{Address, Endpoint, Located, Place};
use tlsleuth_cert::WireText;
use tlsleuth_handshake::codepoint::{CipherSuite, NamedGroup, ProtocolVersion};
use tlsleuth_handshake::{Connection, Outcome};

use super::hello::HelloId;
use super::latency::PhaseSteps;
use super::leaf::LeafFacts;
use super::node::NodeFacts;
use crate::Party;

/// A verdict that stands for a health check or a scan: set apart from failures.
const HEALTH_CHECK: &str = "tcp.no-client-hello";

/// What a client did about an earlier session, and what the server made of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Resumption {
    /// It offered none, or nobody knows.
    #[default]
    NotOffered,
    /// It offered one, and what became of it was not seen.
    Offered,
    /// It was taken up.
    Resumed,
    /// A full handshake was made instead.
    Refused,
}

/// A chain in brief.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChainShape {
    /// How many certificates were sent.
    pub certificates: u32,
    /// Whether an intermediate is missing (`chain.missing-intermediate`).
    pub incomplete: bool,
}

/// What a server chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// The version.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// The key-exchange group.
    pub group: Option<NamedGroup>,
    /// The ServerHello.
    pub at: Place,
}

/// One connection in brief: all that a summary takes of it. What a group takes is in the
/// [`Brief`] that it dereferences to.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The server.
    pub server: Endpoint,
    /// The name that was asked for, in lower case.
    pub name: Option<WireText>,
    /// Its last frame.
    pub last: Place,
    /// The rest.
    pub brief: Brief,
}

impl Deref for Attempt {
    type Target = Brief;

    fn deref(&self) -> &Brief {
        &self.brief
    }
}

impl DerefMut for Attempt {
    fn deref_mut(&mut self) -> &mut Brief {
        &mut self.brief
    }
}

/// What the group of its server and name takes of a connection.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The client.
    pub client: Address,
    /// Its first frame.
    pub first: Place,
    /// The kind of its ClientHello, and its frame.
    pub hello: Option<(HelloId, Place)>,
    /// The size of that ClientHello in bytes, with its handshake header.
    pub hello_bytes: u32,
    /// Who answered, by its SYN-ACK.
    pub node: Option<NodeFacts>,
    /// How it ended.
    pub outcome: Outcome,
    /// Its verdict.
    pub verdict: Option<&'static str>,
    /// Who has to act by the verdict.
    pub party: Option<Party>,
    /// The frame that best proves how it ended.
    pub proof: Place,
    /// The leaf that the server sent, its frame, and whether its chain is trusted.
    pub leaf: Option<(Arc<LeafFacts>, Place, Option<bool>)>,
    /// How many seconds after its frame a stapled OCSP response was made, if it was. Boxed, because
    /// hardly any is.
    pub stapled_ahead: Option<Box<Located<i64>>>,
    /// The chain as the server sent it.
    pub chain: Option<ChainShape>,
    /// What the server chose.
    pub chosen: Option<Chosen>,
    /// The application protocol that it chose; `Some(None)` where it is seen to have chosen none.
    pub alpn: Option<Option<WireText>>,
    /// About an earlier session.
    pub resumption: Resumption,
    /// Where its time went.
    pub phases: PhaseSteps,
}

impl Brief {
    /// Whether it failed, health checks among them.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }

    /// Whether it completed.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.outcome == Outcome::Completed
    }

    pub(crate) fn is_health_check(&self) -> bool {
        self.verdict == Some(HEALTH_CHECK)
    }
}

/// Whether the client offered an earlier session, and what became of it. A session ID of a client
/// that offers TLS 1.3 is there for middleboxes and offers nothing (RFC 9846 §4.2.2).
pub(super) fn resumption(connection: &Connection) -> Resumption {
    let Some(hello) = connection.client_hello() else { return Resumption::NotOffered };
    let hello = &hello.value;
    let list = &hello.extensions;
    let psk = list.pre_shared_keys().is_some_and(|psks| !psks.identities.is_empty());
    let ticket = list.session_ticket().is_some_and(|ticket| ticket.len_bytes > 0);
    let session_id = || {
        !hello.session_id.is_empty()
            && !hello.newest_version().is_some_and(ProtocolVersion::is_tls13)
    };
    if !psk && !ticket && !session_id() {
        return Resumption::NotOffered;
    }
    let full = connection.is_tls13()
        || connection.server_chain.is_present()
        || connection.server_key_exchange.is_present()
        || connection.server_hello_done.is_some();
    match connection.resumed() {
        Some(true) => Resumption::Resumed,
        // In TLS 1.3 only a pre-shared key is an offer.
        Some(false) if connection.is_tls13() && !psk => Resumption::NotOffered,
        Some(false) if full => Resumption::Refused,
        _ => Resumption::Offered,
    }
}
