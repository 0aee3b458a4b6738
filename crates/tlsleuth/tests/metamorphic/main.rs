//! The same story however the packets fall: real captures are reordered, doubled, cut, wrapped,
//! fragmented, tagged, tunnelled and stored in other files; places and times aside, the same
//! connections, facts and verdicts must come out.
//!
//! `TLSLEUTH_ROUNDS=100` tries more than the usual number of variations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod files;
mod packets;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::{Link, Order};
use packets::{Noise, Packet, Tunnel};
use tlsleuth::capture::{CaptureInput, LinkType, MergedReader, order_captures};
use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::handshake::Side;
use tlsleuth::handshake::connection::EventKind;
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

/// Failing and healthy, TLS 1.2 and 1.3, IPv4 and IPv6, with something before TLS and without.
const STORIES: [&str; 26] = [
    "alpn-h2",
    "chain-missing-intermediate",
    "cipher-no-overlap-tls12",
    "client-auth-missing-tls12",
    "client-auth-missing-tls13",
    "mtls12-completed",
    "peer-client-rejected-tls13",
    "proxy-connect-expired",
    "psk-wrong-key",
    "resumed-psk",
    "sni-certificate-mismatch",
    "protocol-http-to-tls-port",
    "protocol-plaintext-reply-ssh",
    "proxy-refused-socks5",
    "proxy-socks5-expired",
    "starttls-ldap-refused",
    "starttls-mssql",
    "starttls-mysql",
    "starttls-postgres-untrusted",
    "starttls-refused-imap",
    "starttls-smtp-expired",
    "tcp-reset-after-client-hello",
    "version-sslv2-hello",
    "tls12-rsa",
    "tls13-hello-retry",
    "version-client-too-old",
];

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The frames of a story, with times as a microsecond pcap has them.
fn packets_of(story: &str) -> Vec<Packet> {
    let folder = testdata().join("captures").join(story);
    let path = ["capture.pcap", "capture.pcap.gz"].map(|name| folder.join(name));
    let path = path.iter().find(|path| path.is_file()).unwrap();
    let mut reader = OpenOptions::default().open(path).unwrap();
    let mut packets = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        assert_eq!(frame.link, LinkType::ETHERNET);
        packets.push(Packet { at: frame.place.time.0 / 1_000 * 1_000, data: frame.data.to_vec() });
    }
    packets
}

/// One judge for all: it remembers what it judged.
fn judge() -> Arc<Judge> {
    let mut anchors = Anchors::new(Roots::None).unwrap();
    anchors.add_pem(&fs::read(testdata().join("pki/root.pem")).unwrap()).unwrap();
    Arc::new(Judge::new(anchors))
}

fn analyze(judge: &Arc<Judge>, files: Vec<Vec<u8>>) -> Vec<Box<Analyzed>> {
    let mut options = Options::default();
    options.policy.judge = Arc::clone(judge);
    options.policy.own_anchors = true;
    let mut analyzer = Analyzer::new(options);
    let open = OpenOptions::default();
    let inputs = files.into_iter().map(|file| {
        let reader = open.read(Cursor::new(file)).unwrap();
        CaptureInput::Reader("test".into(), Box::new(reader))
    });
    let ordered = order_captures(inputs.collect(), &open);
    assert!(ordered.unreadable.is_empty());
    let mut frames = MergedReader::new(ordered, open);
    while let Some(frame) = frames.next_frame().unwrap() {
        analyzer.push_frame(&frame);
    }
    analyzer.finish();
    let mut connections = Vec::new();
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(connection) = event {
            connections.push(connection);
        }
    }
    connections
}

/// Findings about what was done to the packets, not about what the peers said.
const OF_TRANSPORT: [&str; 2] = ["capture.fragments", "tcp.retransmissions"];

/// What must not change: places and times are left out, and what counts segments.
fn tell(connections: &[Box<Analyzed>]) -> String {
    let mut out = String::new();
    for found in connections {
        let connection = &found.connection;
        let _ = writeln!(
            out,
            "{} -> {}: {:?} {:?} {:?}",
            connection.client,
            connection.server,
            found.diagnosis.outcome,
            connection.application,
            connection.roles_from,
        );
        for hello in &connection.client_hellos {
            let _ = writeln!(out, "  client hello {:?}", hello.value);
        }
        let retry = connection.hello_retry.as_ref().map(|hello| &hello.value);
        let _ = writeln!(out, "  retry {retry:?}");
        let _ = writeln!(
            out,
            "  server hello {:?}",
            connection.server_hello.as_ref().map(|found| &found.value)
        );
        let _ = writeln!(
            out,
            "  request {:?}",
            connection.certificate_request.as_ref().map(|found| &found.value)
        );
        let _ = writeln!(
            out,
            "  key exchange {:?}",
            connection.server_key_exchange.as_ref().map(|found| &found.value)
        );
        for chain in [&connection.server_chain, &connection.client_chain] {
            let chain = chain.as_ref().map(|sent| {
                let certificates = sent.value.chain.certificates().iter();
                certificates.map(|one| one.sha256).collect::<Vec<_>>()
            });
            let _ = writeln!(out, "  chain {chain:?}");
        }
        for side in [Side::Client, Side::Server] {
            let finished = connection.finished.of(side).as_ref().map(|_| "there");
            let inferred = connection.finished_inferred.of(side);
            let data = connection.application_data.of(side);
            let _ = writeln!(
                out,
                "  {}: finished {finished:?} {inferred}, data {}/{}, plain {:?}, missing {}, unfinished {:?}",
                side.name(),
                data.records,
                data.bytes,
                connection.plaintext.of(side).as_ref().map(|found| &found.value),
                connection.gaps.of(side).len(),
                connection
                    .unfinished
                    .of(side)
                    .as_ref()
                    .map(|found| (found.content_type, found.handshake_type)),
            );
        }
        let protected: Vec<_> = connection
            .protected
            .iter()
            .map(|record| (record.from, record.content_type, record.len, record.content))
            .collect();
        let _ = writeln!(out, "  protected {protected:?}");
        for anomaly in &connection.anomalies {
            let _ = writeln!(out, "  anomaly {:?}", anomaly.value);
        }
        for alert in &connection.alerts {
            let _ = writeln!(
                out,
                "  alert {:?} {:?} {:?} {} {}",
                alert.from, alert.level, alert.description, alert.encrypted, alert.inferred
            );
        }
        for event in &connection.events {
            match &event.kind {
                EventKind::CaptureGap(gap) => {
                    let _ = writeln!(out, "  gap {:?} {}", gap.cause, gap.len_bytes);
                }
                kind => {
                    let _ = writeln!(out, "  {:?} {kind:?}", event.from);
                }
            }
        }
        for finding in &found.diagnosis.findings {
            if OF_TRANSPORT.contains(&finding.code) {
                continue;
            }
            let _ = writeln!(
                out,
                "  {}{} {} {} {} {:?}: {}",
                if finding.root_cause { "* " } else { "" },
                finding.code,
                finding.severity.name(),
                finding.confidence.name(),
                finding.party.name(),
                finding.chain,
                finding.title,
            );
        }
    }
    out
}

fn first_difference(before: &str, after: &str) -> String {
    let mut after_lines = after.lines();
    for line in before.lines() {
        let other = after_lines.next().unwrap_or("(nothing)");
        if other != line {
            return format!("before: {line:.600}\n     after: {other:.600}");
        }
    }
    format!("after: {}", after_lines.next().unwrap_or("(nothing more)"))
}

fn plain(packets: &[Packet]) -> Vec<Vec<u8>> {
    vec![files::pcap(packets, Order::Little, false, Link::Ethernet)]
}

/// A name, and how the files come from the frames.
type Form = (&'static str, fn(&[Packet], &mut Noise) -> Vec<Vec<u8>>);

const FORMS: [Form; 28] = [
    ("one byte a segment", |packets, noise| plain(&packets::resegment(packets, noise, 1))),
    ("segments of 1 to 7 bytes", |packets, noise| plain(&packets::resegment(packets, noise, 7))),
    ("segments of 1 to 99 bytes", |packets, noise| plain(&packets::resegment(packets, noise, 99))),
    ("other order in a flight", |packets, noise| plain(&packets::reorder(packets, noise))),
    ("small segments in another order", |packets, noise| {
        let small = packets::resegment(packets, noise, 64);
        plain(&packets::reorder(&small, noise))
    }),
    ("some frames twice", |packets, noise| plain(&packets::duplicate(packets, noise))),
    ("sequence numbers that wrap", |packets, noise| plain(&packets::wrap(packets, noise))),
    ("wrapped, cut and in another order", |packets, noise| {
        let wrapped = packets::wrap(packets, noise);
        let small = packets::resegment(&wrapped, noise, 200);
        plain(&packets::reorder(&small, noise))
    }),
    ("fragments", |packets, noise| plain(&packets::fragment(packets, noise, false))),
    ("fragments in any order", |packets, noise| plain(&packets::fragment(packets, noise, true))),
    ("a VLAN tag", |packets, _| plain(&packets::tagged(packets, &[[0x81, 0, 0, 7]]))),
    ("two VLAN tags", |packets, _| {
        plain(&packets::tagged(packets, &[[0x88, 0xa8, 0, 7], [0x81, 0, 0x20, 8]]))
    }),
    ("VXLAN", |packets, _| plain(&packets::tunnelled(packets, Tunnel::Vxlan))),
    ("GRE", |packets, _| plain(&packets::tunnelled(packets, Tunnel::Gre))),
    ("VXLAN in GRE, with a tag", |packets, _| {
        let inner = packets::tagged(packets, &[[0x81, 0, 0, 7]]);
        let inner = packets::tunnelled(&inner, Tunnel::Vxlan);
        plain(&packets::tunnelled(&inner, Tunnel::Gre))
    }),
    ("a big-endian pcap", |packets, _| {
        vec![files::pcap(packets, Order::Big, false, Link::Ethernet)]
    }),
    ("a nanosecond pcap", |packets, _| {
        vec![files::pcap(packets, Order::Little, true, Link::Ethernet)]
    }),
    ("raw packets", |packets, _| vec![files::pcap(packets, Order::Little, false, Link::Raw)]),
    ("a BSD loopback", |packets, _| vec![files::pcap(packets, Order::Little, false, Link::Null)]),
    ("the any device", |packets, _| vec![files::pcap(packets, Order::Little, false, Link::Sll)]),
    ("the any device, version 2", |packets, _| {
        vec![files::pcap(packets, Order::Little, true, Link::Sll2)]
    }),
    ("pcapng", |packets, _| vec![files::pcapng(packets, Order::Little, 1)]),
    ("a big-endian pcapng", |packets, _| vec![files::pcapng(packets, Order::Big, 1)]),
    ("pcapng with interfaces", |packets, _| vec![files::pcapng(packets, Order::Little, 3)]),
    ("gzip", |packets, _| vec![files::gzip(&plain(packets)[0], 1)]),
    ("gzip with members", |packets, _| vec![files::gzip(&plain(packets)[0], 5)]),
    ("rotated files", |packets, noise| {
        let size = 1 + noise.below(packets.len());
        let mut files: Vec<_> = packets.chunks(size).flat_map(plain).collect();
        // Those that begin at the same time are taken as they are given.
        let distinct: std::collections::BTreeSet<_> =
            packets.chunks(size).map(|piece| piece[0].at).collect();
        if distinct.len() == files.len() {
            noise.shuffle(&mut files);
        }
        files
    }),
    ("two taps", |packets, _| {
        // The other tap is behind a hop, and half a millisecond later.
        let far: Vec<Packet> = packets
            .iter()
            .map(|packet| Packet { at: packet.at + 500_000, ..packet.clone() })
            .collect();
        [plain(packets), plain(&far)].concat()
    }),
];

#[test]
fn the_same_story_comes_out() {
    let rounds: u64 =
        std::env::var("TLSLEUTH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let judge = judge();
    let mut wrong = Vec::new();
    let mut tried: BTreeMap<&str, u64> = BTreeMap::new();
    for (number, story) in (1..).zip(STORIES) {
        let packets = packets_of(story);
        let before = tell(&analyze(&judge, plain(&packets)));
        assert!(!before.is_empty(), "{story}: no connection");
        for (form, files) in FORMS {
            for round in 0..rounds {
                let mut noise = Noise::new(number * 1_000_003 + round);
                let made = files(&packets, &mut noise);
                let deterministic = !uses_noise(form);
                let after = tell(&analyze(&judge, made));
                *tried.entry(form).or_default() += 1;
                if after != before {
                    let difference = first_difference(&before, &after);
                    wrong.push(format!("{story}, {form}, round {round}:\n    {difference}"));
                }
                if deterministic {
                    break;
                }
            }
        }
    }
    let total: u64 = tried.values().sum();
    println!("{total} variations of {} captures, {} forms", STORIES.len(), FORMS.len());
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether a form comes out another one each time.
fn uses_noise(form: &str) -> bool {
    ["segment", "order", "twice", "wrap", "fragments", "rotated"]
        .iter()
        .any(|word| form.contains(word))
        && form != "one byte a segment"
}
