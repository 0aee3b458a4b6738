//! Rules about protocol versions.

pub mod deprecated;
pub mod downgraded;
pub mod fallback;
pub mod intolerant;
pub mod no_overlap;
