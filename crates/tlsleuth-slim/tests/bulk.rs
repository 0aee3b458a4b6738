//! What is left out of long connections, and what is not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Cursor;

use tlsleuth::capture::{CaptureInput, MergedReader, order_captures};
use tlsleuth::{Analyzed, Analyzer, Event, OpenOptions, Options};
use tlsleuth_slim::{Annotations, Attempt, Need, Sizes, Slim};
use tlsleuth_testkit::script;

const HANDSHAKE: &str = "client ClientHello sni=shop.example versions=1.2
    server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
    client ClientKeyExchange + ChangeCipherSpec + Finished
    server ChangeCipherSpec + Finished
    client ApplicationData 100";

fn open(file: &[u8]) -> MergedReader {
    let options = OpenOptions::default();
    let reader = options.read(Cursor::new(file.to_vec())).unwrap();
    let inputs = vec![CaptureInput::Reader("capture".into(), Box::new(reader))];
    MergedReader::new(order_captures(inputs, &options), options)
}

fn analyze(file: &[u8]) -> Vec<Box<Analyzed>> {
    let mut analyzer = Analyzer::new(Options::default());
    let mut reader = open(file);
    while let Some(frame) = reader.next_frame().unwrap() {
        analyzer.push_frame(&frame);
    }
    analyzer.finish();
    std::iter::from_fn(|| analyzer.poll())
        .filter_map(|event| match event {
            Event::Connection(found) => Some(found),
            Event::Fleet(_) => None,
        })
        .collect()
}

/// The slim file of a script: its bytes, its sizes, in how many attempts.
fn slim(text: &str) -> (Vec<u8>, Vec<u8>, Sizes) {
    let file = script(text).pcap();
    let found = analyze(&file);
    let again = || open(&file);
    let needs = found.iter().map(|found| Need::of(found)).collect();
    let mut slim = Slim::new(&again, Options::default(), Annotations::default(), needs);
    loop {
        let mut out = Vec::new();
        if let Attempt::Done(sizes) = slim.attempt(&mut out).unwrap() {
            return (file, out, sizes);
        }
    }
}

fn told(found: &[Box<Analyzed>]) -> Vec<(&'static str, Vec<&'static str>)> {
    let codes = |found: &Analyzed| {
        let codes = found.diagnosis.findings.iter().map(|found| found.code);
        // It is right that the data is missing.
        codes.filter(|code| *code != "capture.gap").collect()
    };
    found.iter().map(|found| (found.diagnosis.outcome.name(), codes(found))).collect()
}

fn long(end: &str) -> String {
    let data = "server ApplicationData 1400\nclient ACK\n".repeat(2_000);
    format!("{HANDSHAKE}\n{data}{end}\n")
}

#[test]
fn a_long_download_becomes_its_handshake() {
    for end in [
        "client FIN\nserver FIN",
        "server RST",
        "client Alert encrypted\nclient FIN\nserver FIN",
        "client Alert fatal bad_record_mac\nclient RST",
        "client again\nclient FIN",
        "wait 400s\nserver FIN\nclient FIN",
        "",
    ] {
        let (file, out, sizes) = slim(&long(end));
        assert_eq!(told(&analyze(&file)), told(&analyze(&out)), "{end}");
        assert_eq!(sizes.told_otherwise, 0, "{end}");
        assert!(sizes.frames > 4_000, "{end}: {sizes:?}");
        assert!(sizes.kept_frames < 40, "{end}: {sizes:?}");
        assert!(sizes.file_bytes * 50 < sizes.bytes, "{end}: {sizes:?}");
    }
}

#[test]
fn a_failure_is_kept_whole() {
    let (file, out, sizes) = slim(
        "client ClientHello sni=shop.example versions=1.2
         server ServerHello negotiated=1.2 + Certificate leaf=www.example + ServerHelloDone
         client Alert fatal bad_certificate
         client FIN
         server FIN",
    );
    assert_eq!(sizes.kept_frames, sizes.frames);
    assert_eq!(told(&analyze(&file)), told(&analyze(&out)));
}

#[test]
fn connections_that_are_not_wanted_are_left_out() {
    let file = script(&format!("{HANDSHAKE}\nconnection\n{HANDSHAKE}")).pcap();
    let found = analyze(&file);
    assert_eq!(found.len(), 2);
    let again = || open(&file);
    let needs = vec![Need::of(&found[1])];
    let mut slim = Slim::new(&again, Options::default(), Annotations::default(), needs);
    let mut out = Vec::new();
    assert!(matches!(slim.attempt(&mut out).unwrap(), Attempt::Done(_)));
    assert_eq!(told(&analyze(&out)), told(&found)[1..]);
    // The first one is not wanted, but the capture went on until the end of the second one.
    let again = || open(&file);
    let needs = vec![Need::of(&found[0])];
    let mut slim = Slim::new(&again, Options::default(), Annotations::default(), needs);
    let mut out = Vec::new();
    assert!(matches!(slim.attempt(&mut out).unwrap(), Attempt::Done(_)));
    assert_eq!(told(&analyze(&out)), told(&found)[..1]);
    assert_eq!(analyze(&out)[0].connection.watched_until, found[0].connection.watched_until);
}
