//! `cargo +nightly fuzz run preamble`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlsleuth_handshake::fuzz::fuzz_preamble(data));
