//! The PROXY protocol of HAProxy, versions 1 and 2: who really is behind a load balancer.

use core::net::{IpAddr, SocketAddr};

use super::{Progress, find};

const SIGNATURE_2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const SIGNATURE_1: &[u8; 6] = b"PROXY ";
/// The longest header of version 1, with its line break.
const MAX_LINE_BYTES: usize = 107;

/// The addresses of the connection that the proxy took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxiedAddresses {
    /// The client.
    pub source: SocketAddr,
    /// The address that the client connected to.
    pub destination: SocketAddr,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxy {
    addresses: Option<ProxiedAddresses>,
}

/// Whether a client begins like this.
pub(super) fn starts(bytes: &[u8]) -> Option<()> {
    let is_start = |signature: &[u8]| {
        let len = signature.len().min(bytes.len());
        len >= 4 && bytes.get(..len) == signature.get(..len)
    };
    (is_start(SIGNATURE_1) || is_start(SIGNATURE_2)).then_some(())
}

impl Proxy {
    pub(super) fn addresses(&self) -> Option<ProxiedAddresses> {
        self.addresses
    }

    pub(super) fn step(&mut self, from_client: bool, bytes: &[u8]) -> Progress {
        if !from_client {
            // Whatever the server says first is behind the header.
            return Progress::Continue { consumed: 0 };
        }
        if bytes.starts_with(SIGNATURE_1) {
            let Some(end) = find(bytes, b"\r\n") else {
                return if bytes.len() > MAX_LINE_BYTES {
                    Progress::NotThis
                } else {
                    Progress::Continue { consumed: 0 }
                };
            };
            self.addresses = bytes.get(..end).and_then(text_addresses);
            return Progress::TunnelOpens { offset: end + 2 };
        }
        let Some(header) = bytes.first_chunk::<16>() else {
            return Progress::Continue { consumed: 0 };
        };
        if !header.starts_with(SIGNATURE_2) {
            return Progress::NotThis;
        }
        let [.., command, family, high, low] = *header;
        if command >> 4 != 2 {
            return Progress::NotThis;
        }
        let end = 16 + usize::from(u16::from_be_bytes([high, low]));
        let Some(content) = bytes.get(16..end) else {
            return Progress::Continue { consumed: 0 };
        };
        // Command 0 is LOCAL: the proxy's own connection, such as a health check.
        if command & 0xf == 1 {
            self.addresses = binary_addresses(family >> 4, content);
        }
        Progress::TunnelOpens { offset: end }
    }
}

fn text_addresses(line: &[u8]) -> Option<ProxiedAddresses> {
    let mut words = str::from_utf8(line).ok()?.split(' ').skip(2);
    let source: IpAddr = words.next()?.parse().ok()?;
    let destination: IpAddr = words.next()?.parse().ok()?;
    let source = SocketAddr::new(source, words.next()?.parse().ok()?);
    let destination = SocketAddr::new(destination, words.next()?.parse().ok()?);
    Some(ProxiedAddresses { source, destination })
}

fn binary_addresses(family: u8, content: &[u8]) -> Option<ProxiedAddresses> {
    let (source, destination, ports): (IpAddr, IpAddr, &[u8]) = match family {
        1 => {
            let (source, rest) = content.split_first_chunk::<4>()?;
            let (destination, ports) = rest.split_first_chunk::<4>()?;
            ((*source).into(), (*destination).into(), ports)
        }
        2 => {
            let (source, rest) = content.split_first_chunk::<16>()?;
            let (destination, ports) = rest.split_first_chunk::<16>()?;
            ((*source).into(), (*destination).into(), ports)
        }
        _ => return None,
    };
    let [a, b, c, d] = *ports.first_chunk::<4>()?;
    Some(ProxiedAddresses {
        source: SocketAddr::new(source, u16::from_be_bytes([a, b])),
        destination: SocketAddr::new(destination, u16::from_be_bytes([c, d])),
    })
}
