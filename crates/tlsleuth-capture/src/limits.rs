//! Every cap on what a capture can make this crate hold, in one place.

/// Caps, each with its unit and what happens when it is hit. All hits are counted and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Flows followed at once. When full, one is ended: an unanswered SYN as long as these are more
    /// than an eighth, else one that is done, else one that is idle.
    pub max_flows: usize,
    /// Bytes that the followed flows hold: entries, facts, buffers, and what the listener holds for
    /// them. When full, flows are ended likewise.
    pub max_flow_bytes: usize,
    /// Bytes of these that are held as they are. Of what is more, the flows idle for longest are
    /// packed, to a fifth of their bytes, until something comes of them: it costs time, no facts.
    pub max_awake_bytes: usize,
    /// Nanoseconds of capture time after which an idle flow is ended.
    pub flow_idle_ns: i64,
    /// The same for a flow whose connection was never established.
    pub half_open_idle_ns: i64,
    /// Bytes held out of order for one direction. When full, the oldest gap is given up.
    pub max_stream_bytes: usize,
    /// Segments held out of order for one direction. When full, the oldest gap is given up.
    pub max_stream_segments: usize,
    /// Bytes held out of order over all flows. When full, the streams that hold more than 64 KiB give
    /// up their gaps as they go on.
    pub max_reassembly_bytes: usize,
    /// Bytes that were handed on and are kept to compare what comes again with, over all flows. The
    /// oldest are given up, and an overlap with these is not compared.
    pub max_history_bytes: usize,
    /// IP fragments held at once; the oldest datagram is dropped when full.
    pub max_fragments: usize,
    /// Bytes of IP fragments held at once; the oldest datagram is dropped when full.
    pub max_fragment_bytes: usize,
    /// Nanoseconds of capture time after which an incomplete IP datagram is dropped.
    pub fragment_timeout_ns: i64,
    /// Bytes of one pcap record. A longer one is taken for damage.
    pub max_record_bytes: usize,
    /// Bytes of one pcapng block. A longer one is taken for damage.
    pub max_block_bytes: usize,
    /// Interfaces of one pcapng section. Further ones are taken for damage.
    pub max_interfaces: usize,
    /// Tunnels in tunnels. A deeper packet is counted as undecodable.
    pub max_tunnel_depth: usize,
    /// Bytes that one compressed capture may grow to. What follows is cut, and said.
    pub max_decompressed_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_flows: 262_144,
            max_flow_bytes: 64 << 20,
            max_awake_bytes: 64 << 20,
            flow_idle_ns: 300_000_000_000,
            half_open_idle_ns: 30_000_000_000,
            max_stream_bytes: 1 << 20,
            max_stream_segments: 4096,
            max_reassembly_bytes: 24 << 20,
            max_history_bytes: 8 << 20,
            max_fragments: 65_535,
            max_fragment_bytes: 32 << 20,
            fragment_timeout_ns: 60_000_000_000,
            max_record_bytes: 1 << 20,
            max_block_bytes: 16 << 20,
            max_interfaces: 65_536,
            max_tunnel_depth: 8,
            max_decompressed_bytes: 16 << 30,
        }
    }
}

/// Bytes that are taken for one flow where the number of flows follows from their bytes: more than an
/// unanswered one has, and about what one takes that is packed.
const BYTES_OF_A_FLOW: usize = 256;

impl Limits {
    /// Lets the followed flows hold so many bytes, and be so many that each has 256 of them.
    #[must_use]
    pub fn with_flow_bytes(self, bytes: usize) -> Self {
        Self { max_flow_bytes: bytes, max_flows: bytes / BYTES_OF_A_FLOW, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_proportion() {
        let limits = Limits::default();
        let bytes = limits.max_flow_bytes;
        assert_eq!(limits.clone().with_flow_bytes(bytes), limits);
    }
}
