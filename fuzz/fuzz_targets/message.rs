//! `cargo +nightly fuzz run message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlsleuth_handshake::fuzz::fuzz_message(data));
