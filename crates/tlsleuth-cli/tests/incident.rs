//! Several captures are one incident: a ring of rotated files, taps on both sides of a router, a
//! directory, standard input, and files that cannot be read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const RING: [&str; 6] = [
    "front0.pcap.gz",
    "back0.pcap.gz",
    "front1.pcap.gz",
    "back1.pcap.gz",
    "front2.pcap.gz",
    "back2.pcap.gz",
];

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(path)
}

fn tlsleuth(captures: &[PathBuf], stdin: Vec<u8>) -> Output {
    Command::cargo_bin("tlsleuth")
        .unwrap()
        .args(["--format", "json", "--roots", "none", "--ca-file"])
        .arg(testdata("pki/root.pem"))
        .args(captures)
        .write_stdin(stdin)
        .output()
        .unwrap()
}

/// The report of captures that can all be read.
fn report(captures: &[PathBuf]) -> Value {
    let output = tlsleuth(captures, Vec::new());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ring(order: &[usize]) -> Vec<PathBuf> {
    order.iter().map(|nth| testdata("captures/ring").join(RING[*nth])).collect()
}

/// Client, server, outcome, verdict and number of frames of each connection.
fn told(report: &Value) -> Vec<String> {
    let end = |end: &Value| format!("{}:{}", end["address"].as_str().unwrap(), end["port"]);
    report["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|connection| {
            format!(
                "{} -> {}: {}, {}, {} frames",
                end(&connection["client"]),
                end(&connection["server"]),
                connection["outcome"].as_str().unwrap(),
                connection["verdict"].as_str().unwrap_or("no verdict"),
                connection["frames"],
            )
        })
        .collect()
}

/// A number of every capture, added up.
fn sum(report: &Value, pointer: &str) -> u64 {
    let captures = report["captures"].as_array().unwrap();
    captures.iter().map(|capture| capture.pointer(pointer).unwrap().as_u64().unwrap()).sum()
}

#[test]
fn a_ring_in_any_order_is_one_incident() {
    let sorted = report(&ring(&[0, 1, 2, 3, 4, 5]));
    let told_sorted = told(&sorted);
    assert_eq!(told_sorted.len(), 14);
    let refused = told_sorted.iter().filter(|told| told.contains("failed, chain.expired")).count();
    let fine = told_sorted.iter().filter(|told| told.contains("completed, no verdict")).count();
    assert_eq!((refused, fine), (7, 7), "{told_sorted:#?}");
    // One client is slow: its connection begins in one file and ends in another one.
    assert!(
        sorted["connections"]
            .as_array()
            .unwrap()
            .iter()
            .any(|connection| connection["capture"] != connection["last_capture"])
    );
    for order in [[5, 4, 3, 2, 1, 0], [2, 0, 5, 1, 4, 3], [1, 3, 5, 0, 2, 4], [4, 2, 0, 3, 5, 1]] {
        let other = report(&ring(&order));
        assert_eq!(told(&other), told_sorted, "{order:?}");
        // Even the frames: captures are numbered by time, whatever the order in which they are given.
        assert_eq!(other, sorted, "{order:?}");
    }
}

#[test]
fn one_file_of_the_ring_alone_is_less() {
    // Otherwise the test above would show nothing.
    let alone = report(&ring(&[2]));
    assert!(told(&alone).len() < 14);
}

#[test]
fn both_sides_of_a_router_are_taken_once() {
    let both = report(&[
        testdata("captures/ring-both-sides-of-a-router/front0.pcap.gz"),
        testdata("captures/ring-both-sides-of-a-router/back0.pcap.gz"),
    ]);
    let front = report(&[testdata("captures/ring-both-sides-of-a-router/front0.pcap.gz")]);
    assert_eq!(told(&both), told(&front));
    let duplicates = sum(&both, "/frame_counts/duplicates");
    assert_eq!(duplicates, sum(&front, "/frames"), "every frame has one copy");
    assert_eq!(sum(&front, "/frame_counts/duplicates"), 0);
    for connection in both["connections"].as_array().unwrap() {
        let events = connection["timeline"].as_array().unwrap();
        assert!(events.iter().all(|event| event["event"] != "tcp_retransmission"));
    }
}

/// Every frame of every capture is in one of the counts.
#[test]
fn the_counts_of_frames_add_up() {
    for captures in [
        ring(&[0, 1, 2, 3, 4, 5]),
        vec![
            testdata("captures/ring-both-sides-of-a-router/front0.pcap.gz"),
            testdata("captures/ring-both-sides-of-a-router/back0.pcap.gz"),
        ],
    ] {
        let report = report(&captures);
        for capture in report["captures"].as_array().unwrap() {
            let counts = capture["frame_counts"].as_object().unwrap();
            let counted: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
            assert_eq!(Some(counted), capture["frames"].as_u64(), "{capture:#}");
        }
    }
}

#[test]
fn a_directory_stands_for_its_captures() {
    let directory = tempdir("directory");
    // One of them lies deeper, as where files are rotated into a directory a day.
    let below = directory.join("2026/11");
    fs::create_dir_all(&below).unwrap();
    for (name, place) in RING.into_iter().zip([&below].into_iter().chain(iter::repeat(&directory)))
    {
        fs::copy(testdata("captures/ring").join(name), place.join(name)).unwrap();
    }
    fs::write(directory.join("notes.txt"), "no capture").unwrap();
    let output = tlsleuth(std::slice::from_ref(&directory), Vec::new());
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("1 file that is no capture passed over"), "{said}");
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told(&whole), told(&report(&ring(&[0, 1, 2, 3, 4, 5]))));
    let names: BTreeSet<&str> = whole["captures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|capture| capture["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, RING.into_iter().collect());
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn standard_input_is_one_of_the_captures() {
    let mut captures = ring(&[0, 1, 2, 3, 4]);
    captures.insert(1, "-".into());
    let back2 = fs::read(testdata("captures/ring").join(RING[5])).unwrap();
    let output = tlsleuth(&captures, back2);
    assert_eq!(output.status.code(), Some(0));
    let with_input: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told(&with_input), told(&report(&ring(&[0, 1, 2, 3, 4, 5]))));
}

#[test]
fn what_cannot_be_read_does_not_hide_the_rest() {
    let mut captures = ring(&[0, 1, 2, 3, 4, 5]);
    captures.insert(2, testdata("README.md"));
    captures.push(testdata("no/such.pcap"));
    let output = tlsleuth(&captures, Vec::new());
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("README.md") && said.contains("such.pcap"), "{said}");
    let rest: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told(&rest), told(&report(&ring(&[0, 1, 2, 3, 4, 5]))));
    // The numbers of the captures are those of the frames: what cannot be read comes last.
    let captures = rest["captures"].as_array().unwrap();
    assert_eq!(captures.len(), 8);
    for connection in rest["connections"].as_array().unwrap() {
        let capture = &captures[usize::try_from(connection["capture"].as_u64().unwrap()).unwrap()];
        assert!(capture["path"].as_str().unwrap().ends_with(".pcap.gz"));
    }
}

/// A folder of its own for one test.
fn tempdir(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("incident-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}
