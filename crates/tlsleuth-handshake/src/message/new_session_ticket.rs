//! NewSessionTicket: something to resume with.

use super::{Carrier, Extensions, Opaque};
use crate::{
    Anomaly,
    anomaly::{Notes, Problem},
    cursor::Cursor,
};

/// The longest life of a ticket in TLS 1.3: seven days in seconds (RFC 8446 §4.6.1).
const MAX_LIFETIME_S: u32 = 604_800;

/// A ticket to resume with.
///
/// ```text
/// struct {                                              RFC 5077 §3.3
///     uint32 ticket_lifetime_hint;
///     opaque ticket<0..2^16-1>;
/// } NewSessionTicket;
///
/// struct {                                              TLS 1.3, RFC 8446 §4.6.1
///     uint32 ticket_lifetime;
///     uint32 ticket_age_add;
///     opaque ticket_nonce<0..255>;
///     opaque ticket<1..2^16-1>;
///     Extension extensions<0..2^16-2>;
/// } NewSessionTicket;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSessionTicket {
    /// How long the ticket is good for, in seconds. Before TLS 1.3 a hint; 0 says nothing then.
    pub lifetime_s: u32,
    /// The ticket.
    pub ticket: Opaque,
    /// The extensions, in TLS 1.3.
    pub extensions: Extensions,
}

impl NewSessionTicket {
    /// Reads the body of a NewSessionTicket.
    #[must_use]
    pub fn decode(body: &[u8], is_tls13: bool) -> (Self, Vec<Anomaly>) {
        let mut notes = Notes::default();
        let mut message = Self::default();
        // What could be read stays; where it ends is in the notes.
        let _ = message.parse(&mut Cursor::new(body), is_tls13, &mut notes);
        (message, notes.finish())
    }

    fn parse(&mut self, cursor: &mut Cursor<'_>, is_tls13: bool, notes: &mut Notes) -> Option<()> {
        self.lifetime_s = cursor.u32("ticket_lifetime", notes)?;
        if is_tls13 {
            if self.lifetime_s > MAX_LIFETIME_S {
                let problem = Problem::IllegalValue { value: self.lifetime_s };
                notes.add("ticket_lifetime", 0, problem);
            }
            cursor.u32("ticket_age_add", notes)?;
            cursor.vec8("ticket_nonce", notes)?;
        }
        let ticket = cursor.vec16("ticket", notes)?;
        self.ticket = Opaque::new(ticket.rest());
        if is_tls13 {
            ticket.expect_len(1, 65_535, "ticket", notes);
            self.extensions = Extensions::parse(cursor, Carrier::NewSessionTicket, notes);
        }
        cursor.end("ticket", notes);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let (old, anomalies) = NewSessionTicket::decode(&[0, 0, 1, 44, 0, 2, 7, 8], false);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!((old.lifetime_s, old.ticket), (300, Opaque::new(&[7, 8])));
        let body = [0, 0, 1, 44, 9, 9, 9, 9, 1, 0, 0, 1, 7, 0, 8, 0, 42, 0, 4, 0, 0, 64, 0];
        let (new, anomalies) = NewSessionTicket::decode(&body, true);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(new.extensions.len(), 1);
        let (_, anomalies) = NewSessionTicket::decode(&[0xff; 4], true);
        assert_eq!(anomalies[0].field, "ticket_lifetime");
    }
}
