//! The table's numbers without the connections: failures are counted by kind, what completed by
//! server and name, and only some of each are kept to be shown. Its memory is bounded by the kinds,
//! not by the connections.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use tlsleuth::capture::{Address, Endpoint, Timestamp};
use tlsleuth::diagnosis::fleet::Group as FleetGroup;
use tlsleuth::diagnosis::{Fleet, Party, Severity};
use tlsleuth::handshake::codepoint::ProtocolVersion;
use tlsleuth::handshake::{Outcome, WireText};
use tlsleuth::{Analyzed, Counts};

use crate::build::{self, CaptureInput, Servers};
use crate::schema;
use crate::summary::{Grouped, GroupedHealthy, GroupedKind, GroupedWarning, HEALTH_CHECK, More};

/// Failed connections that are kept in full while there are no more.
pub(crate) const FEW: usize = 10;
/// Groups of one list; connections of further ones are counted together. As many as a table of
/// 16,384 places takes.
const MAX_GROUPS: usize = 14_336;
/// Groups of one list whose example is kept.
const MAX_EXAMPLES: usize = 128;
/// From so many connections on a group may take the place of a smaller one.
const SIZEABLE: u64 = 4;
/// Groups of one list that are shown, more than any list is long.
const SHOWN: usize = 64;
/// Clients told apart in one group.
const MAX_CLIENTS: usize = 1_000;
/// Clients told apart in all groups of one list.
const MAX_ALL_CLIENTS: usize = 65_536;
/// Versions told of one server and name.
const MAX_VERSIONS: usize = 8;

/// What the connections of a group have in common: the same code (a verdict, or a warning) at the
/// same server for the same name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    code: Option<&'static str>,
    server: Endpoint,
    sni: Option<WireText>,
}

impl Key {
    fn new(code: Option<&'static str>, analyzed: &Analyzed) -> Self {
        let hello = analyzed.connection.client_hello();
        let sni = hello.and_then(|hello| hello.value.extensions.server_name());
        Self {
            code,
            server: analyzed.connection.server,
            sni: sni.map(|name| name.host_name.clone()),
        }
    }
}

#[derive(Debug)]
struct Group {
    count: u64,
    /// The start and the number of the first one.
    first: (Timestamp, u64),
    last: Timestamp,
    /// In order; up to [`MAX_CLIENTS`].
    clients: Vec<Address>,
    /// Whether TLS was seen in the first one.
    tls: bool,
    /// Who has to act by the verdict of the first one.
    party: Option<Party>,
    example: Option<Box<Analyzed>>,
}

/// Groups of one list.
#[derive(Debug, Default)]
struct Groups {
    by_key: HashMap<Key, Group, RandomState>,
    /// The groups whose example is kept, [`MAX_EXAMPLES`] at most.
    with_example: Vec<Key>,
    /// No group with an example is smaller; counts only grow.
    smallest: u64,
    /// Connections of groups that did not fit.
    left_out: u64,
    /// Clients held in all groups.
    clients: usize,
}

impl Groups {
    /// Counts a connection, and keeps it if it is a good example.
    fn add(&mut self, code: Option<&'static str>, analyzed: Box<Analyzed>) {
        let key = Key::new(code, &analyzed);
        let client = analyzed.connection.client.address;
        let start = analyzed.connection.first.time;
        let full = self.by_key.len() >= MAX_GROUPS;
        let Some(group) = self.by_key.get_mut(&key) else {
            if full {
                self.left_out = self.left_out.saturating_add(1);
                return;
            }
            let tls = analyzed.connection.tls_seen();
            let party = analyzed.diagnosis.verdict().map(|finding| finding.party);
            let first = (start, analyzed.id);
            let example = (self.with_example.len() < MAX_EXAMPLES).then_some(analyzed);
            if example.is_some() {
                self.with_example.push(key.clone());
                self.smallest = 1;
            }
            let clients = vec![client];
            let group = Group { count: 1, first, last: start, clients, tls, party, example };
            self.by_key.insert(key, group);
            return;
        };
        group.count = group.count.saturating_add(1);
        group.last = group.last.max(start);
        if let Err(place) = group.clients.binary_search(&client)
            && group.clients.len() < MAX_CLIENTS
            && self.clients < MAX_ALL_CLIENTS
        {
            self.clients += 1;
            group.clients.insert(place, client);
        }
        let count = group.count;
        if group.example.is_none() && count >= SIZEABLE && count.is_power_of_two() {
            self.displace(key, count / 2, analyzed);
        }
    }

    /// Gives a group that grew the place of one of at most `half` its size, if there is one.
    fn displace(&mut self, key: Key, half: u64, analyzed: Box<Analyzed>) {
        if half < self.smallest {
            return;
        }
        let by_key = &self.by_key;
        let size = |key: &Key| {
            by_key
                .get(key)
                .map_or((0, None), |group| (group.count, Some(std::cmp::Reverse(group.first))))
        };
        let Some(place) = (0..self.with_example.len())
            .min_by_key(|place| self.with_example.get(*place).map(&size))
        else {
            return;
        };
        let Some(smallest) = self.with_example.get_mut(place) else { return };
        let (count, _) = size(smallest);
        self.smallest = count;
        if count > half {
            return;
        }
        let smallest = std::mem::replace(smallest, key.clone());
        if let Some(other) = self.by_key.get_mut(&smallest) {
            other.example = None;
        }
        if let Some(group) = self.by_key.get_mut(&key) {
            group.example = Some(analyzed);
        }
    }

    /// The most frequent first, then by their first connection: the first `most`, and those whose
    /// example is shown. That are the examples of the first ones and the first of each code.
    fn finish(self, shown: &mut Vec<Box<Analyzed>>, of: &Of<'_>, most: usize) -> Vec<GroupedKind> {
        let mut codes = HashSet::new();
        let mut groups: Vec<(Key, Group)> = self.by_key.into_iter().collect();
        // One connection may be the first of several codes: without the code they would come in the
        // order of the hash map.
        groups.sort_unstable_by_key(|(key, group)| {
            (std::cmp::Reverse(group.count), group.example.is_none(), group.first, key.code)
        });
        groups
            .into_iter()
            .enumerate()
            .filter_map(|(place, (key, group))| {
                let has_example = group.example.is_some();
                let of_note = has_example && codes.insert(key.code) || place < SHOWN;
                if !of_note && place >= most {
                    return None;
                }
                let example = group.example.filter(|_| of_note);
                let members = example.iter().map(|example| example.id).collect();
                shown.extend(example);
                Some(GroupedKind {
                    of: of.get(key.server, key.sni.as_ref(), group.tls),
                    verdict: key.code,
                    server: build::endpoint(key.server),
                    sni: key.sni.map(|name| name.to_string()),
                    party: group.party.map_or("unknown", Party::name),
                    count: group.count,
                    first: group.first.0,
                    last: group.last,
                    clients: group.clients.len(),
                    members,
                })
            })
            .collect()
    }
}

/// How many connections there are to a server, under each name, health checks aside.
struct Of<'f>(&'f Fleet);

impl Of<'_> {
    /// Without a ClientHello nobody knows the name: such a failure is one of all.
    fn get(&self, server: Endpoint, sni: Option<&WireText>, tls: bool) -> u64 {
        let Some(server) = self.0.servers.get(&server) else { return 0 };
        let count = |group: &FleetGroup| group.connections.saturating_sub(group.health_checks);
        if sni.is_none() && !tls {
            return server.names.iter().map(|(_, group)| count(group)).sum();
        }
        let sni = sni.map(|name| WireText::new(&name.raw().to_ascii_lowercase()));
        server.names.get(&sni).map_or(0, |group| count(group))
    }
}

#[derive(Debug, Default)]
struct Healthy {
    count: u64,
    versions: Vec<ProtocolVersion>,
}

/// Counts connections as they are told.
#[derive(Debug)]
pub struct Tally {
    roots: &'static str,
    /// The failed ones while there are few; afterwards they are in `kinds`.
    few: Option<Vec<Box<Analyzed>>>,
    kinds: Groups,
    incomplete: Groups,
    health_checks: Groups,
    warnings: Groups,
    healthy: HashMap<Key, Healthy, RandomState>,
    /// Completed connections to servers and names that did not fit.
    healthy_left_out: u64,
    shown: u64,
    filtered: u64,
    span: Option<(Timestamp, Timestamp)>,
}

impl Tally {
    /// Nothing counted yet. `roots` names the anchors, as the report does.
    #[must_use]
    pub fn new(roots: &'static str) -> Self {
        Self {
            roots,
            few: Some(Vec::new()),
            kinds: Groups::default(),
            incomplete: Groups::default(),
            health_checks: Groups::default(),
            warnings: Groups::default(),
            healthy: HashMap::default(),
            healthy_left_out: 0,
            shown: 0,
            filtered: 0,
            span: None,
        }
    }

    /// Counts a connection that filters leave out.
    pub fn leave_out(&mut self) {
        self.filtered = self.filtered.saturating_add(1);
    }

    /// Counts a connection.
    pub fn push(&mut self, analyzed: Box<Analyzed>) {
        self.shown = self.shown.saturating_add(1);
        let start = analyzed.connection.first.time;
        let (first, last) = self.span.unwrap_or((start, start));
        self.span = Some((first.min(start), last.max(start)));
        let verdict = analyzed.diagnosis.verdict().map(|finding| finding.code);
        match analyzed.diagnosis.outcome {
            _ if verdict == Some(HEALTH_CHECK) => self.health_checks.add(verdict, analyzed),
            Outcome::Failed => self.failed(verdict, analyzed),
            Outcome::Completed => self.completed(analyzed),
            Outcome::Incomplete => {
                let code = analyzed.diagnosis.findings.first().map(|finding| finding.code);
                self.incomplete.add(code, analyzed);
            }
        }
    }

    fn failed(&mut self, verdict: Option<&'static str>, analyzed: Box<Analyzed>) {
        let Some(few) = &mut self.few else { return self.kinds.add(verdict, analyzed) };
        few.push(analyzed);
        if few.len() > FEW {
            for analyzed in self.few.take().unwrap_or_default() {
                let verdict = analyzed.diagnosis.verdict().map(|finding| finding.code);
                self.kinds.add(verdict, analyzed);
            }
        }
    }

    fn completed(&mut self, analyzed: Box<Analyzed>) {
        let key = Key::new(None, &analyzed);
        let full = self.healthy.len() >= MAX_GROUPS;
        let healthy = match self.healthy.get_mut(&key) {
            Some(healthy) => Some(healthy),
            None if full => None,
            None => Some(self.healthy.entry(key).or_default()),
        };
        match healthy {
            Some(healthy) => {
                healthy.count = healthy.count.saturating_add(1);
                if let Some(version) = build::negotiated(&analyzed.connection)
                    && healthy.versions.len() < MAX_VERSIONS
                    && !healthy.versions.contains(&version)
                {
                    healthy.versions.push(version);
                }
            }
            None => self.healthy_left_out = self.healthy_left_out.saturating_add(1),
        }
        let mut warned =
            analyzed.diagnosis.findings.iter().filter(|f| f.severity == Severity::Warning);
        let Some(first) = warned.next().map(|finding| finding.code) else { return };
        // A connection with several warnings is an example of each.
        let others: Vec<&'static str> = warned.map(|finding| finding.code).collect();
        for code in others {
            self.warnings.add(Some(code), analyzed.clone());
        }
        self.warnings.add(Some(first), analyzed);
    }

    /// The report, with only those connections in it that the table shows.
    #[must_use]
    pub fn finish(
        mut self,
        captures: &[CaptureInput],
        fleet: &Fleet,
        counts: &Counts,
    ) -> schema::Report {
        let of = Of(fleet);
        let lists = [&self.kinds, &self.incomplete, &self.health_checks, &self.warnings];
        let ungrouped = lists.iter().map(|groups| groups.left_out).sum::<u64>();
        let ungrouped = ungrouped.saturating_add(self.healthy_left_out);
        let mut shown: Vec<Box<Analyzed>> = Vec::new();
        let few = self.few.take();
        let mut kinds = match &few {
            None => self.kinds.finish(&mut shown, &of, usize::MAX),
            Some(few) => {
                let mut kinds = Groups::default();
                for analyzed in few {
                    let verdict = analyzed.diagnosis.verdict().map(|finding| finding.code);
                    kinds.add(verdict, analyzed.clone());
                }
                kinds.finish(&mut Vec::new(), &of, usize::MAX)
            }
        };
        if let Some(few) = few {
            for kind in &mut kinds {
                kind.members = few
                    .iter()
                    .filter(|analyzed| {
                        let verdict = analyzed.diagnosis.verdict().map(|finding| finding.code);
                        let key = Key::new(verdict, analyzed);
                        key.code == kind.verdict
                            && build::endpoint(key.server) == kind.server
                            && key.sni.map(|name| name.to_string()) == kind.sni
                    })
                    .map(|analyzed| analyzed.id)
                    .collect();
            }
            shown.extend(few);
        }
        let groups = |groups: &Groups| groups.by_key.len();
        let all_incomplete = groups(&self.incomplete);
        let all_health_checks = groups(&self.health_checks);
        let warned = groups(&self.warnings);
        let incomplete = self.incomplete.finish(&mut shown, &of, SHOWN);
        let health_checks = self.health_checks.finish(&mut shown, &of, SHOWN);
        let warnings = self.warnings.finish(&mut shown, &of, SHOWN);
        let warnings: Vec<GroupedWarning> = warnings
            .into_iter()
            .filter_map(|kind| {
                let (code, example) = (kind.verdict?, *kind.members.first()?);
                Some(GroupedWarning { code, example, count: kind.count })
            })
            .collect();
        let mut healthy: Vec<(Key, Healthy)> = self.healthy.into_iter().collect();
        let all_healthy = healthy.len();
        let order = |(a, one): &(Key, Healthy), (b, other): &(Key, Healthy)| {
            let servers = a.server.cmp(&b.server);
            other.count.cmp(&one.count).then(servers).then_with(|| a.sni.cmp(&b.sni))
        };
        if all_healthy > SHOWN {
            healthy.select_nth_unstable_by(SHOWN, order);
            healthy.truncate(SHOWN);
        }
        healthy.sort_unstable_by(order);
        let healthy: Vec<GroupedHealthy> = healthy
            .into_iter()
            .map(|(key, healthy)| GroupedHealthy {
                server: build::endpoint(key.server),
                sni: key.sni.map(|name| name.to_string()),
                count: healthy.count,
                versions: healthy.versions.iter().map(ToString::to_string).collect(),
            })
            .collect();
        shown.sort_by_key(|analyzed| analyzed.id);
        shown.dedup_by_key(|analyzed| analyzed.id);
        let mut report =
            build::report_with(captures, shown, fleet, counts, self.roots, Servers::LeftOut);
        report.counts.connections_left_out = self.filtered;
        let (first, last) = self.span.unwrap_or_default();
        let more = More {
            warnings: warned - warnings.len(),
            healthy: all_healthy - healthy.len(),
            incomplete: all_incomplete - incomplete.len(),
            health_checks: all_health_checks - health_checks.len(),
        };
        let grouped = Grouped {
            shown: self.shown,
            kinds,
            healthy,
            incomplete,
            health_checks,
            warnings,
            more,
            first_start: build::time(first),
            last_start: build::time(last),
            ungrouped,
        };
        report.grouped = Some(Box::new(grouped));
        report
    }
}
