//! `cargo +nightly fuzz run frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The first two bytes are the link type.
    if let Some(([high, low], frame)) = data.split_first_chunk::<2>() {
        tlsleuth_capture::decode::fuzz_frame(u16::from_be_bytes([*high, *low]), frame);
    }
});
