//! Builds handshakes and captures for tests.
