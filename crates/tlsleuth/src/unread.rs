//! Connections that speak TLS over UDP: they are counted and not read, so that a report can say so.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use tlsleuth_capture::decode::Datagram;
use tlsleuth_capture::{Endpoint, Place, TunnelId};
use tlsleuth_handshake::datagram::{self, DatagramProtocol};

/// Connections of a protocol that are told apart, some 60 bytes each; later ones are not counted.
pub const MAX_UNREAD: usize = 16_384;

/// What was seen of one protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Pairs of endpoints that spoke it, up to [`MAX_UNREAD`].
    pub connections: u64,
    /// The first of their datagrams.
    pub first: Place,
}

/// The two ends, the lower one first, and the tunnels around them.
type Pair = (Endpoint, Endpoint, TunnelId);

/// Counts what is not read.
#[derive(Debug, Default)]
pub(crate) struct UnreadCounter {
    dtls: Option<Seen>,
    quic: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    pairs: HashSet<Pair, RandomState>,
    first: Place,
}

impl UnreadCounter {
    /// Takes a datagram.
    #[inline]
    pub(crate) fn push(&mut self, datagram: &Datagram<'_>) {
        if let Some(protocol) = datagram::protocol(datagram.payload) {
            self.count(protocol, datagram);
        }
    }

    #[cold]
    fn count(&mut self, protocol: DatagramProtocol, datagram: &Datagram<'_>) {
        let seen = match protocol {
            DatagramProtocol::Dtls => &mut self.dtls,
            DatagramProtocol::Quic => &mut self.quic,
        };
        let seen =
            seen.get_or_insert_with(|| Seen { pairs: HashSet::default(), first: datagram.place });
        if seen.pairs.len() < MAX_UNREAD {
            let (source, destination) = (datagram.source, datagram.destination);
            let (low, high) = (source.min(destination), source.max(destination));
            seen.pairs.insert((low, high, datagram.tunnel));
        }
    }

    /// What was seen of a protocol; `None` for nothing.
    pub(crate) fn unread(&self, protocol: DatagramProtocol) -> Option<Unread> {
        let seen = match protocol {
            DatagramProtocol::Dtls => self.dtls.as_ref(),
            DatagramProtocol::Quic => self.quic.as_ref(),
        }?;
        let connections = seen.pairs.len().try_into().unwrap_or(u64::MAX);
        Some(Unread { connections, first: seen.first })
    }
}
