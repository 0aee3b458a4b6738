//! Makes the report of what an analysis found.

use std::collections::{BTreeMap, BTreeSet};

use tlsleuth::capture::{DecodeStats, FileFacts, Place, Timestamp};
use tlsleuth::cert::Sct;
use tlsleuth::diagnosis::Fleet;
use tlsleuth::diagnosis::explain::Writer;
use tlsleuth::diagnosis::finding::Finding;
use tlsleuth::diagnosis::fleet::latency::Spans;
use tlsleuth::diagnosis::fleet::{Group, GroupFacts};
use tlsleuth::diagnosis::timing::phases;
use tlsleuth::handshake::codepoint::{ExtensionType, ProtocolVersion};
use tlsleuth::handshake::connection::{Connection, Decryption, SctSource, SentChain, Side};
use tlsleuth::handshake::fingerprint;
use tlsleuth::handshake::observed::Observed;
use tlsleuth::handshake::opener::NotOpened;
use tlsleuth::{Analyzed, Counts, Located, Unread};

use crate::{schema, words};

/// Names shown of one certificate.
const NAMES_SHOWN: usize = 20;

/// Names of addresses shown of one capture.
const ADDRESS_NAMES_SHOWN: usize = 1_000;

/// Leafs shown of one server.
const LEAFS_SHOWN: usize = 20;

/// A capture file as the report needs it.
#[derive(Clone, Debug)]
pub struct CaptureInput {
    /// Its path as given.
    pub path: String,
    /// What it is; `None` for one that could not be read.
    pub facts: Option<FileFacts>,
    /// What became of its frames.
    pub decoded: DecodeStats,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// Makes the report. Each connection is let go as soon as it is in it, so that the two are not both
/// held in full.
#[must_use]
pub fn report(
    captures: &[CaptureInput],
    connections: Vec<Box<Analyzed>>,
    together: &Fleet,
    counts: &Counts,
    roots: &'static str,
) -> schema::Report {
    report_with(captures, connections, together, counts, roots, Servers::All)
}

/// Whether each server is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servers {
    /// Yes.
    All,
    /// No: their numbers are told in another way.
    LeftOut,
}

pub(crate) fn report_with(
    captures: &[CaptureInput],
    connections: Vec<Box<Analyzed>>,
    together: &Fleet,
    counts: &Counts,
    roots: &'static str,
    servers: Servers,
) -> schema::Report {
    let connections = connections.into_iter().map(|analyzed| connection(&analyzed, roots));
    whole(captures, connections.collect(), together, counts, servers)
}

/// Makes the report of connections that are in its form already.
#[must_use]
pub fn assemble(
    captures: &[CaptureInput],
    connections: Vec<schema::Connection>,
    together: &Fleet,
    counts: &Counts,
) -> schema::Report {
    whole(captures, connections, together, counts, Servers::All)
}

fn whole(
    captures: &[CaptureInput],
    connections: Vec<schema::Connection>,
    together: &Fleet,
    counts: &Counts,
    servers: Servers,
) -> schema::Report {
    let mut known: BTreeSet<String> =
        together.servers.keys().map(|server| server.address.to_string()).collect();
    known.extend(connections.iter().map(|connection| connection.client.address.clone()));
    known.extend(connections.iter().map(|connection| connection.server.address.clone()));
    schema::Report {
        schema: schema::SCHEMA,
        generator: generator(),
        captures: captures.iter().map(|input| capture(input, &known)).collect(),
        connections,
        fleet: fleet(together, servers),
        counts: schema::Counts {
            flows_without_tls: counts.without_tls,
            flows: counts.flows.flows,
            flows_evicted: counts.flows.evicted,
            segments_after_eviction: counts.flows.segments_after_eviction,
            holes_given_up: counts.flows.holes_given_up,
            overlaps_not_compared: counts.flows.overlaps_not_compared,
            dtls_not_read: counts.dtls.as_ref().map(not_read),
            quic_not_read: counts.quic.as_ref().map(not_read),
            connections_left_out: 0,
            interrupted: false,
        },
        redaction: None,
        grouped: None,
    }
}

fn not_read(unread: &Unread) -> schema::NotRead {
    let Unread { connections, first } = *unread;
    schema::NotRead { connections, capture: first.capture, frame: first.frame }
}

/// What makes a report.
pub(crate) fn generator() -> schema::Generator {
    schema::Generator { name: "tlsleuth", version: env!("CARGO_PKG_VERSION") }
}

/// A time as RFC 3339 in UTC with nanoseconds.
#[must_use]
pub fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(at.0)) {
        Ok(time) => format!("{time:.9}"),
        Err(_) => format!("{at:?}"),
    }
}

/// A time in seconds since 1970 as RFC 3339 in UTC.
#[must_use]
pub fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// Nanoseconds as milliseconds, to the microsecond.
#[must_use]
pub fn milliseconds(nanoseconds: i64) -> f64 {
    // Whole microseconds below 2^52 are exact in a double: spans up to 142 years.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let microseconds = (nanoseconds / 1_000) as f64;
    microseconds / 1_000.0
}

/// `known` are the addresses in the report.
pub(crate) fn capture(input: &CaptureInput, known: &BTreeSet<String>) -> schema::Capture {
    let decoded = &input.decoded;
    let counts = schema::FrameCounts {
        tcp: decoded.segments,
        udp: decoded.datagrams,
        icmp: decoded.icmp_errors,
        other_transport: decoded.other_transport,
        fragments: decoded.fragments_held,
        not_ip: decoded.not_ip,
        undecodable: decoded.undecodable,
        duplicates: decoded.duplicates,
    };
    let facts = input.facts.clone().unwrap_or_default();
    let names = facts.names.iter().map(|resolved| schema::NamedAddress {
        address: resolved.address.to_string(),
        name: tlsleuth::handshake::WireText::new(&resolved.name).to_string(),
    });
    let names = names.filter(|named| known.contains(&named.address)).take(ADDRESS_NAMES_SHOWN);
    schema::Capture {
        path: tlsleuth::handshake::WireText::new(input.path.as_bytes()).to_string(),
        format: input.facts.as_ref().map(|facts| facts.format.to_string()),
        file_compression: facts.compression.map(|compression| compression.to_string()),
        link_types: facts
            .link_types
            .iter()
            .map(|link| link.name().map_or_else(|| link.0.to_string(), str::to_owned))
            .collect(),
        frames: facts.frames,
        bytes: facts.bytes,
        first: facts.first.map(time),
        last: facts.last.map(time),
        decoded_frames: decoded.segments + decoded.datagrams + decoded.icmp_errors,
        dropped_packets: facts.reported.map(|reported| reported.dropped),
        frame_counts: counts,
        names: names.collect(),
        findings: input.findings.iter().map(finding).collect(),
    }
}

pub(crate) fn endpoint(end: tlsleuth::capture::Endpoint) -> schema::Endpoint {
    schema::Endpoint { address: end.address.to_string(), port: end.port }
}

/// One connection in the report's form. `roots` names the anchors.
#[must_use]
pub fn connection(analyzed: &Analyzed, roots: &'static str) -> schema::Connection {
    let connection = &*analyzed.connection;
    let diagnosis = &analyzed.diagnosis;
    let hello = connection.client_hello();
    let extensions = hello.map(|hello| &hello.value.extensions);
    let ssl2 = connection.ssl2.server_hello.is_some()
        || (connection.ssl2.client_hello.is_some() && connection.hello().is_none());
    schema::Connection {
        id: analyzed.id,
        transport: "tcp",
        protocol: match (connection.tls_seen(), ssl2) {
            (false, _) => None,
            (true, true) => Some("ssl2"),
            (true, false) => Some("tls"),
        },
        application: connection.application.map(str::to_owned),
        client: endpoint(connection.client),
        server: endpoint(connection.server),
        start: time(connection.first.time),
        end: time(connection.last.time),
        capture: connection.first.capture,
        first_frame: connection.first.frame,
        last_capture: connection.last.capture,
        last_frame: connection.last.frame,
        frames: connection.frames,
        tunnel: analyzed.tunnel.iter().map(ToString::to_string).collect(),
        wireshark_filter: filter(connection),
        outcome: diagnosis.outcome.name(),
        sni: extensions.and_then(|list| list.server_name()).map(|name| name.host_name.to_string()),
        alpn: schema::Alpn {
            offered: extensions
                .and_then(|list| list.alpn())
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect(),
            selected: connection.alpn_selected().map(|alpn| alpn.value.to_string()),
        },
        version: version(connection),
        cipher_suite: connection.cipher_suite().map(|suite| schema::CodePoint {
            id: format!("{:#06x}", suite.value.0),
            name: suite.value.name().map(str::to_owned),
        }),
        group: connection.group().map(|group| schema::CodePoint {
            id: format!("{:#06x}", group.value.0),
            name: group.value.name().map(str::to_owned),
        }),
        hello_retry: connection.hello_retry.is_some(),
        resumed: connection.resumed(),
        early_data: early_data(connection),
        ech: ech(connection),
        client_auth_requested: match connection.certificate_request {
            Observed::Present(_) => Some(true),
            Observed::Absent => Some(false),
            Observed::Encrypted | Observed::Missed => None,
        },
        decrypted: matches!(connection.decryption, Decryption::Opened | Decryption::Partly(_)),
        decryption: decryption(connection.decryption),
        unseen: unseen(connection),
        fingerprints: schema::Fingerprints {
            ja3: hello.map(|hello| fingerprint::ja3(&hello.value)),
            ja3s: connection.hello().map(|hello| fingerprint::ja3s(&hello.value)),
            ja4: hello.map(|hello| fingerprint::ja4(&hello.value, fingerprint::Transport::Tcp)),
        },
        server_chain: chain(
            &connection.server_chain,
            diagnosis.server_trusted,
            diagnosis.server_verified_at,
            roots,
        ),
        client_chain: chain(
            &connection.client_chain,
            diagnosis.client_trusted,
            diagnosis.client_verified_at,
            roots,
        ),
        timing: timing(connection),
        alerts: connection.alerts.iter().map(alert).collect(),
        timeline: with_logs(timeline(connection), analyzed),
        findings: diagnosis.findings.iter().map(finding).collect(),
        verdict: diagnosis.verdict().map(|finding| finding.code),
        log_lines: analyzed.log_lines.iter().map(ToString::to_string).collect(),
    }
}

fn filter(connection: &Connection) -> String {
    let (client, server) = (connection.client, connection.server);
    let family = |address: std::net::IpAddr| if address.is_ipv4() { "ip" } else { "ipv6" };
    let ip = family(client.address.ip());
    format!(
        "{ip}.addr=={} && tcp.port=={} && {ip}.addr=={} && tcp.port=={}",
        client.address, client.port, server.address, server.port
    )
}

/// The version that the two agreed on.
pub(crate) fn negotiated(connection: &Connection) -> Option<ProtocolVersion> {
    let ssl2 = connection.ssl2.server_hello.as_ref().map(|hello| hello.value.server_version);
    connection.negotiated_version().map(|version| version.value).or(ssl2)
}

fn version(connection: &Connection) -> schema::Version {
    let offered = match (&connection.ssl2.client_hello, connection.client_hello()) {
        (_, Some(hello)) => {
            hello.value.offered_versions().known().iter().map(|v| format!("{:#06x}", v.0)).collect()
        }
        (Some(hello), None) => vec![format!("{:#06x}", hello.value.client_version.0)],
        (None, None) => Vec::new(),
    };
    let negotiated = negotiated(connection);
    schema::Version {
        offered,
        negotiated: negotiated.map(|version| format!("{:#06x}", version.0)),
        name: negotiated.map(|version| version.to_string()),
    }
}

fn early_data(connection: &Connection) -> Option<&'static str> {
    let offered = connection.client_hello().is_some_and(|hello| hello.value.has_early_data());
    if !offered {
        return None;
    }
    match connection.encrypted_extensions.present() {
        Some(extensions) => {
            Some(if extensions.value.extensions.contains(ExtensionType::EARLY_DATA) {
                "accepted"
            } else {
                "rejected"
            })
        }
        None if connection.hello_retry.is_some() => Some("rejected"),
        None if connection.resumed() == Some(false) => Some("rejected"),
        None => Some("sent"),
    }
}

fn ech(connection: &Connection) -> Option<&'static str> {
    let hello = connection.client_hello()?;
    hello.value.extensions.encrypted_client_hello()?;
    Some("offered")
}

fn decryption(decryption: Decryption) -> Option<String> {
    Some(match decryption {
        Decryption::NotAsked => return None,
        Decryption::NoSecrets => "no secrets for this client random".to_owned(),
        Decryption::RsaKeyOnly => {
            "an RSA key opens suites with static RSA alone: this one needs a key log".to_owned()
        }
        Decryption::Opened => "opened".to_owned(),
        Decryption::Partly(why) => format!("opened in part: {}", not_opened(why)),
        Decryption::Failed(NotOpened::NotAuthentic) => {
            "the secrets open no record: they belong to another connection, or the log is damaged"
                .to_owned()
        }
        Decryption::Failed(why) => format!("not opened: {}", not_opened(why)),
        Decryption::Unsupported => "the version or the suite is not supported".to_owned(),
    })
}

fn not_opened(why: NotOpened) -> String {
    match why {
        NotOpened::NoSecret(label) => {
            return format!("the key log has no {label} for this client random");
        }
        NotOpened::Gap => "bytes that the keys depend on are missing from the capture",
        NotOpened::NotAuthentic => "a record did not authenticate",
        NotOpened::OtherKey => "no RSA key given belongs to the server's certificate",
        NotOpened::KeyDoesNotFit => {
            "the RSA key does not fit: what the client encrypted is no premaster secret"
        }
        NotOpened::NoKeyExchange => {
            "no ClientKeyExchange before the record (a resumed session's was in an earlier connection)"
        }
    }
    .to_owned()
}

fn unseen(connection: &Connection) -> BTreeMap<&'static str, &'static str> {
    let mut unseen = BTreeMap::new();
    let mut note = |name, why: Option<&'static str>| {
        if let Some(why) = why {
            unseen.insert(name, why);
        }
    };
    note("server_chain", words::unseen(&connection.server_chain));
    note("client_chain", words::unseen(&connection.client_chain));
    note("client_auth_requested", words::unseen(&connection.certificate_request));
    note("server_hello", words::unseen(&connection.server_hello));
    note("alpn_selected", words::unseen(&connection.encrypted_extensions));
    if connection.client_hello().is_none() && connection.tls_seen() {
        note("client_hello", Some("missed"));
    }
    unseen
}

fn chain(
    sent: &Observed<Box<Located<SentChain>>>,
    trusted: Option<bool>,
    verified_at: Option<i64>,
    roots: &'static str,
) -> Option<schema::Chain> {
    let sent = sent.present()?;
    let certificates =
        sent.value.chain.certificates().iter().map(|certificate| schema::Certificate {
            frame: sent.at.frame,
            sha256: certificate.sha256.to_string(),
            subject: certificate.subject.to_string(),
            issuer: certificate.issuer.to_string(),
            serial: certificate.serial.to_string(),
            not_before: certificate.not_before.map(date),
            not_after: certificate.not_after.map(date),
            dns_names: certificate
                .dns_names
                .iter()
                .take(NAMES_SHOWN)
                .map(ToString::to_string)
                .collect(),
            ip_addresses: certificate
                .ip_addresses
                .iter()
                .take(NAMES_SHOWN)
                .map(ToString::to_string)
                .collect(),
            names_total: certificate.names_total,
            key: certificate.key.to_string(),
            signature: certificate.signature_algorithm.to_string(),
            is_ca: certificate.is_ca(),
        });
    let (scts, scts_total) = sent.value.all_scts();
    Some(schema::Chain {
        certificates: certificates.collect(),
        trusted,
        verified_at: verified_at.map(date),
        roots,
        scts: scts.iter().map(|(source, sct)| timestamp(*source, sct, sent.at)).collect(),
        scts_total,
    })
}

fn timestamp(source: SctSource, sct: &Sct, at: Place) -> schema::Sct {
    let log = sct.log();
    let nanoseconds = i64::try_from(sct.timestamp_ms).ok().and_then(|ms| ms.checked_mul(1_000_000));
    schema::Sct {
        from: match source {
            SctSource::Certificate => "certificate",
            SctSource::TlsExtension => "tls_extension",
            SctSource::Staple => "staple",
        },
        log_id: sct.log_id.to_string(),
        log: log.map(|log| log.name),
        operator: log.map(|log| log.operator),
        time: nanoseconds.map(|nanoseconds| time(Timestamp(nanoseconds))),
        after_capture: words::is_after(sct, at),
    }
}

fn timing(connection: &Connection) -> schema::Timing {
    let phases = phases(connection);
    schema::Timing {
        tcp_ms: phases.tcp_ns.map(milliseconds),
        server_hello_ms: phases.server_hello_ns.map(milliseconds),
        client_ms: phases.client_ns.map(milliseconds),
        handshake_ms: phases.handshake_ns.map(milliseconds),
    }
}

fn alert(alert: &tlsleuth::handshake::connection::Alert) -> schema::Alert {
    schema::Alert {
        capture: alert.at.capture,
        frame: alert.at.frame,
        from: alert.from.name(),
        level: alert.level.map(|level| level.to_string()),
        code: alert.description.map(|description| description.0),
        name: alert.description.map(|description| description.to_string()),
        encrypted: alert.encrypted,
        inferred: alert.inferred,
    }
}

/// What happened, in the order of the frames: TCP and TLS together.
#[must_use]
pub fn timeline(connection: &Connection) -> Vec<schema::Event> {
    let mut entries: Vec<(Place, &'static str, &'static str, String)> = Vec::new();
    let transport = &connection.transport;
    let side = |direction| connection.side(direction).name();
    let forward = side(tlsleuth::capture::Direction::Forward);
    let reverse = side(tlsleuth::capture::Direction::Reverse);
    if let Some(syn) = &transport.syn {
        entries.push((syn.at, forward, "tcp_syn", words::syn(syn)));
    }
    for at in transport.syn_retransmissions.kept() {
        entries.push((*at, forward, "tcp_retransmission", "SYN again".to_owned()));
    }
    if let Some(syn) = &transport.syn_ack {
        entries.push((syn.at, reverse, "tcp_syn_ack", words::syn(syn)));
    }
    if let Some(at) = transport.established {
        entries.push((at, forward, "tcp_established", "ACK: established".to_owned()));
    }
    for again in transport.retransmissions.kept() {
        let says = format!("{} bytes sent again", again.len_bytes);
        entries.push((again.at, side(again.direction), "tcp_retransmission", says));
    }
    let mut resets: Vec<_> = Vec::new();
    for reset in transport.resets.kept() {
        // A reset that comes again says nothing new.
        let again = resets.contains(&(reset.direction, reset.in_window));
        let event = if again { "tcp_retransmission" } else { "tcp_reset" };
        resets.push((reset.direction, reset.in_window));
        entries.push((reset.at, side(reset.direction), event, words::reset(reset)));
    }
    for who in [Side::Client, Side::Server] {
        if let Some(at) = connection.fin(who) {
            entries.push((at, who.name(), "tcp_fin", "FIN".to_owned()));
        }
    }
    for icmp in transport.icmp.kept() {
        let says = words::icmp(icmp.kind, &icmp.from.to_string());
        entries.push((icmp.at, "network", "icmp", says));
    }
    for conflict in transport.conflicts.kept() {
        let says = format!("other bytes than in frame {} for the same place", conflict.first.frame);
        entries.push((conflict.second, side(conflict.direction), "tcp_conflict", says));
    }
    for side in [Side::Client, Side::Server] {
        if let Some(plain) = connection.plaintext.of(side) {
            let says = format!("in clear: {}", plain.value.quote);
            entries.push((plain.at, side.name(), "plaintext", says));
        }
    }
    for event in &connection.events {
        let (name, summary) = words::event(event, connection);
        entries.push((event.at, event.from.name(), name, summary));
    }
    // A stable sort keeps TCP's part of a frame before TLS's, but a FIN or reset comes last.
    entries.sort_by_key(|(at, _, name, _)| (at.order(), matches!(*name, "tcp_fin" | "tcp_reset")));
    entries
        .into_iter()
        .map(|(at, from, event, summary)| schema::Event {
            time: time(at.time),
            offset_ms: milliseconds(at.time.since(connection.first.time)),
            capture: at.capture,
            frame: at.frame,
            from,
            kind: words::kind(event),
            event,
            summary,
        })
        .collect()
}

/// Puts the lines of logs that bear a time between the frames. Each has the frame after which it was
/// written.
fn with_logs(mut timeline: Vec<schema::Event>, analyzed: &Analyzed) -> Vec<schema::Event> {
    let first = analyzed.connection.first.time;
    for line in &analyzed.log_lines {
        let Some(at) = line.at else { continue };
        let offset_ms = milliseconds(at.since(first));
        let behind = timeline.partition_point(|event| event.offset_ms <= offset_ms);
        let before = behind.checked_sub(1).and_then(|index| timeline.get(index));
        let (capture, frame) = before.map_or(
            (analyzed.connection.first.capture, analyzed.connection.first.frame),
            |event| (event.capture, event.frame),
        );
        let from = match line.meaning.as_ref().map(|meaning| meaning.writer) {
            Some(Writer::Client) => Side::Client.name(),
            _ => Side::Server.name(),
        };
        timeline.insert(
            behind,
            schema::Event {
                time: time(at),
                offset_ms,
                capture,
                frame,
                from,
                kind: words::kind(words::LOG_LINE),
                event: words::LOG_LINE,
                summary: line.text.escaped().to_string(),
            },
        );
    }
    timeline
}

fn finding(finding: &Finding) -> schema::Finding {
    schema::Finding {
        code: finding.code,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        party: finding.party.name(),
        chain: finding.chain.map(Side::name),
        certificate: finding.certificate,
        title: finding.title.to_string(),
        explanation: finding.explanation.to_string(),
        remedy: finding.remedy.to_string(),
        evidence: finding
            .evidence
            .iter()
            .map(|evidence| schema::Evidence {
                capture: evidence.at.capture,
                frame: evidence.at.frame,
                says: evidence.says.to_string(),
            })
            .collect(),
        references: finding.references.to_vec(),
        seen_as: finding.seen_as.to_vec(),
        next_steps: finding.next_steps.clone(),
        root_cause: finding.root_cause,
    }
}

fn fleet(fleet: &Fleet, servers: Servers) -> schema::Fleet {
    schema::Fleet {
        findings: fleet.findings.iter().map(finding).collect(),
        totals: schema::Totals {
            connections: fleet.totals.connections,
            completed: fleet.totals.completed,
            failed: fleet.totals.failed,
            health_checks: fleet.totals.health_checks,
        },
        servers: match servers {
            Servers::All => {
                fleet.groups().map(|(end, name, group)| server(end, name, group)).collect()
            }
            Servers::LeftOut => Vec::new(),
        },
        left_out: left_out(fleet),
    }
}

fn server(
    end: tlsleuth::capture::Endpoint,
    name: Option<&tlsleuth::handshake::WireText>,
    group: &Group,
) -> schema::Server {
    let facts = group.facts();
    let leafs = facts.leafs.iter().take(LEAFS_SHOWN);
    schema::Server {
        address: end.address.to_string(),
        port: end.port,
        sni: name.map(ToString::to_string),
        connections: group.connections,
        completed: group.completed,
        failed: group.failed,
        verdicts: facts.verdicts.iter().map(|(code, count)| (*code, *count)).collect(),
        leaf_sha256: leafs.clone().map(|leaf| leaf.facts.sha256.to_string()).collect(),
        leafs: leafs
            .map(|leaf| schema::ServedLeaf {
                sha256: leaf.facts.sha256.to_string(),
                serial: leaf.facts.serial.clone(),
                first: time(leaf.first.time),
                last: time(leaf.last.time),
                connections: leaf.count,
                failed: leaf.tally.failed,
            })
            .collect(),
        latency: schema::Latency {
            tcp: quantiles(&facts.latency.tcp),
            server_hello: quantiles(&facts.latency.server_hello),
            client: quantiles(&facts.latency.client),
            handshake: quantiles(&facts.latency.handshake),
        },
        clients: clients(&facts),
    }
}

/// What did not fit under the caps of a fleet.
pub(crate) fn left_out(fleet: &Fleet) -> Vec<schema::LeftOut> {
    fleet
        .left_out
        .told()
        .map(|(what, connections, cap)| schema::LeftOut {
            what,
            connections,
            cap: u64::try_from(cap).unwrap_or(u64::MAX),
        })
        .collect()
}

fn clients(group: &GroupFacts) -> schema::ServerClients {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let (only, sometimes) = group.asked.failing_clients();
    schema::ServerClients {
        total: number(group.asked.clients.len()),
        only_failing: number(only),
        sometimes_failing: number(sometimes),
    }
}

fn quantiles(spans: &Spans) -> Option<schema::Quantiles> {
    Some(schema::Quantiles {
        count: spans.count(),
        p50_ms: milliseconds(spans.quantile(50)?),
        p90_ms: milliseconds(spans.quantile(90)?),
        p99_ms: milliseconds(spans.quantile(99)?),
    })
}
