//! Rules about client certificates.

pub mod missing;
pub mod rejected;
pub mod untrusted_issuer;
