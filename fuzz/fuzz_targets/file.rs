//! `cargo +nightly fuzz run file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlsleuth_capture::file::fuzz_file(data));
