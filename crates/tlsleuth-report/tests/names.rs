//! Names that a capture file gives to addresses stand beside the addresses in the report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use tlsleuth::capture::{Address, ResolvedName};
use tlsleuth_redact::{Key, What};
use tlsleuth_report::table::{self, Style};
use tlsleuth_report::{Redact, Report, report};

fn named(names: &[([u8; 4], &[u8])]) -> Report {
    let folder = common::testdata().join("captures/tcp-no-answer");
    let (mut input, connections, fleet, counts) =
        common::side(&common::captures(&folder)[0], "a.pcapng");
    let resolved = names.iter().map(|(address, name)| ResolvedName {
        address: Address::v4(*address),
        name: name.to_vec(),
    });
    input.facts.as_mut().unwrap().names = resolved.collect();
    report(&[input], connections, &fleet, &counts, "mozilla")
}

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    table::write(report, Style::new(100, false), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_address_in_the_report_is_named() {
    let report = named(&[([10, 0, 0, 2], b"db.corp\x1b[31m"), ([192, 0, 2, 77], b"stranger")]);
    let names: Vec<(&str, &str)> = report.captures[0]
        .names
        .iter()
        .map(|named| (named.address.as_str(), named.name.as_str()))
        .collect();
    assert_eq!(names, [("10.0.0.2", "db.corp\\x1b[31m")], "escaped, and nobody else's");
    assert!(page(&report).contains("10.0.0.2 is db.corp\\x1b[31m (says the capture)"));
}

#[test]
fn a_capture_without_names_says_nothing() {
    assert!(!page(&named(&[])).contains("says the capture"));
}

#[test]
fn redacted_reports_have_no_names() {
    let mut report = named(&[([10, 0, 0, 2], b"db.corp")]);
    let what = What { addresses: true, names: false };
    let key = Key::parse(b"a key for tests, no secret").unwrap();
    Redact::new(what, &key, true).report(&mut report);
    assert!(report.captures[0].names.is_empty());
}
