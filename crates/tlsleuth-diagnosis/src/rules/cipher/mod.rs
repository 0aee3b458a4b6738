//! Rules about cipher suites.

pub mod no_overlap;
pub mod not_offered;
pub mod weak;
