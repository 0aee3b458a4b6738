//! EncryptedExtensions: what a server of TLS 1.3 answers out of sight.

use super::{Carrier, Extensions};
use crate::{Anomaly, WireText, anomaly::Notes, cursor::Cursor};

/// A server's extensions that need no secrecy before the keys (RFC 8446 §4.3.1). Seen only with
/// a key log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptedExtensions {
    /// The extensions.
    pub extensions: Extensions,
}

impl EncryptedExtensions {
    /// Reads the body of EncryptedExtensions.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(body);
        let extensions = Extensions::parse(&mut cursor, Carrier::EncryptedExtensions, &mut notes);
        if !extensions.is_present() {
            // Unlike in hellos the list is always there.
            let _ = cursor.u16("extensions", &mut notes);
        }
        cursor.end("extensions", &mut notes);
        (Self { extensions }, notes.finish())
    }

    /// The application protocol that the server chose.
    #[must_use]
    pub fn alpn(&self) -> Option<&WireText> {
        self.extensions.alpn()?.first()
    }
}
