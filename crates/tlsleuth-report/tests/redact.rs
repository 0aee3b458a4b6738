//! Nothing that was to be replaced is in any format, for every capture of `testdata`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::disallowed_methods)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tlsleuth_redact::{Key, What};
use tlsleuth_report::schema::Chain;
use tlsleuth_report::{Redact, Report, html, json, markdown, table};

const ALL: What = What { addresses: true, names: true };

fn redact(what: What) -> Redact {
    Redact::new(what, &Key::parse(b"a key for tests, no secret").unwrap(), true)
}

/// Every capture below `testdata`.
fn captures() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![common::testdata().join("captures"), common::testdata().join("stories")];
    while let Some(folder) = folders.pop() {
        files.extend(common::captures(&folder).into_iter().filter(|path| path.is_file()));
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// What must not be seen again, taken from the report as it is without redaction.
#[derive(Default)]
struct Originals {
    addresses: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Originals {
    fn of(report: &Report) -> Self {
        let mut originals = Self::default();
        for connection in &report.connections {
            originals.addresses.insert(connection.client.address.clone());
            originals.addresses.insert(connection.server.address.clone());
            originals.names.extend(connection.sni.clone());
            for chain in [&connection.server_chain, &connection.client_chain].into_iter().flatten()
            {
                originals.chain(chain);
            }
        }
        for server in &report.fleet.servers {
            originals.addresses.insert(server.address.clone());
            originals.names.extend(server.sni.clone());
            originals.names.extend(server.leaf_sha256.iter().cloned());
            originals.names.extend(server.leafs.iter().map(|leaf| leaf.serial.clone()));
        }
        originals
            .addresses
            .retain(|address| !["0.0.0.0", "::", "127.0.0.1", "::1"].contains(&address.as_str()));
        // What is shorter, or a word of every report, identifies nobody.
        originals.names.retain(|name| {
            let usual = ["client", "server", "debian", "localhost", "example", "test"];
            name.len() > 3 && !usual.contains(&name.to_lowercase().as_str())
        });
        originals
    }

    fn chain(&mut self, chain: &Chain) {
        for certificate in &chain.certificates {
            self.names.insert(certificate.sha256.clone());
            self.names.insert(certificate.serial.clone());
            self.names.extend(certificate.dns_names.iter().cloned());
            self.addresses.extend(certificate.ip_addresses.iter().cloned());
            for name in [&certificate.subject, &certificate.issuer] {
                let values = name.split([',', '+']).filter_map(|part| part.split_once('='));
                self.names.extend(values.map(|(_, value)| value.trim_end_matches('\\').to_owned()));
            }
        }
    }
}

/// Where `original` stands by itself in `text`.
fn find(text: &str, original: &str) -> Option<usize> {
    let (text, original) = (text.to_lowercase(), original.to_lowercase());
    let original = original.trim_start_matches("*.");
    text.match_indices(original).map(|(at, _)| at).find(|at| {
        let (before, after) = (&text[..*at], &text[at + original.len()..]);
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

fn formats(report: &Report) -> Vec<(&'static str, String)> {
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    };
    let style = || table::Style::new(100, false);
    vec![
        ("json", written(&|out| json::write(report, out).unwrap())),
        ("jsonl", written(&|out| json::write_lines(report, out).unwrap())),
        ("markdown", written(&|out| markdown::write(report, out).unwrap())),
        ("html", written(&|out| html::write(report, out).unwrap())),
        ("table", written(&|out| table::write(report, style(), out).unwrap())),
        ("table in full", {
            let style = style().listing(table::Listing::Full);
            written(&|out| table::write(report, style, out).unwrap())
        }),
    ]
}

fn both(path: &Path) -> (Report, Report) {
    let mut redact = redact(ALL);
    let shown = path.display().to_string();
    let plain = common::analyze(path, &shown);
    let mut redacted = common::analyze_with(path, &shown, &mut |analyzed| redact.learn(analyzed));
    redact.report(&mut redacted);
    (plain, redacted)
}

#[test]
fn no_original_is_in_any_format() {
    let mut leaks = Vec::new();
    let (mut checked, mut files) = (0, 0);
    for path in captures() {
        let (plain, redacted) = both(&path);
        let originals = Originals::of(&plain);
        files += 1;
        for (format, text) in formats(&redacted) {
            for original in originals.addresses.iter().chain(&originals.names) {
                checked += 1;
                if let Some(at) = find(&text, original) {
                    let near: String = text.chars().skip(at.saturating_sub(40)).take(100).collect();
                    leaks.push(format!("{}: {format}: {original}: {near}", path.display()));
                }
            }
        }
    }
    assert!(files > 250 && checked > 10_000, "{files} captures, {checked} looked for");
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn the_unredacted_report_would_be_caught() {
    let path = common::testdata().join("captures/chain-missing-intermediate/capture.pcap");
    let plain = common::analyze(&path, "capture.pcap");
    let originals = Originals::of(&plain);
    for (format, text) in formats(&plain) {
        assert!(originals.names.iter().any(|name| find(&text, name).is_some()), "{format}");
        assert!(originals.addresses.iter().any(|name| find(&text, name).is_some()), "{format}");
    }
}

#[test]
fn findings_stay_as_they_are() {
    for story in
        ["chain-missing-intermediate", "sni-certificate-mismatch", "protocol-http-to-tls-port"]
    {
        let folder = common::testdata().join("captures").join(story);
        let path = common::captures(&folder).remove(0);
        let (plain, redacted) = both(&path);
        for (before, after) in plain.connections.iter().zip(&redacted.connections) {
            assert_eq!(before.verdict, after.verdict);
            assert_eq!(before.outcome, after.outcome);
            let codes = |list: &[tlsleuth_report::schema::Finding]| {
                list.iter().map(|found| found.code).collect::<Vec<_>>()
            };
            assert_eq!(codes(&before.findings), codes(&after.findings));
            assert_eq!(before.fingerprints.ja4, after.fingerprints.ja4);
        }
    }
}

#[test]
fn every_format_says_what_was_replaced() {
    let path = common::testdata().join("captures/chain-missing-intermediate/capture.pcap");
    let (plain, redacted) = both(&path);
    for ((format, before), (_, after)) in formats(&plain).into_iter().zip(formats(&redacted)) {
        let says =
            |text: &str| text.contains("Redacted: addresses") || text.contains("\"redaction\": {");
        assert!(!says(&before), "{format}");
        // A line of JSON Lines is one connection and has no room for it.
        assert!(says(&after) || format == "jsonl", "{format}");
    }
}

#[test]
fn the_same_key_gives_the_same_report_and_another_key_another() {
    let path = common::testdata().join("captures/chain-missing-intermediate/capture.pcap");
    let with = |key: &[u8]| {
        let mut redact = Redact::new(ALL, &Key::parse(key).unwrap(), true);
        let mut report = common::analyze_with(&path, "x.pcap", &mut |found| redact.learn(found));
        redact.report(&mut report);
        formats(&report)
    };
    assert_eq!(with(b"one key for the tests"), with(b"one key for the tests"));
    assert_ne!(with(b"one key for the tests"), with(b"two keys for the tests"));
}
