//! Writes frames as a pcap file.

use crate::conversation::OwnedFrame;

/// A pcap file with these frames, times in nanoseconds.
#[must_use]
pub fn write(frames: &[OwnedFrame]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_3c4d_u32.to_le_bytes());
    for half in [2u16, 4] {
        file.extend(half.to_le_bytes());
    }
    for word in [0u32, 0, 262_144, 1] {
        file.extend(word.to_le_bytes());
    }
    for frame in frames {
        let time = frame.place.time;
        let nanoseconds = time.0.rem_euclid(1_000_000_000);
        for word in
            [time.seconds() as u32, nanoseconds as u32, frame.data.len() as u32, frame.original_len]
        {
            file.extend(word.to_le_bytes());
        }
        file.extend(&frame.data);
    }
    file
}
