//! What the connections of an incident tell of each other's servers.

use std::collections::HashMap;
use std::sync::Arc;

use tlsleuth_capture::{Address, Endpoint, Located, Place};
use tlsleuth_cert::{Fingerprint, SeenIntermediates, WireText};
use tlsleuth_diagnosis::ServerKnowledge;
use tlsleuth_handshake::codepoint::{CipherSuite, ProtocolVersion};
use tlsleuth_handshake::connection::SentChain;
use tlsleuth_handshake::message::ServerHello;
use tlsleuth_handshake::{Connection, Outcome};

/// Servers of which something is remembered; further ones are not.
const MAX_SERVERS: usize = 100_000;

type Asked = (Endpoint, Option<Box<[u8]>>);

/// Authorities and servers seen in any connection.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) intermediates: SeenIntermediates,
    chains: HashMap<Asked, Located<Arc<SentChain>>>,
    hellos: HashMap<Endpoint, Located<ServerHello>>,
    named: HashMap<Endpoint, Located<(WireText, Arc<SentChain>)>>,
    completed: HashMap<(Address, Endpoint), Vec<Located<ProtocolVersion>>>,
    challenges: HashMap<Box<[u8]>, Located<Endpoint>>,
    content: HashMap<(Address, Box<[CipherSuite]>, Met), Place>,
}

/// What a client was content with.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Met {
    Leaf(Fingerprint),
    Server(Asked),
}

impl Met {
    fn of(connection: &Connection) -> Self {
        let chain = connection.server_chain.present();
        match chain.and_then(|chain| chain.value.chain.leaf()) {
            Some(leaf) => Self::Leaf(leaf.sha256),
            None => Self::Server(asked(connection)),
        }
    }
}

fn suites(connection: &Connection) -> Option<Box<[CipherSuite]>> {
    Some(connection.client_hello()?.value.real_suites().collect())
}

fn asked(connection: &Connection) -> Asked {
    let name = connection
        .client_hello()
        .and_then(|hello| hello.value.extensions.server_name())
        .map(|name| name.host_name.raw().to_ascii_lowercase().into_boxed_slice());
    (connection.server, name)
}

impl Knowledge {
    /// Remembers what one connection shows. The first connection in the order of the report wins.
    pub(crate) fn learn(&mut self, connection: &Connection) {
        for chain in [&connection.server_chain, &connection.client_chain] {
            if let Some(chain) = chain.present() {
                self.intermediates.add(&chain.value.chain);
            }
        }
        if let Some(chain) = connection.server_chain.present()
            && self.chains.len() < MAX_SERVERS
        {
            self.chains
                .entry(asked(connection))
                .or_insert_with(|| Located::new(Arc::new(chain.value.clone()), chain.at));
        }
        if let Some(chain) = connection.server_chain.present()
            && let Some(hello) = connection.client_hello()
            && let Some(name) = hello.value.extensions.server_name()
            && self.named.len() < MAX_SERVERS
        {
            self.named.entry(connection.server).or_insert_with(|| {
                Located::new((name.host_name.clone(), Arc::new(chain.value.clone())), chain.at)
            });
        }
        if connection.outcome == Outcome::Completed
            && let Some(hello) = connection.client_hello()
            && let Some(newest) = hello.value.offered_versions().highest()
            && self.completed.len() < MAX_SERVERS
        {
            let versions =
                self.completed.entry((connection.client.address, connection.server)).or_default();
            if !versions.iter().any(|seen| seen.value == newest) && versions.len() < 8 {
                versions.push(Located::new(newest, hello.at));
            }
        }
        if connection.is_acme_validation()
            && connection.outcome == Outcome::Completed
            && let (server, Some(name)) = asked(connection)
            && let Some(hello) = connection.client_hello()
            && self.challenges.len() < MAX_SERVERS
        {
            self.challenges.entry(name).or_insert_with(|| Located::new(server, hello.at));
        }
        let data = &connection.application_data;
        if data.client.records > 0
            && data.server.records > 0
            && connection.outcome == Outcome::Completed
            && self.content.len() < MAX_SERVERS
            && let Some(suites) = suites(connection)
        {
            let key = (connection.client.address, suites, Met::of(connection));
            self.content.entry(key).or_insert(connection.first);
        }
        if let Some(hello) = connection.server_hello.present()
            && self.hellos.len() < MAX_SERVERS
        {
            self.hellos.entry(connection.server).or_insert_with(|| hello.clone());
        }
    }
}

impl ServerKnowledge for Knowledge {
    fn chain_in_clear(&self, connection: &Connection) -> Option<Located<Arc<SentChain>>> {
        self.chains.get(&asked(connection)).cloned()
    }

    fn chose(&self, connection: &Connection) -> Option<Located<ServerHello>> {
        self.hellos.get(&connection.server).cloned()
    }

    fn chain_for_a_name(
        &self,
        connection: &Connection,
    ) -> Option<Located<(WireText, Arc<SentChain>)>> {
        self.named.get(&connection.server).cloned()
    }

    fn challenge_answered(&self, connection: &Connection) -> Option<Located<Endpoint>> {
        self.challenges.get(&asked(connection).1?).copied()
    }

    fn content_before(&self, connection: &Connection) -> Option<Place> {
        let suites = suites(connection)?;
        let key = (connection.client.address, suites, Met::of(connection));
        self.content.get(&key).copied().filter(|at| at.order() < connection.first.order())
    }

    fn succeeded_with_older(&self, connection: &Connection) -> Option<Located<ProtocolVersion>> {
        let newest = connection.client_hello()?.value.offered_versions().highest()?;
        let versions = self.completed.get(&(connection.client.address, connection.server))?;
        // Where the same offer works too, the version is not what failed.
        if versions.iter().any(|seen| seen.value.rank() >= newest.rank()) {
            return None;
        }
        versions.iter().max_by_key(|seen| seen.value.rank()).copied()
    }
}
