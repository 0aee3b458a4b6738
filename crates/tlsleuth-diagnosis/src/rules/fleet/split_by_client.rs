//! `fleet.split-by-client`: some clients always succeed and others always fail on the same server.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tlsleuth_capture::{Address, Endpoint, Place};
use tlsleuth_cert::WireText;

use super::{by_size, called, explained, separable};
use crate::fleet::chance::{ALPHA, Table, p_value, significant};
use crate::fleet::hello::Offer;
use crate::fleet::{Group, Population, Server, Summary, Tally};
use crate::rule::declare_fleet_rule;
use crate::{Finding, Party, wording};

declare_fleet_rule! {
    /// Some clients always succeed and others always fail on the same server.
    ///
    /// ## What happened
    /// One property of the ClientHello, or the address of the client, tells which connections fail.
    /// The finding names the simplest such property: version, suite, group, signature algorithm,
    /// name sent or not, application protocol, extension, fingerprint, size of the hello, range of
    /// addresses.
    /// ## Likely causes
    /// A server that was hardened, or not yet renewed; clients that are too old or too new; a device
    /// on the way that dislikes something in the hello, or loses one that does not fit into a single
    /// segment (a key share of a post-quantum group makes it that large); a filter for addresses.
    /// ## The test
    /// Nine of ten connections with the property fail, nine of ten without it complete, at least three
    /// each, and Fisher's exact test gives 0.01 at most, over all distinct separations that were tried
    /// and all servers (Bonferroni). Of several such properties the one with the fewest exceptions
    /// wins, then the first in the order above; where the path is at fault by most verdicts (`tcp.*`),
    /// the size comes first. What separates just as well is named beside it.
    /// ## When it cannot be told
    /// Properties that always go together cannot be told apart: those of one sort are listed. Failures
    /// that a fallback, a certificate or a resumption explains are not told again.
    pub static FLEET_SPLIT_BY_CLIENT {
        code: "fleet.split-by-client",
        severity: Warning,
        since: "0.1.0",
        references: [],
    }
}

/// Other properties named that separate as well.
const ALSO: usize = 3;

/// Sorts of properties in the order in which they are preferred.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Sort {
    NoChosenVersion,
    Version,
    NoChosenSuite,
    NoChosenGroup,
    Suite,
    Group,
    Signature,
    Alpn,
    Extension,
    Fingerprint,
}

/// One property that some hellos have: `lacks` turns it round.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Property {
    sort: Sort,
    lacks: bool,
}

/// What separates failing connections from the others.
pub(crate) struct Split {
    /// As the end of "hellos that ...".
    pub(super) says: String,
    pub(super) table: Table,
    pub(super) ln_p: f64,
    pub(super) tries: u64,
    pub(super) failed: Option<Place>,
    pub(super) completed: Option<Place>,
    pub(super) party: Party,
    pub(super) clients: Vec<Address>,
    /// What separates just as well.
    pub(super) also: Vec<String>,
}

/// What separates the hellos of one group, if something does.
pub(crate) fn split(
    summary: &Summary,
    server: Endpoint,
    name: Option<&WireText>,
    group: &Group,
) -> Option<Split> {
    if !separable(summary, group.ended) {
        return None;
    }
    let population = &group.asked;
    // A ladder explains most of the failures: the same client gets through in the end.
    if population.excused.saturating_mul(2) > population.tally.failed
        || explained(summary, server, name, group)
    {
        return None;
    }
    let (hello, size) = (by_hello(summary, group), by_size::split(summary, group));
    let by_path = population.verdicts.iter().max_by_key(|(_, (count, _))| *count);
    let by_path = by_path.is_some_and(|(code, _)| code.starts_with("tcp."));
    match (hello, size) {
        (Some(hello), Some(size)) => Some(hello.or_better(size, by_path)),
        (hello, size) => hello.or(size).or_else(|| by_address(summary, population)),
    }
}

impl Split {
    /// The better one of this and a separation by size; where both are as good it names the other.
    fn or_better(mut self, mut size: Self, prefer_size: bool) -> Self {
        match (self.table.misfits(), size.table.misfits()) {
            (hello, sized) if hello < sized => self,
            (hello, sized) if hello > sized => size,
            _ if prefer_size => {
                size.also = std::iter::once(self.says).chain(self.also).take(ALSO).collect();
                size
            }
            _ => {
                self.also.push(size.says);
                self
            }
        }
    }
}

fn by_hello(summary: &Summary, group: &Group) -> Option<Split> {
    if group.hellos_left_out > 0 || group.hellos.len() < 2 {
        return None;
    }
    let full =
        if group.hellos.len() >= 128 { u128::MAX } else { (1u128 << group.hellos.len()) - 1 };
    let mut masks: BTreeMap<(Property, u128), Vec<String>> = BTreeMap::new();
    for (sort, says, mask) in properties(summary, group) {
        for (mask, lacks) in [(mask, false), (full & !mask, true)] {
            // A choice that nothing offered is only told in one way.
            let one_way = matches!(
                sort,
                Sort::NoChosenVersion
                    | Sort::NoChosenSuite
                    | Sort::NoChosenGroup
                    | Sort::Version
                    | Sort::Fingerprint
            );
            if mask != 0 && mask != full && !(lacks && one_way) {
                masks.entry((Property { sort, lacks }, mask)).or_default().push(says.clone());
            }
        }
    }
    let distinct: BTreeSet<u128> =
        masks.keys().map(|(_, mask)| *mask.min(&(full & !*mask))).collect();
    let tries = u64::try_from(distinct.len()).unwrap_or(u64::MAX).saturating_mul(summary.looks());
    let judged = masks.iter().filter_map(|((property, mask), says)| {
        let (with, without) = tallies(group, *mask);
        let table = table(with, without);
        let ln_p = table.ln_p();
        (table.separates() && significant(ln_p, tries, ALPHA)).then_some((
            table.misfits(),
            property,
            says,
            table,
            ln_p,
            with,
            without,
            *mask,
        ))
    });
    let (_, property, says, table, ln_p, with, without, mask) =
        judged.min_by(|a, b| (a.0, a.1, a.7).cmp(&(b.0, b.1, b.7)))?;
    Some(Split {
        says: words(property, says),
        table,
        ln_p,
        tries,
        failed: with.first_failed,
        completed: without.first_completed,
        party: Party::Client,
        clients: failing(&group.asked),
        also: masks
            .iter()
            .filter(|((other, other_mask), _)| {
                *other_mask == mask && other.sort != property.sort && !other.lacks
            })
            .take(ALSO)
            .map(|((other, _), says)| words(other, says))
            .collect(),
    })
}

/// Clients that only fail.
pub(super) fn failing(population: &Population) -> Vec<Address> {
    population
        .clients
        .iter()
        .filter(|(_, client)| client.failed > 0 && client.completed == 0)
        .map(|(address, _)| *address)
        .collect()
}

pub(super) fn table(with: Tally, without: Tally) -> Table {
    Table {
        failed_with: with.failed,
        completed_with: with.completed,
        failed_without: without.failed,
        completed_without: without.completed,
    }
}

fn tallies(group: &Group, mask: u128) -> (Tally, Tally) {
    let mut with = Tally::default();
    let mut without = Tally::default();
    for (nth, (_, tally)) in group.hellos.iter().enumerate() {
        let side = if mask >> nth & 1 == 1 { &mut with } else { &mut without };
        *side = side.and(*tally);
    }
    (with, without)
}

/// Every property that some hello of the group has, with the hellos that have it.
fn properties(summary: &Summary, group: &Group) -> Vec<(Sort, String, u128)> {
    let mut found: BTreeMap<(Sort, String), u128> = BTreeMap::new();
    for (nth, (id, _)) in group.hellos.iter().enumerate() {
        let Some(offer) = summary.offer(*id) else { continue };
        let bit = 1u128 << nth;
        let mut note = |sort, says: String| *found.entry((sort, says)).or_default() |= bit;
        choices(group, offer, &mut note);
        for suite in &offer.suites {
            note(Sort::Suite, suite.to_string());
        }
        for group in &offer.groups {
            note(Sort::Group, group.to_string());
        }
        for scheme in &offer.signatures {
            note(Sort::Signature, scheme.to_string());
        }
        if !offer.alpn.is_empty() {
            note(Sort::Alpn, "any application protocol (ALPN)".to_owned());
        }
        for protocol in &offer.alpn {
            note(Sort::Alpn, format!("ALPN {protocol}"));
        }
        for kind in &offer.extensions {
            note(Sort::Extension, format!("the extension {kind}"));
        }
        note(Sort::Fingerprint, offer.ja4.clone());
    }
    // "Offers at most": every hello whose newest version is not above this one.
    let newest = |id| summary.offer(id).and_then(|offer| offer.newest);
    let versions: BTreeSet<_> = group.hellos.iter().filter_map(|(id, _)| newest(*id)).collect();
    for version in versions {
        let mut up_to = 0u128;
        let mut from = 0u128;
        for (nth, (id, _)) in group.hellos.iter().enumerate() {
            let rank = newest(*id).and_then(|newest| newest.rank());
            if rank <= version.rank() {
                up_to |= 1u128 << nth;
            }
            if rank >= version.rank() {
                from |= 1u128 << nth;
            }
        }
        found.insert((Sort::Version, format!("offer {version} at most")), up_to);
        found.insert((Sort::Version, format!("offer {version} or newer")), from);
    }
    found.into_iter().map(|((sort, says), mask)| (sort, says, mask)).collect()
}

/// Notes where a hello offers nothing of what the server chose for those that completed.
fn choices(group: &Group, offer: &Offer, note: &mut impl FnMut(Sort, String)) {
    if !group.versions.is_empty()
        && !group.versions.values().any(|version| {
            offer.versions.contains(version)
                || (!offer.versions.iter().any(|v| v.is_tls13())
                    && offer.newest.and_then(|newest| newest.rank()) >= version.rank())
        })
    {
        note(Sort::NoChosenVersion, wording::list(group.versions.values()));
    }
    if !group.suites.is_empty() && !group.suites.values().any(|suite| offer.suites.contains(suite))
    {
        note(Sort::NoChosenSuite, wording::list(group.suites.values()));
    }
    if !group.groups.is_empty()
        && !group.groups.values().any(|chosen| offer.groups.contains(chosen))
    {
        note(Sort::NoChosenGroup, wording::list(group.groups.values()));
    }
}

fn words(property: &Property, says: &[String]) -> String {
    let list = wording::list(says);
    let verb = if property.lacks { "do not offer" } else { "offer" };
    match property.sort {
        Sort::NoChosenVersion => {
            format!("offer no version that the server chose for others ({list})")
        }
        Sort::NoChosenSuite => {
            format!("offer none of the suites that the server chose for others ({list})")
        }
        Sort::NoChosenGroup => {
            format!("offer none of the groups that the server chose for others ({list})")
        }
        Sort::Version => says.first().cloned().unwrap_or_default(),
        Sort::Fingerprint => format!("have the fingerprint JA4 {list}"),
        Sort::Extension if property.lacks => format!("do not send {list}"),
        Sort::Extension => format!("send {list}"),
        Sort::Suite | Sort::Group | Sort::Signature | Sort::Alpn => format!("{verb} {list}"),
    }
}

/// The smallest network that holds the clients that fail, if the others are outside of it.
fn by_address(summary: &Summary, population: &Population) -> Option<Split> {
    if population.clients_left_out > 0 || population.clients.len() < 2 {
        return None;
    }
    let clients = failing(population);
    let (first, last) = (*clients.first()?, *clients.last()?);
    // Addresses are sorted, so that what the first and the last have in common all have.
    let bits = common_bits(first, last);
    let mut with = Tally::default();
    let mut without = Tally::default();
    for (address, client) in population.clients.iter() {
        let side = if common_bits(*address, first) >= bits { &mut with } else { &mut without };
        *side = side.and(client.tally());
    }
    let table = table(with, without);
    let ln_p = table.ln_p();
    // As many networks could have been tried as there are clients.
    let tries =
        u64::try_from(population.clients.len()).unwrap_or(u64::MAX).saturating_mul(summary.looks());
    (table.separates() && significant(ln_p, tries, ALPHA)).then(|| Split {
        says: format!("come from {}", network(first, bits)),
        table,
        ln_p,
        tries,
        failed: with.first_failed,
        completed: without.first_completed,
        party: Party::Unknown,
        clients,
        also: Vec::new(),
    })
}

fn common_bits(a: Address, b: Address) -> u32 {
    (a.bits() ^ b.bits()).leading_zeros()
}

fn network(address: Address, bits: u32) -> String {
    if bits == 128 {
        return address.to_string();
    }
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    let base = Address::v6((address.bits() & mask).to_be_bytes());
    match base.ip() {
        IpAddr::V4(base) => format!("{base}/{}", bits.saturating_sub(96)),
        IpAddr::V6(base) => format!("{base}/{bits}"),
    }
}

/// What separates clients that reach a server from those that do not.
pub(crate) fn split_of_reach(summary: &Summary, server: &Server) -> Option<Split> {
    let population = server.not_reached()?;
    if population.tally.failed < 3 || population.tally.completed < 3 {
        return None;
    }
    by_address(summary, population)
}

/// Hellos without a name fail where those with one complete: looked at over all names.
pub(crate) fn split_by_name(summary: &Summary, server: &Server) -> Option<Split> {
    let nameless = server.names.get(&None)?;
    let named = server
        .names
        .iter()
        .filter(|(name, _)| name.is_some())
        .fold(Tally::default(), |sum, (_, group)| sum.and(group.ended));
    let table = table(nameless.ended, named);
    if !table.separates() {
        return None;
    }
    let ln_p = table.ln_p();
    significant(ln_p, summary.looks(), ALPHA).then(|| Split {
        says: "send no server name (SNI)".to_owned(),
        table,
        ln_p,
        tries: summary.looks(),
        failed: nameless.ended.first_failed,
        completed: named.first_completed,
        party: Party::Client,
        clients: failing(&nameless.asked),
        also: Vec::new(),
    })
}

fn check(summary: &Summary) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (end, server) in summary.servers().iter() {
        if let (Some(split), Some(reached)) =
            (split_of_reach(summary, server), server.not_reached())
        {
            findings.push(finding(&end.to_string(), "connections that", &split, reached));
        }
        if let (Some(split), Some(group)) =
            (split_by_name(summary, server), server.names.get(&None))
        {
            findings.push(finding(&end.to_string(), "hellos that", &split, &group.asked));
        }
        for (name, group) in server.names.iter() {
            let name = name.as_ref();
            if let Some(split) = split(summary, *end, name, group) {
                let called = called(*end, name);
                let what = if split.says.starts_with("come from") {
                    "connections that"
                } else {
                    "hellos that"
                };
                findings.push(finding(&called, what, &split, &group.asked));
            }
        }
    }
    findings
}

fn finding(called: &str, what: &str, split: &Split, population: &Population) -> Finding {
    let Table { failed_with, completed_with, failed_without, completed_without } = split.table;
    let title = format!(
        "at {called} {failed_with} of {} {what} {} fail, {completed_without} of {} others complete",
        failed_with.saturating_add(completed_with),
        split.says,
        failed_without.saturating_add(completed_without)
    );
    let finding = Finding::new(split.party, title)
        .evidence_if(split.failed, || format!("the first failure of those that {}", split.says))
        .evidence_if(split.completed, || "one of the others completes".to_owned())
        .explain(format!("Failures at this server: {}.", population.verdicts_in_words()))
        .explain(match split.clients.as_slice() {
            [] => "No client only fails.".to_owned(),
            clients => format!("Clients that only fail: {}.", wording::list(clients)),
        })
        .explain(match split.also.as_slice() {
            [] => String::new(),
            also => format!("The same connections are also those that {}.", also.join("; that ")),
        })
        .likely(format!(
            "That this property decides is inferred from the counts (Fisher's exact test, {}); another property that always goes with it may be the cause.",
            p_value(split.ln_p, split.tries)
        ));
    if split.says.starts_with(by_size::SAYS) {
        finding
            .remedy("Find what stands between these clients and the server: a firewall, balancer or inspection that handles only the first segment of a hello, or a path with a smaller MTU whose ICMP messages are filtered. Update it, or let it pass TLS as it is. Until then these clients get through without post-quantum groups (OpenSSL: Groups in openssl.cnf; Go: tls.Config.CurvePreferences).")
            .next_step("openssl s_client with and without -groups X25519MLKEM768 from one of these clients: the first makes a hello of about 1,700 bytes, the second one of about 300")
    } else if split.party == Party::Client {
        finding.remedy("Bring these clients up to what the others send, or let the server accept what these send; the verdict of one of their connections says which.")
    } else {
        finding.remedy("Compare what is special on the way of these clients: firewall and access rules for their addresses, a proxy, their list of trusted authorities, their software.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fleet::testing::{Script, offer};
    use tlsleuth_handshake::codepoint::ProtocolVersion;

    #[test]
    fn fires_for_an_old_version() {
        let mut script = Script::default();
        for _ in 0..5 {
            script.connection().client(7).completed();
            script
                .connection()
                .client(8)
                .offer(offer(ProtocolVersion::TLS1_0, &[0xc02f, 0x0035], &[]))
                .failed("version.no-overlap");
            script
                .connection()
                .client(9)
                .offer(offer(ProtocolVersion::TLS1_2, &[0xc02f, 0xc030], &["h2"]))
                .completed();
        }
        let found = script.find(&FLEET_SPLIT_BY_CLIENT);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.contains("offer no version that the server chose for others (TLS 1.2)"),
            "{}",
            found[0].title
        );
        assert_eq!(script.codes(), ["fleet.split-by-client"]);
    }

    #[test]
    fn fires_for_suites_names_and_networks() {
        let mut script = Script::default();
        for nth in 0..6 {
            script.connection().client(7).completed();
            script.connection().client(8).completed();
            script
                .connection()
                .client(600 + nth)
                .offer(offer(ProtocolVersion::TLS1_2, &[0x0035], &[]))
                .failed("cipher.no-overlap");
        }
        assert!(script.find(&FLEET_SPLIT_BY_CLIENT)[0].title.contains("none of the suites"));
        let mut script = Script::default();
        for _ in 0..6 {
            script.connection().client(7).completed();
            script.connection().client(8).name(None).failed("sni.missing");
        }
        assert!(script.find(&FLEET_SPLIT_BY_CLIENT)[0].title.contains("send no server name"));
        let mut script = Script::default();
        for nth in 0..12 {
            script.connection().client(7 + nth).completed();
            script.connection().client(512 + nth).failed("peer.client-rejected-certificate");
        }
        let title = &script.find(&FLEET_SPLIT_BY_CLIENT)[0].title;
        assert!(title.contains("come from 10.0.2.0/28"), "{title}");
    }

    #[test]
    fn fires_for_large_hellos() {
        let mut script = Script::default();
        for nth in 0..8 {
            script.connection().client(7).hello_bytes(517 + nth).completed();
            script
                .connection()
                .client(8)
                .hello_bytes(1_712 + 9 * nth)
                .offer(offer(ProtocolVersion::TLS1_3, &[0x1301], &["h2"]))
                .party(Party::Network)
                .failed("tcp.client-hello-lost");
        }
        let found = script.find(&FLEET_SPLIT_BY_CLIENT);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.contains("8 of 8 hellos that have 1,712 bytes or more (the others have 524 at most) fail, 8 of 8 others complete"),
            "{}",
            found[0].title
        );
        assert!(found[0].explanation.contains("also those that"), "{}", found[0].explanation);
        assert_eq!(found[0].party, Party::Network);
        assert_eq!(script.codes(), ["fleet.split-by-client"]);
    }

    #[test]
    fn the_size_goes_behind_where_the_path_is_not_at_fault() {
        let mut script = Script::default();
        for _ in 0..8 {
            script.connection().client(7).completed();
            script
                .connection()
                .client(8)
                .hello_bytes(200)
                .offer(offer(ProtocolVersion::TLS1_0, &[0xc02f], &[]))
                .failed("version.no-overlap");
        }
        let found = script.find(&FLEET_SPLIT_BY_CLIENT);
        assert!(found[0].title.contains("no version that the server chose"), "{}", found[0].title);
        assert!(
            found[0].explanation.contains("that have 200 bytes or less"),
            "{}",
            found[0].explanation
        );
    }

    #[test]
    fn sizes_that_overlap_separate_nothing() {
        let mut script = Script::default();
        for nth in 0..20 {
            let making = script
                .connection()
                .client(7 + usize::from(nth % 3 == 0))
                .hello_bytes(500 + nth * 40);
            if nth % 3 == 0 { making.failed("tcp.server-silent") } else { making.completed() }
        }
        // The client separates them, which is no matter of size.
        let found = script.find(&FLEET_SPLIT_BY_CLIENT);
        assert!(found.iter().all(|found| found.title.contains("come from")), "{found:?}");
    }

    #[test]
    fn clear_where_chance_explains_it() {
        let mut script = Script::default();
        for nth in 0..40 {
            let making = script.connection().client(7 + nth % 5).offer(offer(
                ProtocolVersion::TLS1_2,
                &[0xc02f, u16::try_from(nth % 7).unwrap()],
                &[],
            ));
            if nth % 4 == 0 {
                making.failed("tcp.reset-after-client-hello")
            } else {
                making.completed()
            }
        }
        assert!(script.find(&FLEET_SPLIT_BY_CLIENT).is_empty());
    }

    #[test]
    fn too_few_to_tell() {
        let mut script = Script::default();
        for _ in 0..3 {
            script.connection().client(7).completed();
            script
                .connection()
                .client(8)
                .offer(offer(ProtocolVersion::TLS1_0, &[0xc02f], &[]))
                .failed("version.no-overlap");
        }
        assert!(script.find(&FLEET_SPLIT_BY_CLIENT).is_empty());
    }
}
