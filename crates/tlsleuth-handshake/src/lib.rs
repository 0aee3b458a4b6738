//! TLS facts from streams: records, messages, connections.

pub mod anomaly;
pub mod codepoint;
pub mod connection;
mod cursor;
pub mod datagram;
mod ending;
pub mod fingerprint;
pub mod flight;
#[doc(hidden)]
pub mod fuzz;
pub mod joiner;
pub mod message;
pub mod observed;
pub mod opener;
pub mod ports;
pub mod preamble;
pub mod probe;
pub mod record;
#[cfg(test)]
mod testing;
mod touch;
pub mod tracker;

pub use anomaly::{Anomaly, Problem};
pub use connection::{Connection, Outcome, Side};
pub use observed::Observed;
pub use tlsleuth_cert::WireText;
pub use tracker::{Shared, Tracker};
