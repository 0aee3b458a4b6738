//! Nothing that a capture holds may stop the analysis: mutations of real captures, in their files,
//! in their packets and in their streams.
//!
//! `TLSLEUTH_ROUNDS=1000` runs so many of each kind over each capture.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tlsleuth::capture::decode::fuzz_frame;
use tlsleuth::capture::file::fuzz_file;
use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::handshake::fuzz::{fuzz_extension, fuzz_message, fuzz_preamble, fuzz_tracker};
use tlsleuth::{Analyzer, OpenOptions, Options};

/// Deterministic noise (xorshift), so that a failure can be repeated.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

/// Changes, removes, repeats or cuts a few bytes.
fn mutate(bytes: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=noise.below(6) {
        if bytes.is_empty() {
            break;
        }
        let at = noise.below(bytes.len());
        let some = noise.below(32).min(bytes.len() - at);
        match noise.below(8) {
            0 | 1 => bytes[at] ^= 1 << noise.below(8),
            2 | 3 => bytes[at] = [0, 0xff, 0x7f, 0x80, 1, 4][noise.below(6)],
            4 => bytes.truncate(at.max(24)),
            5 => {
                bytes.drain(at..at + some);
            }
            6 => {
                let piece = bytes[at..at + some].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes[at..at + some].fill(0xff),
        }
    }
    bytes
}

fn rounds() -> u64 {
    std::env::var("TLSLEUTH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

/// Some captures of each kind of story: every fourth in the order of their names.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures");
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("capture.pcap"))
        .filter(|path| fs::metadata(path).is_ok_and(|facts| facts.len() < 20_000))
        .collect();
    all.sort();
    all.into_iter().step_by(4).collect()
}

fn analyze(judge: &Arc<Judge>, file: Vec<u8>) -> usize {
    let mut options = Options::default();
    options.policy.judge = Arc::clone(judge);
    let mut analyzer = Analyzer::new(options);
    let Ok(mut frames) = OpenOptions::default().read(Cursor::new(file)) else { return 0 };
    while let Ok(Some(frame)) = frames.next_frame() {
        analyzer.push_frame(&frame);
    }
    analyzer.finish();
    let mut told = 0;
    while let Some(event) = analyzer.poll() {
        told += format!("{event:?}").len();
    }
    assert!(analyzer.buffered_bytes() < 16 << 20);
    told
}

/// The frames of a pcap of this machine's byte order: where each begins and ends.
fn frames_of(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut frames = Vec::new();
    let mut at = 24;
    while let Some(header) = file.get(at..at + 16) {
        let len = usize::try_from(u32::from_le_bytes(header[8..12].try_into().unwrap())).unwrap();
        frames.push(at + 16..(at + 16 + len).min(file.len()));
        at += 16 + len;
    }
    frames
}

#[test]
fn mutated_captures_are_analyzed() {
    let judge = Arc::new(Judge::new(Anchors::new(Roots::None).unwrap()));
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let (mut files, mut runs, mut told) = (0, 0, 0_usize);
    for path in captures() {
        let file = fs::read(path).unwrap();
        let frames = frames_of(&file);
        files += 1;
        for _ in 0..rounds() {
            // Anywhere in the file.
            told += analyze(&judge, mutate(&file, &mut noise));
            // In the frames only, without a change of their lengths, so that the file stays whole.
            let mut changed = file.clone();
            for _ in 0..=noise.below(4) {
                let frame = frames[noise.below(frames.len())].clone();
                if frame.len() > 34 {
                    // Behind the addresses: TCP and what it carries.
                    let at = frame.start + 34 + noise.below(frame.len() - 34);
                    changed[at] = [0, 0xff, 1, changed[at] ^ 0x10][noise.below(4)];
                }
            }
            told += analyze(&judge, changed);
            runs += 2;
        }
    }
    println!("{runs} runs over {files} captures, {told} bytes told");
    assert!(files >= 30);
}

#[test]
fn every_entry_takes_mutated_captures() {
    let mut noise = Noise(0xd1b5_4a32_d192_ed03);
    let mut runs = 0_u64;
    for path in captures().into_iter().step_by(2) {
        let file = fs::read(path).unwrap();
        let frames = frames_of(&file);
        for _ in 0..rounds() {
            fuzz_file(&mutate(&file, &mut noise));
            for frame in frames.iter().take(12) {
                let frame = &file[frame.clone()];
                fuzz_frame(1, &mutate(frame, &mut noise));
                // What TCP carries, if it has the usual options.
                let payload = frame.get(66..).unwrap_or(&[]);
                let payload = mutate(payload, &mut noise);
                fuzz_preamble(&payload);
                fuzz_extension(&payload);
                fuzz_message(payload.get(5..).unwrap_or(&[]));
                let mut pieces = vec![u8::try_from(noise.below(2)).unwrap()];
                for piece in payload.chunks(1 + noise.below(120)) {
                    pieces.extend([
                        u8::try_from(noise.below(2)).unwrap(),
                        u8::try_from(piece.len()).unwrap(),
                    ]);
                    pieces.extend(piece);
                }
                fuzz_tracker(&pieces);
                runs += 5;
            }
            runs += 1;
        }
    }
    println!("{runs} runs");
}
