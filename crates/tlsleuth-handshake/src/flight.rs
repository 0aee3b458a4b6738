//! What protected records are, told from outside: by type, length, direction and order.
//!
//! A protected record's length gives much away. With a tag of 16 bytes a TLS 1.3 alert is a record
//! of 2 + 1 + 16 = 19 bytes and a Finished with SHA-256 one of 4 + 32 + 1 + 16 = 53; stacks that pad
//! to 16 bytes (Java) make them 16 longer. `docs/encrypted-lengths.md` has the table.

use tlsleuth_capture::{Place, pack_fields, pack_variants};

use crate::codepoint::CipherSuite;
use crate::connection::Side;

/// How many protected records of one side are kept. The first ones tell the handshake; later ones
/// are application data.
pub const KEPT_RECORDS: usize = 24;

/// A record whose content cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProtectedRecord {
    /// Who sent it.
    pub from: Side,
    /// The frame that completes it.
    pub at: Place,
    /// The type in its header: 23 in TLS 1.3, the true type before.
    pub content_type: u8,
    /// Bytes of its body.
    pub len: u16,
    /// What it is, as far as that can be told.
    pub content: Content,
}

/// What a protected record holds, as far as that can be told from outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// Cannot be told.
    Unknown,
    /// Handshake messages of the first flight behind the ServerHello.
    ServerFlight,
    /// The client's certificate and what follows it, up to the Finished.
    ClientFlight,
    /// A Certificate message without certificates.
    EmptyCertificate,
    /// A Finished.
    Finished,
    /// An alert.
    Alert,
    /// Handshake messages behind the Finished: tickets, usually.
    PostHandshake,
    /// Application data.
    ApplicationData,
    /// Early data of the client.
    EarlyData,
    /// It was opened with logged secrets.
    Opened,
}

pack_fields!(ProtectedRecord { from, at, content_type, len, content });
pack_variants!(Content {
    Unknown,
    ServerFlight,
    ClientFlight,
    EmptyCertificate,
    Finished,
    Alert,
    PostHandshake,
    ApplicationData,
    EarlyData,
    Opened,
});

/// The lengths of protected records that matter, in bytes of the record's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lengths {
    tag: u16,
    hash: u16,
}

impl Lengths {
    /// The lengths for a suite of TLS 1.3 (RFC 9846 §5.2: content, its type, the tag).
    #[must_use]
    pub fn tls13(suite: CipherSuite) -> Self {
        Self {
            tag: if suite == CipherSuite::TLS_AES_128_CCM_8_SHA256 { 8 } else { 16 },
            hash: if suite == CipherSuite::TLS_AES_256_GCM_SHA384 { 48 } else { 32 },
        }
    }

    fn content(self, len: u16) -> u16 {
        len.saturating_sub(self.tag + 1)
    }

    /// Whether a record of this length can be one alert: two bytes, padded by none or to 16 more.
    #[must_use]
    pub fn is_alert(self, len: u16) -> bool {
        matches!(self.content(len), 2 | 18)
    }

    /// Whether it can be a Finished alone.
    #[must_use]
    pub fn is_finished(self, len: u16) -> bool {
        let content = self.content(len);
        content == 4 + self.hash || content == 4 + self.hash + 16
    }

    /// Whether it can hold a Finished behind other messages.
    #[must_use]
    pub fn can_hold_finished(self, len: u16) -> bool {
        self.content(len) >= 4 + self.hash
    }

    /// Whether it can be a Certificate message of a client without a certificate: header, empty
    /// context, empty list (RFC 9846 §4.4.2).
    #[must_use]
    pub fn is_empty_certificate(self, len: u16) -> bool {
        matches!(self.content(len), 8 | 24)
    }

    /// The same with a Finished behind it in one record.
    #[must_use]
    pub fn is_empty_certificate_and_finished(self, len: u16) -> bool {
        let content = self.content(len);
        content == 8 + 4 + self.hash || content == 8 + 4 + self.hash + 16
    }
}

/// What the protected records of a TLS 1.3 handshake tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Where the server's Finished is.
    pub server_finished: Option<Place>,
    /// Where the client's Finished is.
    pub client_finished: Option<Place>,
    /// Where the client sent a Certificate message without certificates.
    pub empty_certificate: Option<Place>,
    /// Bytes of the server's first flight behind the ServerHello.
    pub server_flight_bytes: u64,
}

/// Says what each protected record of a TLS 1.3 handshake is. `records` are in the order of their
/// frames; early data and what was opened are marked already and are left as they are.
/// `client_finished` is where the client's Finished was opened.
pub fn tell_tls13(
    records: &mut [ProtectedRecord],
    lengths: Lengths,
    client_finished: Option<Place>,
) -> Told {
    let mut told = Told::default();
    let first_client = records.iter().position(|record| {
        record.from == Side::Client && matches!(record.content, Content::Unknown | Content::Opened)
    });
    let turn = first_client.unwrap_or(records.len());
    let (flight, rest) = records.split_at_mut(turn.min(records.len()));

    // The server's flight: all that it sends before the client's first protected record, but for an
    // alert at its end.
    let server_records = flight.iter().filter(|record| is_unknown(record, Side::Server)).count();
    let alone_at = flight
        .iter()
        .filter(|record| is_unknown(record, Side::Server))
        .enumerate()
        .filter(|(nth, record)| *nth > 0 && lengths.is_finished(record.len))
        .map(|(nth, _)| nth + 1)
        .last();
    let mut nth = 0;
    for record in flight.iter_mut().filter(|record| is_unknown(record, Side::Server)) {
        nth += 1;
        if alone_at.is_some_and(|finished| nth > finished) && !lengths.is_alert(record.len) {
            // Tickets may be sent before the client's Finished (RFC 8446 §4.6.1); Go does.
            record.content = Content::PostHandshake;
            continue;
        }
        if lengths.is_alert(record.len) && nth == server_records {
            record.content = Content::Alert;
            continue;
        }
        record.content = Content::ServerFlight;
        told.server_flight_bytes += u64::from(record.len);
        let alone = alone_at == Some(nth);
        // One record with all messages: EncryptedExtensions, Finished and more.
        let together = nth == 1 && lengths.content(record.len) >= 6 + 4 + lengths.hash;
        if alone {
            record.content = Content::Finished;
        }
        if alone || together || lengths.can_hold_finished(record.len) {
            told.server_finished = Some(record.at);
        }
    }

    // The client's turn.
    let mut client_done = false;
    let mut server_after = 0u32;
    let len = rest.len();
    for at in 0..len {
        let (before, behind) = rest.split_at_mut(at);
        let Some((record, later)) = behind.split_first_mut() else { break };
        client_done |=
            client_finished.is_some_and(|finished| finished.order() <= record.at.order());
        if record.content != Content::Unknown {
            continue;
        }
        // GnuTLS sends two alerts in a row: what matters is that nothing else follows.
        let last_of_side =
            !later.iter().any(|next| is_unknown(next, record.from) && !lengths.is_alert(next.len));
        match record.from {
            Side::Client if !client_done => {
                if lengths.is_alert(record.len) {
                    record.content = Content::Alert;
                } else if lengths.is_empty_certificate(record.len)
                    && told.empty_certificate.is_none()
                {
                    record.content = Content::EmptyCertificate;
                    told.empty_certificate = Some(record.at);
                } else if lengths.is_finished(record.len) {
                    record.content = Content::Finished;
                    told.client_finished = Some(record.at);
                    client_done = true;
                } else {
                    record.content = Content::ClientFlight;
                    if lengths.is_empty_certificate_and_finished(record.len) && before.is_empty() {
                        told.empty_certificate = Some(record.at);
                        told.client_finished = Some(record.at);
                        client_done = true;
                    } else if lengths.can_hold_finished(record.len)
                        && !later.iter().any(|next| {
                            is_unknown(next, Side::Client) && lengths.is_finished(next.len)
                        })
                    {
                        // Certificate, CertificateVerify and Finished in one record.
                        told.client_finished = Some(record.at);
                        client_done = true;
                    }
                }
            }
            Side::Client => {
                record.content = if lengths.is_alert(record.len) && last_of_side {
                    Content::Alert
                } else {
                    Content::ApplicationData
                };
            }
            Side::Server if !client_done => {
                // The client's turn is not over: more of the flight, or an answer to its alert.
                if lengths.is_alert(record.len) {
                    record.content = Content::Alert;
                } else if before.iter().any(|earlier| earlier.from == Side::Client) {
                    record.content = Content::PostHandshake;
                } else {
                    record.content = Content::ServerFlight;
                    told.server_flight_bytes += u64::from(record.len);
                }
            }
            Side::Server => {
                server_after += 1;
                record.content = if lengths.is_alert(record.len) && last_of_side {
                    Content::Alert
                } else if server_after <= 2 && looks_like_ticket(lengths, record.len) {
                    Content::PostHandshake
                } else {
                    Content::ApplicationData
                };
            }
        }
    }
    told
}

/// A NewSessionTicket: lifetime, age_add, nonce, ticket, extensions, with OpenSSL, Go, BoringSSL,
/// GnuTLS, NSS and Java between 70 and 1,400 bytes. Short answers of a server can be as long, so
/// this is a guess that only keeps tickets from being taken for an answer.
fn looks_like_ticket(lengths: Lengths, len: u16) -> bool {
    (60..=1400).contains(&lengths.content(len))
}

fn is_unknown(record: &ProtectedRecord, side: Side) -> bool {
    record.from == side && record.content == Content::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(records: &[(Side, u16)]) -> (Told, Vec<Content>) {
        let mut records: Vec<ProtectedRecord> = records
            .iter()
            .zip(1..)
            .map(|(&(from, len), frame)| ProtectedRecord {
                from,
                at: Place { frame, ..Place::default() },
                content_type: 23,
                len,
                content: Content::Unknown,
            })
            .collect();
        let told =
            tell_tls13(&mut records, Lengths::tls13(CipherSuite::TLS_AES_256_GCM_SHA384), None);
        (told, records.iter().map(|record| record.content).collect())
    }

    use Side::{Client, Server};

    #[test]
    fn a_full_handshake_with_a_record_a_message() {
        let (told, contents) = tell(&[
            (Server, 23),
            (Server, 1200),
            (Server, 281),
            (Server, 69),
            (Client, 69),
            (Server, 250),
            (Client, 100),
            (Server, 900),
            (Client, 19),
        ]);
        assert_eq!(told.server_finished.map(|at| at.frame), Some(4));
        assert_eq!(told.client_finished.map(|at| at.frame), Some(5));
        assert_eq!(contents[5], Content::PostHandshake);
        assert_eq!(contents[6], Content::ApplicationData);
        assert_eq!(contents[8], Content::Alert);
    }

    #[test]
    fn a_client_that_refuses_the_certificate() {
        for alert in [19, 35] {
            let (told, contents) = tell(&[(Server, 1700), (Client, alert)]);
            assert_eq!(told.server_finished.map(|at| at.frame), Some(1));
            assert_eq!(told.client_finished, None);
            assert_eq!(contents[1], Content::Alert);
        }
    }

    #[test]
    fn a_client_without_a_certificate() {
        let (told, contents) = tell(&[(Server, 1700), (Client, 25), (Client, 69), (Server, 19)]);
        assert_eq!(told.empty_certificate.map(|at| at.frame), Some(2));
        assert_eq!(told.client_finished.map(|at| at.frame), Some(3));
        assert_eq!(contents[3], Content::Alert);
        let (told, _) = tell(&[(Server, 1700), (Client, 77)]);
        assert!(told.empty_certificate.is_some(), "one record for both");
    }
}
