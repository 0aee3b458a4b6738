//! What the connections of an incident tell of each other's servers.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use std::hint::black_box;
use std::sync::Arc;

use foldhash::fast::RandomState;
use foldhash::quality::FixedState;
use tlsleuth_capture::{Endpoint, Located, Place};
use tlsleuth_cert::{SeenIntermediates, WireText};
use tlsleuth_diagnosis::ServerKnowledge;
use tlsleuth_handshake::codepoint::ProtocolVersion;
use tlsleuth_handshake::connection::SentChain;
use tlsleuth_handshake::message::ServerHello;
use tlsleuth_handshake::{Connection, Outcome};

/// Servers, names of servers, and clients of servers of which something is remembered; of further
/// ones nothing is.
const MAX_REMEMBERED: usize = 32_768;

/// Authorities and servers seen in any connection. Of several connections that tell the same thing,
/// the first one in the order of the report counts, whichever ended first.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) intermediates: SeenIntermediates,
    /// Boxed, because the table moves its entries when it grows.
    servers: HashMap<Endpoint, Box<Server>, RandomState>,
    /// The chains that servers sent to those that asked for a name, by that name in lower case.
    chains: HashMap<(Endpoint, WireText), Told<Arc<SentChain>>, RandomState>,
    /// The newest version that a client completed a handshake with, and its hello, by [`pair`].
    completed: HashMap<u64, Located<ProtocolVersion>, RandomState>,
    /// Servers that answered a validation (RFC 8737), by the name in lower case.
    challenges: HashMap<WireText, Told<Endpoint>, RandomState>,
    /// The first frames of connections that were in use, by what [`content`] tells of them.
    content: HashMap<u64, Place, RandomState>,
}

/// A client, its suites, and what it met: the leaf, or where that is hidden the server and name. A
/// number of 64 bits in place of all that: two that agree by chance cost a verdict its certainty.
fn content(connection: &Connection) -> Option<u64> {
    let hello = connection.client_hello()?;
    let mut hasher = FixedState::default().build_hasher();
    connection.client.address.hash(&mut hasher);
    hello.value.cipher_suites().hash(&mut hasher);
    let chain = connection.server_chain.present();
    match chain.and_then(|chain| chain.value.chain.leaf()) {
        Some(leaf) => leaf.sha256.hash(&mut hasher),
        None => {
            connection.server.hash(&mut hasher);
            asked_name(connection).map(WireText::lower).hash(&mut hasher);
        }
    }
    Some(hasher.finish())
}

/// A client and a server, likewise: the table of the pairs is the largest one.
fn pair(connection: &Connection) -> u64 {
    FixedState::default().hash_one((connection.client.address, connection.server))
}

/// A fact, and the first frame of the connection that told it.
type Told<T> = (Place, Located<T>);

#[derive(Debug, Default)]
struct Server {
    hello: Option<Told<ServerHello>>,
    /// A chain sent to a client that asked for a name.
    named: Option<Told<(WireText, Arc<SentChain>)>>,
    /// The chain sent to clients that asked for no name.
    nameless: Option<Told<Arc<SentChain>>>,
}

fn asked_name(connection: &Connection) -> Option<&WireText> {
    let name = connection.client_hello()?.value.extensions.server_name()?;
    Some(&name.host_name)
}

/// Keeps what the earlier connection told.
fn keep<T>(place: &mut Option<Told<T>>, first: Place, told: impl FnOnce() -> Located<T>) {
    if place.as_ref().is_none_or(|(other, _)| first.order() < other.order()) {
        *place = Some((first, told()));
    }
}

impl Knowledge {
    /// Loads what [`learn`](Self::learn) looks at of a server.
    pub(crate) fn touch(&self, server: Endpoint) {
        if let Some(server) = self.servers.get(&server) {
            let frame = |place: Place| place.frame;
            black_box(server.hello.as_ref().map(|(place, _)| frame(*place)));
            black_box(server.named.as_ref().map(|(place, _)| frame(*place)));
            black_box(server.nameless.as_ref().map(|(place, _)| frame(*place)));
        }
    }

    /// Whether TLS was seen at this end.
    pub(crate) fn speaks_tls(&self, server: Endpoint) -> bool {
        self.servers.contains_key(&server)
    }

    /// Remembers what one connection shows.
    pub(crate) fn learn(&mut self, connection: &Connection) {
        for chain in [&connection.server_chain, &connection.client_chain] {
            if let Some(chain) = chain.present() {
                self.intermediates.add(&chain.value.chain);
            }
        }
        let full = self.servers.len() >= MAX_REMEMBERED;
        let server = match self.servers.get_mut(&connection.server) {
            Some(server) => server,
            None if full => return,
            None => self.servers.entry(connection.server).or_default(),
        };
        let first = connection.first;
        if let Some(hello) = connection.server_hello.present() {
            keep(&mut server.hello, first, || hello.clone());
        }
        if let Some(sent) = connection.server_chain.present() {
            let copy = OnceCell::new();
            let copy = || Arc::clone(copy.get_or_init(|| Arc::new(sent.value.clone())));
            let chain = || Located::new(copy(), sent.at);
            match asked_name(connection) {
                None => keep(&mut server.nameless, first, chain),
                Some(name) => {
                    keep(&mut server.named, first, || {
                        Located::new((name.clone(), copy()), sent.at)
                    });
                    let key = (connection.server, name.lower());
                    let full = self.chains.len() >= MAX_REMEMBERED;
                    match self.chains.get_mut(&key) {
                        Some((other, place)) if first.order() < other.order() => {
                            (*other, *place) = (first, chain());
                        }
                        Some(_) => {}
                        None if !full => {
                            self.chains.insert(key, (first, chain()));
                        }
                        None => {}
                    }
                }
            }
        }
        if connection.outcome == Outcome::Completed
            && connection.is_acme_validation()
            && let Some(name) = asked_name(connection)
            && let Some(hello) = connection.client_hello()
        {
            let told = (first, Located::new(connection.server, hello.at));
            let full = self.challenges.len() >= MAX_REMEMBERED;
            let name = name.lower();
            match self.challenges.get_mut(&name) {
                Some(held) if first.order() < held.0.order() => *held = told,
                Some(_) => {}
                None if !full => {
                    self.challenges.insert(name, told);
                }
                None => {}
            }
        }
        let data = &connection.application_data;
        if data.client.records > 0
            && data.server.records > 0
            && connection.outcome == Outcome::Completed
            && let Some(key) = content(connection)
        {
            let full = self.content.len() >= MAX_REMEMBERED;
            match self.content.get_mut(&key) {
                Some(held) => *held = held.earlier(first),
                None if !full => {
                    self.content.insert(key, first);
                }
                None => {}
            }
        }
        if connection.outcome == Outcome::Completed
            && let Some(hello) = connection.client_hello()
            && let Some(newest) = hello.value.newest_version()
        {
            let key = pair(connection);
            let told = Located::new(newest, hello.at);
            let full = self.completed.len() >= MAX_REMEMBERED;
            match self.completed.get_mut(&key) {
                Some(best) => {
                    let rank = |told: &Located<ProtocolVersion>| {
                        (told.value.rank(), std::cmp::Reverse(told.at.order()))
                    };
                    if rank(&told) > rank(best) {
                        *best = told;
                    }
                }
                None if !full => {
                    self.completed.insert(key, told);
                }
                None => {}
            }
        }
    }
}

impl ServerKnowledge for Knowledge {
    fn chain_in_clear(&self, connection: &Connection) -> Option<Located<Arc<SentChain>>> {
        let server = connection.server;
        let told = match asked_name(connection) {
            Some(name) => self.chains.get(&(server, name.lower()))?,
            None => self.servers.get(&server)?.nameless.as_ref()?,
        };
        Some(told.1.clone())
    }

    fn chose(&self, connection: &Connection) -> Option<Located<ServerHello>> {
        Some(self.servers.get(&connection.server)?.hello.as_ref()?.1.clone())
    }

    fn chain_for_a_name(
        &self,
        connection: &Connection,
    ) -> Option<Located<(WireText, Arc<SentChain>)>> {
        Some(self.servers.get(&connection.server)?.named.as_ref()?.1.clone())
    }

    fn challenge_answered(&self, connection: &Connection) -> Option<Located<Endpoint>> {
        self.challenges.get(&asked_name(connection)?.lower()).map(|told| told.1)
    }

    fn content_before(&self, connection: &Connection) -> Option<Place> {
        let held = self.content.get(&content(connection)?).copied();
        held.filter(|at| at.order() < connection.first.order())
    }

    fn succeeded_with_older(&self, connection: &Connection) -> Option<Located<ProtocolVersion>> {
        let newest = connection.client_hello()?.value.newest_version()?;
        let best = self.completed.get(&pair(connection))?;
        // Where the same offer works too, the version is not what failed.
        (best.value.rank() < newest.rank()).then_some(*best)
    }
}
