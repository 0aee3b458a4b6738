//! Rules about what the capture itself cannot show of one connection.

pub mod ambiguous;
pub mod gap;
pub mod mid_stream;
pub mod one_sided;
pub mod snaplen;
