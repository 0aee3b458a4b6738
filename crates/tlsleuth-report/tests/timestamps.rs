//! Signed certificate timestamps are told with their logs' names in every format.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use std::path::PathBuf;

use serde_json::Value;
use tlsleuth_redact::{Key, What};
use tlsleuth_report::{Redact, Report, html, json, markdown, table};
use tlsleuth_testkit::script;

/// A handshake whose leaf has a timestamp of Argon2026h2 and one of an unknown log that is dated
/// after the capture, and whose ServerHello has one of Oak2026h2.
fn report(test: &str) -> Report {
    let story = script(
        "client ClientHello sni=api.example.test versions=1.2
         server ServerHello sct + Certificate story=timestamps + ServerKeyExchange + ServerHelloDone
         client Alert fatal unknown_ca",
    );
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.pcap"));
    std::fs::write(&path, story.pcap()).unwrap();
    common::analyze(&path, "timestamps.pcap")
}

fn printed(write: impl Fn(&Report, &mut Vec<u8>), report: &Report) -> String {
    let mut out = Vec::new();
    write(report, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn json_has_the_log_and_the_time() {
    let text = printed(|report, out| json::write(report, out).unwrap(), &report("json"));
    let report: Value = serde_json::from_str(&text).unwrap();
    let chain = &report["connections"][0]["server_chain"];
    assert_eq!(chain["scts_total"], 3);
    let scts = chain["scts"].as_array().unwrap();
    let told: Vec<_> = scts
        .iter()
        .map(|sct| {
            (sct["from"].as_str().unwrap(), sct["log"].as_str(), sct["after_capture"].as_bool())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("certificate", Some("Google Argon2026h2"), Some(false)),
            ("certificate", None, Some(true)),
            ("tls_extension", Some("Let's Encrypt Oak2026h2"), Some(false)),
        ]
    );
    assert_eq!(scts[0]["operator"], "Google");
    assert_eq!(scts[0]["time"], "2026-10-01T00:00:00.123000000Z");
    assert_eq!(scts[1]["log_id"], format!("{:064}", 5));
}

#[test]
fn every_format_names_the_logs() {
    let report = report("formats");
    let table = printed(
        |report, out| {
            table::write(report, table::Style::new(120, false).listing(table::Listing::Full), out)
                .unwrap()
        },
        &report,
    );
    let unfolded = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        unfolded.contains("SCTs of Google Argon2026h2, unknown log 0000000000000000… (dated after this frame), Let's Encrypt Oak2026h2"),
        "{table}"
    );
    assert!(unfolded.contains("SCTs Google Argon2026h2, 2026-10-01"), "{table}");
    assert!(
        unfolded.contains("Let's Encrypt Oak2026h2, 2026-10-01, in a TLS extension"),
        "{table}"
    );
    let ticket = markdown::text(&report);
    assert!(
        ticket.contains("SCTs of the first: Google Argon2026h2, 2026-10-01; unknown log"),
        "{ticket}"
    );
    assert!(ticket.contains("after it was captured; Let's Encrypt Oak2026h2"), "{ticket}");
    let page = printed(|report, out| html::write(report, out).unwrap(), &report);
    assert!(page.contains("Google Argon2026h2, 2026-10-01; unknown log"), "the page has them");
}

/// The log and the millisecond find the certificate in the log.
#[test]
fn redaction_takes_the_times() {
    for names in [true, false] {
        let mut report = report("redaction");
        let what = What { addresses: !names, names };
        let redact = Redact::new(what, &Key::parse(b"a key for tests, no secret").unwrap(), true);
        redact.report(&mut report);
        let chain = report.connections[0].server_chain.as_ref().unwrap();
        assert_eq!(chain.scts.len(), 3);
        assert!(chain.scts.iter().all(|sct| sct.time.is_none() == names));
    }
}
