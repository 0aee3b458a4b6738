//! The same input gives the same table, whatever the order of a hash map.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use tlsleuth::diagnosis::{Finding, Party, Severity};
use tlsleuth_report::{Tally, table};

/// One connection is the first, and the only one, of several warnings: they come by their codes.
#[test]
fn warnings_of_one_connection_come_in_one_order() {
    let folder = common::testdata().join("captures/chain-weak-key-accepted");
    let (input, connections, fleet, counts) = common::side(&common::captures(&folder)[0], "x.pcap");
    let mut analyzed = connections.into_iter().next().unwrap();
    let codes = ["alpn.ignored", "chain.weak-key", "cipher.weak", "group.retry", "sni.missing"];
    let warning = |code: &&'static str| {
        let mut finding = Finding::new(Party::Server, *code).severity(Severity::Warning);
        finding.code = code;
        finding
    };
    analyzed.diagnosis.findings = codes.iter().rev().map(warning).collect();
    for _ in 0..20 {
        let mut tally = Tally::new("mozilla");
        tally.push(analyzed.clone());
        let report = tally.finish(std::slice::from_ref(&input), &fleet, &counts);
        let mut lines = Vec::new();
        table::write(&report, table::Style::new(100, false), &mut lines).unwrap();
        let text = String::from_utf8(lines).unwrap();
        let places: Vec<usize> = codes.iter().map(|code| text.find(code).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }
}

/// Of many servers only some have an example; who has to act is counted for all of them.
#[test]
fn who_has_to_act_is_counted_for_all() {
    let folder = common::testdata().join("captures/chain-expired");
    let (input, connections, fleet, counts) = common::side(&common::captures(&folder)[0], "x.pcap");
    let mut analyzed = connections.into_iter().next().unwrap();
    let mut tally = Tally::new("mozilla");
    for port in 1..=1_000 {
        analyzed.connection.server.port = port;
        analyzed.id = port.into();
        tally.push(analyzed.clone());
    }
    let report = tally.finish(std::slice::from_ref(&input), &fleet, &counts);
    let mut ticket = Vec::new();
    tlsleuth_report::markdown::write(&report, &mut ticket).unwrap();
    let ticket = String::from_utf8(ticket).unwrap();
    assert!(ticket.contains("**Who has to act:** servers: 1,000 failures."), "{ticket}");
    let mut page = Vec::new();
    tlsleuth_report::html::write(&report, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("servers: 1,000 failures"));
    assert!(page.contains("<code>chain.expired</code></td><td>server</td>"));
}
