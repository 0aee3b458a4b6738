//! How fast captures are analyzed: MB/s, and handshakes a second.
//!
//! `cargo bench -p tlsleuth` multiplies recorded handshakes in memory, each with a client of its own.
//! With paths behind `--` it analyzes those captures instead, reading included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::path::Path;
use std::time::Instant;

use tlsleuth::{Analyzer, Event, Frame, LinkType, OpenOptions, Options, Place, Timestamp};

/// One frame of a recording.
struct Recorded {
    link: LinkType,
    time: Timestamp,
    data: Vec<u8>,
}

fn read(path: &Path) -> Vec<Recorded> {
    let mut frames = Vec::new();
    let mut reader = OpenOptions::default().open(path).unwrap();
    while let Some(frame) = reader.next_frame().unwrap() {
        let (link, time) = (frame.link, frame.place.time);
        frames.push(Recorded { link, time, data: frame.data.to_vec() });
    }
    frames
}

/// Gives the frames of one copy another client: bytes of the client's address in IPv4.
fn readdress(data: &mut [u8], copy: u32) {
    const ETHERNET: usize = 14;
    let [_, high, middle, low] = copy.to_be_bytes();
    for at in [ETHERNET + 12, ETHERNET + 16] {
        // The recordings have clients at 10.0.0.7 and servers at 10.0.0.2.
        if data.get(at..at + 4) == Some(&[10, 0, 0, 7]) {
            data[at..at + 4].copy_from_slice(&[100 + (high & 0x3f), middle, low, 7]);
        }
    }
}

fn multiplied(name: &str, copies: u32) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures").join(name);
    let recorded = read(&path.join("capture.pcap"));
    let mut frames: Vec<Recorded> = Vec::new();
    for copy in 0..copies {
        for frame in &recorded {
            let mut data = frame.data.clone();
            readdress(&mut data, copy);
            let time = Timestamp(frame.time.0 + i64::from(copy) * 1_000_000);
            frames.push(Recorded { link: frame.link, time, data });
        }
    }
    let bytes: usize = frames.iter().map(|frame| frame.data.len() + 16).sum();
    let started = Instant::now();
    let mut analyzer = Analyzer::new(Options::default());
    for (frame, number) in frames.iter().zip(1..) {
        analyzer.push_frame(&Frame {
            place: Place { frame: number, time: frame.time, ..Place::default() },
            link: frame.link,
            interface: 0,
            data: &frame.data,
            original_len: u32::try_from(frame.data.len()).unwrap(),
        });
    }
    report(name, bytes, analyzer, started);
}

fn file(path: &Path) {
    let started = Instant::now();
    let mut analyzer = Analyzer::new(Options::default());
    let mut reader = OpenOptions::default().open(path).unwrap();
    while let Some(frame) = reader.next_frame().unwrap() {
        analyzer.push_frame(&frame);
    }
    let bytes = usize::try_from(reader.facts().bytes).unwrap();
    report(&path.display().to_string(), bytes, analyzer, started);
}

fn report(name: &str, bytes: usize, mut analyzer: Analyzer, started: Instant) {
    analyzer.finish();
    let mut connections = 0u32;
    while let Some(event) = analyzer.poll() {
        connections += u32::from(matches!(event, Event::Connection(_)));
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{name:40} {:8.1} MB {:7.0} MB/s {connections:8} handshakes {:8.0} a second",
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / seconds,
        f64::from(connections) / seconds
    );
}

fn main() {
    let paths: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if paths.is_empty() {
        for name in ["tls12-rsa", "tls12-ecdsa", "chain-expired"] {
            multiplied(name, 10_000);
        }
    }
    for path in paths {
        file(Path::new(&path));
    }
}
