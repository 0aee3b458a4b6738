//! Prints what is in captures: one line a file, or what is wrong with it.
//!
//! `cargo run --release -p tlsleuth-capture --example walk -- [--frames] FILE...`
//! With `--frames` one line a frame comes before it.

#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::path::Path;

use tlsleuth_capture::{Decoded, Decoder, FrameReader, Limits};

fn main() {
    let (flags, paths): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    for path in paths {
        match walk(Path::new(&path), flags.iter().any(|flag| flag == "--frames")) {
            Ok(line) => println!("{path}\t{line}"),
            Err(error) => println!("{path}\terror\t{error}"),
        }
    }
}

fn walk(path: &Path, frames: bool) -> Result<String, tlsleuth_capture::Error> {
    let mut reader = FrameReader::open(path)?;
    let mut decoder = Decoder::new(Limits::default());
    while let Some(frame) = reader.next_frame()? {
        let decoded = decoder.decode(&frame);
        if !frames {
            continue;
        }
        let number = frame.place.frame;
        match decoded {
            Decoded::Segment(segment) => {
                let (source, destination) = (segment.source, segment.destination);
                let (len, cut, checksum) = (segment.payload.len(), segment.cut, segment.checksum());
                let tunnel = segment.tunnel;
                let path: Vec<_> =
                    decoder.tunnel_path(tunnel).iter().map(ToString::to_string).collect();
                println!("{number}\ttcp {source} {destination} {len}+{cut} {checksum:?} {path:?}");
            }
            Decoded::Datagram(datagram) => {
                println!("{number}\tudp {} {}", datagram.source, datagram.destination);
            }
            other => println!("{number}\t{other:?}"),
        }
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
