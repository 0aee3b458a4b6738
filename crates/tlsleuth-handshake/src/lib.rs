//! TLS facts from streams: records, messages, connections.
pub mod joiner;
pub mod observed;
pub mod record;

pub use observed::Observed;
