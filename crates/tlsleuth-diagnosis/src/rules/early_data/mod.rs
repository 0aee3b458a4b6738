//! Rules about early data (0-RTT).

pub mod rejected;
