//! What TCP shows of the way between the ends: who reset, who waited, what was lost, how long it
//! took. Shared by the rules about the path.

use tlsleuth_capture::Place;
use tlsleuth_capture::transport::{ResetFacts, Retransmission};
use tlsleuth_handshake::{Connection, Side};

use crate::rule::Skip;

/// Hops by which a reset's TTL must differ from its sender's own segments before it is taken for
/// another host's. Two ways of one hop's difference to the same host are common (ECMP).
const TELLING_HOPS: u8 = 2;

/// Nanoseconds as people say them: `2.1 s`, `340 ms`, `0.4 ms`.
#[must_use]
pub fn duration(ns: i64) -> String {
    let ns = ns.unsigned_abs();
    let (milliseconds, tenth) = (ns / 1_000_000, ns / 100_000 % 10);
    match milliseconds {
        0..=9 => format!("{milliseconds}.{tenth} ms"),
        10..=999 => format!("{milliseconds} ms"),
        1_000..=99_999 => format!("{}.{} s", milliseconds / 1_000, milliseconds / 100 % 10),
        100_000..=599_999 => format!("{} s", milliseconds / 1_000),
        _ => crate::wording::span(i64::try_from(milliseconds / 1_000).unwrap_or(i64::MAX)),
    }
}

/// A count with its unit: `1 segment`, `2 segments`.
#[must_use]
pub fn count(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Well-known defaults after which somebody gives up, in milliseconds, the shortest first.
const TIMEOUTS: &[(i64, &str)] = &[
    (1_000, "the default of Kubernetes probes (timeoutSeconds: 1)"),
    (5_000, "the default of Envoy's connect_timeout and of AWS load balancers' health checks"),
    (10_000, "the default of Go's TLSHandshakeTimeout, Node's undici and Prometheus' scrapes"),
    (20_000, "the default of gRPC's connection attempts and of Windows' connect"),
    (30_000, "the default of Go's dialer, of IIS and of many HTTP libraries"),
    (
        60_000,
        "the default of nginx (proxy_connect_timeout, client_header_timeout) and of AWS load balancers' idle time",
    ),
    (75_000, "the default of BSD's and macOS' connect"),
    (100_000, "the default of .NET's HttpClient"),
    (120_000, "the default of Node's TLS server (handshakeTimeout)"),
    (127_000, "Linux' six retries of a SYN (net.ipv4.tcp_syn_retries)"),
    (300_000, "the default of curl's --connect-timeout"),
];

/// Whose default a wait looks like. Timers fire late, never early, and the way there takes time, so
/// a wait may be a little longer than the default.
#[must_use]
pub fn gave_up_after(ns: i64) -> Option<&'static str> {
    let milliseconds = ns / 1_000_000;
    TIMEOUTS
        .iter()
        .find(|(timeout, _)| {
            let late = (timeout / 25).max(60);
            (timeout - 10..=timeout + late).contains(&milliseconds)
        })
        .map(|(_, whose)| *whose)
}

/// A sentence about a wait: how long, and whose default that is where it is one.
#[must_use]
pub fn waited(who: &str, ns: i64) -> String {
    match gave_up_after(ns) {
        Some(whose) => format!("{who} gave up after {}: {whose}.", duration(ns)),
        None => format!("{who} gave up after {}.", duration(ns)),
    }
}

/// Where a reset comes from, as far as its headers tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// From as far away as its sender's other segments.
    Same,
    /// From another distance: another host sent it in the sender's name.
    Other,
    /// There is nothing to compare with, or the sender's own segments vary.
    Unknown,
}

/// Compares a reset with the other segments of the end in whose name it was sent.
#[must_use]
pub fn origin(connection: &Connection, reset: &ResetFacts) -> Origin {
    let stream = connection.transport.stream(reset.direction);
    if stream.segments == 0 || stream.first_ttl != stream.last_ttl {
        return Origin::Unknown;
    }
    match reset.ttl.abs_diff(stream.last_ttl) {
        0 => Origin::Same,
        hops if hops >= TELLING_HOPS => Origin::Other,
        _ => Origin::Unknown,
    }
}

/// What the headers of a reset say, for its evidence.
#[must_use]
pub fn reset_says(connection: &Connection, reset: &ResetFacts) -> String {
    let side = connection.side(reset.direction);
    let stream = connection.transport.stream(reset.direction);
    let mut says = format!("a reset in the {}'s name: TTL {}", side.name(), reset.ttl);
    if let Some(id) = reset.ip_id {
        says.push_str(&format!(", IP ID {id}"));
    }
    says.push_str(&format!(", window {}", reset.window));
    if stream.segments > 0 {
        says.push_str(&format!(
            "; the {}'s own segments have TTL {}",
            side.name(),
            stream.last_ttl
        ));
        if stream.first_ttl != stream.last_ttl {
            says.push_str(&format!(" and {}", stream.first_ttl));
        }
        if let Some(id) = stream.last_ip_id {
            says.push_str(&format!(", last IP ID {id}"));
        }
    }
    says
}

/// Whether this end's segments are in the capture at all.
#[must_use]
pub fn seen(connection: &Connection, side: Side) -> bool {
    connection.stream(side).segments > 0 || connection.reset().is_some_and(|(by, _)| by == side)
}

/// Where the ClientHello is, or begins where it is not there whole.
#[must_use]
pub fn hello_at(connection: &Connection) -> Option<Place> {
    let first =
        || connection.first_tls.client.filter(|_| connection.stream(Side::Client).from_start);
    connection.client_hellos.first().map(|hello| hello.at).or_else(first)
}

/// Where the ClientHello is, or begins.
///
/// # Errors
/// [`Skip::NotApplicable`] where there was no TLS, [`Skip::Undetermined`] where it was missed.
pub fn hello(connection: &Connection) -> Result<Place, Skip> {
    let skip = if connection.tls_seen() { Skip::Undetermined } else { Skip::NotApplicable };
    hello_at(connection).ok_or(skip)
}

/// Whether the server sent anything behind the ClientHello.
#[must_use]
pub fn server_answered(connection: &Connection) -> bool {
    let behind_hello = hello_at(connection).is_some_and(|hello| {
        connection.stream(Side::Server).last_data.is_some_and(|data| data.order() > hello.order())
    });
    behind_hello || connection.first_tls.server.is_some()
}

/// Skips where the capture has not both directions.
///
/// # Errors
/// [`Skip::Undetermined`] where one direction is not there to be seen.
pub fn both_seen(connection: &Connection) -> Result<(), Skip> {
    let missed = |side: Side| {
        let stream = connection.stream(side);
        stream.segments == 0 && stream.acknowledged_bytes > 0 && stream.first_data.is_none()
    };
    if missed(Side::Client) || missed(Side::Server) { Err(Skip::Undetermined) } else { Ok(()) }
}

/// One end's retransmissions, the first few of them.
pub fn retransmissions(
    connection: &Connection,
    side: Side,
) -> impl Iterator<Item = &Retransmission> {
    let direction = connection.direction(side);
    connection
        .transport
        .retransmissions
        .kept()
        .iter()
        .filter(move |again| again.direction == direction)
}

/// The frame in which one end last said something before another frame, as far as TLS shows.
#[must_use]
pub fn last_said(connection: &Connection, side: Side, before: Place) -> Option<Place> {
    let stream = connection.stream(side);
    let last = stream.last_data.filter(|at| at.order() <= before.order());
    last.or_else(|| {
        let events = connection.events.iter().filter(|event| event.from == side);
        events.map(|event| event.at).rfind(|at| at.order() <= before.order())
    })
    .or_else(|| stream.first_data.filter(|at| at.order() <= before.order()))
}

/// Bytes of one end's stream that the other end never acknowledged.
#[must_use]
pub fn unacknowledged(connection: &Connection, side: Side) -> u64 {
    let stream = connection.stream(side);
    stream.stream_bytes.saturating_sub(stream.acknowledged_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_people_would_use() {
        assert_eq!(duration(412_000), "0.4 ms");
        assert_eq!(duration(340_900_000), "340 ms");
        assert_eq!(duration(2_149_000_000), "2.1 s");
        assert_eq!(duration(300_000_000_000), "300 s");
    }

    #[test]
    fn a_wait_is_matched_to_a_default_when_it_is_hardly_longer() {
        assert!(gave_up_after(10_003_000_000).is_some_and(|whose| whose.contains("Go")));
        assert!(gave_up_after(300_040_000_000).is_some_and(|whose| whose.contains("curl")));
        assert_eq!(gave_up_after(8_000_000_000), None);
        assert_eq!(gave_up_after(9_900_000_000), None);
    }
}
