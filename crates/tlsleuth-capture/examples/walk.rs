//! Prints what is in captures: one line a file, or what is wrong with it.
//!
//! `cargo run --release -p tlsleuth-capture --example walk -- FILE...`

#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::path::Path;

use tlsleuth_capture::{Decoder, FrameReader, Limits};

fn main() {
    for path in std::env::args().skip(1) {
        match walk(Path::new(&path)) {
            Ok(line) => println!("{path}\t{line}"),
            Err(error) => println!("{path}\terror\t{error}"),
        }
    }
}

fn walk(path: &Path) -> Result<String, tlsleuth_capture::Error> {
    let mut reader = FrameReader::open(path)?;
    let mut decoder = Decoder::new(Limits::default());
    while let Some(frame) = reader.next_frame()? {
        decoder.decode(&frame);
    }
    let (facts, stats) = (reader.facts(), decoder.stats());
    let links: Vec<_> = facts.link_types.iter().map(ToString::to_string).collect();
    Ok(format!(
        "{}\t{}\t{}\ttcp={} udp={} icmp={} other={} held={} notip={} undecodable={}\t{:?}",
        facts.format,
        links.join(","),
        facts.frames,
        stats.segments,
        stats.datagrams,
        stats.icmp_errors,
        stats.other_transport,
        stats.fragments_held,
        stats.not_ip,
        stats.undecodable,
        facts.notices,
    ))
}
