//! Handshake messages: each `decode` takes the body of one message and never fails.
//!
//! What breaks the specification comes back as [`Anomaly`](crate::Anomaly), and everything that
//! can still be trusted is read. Nothing is borrowed from the input.

mod alert;
mod certificate;
mod client_hello;
mod extension;
mod server_hello;

pub use alert::Alert;
pub use certificate::{
    ByteRange, Certificate, CertificateEntry, CertificateForm, MAX_CERTIFICATES,
};
pub use client_hello::{ClientHello, OfferedVersions, SessionId};
pub use extension::{
    Carrier, CertificateStatus, EncryptedClientHello, Extension, ExtensionBody, Extensions,
    KeyShareEntry, MAX_EXTENSIONS, MAX_RAW_BYTES, OfferedPsks, Opaque, PskIdentity, ServerName,
    SignedCertificateTimestamp, StatusRequest,
};
pub use server_hello::{DowngradeSentinel, HELLO_RETRY_REQUEST_RANDOM, ServerHello};
