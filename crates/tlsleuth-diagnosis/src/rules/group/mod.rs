//! Rules about key exchange groups.

pub mod no_overlap;
pub mod retry;
