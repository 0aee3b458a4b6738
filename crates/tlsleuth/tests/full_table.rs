//! More connections are open at once than the table holds: each is told once, and of those that had to
//! leave nothing is claimed that later frames may belie.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use tlsleuth::capture::EndReason;
use tlsleuth::handshake::{Observed, Outcome};
use tlsleuth::{Analyzed, Analyzer, Counts, Event, Options};

/// So many connections of each script, all open at once; analyzed with room for so many flows.
fn all_at_once(scripts: &[&str], each: usize, max_flows: usize) -> (Vec<Analyzed>, Counts) {
    let mut options = Options::default();
    options.limits.max_flows = max_flows;
    let mut analyzer = Analyzer::new(options);
    for frame in tlsleuth_testkit::all_at_once(scripts, each) {
        analyzer.push_frame(&frame.frame());
    }
    analyzer.finish();
    let mut told = Vec::new();
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(analyzed) = event {
            told.push(*analyzed);
        }
    }
    told.retain(|analyzed| analyzed.connection.server.port == 443);
    (told, analyzer.counts())
}

const SYN: &str = "client SYN";
const HELLO: &str = "client ClientHello sni=shop.example\nserver ACK";

#[test]
fn connections_that_had_to_leave_are_told_once_and_did_not_fail() {
    let (told, counts) = all_at_once(&[SYN, HELLO], 100, 40);
    assert_eq!(told.len(), 200);
    assert!(counts.flows.evicted >= 150 && counts.flows.segments_after_eviction > 100);
    let (left, stayed): (Vec<_>, Vec<_>) =
        told.iter().partition(|told| told.connection.end_reason == EndReason::Evicted);
    for analyzed in left {
        assert_eq!(analyzed.diagnosis.outcome, Outcome::Incomplete);
        assert!(analyzed.diagnosis.findings.is_empty(), "{:?}", analyzed.diagnosis.findings);
        assert_eq!(analyzed.connection.server_hello, Observed::Missed);
    }
    assert!(!stayed.is_empty());
    assert!(
        stayed.iter().all(|told| told.diagnosis.outcome == Outcome::Failed),
        "watched to the end"
    );
}

#[test]
fn where_there_is_room_nothing_is_given_up() {
    let (told, counts) = all_at_once(&[SYN, HELLO], 100, 1_000);
    assert_eq!((told.len(), counts.flows.evicted), (200, 0));
    assert_eq!(counts.flows.segments_after_eviction, 0);
    assert!(told.iter().all(|told| told.diagnosis.outcome == Outcome::Failed));
}

#[test]
fn a_flood_does_not_push_out_handshakes() {
    let refused = "client ClientHello sni=shop.example\nserver Alert fatal handshake_failure";
    let (told, counts) = all_at_once(&[refused, SYN, SYN, SYN, SYN, SYN, SYN, SYN, SYN], 20, 60);
    assert!(counts.flows.evicted > 100);
    let refused = |told: &&Analyzed| told.connection.tls_seen();
    assert_eq!(told.iter().filter(refused).count(), 20);
    assert!(told.iter().filter(refused).all(|told| {
        told.diagnosis.outcome == Outcome::Failed && told.diagnosis.verdict().is_some()
    }));
}
