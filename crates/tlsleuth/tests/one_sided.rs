//! Connections that turn to TLS after words, of which only one direction was captured, or not the
//! answer that lets TLS begin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use tlsleuth::capture::{Decoded, Decoder, Limits, Segment};
use tlsleuth::handshake::Connection;
use tlsleuth::handshake::connection::Side;
use tlsleuth::handshake::preamble::Protocol;
use tlsleuth::{Analyzer, Event, FrameReader, Options};

/// The captures of servers that are asked for TLS, and of tunnels.
fn captures() -> Vec<PathBuf> {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures");
    let mut found: Vec<PathBuf> = std::fs::read_dir(stories)
        .unwrap()
        .flatten()
        .filter(|story| story.file_name().to_string_lossy().starts_with("starttls-"))
        .map(|story| story.path().join("capture.pcap"))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found
}

/// The connections of a capture, as its frames show them that are `kept`.
fn analyze(path: &Path, kept: impl Fn(&Segment<'_>) -> bool) -> Vec<Connection> {
    let mut analyzer = Analyzer::new(Options::default());
    let mut decoder = Decoder::new(Limits::default());
    let mut reader = FrameReader::open(path).unwrap();
    while let Some(frame) = reader.next_frame().unwrap() {
        if let Decoded::Segment(segment) = decoder.decode(&frame)
            && kept(&segment)
        {
            analyzer.push_frame(&frame);
        }
    }
    analyzer.finish();
    let mut connections = Vec::new();
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(analyzed) = event {
            connections.push(*analyzed.connection);
        }
    }
    connections
}

/// Connections in which TLS began after words of a protocol.
fn turned(path: &Path) -> Vec<Connection> {
    let mut connections = analyze(path, |_| true);
    connections.retain(|connection| {
        connection.preambles.iter().any(|preamble| !preamble.value.protocol.is_tunnel())
            && connection.server_hello.is_present()
    });
    connections
}

#[test]
fn the_client_alone_shows_its_hello() {
    let mut seen = Vec::new();
    for path in captures() {
        for whole in turned(&path) {
            let half = analyze(&path, |segment| segment.source == whole.client);
            let [half] = half.as_slice() else { panic!("{path:?}: {}", half.len()) };
            let hello = |connection: &Connection| connection.client_hello().cloned();
            assert_eq!(hello(half).map(|h| h.value), hello(&whole).map(|h| h.value), "{path:?}");
            assert_eq!(half.endpoint(Side::Client), whole.client, "{path:?}");
            assert!(half.plaintext.client.is_none(), "{path:?}");
            assert!(half.unfinished.client.is_none() && half.garbage.client.is_none(), "{path:?}");
            // What mysql and ldap clients say is told by the server's words, or alike.
            assert!(
                half.application.is_none_or(|half| Some(half) == whole.application),
                "{path:?}"
            );
            seen.extend(half.application);
        }
    }
    // The client's words tell the protocol as well.
    for protocol in [Protocol::Smtp, Protocol::Imap, Protocol::PostgreSql, Protocol::Xmpp] {
        assert!(seen.contains(&protocol.name()), "{protocol}: {seen:?}");
    }
    assert!(seen.len() >= 15, "{seen:?}");
}

#[test]
fn the_server_alone_shows_its_hello() {
    let mut seen = 0;
    for path in captures() {
        for whole in turned(&path) {
            let half = analyze(&path, |segment| segment.source == whole.server);
            let [half] = half.as_slice() else { panic!("{path:?}: {}", half.len()) };
            let suite =
                |connection: &Connection| connection.cipher_suite().map(|suite| suite.value);
            assert_eq!(suite(half), suite(&whole), "{path:?}");
            assert_eq!(half.endpoint(Side::Server), whole.server, "{path:?}");
            assert_eq!(half.server_chain.is_present(), whole.server_chain.is_present(), "{path:?}");
            assert!(half.garbage.server.is_none(), "{path:?}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn a_lost_answer_hides_no_handshake() {
    let mut seen = 0;
    for path in captures() {
        for whole in turned(&path) {
            // The answer is the last that the server says before the client's hello.
            let hello = whole.client_hello().unwrap().at.frame;
            let answer = std::cell::Cell::new(0);
            analyze(&path, |segment| {
                let says = segment.source == whole.server && !segment.payload.is_empty();
                if says && segment.place.frame < hello {
                    answer.set(segment.place.frame);
                }
                false
            });
            let kept = |segment: &Segment<'_>| {
                let is_of_it = [segment.source, segment.destination].contains(&whole.client);
                is_of_it && segment.place.frame != answer.get()
            };
            let lossy = analyze(&path, kept);
            let [lossy] = lossy.as_slice() else { panic!("{path:?}: {}", lossy.len()) };
            let hello = |connection: &Connection| {
                connection.client_hello().map(|hello| (hello.at.frame, hello.value.clone()))
            };
            assert_eq!(hello(lossy), hello(&whole), "{path:?}");
            let suite = |connection: &Connection| {
                connection.cipher_suite().map(|suite| (suite.at.frame, suite.value))
            };
            assert_eq!(suite(lossy), suite(&whole), "{path:?}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn words_that_nobody_answers_are_no_preamble() {
    // The server's direction is there, and it says nothing: what the client begins with is not TLS.
    let story = tlsleuth_testkit::script(
        r#"client SYN
           server SYN-ACK
           client ACK
           client Plain "abracadabra abracadabra"
           server ACK
           client ClientHello sni=api.example.test
           server ACK
           client FIN
           server FIN"#,
    );
    let mut analyzer = Analyzer::new(Options::default());
    for frame in story.frames() {
        analyzer.push_frame(&frame.frame());
    }
    analyzer.finish();
    let Some(Event::Connection(analyzed)) = analyzer.poll() else { panic!("no connection") };
    assert!(!analyzed.connection.tls_seen());
    assert_eq!(analyzed.diagnosis.verdict().map(|finding| finding.code), Some("protocol.not-tls"));
}
