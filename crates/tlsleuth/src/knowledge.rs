//! What the connections of an incident tell of each other's servers.

use std::collections::HashMap;
use std::sync::Arc;

use tlsleuth_capture::{Endpoint, Located};
use tlsleuth_cert::SeenIntermediates;
use tlsleuth_diagnosis::ServerKnowledge;
use tlsleuth_handshake::Connection;
use tlsleuth_handshake::connection::SentChain;
use tlsleuth_handshake::message::ServerHello;

/// Servers of which something is remembered; further ones are not.
const MAX_SERVERS: usize = 100_000;

type Asked = (Endpoint, Option<Box<[u8]>>);

/// Authorities and servers seen in any connection.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) intermediates: SeenIntermediates,
    chains: HashMap<Asked, Located<Arc<SentChain>>>,
    hellos: HashMap<Endpoint, Located<ServerHello>>,
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
}
