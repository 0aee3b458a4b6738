//! Where the time of a handshake went.

use tlsleuth_capture::Place;
use tlsleuth_handshake::{Connection, Observed, Side};

/// The phases of a handshake in nanoseconds; `None` where an end of the span was not seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Phases {
    /// SYN to SYN-ACK.
    pub tcp_ns: Option<i64>,
    /// ClientHello to ServerHello.
    pub server_hello_ns: Option<i64>,
    /// The server's flight to the client's next act.
    pub client_ns: Option<i64>,
    /// ClientHello to the later Finished.
    pub handshake_ns: Option<i64>,
}

/// Measures one connection.
#[must_use]
pub fn phases(connection: &Connection) -> Phases {
    let between = |from: Option<Place>, to: Option<Place>| {
        let span = to?.time.since(from?.time);
        (span >= 0).then_some(span)
    };
    let transport = &connection.transport;
    let hello = connection.client_hello().map(|hello| hello.at);
    let server_hello = connection.hello().map(|hello| hello.at);
    let server_flight = connection.server_hello_done.or_else(|| {
        connection
            .protected
            .iter()
            .filter(|record| record.from == Side::Server)
            .map(|record| record.at)
            .next()
            .or(server_hello)
    });
    let client_act = connection
        .events
        .iter()
        .filter(|event| event.from == Side::Client)
        .map(|event| event.at)
        .find(|at| server_flight.is_some_and(|flight| at.order() > flight.order()));
    let finished = match (&connection.finished.client, &connection.finished.server) {
        (Observed::Present(client), Observed::Present(server)) => Some(client.later(*server)),
        _ => None,
    };
    Phases {
        tcp_ns: between(transport.syn.map(|syn| syn.at), transport.syn_ack.map(|syn| syn.at)),
        server_hello_ns: between(hello, server_hello),
        client_ns: between(server_flight, client_act),
        handshake_ns: between(hello, finished),
    }
}
