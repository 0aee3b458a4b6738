//! Three incidents planted among healthy connections are found in a capture made by the test kit, and
//! nothing else is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use tlsleuth::cert::{Anchors, Certificate, Judge, Roots};
use tlsleuth::diagnosis::{Fleet, Party};
use tlsleuth::{Analyzer, Event, Options};
use tlsleuth_testkit::{incident, pki};

/// What many connections show, and how many there are.
fn analyze(connections: usize) -> (Fleet, usize) {
    let mut anchors = Anchors::new(Roots::None).unwrap();
    anchors.add(Arc::new(Certificate::parse(pki().root())));
    let mut options = Options::default();
    options.policy.judge = Arc::new(Judge::new(anchors));
    options.policy.own_anchors = true;
    let mut analyzer = Analyzer::new(options);
    incident::incident(connections, |frame| analyzer.push_frame(frame));
    analyzer.finish();
    let (mut fleet, mut count) = (Fleet::default(), 0);
    while let Some(event) = analyzer.poll() {
        match event {
            Event::Connection(_) => count += 1,
            Event::Fleet(told) => fleet = *told,
        }
    }
    (fleet, count)
}

fn three_incidents_and_nothing_else(connections: usize) {
    let (fleet, count) = analyze(connections);
    assert_eq!(count, connections);
    assert_eq!(fleet.left_out.told().count(), 0);
    let found: Vec<String> = fleet
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.code, finding.title))
        .collect();
    let about = |code: &str, words: &[&str]| {
        found.iter().any(|text| text.starts_with(code) && words.iter().all(|w| text.contains(w)))
    };
    assert!(
        about("fleet.certificate-changed", &["pay.example.test", "failures ended with it"]),
        "{found:#?}"
    );
    assert!(about("fleet.split-by-node", &["1 of 4 nodes", "api.example.test"]), "{found:#?}");
    assert!(
        about("fleet.split-by-client", &["im.example.test", "offer no version", "TLS 1.2"]),
        "{found:#?}"
    );
    assert_eq!(found.len(), 3, "{found:#?}");
    for finding in &fleet.findings {
        assert!(!finding.evidence.is_empty(), "{}", finding.code);
        assert_ne!(finding.party, Party::Unknown, "{}", finding.code);
    }
}

#[test]
fn in_three_thousand_connections() {
    three_incidents_and_nothing_else(3_000);
}

#[test]
#[ignore = "takes seconds in a release build, minutes without: cargo test --release -p tlsleuth --test incident -- --ignored"]
fn in_a_hundred_thousand_connections() {
    three_incidents_and_nothing_else(100_000);
}
