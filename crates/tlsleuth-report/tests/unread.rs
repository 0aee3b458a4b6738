//! What is recognized and not read is said in every form of the report.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use tlsleuth_report::{Report, html, markdown, table};

/// A report in every form for readers.
fn forms(report: &Report) -> [String; 3] {
    let mut page = Vec::new();
    html::write(report, &mut page).unwrap();
    let mut lines = Vec::new();
    table::write(report, table::Style::new(100, false), &mut lines).unwrap();
    [page, lines, markdown::text(report).into_bytes()].map(|text| {
        let text = String::from_utf8(text).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

fn told(story: &str, sentence: &str) {
    for text in forms(&common::story(story)) {
        assert_eq!(text.contains("Not read: "), !sentence.is_empty(), "{text}");
        assert!(text.contains(sentence), "{text}");
    }
}

fn everywhere(report: &Report, sentence: &str) {
    for text in forms(report) {
        assert!(text.contains(sentence), "{text}");
    }
}

#[test]
fn quic_is_said_to_be_unread() {
    told(
        "quic-blocked-then-tcp",
        "Not read: 1 QUIC connection (first in frame 1). Only TLS over TCP is read",
    );
}

#[test]
fn dtls_is_said_to_be_unread() {
    told(
        "dtls12-expired",
        "Not read: 1 DTLS connection (first in frame 1). Only TLS over TCP is read",
    );
}

#[test]
fn nothing_is_said_where_all_was_read() {
    told("tls13", "");
}

#[test]
fn connections_that_had_to_leave_are_said_in_every_form() {
    let mut report = common::story("tls13");
    report.counts.flows_evicted = 3;
    report.counts.segments_after_eviction = 1_234;
    everywhere(
        &report,
        "A limit was reached: 3 connections given up while they were open; 1,234 segments of them that \
         came later not looked at. More are followed with a higher --memory (64M unless given).",
    );
    report.counts.segments_after_eviction = 0;
    report.counts.holes_given_up = 1;
    everywhere(&report, "3 connections given up while they were open.");
    everywhere(&report, "A limit was reached: 1 hole in streams not waited for any longer.");
}
