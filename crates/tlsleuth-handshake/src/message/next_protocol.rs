//! NextProtocol, of ALPN's forerunner NPN.

use crate::{Anomaly, WireText, anomaly::Notes, cursor::Cursor};

/// The protocol that a client chose from the server's list (draft-agl-tls-nextprotoneg-04 §3).
/// Encrypted, but for a key log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextProtocol {
    /// The protocol.
    pub selected_protocol: WireText,
}

impl NextProtocol {
    /// Reads the body of a NextProtocol.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(body);
        let mut message = Self::default();
        if let Some(selected) = cursor.vec8("selected_protocol", &mut notes) {
            message.selected_protocol = WireText::new(selected.rest());
            let _ = cursor.vec8("padding", &mut notes);
            cursor.end("padding", &mut notes);
        }
        (message, notes.finish())
    }
}
