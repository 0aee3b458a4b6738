//! Opens TLS records with logged secrets.
//!
//! A [`KeyLog`] takes key logs in the NSS format (RFC 9850), as `SSLKEYLOGFILE` makes browsers,
//! curl and others write them, or as secrets blocks of pcapng files hold them. It is a
//! [`SecretSource`](tlsleuth_handshake::opener::SecretSource): given to the tracker, what is
//! encrypted becomes present. RSA private keys of servers do the same for suites with static RSA.
//!
//! What opens: TLS 1.3 with every suite of RFC 9846; TLS 1.0 to 1.2 and SSL 3.0 with AES, Camellia,
//! ARIA, ChaCha20, 3DES, DES, RC4 and no cipher, in each mode that has suites. What does not:
//! export suites, SEED, IDEA, GOST and SM4, records that are compressed.
//!
//! The cryptography is that of the RustCrypto crates; here are the key schedules around it. Nothing
//! is compared in constant time: who has the capture and the secrets has nothing left to learn.
//!
//! # Invariants
//! Secrets, and keys derived from them, are wiped from memory on drop, and are in no `Debug` output,
//! error or panic message.

mod cipher;
mod hash;
mod log;
mod rsa_key;
mod schedule;
mod secret;
mod static_rsa;
mod suite;
mod tls12;
mod tls13;
mod trial;

pub use log::{KeyLog, LogCounts};
pub use rsa_key::RsaKeyError;
