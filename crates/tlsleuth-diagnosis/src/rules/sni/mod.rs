//! Rules about the server name.

pub mod certificate_mismatch;
pub mod default_certificate;
pub mod ip_literal;
pub mod missing;
pub mod unrecognized;
