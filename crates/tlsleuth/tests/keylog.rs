//! The recorded captures with logged secrets: without them the symptom, with them the cause.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::handshake::Side;
use tlsleuth::handshake::connection::{Alert, Decryption};
use tlsleuth::handshake::opener::NotOpened;
use tlsleuth::keylog::KeyLog;
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

fn story(name: &str) -> PathBuf {
    testdata().join("captures").join(name)
}

fn capture_of(story: &Path) -> PathBuf {
    ["capture.pcap", "capture.pcapng"]
        .iter()
        .map(|name| story.join(name))
        .find(|path| path.is_file())
        .unwrap()
}

/// Analyzes a story with the given log, leaving out some frames.
fn analyze(story: &Path, log: Option<&str>, without: &[u64]) -> Vec<Box<Analyzed>> {
    let log = log.map(|text| {
        let log = KeyLog::new();
        log.add(text.as_bytes());
        log
    });
    analyze_with(story, log, without)
}

/// Analyzes a story with the given secrets, leaving out some frames.
fn analyze_with(story: &Path, log: Option<KeyLog>, without: &[u64]) -> Vec<Box<Analyzed>> {
    let mut anchors = Anchors::new(Roots::None).unwrap();
    anchors.add_pem(&fs::read(testdata().join("pki/root.pem")).unwrap()).unwrap();
    let mut options = Options::default();
    options.policy.judge = Arc::new(Judge::new(anchors));
    options.policy.own_anchors = true;
    options.secrets = log.map(|log| Arc::new(log) as Arc<_>);
    let mut analyzer = Analyzer::new(options);
    let mut frames = OpenOptions::default().open(&capture_of(story)).unwrap();
    while let Some(frame) = frames.next_frame().unwrap() {
        if !without.contains(&frame.place.frame) {
            analyzer.push_frame(&frame);
        }
    }
    analyzer.finish();
    std::iter::from_fn(|| analyzer.poll())
        .filter_map(|event| match event {
            Event::Connection(connection) => Some(connection),
            Event::Fleet(_) => None,
        })
        .collect()
}

fn keys(name: &str) -> String {
    fs::read_to_string(story(name).join("keys.log")).unwrap()
}

fn verdict(found: &Analyzed) -> Option<&'static str> {
    found.diagnosis.verdict().map(|finding| finding.code)
}

/// Stories `keys-…` with a log that fits them.
fn recorded() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(testdata().join("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("keys-") && story(name).join("keys.log").is_file())
        .filter(|name| name != "keys-wrong" && name != "keys-partial")
        .collect();
    names.sort();
    names
}

#[test]
fn every_suite_family_and_version_opens() {
    let mut opened = 0;
    for name in recorded() {
        for found in analyze(&story(&name), Some(&keys(&name)), &[]) {
            let connection = &found.connection;
            assert_eq!(connection.decryption, Decryption::Opened, "{name}");
            for side in [Side::Client, Side::Server] {
                assert!(connection.finished.of(side).is_present(), "{name} {side:?}");
                assert!(!connection.finished_inferred.of(side), "{name} {side:?}");
            }
            assert!(connection.server_chain.is_present() || connection.resumed() == Some(true));
            let unread = |alert: &Alert| alert.description.is_none();
            assert!(!connection.alerts.iter().any(unread), "{name}");
            assert_eq!(found.diagnosis.outcome.name(), "completed", "{name}");
            assert_eq!(verdict(&found), None, "{name}");
            // All but that with a key update ask for a file.
            let says = (name != "keys-tls13-key-update").then_some("http/1.1");
            assert_eq!(connection.application, says, "{name}");
            opened += 1;
        }
    }
    assert!(opened >= 30, "{opened} connections");
}

#[test]
fn the_symptom_becomes_the_cause() {
    let failed = |verdict| ("failed", Some(verdict));
    let rejected = failed("peer.client-rejected-certificate");
    for (name, symptom, cause) in [
        ("chain-compressed-expired", rejected, failed("chain.expired")),
        ("client-auth-expired-tls13-keys", failed("client-auth.rejected"), failed("chain.expired")),
        // The client says nothing and closes: from outside all is well.
        ("sni-certificate-mismatch-tls13", ("completed", None), failed("sni.certificate-mismatch")),
    ] {
        let of = |log: Option<&str>| {
            let found = analyze(&story(name), log, &[]);
            (found[0].diagnosis.outcome.name(), verdict(&found[0]))
        };
        assert_eq!(of(None), symptom, "{name} without");
        assert_eq!(of(Some(&keys(name))), cause, "{name} with");
    }
}

/// OpenSSL answers a FIN without close_notify with decode_error. The frame of the server's FIN and, where
/// the reset behind it is lost too, that one.
#[test]
fn an_answer_to_a_fin_that_was_not_captured_is_no_failure() {
    for (name, lost) in [
        ("mtls13-post-handshake", &[22][..]),
        ("mtls13-post-handshake", &[22, 24]),
        ("renegotiation-client-certificate", &[23, 25]),
        ("renegotiation-server", &[20, 22]),
    ] {
        let found = analyze(&story(name), Some(&keys(name)), lost);
        let told = (found[0].diagnosis.outcome.name(), verdict(&found[0]));
        assert_eq!(told, ("completed", None), "{name} without {lost:?}");
    }
}

/// The server's Finished, or its refusal of the renegotiation that the client's last alert answers, is
/// not in the capture.
#[test]
fn a_refused_renegotiation_is_no_failure_of_the_handshake_before_it() {
    let name = "renegotiation-client-refused";
    for (lost, outcome) in [
        (&[11][..], "incomplete"),
        (&[13], "completed"),
        (&[11, 12], "incomplete"),
        (&[12, 13], "completed"),
    ] {
        let found = analyze(&story(name), Some(&keys(name)), lost);
        let told = (found[0].diagnosis.outcome.name(), verdict(&found[0]));
        assert_eq!(told, (outcome, None), "without {lost:?}");
    }
}

/// The answer to STARTTLS is not in the capture, or nothing of the server is.
#[test]
fn what_is_lost_before_tls_makes_no_failure() {
    for (name, lost) in [
        ("server-dovecot", &[11][..]),
        ("server-mariadb", &[2, 4, 7, 9, 10, 11, 14, 16, 18, 20, 22]),
    ] {
        let found = analyze(&story(name), None, lost);
        let told = (found[0].diagnosis.outcome.name(), verdict(&found[0]));
        assert_eq!(told, ("incomplete", None), "{name}");
    }
}

#[test]
fn a_log_of_others_changes_nothing_but_the_note() {
    let name = "chain-compressed-expired";
    let without = analyze(&story(name), None, &[]);
    let shape = |found: &Analyzed| {
        let mut connection = found.connection.clone();
        connection.decryption = Decryption::NotAsked;
        (format!("{connection:?}"), verdict(found))
    };
    let other = analyze(&story(name), Some(&keys("keys-tls13-aes-128-gcm")), &[]);
    assert_eq!(other[0].connection.decryption, Decryption::NoSecrets);
    assert_eq!(shape(&other[0]), shape(&without[0]));
    // The right client random with secrets that are not its.
    let damaged: String = keys(name)
        .lines()
        .map(|line| {
            let (start, secret) = line.rsplit_once(' ').unwrap();
            format!("{start} {}\n", "5".repeat(secret.len()))
        })
        .collect();
    let failed = analyze(&story(name), Some(&damaged), &[]);
    let why = NotOpened::NotAuthentic;
    assert_eq!(failed[0].connection.decryption, Decryption::Failed(why));
    assert_eq!(shape(&failed[0]), shape(&without[0]));
    let empty = analyze(&story(name), Some("# nothing yet\n"), &[]);
    assert_eq!(empty[0].connection.decryption, Decryption::NoSecrets);
}

#[test]
fn a_log_in_part_opens_in_part() {
    let name = "client-auth-expired-tls13-keys";
    let only = |label: &str| -> String {
        let keys = keys(name);
        keys.lines()
            .filter(|line| line.starts_with(label))
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let client = analyze(&story(name), Some(&only("CLIENT_HANDSHAKE")), &[]);
    let connection = &client[0].connection;
    let missing = NotOpened::NoSecret("SERVER_HANDSHAKE_TRAFFIC_SECRET");
    assert_eq!(connection.decryption, Decryption::Partly(missing));
    assert!(connection.client_chain.is_present());
    assert_eq!(
        connection.server_chain,
        tlsleuth::handshake::Observed::Encrypted,
        "the server's side stays closed"
    );
    let server = analyze(&story(name), Some(&only("SERVER_HANDSHAKE")), &[]);
    let connection = &server[0].connection;
    assert!(matches!(connection.decryption, Decryption::Partly(NotOpened::NoSecret(_))));
    assert!(connection.server_chain.is_present());
    assert_eq!(connection.client_chain, tlsleuth::handshake::Observed::Encrypted);
    let neither = analyze(&story(name), Some(&only("EXPORTER")), &[]);
    assert_eq!(neither[0].connection.decryption, Decryption::NoSecrets);
}

#[test]
fn the_recorded_log_in_part_says_what_it_lacks() {
    let found = analyze(&story("keys-partial"), Some(&keys("keys-partial")), &[]);
    let connection = &found[0].connection;
    let missing = NotOpened::NoSecret("SERVER_HANDSHAKE_TRAFFIC_SECRET");
    assert_eq!(connection.decryption, Decryption::Partly(missing));
    assert_eq!(connection.server_chain, tlsleuth::handshake::Observed::Encrypted);
    let alert = connection.alerts.iter().find(|alert| alert.from == Side::Client).unwrap();
    assert!(alert.encrypted && alert.description.is_some(), "the client's alert is read");
}

#[test]
fn what_lies_behind_a_gap_opens() {
    for name in recorded() {
        let story = story(&name);
        let whole = analyze(&story, Some(&keys(&name)), &[]);
        let Some(first) = whole.first() else { panic!("{name}: no connection") };
        // RC4's key stream is lost with the first byte.
        if name.contains("rc4") {
            continue;
        }
        let connection = &first.connection;
        let Some(finished) = connection.finished.of(Side::Server).present() else { continue };
        let found = analyze(&story, Some(&keys(&name)), &[finished.frame]);
        let read = found[0].connection.alerts.iter().filter(|alert| alert.description.is_some());
        let all = connection.alerts.iter().filter(|alert| alert.description.is_some());
        // The frame may have brought the ServerHello or the ChangeCipherSpec too.
        if found[0].connection.change_cipher_spec.server.is_some()
            && found[0].connection.server_hello.is_present()
        {
            assert_eq!(read.count(), all.count(), "{name} without frame {}", finished.frame);
        }
    }
}

#[test]
fn early_data_opens() {
    for (name, accepted) in [("early-data-accepted", true), ("early-data-rejected", false)] {
        let found = analyze(&story(name), Some(&keys(name)), &[]);
        let connection = &found[1].connection;
        assert_eq!(connection.decryption, Decryption::Opened, "{name}");
        assert!(connection.early_data.is_some(), "{name}");
        let extensions = &connection.encrypted_extensions.present().unwrap().value.extensions;
        let early = tlsleuth::handshake::codepoint::ExtensionType::EARLY_DATA;
        assert_eq!(extensions.contains(early), accepted, "{name}");
    }
}

#[test]
fn a_renegotiation_opens_with_keys_of_its_own() {
    for name in ["renegotiation-client-certificate", "renegotiation-server"] {
        let found = analyze(&story(name), Some(&keys(name)), &[]);
        let connection = &found[0].connection;
        assert_eq!(connection.decryption, Decryption::Opened, "{name}");
        assert!(connection.renegotiation.is_some(), "{name}");
    }
    let found = analyze(&story("renegotiation-client-certificate"), None, &[]);
    assert!(!found[0].connection.client_chain.is_present(), "it was asked for under encryption");
}

#[test]
fn secrets_that_come_in_the_course_of_the_capture_are_used() {
    let name = "chain-compressed-expired";
    let log = KeyLog::new();
    let options = Options { secrets: Some(Arc::new(log.clone())), ..Options::default() };
    let mut analyzer = Analyzer::new(options);
    let mut frames = OpenOptions::default().open(&capture_of(&story(name))).unwrap();
    while let Some(frame) = frames.next_frame().unwrap() {
        analyzer.push_frame(&frame);
        // Behind the frame with the ServerHello.
        if frame.place.frame == 6 {
            log.add(keys(name).as_bytes());
        }
    }
    analyzer.finish();
    let Some(Event::Connection(found)) = analyzer.poll() else { panic!("no connection") };
    assert!(found.connection.server_chain.is_present());
}

/// Packets may be captured in another order than they were sent, a hello behind what it explains.
#[test]
fn frames_out_of_order_open_all_the_same() {
    for name in recorded().iter().map(String::as_str).chain(["early-data-accepted"]) {
        let frames_of = |at: u64, analyzer: &mut Analyzer| {
            let mut frames = OpenOptions::default().open(&capture_of(&story(name))).unwrap();
            while let Some(frame) = frames.next_frame().unwrap() {
                if frame.place.frame == at {
                    analyzer.push_frame(&frame);
                    return true;
                }
            }
            false
        };
        for begin in [1, 2] {
            let log = KeyLog::new();
            log.add(keys(name).as_bytes());
            let options = Options { secrets: Some(Arc::new(log)), ..Options::default() };
            let mut analyzer = Analyzer::new(options);
            let mut at = begin;
            if begin == 2 {
                assert!(frames_of(1, &mut analyzer));
            }
            loop {
                let later = frames_of(at + 1, &mut analyzer);
                if !frames_of(at, &mut analyzer) || !later {
                    break;
                }
                at += 2;
            }
            analyzer.finish();
            while let Some(Event::Connection(found)) = analyzer.poll() {
                let decryption = found.connection.decryption;
                assert_eq!(decryption, Decryption::Opened, "{name}, swapped from {begin}");
            }
        }
    }
}
