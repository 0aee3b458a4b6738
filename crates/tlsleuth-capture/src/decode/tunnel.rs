//! Which tunnels a packet came through, as a number.

use std::collections::HashMap;
use std::fmt;

use crate::{Address, TunnelId};

/// What a tunnel is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum TunnelProtocol {
    /// IP in IP: IPv4 (RFC 2003), IPv6 (RFC 2473), 6in4 (RFC 4213).
    Ip,
    /// Generic routing encapsulation (RFC 2784, RFC 2890), PPTP's variant too (RFC 2637).
    Gre,
    /// A mirrored port of a switch over GRE, types I to III (draft-foschiano-erspan).
    Erspan,
    /// Ethernet over GRE with a virtual subnet (RFC 7637).
    Nvgre,
    /// Ethernet in IP (RFC 3378).
    EtherIp,
    /// Ethernet over UDP (RFC 7348), the generic extension too.
    Vxlan,
    /// Anything over UDP (RFC 8926).
    Geneve,
    /// The user plane of mobile networks (3GPP TS 29.281).
    GtpU,
    /// IPv6 over UDP, through NAT (RFC 4380).
    Teredo,
    /// PPP or Ethernet over UDP or IP (RFC 2661, RFC 3931).
    L2tp,
    /// Wireless frames between access point and controller (RFC 5415).
    Capwap,
    /// MPLS over IP or UDP (RFC 4023, RFC 7510).
    Mpls,
}

impl fmt::Display for TunnelProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "ip",
            Self::Gre => "gre",
            Self::Erspan => "erspan",
            Self::Nvgre => "nvgre",
            Self::EtherIp => "etherip",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::GtpU => "gtp-u",
            Self::Teredo => "teredo",
            Self::L2tp => "l2tp",
            Self::Capwap => "capwap",
            Self::Mpls => "mpls",
        })
    }
}

/// One tunnel of a path.
///
/// The same for both directions: the outer addresses are in order of value, not of sender. Numbers
/// that differ by direction (GTP tunnel endpoints, GRE keys, L2TP sessions) are not part of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TunnelHop {
    /// What it is made of.
    pub protocol: TunnelProtocol,
    /// The two ends, the smaller address first.
    pub ends: [Address; 2],
    /// The virtual network (VXLAN, Geneve, NVGRE), 24 bits.
    pub network: Option<u32>,
}

impl TunnelHop {
    pub(super) fn new(
        protocol: TunnelProtocol,
        source: Address,
        destination: Address,
        network: Option<u32>,
    ) -> Self {
        let ends = [source.min(destination), source.max(destination)];
        Self { protocol, ends, network }
    }
}

/// Prints as `vxlan 10.0.0.1 10.0.0.2 network 42`.
impl fmt::Display for TunnelHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.ends;
        write!(f, "{} {first} {second}", self.protocol)?;
        self.network.map_or(Ok(()), |network| write!(f, " network {network}"))
    }
}

/// Paths known at once. A hostile capture could bring a new one with each frame.
const MAX_PATHS: usize = 65_536;

/// Stands for all paths beyond the cap: connections in them are told apart by addresses alone.
const BEYOND: TunnelId = TunnelId(u32::MAX);

/// Gives each path of tunnels a number, from 1 on, in the order in which they come up.
#[derive(Debug, Default)]
pub(super) struct Tunnels {
    numbers: HashMap<(TunnelId, TunnelHop), TunnelId, foldhash::fast::RandomState>,
    paths: Vec<Box<[TunnelHop]>>,
    /// The last one asked for: packets of one tunnel come in rows.
    last: Option<((TunnelId, TunnelHop), TunnelId)>,
}

impl Tunnels {
    /// The path that leads on from `outer` through `hop`.
    pub(super) fn enter(&mut self, outer: TunnelId, hop: TunnelHop) -> TunnelId {
        if let Some((key, id)) = self.last
            && key == (outer, hop)
        {
            return id;
        }
        let id = self.look_up(outer, hop);
        self.last = Some(((outer, hop), id));
        id
    }

    fn look_up(&mut self, outer: TunnelId, hop: TunnelHop) -> TunnelId {
        if let Some(id) = self.numbers.get(&(outer, hop)) {
            return *id;
        }
        if self.paths.len() >= MAX_PATHS || outer == BEYOND {
            return BEYOND;
        }
        let mut path = self.path(outer).to_vec();
        path.push(hop);
        self.paths.push(path.into_boxed_slice());
        let id = u32::try_from(self.paths.len()).map_or(BEYOND, TunnelId);
        self.numbers.insert((outer, hop), id);
        id
    }

    pub(super) fn path(&self, tunnel: TunnelId) -> &[TunnelHop] {
        let index = (tunnel.0 as usize).wrapping_sub(1);
        self.paths.get(index).map(|path| &**path).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_path() {
        let (a, b) = (Address::v4([10, 0, 0, 1]), Address::v4([10, 0, 0, 2]));
        let mut tunnels = Tunnels::default();
        let hop =
            |from, to, network| TunnelHop::new(TunnelProtocol::Vxlan, from, to, Some(network));
        let there = tunnels.enter(TunnelId::NONE, hop(a, b, 42));
        assert_eq!(there, TunnelId(1));
        assert_eq!(tunnels.enter(TunnelId::NONE, hop(b, a, 42)), there);
        assert_ne!(tunnels.enter(TunnelId::NONE, hop(a, b, 43)), there);
        let inner = tunnels.enter(there, hop(a, b, 42));
        assert_eq!(tunnels.path(inner).len(), 2);
        assert_eq!(tunnels.path(there)[0].to_string(), "vxlan 10.0.0.1 10.0.0.2 network 42");
        assert!(tunnels.path(TunnelId::NONE).is_empty());
    }

    #[test]
    fn there_is_a_cap() {
        let mut tunnels = Tunnels::default();
        for number in 0..70_000_u32 {
            let address = Address::from(std::net::Ipv4Addr::from(number));
            tunnels
                .enter(TunnelId::NONE, TunnelHop::new(TunnelProtocol::Ip, address, address, None));
        }
        assert_eq!(tunnels.paths.len(), MAX_PATHS);
    }
}
