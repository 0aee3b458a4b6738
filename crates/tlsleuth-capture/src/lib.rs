//! Reads captures and puts TCP streams back in order.
//!
//! ```text
//! bytes -FrameReader-> Frame -Decoder-> Segment -FlowTable-> StreamSink
//! ```
//!
//! Nothing here knows TLS. Only [`mod@file`] touches files; all time comes from frames.

#![forbid(unsafe_code)]

pub mod address;
mod assembler;
pub mod decode;
pub mod error;
pub mod file;
pub mod flow;
pub mod frame;
mod history;
pub mod limits;
pub mod lone_syn;
pub mod packed;
pub mod place;
pub mod segment;
pub mod stream;
pub mod table;
pub mod transport;

pub use flow::{EndReason, EndedFlow, FlowView};
pub mod stats;

pub use address::{Address, Endpoint};
pub use decode::{
    Checksum, Datagram, Decoded, Decoder, IcmpError, IcmpKind, QuotedPacket, TunnelHop,
    TunnelProtocol, Undecodable,
};
pub use error::Error;
pub use file::{
    CaptureError, CaptureInput, CaptureState, Comment, CommentScope, Compression, Damage, Errand,
    FileFacts, FileFormat, FrameReader, Helper, MergedReader, Notice, OpenOptions, OrderedCaptures,
    ReportedCounts, ResolvedName, SecretsBlock, order_captures, prescan_secrets,
};
pub use frame::{Frame, LinkType};
pub use limits::Limits;
pub use lone_syn::LoneSyn;
pub use place::{Located, Place, Sequence, Timestamp};
pub use segment::{Segment, SeqNumber, TcpFlags, TunnelId};
pub use stats::{DecodeStats, FragmentStats};
pub use stream::{Direction, FlowId, Gap, GapCause, Interest, StreamSink};
pub use table::{FlowStats, FlowTable};
pub use transport::TransportFacts;
