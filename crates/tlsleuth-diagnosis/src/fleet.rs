//! What only many connections together show: a summary of each server, and the findings in it.
//!
//! [`Summary`] takes the connections one by one in the order of the report and holds no connection:
//! its memory is bounded by the number of distinct servers, names, hellos, leafs and clients, and by
//! the caps below, whose hits are counted in [`Summary::left_out`]. The rules in `rules/fleet/` are
//! pure functions over it.
//!
//! Every rule states the test by which chance is excluded; they are in [`chance`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tlsleuth_capture::{Address, Endpoint, Place};
use tlsleuth_cert::{Certificate, Fingerprint, WireText};
use tlsleuth_handshake::codepoint::{CipherSuite, NamedGroup, ProtocolVersion};
use tlsleuth_handshake::{Connection, Outcome};

use crate::diagnose::Diagnosis;
use crate::finding::Finding;
use crate::registry::FLEET_RULES;
use crate::rule::FleetRule;
use crate::timing::{Phases, phases};
use crate::wording;

pub mod chance;
pub mod hello;
pub mod ladder;
pub mod latency;
pub mod timeline;

use hello::{HelloId, Hellos};
use ladder::Ladders;
use latency::Latency;
use timeline::Timeline;

/// Servers by address, port and name that are summed up; connections of further ones are counted.
const MAX_GROUPS: usize = 100_000;
/// Leafs held of one server and name.
const MAX_LEAFS: usize = 32;
/// Leafs held over all.
const MAX_ALL_LEAFS: usize = 65_536;
/// Kinds of hellos told apart at one server and name: the bits of a mask.
const MAX_KINDS: usize = 128;
/// Clients told apart at one server and name.
const MAX_CLIENTS: usize = 4_096;
/// Clients told apart over all.
const MAX_ALL_CLIENTS: usize = 500_000;
/// Versions, suites and groups that a server chose, held of each.
const MAX_CHOSEN: usize = 64;

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

/// A leaf certificate in brief.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafFacts {
    /// Its fingerprint.
    pub sha256: Fingerprint,
    /// What it is called.
    pub name: String,
    /// Its serial number.
    pub serial: String,
    /// Who issued it.
    pub issuer: String,
    /// The sort of key: a server may have one certificate for each.
    pub key: &'static str,
    /// Start of validity, in seconds since 1970.
    pub not_before: Option<i64>,
    /// End of validity.
    pub not_after: Option<i64>,
}

impl LeafFacts {
    fn of(certificate: &Certificate) -> Self {
        let key = certificate.key.to_string();
        Self {
            sha256: certificate.sha256,
            name: wording::certificate(certificate),
            serial: certificate.serial.to_string(),
            issuer: wording::authority(&certificate.issuer),
            key: if key.starts_with("RSA") {
                "RSA"
            } else if key.starts_with("EC") {
                "EC"
            } else {
                "other"
            },
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }

    /// As a sentence names it.
    #[must_use]
    pub fn display(&self) -> String {
        let end = self
            .not_after
            .map_or_else(String::new, |end| format!(", valid until {}", wording::date(end)));
        format!("{} (serial {}, issued by {}{end})", self.name, self.serial, self.issuer)
    }
}

/// One connection in brief: all that a summary takes of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
    /// The name that was asked for, in lower case.
    pub name: Option<WireText>,
    /// Its first frame.
    pub first: Place,
    /// Its last frame.
    pub last: Place,
    /// The kind of its ClientHello, and its frame.
    pub hello: Option<(HelloId, Place)>,
    /// How it ended.
    pub outcome: Outcome,
    /// Its verdict.
    pub verdict: Option<&'static str>,
    /// The frame that best proves how it ended.
    pub proof: Place,
    /// The leaf that the server sent, its frame, and whether its chain is trusted.
    pub leaf: Option<(Arc<LeafFacts>, Place, Option<bool>)>,
    /// How many seconds after its frame a stapled OCSP response was made, if it was.
    pub stapled_ahead: Option<i64>,
    /// What the server chose.
    pub chosen: Option<(ProtocolVersion, CipherSuite, Option<NamedGroup>)>,
    /// About an earlier session.
    pub resumption: Resumption,
    /// Where its time went.
    pub phases: Phases,
}

impl Attempt {
    /// Whether it failed; health checks did not.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }

    /// Whether it completed.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.outcome == Outcome::Completed
    }

    fn is_health_check(&self) -> bool {
        self.verdict == Some(HEALTH_CHECK)
    }
}

/// How often something completed and failed, with the first frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many completed.
    pub completed: u64,
    /// How many failed, health checks set apart.
    pub failed: u64,
    /// The first that completed.
    pub first_completed: Option<Place>,
    /// The proof of the first failure.
    pub first_failed: Option<Place>,
}

impl Tally {
    fn add(&mut self, attempt: &Attempt) {
        if attempt.is_completed() {
            self.completed = self.completed.saturating_add(1);
            self.first_completed = self.first_completed.or(Some(attempt.first));
        } else if attempt.is_failed() && !attempt.is_health_check() {
            self.failed = self.failed.saturating_add(1);
            self.first_failed = self.first_failed.or(Some(attempt.proof));
        }
    }

    /// Those that ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.completed.saturating_add(self.failed)
    }

    /// This and another one together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let earlier = |a: Option<Place>, b: Option<Place>| match (a, b) {
            (Some(a), Some(b)) => Some(a.earlier(b)),
            (a, b) => a.or(b),
        };
        Self {
            completed: self.completed.saturating_add(other.completed),
            failed: self.failed.saturating_add(other.failed),
            first_completed: earlier(self.first_completed, other.first_completed),
            first_failed: earlier(self.first_failed, other.first_failed),
        }
    }
}

/// One client at one server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClientTally {
    /// Its connections.
    pub tally: Tally,
    /// The leafs that it got: bits in the order of [`Group::leafs`].
    pub leafs: u32,
}

/// A leaf at one server and name.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub facts: Arc<LeafFacts>,
    /// Whether its chain was trusted where it was first seen.
    pub trusted: Option<bool>,
    /// The first frame with it.
    pub first: Place,
    /// The last one.
    pub last: Place,
    /// The first frame with a stapled OCSP response from after it, and by how many seconds.
    pub stapled_ahead: Option<(Place, i64)>,
    /// How often it was sent.
    pub count: u64,
    /// How those connections ended.
    pub tally: Tally,
}

/// Connections that failed or completed for reasons of one sort: with a ClientHello, or without.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// All together.
    pub tally: Tally,
    /// One after the other.
    pub timeline: Timeline,
    /// Each client.
    pub clients: BTreeMap<Address, ClientTally>,
    /// Connections of clients that did not fit.
    pub clients_left_out: u64,
    /// Failures that a ladder or a race explains.
    pub excused: u64,
    /// Failures by verdict.
    pub verdicts: BTreeMap<&'static str, u64>,
}

impl Population {
    fn add(&mut self, attempt: &Attempt, room: &mut usize) -> Option<&mut ClientTally> {
        self.tally.add(attempt);
        if attempt.is_completed() {
            self.timeline.completed(attempt.first);
        } else if attempt.is_failed() && !attempt.is_health_check() {
            let verdict = attempt.verdict.unwrap_or("failed without a verdict");
            self.timeline.failed(attempt.first, attempt.proof, verdict, attempt.client.address);
            let count = self.verdicts.entry(verdict).or_default();
            *count = count.saturating_add(1);
        }
        let client = attempt.client.address;
        if !self.clients.contains_key(&client) {
            if self.clients.len() >= MAX_CLIENTS || *room == 0 {
                self.clients_left_out = self.clients_left_out.saturating_add(1);
                return None;
            }
            *room -= 1;
        }
        let held = self.clients.entry(client).or_default();
        held.tally.add(attempt);
        Some(held)
    }

    /// The verdicts in words, the commonest first.
    #[must_use]
    pub fn verdicts_in_words(&self) -> String {
        verdicts_in_words(&self.verdicts)
    }
}

/// Verdicts with their counts in words, the commonest first.
#[must_use]
pub fn verdicts_in_words(verdicts: &BTreeMap<&'static str, u64>) -> String {
    let mut counted: Vec<_> = verdicts.iter().collect();
    counted.sort_by_key(|(code, count)| (std::cmp::Reverse(**count), **code));
    wording::list(counted.into_iter().map(|(code, count)| format!("{code} {count} times")))
}

/// A server under one name, or without one.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// All connections.
    pub connections: u64,
    /// How many completed.
    pub completed: u64,
    /// How many failed, health checks among them.
    pub failed: u64,
    /// Verdicts.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Those with a ClientHello.
    pub asked: Population,
    /// The leafs in the order in which they were first seen.
    pub leafs: Vec<Leaf>,
    /// For each sort of key: the last leaf seen, and how often it was another one than before.
    pub runs: BTreeMap<&'static str, (usize, u64)>,
    /// Leafs that did not fit.
    pub leafs_left_out: u64,
    /// The kinds of hellos, in the order in which they were first seen.
    pub hellos: Vec<(HelloId, Tally)>,
    /// Hellos that did not fit.
    pub hellos_left_out: u64,
    /// Versions that the server chose in handshakes that completed.
    pub versions: Vec<ProtocolVersion>,
    /// Suites likewise.
    pub suites: Vec<CipherSuite>,
    /// Groups likewise.
    pub groups: Vec<NamedGroup>,
    /// Connections that offered an earlier session.
    pub offering: Tally,
    /// Those that did not.
    pub not_offering: Tally,
    /// How often an earlier session was taken up.
    pub resumed: u64,
    /// How often it was not, and the first frames of that.
    pub refused: u64,
    /// The first frames of hellos whose session was not taken up.
    pub first_refused: Vec<Place>,
    /// Where the time went in handshakes that completed.
    pub latency: Latency,
}

impl Group {
    fn add(&mut self, attempt: &Attempt, room: &mut usize) {
        self.connections = self.connections.saturating_add(1);
        match attempt.outcome {
            Outcome::Completed => {
                self.completed = self.completed.saturating_add(1);
                self.latency.add(&attempt.phases);
            }
            Outcome::Failed => self.failed = self.failed.saturating_add(1),
            Outcome::Incomplete => {}
        }
        if let Some(verdict) = attempt.verdict {
            let count = self.verdicts.entry(verdict).or_default();
            *count = count.saturating_add(1);
        }
        let Some((hello, at)) = attempt.hello else { return };
        let leaf = self.leaf(attempt);
        if let Some(client) = self.asked.add(attempt, room) {
            client.leafs |= leaf;
        }
        let held = self.hellos.iter().position(|(id, _)| *id == hello);
        if let Some((_, tally)) = held.and_then(|nth| self.hellos.get_mut(nth)) {
            tally.add(attempt);
        } else if self.hellos.len() < MAX_KINDS {
            let mut tally = Tally::default();
            tally.add(attempt);
            self.hellos.push((hello, tally));
        } else {
            self.hellos_left_out = self.hellos_left_out.saturating_add(1);
        }
        if attempt.is_completed()
            && let Some((version, suite, group)) = attempt.chosen
        {
            remember(&mut self.versions, version);
            remember(&mut self.suites, suite);
            if let Some(group) = group {
                remember(&mut self.groups, group);
            }
        }
        match attempt.resumption {
            Resumption::NotOffered => self.not_offering.add(attempt),
            Resumption::Offered => self.offering.add(attempt),
            Resumption::Resumed => {
                self.offering.add(attempt);
                self.resumed = self.resumed.saturating_add(1);
            }
            Resumption::Refused => {
                self.offering.add(attempt);
                self.refused = self.refused.saturating_add(1);
                if self.first_refused.len() < 3 {
                    self.first_refused.push(at);
                }
            }
        }
    }

    /// Notes the leaf; its bit.
    fn leaf(&mut self, attempt: &Attempt) -> u32 {
        let Some((facts, at, trusted)) = &attempt.leaf else { return 0 };
        let nth = match self.leafs.iter().position(|leaf| leaf.facts.sha256 == facts.sha256) {
            Some(nth) => nth,
            None if self.leafs.len() < MAX_LEAFS => {
                self.leafs.push(Leaf {
                    facts: Arc::clone(facts),
                    trusted: *trusted,
                    first: *at,
                    last: *at,
                    stapled_ahead: None,
                    count: 0,
                    tally: Tally::default(),
                });
                self.leafs.len() - 1
            }
            None => {
                self.leafs_left_out = self.leafs_left_out.saturating_add(1);
                return 0;
            }
        };
        if let Some(leaf) = self.leafs.get_mut(nth) {
            leaf.last = leaf.last.later(*at);
            leaf.stapled_ahead =
                leaf.stapled_ahead.or(attempt.stapled_ahead.map(|ahead| (*at, ahead)));
            leaf.count = leaf.count.saturating_add(1);
            leaf.tally.add(attempt);
        }
        let run = self.runs.entry(facts.key).or_insert((nth, 1));
        if run.0 != nth {
            *run = (nth, run.1.saturating_add(1));
        }
        u32::try_from(nth).ok().and_then(|nth| 1u32.checked_shl(nth)).unwrap_or(0)
    }

    /// The clients that got a leaf.
    pub fn clients_of(&self, nth: usize) -> impl Iterator<Item = Address> + '_ {
        let bit = u32::try_from(nth).ok().and_then(|nth| 1u32.checked_shl(nth)).unwrap_or(0);
        self.asked
            .clients
            .iter()
            .filter(move |(_, client)| client.leafs & bit != 0)
            .map(|(address, _)| *address)
    }
}

fn remember<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < MAX_CHOSEN && !list.contains(&value) {
        list.push(value);
    }
}

/// A server: an address and a port.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Its names; `None` where no name was asked for, or no ClientHello was seen.
    pub names: BTreeMap<Option<WireText>, Group>,
    /// Whether it can be reached: failures without a ClientHello, among all that completed.
    pub reached: Population,
}

/// What the connections of an incident show together.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    servers: BTreeMap<Endpoint, Server>,
    groups: usize,
    hellos: Hellos,
    /// Looked up, never walked.
    leafs: HashMap<Fingerprint, Arc<LeafFacts>>,
    ladders: Ladders,
    clients: usize,
    left_out: u64,
}

impl Summary {
    /// Takes a connection. Feed them in the order of the report.
    pub fn push(&mut self, connection: &Connection, diagnosis: &Diagnosis) {
        let attempt = self.brief(connection, diagnosis);
        self.add(&attempt);
    }

    /// Takes a connection in brief.
    pub fn add(&mut self, attempt: &Attempt) {
        let known = self
            .servers
            .get(&attempt.server)
            .is_some_and(|server| server.names.contains_key(&attempt.name));
        if !known {
            if self.groups >= MAX_GROUPS {
                self.left_out = self.left_out.saturating_add(1);
                return;
            }
            self.groups += 1;
        }
        let mut room = MAX_ALL_CLIENTS.saturating_sub(self.clients);
        let before = room;
        let server = self.servers.entry(attempt.server).or_default();
        if attempt.hello.is_none() || attempt.is_completed() {
            server.reached.add(attempt, &mut room);
        }
        let group = server.names.entry(attempt.name.clone()).or_default();
        group.add(attempt, &mut room);
        let excused = self.ladders.add(attempt, &self.hellos);
        group.asked.excused = group.asked.excused.saturating_add(excused);
        self.clients = self.clients.saturating_add(before.saturating_sub(room));
    }

    /// Holds one kind of hello, for an [`Attempt`] made by hand.
    pub fn hello(&mut self, offer: hello::Offer) -> Option<HelloId> {
        self.hellos.add(offer)
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &BTreeMap<Endpoint, Server> {
        &self.servers
    }

    /// Every server under every name.
    pub fn groups(&self) -> impl Iterator<Item = (Endpoint, Option<&WireText>, &Group)> {
        self.servers.iter().flat_map(|(end, server)| {
            server.names.iter().map(move |(name, group)| (*end, name.as_ref(), group))
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
        let enough = self.groups().filter(|(_, _, group)| group.asked.tally.failed >= 3).count();
        u64::try_from(enough).unwrap_or(u64::MAX).max(1)
    }

    /// Connections that are in no group, because there are too many servers and names.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
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
    pub fn finish(self) -> Fleet {
        let findings = self.findings();
        Fleet { findings, left_out: self.left_out, servers: self.servers }
    }

    fn brief(&mut self, connection: &Connection, diagnosis: &Diagnosis) -> Attempt {
        let hello = connection.client_hello();
        let extensions = hello.map(|hello| &hello.value.extensions);
        let name = extensions.and_then(|list| list.server_name()).map(|name| {
            let raw = name.host_name.raw();
            if raw.iter().any(u8::is_ascii_uppercase) {
                WireText::new(&raw.to_ascii_lowercase())
            } else {
                name.host_name.clone()
            }
        });
        let verdict = diagnosis.verdict();
        let proof = verdict
            .and_then(|finding| finding.evidence.iter().map(|e| e.at).max_by_key(Place::order))
            .unwrap_or(connection.last);
        // A challenge's certificate is none of the site's.
        let challenge = extensions
            .and_then(|list| list.alpn())
            .is_some_and(|alpn| alpn.iter().any(|protocol| protocol.raw() == b"acme-tls/1"));
        let leaf = connection
            .server_chain
            .present()
            .filter(|_| !challenge)
            .and_then(|chain| Some((chain.value.chain.leaf()?, chain.at)))
            .and_then(|(leaf, at)| {
                let facts = match self.leafs.get(&leaf.sha256) {
                    Some(facts) => Arc::clone(facts),
                    None if self.leafs.len() < MAX_ALL_LEAFS => {
                        let facts = Arc::new(LeafFacts::of(leaf));
                        self.leafs.insert(leaf.sha256, Arc::clone(&facts));
                        facts
                    }
                    None => return None,
                };
                Some((facts, at, diagnosis.server_trusted))
            });
        Attempt {
            client: connection.client,
            server: connection.server,
            name,
            first: connection.first,
            last: connection.last,
            hello: hello.and_then(|hello| Some((self.hellos.of(&hello.value)?, hello.at))),
            outcome: diagnosis.outcome,
            verdict: verdict.map(|finding| finding.code),
            proof,
            leaf,
            stapled_ahead: diagnosis.stapled_ahead,
            chosen: connection.server_hello.present().map(|hello| {
                (
                    hello.value.negotiated_version(),
                    hello.value.cipher_suite,
                    connection.group().map(|group| group.value),
                )
            }),
            resumption: resumption(connection),
            phases: phases(connection),
        }
    }
}

/// Whether the client offered an earlier session, and what became of it. A session ID of a client
/// that offers TLS 1.3 is there for middleboxes and offers nothing (RFC 9846 §4.2.2).
fn resumption(connection: &Connection) -> Resumption {
    let Some(hello) = connection.client_hello() else { return Resumption::NotOffered };
    let hello = &hello.value;
    let list = &hello.extensions;
    let psk = list.pre_shared_keys().is_some_and(|psks| !psks.identities.is_empty());
    let ticket = list.session_ticket().is_some_and(|ticket| ticket.len_bytes > 0);
    let newest = hello.offered_versions().highest();
    let session_id = !hello.session_id.is_empty() && !newest.is_some_and(ProtocolVersion::is_tls13);
    if !psk && !ticket && !session_id {
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

/// What came of a [`Summary`].
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// The findings.
    pub findings: Vec<Finding>,
    /// The servers.
    pub servers: BTreeMap<Endpoint, Server>,
    /// Connections that are in no group, because there are too many servers and names.
    pub left_out: u64,
}
