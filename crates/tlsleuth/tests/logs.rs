//! Logs that were recorded beside captures: each line finds its connection, whatever the clock says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

use std::fs;
use std::path::{Path, PathBuf};

use tlsleuth::log::{Logs, Matched};
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

fn stories() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/stories");
    let mut found = Vec::new();
    for story in fs::read_dir(root).unwrap().flatten() {
        for variant in fs::read_dir(story.path()).into_iter().flatten().flatten() {
            let expect = fs::read(variant.path().join("expect.json")).unwrap_or_default();
            let expect: serde_json::Value = serde_json::from_slice(&expect).unwrap_or_default();
            if expect["log"].as_str() == Some("server.log") && expect["file"].as_str().is_some() {
                found.push(variant.path());
            }
        }
    }
    found.sort();
    found
}

fn analyzed(folder: &Path) -> Vec<Box<Analyzed>> {
    let file = fs::File::open(folder.join("capture.pcap")).unwrap();
    let mut frames = OpenOptions::default().read(file).unwrap();
    let mut analyzer = Analyzer::new(Options::default());
    while let Ok(Some(frame)) = frames.next_frame() {
        analyzer.push_frame(&frame);
    }
    analyzer.finish();
    std::iter::from_fn(|| analyzer.poll())
        .filter_map(|event| match event {
            Event::Connection(analyzed) => Some(analyzed),
            Event::Fleet(_) => None,
        })
        .collect()
}

/// Lines that name the client's port, beside the connection of that port.
fn attached(folder: &Path, log: &str) -> (usize, usize, String) {
    let mut connections = analyzed(folder);
    let mut logs = Logs::default();
    logs.begin("server.log");
    logs.push(log.as_bytes());
    logs.attach(&mut connections);
    let mut right = 0;
    let mut shown = String::new();
    for analyzed in &connections {
        for line in &analyzed.log_lines {
            let text = line.text.to_string();
            // Apache writes the error of the library on a line of its own.
            if line.matched == Matched::Port && !text.contains("SSL Library Error") {
                assert!(text.contains(&analyzed.connection.client.to_string()), "{text}");
            }
            right += 1;
            shown.push_str(&format!("{line}\n"));
        }
    }
    let wanted = log.lines().filter(|line| line.contains("handshake error from 10.")).count();
    (wanted, right, shown)
}

#[test]
fn every_line_finds_its_connection() {
    let stories = stories();
    assert!(stories.len() > 10, "{}", stories.len());
    let mut all = 0;
    for folder in stories {
        let log = fs::read_to_string(folder.join("server.log")).unwrap();
        let (wanted, right, shown) = attached(&folder, &log);
        assert!(right >= wanted, "{}: {right} of {wanted}\n{shown}", folder.display());
        assert!(!shown.contains("clock"), "{shown}");
        all += right;
    }
    assert!(all > 30, "{all}");
}

#[test]
fn another_zone_is_found_and_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/stories/cosmos-bad-certificate/b-expired-tls13");
    let log = fs::read_to_string(folder.join("server.log")).unwrap();
    // The same in a zone five hours and a half ahead, as a server in India writes it.
    let moved = log.replace(" 04:", " 09:").replace(":23:", ":53:");
    assert_ne!(log, moved);
    let (wanted, right, shown) = attached(&folder, &moved);
    assert_eq!(right, wanted, "{shown}");
    assert!(shown.contains("the log's time is UTC+05:30"), "{shown}");
    // Another day is no zone: two lines do not prove it.
    let other = log.replace("/21 ", "/25 ");
    assert_eq!(attached(&folder, &other).1, 0);
}

#[test]
fn a_client_s_log_without_addresses_is_matched_by_name_and_time() {
    let shown = |story: &str, log: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures");
        let mut connections = analyzed(&root.join(story));
        let mut logs = Logs::default();
        logs.begin("app.log");
        logs.push(log.as_bytes());
        logs.attach(&mut connections);
        let mut shown = Vec::new();
        for found in &connections {
            for line in &found.log_lines {
                let after = line.at.map(|at| at.since(found.connection.first.time) / 1_000_000);
                shown.push((found.id, line.matched, after));
            }
        }
        shown
    };
    let error = "Get \"https://API.example.test/hello.txt\": tls: failed to verify certificate: x509: certificate signed by unknown authority\n";
    // One connection under that name failed.
    let one = "sni-certificate-mismatch-curl";
    assert_eq!(shown(one, error), [(1, Matched::Name, None)]);
    let timed = format!("2026-11-21T04:04:57.206Z {error}");
    assert_eq!(shown(one, &timed), [(1, Matched::Name, Some(5))]);
    // Several: the time tells which, and without one nothing is said.
    let several = "chain-missing-intermediate";
    assert_eq!(shown(several, error), []);
    let timed = format!("2026-11-21T04:05:04.322Z {error}");
    assert_eq!(shown(several, &timed).len(), 1);
    // Another name is none of theirs.
    assert_eq!(shown(one, &error.replace("API", "other")), []);
}
