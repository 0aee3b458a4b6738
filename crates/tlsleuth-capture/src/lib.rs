//! Reads captures and puts TCP streams back in order.
//!
//! ```text
//! bytes -FrameReader-> Frame -Decoder-> Segment -FlowTable-> StreamSink
//! ```
//!
//! Nothing here knows TLS. Only [`file`] touches files; all time comes from frames.

pub mod address;
pub mod frame;
pub mod limits;
pub mod place;
pub mod segment;

pub use address::{Address, Endpoint};
pub use frame::{Frame, LinkType};
pub use limits::Limits;
pub use place::{Located, Place, Timestamp};
pub use segment::{Segment, SeqNumber, TcpFlags, TunnelId};
