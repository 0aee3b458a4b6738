//! KeyUpdate.

use crate::{
    Anomaly,
    anomaly::{Notes, Problem},
    cursor::Cursor,
};

/// The sender changes its keys (RFC 8446 §4.6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyUpdate {
    /// Whether the other side shall change its keys too.
    pub request_update: bool,
}

impl KeyUpdate {
    /// Reads the body of a KeyUpdate.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(body);
        let request = cursor.u8("request_update", &mut notes).unwrap_or_default();
        if request > 1 {
            notes.add("request_update", 0, Problem::IllegalValue { value: u32::from(request) });
        }
        cursor.end("request_update", &mut notes);
        (Self { request_update: request == 1 }, notes.finish())
    }
}
