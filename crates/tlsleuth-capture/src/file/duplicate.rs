//! The same packet captured twice: on two interfaces, at two taps, by two hosts.

use std::hash::{BuildHasher, Hasher};

use crate::{Frame, LinkType, Timestamp};

/// Two copies of one packet are no further apart: the way between two taps, and the difference of
/// two clocks that are kept by NTP on one network.
pub(super) const WINDOW_NS: i64 = 20_000_000;

/// The same where the packet has no identification of its own (IPv6, and IPv4 with an
/// identification of 0): a retransmission could look the same, but does not come so soon.
const NARROW_WINDOW_NS: i64 = 1_000_000;

/// Packets remembered. At ten million a second a window holds more; then a copy is missed, and the
/// flow table takes it for a retransmission.
const SETS: usize = 8_192;

/// Remembers recent packets and recognizes a second copy.
///
/// Copies agree from the IP header on, but for what changes on the way between two taps: time to
/// live, service class, and checksums (which the sending host's card fills in later). They must
/// come from different interfaces or captures, so that nothing that one tap saw is ever dropped:
/// a retransmission is seen at the same tap as the first transmission. Linux's "any" device is one
/// interface that sees a packet several times; with cooked frames of version 1, which do not name
/// the device, only copies with an identification are recognized.
pub(super) struct Duplicates {
    sets: Vec<[Slot; 2]>,
    hash: foldhash::fast::FixedState,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    time: Timestamp,
    /// Which capture, interface and device.
    tap: Tap,
    used: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Tap {
    capture: u32,
    interface: u32,
    device: u32,
}

impl Duplicates {
    pub(super) fn new() -> Self {
        // A fixed seed: the same input must give the same output. Who forges a collision makes us
        // leave out a frame of their own.
        Self { sets: Vec::new(), hash: foldhash::fast::FixedState::with_seed(0x746c_736c) }
    }

    /// Whether the frame is a second copy of a packet; remembers it if not.
    pub(super) fn seen(&mut self, frame: &Frame<'_>) -> bool {
        let Some((packet, device)) = packet(frame) else { return false };
        let Some((hash, identified)) = self.digest(packet) else { return false };
        let tap =
            Tap { capture: frame.place.capture, interface: frame.interface, device: device.id };
        if self.sets.is_empty() {
            self.sets = vec![<[Slot; 2]>::default(); SETS];
        }
        let index = usize::try_from(hash % SETS as u64).unwrap_or(0);
        let Some(set) = self.sets.get_mut(index) else { return false };
        let time = frame.place.time;
        let window = if identified { WINDOW_NS } else { NARROW_WINDOW_NS };
        let copy = set.iter().any(|slot| {
            slot.used
                && slot.hash == hash
                && time.since(slot.time).saturating_abs() <= window
                && (slot.tap != tap || (device.unnamed && identified))
        });
        if copy {
            return true;
        }
        // The older of the two makes room.
        if let Some(slot) = set.iter_mut().min_by_key(|slot| (slot.used, slot.time)) {
            *slot = Slot { hash, time, tap, used: true };
        }
        false
    }

    /// A hash of what stays the same, and whether the packet has an identification.
    fn digest(&self, packet: &[u8]) -> Option<(u64, bool)> {
        let mut hasher = self.hash.build_hasher();
        let (protocol, payload, identified) = match packet.first()? >> 4 {
            4 => {
                let header = packet.first_chunk::<20>()?;
                let [v, _, l0, l1, i0, i1, f0, f1, _, protocol, _, _, addresses @ ..] = *header;
                hasher.write(&[l0, l1, i0, i1, f0, f1, protocol]);
                hasher.write(&addresses);
                let len = usize::from(v & 0xf).wrapping_mul(4);
                let total = usize::from(u16::from_be_bytes([l0, l1]));
                let end = if total == 0 { packet.len() } else { total.min(packet.len()) };
                (protocol, packet.get(len..end)?, (i0, i1) != (0, 0))
            }
            6 => {
                let header = packet.first_chunk::<40>()?;
                let [_, _, _, _, l0, l1, protocol, _, addresses @ ..] = *header;
                hasher.write(&[l0, l1, protocol]);
                hasher.write(&addresses);
                let end = usize::from(u16::from_be_bytes([l0, l1])).saturating_add(40);
                (protocol, packet.get(40..end.min(packet.len()))?, false)
            }
            _ => return None,
        };
        // Ports, numbers and flags, but not the checksum; then what the packet carries. A kilobyte
        // of it is enough: what differs only behind that has other sequence numbers.
        let checksum = match protocol {
            6 => 16..18,
            17 => 6..8,
            _ => 0..0,
        };
        hasher.write(payload.get(..checksum.start)?);
        let rest = payload.get(checksum.end..)?;
        hasher.write(rest.get(..1024).unwrap_or(rest));
        Some((hasher.finish(), identified))
    }
}

/// The network device that a cooked frame names.
#[derive(Clone, Copy)]
struct Device {
    id: u32,
    /// The frame comes from a pseudo device and does not say from which real one.
    unnamed: bool,
}

/// The IP packet of a frame whose link header is simple.
fn packet<'a>(frame: &Frame<'a>) -> Option<(&'a [u8], Device)> {
    let data = frame.data;
    let named = |id| Device { id, unnamed: false };
    match frame.link {
        LinkType::ETHERNET => {
            let mut kind_at = 12_usize;
            // As many tags as are in use anywhere.
            for _ in 0..4 {
                match data.get(kind_at..)?.first_chunk()? {
                    [0x08, 0x00] | [0x86, 0xdd] => {
                        return Some((data.get(kind_at.wrapping_add(2)..)?, named(0)));
                    }
                    [0x81, 0x00] | [0x88, 0xa8] => kind_at = kind_at.wrapping_add(4),
                    _ => return None,
                }
            }
            None
        }
        LinkType::LINUX_SLL => Some((data.get(16..)?, Device { id: 0, unnamed: true })),
        LinkType::LINUX_SLL2 => {
            let device = u32::from_be_bytes(*data.get(4..)?.first_chunk()?);
            Some((data.get(20..)?, named(device)))
        }
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => Some((data, named(0))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;

    /// IPv4 with an identification, TCP with a sequence number and a checksum.
    fn ipv4(id: u16, ttl: u8, seq: u8, checksum: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 41, 0, 0, 0x40, 0, ttl, 6, checksum, 0];
        packet[4..6].copy_from_slice(&id.to_be_bytes());
        packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend([0, 80, 1, 0, 0, 0, 0, seq, 0, 0, 0, 0, 0x50, 0x10, 0, 9, checksum, 1, 0, 0]);
        packet.push(b'x');
        packet
    }

    fn seen(copies: &[(u32, i64, Vec<u8>)]) -> Vec<bool> {
        let mut duplicates = Duplicates::new();
        let frame = |(interface, time_us, data): &(u32, i64, Vec<u8>)| {
            duplicates.seen(&Frame {
                place: Place { time: Timestamp(time_us * 1_000), ..Place::default() },
                link: LinkType::RAW,
                interface: *interface,
                data,
                original_len: 0,
            })
        };
        copies.iter().map(frame).collect()
    }

    #[test]
    fn a_copy_from_another_interface_is_recognized() {
        let packet = |ttl, checksum| ipv4(7, ttl, 1, checksum);
        assert_eq!(seen(&[(0, 0, packet(64, 1)), (1, 900, packet(63, 2))]), [false, true]);
    }

    #[test]
    fn what_the_same_interface_saw_twice_is_kept() {
        let packet = || ipv4(7, 64, 1, 1);
        assert_eq!(seen(&[(0, 0, packet()), (0, 900, packet())]), [false, false]);
    }

    #[test]
    fn a_retransmission_is_no_copy() {
        // Linux gives each transmission its own identification.
        assert_eq!(seen(&[(0, 0, ipv4(7, 64, 1, 1)), (1, 9, ipv4(8, 64, 1, 1))]), [false; 2]);
        // Without one, only what comes at once is a copy.
        let packet = || ipv4(0, 64, 1, 1);
        assert_eq!(seen(&[(0, 0, packet()), (1, 900, packet())]), [false, true]);
        assert_eq!(seen(&[(0, 0, packet()), (1, 1_100, packet())]), [false, false]);
    }
}
