//! What ended a handshake: who, how, and how far it had come. Causes are told from effects here.

use tlsleuth_capture::transport::ResetFacts;
use tlsleuth_capture::{EndReason, Place};
use tlsleuth_handshake::codepoint::{AlertDescription, AlertLevel};
use tlsleuth_handshake::connection::{Alert, Connection, Outcome};
use tlsleuth_handshake::{Observed, Side};

/// How far a handshake had come when it ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// TCP was not established.
    Connecting,
    /// TCP was established, and the client had sent nothing of TLS.
    BeforeClientHello,
    /// The ClientHello was sent, and the server had not answered it with a ServerHello.
    ClientHello,
    /// The server's flight was sent, at least in part, and it was the client's turn.
    ServerFlight,
    /// The client's second flight was sent, at least in part, and the server had not finished.
    ClientFlight,
    /// Both sides had finished.
    Finished,
}

/// What ended the connection.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum How {
    /// An alert.
    Alert(Alert),
    /// A reset.
    Reset(ResetFacts),
    /// A FIN.
    Closed,
    /// One side fell silent: it owed the other an answer.
    Silence,
    /// The capture ends, or starts, while it is going on.
    Unseen,
    /// Nothing: it completed.
    Completed,
}

/// Who ended the handshake, how, and when.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ending {
    /// Who did it; for [`How::Silence`] who was silent.
    pub by: Side,
    /// How.
    pub how: How,
    /// The frame, where there is one.
    pub at: Option<Place>,
    /// How far it had come.
    pub phase: Phase,
}

impl Ending {
    /// The alert that ended it.
    #[must_use]
    pub fn alert(&self) -> Option<&Alert> {
        match &self.how {
            How::Alert(alert) => Some(alert),
            _ => None,
        }
    }

    /// The description of the alert that ended it, where it can be read.
    #[must_use]
    pub fn description(&self) -> Option<AlertDescription> {
        self.alert().and_then(|alert| alert.description)
    }

    /// Whether one side ended it at one point.
    #[must_use]
    pub fn is(&self, by: Side, phase: Phase) -> bool {
        self.by == by && self.phase == phase
    }
}

/// How bad a breach of the specification by the server is: an error where the client broke off, a
/// warning where it went on.
pub(crate) fn offended(case: &crate::Case<'_>) -> crate::Severity {
    if case.ending.by == Side::Client && !case.completed() {
        crate::Severity::Error
    } else {
        crate::Severity::Warning
    }
}

/// Tells what ended a connection. An alert that comes after the other side's FIN or reset, or after
/// the other side's alert, is an effect: the first act in time is the cause.
#[must_use]
pub fn ending(connection: &Connection) -> Ending {
    let phase = phase(connection, None);
    if connection.outcome == Outcome::Completed {
        return Ending { by: Side::Client, how: How::Completed, at: None, phase };
    }
    let alert = connection.alerts.iter().find(|alert| ends(connection, alert)).copied();
    let close = connection.first_close();
    let reset = connection.transport.reset().copied();
    let first = match (alert, close) {
        // Where an alert and the FIN behind it share a frame, the alert is first.
        (Some(alert), Some((_, at))) if alert.at.order() <= at.order() => Some(How::Alert(alert)),
        (Some(alert), Some((side, _))) if side == alert.from => Some(How::Alert(alert)),
        (_, Some((_, at))) if reset.is_some_and(|reset| reset.at == at) => reset.map(How::Reset),
        (_, Some(_)) => Some(How::Closed),
        (Some(alert), None) => Some(How::Alert(alert)),
        (None, None) => None,
    };
    if let Some(how) = first {
        let (by, at) = match how {
            How::Alert(alert) => (alert.from, Some(alert.at)),
            _ => close.map_or((Side::Client, None), |(side, at)| (side, Some(at))),
        };
        return Ending { by, how, at, phase: self::phase(connection, at) };
    }
    let by = silent_side(connection, phase);
    let how = if connection.outcome == Outcome::Failed { How::Silence } else { How::Unseen };
    Ending { by, how, at: Some(connection.last), phase }
}

/// Whether an alert ends the handshake rather than remarks on it.
fn ends(connection: &Connection, alert: &Alert) -> bool {
    match (alert.description, alert.level) {
        (Some(AlertDescription::UNRECOGNIZED_NAME), Some(AlertLevel::WARNING)) => {
            // The usual remark of a server that goes on; the last word of one that does not.
            !connection.server_hello.is_present() && connection.outcome == Outcome::Failed
        }
        (Some(AlertDescription::CLOSE_NOTIFY), _) => {
            connection.outcome == Outcome::Failed
                && !connection.finished.of(alert.from).is_present()
        }
        (Some(_), _) => true,
        (None, _) => true,
    }
}

/// Who owed the other an answer.
fn silent_side(connection: &Connection, phase: Phase) -> Side {
    match phase {
        Phase::Connecting | Phase::ClientHello | Phase::ClientFlight => Side::Server,
        Phase::BeforeClientHello | Phase::ServerFlight => Side::Client,
        Phase::Finished => {
            if connection.end_reason == EndReason::Idle {
                Side::Server
            } else {
                Side::Client
            }
        }
    }
}

/// How far the handshake had come before `at`, or in the end.
fn phase(connection: &Connection, at: Option<Place>) -> Phase {
    let before = |place: Place| at.is_none_or(|at| place.order() <= at.order());
    let finished = |side: Side| match connection.finished.of(side) {
        Observed::Present(place) => before(*place),
        _ => false,
    };
    if finished(Side::Client) && finished(Side::Server) {
        return Phase::Finished;
    }
    let client_answered = connection.client_key_exchange.is_some_and(before)
        || finished(Side::Client)
        || connection.client_chain.present().is_some_and(|chain| before(chain.at))
        || (connection.change_cipher_spec.client.is_some_and(before) && !connection.is_tls13());
    if client_answered {
        return Phase::ClientFlight;
    }
    if connection.hello().is_some_and(|hello| before(hello.at)) {
        return Phase::ServerFlight;
    }
    if connection.client_hellos.first().is_some_and(|hello| before(hello.at))
        || connection.first_tls.client.is_some_and(before)
    {
        return Phase::ClientHello;
    }
    let transport = &connection.transport;
    let established = transport.established.is_some()
        || transport.forward.data_segments + transport.reverse.data_segments > 0
        || (transport.syn.is_none() && transport.syn_ack.is_none());
    if established { Phase::BeforeClientHello } else { Phase::Connecting }
}
