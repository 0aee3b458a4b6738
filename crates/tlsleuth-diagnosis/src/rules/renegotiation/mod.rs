//! Rules about renegotiation.

pub mod insecure;
