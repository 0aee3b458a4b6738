//! Rules about signature algorithms.

pub mod no_overlap;
