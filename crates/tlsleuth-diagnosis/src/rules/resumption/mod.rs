//! Rules about sessions that were to be taken up again.

pub mod refused;
