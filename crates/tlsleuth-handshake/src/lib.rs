//! TLS facts from streams: records, messages, connections.

pub mod anomaly;
pub mod codepoint;
mod cursor;
pub mod fingerprint;
#[doc(hidden)]
pub mod fuzz;
pub mod joiner;
pub mod message;
pub mod observed;
pub mod preamble;
pub mod record;
#[cfg(test)]
mod testing;
mod wire_text;

pub use anomaly::{Anomaly, Problem};
pub use observed::Observed;
pub use wire_text::WireText;
