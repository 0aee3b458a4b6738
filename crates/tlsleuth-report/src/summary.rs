//! Many connections at a glance: failures by kind, what is healthy, what stays open. Shared by the
//! renderers for people.

use std::collections::BTreeMap;

use tlsleuth::Timestamp;

use crate::build;
use crate::schema::{self, Connection, Endpoint, Finding, Report};
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

impl Totals {
    fn of(all: &schema::Totals) -> Self {
        let connections = all.connections.saturating_sub(all.health_checks);
        Self {
            connections,
            completed: all.completed,
            failed: all.failed,
            incomplete: connections.saturating_sub(all.completed).saturating_sub(all.failed),
            health_checks: all.health_checks,
        }
    }
}

/// Groups beyond those in the lists of the same names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct More {
    pub(crate) warnings: usize,
    pub(crate) healthy: usize,
    pub(crate) incomplete: usize,
    pub(crate) health_checks: usize,
}

/// The numbers of all connections, where the report holds but examples; see
/// [`Tally`](crate::Tally).
#[derive(Clone, Debug)]
pub(crate) struct Grouped {
    pub(crate) shown: u64,
    pub(crate) kinds: Vec<GroupedKind>,
    pub(crate) healthy: Vec<GroupedHealthy>,
    pub(crate) incomplete: Vec<GroupedKind>,
    pub(crate) health_checks: Vec<GroupedKind>,
    pub(crate) warnings: Vec<GroupedWarning>,
    pub(crate) more: More,
    pub(crate) first_start: String,
    pub(crate) last_start: String,
    /// Connections that are in no list because there are too many servers and names.
    pub(crate) ungrouped: u64,
}

/// One kind in numbers.
#[derive(Clone, Debug)]
pub(crate) struct GroupedKind {
    pub(crate) verdict: Option<&'static str>,
    pub(crate) server: Endpoint,
    pub(crate) sni: Option<String>,
    /// Who has to act by the first of them.
    pub(crate) party: &'static str,
    pub(crate) count: u64,
    pub(crate) of: u64,
    /// When the first and the last of them began.
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) clients: usize,
    /// Numbers of the connections that the report holds.
    pub(crate) members: Vec<u64>,
}

/// What completed at one server under one name, in numbers.
#[derive(Clone, Debug)]
pub(crate) struct GroupedHealthy {
    pub(crate) server: Endpoint,
    pub(crate) sni: Option<String>,
    pub(crate) count: u64,
    pub(crate) versions: Vec<String>,
}

/// One warning in numbers.
#[derive(Clone, Debug)]
pub(crate) struct GroupedWarning {
    pub(crate) code: &'static str,
    /// The number of a connection with it.
    pub(crate) example: u64,
    pub(crate) count: u64,
}

/// Failures of one kind: the same verdict at the same server for the same name.
#[derive(Debug)]
pub(crate) struct Kind<'r> {
    pub(crate) verdict: Option<&'r str>,
    pub(crate) server: &'r Endpoint,
    pub(crate) sni: Option<&'r str>,
    /// In order; those that the report holds.
    pub(crate) members: Vec<&'r Connection>,
    /// All connections to this server and name, health checks aside.
    pub(crate) of: u64,
    /// Where the report does not hold them all.
    numbers: Option<&'r GroupedKind>,
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
        self.numbers.map_or_else(|| number(self.members.len()), |numbers| numbers.count)
    }

    /// When the first of them began.
    pub(crate) fn first_start(&self) -> String {
        match self.numbers {
            Some(numbers) => build::time(numbers.first),
            None => self.example().map_or_else(String::new, |first| first.start.clone()),
        }
    }

    /// When the last of them began.
    pub(crate) fn last_start(&self) -> String {
        match self.numbers {
            Some(numbers) => build::time(numbers.last),
            None => self.last().map_or_else(String::new, |last| last.start.clone()),
        }
    }

    /// The finding that is the verdict of the example.
    pub(crate) fn finding(&self) -> Option<&'r Finding> {
        self.example().and_then(story::verdict)
    }

    /// Who has to act.
    pub(crate) fn party(&self) -> &'r str {
        match (self.finding(), self.numbers) {
            (Some(finding), _) => finding.party,
            (None, Some(numbers)) => numbers.party,
            (None, None) => "unknown",
        }
    }

    /// How many clients it hit.
    pub(crate) fn clients(&self) -> usize {
        if let Some(numbers) = self.numbers {
            return numbers.clients;
        }
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
    pub(crate) more: More,
    /// Whether the connections are of several days.
    pub(crate) days: bool,
    /// Connections that are in no list because there are too many servers and names.
    pub(crate) ungrouped: u64,
}

impl<'r> Summary<'r> {
    /// Failures that the report holds, health checks aside.
    pub(crate) fn failures(&self) -> u64 {
        self.kinds.iter().map(Kind::count).sum()
    }
}

/// Failures by verdict alone, whatever the server.
#[derive(Debug)]
pub(crate) struct Verdict<'r> {
    /// The most frequent kind of them, of those with an example if there is one.
    pub(crate) kind: &'r Kind<'r>,
    pub(crate) failed: u64,
    /// How many kinds, which is how many servers and names.
    pub(crate) kinds: usize,
    /// When the first of them began.
    pub(crate) first_start: String,
    /// When the last of them began.
    pub(crate) last_start: String,
}

/// The first findings of each code, and of which codes how many more there are.
pub(crate) fn few_of_each(findings: &[Finding], few: u64) -> (Vec<&Finding>, Vec<(&str, u64)>) {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut shown = Vec::new();
    for finding in findings {
        let count = counts.entry(finding.code).or_default();
        *count += 1;
        if *count <= few {
            shown.push(finding);
        }
    }
    let more = counts.into_iter().filter(|(_, count)| *count > few);
    (shown, more.map(|(code, count)| (code, count - few)).collect())
}

/// Kinds of failures by their verdict, the most frequent first.
pub(crate) fn verdicts<'r>(kinds: &'r [Kind<'r>]) -> Vec<Verdict<'r>> {
    let mut verdicts: Vec<Verdict<'_>> = Vec::new();
    for kind in kinds {
        let (first_start, last_start) = (kind.first_start(), kind.last_start());
        match verdicts.iter_mut().find(|other| other.kind.verdict == kind.verdict) {
            Some(other) => {
                if other.kind.example().is_none() && kind.example().is_some() {
                    other.kind = kind;
                }
                other.failed += kind.count();
                other.kinds += 1;
                if first_start < other.first_start {
                    other.first_start = first_start;
                }
                if last_start > other.last_start {
                    other.last_start = last_start;
                }
            }
            None => {
                let failed = kind.count();
                verdicts.push(Verdict { kind, failed, kinds: 1, first_start, last_start });
            }
        }
    }
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.failed));
    verdicts
}

type Key<'r> = (Option<&'r str>, &'r str, u16, Option<&'r str>);

pub(crate) fn summary(report: &Report) -> Summary<'_> {
    match &report.grouped {
        Some(grouped) => of_grouped(report, grouped),
        None => of_connections(report),
    }
}

fn of_grouped<'r>(report: &'r Report, grouped: &'r Grouped) -> Summary<'r> {
    let find = |id: u64| {
        let place = report.connections.binary_search_by_key(&id, |connection| connection.id);
        place.ok().and_then(|place| report.connections.get(place))
    };
    let kinds = |kinds: &'r [GroupedKind]| -> Vec<Kind<'r>> {
        let kinds = kinds.iter().map(|kind| Kind {
            verdict: kind.verdict,
            server: &kind.server,
            sni: kind.sni.as_deref(),
            members: kind.members.iter().filter_map(|id| find(*id)).collect(),
            of: kind.of,
            numbers: Some(kind),
        });
        kinds.collect()
    };
    let healthy = grouped.healthy.iter().map(|healthy| Healthy {
        server: &healthy.server,
        sni: healthy.sni.as_deref(),
        count: healthy.count,
        versions: healthy.versions.iter().map(String::as_str).collect(),
    });
    let warnings = grouped.warnings.iter().filter_map(|warning| {
        let example = find(warning.example)?;
        let finding = example.findings.iter().find(|finding| finding.code == warning.code)?;
        Some(Warned { finding, example, count: warning.count })
    });
    Summary {
        totals: Totals::of(&report.fleet.totals),
        shown: grouped.shown,
        kinds: kinds(&grouped.kinds),
        healthy: healthy.collect(),
        incomplete: kinds(&grouped.incomplete),
        health_checks: kinds(&grouped.health_checks),
        warnings: warnings.collect(),
        more: grouped.more,
        days: quantity::date(&grouped.first_start) != quantity::date(&grouped.last_start),
        ungrouped: grouped.ungrouped,
    }
}

fn of_connections(report: &Report) -> Summary<'_> {
    let mut of: BTreeMap<(&str, u16, Option<&str>), u64> = BTreeMap::new();
    for server in &report.fleet.servers {
        let checks = server.verdicts.get(HEALTH_CHECK).copied().unwrap_or(0);
        of.insert(
            (&server.address, server.port, server.sni.as_deref()),
            server.connections - checks.min(server.connections),
        );
    }
    let totals = Totals::of(&report.fleet.totals);
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
        more: More::default(),
        ungrouped: 0,
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
                Some(Kind { verdict, server, sni, members, of, numbers: None })
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

#[cfg(test)]
mod tests {
    use super::few_of_each;
    use crate::schema::Finding;

    fn finding(code: &'static str) -> Finding {
        Finding { code, ..Finding::default() }
    }

    #[test]
    fn what_is_alike_is_counted() {
        let findings: Vec<Finding> =
            ["b", "a", "b", "b", "c", "b"].into_iter().map(finding).collect();
        let (shown, more) = few_of_each(&findings, 2);
        let shown: Vec<&str> = shown.iter().map(|finding| finding.code).collect();
        assert_eq!(shown, ["b", "a", "b", "c"]);
        assert_eq!(more, [("b", 2)]);
    }
}
