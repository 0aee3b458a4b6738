//! What only many connections together show: a summary of each server, and the findings in it.
//!
//! [`Summary`] takes the connections one by one in the order of the report and holds no connection:
//! its memory is bounded by the number of distinct servers, names, hellos, leafs and clients, and by
//! the caps in [`caps`], whose hits are counted in [`Fleet::left_out`]. The rules in `rules/fleet/` are
//! pure functions over it.
//!
//! Every rule states the test by which chance is excluded; they are in [`chance`].

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tlsleuth_capture::{Endpoint, Place};
use tlsleuth_cert::{Certificate, Fingerprint, WireText};
use tlsleuth_handshake::{Connection, Observed};

use crate::diagnose::Diagnosis;
use crate::finding::Finding;
use crate::registry::FLEET_RULES;
use crate::rule::FleetRule;
use crate::timing::phases;

pub mod attempt;
pub mod caps;
pub mod chance;
pub mod counts;
pub mod group;
pub mod group_facts;
pub mod hello;
pub mod indexed;
pub mod ladder;
pub mod latency;
pub mod leaf;
pub mod node;
pub mod population;
pub mod size;
pub mod sorted;
pub mod tally;
pub mod timeline;
mod waiting;

pub use attempt::{Attempt, Brief, ChainShape, Chosen, Resumption};
pub use caps::LeftOut;
pub use group::Group;
pub use group_facts::GroupFacts;
pub use indexed::Indexed;
pub use leaf::{Leaf, LeafFacts, SeenLeaf};
pub use population::{ClientTally, Population, verdicts_in_words};
pub use tally::Tally;

use caps::{Caps, MAX_ALL_LEAFS, MAX_GROUPS, count};
use hello::{HelloId, Hellos};
use ladder::Ladders;
use node::NodeFacts;

/// Failures of one server and name from which on a test looks at it.
const LOOKED_AT: u64 = 3;

/// A server: an address and a port.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Its names; `None` where no name was asked for, or no ClientHello was seen.
    pub names: Indexed<Option<WireText>, Box<Group>>,
    /// Whether it can be reached: failures without a ClientHello, among all that completed. Kept from
    /// the first such failure on; until then [`reached`](Self::reached) can make it of the names.
    not_reached: Option<Box<Population>>,
}

impl Server {
    /// Failures without a ClientHello, among all that completed; `None` where there are none.
    #[must_use]
    pub fn not_reached(&self) -> Option<&Population> {
        self.not_reached.as_deref().filter(|population| population.tally.failed > 0)
    }

    /// The same, also where nothing failed.
    #[must_use]
    pub fn reached(&self) -> Population {
        self.not_reached.as_deref().cloned().unwrap_or_else(|| {
            Population::of_completed(
                self.names.values().map(|group| &**group),
                &mut Caps::default(),
            )
        })
    }

    fn reach(&mut self, attempt: &Attempt, caps: &mut Caps) {
        let fails = attempt.hello.is_none() && attempt.is_failed() && !attempt.is_health_check();
        if fails && self.not_reached.is_none() {
            let population =
                Population::of_completed(self.names.values().map(|group| &**group), caps);
            self.not_reached = Some(Box::new(population));
        }
        if let Some(population) = &mut self.not_reached
            && (attempt.hello.is_none() || attempt.is_completed())
        {
            population.add(attempt, caps);
        }
    }
}

/// What the connections of an incident show together.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    servers: Indexed<Endpoint, Server>,
    groups: usize,
    hellos: Hellos,
    /// Looked up, never walked.
    leafs: HashMap<Fingerprint, Arc<LeafFacts>, RandomState>,
    ladders: Ladders,
    caps: Caps,
    looks: u64,
    several_leafs: u64,
    totals: Totals,
}

/// All connections, whatever fits under the caps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// All, health checks among them.
    pub connections: u64,
    /// Those that completed.
    pub completed: u64,
    /// Those that failed, health checks aside.
    pub failed: u64,
    /// Health checks and scans: opened and closed without a byte.
    pub health_checks: u64,
}

impl Totals {
    fn add(&mut self, attempt: &Attempt) {
        count(&mut self.connections);
        if attempt.is_health_check() {
            count(&mut self.health_checks);
        } else if attempt.is_completed() {
            count(&mut self.completed);
        } else if attempt.is_failed() {
            count(&mut self.failed);
        }
    }
}

impl Summary {
    /// Loads what [`push`](Self::push) looks at of a server, of several before the first is pushed: so
    /// that they are waited for together.
    pub fn touch(&self, server: Endpoint) {
        if let Some(server) = self.servers.get(&server) {
            black_box(server.names.values().next().map(|group| group.connections));
        }
    }

    /// Takes a connection. Feed them in the order of the report.
    pub fn push(&mut self, connection: &Connection, diagnosis: &Diagnosis) {
        let mut attempt = self.brief(connection, diagnosis);
        self.take(&mut attempt);
    }

    /// Takes a connection in brief.
    pub fn add(&mut self, mut attempt: Attempt) {
        self.take(&mut attempt);
    }

    fn take(&mut self, attempt: &mut Attempt) {
        self.totals.add(attempt);
        let full = self.groups >= MAX_GROUPS;
        let Some(server) = self.servers.at(&attempt.server, !full) else {
            count(&mut self.caps.left_out.groups);
            return;
        };
        let before = server.names.len();
        let Some(nth) = server.names.place(&attempt.name, !full) else {
            count(&mut self.caps.left_out.groups);
            return;
        };
        self.groups = self.groups.saturating_add(server.names.len().saturating_sub(before));
        server.reach(attempt, &mut self.caps);
        let excused = self.ladders.add(attempt, &self.hellos);
        let Some(group) = server.names.nth(nth) else { return };
        let (failed, several) = (group.ended.failed, group.has_several_leafs());
        group.add(&mut attempt.brief, excused, &mut self.caps);
        if failed < LOOKED_AT && group.ended.failed >= LOOKED_AT {
            count(&mut self.looks);
        }
        if !several && group.has_several_leafs() {
            count(&mut self.several_leafs);
        }
    }

    /// Holds one kind of hello, for an [`Attempt`] made by hand.
    pub fn hello(&mut self, offer: hello::Offer) -> HelloId {
        self.hellos.add(offer)
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &Indexed<Endpoint, Server> {
        &self.servers
    }

    /// Every server under every name.
    pub fn groups(&self) -> impl Iterator<Item = (Endpoint, Option<&WireText>, &Group)> {
        self.servers.iter().flat_map(|(end, server)| {
            server.names.iter().map(move |(name, group)| (*end, name.as_ref(), &**group))
        })
    }

    /// What a kind of hello offers.
    #[must_use]
    pub fn offer(&self, id: HelloId) -> Option<&hello::Offer> {
        self.hellos.get(id)
    }

    /// The ladders and races.
    #[must_use]
    pub fn ladders(&self) -> &Ladders {
        &self.ladders
    }

    /// How many looks at single servers a test is one of: those with enough connections, so that
    /// chance over all of them stays below [`chance::ALPHA`].
    #[must_use]
    pub fn looks(&self) -> u64 {
        self.looks.max(1)
    }

    /// How many servers and names sent several leafs: as many looks for a change there are.
    #[must_use]
    pub fn several_leafs(&self) -> u64 {
        self.several_leafs.max(1)
    }

    fn left_out(&self) -> LeftOut {
        LeftOut { attempts: self.ladders.left_out, ..self.caps.left_out }
    }

    /// Runs the rules.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        FLEET_RULES.iter().flat_map(|rule| self.findings_of(rule)).collect()
    }

    /// Runs one rule.
    #[must_use]
    pub fn findings_of(&self, rule: &FleetRule) -> Vec<Finding> {
        (rule.check)(self).into_iter().map(|finding| finding.of_fleet(rule)).collect()
    }

    /// Ends the taking: the findings and the servers.
    #[must_use]
    pub fn finish(mut self) -> Fleet {
        for server in self.servers.values_mut() {
            server.names.values_mut().for_each(|group| group.settle(&mut self.caps));
        }
        let findings = self.findings();
        let left_out = self.left_out();
        Fleet {
            findings,
            left_out,
            totals: self.totals,
            servers: self.servers,
            hellos: self.hellos,
        }
    }

    fn brief(&mut self, connection: &Connection, diagnosis: &Diagnosis) -> Attempt {
        let hello = connection.client_hello();
        let extensions = hello.map(|hello| &hello.value.extensions);
        let name = extensions.and_then(|list| list.server_name());
        let name = name.map(|name| name.host_name.lower());
        let verdict = diagnosis.verdict();
        let proof = verdict
            .and_then(|finding| finding.evidence.iter().map(|e| e.at).max_by_key(Place::order))
            .unwrap_or(connection.last);
        // A challenge's certificate is none of the site's.
        let challenge = extensions.is_some_and(|list| list.has_acme());
        let sent = connection.server_chain.present().filter(|_| !challenge);
        let leaf = sent
            .and_then(|sent| Some((sent.value.chain.leaf()?, sent.at)))
            .and_then(|(leaf, at)| Some((self.leaf_facts(leaf)?, at, diagnosis.server_trusted)));
        let incomplete = || {
            diagnosis.findings.iter().any(|finding| finding.code == "chain.missing-intermediate")
        };
        let brief = Brief {
            client: connection.client.address,
            first: connection.first,
            hello: hello.map(|hello| (self.hellos.of(&hello.value), hello.at)),
            hello_bytes: hello.map_or(0, |hello| hello.value.message_bytes()),
            node: connection.transport.syn_ack.as_ref().map(NodeFacts::of),
            outcome: diagnosis.outcome,
            verdict: verdict.map(|finding| finding.code),
            party: verdict.map(|finding| finding.party),
            proof,
            leaf,
            stapled_ahead: diagnosis.stapled_ahead.map(Box::new),
            chain: sent.map(|sent| ChainShape {
                certificates: u32::try_from(sent.value.chain.total()).unwrap_or(u32::MAX),
                incomplete: incomplete(),
            }),
            chosen: connection.server_hello.present().map(|hello| Chosen {
                version: hello.value.negotiated_version(),
                suite: hello.value.cipher_suite,
                group: connection.group().map(|group| group.value),
                at: hello.at,
            }),
            alpn: protocol(connection),
            resumption: attempt::resumption(connection),
            phases: phases(connection).into(),
        };
        Attempt { server: connection.server, name, last: connection.last, brief }
    }

    fn leaf_facts(&mut self, leaf: &Certificate) -> Option<Arc<LeafFacts>> {
        if let Some(facts) = self.leafs.get(&leaf.sha256) {
            return Some(Arc::clone(facts));
        }
        if self.leafs.len() >= MAX_ALL_LEAFS {
            count(&mut self.caps.left_out.leafs);
            return None;
        }
        let facts = Arc::new(LeafFacts::of(leaf));
        self.leafs.insert(leaf.sha256, Arc::clone(&facts));
        Some(facts)
    }
}

/// The application protocol that the server chose: `None` where that is out of sight.
fn protocol(connection: &Connection) -> Option<Option<WireText>> {
    if let Some(selected) = connection.alpn_selected() {
        return Some(Some(selected.value.clone()));
    }
    let offered = connection.client_hello()?.value.extensions.alpn().is_some();
    let answered = if connection.is_tls13() {
        matches!(connection.encrypted_extensions, Observed::Present(_))
    } else {
        connection.server_hello.is_present()
    };
    (offered && answered).then_some(None)
}

/// What came of a [`Summary`].
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// The findings.
    pub findings: Vec<Finding>,
    /// The servers.
    pub servers: Indexed<Endpoint, Server>,
    /// What did not fit under a cap.
    pub left_out: LeftOut,
    /// All connections.
    pub totals: Totals,
    /// The kinds of hellos.
    pub hellos: Hellos,
}

impl Fleet {
    /// Every server under every name.
    pub fn groups(&self) -> impl Iterator<Item = (Endpoint, Option<&WireText>, &Group)> {
        self.servers.iter().flat_map(|(end, server)| {
            server.names.iter().map(move |(name, group)| (*end, name.as_ref(), &**group))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::Script;

    /// More servers than are held: the rest is counted, and that is said.
    #[test]
    fn a_cap_that_is_hit_is_told() {
        let mut script = Script::default();
        script.connection().completed();
        let mut attempt = script.attempts().first().unwrap().clone();
        let mut summary = Summary::default();
        for nth in 0..MAX_GROUPS + 5 {
            attempt.name = Some(WireText::from(format!("{nth}.example.test").as_str()));
            summary.add(attempt.clone());
        }
        let fleet = summary.finish();
        let held: usize = fleet.servers.values().map(|server| server.names.len()).sum();
        assert_eq!(held, MAX_GROUPS);
        let told: Vec<_> = fleet.left_out.told().collect();
        assert_eq!(told, [("servers and names", 5, MAX_GROUPS)]);
        let all = u64::try_from(MAX_GROUPS).unwrap() + 5;
        assert_eq!((fleet.totals.connections, fleet.totals.completed), (all, all));
    }

    /// Kinds of hellos and clients beyond the caps do not make other groups of connections.
    #[test]
    fn what_is_not_told_apart_is_counted_all_the_same() {
        let mut script = Script::default();
        script.connection().completed();
        let mut attempt = script.attempts().first().unwrap().clone();
        let at = attempt.hello.unwrap().1;
        let mut summary = Summary::default();
        for nth in 0..5_000u32 {
            attempt.client = tlsleuth_capture::Address::v4(nth.to_be_bytes());
            attempt.hello = Some((HelloId(nth), at));
            summary.add(attempt.clone());
        }
        attempt.hello = Some((HelloId::OTHER, at));
        summary.add(attempt.clone());
        let fleet = summary.finish();
        let (_, _, group) = fleet.groups().next().unwrap();
        assert_eq!((group.connections, group.asked.tally.completed), (5_001, 5_001));
        assert_eq!(group.asked.clients.len(), caps::MAX_CLIENTS);
        let left_out = fleet.left_out;
        assert_eq!(left_out.hellos, 5_001 - u64::try_from(caps::MAX_KINDS).unwrap());
        assert_eq!(left_out.clients, 5_001 - u64::try_from(caps::MAX_CLIENTS).unwrap());
    }
}
