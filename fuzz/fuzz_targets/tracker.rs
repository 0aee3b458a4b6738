//! `cargo +nightly fuzz run tracker`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlsleuth_handshake::fuzz::fuzz_tracker(data));
