//! Summaries made by hand for the tests of the fleet rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use tlsleuth_capture::{Address, Endpoint, Located, Place, Sequence, Timestamp};
use tlsleuth_cert::{Fingerprint, WireText};
use tlsleuth_handshake::Outcome;
use tlsleuth_handshake::codepoint::{CipherSuite, ProtocolVersion};

use crate::fleet::hello::{HelloId, Offer};
use crate::fleet::latency::PhaseSteps;
use crate::fleet::node::{NodeFacts, Stack};
use crate::fleet::{Attempt, Brief, Chosen, LeafFacts, Resumption, Summary};
use crate::timing::Phases;
use crate::{Finding, Fleet, FleetRule, Party};

/// Connections one after the other, a second apart.
#[derive(Default)]
pub(crate) struct Script {
    attempts: Vec<Attempt>,
    summary: Summary,
    hellos: BTreeMap<String, HelloId>,
}

/// A connection in the making.
pub(crate) struct Making<'s> {
    script: &'s mut Script,
    attempt: Attempt,
}

pub(crate) fn offer(version: ProtocolVersion, suites: &[u16], alpn: &[&str]) -> Offer {
    Offer {
        newest: Some(version),
        versions: [version].into(),
        suites: suites.iter().copied().map(CipherSuite).collect(),
        alpn: alpn.iter().map(|protocol| WireText::from(*protocol)).collect(),
        ja4: format!("{version}-{suites:?}-{alpn:?}"),
        ..Offer::default()
    }
}

impl Script {
    /// A connection of 10.0.0.7 to api.example.test at 10.0.0.2 with TLS 1.2.
    pub(crate) fn connection(&mut self) -> Making<'_> {
        let nth = u64::try_from(self.attempts.len()).unwrap();
        let place = |frame: u64, offset: i64| Place {
            frame,
            time: Timestamp(
                1_800_000_000_000_000_000 + i64::try_from(nth).unwrap() * 1_000_000_000 + offset,
            ),
            sequence: Sequence::new(u32::try_from(frame).unwrap()),
            ..Place::default()
        };
        let first = place(nth * 10 + 1, 0);
        let hello = self.hello(offer(ProtocolVersion::TLS1_2, &[0xc02f], &[]));
        Making {
            script: self,
            attempt: Attempt {
                server: Endpoint { address: Address::v4([10, 0, 0, 2]), port: 443 },
                name: Some(WireText::from("api.example.test")),
                last: place(nth * 10 + 9, 50_000_000),
                brief: Brief {
                    client: Address::v4([10, 0, 0, 7]),
                    first,
                    hello: Some((hello, place(nth * 10 + 2, 1_000_000))),
                    hello_bytes: 517,
                    node: None,
                    outcome: Outcome::Incomplete,
                    verdict: None,
                    party: None,
                    proof: place(nth * 10 + 8, 40_000_000),
                    leaf: None,
                    stapled_ahead: None,
                    chain: None,
                    alpn: None,
                    chosen: Some(Chosen {
                        version: ProtocolVersion::TLS1_2,
                        suite: CipherSuite(0xc02f),
                        group: None,
                        at: place(nth * 10 + 3, 2_000_000),
                    }),
                    resumption: Resumption::NotOffered,
                    phases: PhaseSteps::default(),
                },
            },
        }
    }

    fn hello(&mut self, offer: Offer) -> HelloId {
        let key = format!("{offer:?}");
        if let Some(id) = self.hellos.get(&key) {
            return *id;
        }
        let id = self.summary.hello(offer);
        self.hellos.insert(key, id);
        id
    }

    fn summed(&self) -> Summary {
        let mut summary = self.summary.clone();
        self.attempts.iter().for_each(|attempt| summary.add(attempt.clone()));
        summary
    }

    pub(crate) fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What comes of it.
    pub(crate) fn finished(&self) -> Fleet {
        self.summed().finish()
    }

    /// What one rule finds.
    pub(crate) fn find(&self, rule: &FleetRule) -> Vec<Finding> {
        self.summed().findings_of(rule)
    }

    /// What all rules find.
    pub(crate) fn all(&self) -> Vec<Finding> {
        self.summed().findings()
    }

    /// The codes that all rules find.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.all().iter().map(|finding| finding.code).collect()
    }
}

impl Making<'_> {
    pub(crate) fn client(mut self, last: usize) -> Self {
        let [high, low] = u16::try_from(last).unwrap().to_be_bytes();
        self.attempt.client = Address::v4([10, 0, high, low]);
        self
    }

    pub(crate) fn client_at(mut self, address: Address) -> Self {
        self.attempt.client = address;
        self
    }

    pub(crate) fn server(mut self, last: u8) -> Self {
        self.attempt.server.address = Address::v4([10, 0, 0, last]);
        self
    }

    pub(crate) fn server_at(mut self, address: Address) -> Self {
        self.attempt.server.address = address;
        self
    }

    pub(crate) fn name(mut self, name: Option<&str>) -> Self {
        self.attempt.name = name.map(WireText::from);
        self
    }

    pub(crate) fn offer(mut self, offer: Offer) -> Self {
        let at = self.attempt.hello.unwrap().1;
        self.attempt.hello = Some((self.script.hello(offer), at));
        self
    }

    /// The node that answers: TTL, and its clock less the capture's.
    pub(crate) fn node(mut self, ttl: u8, clock: Option<u32>) -> Self {
        let stack = Stack { ttl, zero_id: Some(true), mss: Some(1460), window_scale: Some(7) };
        self.attempt.node = Some(NodeFacts { stack, clock });
        self
    }

    pub(crate) fn phases(mut self, phases: Phases) -> Self {
        self.attempt.phases = phases.into();
        self
    }

    pub(crate) fn hello_bytes(mut self, size: u32) -> Self {
        self.attempt.hello_bytes = size;
        self
    }

    pub(crate) fn party(mut self, party: Party) -> Self {
        self.attempt.party = Some(party);
        self
    }

    pub(crate) fn no_hello(mut self) -> Self {
        self.attempt.hello = None;
        self.attempt.name = None;
        self
    }

    pub(crate) fn later(mut self, nanoseconds: i64) -> Self {
        let Attempt { last, brief, .. } = &mut self.attempt;
        for place in [&mut brief.first, last, &mut brief.proof] {
            place.time = Timestamp(place.time.0 + nanoseconds);
        }
        self
    }

    pub(crate) fn leaf(self, name: &str, issuer: &str) -> Self {
        self.leaf_of(name, issuer, "EC")
    }

    pub(crate) fn leaf_of(mut self, name: &str, issuer: &str, key: &'static str) -> Self {
        let facts = LeafFacts {
            sha256: Fingerprint::of(name.as_bytes()),
            name: format!("\"{name}\""),
            serial: name.to_owned(),
            issuer: format!("\"{issuer}\""),
            key,
            not_before: None,
            not_after: None,
        };
        self.attempt.leaf = Some((Arc::new(facts), self.attempt.hello.unwrap().1, None));
        self
    }

    pub(crate) fn valid(mut self, not_before: i64, not_after: i64) -> Self {
        let leaf = &mut self.attempt.leaf.as_mut().unwrap().0;
        let mut facts = LeafFacts::clone(leaf);
        (facts.not_before, facts.not_after) = (Some(not_before), Some(not_after));
        *leaf = Arc::new(facts);
        self
    }

    pub(crate) fn stapled_ahead(mut self, seconds: i64) -> Self {
        self.attempt.stapled_ahead =
            self.attempt.leaf.as_ref().map(|(_, at, _)| Box::new(Located::new(seconds, *at)));
        self
    }

    pub(crate) fn trusted(mut self, trusted: bool) -> Self {
        self.attempt.leaf.as_mut().unwrap().2 = Some(trusted);
        self
    }

    pub(crate) fn resumption(mut self, resumption: Resumption) -> Self {
        self.attempt.resumption = resumption;
        self
    }

    pub(crate) fn completed(mut self) {
        self.attempt.outcome = Outcome::Completed;
        self.script.attempts.push(self.attempt);
    }

    pub(crate) fn failed(mut self, verdict: &'static str) {
        self.attempt.outcome = Outcome::Failed;
        self.attempt.verdict = Some(verdict);
        self.script.attempts.push(self.attempt);
    }
}

/// Three incidents among healthy connections to many servers: a rotation that ends failures, one bad
/// node of four, one family of clients that fails. They are found, and nothing else is.
#[test]
fn three_planted_incidents_are_found_and_nothing_else() {
    let mut script = Script::default();
    let old_family = || offer(ProtocolVersion::TLS1_0, &[0x002f, 0xc02f], &[]);
    for nth in 0..600usize {
        let client = 7 + nth * 7 % 50;
        // Healthy servers, with a rare failure of its own kind.
        let making = script
            .connection()
            .client(client)
            .server(20 + u8::try_from(nth % 5).unwrap())
            .name(Some("shop.example.test"))
            .leaf("shop", "E1");
        if nth % 97 == 0 {
            making.failed("peer.client-aborted")
        } else {
            making.completed()
        }
        // The rotation: the old leaf has expired until it is replaced.
        if nth % 4 == 0 {
            let making =
                script.connection().client(client).server(30).name(Some("pay.example.test"));
            if nth < 300 {
                making.leaf("pay-old", "E1").failed("chain.expired");
            } else {
                making.leaf("pay-new", "E1").completed();
            }
        }
        // The bad node: the third of four.
        let node = u8::try_from(nth % 4).unwrap();
        let making =
            script.connection().client(client).server(40 + node).name(Some("api.example.test"));
        if node == 2 {
            making.leaf("api-old", "E1").failed("chain.expired");
        } else {
            making.leaf("api-new", "E1").completed();
        }
        // The family: every client whose number is a multiple of ten.
        let making = script.connection().client(client).server(50).name(Some("im.example.test"));
        if client % 10 == 0 {
            making.offer(old_family()).failed("version.no-overlap");
        } else {
            making.completed();
        }
    }
    let found: Vec<String> =
        script.all().iter().map(|finding| format!("{}: {}", finding.code, finding.title)).collect();
    assert_eq!(found.len(), 3, "{found:#?}");
    let about = |code: &str, what: &[&str]| {
        found.iter().any(|found| found.starts_with(code) && what.iter().all(|w| found.contains(w)))
    };
    assert!(
        about("fleet.certificate-changed", &["pay.example.test", "ended with it"]),
        "{found:#?}"
    );
    assert!(about("fleet.mostly-failing", &["10.0.0.42:443", "150 of 150"]), "{found:#?}");
    assert!(about("fleet.split-by-client", &["im.example.test", "TLS 1.2"]), "{found:#?}");
    // The same again: nothing hangs on the order of a hash map.
    assert_eq!(format!("{:?}", script.all()), format!("{:?}", script.all()));
}
