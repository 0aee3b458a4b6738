//! The same frames come out of a capture in whatever form it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test may panic"
)]

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use tlsleuth_capture::{CaptureInput, MergedReader, OpenOptions, order_captures, prescan_secrets};

/// A time in nanoseconds and the captured bytes.
type Capture = Vec<(i64, Vec<u8>)>;

fn u32s(big: bool, words: &[u32]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() })
        .collect()
}

fn pcap(big: bool, nanoseconds: bool, capture: &Capture) -> Vec<u8> {
    let magic = if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let version = if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] };
    let mut file = [&u32s(big, &[magic])[..], &version].concat();
    file.extend(u32s(big, &[0, 0, 65_535, 1]));
    for (time, data) in capture {
        let fraction = (time % 1_000_000_000) as u32 / if nanoseconds { 1 } else { 1_000 };
        let (seconds, len) = ((time / 1_000_000_000) as u32, data.len() as u32);
        file.extend(u32s(big, &[seconds, fraction, len, len]));
        file.extend(data);
    }
    file
}

/// `resolution` is `if_tsresol`, and `ticks` says how to count in it.
fn pcapng(big: bool, resolution: u8, ticks: impl Fn(i64) -> u64, capture: &Capture) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let total = u32s(big, &[body.len() as u32 + 12]);
        [&u32s(big, &[kind])[..], &total, &body, &total].concat()
    };
    let u16s = |word: u16| if big { word.to_be_bytes() } else { word.to_le_bytes() };
    let version = [u16s(1), u16s(0)].concat();
    let mut file =
        block(0x0a0d_0d0a, &[&u32s(big, &[0x1a2b_3c4d])[..], &version, &[0xff; 8]].concat());
    let options = [&u16s(9)[..], &u16s(1), &[resolution, 0, 0, 0], &[0; 4]].concat();
    file.extend(block(1, &[&u16s(1)[..], &[0; 6], &options].concat()));
    for (time, data) in capture {
        let (ticks, len) = (ticks(*time), data.len() as u32);
        let words = u32s(big, &[0, (ticks >> 32) as u32, ticks as u32, len, len]);
        let mut body = [&words[..], data].concat();
        body.resize(body.len().next_multiple_of(4), 0);
        file.extend(block(6, &body));
    }
    file
}

fn snoop(capture: &Capture) -> Vec<u8> {
    let mut file = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
    for (time, data) in capture {
        let len = data.len() as u32;
        let record = (len + 24).next_multiple_of(4);
        let (seconds, us) = ((time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32 / 1_000);
        file.extend(u32s(true, &[len, len, record, 0, seconds, us]));
        file.extend(data);
        file.resize(file.len() + (record - len - 24) as usize, 0);
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A reader that gives some bytes at a time, as pipes do.
struct Pipe(Cursor<Vec<u8>>, usize);

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = out.len().min(self.1);
        self.0.read(&mut out[..len])
    }
}

fn read(reader: impl Read + Send + 'static) -> Capture {
    let mut reader = OpenOptions::default().read(reader).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        assert_eq!(frame.place.frame, frames.len() as u64 + 1);
        frames.push((frame.place.time.0, frame.data.to_vec()));
    }
    assert!(reader.facts().notices.is_empty(), "{:?}", reader.facts().notices);
    frames
}

/// Frames in order of time, at whole microseconds.
fn captures() -> impl Strategy<Value = Capture> {
    let frame = (0..5_000_000_i64, prop::collection::vec(any::<u8>(), 1..90));
    prop::collection::vec(frame, 0..20).prop_map(|mut frames| {
        frames.sort();
        let start = 1_700_000_000_000_000;
        frames.into_iter().map(|(us, data)| ((start + us) * 1_000, data)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn all_forms_agree(capture in captures(), step in 1..50_usize) {
        let micros = |time: i64| time as u64 / 1_000;
        for file in [
            pcap(false, false, &capture),
            pcap(true, false, &capture),
            pcap(false, true, &capture),
            pcap(true, true, &capture),
            pcapng(false, 6, micros, &capture),
            pcapng(true, 6, micros, &capture),
            pcapng(true, 9, |time| time as u64, &capture),
            snoop(&capture),
            gzip(&pcap(false, false, &capture)),
        ] {
            prop_assert_eq!(&read(Pipe(Cursor::new(file.clone()), step)), &capture);
            prop_assert_eq!(&read(Cursor::new(file)), &capture);
        }
        // 2^-20 seconds: not one of our times is a whole number of them.
        let ticks = |time: i64| ((i128::from(time) << 20) / 1_000_000_000) as u64;
        let found = read(Cursor::new(pcapng(true, 0x80 | 20, ticks, &capture)));
        for ((found, _), (time, _)) in found.iter().zip(&capture) {
            prop_assert!((0..1_000).contains(&(time - found)), "{} for {}", found, time);
        }
    }

    #[test]
    fn a_cut_file_gives_the_frames_before_the_cut(capture in captures(), cut in 0..2_000_usize) {
        for file in [pcap(false, false, &capture), pcapng(true, 9, |time| time as u64, &capture)] {
            let cut = file.len().saturating_sub(cut);
            let Ok(mut reader) = OpenOptions::default().read(Cursor::new(file[..cut].to_vec())) else {
                continue;
            };
            let mut frames = 0;
            while let Some(frame) = reader.next_frame().unwrap() {
                prop_assert_eq!(frame.data, &capture[frames].1[..]);
                frames += 1;
            }
        }
    }

    #[test]
    fn rotated_files_in_any_order(capture in captures(), at in 0..20_usize, swap in any::<bool>()) {
        let (first, second) = capture.split_at(at.min(capture.len()));
        let mut parts = [first.to_vec(), second.to_vec()];
        if swap {
            parts.swap(0, 1);
        }
        let options = OpenOptions::default();
        let inputs = parts
            .iter()
            .map(|part| {
                let reader = options.read(Cursor::new(gzip(&pcap(true, true, part)))).unwrap();
                CaptureInput::Reader("part".into(), Box::new(reader))
            })
            .collect();
        let mut merged = MergedReader::new(order_captures(inputs, &options), options);
        let mut found = Vec::new();
        while let Some(frame) = merged.next_frame().unwrap() {
            found.push((frame.place.time.0, frame.data.to_vec()));
        }
        let mut expected = capture.clone();
        expected.sort();
        // Frames at the very same time may come in either order at the seam.
        found.sort();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn secrets_behind_the_frames_are_known_before() {
    let dir = std::env::temp_dir().join(format!("tlsleuth-capture-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("secrets.pcapng");
    let mut file = pcapng(false, 9, |time| time as u64, &vec![(7, b"x".to_vec())]);
    file.extend(u32s(false, &[10, 24, 0x544c_534b, 3]));
    file.extend(b"abc\0");
    file.extend(u32s(false, &[24]));
    std::fs::write(&path, file).unwrap();
    let secrets = prescan_secrets(&path, &OpenOptions::default()).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets.first().unwrap().data(), b"abc");
}
