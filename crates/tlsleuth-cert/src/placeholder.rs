//! Certificates that software ships or makes by itself, and those of TLS interceptors.

use crate::Certificate;

/// A certificate that nobody chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placeholder {
    /// What it comes from.
    pub product: &'static str,
    /// Where that can be read up.
    pub source: &'static str,
}

/// Software that answers in a server's place to read what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interceptor {
    /// Its name.
    pub product: &'static str,
    /// Where that can be read up.
    pub source: &'static str,
}

/// The placeholder that this leaf is, if it is a known one.
#[must_use]
pub fn placeholder(leaf: &Certificate) -> Option<&'static Placeholder> {
    let _ = leaf;
    None
}

/// The interceptor whose authority issued this certificate, if it is a known one.
#[must_use]
pub fn interceptor(certificate: &Certificate) -> Option<&'static Interceptor> {
    let _ = certificate;
    None
}
