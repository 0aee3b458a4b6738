//! `cargo +nightly fuzz run hello`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlsleuth_handshake::fuzz::fuzz_hello(data));
