//! Rules about application protocols.

pub mod acme_challenge;
pub mod ignored;
pub mod no_overlap;
pub mod not_offered;
