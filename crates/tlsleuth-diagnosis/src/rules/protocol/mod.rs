//! Rules about what is not the TLS that the peer expected.

pub mod http_to_tls_port;
pub mod malformed;
pub mod not_tls;
pub mod plaintext_reply;
pub mod proxy_refused;
pub mod starttls_refused;
