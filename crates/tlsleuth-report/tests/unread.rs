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

use tlsleuth_report::{html, markdown, table};

fn told(story: &str, sentence: &str) {
    let report = common::story(story);
    let mut page = Vec::new();
    html::write(&report, &mut page).unwrap();
    let mut lines = Vec::new();
    table::write(&report, table::Style::new(100, false), &mut lines).unwrap();
    for text in [page, lines, markdown::text(&report).into_bytes()] {
        let text =
            String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.contains("Not read: "), !sentence.is_empty(), "{text}");
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
