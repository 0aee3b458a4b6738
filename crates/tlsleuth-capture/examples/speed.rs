//! Measures how fast a capture is walked: by record, and decoded.
//!
//! `cargo run --release -p tlsleuth-capture --example speed -- FILE [walk|merged]`
//! Compare the user and system time of the whole process (`time`).

#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::path::PathBuf;

use tlsleuth_capture::{
    CaptureInput, Decoded, Decoder, Frame, FrameReader, Limits, MergedReader, OpenOptions,
    order_captures,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let path = PathBuf::from(arguments.get(1).map_or("", String::as_str));
    let mut count = Count { walk: asked("walk"), ..Count::default() };
    let mut decoder = Decoder::new(Limits::default());
    if asked("merged") {
        let options = OpenOptions::default();
        let captures = order_captures(vec![CaptureInput::Path(path)], &options);
        let mut frames = MergedReader::new(captures, options);
        while let Some(frame) = frames.next_frame()? {
            count.frame(&mut decoder, &frame);
        }
    } else {
        let mut frames = FrameReader::open(&path)?;
        while let Some(frame) = frames.next_frame()? {
            count.frame(&mut decoder, &frame);
        }
    }
    println!("{} frames, {} bytes, {:08x}", count.frames, count.bytes, count.mixed);
    Ok(())
}

#[derive(Default)]
struct Count {
    walk: bool,
    frames: u64,
    bytes: u64,
    /// Of all headers something, so that none is left out by the compiler.
    mixed: u32,
}

impl Count {
    fn frame(&mut self, decoder: &mut Decoder, frame: &Frame<'_>) {
        self.frames += 1;
        if self.walk {
            self.bytes += frame.data.len() as u64;
        } else if let Decoded::Segment(segment) = decoder.decode(frame) {
            self.bytes += segment.payload.len() as u64;
            self.mixed ^= segment.seq.0 ^ u32::from(segment.source.port);
        }
    }
}
