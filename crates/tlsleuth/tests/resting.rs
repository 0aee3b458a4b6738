//! Connections of which nothing comes for a while are packed where memory is short: that changes what
//! they take and nothing that is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(feature = "keylog")]
use std::sync::Arc;

use tlsleuth::capture::{CaptureInput, MergedReader, order_captures};
use tlsleuth::{Analyzer, Event, OpenOptions, Options};

fn captures() -> Vec<PathBuf> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let mut captures = Vec::new();
    let mut folders = vec![testdata.join("captures"), testdata.join("stories")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains(".pcap") {
                captures.push(path);
            }
        }
    }
    captures.sort();
    captures
}

/// What the analysis tells of a capture, with so many bytes for flows that are not packed.
fn told(capture: &Path, max_awake_bytes: usize) -> Vec<String> {
    let mut options = Options::default();
    options.limits.max_awake_bytes = max_awake_bytes;
    #[cfg(feature = "keylog")]
    {
        let log = tlsleuth::keylog::KeyLog::new();
        for entry in fs::read_dir(capture.parent().unwrap()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("key") && !path.is_dir() {
                log.read(fs::File::open(path).unwrap()).ok();
            }
        }
        options.secrets = Some(Arc::new(log));
    }
    let inputs = vec![CaptureInput::Path(capture.to_path_buf())];
    let ordered = order_captures(inputs, &OpenOptions::default());
    let mut frames = MergedReader::new(ordered, OpenOptions::default());
    let mut analyzer = Analyzer::new(options);
    while let Some(frame) = frames.next_frame().transpose() {
        // A capture that is damaged is analyzed as far as it goes.
        if let Ok(frame) = frame {
            analyzer.push_frame(&frame);
        }
    }
    analyzer.finish();
    let mut told = Vec::new();
    while let Some(event) = analyzer.poll() {
        told.push(match event {
            Event::Connection(analyzed) => format!("{analyzed:?}"),
            Event::Fleet(fleet) => format!("{:?}", fleet.findings),
        });
    }
    told.push(format!("{:?}", analyzer.counts()));
    told
}

#[test]
fn what_is_told_of_every_capture_is_the_same() {
    let captures = captures();
    assert!(captures.len() > 300, "{}", captures.len());
    for capture in captures {
        let (awake, packed) = (told(&capture, usize::MAX), told(&capture, 0));
        assert_eq!(awake.len(), packed.len(), "{}", capture.display());
        for (awake, packed) in awake.iter().zip(&packed) {
            assert_eq!(awake, packed, "{}", capture.display());
        }
    }
}

/// Connections in which half of a ClientHello, all of it, or a server's flight without its end came.
const BEGUN: [&str; 3] = [
    "client Bytes 16030100c8010000c40303",
    "client ClientHello sni=shop.example\nserver ACK",
    "client ClientHello sni=shop.example\nserver ServerHello + Certificate leaf=expired",
];

/// What so many connections of each kind hold once all are open, what is told of them in the end, and
/// how many of them had to leave.
fn all_open(max_awake_bytes: usize) -> (usize, Vec<String>, u64) {
    let mut options = Options::default();
    options.limits.max_awake_bytes = max_awake_bytes;
    let mut analyzer = Analyzer::new(options);
    let frames = tlsleuth_testkit::all_at_once(&BEGUN, 1_000);
    let mut held = 0;
    for frame in &frames {
        held = held.max(analyzer.buffered_bytes());
        analyzer.push_frame(&frame.frame());
    }
    analyzer.finish();
    let mut told = Vec::new();
    while let Some(event) = analyzer.poll() {
        if let Event::Connection(analyzed) = event {
            told.push(format!("{analyzed:?}"));
        }
    }
    (held, told, analyzer.counts().flows.evicted)
}

#[test]
fn open_connections_take_a_fraction_where_they_rest() {
    let (whole, awake, _) = all_open(usize::MAX);
    let (packed, rested, evicted) = all_open(256 << 10);
    assert_eq!((awake.len(), evicted), (3_000, 0));
    assert!(packed * 2 < whole, "{packed} of {whole} bytes");
    for (awake, rested) in awake.iter().zip(&rested) {
        assert_eq!(awake, rested);
    }
}
