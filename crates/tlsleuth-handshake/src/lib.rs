//! TLS facts from streams: records, messages, connections.

pub mod codepoint;
