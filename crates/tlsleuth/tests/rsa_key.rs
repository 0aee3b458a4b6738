//! The recorded captures with static RSA: what the server's private key opens, and what it does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlsleuth::capture::Frame;
use tlsleuth::handshake::Side;
use tlsleuth::handshake::connection::Decryption;
use tlsleuth::handshake::opener::NotOpened;
use tlsleuth::keylog::KeyLog;
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// A key log with the test server's key.
fn key() -> KeyLog {
    let log = KeyLog::new();
    let pem = fs::File::open(testdata().join("pki/server.test-only.key")).unwrap();
    assert_eq!(log.read_rsa_keys(pem).unwrap(), 1);
    log
}

/// The key of another server.
fn other_key() -> KeyLog {
    let log = KeyLog::new();
    assert_eq!(log.read_rsa_keys(OTHER.as_bytes()).unwrap(), 1);
    log
}

const OTHER: &str = include_str!("../../../testdata/pki/client.test-only.key");

fn analyze(story: &str, secrets: Option<KeyLog>, without: &[u64]) -> Vec<Box<Analyzed>> {
    analyze_changed(story, secrets, |frame, _| !without.contains(&frame))
}

/// Analyzes a story; `change` may change a frame, or say that it is to be left out.
fn analyze_changed(
    story: &str,
    secrets: Option<KeyLog>,
    change: impl Fn(u64, &mut Vec<u8>) -> bool,
) -> Vec<Box<Analyzed>> {
    analyze_reordered(story, secrets, change, |_| {})
}

/// The same; `reorder` may put the frames into another order.
fn analyze_reordered(
    story: &str,
    secrets: Option<KeyLog>,
    change: impl Fn(u64, &mut Vec<u8>) -> bool,
    reorder: impl Fn(&mut [(Frame<'static>, Vec<u8>)]),
) -> Vec<Box<Analyzed>> {
    let secrets = secrets.map(|secrets| Arc::new(secrets) as Arc<_>);
    let mut analyzer = Analyzer::new(Options { secrets, ..Options::default() });
    let file = testdata().join("captures").join(story).join("capture.pcap");
    let mut reader = OpenOptions::default().open(&file).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        let mut data = frame.data.to_vec();
        if change(frame.place.frame, &mut data) {
            frames.push((Frame { data: &[], ..frame }, data));
        }
    }
    reorder(&mut frames);
    for (frame, data) in &frames {
        analyzer.push_frame(&Frame { data, ..*frame });
    }
    analyzer.finish();
    std::iter::from_fn(|| analyzer.poll())
        .filter_map(|event| match event {
            Event::Connection(connection) => Some(connection),
            Event::Fleet(_) => None,
        })
        .collect()
}

fn decryption(found: &[Box<Analyzed>]) -> Vec<Decryption> {
    found.iter().map(|found| found.connection.decryption).collect()
}

/// Stories with static RSA whose handshakes are all full.
fn stories() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(testdata().join("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("static-rsa") && !name.ends_with("-resumed"))
        .filter(|name| name.starts_with("keys-"))
        .collect();
    names.sort();
    names
}

#[test]
fn every_version_and_suite_opens() {
    let mut opened = 0;
    for name in stories() {
        for found in analyze(&name, Some(key()), &[]) {
            let connection = &found.connection;
            assert_eq!(connection.decryption, Decryption::Opened, "{name}");
            for side in [Side::Client, Side::Server] {
                assert!(connection.finished.of(side).is_present(), "{name} {side:?}");
                assert!(!connection.finished_inferred.of(side), "{name} {side:?}");
            }
            assert!(connection.alerts.iter().all(|alert| alert.description.is_some()), "{name}");
            opened += 1;
        }
        for found in analyze(&name, None, &[]) {
            assert_eq!(found.connection.decryption, Decryption::NotAsked, "{name}");
            assert!(found.connection.alerts.iter().all(|alert| alert.description.is_none()));
        }
    }
    assert!(opened >= 13, "{opened} connections");
}

#[test]
fn a_renegotiation_shows_who_was_refused_and_why() {
    let name = "keys-static-rsa-renegotiation";
    let without = analyze(name, None, &[]);
    let verdict = |found: &Analyzed| {
        let verdict = found.diagnosis.verdict().map(|finding| finding.code);
        (found.diagnosis.outcome.name(), verdict)
    };
    assert_eq!(verdict(&without[0]), ("completed", None), "the symptom: it was closed early");
    let connection = &without[0].connection;
    assert!(!connection.client_chain.is_present());
    assert!(connection.alerts.iter().all(|alert| alert.description.is_none()), "nobody says why");
    let with = analyze(name, Some(key()), &[]);
    assert_eq!(verdict(&with[0]), ("failed", Some("chain.expired")), "the cause");
    let connection = &with[0].connection;
    let chain = &connection.client_chain.present().unwrap().value.chain;
    let leaf = chain.certificates().first().unwrap();
    assert!(leaf.not_after.unwrap() < connection.first.time.0 / 1_000_000_000, "it has expired");
    let refusal = connection.alerts.iter().find(|alert| alert.from == Side::Server).unwrap();
    assert_eq!(refusal.description.unwrap().name(), Some("certificate_expired"));
}

#[test]
fn a_key_of_another_server_changes_nothing_but_the_note() {
    let shape = |found: &Analyzed| {
        let mut connection = found.connection.clone();
        connection.decryption = Decryption::NotAsked;
        format!("{connection:?}")
    };
    for name in stories() {
        let without = analyze(&name, None, &[]);
        let other = analyze(&name, Some(other_key()), &[]);
        for (without, other) in without.iter().zip(&other) {
            let decryption = other.connection.decryption;
            assert_eq!(decryption, Decryption::Failed(NotOpened::OtherKey), "{name}");
            assert_eq!(shape(without), shape(other), "{name}");
        }
    }
}

#[test]
fn several_keys_and_the_one_that_belongs_to_the_certificate() {
    let log = other_key();
    log.read_rsa_keys(fs::File::open(testdata().join("pki/server.test-only.key")).unwrap())
        .unwrap();
    let found = analyze("keys-tls12-static-rsa-gcm", Some(log), &[]);
    assert_eq!(decryption(&found), [Decryption::Opened]);
}

#[test]
fn ephemeral_keys_need_a_key_log() {
    for name in ["keys-tls12-gcm128", "keys-tls12-dhe-gcm128", "keys-tls13-aes-128-gcm"] {
        let found = analyze(name, Some(key()), &[]);
        assert_eq!(decryption(&found), [Decryption::RsaKeyOnly], "{name}");
        // With both, each opens what it can.
        let log = key();
        let text = fs::read(testdata().join("captures").join(name).join("keys.log")).unwrap();
        log.add(&text);
        assert_eq!(decryption(&analyze(name, Some(log), &[])), [Decryption::Opened], "{name}");
    }
}

#[test]
fn a_resumed_session_says_where_its_secret_was() {
    let found = analyze("keys-static-rsa-resumed", Some(key()), &[]);
    let resumed = Decryption::Failed(NotOpened::NoKeyExchange);
    assert_eq!(decryption(&found), [Decryption::Opened, resumed]);
}

/// The ClientKeyExchange of the story: its frame, and where its encrypted secret begins.
const EXCHANGE: (u64, usize) = (10, 66 + 5 + 4 + 2);

#[test]
fn what_does_not_decrypt_says_that_the_key_does_not_fit() {
    for story in ["keys-tls12-static-rsa-gcm", "keys-tls12-static-rsa-gcm-no-ems"] {
        let found = analyze_changed(story, Some(key()), |frame, data| {
            if frame == EXCHANGE.0 {
                data[EXCHANGE.1 + 100] ^= 1;
            }
            true
        });
        let why = NotOpened::KeyDoesNotFit;
        assert_eq!(decryption(&found), [Decryption::Failed(why)], "{story}");
        assert!(found[0].connection.finished_inferred.client);
    }
}

#[test]
fn gaps_before_the_secret() {
    // Without the server's certificate the key is tried; the extended master secret needs all
    // messages.
    let certificate = [8];
    for (story, expected) in [
        ("keys-tls12-static-rsa-gcm-no-ems", Decryption::Opened),
        ("keys-tls12-static-rsa-gcm", Decryption::Failed(NotOpened::Gap)),
    ] {
        assert_eq!(decryption(&analyze(story, Some(key()), &certificate)), [expected], "{story}");
        let lost = decryption(&analyze(story, Some(key()), &[EXCHANGE.0]));
        assert_eq!(lost, [Decryption::Failed(NotOpened::Gap)], "{story}");
    }
}

/// A record ahead of the ClientKeyExchange stays closed, and those behind it open.
#[test]
fn a_record_ahead_of_its_secret() {
    let story = "keys-tls12-static-rsa-gcm";
    // The server's Finished (frame 11) ahead of the client's flight (10).
    let found = analyze_reordered(story, Some(key()), |_, _| true, |frames| frames.swap(9, 10));
    assert_eq!(decryption(&found), [Decryption::Partly(NotOpened::NoKeyExchange)]);
    assert!(!found[0].connection.finished_inferred.client);
    assert!(found[0].connection.alerts.iter().all(|alert| alert.description.is_some()));
}

/// The messages go into the extended master secret in the order of the handshake, whatever order
/// the two directions were captured in.
#[test]
fn frames_out_of_order_open_all_the_same() {
    for story in ["keys-tls12-static-rsa-gcm", "keys-tls11-static-rsa-cbc"] {
        let swap = |frames: &mut [(Frame<'static>, Vec<u8>)]| {
            for pair in frames.chunks_exact_mut(2) {
                pair.swap(0, 1);
            }
        };
        let found = analyze_reordered(story, Some(key()), |_, _| true, swap);
        assert_eq!(decryption(&found), [Decryption::Opened], "{story}, swapped");
        // The server's flight (frames 6 and 8) ahead of the ClientHello (4).
        let late = |frames: &mut [(Frame<'static>, Vec<u8>)]| frames[3..8].rotate_left(1);
        let found = analyze_reordered(story, Some(key()), |_, _| true, late);
        assert_eq!(
            decryption(&found),
            [Decryption::Opened],
            "{story}, the hello behind its answer"
        );
    }
}
