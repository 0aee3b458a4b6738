//! What changed between two captures, per server and name.
//!
//! [`compare`] sets the summaries of two analyses side by side. What a server chose and sent is a
//! change where it is another in every connection, or where its share moved by more than chance;
//! rates and spans of time are a change only where a test says so. The tests:
//!
//! - **Shares and rates**: Fisher's exact test, two-sided (the smaller tail doubled), for each value
//!   against all others; and the share must have moved by five percentage points, or doubled or
//!   halved in the case of the failure rate.
//! - **Spans of time**: the Mann-Whitney test on the steps of [`Spans`](crate::fleet::latency::Spans),
//!   corrected for ties, with eight handshakes on each side at least; and the median must have moved
//!   by a quarter and by a millisecond.
//!
//! Chance over all tests of one sort (how connections end; certificates; what was chosen and offered;
//! times; which servers are there) is held below [`ALPHA_ASIDE`] over all servers together (Bonferroni).
//! What is another in every connection, but seen too seldom to exclude chance, is told as *possible*.

use std::collections::BTreeMap;

use tlsleuth_capture::{Endpoint, Place};
use tlsleuth_cert::WireText;

use crate::Confidence;
use crate::fleet::chance::{ALPHA_ASIDE, significant};
use crate::fleet::{Fleet, Group, Tally};

mod aspect;
mod latency;
mod share;

use aspect::Candidate;

/// In what respect something changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Aspect {
    /// The verdicts of failures, and completing.
    Outcome,
    /// How many of the connections that ended failed.
    FailureRate,
    /// The leaf certificate.
    Certificate,
    /// How many certificates were sent, and whether an intermediate is missing.
    Chain,
    /// The version that was chosen.
    Version,
    /// The cipher suite.
    CipherSuite,
    /// The key-exchange group.
    Group,
    /// The application protocol.
    Alpn,
    /// What clients offer, by JA4.
    ClientHello,
    /// SYN to SYN-ACK.
    TcpTime,
    /// ClientHello to ServerHello.
    ServerHelloTime,
    /// The server's flight to the client's next act.
    ClientTime,
    /// ClientHello to the later Finished.
    HandshakeTime,
}

/// Tests of one sort share the chance that one of them errs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Sort {
    Ending,
    Certificate,
    Choice,
    Time,
    Presence,
}

impl Aspect {
    fn sort(self) -> Sort {
        match self {
            Self::Outcome | Self::FailureRate => Sort::Ending,
            Self::Certificate | Self::Chain => Sort::Certificate,
            Self::Version | Self::CipherSuite | Self::Group | Self::Alpn | Self::ClientHello => {
                Sort::Choice
            }
            Self::TcpTime | Self::ServerHelloTime | Self::ClientTime | Self::HandshakeTime => {
                Sort::Time
            }
        }
    }

    /// The word of the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::FailureRate => "failure_rate",
            Self::Certificate => "certificate",
            Self::Chain => "chain",
            Self::Version => "version",
            Self::CipherSuite => "cipher_suite",
            Self::Group => "group",
            Self::Alpn => "alpn",
            Self::ClientHello => "client_hello",
            Self::TcpTime => "tcp_ms",
            Self::ServerHelloTime => "server_hello_ms",
            Self::ClientTime => "client_ms",
            Self::HandshakeTime => "handshake_ms",
        }
    }
}

/// A value with how many of the connections in which it could be seen had it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// In words.
    pub text: String,
    /// How many had it.
    pub count: u64,
    /// How many of how many.
    pub of: u64,
    /// The first frame that shows it, where one is known.
    pub at: Option<Place>,
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// In what respect.
    pub aspect: Aspect,
    /// What it was, the commonest first.
    pub before: Vec<Value>,
    /// What it is.
    pub after: Vec<Value>,
    /// How sure it is: `Certain` where nothing of before is left and chance is excluded, `Likely`
    /// where shares or spans moved, `Possible` where chance is not excluded.
    pub confidence: Confidence,
    /// What else is to be said: what differs between two certificates, for example.
    pub says: String,
    /// The natural logarithm of the probability that chance alone explains it, over all tests.
    pub ln_p: f64,
}

/// How many connections of one server and name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tallied {
    /// All.
    pub connections: u64,
    /// Those that completed.
    pub completed: u64,
    /// Those that failed, health checks among them.
    pub failed: u64,
}

impl Tallied {
    fn of(group: &Group) -> Self {
        Self { connections: group.connections, completed: group.completed, failed: group.failed }
    }

    fn add(&mut self, other: Self) {
        self.connections = self.connections.saturating_add(other.connections);
        self.completed = self.completed.saturating_add(other.completed);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

/// A server and name that is in both captures and changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Changed {
    /// Where it is.
    pub server: Endpoint,
    /// Where it was, if the name moved.
    pub moved_from: Option<Endpoint>,
    /// The name.
    pub name: Option<WireText>,
    /// Whether this is about reaching the server at all: connections without a ClientHello that
    /// failed, among all that completed there, whatever the name.
    pub reach: bool,
    /// How many connections it had.
    pub before: Tallied,
    /// How many it has.
    pub after: Tallied,
    /// What changed, in the order of [`Aspect`].
    pub changes: Vec<Change>,
}

/// A server and name that is in one of the captures only.
#[derive(Clone, PartialEq, Debug)]
pub struct Single {
    /// Where it is.
    pub server: Endpoint,
    /// The name.
    pub name: Option<WireText>,
    /// How many connections it has.
    pub tallied: Tallied,
    /// `Likely` where chance is excluded, `Possible` where it was used too seldom to tell.
    pub confidence: Confidence,
}

/// What changed between two captures.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Comparison {
    /// All connections before.
    pub before: Tallied,
    /// All connections after.
    pub after: Tallied,
    /// What changed, by server and name.
    pub changed: Vec<Changed>,
    /// In the second capture only.
    pub appeared: Vec<Single>,
    /// In the first capture only.
    pub gone: Vec<Single>,
    /// How many servers and names are in both and did not change.
    pub unchanged: u64,
    /// How many tests were made; chance is held below [`ALPHA_ASIDE`] over those of each sort.
    pub tests: u64,
}

type Key<'f> = (Endpoint, Option<&'f WireText>);

fn groups(fleet: &Fleet) -> BTreeMap<Key<'_>, &Group> {
    fleet
        .servers
        .iter()
        .flat_map(|(end, server)| {
            server.names.iter().map(move |(name, group)| ((*end, name.as_ref()), &**group))
        })
        .collect()
}

fn total(groups: &BTreeMap<Key<'_>, &Group>) -> Tallied {
    let mut total = Tallied::default();
    groups.values().for_each(|group| total.add(Tallied::of(group)));
    total
}

/// Compares two analyses.
#[must_use]
pub fn compare(before: &Fleet, after: &Fleet) -> Comparison {
    let (mut old, mut new) = (groups(before), groups(after));
    let (all_before, all_after) = (total(&old), total(&new));
    let mut pairs: Vec<(Key<'_>, Option<Endpoint>, &Group, &Group)> = Vec::new();
    let keys: Vec<Key<'_>> = old.keys().filter(|key| new.contains_key(*key)).copied().collect();
    for key in keys {
        if let (Some(before), Some(after)) = (old.remove(&key), new.remove(&key)) {
            pairs.push((key, None, before, after));
        }
    }
    for (from, to) in moved(&old, &new) {
        if let (Some(before), Some(after)) = (old.remove(&from), new.remove(&to)) {
            pairs.push((to, Some(from.0), before, after));
        }
    }
    let mut compared: Vec<(Changed, Vec<Candidate>)> = pairs
        .into_iter()
        .map(|((server, name), moved_from, group, other)| {
            let (was, is) = (Tallied::of(group), Tallied::of(other));
            let changed = Changed {
                server,
                moved_from,
                name: name.cloned(),
                reach: false,
                before: was,
                after: is,
                changes: Vec::new(),
            };
            (changed, aspect::candidates((group, &before.hellos), (other, &after.hellos)))
        })
        .collect();
    compared.extend(reaching(before, after));
    compared
        .sort_by(|(a, _), (b, _)| (a.server, &a.name, a.reach).cmp(&(b.server, &b.name, b.reach)));
    // A server without a ClientHello is compared as a whole above where it is in both.
    let in_both =
        |end: &Endpoint| before.servers.contains_key(end) && after.servers.contains_key(end);
    let told = |(end, name): &Key<'_>, group: &Group| {
        name.is_none() && group.hellos.is_empty() && group.hellos_left_out == 0 && in_both(end)
    };
    old.retain(|key, group| !told(key, group));
    new.retain(|key, group| !told(key, group));
    let singles = u64::try_from(old.len().saturating_add(new.len())).unwrap_or(u64::MAX);
    let mut tests: BTreeMap<Sort, u64> = BTreeMap::from([(Sort::Presence, singles)]);
    for candidate in compared.iter().flat_map(|(_, all)| all) {
        let held = tests.entry(candidate.aspect().sort()).or_default();
        *held = held.saturating_add(candidate.tests);
    }
    let of = |sort: Sort| tests.get(&sort).copied().unwrap_or(0).max(1);
    let mut unchanged = 0;
    let mut changed = Vec::new();
    for (mut one, candidates) in compared {
        one.changes = candidates
            .into_iter()
            .filter_map(|found| {
                let tests = of(found.aspect().sort());
                found.judge(tests)
            })
            .collect();
        if !one.changes.is_empty() || one.moved_from.is_some() {
            changed.push(one);
        } else if !one.reach {
            unchanged += 1;
        }
    }
    Comparison {
        before: all_before,
        after: all_after,
        changed,
        appeared: singles_of(&new, all_after, all_before, of(Sort::Presence)),
        gone: singles_of(&old, all_before, all_after, of(Sort::Presence)),
        unchanged,
        tests: tests.values().copied().fold(0, u64::saturating_add),
    }
}

/// Servers in both that could not be reached at times.
fn reaching(before: &Fleet, after: &Fleet) -> Vec<(Changed, Vec<Candidate>)> {
    let tallied = |tally: Tally| Tallied {
        connections: tally.ended(),
        completed: tally.completed,
        failed: tally.failed,
    };
    before
        .servers
        .iter()
        .filter_map(|(end, old)| {
            let new = after.servers.get(end)?;
            if old.not_reached().is_none() && new.not_reached().is_none() {
                return None;
            }
            let (old, new) = (&old.reached(), &new.reached());
            let changed = Changed {
                server: *end,
                moved_from: None,
                name: None,
                reach: true,
                before: tallied(old.tally),
                after: tallied(new.tally),
                changes: Vec::new(),
            };
            Some((changed, aspect::ended(old, new)))
        })
        .collect()
}

/// Names that were at one address only and are at one other address only.
fn moved<'f>(
    old: &BTreeMap<Key<'f>, &Group>,
    new: &BTreeMap<Key<'f>, &Group>,
) -> Vec<(Key<'f>, Key<'f>)> {
    let by_name = |groups: &BTreeMap<Key<'f>, &Group>| {
        let mut names: BTreeMap<&'f WireText, Vec<Key<'f>>> = BTreeMap::new();
        for key in groups.keys() {
            if let Some(name) = key.1 {
                names.entry(name).or_default().push(*key);
            }
        }
        names
    };
    let (old, new) = (by_name(old), by_name(new));
    old.iter()
        .filter_map(|(name, from)| match (from.as_slice(), new.get(name)?.as_slice()) {
            ([from], [to]) => Some((*from, *to)),
            _ => None,
        })
        .collect()
}

fn singles_of(
    groups: &BTreeMap<Key<'_>, &Group>,
    here: Tallied,
    there: Tallied,
    tests: u64,
) -> Vec<Single> {
    groups
        .iter()
        .map(|((server, name), group)| {
            let tallied = Tallied::of(group);
            let ln_p = share::ln_p((tallied.connections, here.connections), (0, there.connections));
            let sure = significant(ln_p, tests, ALPHA_ASIDE);
            Single {
                server: *server,
                name: name.cloned(),
                tallied,
                confidence: if sure { Confidence::Likely } else { Confidence::Possible },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::{Script, offer};
    use crate::timing::Phases;
    use tlsleuth_handshake::codepoint::ProtocolVersion;

    fn fleet(build: impl FnOnce(&mut Script)) -> Fleet {
        let mut script = Script::default();
        build(&mut script);
        script.finished()
    }

    fn aspects(comparison: &Comparison) -> Vec<(Aspect, Confidence)> {
        let changes = comparison.changed.iter().flat_map(|changed| &changed.changes);
        changes.map(|change| (change.aspect, change.confidence)).collect()
    }

    #[test]
    fn a_certificate_that_was_replaced() {
        let before = fleet(|script| {
            (0..12).for_each(|_| script.connection().leaf("old", "E1").failed("chain.expired"));
        });
        let after = fleet(|script| {
            (0..12).for_each(|_| script.connection().leaf("new", "E2").completed());
        });
        let found = compare(&before, &after);
        assert_eq!(
            aspects(&found),
            [
                (Aspect::Outcome, Confidence::Certain),
                (Aspect::FailureRate, Confidence::Likely),
                (Aspect::Certificate, Confidence::Certain),
            ]
        );
        let certificate = &found.changed[0].changes[2];
        assert!(
            certificate.says.starts_with("issuer \"E1\", now \"E2\"; same sort of key"),
            "{}",
            certificate.says
        );
        assert_eq!((certificate.before[0].count, certificate.before[0].of), (12, 12));
        assert!(certificate.before[0].at.is_some());
    }

    #[test]
    fn one_connection_on_each_side_is_told_as_possible() {
        let before = fleet(|script| script.connection().leaf("same", "E1").completed());
        let after = fleet(|script| {
            let old = offer(ProtocolVersion::TLS1_0, &[0xc02f], &[]);
            script.connection().offer(old).leaf("same", "E1").failed("version.no-overlap");
        });
        assert_eq!(
            aspects(&compare(&before, &after)),
            [(Aspect::Outcome, Confidence::Possible), (Aspect::ClientHello, Confidence::Possible)]
        );
        assert_eq!(compare(&before, &before).changed, []);
    }

    #[test]
    fn chance_is_no_change() {
        let some = |every: usize| {
            fleet(|script| {
                for nth in 0..100 {
                    let making = script.connection().client(7 + nth % 3).leaf("a", "E1");
                    if nth % every == 0 {
                        making.failed("tcp.server-silent")
                    } else {
                        making.completed()
                    }
                }
            })
        };
        assert_eq!(aspects(&compare(&some(20), &some(15))), []);
        assert_eq!(compare(&some(20), &some(15)).unchanged, 1);
        assert_eq!(
            aspects(&compare(&some(20), &some(2))),
            [(Aspect::Outcome, Confidence::Likely), (Aspect::FailureRate, Confidence::Likely)]
        );
    }

    #[test]
    fn slower_is_told_where_the_median_moved() {
        let taking = |ms: i64| {
            fleet(|script| {
                for nth in 0..40 {
                    let span = Some((ms + nth % 5) * 1_000_000);
                    let phases = Phases { server_hello_ns: span, ..Phases::default() };
                    script.connection().phases(phases).completed();
                }
            })
        };
        let found = compare(&taking(20), &taking(60));
        assert_eq!(aspects(&found), [(Aspect::ServerHelloTime, Confidence::Likely)]);
        assert!(found.changed[0].changes[0].after[0].text.starts_with("median 6"));
        assert_eq!(aspects(&compare(&taking(20), &taking(21))), [], "less than a quarter");
    }

    #[test]
    fn servers_that_come_go_and_move() {
        let before = fleet(|script| {
            (0..20).for_each(|_| script.connection().server(2).completed());
            (0..20).for_each(|_| {
                script.connection().server(3).name(Some("old.example.test")).completed()
            });
            (0..20).for_each(|_| {
                script.connection().server(4).name(Some("moving.example.test")).completed()
            });
        });
        let after = fleet(|script| {
            (0..20).for_each(|_| script.connection().server(2).completed());
            (0..20).for_each(|_| {
                script.connection().server(5).name(Some("moving.example.test")).completed()
            });
            script.connection().server(6).name(Some("new.example.test")).completed();
        });
        let found = compare(&before, &after);
        assert_eq!(found.changed.len(), 1);
        assert_eq!(found.changed[0].moved_from, Some(endpoint(4)));
        assert_eq!(found.changed[0].server, endpoint(5));
        assert_eq!((found.gone.len(), found.gone[0].confidence), (1, Confidence::Likely));
        assert_eq!((found.appeared.len(), found.appeared[0].confidence), (1, Confidence::Possible));
        assert_eq!(found.unchanged, 1);
    }

    #[test]
    fn a_server_that_is_down_is_told_as_a_whole() {
        let before = fleet(|script| (0..20).for_each(|_| script.connection().completed()));
        let after = fleet(|script| {
            (0..20).for_each(|_| script.connection().no_hello().failed("tcp.refused"));
        });
        let found = compare(&before, &after);
        assert_eq!(
            aspects(&found),
            [(Aspect::Outcome, Confidence::Certain), (Aspect::FailureRate, Confidence::Likely)]
        );
        assert!(found.changed[0].reach);
        assert_eq!((found.appeared.len(), found.gone.len()), (0, 1));
    }

    #[test]
    fn what_is_out_of_sight_is_no_change() {
        let before =
            fleet(|script| (0..20).for_each(|_| script.connection().leaf("a", "E1").completed()));
        let after = fleet(|script| (0..20).for_each(|_| script.connection().completed()));
        assert_eq!(aspects(&compare(&before, &after)), []);
    }

    fn endpoint(last: u8) -> Endpoint {
        Endpoint { address: tlsleuth_capture::Address::v4([10, 0, 0, last]), port: 443 }
    }
}
