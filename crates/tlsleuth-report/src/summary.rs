//! Many connections at a glance: failures by kind, what is healthy, what stays open. Shared by the
//! renderers for people.

use std::collections::BTreeMap;

use crate::schema::{Connection, Endpoint, Finding, Report};
use crate::{quantity, story};

/// The verdict of a connection that opened and closed without a byte: a health check or a scan.
pub(crate) const HEALTH_CHECK: &str = "tcp.no-client-hello";

/// How many connections there are, whatever filters left of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) connections: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) incomplete: u64,
    pub(crate) health_checks: u64,
}

/// Failures of one kind: the same verdict at the same server for the same name.
#[derive(Debug)]
pub(crate) struct Kind<'r> {
    pub(crate) verdict: Option<&'r str>,
    pub(crate) server: &'r Endpoint,
    pub(crate) sni: Option<&'r str>,
    /// In order; never empty.
    pub(crate) members: Vec<&'r Connection>,
    /// All connections to this server and name, health checks aside.
    pub(crate) of: u64,
}

impl<'r> Kind<'r> {
    /// The first of them, as the example.
    pub(crate) fn example(&self) -> Option<&'r Connection> {
        self.members.first().copied()
    }

    pub(crate) fn last(&self) -> Option<&'r Connection> {
        self.members.last().copied()
    }

    pub(crate) fn count(&self) -> u64 {
        number(self.members.len())
    }

    /// The finding that is the verdict of the example.
    pub(crate) fn finding(&self) -> Option<&'r Finding> {
        self.example().and_then(story::verdict)
    }

    /// Who has to act.
    pub(crate) fn party(&self) -> &'r str {
        self.finding().map_or("unknown", |finding| finding.party)
    }

    /// How many clients it hit.
    pub(crate) fn clients(&self) -> usize {
        let mut clients: Vec<&str> =
            self.members.iter().map(|connection| connection.client.address.as_str()).collect();
        clients.sort_unstable();
        clients.dedup();
        clients.len()
    }
}

/// Connections to one server and name that completed.
#[derive(Debug)]
pub(crate) struct Healthy<'r> {
    pub(crate) server: &'r Endpoint,
    pub(crate) sni: Option<&'r str>,
    pub(crate) count: u64,
    /// Negotiated versions, each once.
    pub(crate) versions: Vec<&'r str>,
}

/// One warning on connections that completed.
#[derive(Debug)]
pub(crate) struct Warned<'r> {
    pub(crate) finding: &'r Finding,
    pub(crate) example: &'r Connection,
    pub(crate) count: u64,
}

/// Everything that is told of many connections.
#[derive(Debug)]
pub(crate) struct Summary<'r> {
    pub(crate) totals: Totals,
    /// How many of them the report still holds.
    pub(crate) shown: u64,
    /// The most frequent first.
    pub(crate) kinds: Vec<Kind<'r>>,
    pub(crate) healthy: Vec<Healthy<'r>>,
    pub(crate) incomplete: Vec<Kind<'r>>,
    pub(crate) health_checks: Vec<Kind<'r>>,
    pub(crate) warnings: Vec<Warned<'r>>,
    /// Whether the connections are of several days.
    pub(crate) days: bool,
}

impl<'r> Summary<'r> {
    /// Failures that the report holds, health checks aside.
    pub(crate) fn failures(&self) -> u64 {
        self.kinds.iter().map(Kind::count).sum()
    }
}

type Key<'r> = (Option<&'r str>, &'r str, u16, Option<&'r str>);

pub(crate) fn summary(report: &Report) -> Summary<'_> {
    let mut of: BTreeMap<(&str, u16, Option<&str>), u64> = BTreeMap::new();
    for server in &report.fleet.servers {
        let checks = server.verdicts.get(HEALTH_CHECK).copied().unwrap_or(0);
        of.insert(
            (&server.address, server.port, server.sni.as_deref()),
            server.connections - checks.min(server.connections),
        );
    }
    let all = report.fleet.totals;
    let connections = all.connections.saturating_sub(all.health_checks);
    let totals = Totals {
        connections,
        completed: all.completed,
        failed: all.failed,
        incomplete: connections.saturating_sub(all.completed).saturating_sub(all.failed),
        health_checks: all.health_checks,
    };
    let mut kinds = Groups::default();
    let mut incomplete = Groups::default();
    let mut health_checks = Groups::default();
    let mut healthy: BTreeMap<(&str, u16, Option<&str>), Healthy<'_>> = BTreeMap::new();
    let mut warnings: BTreeMap<(&str, &str, u16, Option<&str>), Warned<'_>> = BTreeMap::new();
    for connection in &report.connections {
        let (server, sni) = (&connection.server, connection.sni.as_deref());
        let at = (server.address.as_str(), server.port, sni);
        match connection.outcome {
            _ if connection.verdict == Some(HEALTH_CHECK) => {
                health_checks.add(connection.verdict, connection);
            }
            "failed" => kinds.add(connection.verdict, connection),
            "completed" => {
                let entry = healthy.entry(at).or_insert_with(|| Healthy {
                    server,
                    sni,
                    count: 0,
                    versions: Vec::new(),
                });
                entry.count += 1;
                if let Some(version) = connection.version.name.as_deref()
                    && !entry.versions.contains(&version)
                {
                    entry.versions.push(version);
                }
                for finding in connection.findings.iter().filter(|f| f.severity == "warning") {
                    warnings
                        .entry((finding.code, at.0, at.1, at.2))
                        .or_insert_with(|| Warned { finding, example: connection, count: 0 })
                        .count += 1;
                }
            }
            _ => incomplete.add(connection.findings.first().map(|f| f.code), connection),
        }
    }
    let mut healthy: Vec<Healthy<'_>> = healthy.into_values().collect();
    healthy.sort_by_key(|healthy| std::cmp::Reverse(healthy.count));
    let mut warnings: Vec<Warned<'_>> = warnings.into_values().collect();
    warnings.sort_by_key(|warned| std::cmp::Reverse(warned.count));
    let first = report.connections.iter().map(|connection| connection.start.as_str()).min();
    let last = report.connections.iter().map(|connection| connection.start.as_str()).max();
    let day = |time: Option<&'_ str>| time.map(|time| quantity::date(time).to_owned());
    Summary {
        days: day(first) != day(last),
        totals,
        shown: number(report.connections.len()),
        kinds: kinds.finish(&of),
        healthy,
        incomplete: incomplete.finish(&of),
        health_checks: health_checks.finish(&of),
        warnings,
    }
}

#[derive(Default)]
struct Groups<'r>(BTreeMap<Key<'r>, Vec<&'r Connection>>);

impl<'r> Groups<'r> {
    fn add(&mut self, verdict: Option<&'r str>, connection: &'r Connection) {
        let server = &connection.server;
        let key = (verdict, server.address.as_str(), server.port, connection.sni.as_deref());
        self.0.entry(key).or_default().push(connection);
    }

    /// The most frequent first, then by their first connection.
    fn finish(self, of: &BTreeMap<(&str, u16, Option<&str>), u64>) -> Vec<Kind<'r>> {
        let mut kinds: Vec<Kind<'r>> = self
            .0
            .into_iter()
            .filter_map(|((verdict, address, port, sni), members)| {
                let first = members.first()?;
                let server = &first.server;
                // Without a ClientHello nobody knows the name: such a failure is one of all.
                let unknown = sni.is_none() && first.protocol.is_none();
                let of = of
                    .iter()
                    .filter(|((other, other_port, other_sni), _)| {
                        (*other, *other_port) == (address, port) && (unknown || *other_sni == sni)
                    })
                    .map(|(_, count)| count)
                    .sum();
                Some(Kind { verdict, server, sni, members, of })
            })
            .collect();
        kinds.sort_by_key(|kind| {
            (std::cmp::Reverse(kind.members.len()), kind.example().map(|first| first.id))
        });
        kinds
    }
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
