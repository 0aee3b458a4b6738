//! Measures how fast a capture is walked: by record, and decoded.
//!
//! `cargo run --release -p tlsleuth-capture --example speed -- FILE [walk|decode] [map|read]`
//! Compare the user and system time of the whole process (`time`).

#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::path::Path;

use tlsleuth_capture::{Decoded, Decoder, Limits, OpenOptions};

fn main() -> Result<(), tlsleuth_capture::Error> {
    let arguments: Vec<_> = std::env::args().collect();
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let options = OpenOptions { memory_map: !asked("read"), ..OpenOptions::default() };
    let mut frames = options.open(Path::new(arguments.get(1).map_or("", String::as_str)))?;
    let mut decoder = Decoder::new(Limits::default());
    let (mut count, mut payload, mut seq) = (0_u64, 0_u64, 0_u32);
    while let Some(frame) = frames.next_frame()? {
        count += 1;
        if asked("walk") {
            payload += frame.data.len() as u64;
        } else if let Decoded::Segment(segment) = decoder.decode(&frame) {
            payload += segment.payload.len() as u64;
            seq ^= segment.seq.0 ^ u32::from(segment.source.port);
        }
    }
    println!("{count} frames, {payload} bytes, {seq:08x}");
    Ok(())
}
