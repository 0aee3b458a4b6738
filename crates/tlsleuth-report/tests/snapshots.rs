//! What users see, for real captures. `UPDATE_EXPECT=1` renews it; read the difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use expect_test::expect_file;
use tlsleuth_report::table::{Listing, Style};
use tlsleuth_report::{Report, json, markdown, table};
use unicode_width::UnicodeWidthStr as _;

fn shown(report: &Report, style: Style) -> String {
    let mut out = Vec::new();
    table::write(report, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn one_failed_connection_at_80_columns() {
    let report = common::story("chain-missing-intermediate");
    expect_file!["snapshots/missing-intermediate-80.txt"]
        .assert_eq(&shown(&report, Style::new(80, false)));
}

#[test]
fn one_failed_connection_at_160_columns() {
    let report = common::story("tcp-no-answer");
    expect_file!["snapshots/no-answer-160.txt"].assert_eq(&shown(&report, Style::new(160, false)));
}

#[test]
fn what_cannot_be_seen_is_said() {
    let report = common::story("peer-client-rejected-tls13");
    expect_file!["snapshots/client-rejected-100.txt"]
        .assert_eq(&shown(&report, Style::new(100, false)));
}

#[test]
fn color_says_nothing_that_words_do_not() {
    let report = common::story("tls13");
    let colored = shown(&report, Style::new(100, true));
    assert!(colored.contains("\x1b["));
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, behind)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = behind.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, shown(&report, Style::new(100, false)));
}

#[test]
fn many_connections() {
    let report = common::story("fleet-mostly-failing");
    expect_file!["snapshots/many-100.txt"].assert_eq(&shown(&report, Style::new(100, false)));
    expect_file!["snapshots/all-120.txt"]
        .assert_eq(&shown(&report, Style::new(120, false).listing(Listing::Every)));
}

#[test]
fn health_checks_are_no_failures() {
    let report = common::story("fleet-health-checks");
    expect_file!["snapshots/health-checks-100.txt"]
        .assert_eq(&shown(&report, Style::new(100, false)));
}

#[test]
fn a_capture_that_was_cut_says_so_at_the_top() {
    let report = common::story("capture-cut-short");
    expect_file!["snapshots/cut-short-100.txt"].assert_eq(&shown(&report, Style::new(100, false)));
}

#[test]
fn a_ticket() {
    let report = common::story("chain-missing-intermediate");
    expect_file!["snapshots/ticket.md"].assert_eq(&markdown::text(&report));
}

#[test]
fn json_of_a_whole_report() {
    let report = common::story("tcp-no-answer");
    let mut out = Vec::new();
    json::write(&report, &mut out).unwrap();
    expect_file!["snapshots/no-answer.json"].assert_eq(&String::from_utf8(out).unwrap());
}

/// Commands and filters are copied, so they stay in one piece; all else keeps to the width.
#[test]
fn every_story_fits_every_width() {
    for entry in std::fs::read_dir(common::testdata().join("captures")).unwrap().flatten() {
        for capture in common::captures(&entry.path()).iter().take(1) {
            let report = common::analyze(capture, "capture.pcap");
            for width in [72, 80, 100, 160] {
                for listing in [Listing::Page, Listing::Every, Listing::Full] {
                    for line in shown(&report, Style::new(width, false).listing(listing)).lines() {
                        let whole = ["filter ", "settle ", "or ", "fix "]
                            .iter()
                            .any(|label| line.trim_start().starts_with(label))
                            || line.starts_with("            openssl")
                            || line.starts_with("            tlsleuth")
                            || listing == Listing::Every;
                        assert!(whole || line.width() <= width, "{capture:?} at {width}: {line}");
                    }
                }
            }
            assert!(markdown::text(&report).len() <= markdown::MAX_BYTES);
        }
    }
}
