//! The report, field by field. These names are what scripts rely on: a field may be added, none may
//! change its meaning or leave. An absent value is `null`, never left out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::summary::Grouped;

/// The version of the report's form.
pub const SCHEMA: &str = "tlsleuth.report/1";

/// The JSON Schema of the report, made from the types below; a test keeps it so.
pub const JSON_SCHEMA: &str = include_str!("report.schema.json");

/// The whole report.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// `tlsleuth.report/1`.
    pub schema: &'static str,
    /// What made it.
    pub generator: Generator,
    /// The captures, in the order of their numbers.
    pub captures: Vec<Capture>,
    /// The connections, by start time, then by first frame.
    pub connections: Vec<Connection>,
    /// What only many connections together show.
    pub fleet: Fleet,
    /// What was left out or only counted.
    pub counts: Counts,
    /// What was replaced before it was written; null when nothing was.
    pub redaction: Option<Redaction>,
    /// Where `connections` are but examples: the numbers of all.
    #[serde(skip)]
    pub(crate) grouped: Option<Box<Grouped>>,
}

/// What was replaced in a report, consistently: the same original has the same token everywhere.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Redaction {
    /// Addresses, by others that keep their networks.
    pub addresses: bool,
    /// Names of hosts, people and organizations, serial numbers and hashes of certificates, paths,
    /// and what peers and logs wrote.
    pub names: bool,
    /// Whether a key of the user's was used, which gives the same tokens again.
    pub repeatable: bool,
}

/// The program that made a report.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Generator {
    /// `tlsleuth`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// One capture file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Capture {
    /// Its path as given; `-` for standard input.
    pub path: String,
    /// `pcap`, `pcapng`, `snoop`.
    pub format: Option<String>,
    /// How it is compressed.
    pub file_compression: Option<String>,
    /// Link types by the names of the tcpdump group's registry, without `LINKTYPE_`.
    pub link_types: Vec<String>,
    /// Frames read.
    pub frames: u64,
    /// Bytes of the decompressed file that were read.
    pub bytes: u64,
    /// Time of the earliest frame, RFC 3339 in UTC with nanoseconds.
    pub first: Option<String>,
    /// Time of the latest frame.
    pub last: Option<String>,
    /// Frames of which TCP, UDP or ICMP could be made out.
    pub decoded_frames: u64,
    /// Packets that the capturing system says it dropped; null where it does not say.
    pub dropped_packets: Option<u64>,
    /// What became of the frames; the counts add up to `frames`.
    pub frame_counts: FrameCounts,
    /// Names that the file gives to addresses of servers and of connections in the report (name
    /// resolution blocks of pcapng), 1,000 at most. Nobody checked them; left out when anything is
    /// replaced.
    pub names: Vec<NamedAddress>,
    /// What is wrong with the capture.
    pub findings: Vec<Finding>,
}

/// What became of the frames of a capture.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FrameCounts {
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams that were no tunnel.
    pub udp: u64,
    /// ICMP errors.
    pub icmp: u64,
    /// Other transports over IP.
    pub other_transport: u64,
    /// IP fragments that did not complete a packet.
    pub fragments: u64,
    /// Frames without IP.
    pub not_ip: u64,
    /// Frames that could not be decoded.
    pub undecodable: u64,
    /// Frames that were seen twice and taken once.
    pub duplicates: u64,
}

/// An address and a port.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// The address, as text.
    pub address: String,
    /// The port.
    pub port: u16,
}

/// One connection.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Connection {
    /// Counted from 1.
    pub id: u64,
    /// `tcp`.
    pub transport: &'static str,
    /// `tls`, `ssl2`; null where no TLS was seen.
    pub protocol: Option<&'static str>,
    /// The protocol that TLS was started from or that was seen inside.
    pub application: Option<String>,
    /// The client's end.
    pub client: Endpoint,
    /// The server's end.
    pub server: Endpoint,
    /// Time of the first frame.
    pub start: String,
    /// Time of the last frame.
    pub end: String,
    /// The capture of the first frame.
    pub capture: u32,
    /// The first frame.
    pub first_frame: u64,
    /// The capture of the last frame.
    pub last_capture: u32,
    /// The last frame.
    pub last_frame: u64,
    /// How many frames.
    pub frames: u64,
    /// The tunnels around it, the outermost first.
    pub tunnel: Vec<String>,
    /// A display filter of Wireshark that shows it.
    pub wireshark_filter: String,
    /// `completed`, `failed`, `incomplete`.
    pub outcome: &'static str,
    /// The name that the client asked for.
    pub sni: Option<String>,
    /// Application protocols.
    pub alpn: Alpn,
    /// Versions.
    pub version: Version,
    /// The chosen suite.
    pub cipher_suite: Option<CodePoint>,
    /// The key exchange group.
    pub group: Option<CodePoint>,
    /// Whether a HelloRetryRequest was sent.
    pub hello_retry: bool,
    /// Whether an earlier session was taken up; null where it cannot be told.
    pub resumed: Option<bool>,
    /// `accepted`, `rejected`, `sent`; null where none was sent.
    pub early_data: Option<&'static str>,
    /// `offered`, `grease`, `accepted`, `rejected`; null where none was offered.
    pub ech: Option<&'static str>,
    /// Whether the server asked for a client certificate; null where that is encrypted.
    pub client_auth_requested: Option<bool>,
    /// Whether records were opened with the secrets that were given.
    pub decrypted: bool,
    /// What became of the secrets that were given, in words; null when none were.
    pub decryption: Option<String>,
    /// Facts that are null because they were `encrypted` or `missed`.
    pub unseen: BTreeMap<&'static str, &'static str>,
    /// Fingerprints of the hellos.
    pub fingerprints: Fingerprints,
    /// The server's chain.
    pub server_chain: Option<Chain>,
    /// The client's chain.
    pub client_chain: Option<Chain>,
    /// Where the time went.
    pub timing: Timing,
    /// Alerts.
    pub alerts: Vec<Alert>,
    /// What happened, in order.
    pub timeline: Vec<Event>,
    /// What was found: the verdict first.
    pub findings: Vec<Finding>,
    /// The code of the verdict.
    pub verdict: Option<&'static str>,
    /// Lines of logs that belong to it.
    pub log_lines: Vec<String>,
}

/// Application protocols offered and selected.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alpn {
    /// The client's list.
    pub offered: Vec<String>,
    /// The server's choice.
    pub selected: Option<String>,
}

/// Versions offered and negotiated.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Version {
    /// The client's, as hex numbers.
    pub offered: Vec<String>,
    /// The server's choice, as a hex number.
    pub negotiated: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// A number from the wire with its name.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CodePoint {
    /// As hex.
    pub id: String,
    /// The registered name; null for an unknown number.
    pub name: Option<String>,
}

/// Fingerprints.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fingerprints {
    /// Of the ClientHello.
    pub ja3: Option<String>,
    /// Of the ServerHello.
    pub ja3s: Option<String>,
    /// Of the ClientHello, newer.
    pub ja4: Option<String>,
}

/// A chain as sent, judged.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Chain {
    /// Leaf first, if the sender kept to the order.
    pub certificates: Vec<Certificate>,
    /// Whether a client with these anchors trusts it, names aside.
    pub trusted: Option<bool>,
    /// The clock that judged validity.
    pub verified_at: Option<String>,
    /// The anchors: `mozilla`, `system`, `none`.
    pub roots: &'static str,
    /// Signed certificate timestamps of the leaf (RFC 6962), at most 64 of each source.
    pub scts: Vec<Sct>,
    /// How many of them there are.
    pub scts_total: usize,
}

/// A signed certificate timestamp: a log's promise to publish a certificate.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sct {
    /// How it came: `certificate`, `tls_extension`, `staple`.
    pub from: &'static str,
    /// The log: SHA-256 of its key, hex.
    pub log_id: String,
    /// What the log is called; null for one that is not in the table.
    pub log: Option<&'static str>,
    /// Who runs the log.
    pub operator: Option<&'static str>,
    /// When the log promised; null for a number that is no time, and where names are replaced.
    pub time: Option<String>,
    /// Whether that is more than five minutes after the frame that it came in.
    pub after_capture: bool,
}

/// A certificate.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Certificate {
    /// The frame that completes its message.
    pub frame: u64,
    /// SHA-256 of its DER.
    pub sha256: String,
    /// Whom it is about.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Serial number, hex with colons.
    pub serial: String,
    /// Start of validity.
    pub not_before: Option<String>,
    /// End of validity.
    pub not_after: Option<String>,
    /// DNS names, at most 20.
    pub dns_names: Vec<String>,
    /// Addresses, at most 20.
    pub ip_addresses: Vec<String>,
    /// How many names it holds in all.
    pub names_total: usize,
    /// The key, in words.
    pub key: String,
    /// The signature algorithm.
    pub signature: String,
    /// Whether it may issue certificates.
    pub is_ca: bool,
}

/// Where the time went, in milliseconds; null where an end of the span was not seen.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Timing {
    /// SYN to SYN-ACK.
    pub tcp_ms: Option<f64>,
    /// ClientHello to ServerHello.
    pub server_hello_ms: Option<f64>,
    /// The server's flight to the client's next act.
    pub client_ms: Option<f64>,
    /// ClientHello to the later Finished.
    pub handshake_ms: Option<f64>,
}

/// An alert.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alert {
    /// The capture.
    pub capture: u32,
    /// The frame.
    pub frame: u64,
    /// `client` or `server`.
    pub from: &'static str,
    /// `fatal`, `warning`.
    pub level: Option<String>,
    /// Its number.
    pub code: Option<u8>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it was sent encrypted.
    pub encrypted: bool,
    /// Whether that it is an alert is only inferred.
    pub inferred: bool,
}

/// One entry of the timeline.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// When.
    pub time: String,
    /// Since the first frame of the connection, in milliseconds.
    pub offset_ms: f64,
    /// The capture.
    pub capture: u32,
    /// The frame; of a line of a log the one after which it was written.
    pub frame: u64,
    /// `client`, `server`, `network`; of a line of a log whose log it is.
    pub from: &'static str,
    /// What sort of event: `transport`, `retransmission`, `capture`, `before_tls`, `handshake`,
    /// `alert`, `data`, `log`.
    pub kind: &'static str,
    /// What, in snake case.
    pub event: &'static str,
    /// What matters in it, in words.
    pub summary: String,
}

/// A finding.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// Its code.
    pub code: &'static str,
    /// `error`, `warning`, `info`.
    pub severity: &'static str,
    /// `certain`, `likely`, `possible`.
    pub confidence: &'static str,
    /// Who has to act.
    pub party: &'static str,
    /// For `chain.*`: whose chain it is.
    pub chain: Option<&'static str>,
    /// The certificate that it is about, by its place in that chain; the leaf is 0.
    pub certificate: Option<usize>,
    /// One line.
    pub title: String,
    /// What happened.
    pub explanation: String,
    /// What to change and where.
    pub remedy: String,
    /// The frames that it rests on.
    pub evidence: Vec<Evidence>,
    /// RFC and section.
    pub references: Vec<&'static str>,
    /// What the usual clients and servers print for it.
    pub seen_as: Vec<&'static str>,
    /// What would settle it.
    pub next_steps: Vec<String>,
    /// Whether it is the verdict.
    pub root_cause: bool,
}

/// A frame and what it says.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evidence {
    /// The capture.
    pub capture: u32,
    /// The frame.
    pub frame: u64,
    /// What it says.
    pub says: String,
}

/// What only many connections together show.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fleet {
    /// The findings.
    pub findings: Vec<Finding>,
    /// All connections, also those that filters or caps left out elsewhere.
    pub totals: Totals,
    /// A line for each server and name.
    pub servers: Vec<Server>,
    /// What did not fit under a cap; empty as a rule.
    pub left_out: Vec<LeftOut>,
}

/// How connections ended.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Totals {
    /// All, health checks among them.
    pub connections: u64,
    /// Those that completed.
    pub completed: u64,
    /// Those that failed, health checks aside.
    pub failed: u64,
    /// Opened and closed without a byte from the client.
    pub health_checks: u64,
}

/// A cap that was hit: so many connections are not compared in one respect.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeftOut {
    /// What there is too much of.
    pub what: &'static str,
    /// How many connections it concerns.
    pub connections: u64,
    /// How much of it is held.
    pub cap: u64,
}

/// One server and name.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Server {
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// The name that was asked for.
    pub sni: Option<String>,
    /// How many connections.
    pub connections: u64,
    /// How many completed.
    pub completed: u64,
    /// How many failed.
    pub failed: u64,
    /// How often each verdict.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// The leafs that it served.
    pub leaf_sha256: Vec<String>,
    /// The same with when and how often.
    pub leafs: Vec<ServedLeaf>,
    /// Where the time of the handshakes that completed went.
    pub latency: Latency,
    /// Its clients.
    pub clients: ServerClients,
}

/// The clients of one server and name that sent a ClientHello.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ServerClients {
    /// How many addresses.
    pub total: u64,
    /// Those that never get through.
    pub only_failing: u64,
    /// Those that fail at times and get through at others.
    pub sometimes_failing: u64,
}

/// A leaf that a server served for a name.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ServedLeaf {
    /// SHA-256 of its DER.
    pub sha256: String,
    /// Serial number, hex with colons.
    pub serial: String,
    /// When it was seen first.
    pub first: String,
    /// When it was seen last.
    pub last: String,
    /// How many connections got it.
    pub connections: u64,
    /// How many of these failed.
    pub failed: u64,
}

/// The phases of the handshakes with one server; null where none was measured.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Latency {
    /// SYN to SYN-ACK.
    pub tcp: Option<Quantiles>,
    /// ClientHello to ServerHello.
    pub server_hello: Option<Quantiles>,
    /// The server's flight to the client's next act.
    pub client: Option<Quantiles>,
    /// ClientHello to the later Finished.
    pub handshake: Option<Quantiles>,
}

/// Spans that so many percent do not exceed, in milliseconds, each up to 12 % too high.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Quantiles {
    /// How many were measured.
    pub count: u64,
    /// The median.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// Ninety-nine of a hundred.
    pub p99_ms: f64,
}

/// An address with the name that a capture file gives to it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NamedAddress {
    /// The address.
    pub address: String,
    /// The name.
    pub name: String,
}

/// A protocol that was recognized and is not read.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotRead {
    /// Pairs of endpoints that spoke it; 16,384 at most are told apart.
    pub connections: u64,
    /// The capture of its first frame, as an index of `captures`.
    pub capture: u32,
    /// Its first frame.
    pub frame: u64,
}

/// What was left out or only counted.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counts {
    /// Flows without TLS that are not told.
    pub flows_without_tls: u64,
    /// All flows.
    pub flows: u64,
    /// Flows let go because the table was full.
    pub flows_evicted: u64,
    /// Segments that came of those flows later. They were not looked at.
    pub segments_after_eviction: u64,
    /// Holes in streams that were given up because a cap was hit.
    pub holes_given_up: u64,
    /// Flows whose overlapping segments were not all compared, for lack of room.
    pub overlaps_not_compared: u64,
    /// DTLS over UDP, which is not read; null where none was seen.
    pub dtls_not_read: Option<NotRead>,
    /// QUIC, which is not read; null where none was seen.
    pub quic_not_read: Option<NotRead>,
    /// Connections that filters left out of `connections`; `fleet` counts them all the same.
    pub connections_left_out: u64,
    /// Whether the reading was broken off by the user: later connections are missing.
    pub interrupted: bool,
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use schemars::generate::SchemaSettings;

    #[test]
    fn the_schema_is_made_from_the_types() {
        // As it is written: what may be null is there all the same.
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<super::Report>();
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        expect_file!["report.schema.json"].assert_eq(&text);
    }
}
