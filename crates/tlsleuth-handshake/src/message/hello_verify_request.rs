//! HelloVerifyRequest of DTLS.

use super::Opaque;
use crate::{Anomaly, anomaly::Notes, codepoint::ProtocolVersion, cursor::Cursor};

/// A server of DTLS asks the client to prove that it gets answers (RFC 6347 §4.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HelloVerifyRequest {
    /// The version of the message, which is not the one that is negotiated.
    pub server_version: ProtocolVersion,
    /// What the client has to send back.
    pub cookie: Opaque,
}

impl HelloVerifyRequest {
    /// Reads the body of a HelloVerifyRequest.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(body);
        let mut message = Self::default();
        if let Some(version) = cursor.u16("server_version", &mut notes) {
            message.server_version = ProtocolVersion(version);
            if let Some(cookie) = cursor.vec8("cookie", &mut notes) {
                message.cookie = Opaque::new(cookie.rest());
            }
            cursor.end("cookie", &mut notes);
        }
        (message, notes.finish())
    }
}
