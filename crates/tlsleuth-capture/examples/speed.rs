//! Measures how fast a capture is walked: by record, decoded, and put in order.
//!
//! `cargo run --release -p tlsleuth-capture --example speed -- FILE [walk|merged|flows]`
//! Compare the user and system time of the whole process (`time`), and its memory.

#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::path::PathBuf;

use tlsleuth_capture::{
    CaptureInput, Decoded, Decoder, Direction, EndedFlow, FlowTable, FlowView, Frame, FrameReader,
    Gap, Interest, Limits, MergedReader, OpenOptions, Place, StreamSink, order_captures,
    transport::OverlapConflict,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let path = PathBuf::from(arguments.get(1).map_or("", String::as_str));
    let table = asked("flows").then(|| FlowTable::new(Limits::default()));
    let mut count = Count { walk: asked("walk"), table, ..Count::default() };
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
    if let Some(mut table) = count.table.take() {
        println!("{} flows open, {} bytes held", table.len(), table.buffered_bytes());
        table.finish(&mut count.streams);
        let Streams { bytes, ended, .. } = count.streams;
        println!("{ended} flows, {bytes} bytes in order; {:?}", table.stats());
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
    table: Option<FlowTable>,
    streams: Streams,
}

/// Counts what it hears, and has enough of a flow after a handshake's worth of bytes.
#[derive(Default)]
struct Streams {
    bytes: u64,
    ended: u64,
    heard: Vec<u32>,
}

impl StreamSink for Streams {
    fn data(&mut self, flow: &impl FlowView, _: Direction, _: Place, bytes: &[u8]) -> Interest {
        self.bytes += bytes.len() as u64;
        let index = flow.id().index();
        if self.heard.len() <= index {
            self.heard.resize(index + 1, 0);
        }
        let Some(heard) = self.heard.get_mut(index) else { return Interest::Settled };
        *heard = heard.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        if *heard > 16_000 { Interest::Settled } else { Interest::More }
    }

    fn gap(&mut self, _: &impl FlowView, _: Direction, _: Gap) -> Interest {
        Interest::More
    }

    fn conflict(&mut self, _: &impl FlowView, _: Direction, _: OverlapConflict) {}

    fn ended(&mut self, flow: EndedFlow) {
        self.ended += 1;
        if let Some(heard) = self.heard.get_mut(flow.id.index()) {
            *heard = 0;
        }
    }
}

impl Count {
    fn frame(&mut self, decoder: &mut Decoder, frame: &Frame<'_>) {
        self.frames += 1;
        if self.walk {
            self.bytes += frame.data.len() as u64;
        } else if let Decoded::Segment(segment) = decoder.decode(frame) {
            self.bytes += segment.payload.len() as u64;
            self.mixed ^= segment.seq.0 ^ u32::from(segment.source.port);
            if let Some(table) = &mut self.table {
                table.push(&segment, &mut self.streams);
            }
        }
    }
}
