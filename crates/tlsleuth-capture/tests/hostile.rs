//! Nothing that a capture holds may stop the program: mutations of small captures and frames.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use proptest::prelude::*;
use tlsleuth_capture::decode::fuzz_frame;
use tlsleuth_capture::file::fuzz_file;

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
    for _ in 0..=noise.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = noise.below(bytes.len());
        let some = noise.below(8).min(bytes.len() - at);
        match noise.below(6) {
            0 => bytes[at] ^= 1 << noise.below(8),
            1 => bytes[at] = [0, 0xff, 0x7f, 0x80, 1, 4][noise.below(6)],
            2 => bytes.truncate(at),
            3 => {
                bytes.drain(at..at + some);
            }
            4 => {
                let piece = bytes[at..at + some].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes[at..at + some].fill(0xff),
        }
    }
    bytes
}

fn word(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_le_bytes()
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let total = word(body.len() + 12);
    [&kind.to_le_bytes(), &total, &body[..], &total].concat()
}

/// One of each block.
fn pcapng() -> Vec<u8> {
    let mut file =
        block(0x0a0d_0d0a, &[&word(0x1a2b_3c4d), &[1, 0, 0, 0][..], &[0xff; 8]].concat());
    file.extend(block(1, &[&[1, 0, 0, 0][..], &word(0), &[9, 0, 1, 0, 9, 0, 0, 0]].concat()));
    let packet = [word(0), word(1), word(2), word(5), word(5)].concat();
    file.extend(block(6, &[&packet[..], b"hello\0\0\0", &[1, 0, 2, 0, b'h', b'i', 0, 0]].concat()));
    file.extend(block(3, &[&word(5)[..], b"hello"].concat()));
    file.extend(block(2, &[&packet[..], b"hello"].concat()));
    file.extend(block(4, b"\x01\0\x08\0\x0a\0\0\x01ab\0\0\0\0\0\0"));
    file.extend(block(5, &[&[0; 12][..], &[5, 0, 8, 0], &[7; 8]].concat()));
    file.extend(block(10, &[&word(0x544c_534b)[..], &word(3), b"abc"].concat()));
    file.extend(block(0xbad, &word(1)));
    file
}

fn pcap() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    file.extend(word(1));
    for number in 0..5 {
        file.extend([word(1_700_000_000 + number), word(9), word(60), word(60)].concat());
        file.extend(vec![7; 60]);
    }
    file
}

fn snoop() -> Vec<u8> {
    let mut file = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
    for word in [60_u32, 60, 84, 0, 1, 2] {
        file.extend(word.to_be_bytes());
    }
    file.extend([7; 60]);
    file
}

/// A frame of each kind of header that the decoder knows, most of them around the same segment.
fn frames() -> Vec<(u16, Vec<u8>)> {
    let hex = |text: &str| -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    };
    let tcp = "03e801bb 00000005 00000006 6018 0064 0000 0000 01010101 6869";
    let ipv4 = |protocol: &str, len: usize| {
        format!("4500 {:04x} 0007 0000 40 {protocol} 0000 0a000001 0a000002", 20 + len)
    };
    let packet = format!("{} {tcp}", ipv4("06", 26));
    let mac = "020000000001 020000000002";
    let frame = format!("{mac} 0800 {packet}");
    let udp = |port: u16, inner: &str| {
        let len = 8 + hex(inner).len();
        format!("{mac} 0800 {} c350 {port:04x} {len:04x} 0000 {inner}", ipv4("11", len))
    };
    let ip = |protocol: &str, inner: &str| {
        format!("{mac} 0800 {} {inner}", ipv4(protocol, hex(inner).len()))
    };
    let six = "20010db8000000000000000000000001 20010db8000000000000000000000002";
    let wlan = format!("8801 0000 {mac} 020000000003 0000 0000 aaaa03 000000 0800 {packet}");
    [
        (1, frame.clone()),
        (1, format!("{mac} 8100 0001 88a8 0001 8847 00001040 00002140 {packet}")),
        (1, format!("{mac} 8864 1100 0001 002c 0021 {packet}")),
        (1, format!("{mac} 88e7 00000001 {frame}")),
        (1, format!("{mac} 88e5 20 00 00000001 0000000000000000 0800 {packet}")),
        (
            1,
            format!(
                "{mac} 86dd 60000000 0042 00 40 {six} 2b00010400000000 \
             3300010400000000 3c00000000000000 06000000 00000001 {tcp}"
            ),
        ),
        (1, format!("{mac} 86dd 60000000 0022 2c 40 {six} 06000001 00000001 {tcp}")),
        (1, format!("{mac} 0800 4500 002e 0007 2000 40 06 0000 0a000001 0a000002 {tcp}")),
        (1, ip("01", &format!("0304 0000 00000514 {packet}"))),
        (1, ip("04", &packet)),
        (1, ip("2f", &format!("b000 0800 00000000 00000001 00000002 {packet}"))),
        (1, ip("2f", &format!("1000 88be 00000001 10000001 00000000 {frame}"))),
        (
            1,
            ip(
                "2f",
                &format!("1000 22eb 00000001 20000001 00000000 00000001 0000000000000000 {frame}"),
            ),
        ),
        (1, ip("2f", &format!("3081 880b 002e0001 00000002 00000003 ff030021 {packet}"))),
        (1, ip("61", &format!("3000 {frame}"))),
        (1, ip("73", &format!("00000001 00000000 {frame}"))),
        (1, udp(4789, &format!("08000000 00002a00 {frame}"))),
        (
            1,
            udp(
                4790,
                &format!(
                    "0c000004 00002a00 0fc60103 00000000 00000000 00000000 \
             00000000 00000000 {frame}"
                ),
            ),
        ),
        (1, udp(6081, &format!("0100 6558 00002a00 00000000 {frame}"))),
        (1, udp(2152, &format!("34ff 0032 00000007 00000085 01100900 {packet}"))),
        (
            1,
            udp(
                3544,
                &format!(
                    "0001 0000 0000000000000000 00 0000 0000 00000000 \
             60000000 001a 06 40 {six} {tcp}"
                ),
            ),
        ),
        (1, udp(1701, &format!("4a02 0032 00010002 00000000 0002 0000 0021 {packet}"))),
        (1, udp(5247, &format!("00 100300 00000000 {wlan}"))),
        (1, udp(6635, &format!("00001140 {packet}"))),
        (0, format!("02000000 {packet}")),
        (6, format!("1040 020000000001 820000000002 06300012 0020 aaaa03 000000 0800 {packet}")),
        (9, format!("ff03 003d c0000001 0021 {packet}")),
        (104, format!("0f00 0800 {packet}")),
        (105, wlan.clone()),
        (107, format!("1841 0300 80 000000 0800 {packet}")),
        (113, format!("0000 0001 0006 0200000000010000 0800 {packet}")),
        (119, format!("44000000 0c000000 00000000 {wlan}")),
        (127, format!("0000 1900 03000080 00000000 00000000 0000000000000000 20 {wlan}")),
        (129, format!("0102 0000 d4 ff 0000 00000000 {packet}")),
        (163, format!("80211001 0000000c 00000000 {wlan}")),
        (192, format!("0000 0800 69000000 {wlan}")),
        (239, format!("02000000 08000100 00000300 32000900 {packet}")),
        (258, format!("0c000000 01000000 01000000 {frame}")),
        (276, format!("0800 0000 00000002 0001 0006 0200000000010000 {packet}")),
        (285, format!("{mac} dada0000 c0000000 0800 {packet}")),
    ]
    .into_iter()
    .map(|(link, text)| (link, hex(&text)))
    .collect()
}

#[test]
fn mutated_files_are_read() {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for file in [pcap(), pcapng(), snoop()] {
        fuzz_file(&file);
        for _ in 0..300 {
            fuzz_file(&mutate(&file, &mut noise));
        }
        for len in 0..file.len() {
            fuzz_file(&file[..len]);
        }
    }
}

#[test]
fn mutated_frames_are_decoded() {
    let mut noise = Noise(0xd1b5_4a32_d192_ed03);
    for (link, frame) in frames() {
        fuzz_frame(link, &frame);
        for _ in 0..200 {
            fuzz_frame(link, &mutate(&frame, &mut noise));
        }
        for len in 0..frame.len() {
            fuzz_frame(link, &frame[..len]);
        }
    }
}

#[test]
fn every_link_type_takes_any_frame() {
    for (_, frame) in frames() {
        for link in 0..300 {
            fuzz_frame(link, &frame);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_a_file(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz_file(&bytes);
        fuzz_file(&[&pcap()[..24], &bytes].concat());
        fuzz_file(&[&pcapng()[..60], &bytes].concat());
    }

    #[test]
    fn any_bytes_are_a_frame(link in 0..300_u16, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz_frame(link, &bytes);
    }
}
