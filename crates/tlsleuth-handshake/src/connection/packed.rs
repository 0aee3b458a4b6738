//! A connection in few bytes, while nothing comes of it.

use tlsleuth_capture::packed::{Pack, Packer, Unpacker};
use tlsleuth_capture::{pack_fields, pack_variants};

use super::{
    Alert, ApplicationData, Both, Connection, Event, EventKind, FlowTransport, Outcome, RolesFrom,
    Side,
};

pack_variants!(Side { Client, Server });
pack_variants!(RolesFrom { Handshake, Syn, Ports });
pack_variants!(Outcome { Completed, Failed, Incomplete });
pack_fields!(Alert { from, at, level, description, encrypted, inferred, record_len });
pack_fields!(Event { at, from, kind });
pack_fields!(ApplicationData { first, last, records, bytes });
pack_fields!(Connection {
    client,
    server,
    tunnel,
    client_direction,
    roles_from,
    first,
    last,
    frames,
    watched_until,
    end_reason,
    transport,
    first_tls,
    client_hellos,
    hello_retry,
    server_hello,
    server_hello_done,
    client_key_exchange,
    change_cipher_spec,
    finished,
    finished_inferred,
    tickets,
    alerts,
    application_data,
    protected,
    events,
    outcome;
    application,
    preambles,
    refusal,
    plaintext,
    ssl2,
    encrypted_extensions,
    server_chain,
    certificate_request,
    server_key_exchange,
    client_chain,
    early_data,
    renegotiation,
    anomalies,
    garbage,
    unfinished,
    decryption,
    gaps,
});

impl<T: Pack> Pack for Both<T> {
    fn pack(self, to: &mut Packer) {
        self.client.pack(to);
        self.server.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self { client: Pack::unpack(from)?, server: Pack::unpack(from)? })
    }
}

impl Pack for FlowTransport {
    fn pack(self, to: &mut Packer) {
        self.0.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Pack::unpack(from).map(Self)
    }
}

impl Pack for EventKind {
    fn pack(self, to: &mut Packer) {
        use EventKind as E;
        let (kind, counts): (u8, &[u32]) = match &self {
            E::ServerHello => (1, &[]),
            E::HelloRetryRequest => (2, &[]),
            E::EncryptedExtensions => (3, &[]),
            E::CertificateStatus => (4, &[]),
            E::ServerKeyExchange => (5, &[]),
            E::CertificateRequest => (6, &[]),
            E::ServerHelloDone => (7, &[]),
            E::ClientKeyExchange => (8, &[]),
            E::CertificateVerify => (9, &[]),
            E::HelloRequest => (10, &[]),
            E::NewSessionTicket => (11, &[]),
            E::EndOfEarlyData => (12, &[]),
            E::KeyUpdate => (13, &[]),
            E::ChangeCipherSpec => (14, &[]),
            E::Finished { inferred: false } => (15, &[]),
            E::Finished { inferred: true } => (16, &[]),
            E::ClientHello(0) => (17, &[]),
            E::ClientHello(1) => (18, &[]),
            E::EncryptedHandshake { bytes, records } => (19, &[*bytes, *records]),
            E::ApplicationData { bytes, records, early: false } => (20, &[*bytes, *records]),
            E::ApplicationData { bytes, records, early: true } => (21, &[*bytes, *records]),
            _ => (0, &[]),
        };
        kind.pack(to);
        for count in counts {
            count.pack(to);
        }
        if kind == 0 {
            to.put_aside(self);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match u8::unpack(from)? {
            1 => Self::ServerHello,
            2 => Self::HelloRetryRequest,
            3 => Self::EncryptedExtensions,
            4 => Self::CertificateStatus,
            5 => Self::ServerKeyExchange,
            6 => Self::CertificateRequest,
            7 => Self::ServerHelloDone,
            8 => Self::ClientKeyExchange,
            9 => Self::CertificateVerify,
            10 => Self::HelloRequest,
            11 => Self::NewSessionTicket,
            12 => Self::EndOfEarlyData,
            13 => Self::KeyUpdate,
            14 => Self::ChangeCipherSpec,
            15 => Self::Finished { inferred: false },
            16 => Self::Finished { inferred: true },
            17 => Self::ClientHello(0),
            18 => Self::ClientHello(1),
            19 => Self::EncryptedHandshake {
                bytes: Pack::unpack(from)?,
                records: Pack::unpack(from)?,
            },
            kind @ (20 | 21) => Self::ApplicationData {
                bytes: Pack::unpack(from)?,
                records: Pack::unpack(from)?,
                early: kind == 21,
            },
            _ => from.take_aside()?,
        })
    }
}
