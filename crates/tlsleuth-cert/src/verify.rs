//! Asks webpki.
