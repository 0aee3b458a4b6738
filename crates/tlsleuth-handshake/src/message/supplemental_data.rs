//! SupplementalData (RFC 4680).

use crate::{Anomaly, anomaly::Notes, cursor::Cursor};

/// Data that extensions agreed on (RFC 4680 §2), such as a user mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupplementalData {
    /// The kind of each entry.
    pub types: Box<[u16]>,
}

impl SupplementalData {
    /// Reads the body of SupplementalData.
    #[must_use]
    pub fn decode(body: &[u8]) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut cursor = Cursor::new(body);
        let mut types = Vec::new();
        if let Some(mut list) = cursor.vec24("supp_data", &mut notes) {
            while !list.is_empty() {
                let Some(kind) = list.u16("supp_data_type", &mut notes) else { break };
                types.push(kind);
                if list.vec16("supp_data_entry", &mut notes).is_none() {
                    break;
                }
            }
            cursor.end("supp_data", &mut notes);
        }
        (Self { types: types.into() }, notes.finish())
    }
}
