//! Hello extensions: the list, and what its bodies say; `body` reads them.
//!
//! The list is walked by type and length, and each body is parsed by itself: one that is malformed
//! hides none of the others. What the hellos of one build have in common is in their
//! [`Shape`], and what is a message's own in the list beside it.

use std::{fmt, sync::Arc};

use tlsleuth_cert::{Fingerprint, Sct};

use crate::{
    WireText,
    anomaly::Notes,
    codepoint::{
        CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, EcPointFormat,
        ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
        SrtpProfile,
    },
    cursor::Cursor,
    message::shape::{Draft, Listed, ListedBody, Shape, ShapeId},
};

mod body;

pub(crate) use body::{parse_body, parse_certificate_status, parse_names};

/// Bytes kept of an extension body that is not understood or malformed.
pub const MAX_RAW_BYTES: usize = 1024;

/// Extensions kept of one list. A hello of 64 KiB could hold 16,384; real ones hold some twenty.
pub const MAX_EXTENSIONS: usize = 512;

/// Which message a list of extensions is in: it decides the form of their bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// A ClientHello.
    ClientHello,
    /// A ServerHello of any version.
    ServerHello,
    /// A HelloRetryRequest.
    HelloRetryRequest,
    /// EncryptedExtensions (TLS 1.3).
    EncryptedExtensions,
    /// A CertificateRequest (TLS 1.3).
    CertificateRequest,
    /// One entry of a Certificate (TLS 1.3).
    Certificate,
    /// A NewSessionTicket (TLS 1.3).
    NewSessionTicket,
}

/// Extensions in the order in which they were sent.
///
/// ```text
/// struct {
///     ExtensionType extension_type;
///     opaque extension_data<0..2^16-1>;
/// } Extension;
/// Extension extensions<0..2^16-1>;
/// ```
///
/// RFC 8446 §4.2. The accessors give the first extension of a type; a second one is an anomaly.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// `None` for a message that broke off before anything that a shape holds.
    pub(super) shape: Option<Arc<Shape>>,
    /// The bodies that the shape leaves open, in their order.
    pub(super) own: Box<[OwnBody]>,
}

/// One extension, as a list shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Its type.
    pub kind: ExtensionType,
    /// The length of its body as claimed, in bytes.
    pub len_bytes: u16,
    /// What it says.
    pub body: &'a ExtensionBody,
}

/// The body of an extension that differs from message to message, such as a server name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnBody {
    pub(super) len_bytes: u16,
    pub(super) body: ExtensionBody,
}

/// What an extension says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionBody {
    /// Nothing but its presence, as it should be.
    Empty,
    /// `server_name` of a client (RFC 6066 §3).
    ServerName(ServerName),
    /// `max_fragment_length` (RFC 6066 §4): 1 to 4 for 512, 1024, 2048, 4096 bytes.
    MaxFragmentLength(u8),
    /// `status_request` of a client (RFC 6066 §8).
    StatusRequest(StatusRequest),
    /// `status_request_v2` of a client (RFC 6961 §2.2).
    StatusRequests(Box<[StatusRequest]>),
    /// `status_request` of a server in a Certificate entry: a stapled response.
    CertificateStatus(Box<CertificateStatus>),
    /// `supported_groups` (RFC 8446 §4.2.7).
    SupportedGroups(Box<[NamedGroup]>),
    /// `ec_point_formats` (RFC 8422 §5.1.2).
    EcPointFormats(Box<[EcPointFormat]>),
    /// `signature_algorithms`, `signature_algorithms_cert`, `delegated_credential` of a client.
    SignatureSchemes(Box<[SignatureScheme]>),
    /// `use_srtp` (RFC 5764 §4.1.1).
    UseSrtp(Box<[SrtpProfile]>),
    /// `heartbeat` (RFC 6520 §2): 1 for "peer may send", 2 for "peer must not".
    Heartbeat(u8),
    /// `application_layer_protocol_negotiation` of either side, `next_protocol_negotiation` of a
    /// server, `application_settings` of a client.
    Protocols(Box<[WireText]>),
    /// `signed_certificate_timestamp` of a server (RFC 6962 §3.3.1).
    Timestamps(Box<[SignedCertificateTimestamp]>),
    /// `client_certificate_type`, `server_certificate_type`: the offer, or the one selected
    /// (RFC 7250 §3).
    CertificateTypes(Box<[CertificateType]>),
    /// `padding` (RFC 7685): whether it is all zero, as it must be.
    Padding {
        /// Whether it is.
        is_zero: bool,
    },
    /// `compress_certificate` (RFC 8879 §3).
    CompressionAlgorithms(Box<[CertificateCompressionAlgorithm]>),
    /// `record_size_limit` in bytes (RFC 8449 §4).
    RecordSizeLimit(u16),
    /// `session_ticket` of a client, `cookie`, `renegotiation_info`: bytes that mean something to
    /// their maker only.
    Opaque(Opaque),
    /// `pre_shared_key` of a client (RFC 8446 §4.2.11).
    PreSharedKeys(Box<OfferedPsks>),
    /// `pre_shared_key` of a server: the index of the identity that it took.
    SelectedIdentity(u16),
    /// `early_data` of a NewSessionTicket: the most bytes of 0-RTT data that will be taken.
    MaxEarlyDataSize(u32),
    /// `supported_versions` of a client (RFC 8446 §4.2.1).
    SupportedVersions(Box<[ProtocolVersion]>),
    /// `supported_versions` of a server.
    SelectedVersion(ProtocolVersion),
    /// `psk_key_exchange_modes` (RFC 8446 §4.2.9).
    PskKeyExchangeModes(Box<[PskKeyExchangeMode]>),
    /// `certificate_authorities` (RFC 8446 §4.2.4): names in DER, each as it came.
    CertificateAuthorities(Box<[Box<[u8]>]>),
    /// `key_share` of a client (RFC 8446 §4.2.8).
    KeyShares(Box<[KeyShareEntry]>),
    /// `key_share` of a server.
    KeyShare(KeyShareEntry),
    /// `key_share` of a HelloRetryRequest.
    SelectedGroup(NamedGroup),
    /// `quic_transport_parameters` (RFC 9001 §8.2), at most [`MAX_RAW_BYTES`] of them.
    QuicTransportParameters(Box<[u8]>),
    /// `encrypted_client_hello` (RFC 9849).
    EncryptedClientHello(EncryptedClientHello),
    /// An extension that is not understood: at most [`MAX_RAW_BYTES`] of its body.
    Raw(Box<[u8]>),
    /// One that is understood, but breaks its form: at most [`MAX_RAW_BYTES`] of its body. There is
    /// an anomaly that says what is wrong.
    Malformed(Box<[u8]>),
}

/// `server_name` of a client (RFC 6066 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerName {
    /// The first host name. Empty names are kept, with an anomaly.
    pub host_name: WireText,
    /// Whether it is an IP address, which RFC 6066 §3 forbids.
    pub is_ip_literal: bool,
    /// Names in the list, of any kind. More than one is an anomaly.
    pub names: u16,
}

/// What a client asks for about the status of certificates (RFC 6066 §8, RFC 6961 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRequest {
    /// The kind of status.
    pub status_type: CertificateStatusType,
    /// Responders that the client trusts. Nearly always none.
    pub responder_ids: u16,
    /// Bytes of the request's extensions, such as a nonce.
    pub extensions_len: u16,
}

/// A stapled status: OCSP responses in DER (RFC 6066 §8, RFC 6961 §2.2, RFC 8446 §4.4.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateStatus {
    /// The kind of status.
    pub status_type: CertificateStatusType,
    /// One response; with `ocsp_multi` one for each certificate of the chain, of which some may
    /// be empty.
    pub responses: Box<[Box<[u8]>]>,
}

/// A signed certificate timestamp, without its signature (RFC 6962 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCertificateTimestamp {
    /// 0 for version 1.
    pub sct_version: u8,
    /// The log: SHA-256 of its key.
    pub log_id: [u8; 32],
    /// When the log promised to publish, in milliseconds since 1970.
    pub timestamp_ms: u64,
}

impl SignedCertificateTimestamp {
    /// What it says, as certificates say it.
    pub(crate) fn sct(&self) -> Sct {
        Sct { log_id: Fingerprint(self.log_id), timestamp_ms: self.timestamp_ms }
    }
}

/// Bytes that mean something to their maker only, such as a session ticket.
///
/// The first bytes are kept, so that two can be compared: RFC 5077 §4 proposes that a ticket
/// starts with the 16 byte name of the key that seals it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Opaque {
    /// How many bytes there are.
    pub len_bytes: u16,
    /// The first of them, filled up with zero.
    pub prefix: [u8; 16],
}

impl Opaque {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut prefix = [0; 16];
        for (to, from) in prefix.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self { len_bytes: u16::try_from(bytes.len()).unwrap_or(u16::MAX), prefix }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len_bytes == 0
    }
}

/// `pre_shared_key` of a client (RFC 8446 §4.2.11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedPsks {
    /// The keys that are offered, best first.
    pub identities: Box<[PskIdentity]>,
    /// The length of each binder in bytes, which is that of the hash that the key is bound to.
    pub binder_lens: Box<[u8]>,
}

/// One pre-shared key that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PskIdentity {
    /// Its name: a ticket for resumption, or a name agreed on beforehand.
    pub identity: Opaque,
    /// The age of the ticket in milliseconds plus a secret number; 0 for external keys.
    pub obfuscated_ticket_age: u32,
}

/// A key share: its group, and how long its key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyShareEntry {
    /// The group.
    pub group: NamedGroup,
    /// Bytes of the key.
    pub key_len: u16,
}

/// `encrypted_client_hello` (RFC 9849 §5).
///
/// An outer hello is made so that nobody can tell one that hides a real name from a GREASE one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptedClientHello {
    /// In a hello as sent: the encrypted inner hello, or GREASE.
    Outer {
        /// The server's configuration that is used.
        config_id: u8,
        /// HPKE's key derivation (RFC 9180 §7.2).
        kdf: u16,
        /// HPKE's cipher (RFC 9180 §7.3).
        aead: u16,
        /// Bytes of the encapsulated key; 0 in the hello after a HelloRetryRequest.
        enc_len: u16,
        /// Bytes of the encrypted inner hello.
        payload_len: u16,
    },
    /// In a decrypted inner hello.
    Inner,
    /// In a HelloRetryRequest: the signal that says, to those who know the inner hello, whether
    /// ECH was accepted.
    Confirmation([u8; 8]),
    /// In EncryptedExtensions: ECH was rejected, and these are the configurations to use.
    RetryConfigs {
        /// Bytes of the configurations.
        len_bytes: u16,
        /// The public name of each configuration.
        public_names: Box<[WireText]>,
    },
}

impl fmt::Debug for Extensions {
    /// The list; whether its shape is shared says nothing of the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Extensions {
    /// Whether the message had a list of extensions at all, be it empty.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.shape.as_ref().is_some_and(|shape| shape.has_list)
    }

    /// The extensions in the order in which they were sent, GREASE and unknown ones among them.
    pub fn iter(&self) -> impl Iterator<Item = Extension<'_>> {
        self.listed().iter().filter_map(|listed| self.extension(listed))
    }

    /// Their types, in the same order.
    pub fn types(&self) -> impl ExactSizeIterator<Item = ExtensionType> + '_ {
        self.listed().iter().map(|listed| listed.kind)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listed().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed().is_empty()
    }

    /// The first extension of a type.
    #[must_use]
    pub fn get(&self, kind: ExtensionType) -> Option<Extension<'_>> {
        self.extension(self.shape.as_ref()?.get(kind)?)
    }

    /// Whether there is an extension of a type, whatever its body.
    #[must_use]
    pub fn contains(&self, kind: ExtensionType) -> bool {
        self.shape.as_ref().is_some_and(|shape| shape.get(kind).is_some())
    }

    /// Which shape the message shares with others; `None` where it shares none so far. Messages of
    /// one shape differ in nothing but their random numbers, sessions, and extensions that are their
    /// own: server name, ticket, keys, cookie, padding.
    #[must_use]
    pub fn shape_id(&self) -> Option<ShapeId> {
        self.shape.as_ref()?.id
    }

    fn listed(&self) -> &[Listed] {
        self.shape.as_ref().map_or(&[], |shape| &shape.extensions)
    }

    fn extension<'a>(&'a self, listed: &'a Listed) -> Option<Extension<'a>> {
        let (len_bytes, body) = match &listed.body {
            ListedBody::Same(len_bytes, body) => (*len_bytes, body),
            ListedBody::Own(nth) => self.own.get(*nth).map(|own| (own.len_bytes, &own.body))?,
        };
        Some(Extension { kind: listed.kind, len_bytes, body })
    }

    fn body(&self, kind: ExtensionType) -> Option<&ExtensionBody> {
        self.get(kind).map(|extension| extension.body)
    }

    /// The server name that a client asks for.
    #[must_use]
    pub fn server_name(&self) -> Option<&ServerName> {
        match self.body(ExtensionType::SERVER_NAME)? {
            ExtensionBody::ServerName(name) => Some(name),
            _ => None,
        }
    }

    /// The application protocols of ALPN: those offered, or the one selected.
    #[must_use]
    pub fn alpn(&self) -> Option<&[WireText]> {
        self.protocols(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION)
    }

    /// Whether `acme-tls/1` is among those: it stands for a validation by an authority (RFC 8737 §3).
    #[must_use]
    pub fn has_acme(&self) -> bool {
        self.shape.as_ref().is_some_and(|shape| shape.asked.has_acme)
    }

    /// The protocols of NPN, ALPN's forerunner, as a server lists them.
    #[must_use]
    pub fn npn(&self) -> Option<&[WireText]> {
        self.protocols(ExtensionType::NEXT_PROTOCOL_NEGOTIATION)
    }

    /// The protocols for which a client supports application settings.
    #[must_use]
    pub fn application_settings(&self) -> Option<&[WireText]> {
        self.protocols(ExtensionType::APPLICATION_SETTINGS)
            .or_else(|| self.protocols(ExtensionType::APPLICATION_SETTINGS_OLD))
    }

    fn protocols(&self, kind: ExtensionType) -> Option<&[WireText]> {
        match self.body(kind)? {
            ExtensionBody::Protocols(protocols) => Some(protocols),
            _ => None,
        }
    }

    /// The versions that a client offers, GREASE among them.
    #[must_use]
    pub fn supported_versions(&self) -> Option<&[ProtocolVersion]> {
        match self.body(ExtensionType::SUPPORTED_VERSIONS)? {
            ExtensionBody::SupportedVersions(versions) => Some(versions),
            _ => None,
        }
    }

    /// The version that a server selected by extension.
    #[must_use]
    pub fn selected_version(&self) -> Option<ProtocolVersion> {
        self.shape.as_ref()?.asked.selected_version
    }

    /// The groups that are supported, best first.
    #[must_use]
    pub fn supported_groups(&self) -> Option<&[NamedGroup]> {
        match self.body(ExtensionType::SUPPORTED_GROUPS)? {
            ExtensionBody::SupportedGroups(groups) => Some(groups),
            _ => None,
        }
    }

    /// The forms of curve points that are supported.
    #[must_use]
    pub fn ec_point_formats(&self) -> Option<&[EcPointFormat]> {
        match self.body(ExtensionType::EC_POINT_FORMATS)? {
            ExtensionBody::EcPointFormats(formats) => Some(formats),
            _ => None,
        }
    }

    /// The signature schemes for the handshake and, without
    /// [`signature_algorithms_cert`](Self::signature_algorithms_cert), for certificates.
    #[must_use]
    pub fn signature_algorithms(&self) -> Option<&[SignatureScheme]> {
        self.schemes(ExtensionType::SIGNATURE_ALGORITHMS)
    }

    /// The signature schemes for certificates.
    #[must_use]
    pub fn signature_algorithms_cert(&self) -> Option<&[SignatureScheme]> {
        self.schemes(ExtensionType::SIGNATURE_ALGORITHMS_CERT)
    }

    /// The signature schemes for delegated credentials (RFC 9345 §4.1.1).
    #[must_use]
    pub fn delegated_credential(&self) -> Option<&[SignatureScheme]> {
        self.schemes(ExtensionType::DELEGATED_CREDENTIAL)
    }

    fn schemes(&self, kind: ExtensionType) -> Option<&[SignatureScheme]> {
        match self.body(kind)? {
            ExtensionBody::SignatureSchemes(schemes) => Some(schemes),
            _ => None,
        }
    }

    /// The key shares of a client, GREASE among them. An empty list asks for a HelloRetryRequest.
    #[must_use]
    pub fn key_shares(&self) -> Option<&[KeyShareEntry]> {
        let shares = self.body(ExtensionType::KEY_SHARE);
        match shares.or_else(|| self.body(ExtensionType::KEY_SHARE_DRAFT))? {
            ExtensionBody::KeyShares(shares) => Some(shares),
            _ => None,
        }
    }

    /// The group of a server's key share, or the one that a HelloRetryRequest asks for.
    #[must_use]
    pub fn selected_group(&self) -> Option<NamedGroup> {
        let share = self.body(ExtensionType::KEY_SHARE);
        match share.or_else(|| self.body(ExtensionType::KEY_SHARE_DRAFT))? {
            ExtensionBody::KeyShare(share) => Some(share.group),
            ExtensionBody::SelectedGroup(group) => Some(*group),
            _ => None,
        }
    }

    /// The pre-shared keys that a client offers.
    #[must_use]
    pub fn pre_shared_keys(&self) -> Option<&OfferedPsks> {
        match self.body(ExtensionType::PRE_SHARED_KEY)? {
            ExtensionBody::PreSharedKeys(keys) => Some(keys),
            _ => None,
        }
    }

    /// The index of the pre-shared key that a server took.
    #[must_use]
    pub fn selected_identity(&self) -> Option<u16> {
        match self.body(ExtensionType::PRE_SHARED_KEY)? {
            ExtensionBody::SelectedIdentity(index) => Some(*index),
            _ => None,
        }
    }

    /// How pre-shared keys may be used.
    #[must_use]
    pub fn psk_key_exchange_modes(&self) -> Option<&[PskKeyExchangeMode]> {
        match self.body(ExtensionType::PSK_KEY_EXCHANGE_MODES)? {
            ExtensionBody::PskKeyExchangeModes(modes) => Some(modes),
            _ => None,
        }
    }

    /// The session ticket of a client; an empty one asks for a ticket.
    #[must_use]
    pub fn session_ticket(&self) -> Option<Opaque> {
        self.opaque(ExtensionType::SESSION_TICKET)
    }

    /// The cookie of a HelloRetryRequest, or of the hello that answers it.
    #[must_use]
    pub fn cookie(&self) -> Option<Opaque> {
        self.opaque(ExtensionType::COOKIE)
    }

    /// `renegotiated_connection` (RFC 5746 §3.2): empty in a first handshake.
    #[must_use]
    pub fn renegotiation_info(&self) -> Option<Opaque> {
        self.opaque(ExtensionType::RENEGOTIATION_INFO)
    }

    fn opaque(&self, kind: ExtensionType) -> Option<Opaque> {
        match self.body(kind)? {
            ExtensionBody::Opaque(opaque) => Some(*opaque),
            // Where the other side only confirms, the body is empty.
            ExtensionBody::Empty => Some(Opaque::default()),
            _ => None,
        }
    }

    /// Encrypted Client Hello, of either side.
    #[must_use]
    pub fn encrypted_client_hello(&self) -> Option<&EncryptedClientHello> {
        match self.body(ExtensionType::ENCRYPTED_CLIENT_HELLO)? {
            ExtensionBody::EncryptedClientHello(ech) => Some(ech),
            _ => None,
        }
    }

    /// The algorithms for compressed certificates.
    #[must_use]
    pub fn compress_certificate(&self) -> Option<&[CertificateCompressionAlgorithm]> {
        match self.body(ExtensionType::COMPRESS_CERTIFICATE)? {
            ExtensionBody::CompressionAlgorithms(algorithms) => Some(algorithms),
            _ => None,
        }
    }

    /// The names of authorities, in DER.
    #[must_use]
    pub fn certificate_authorities(&self) -> Option<&[Box<[u8]>]> {
        match self.body(ExtensionType::CERTIFICATE_AUTHORITIES)? {
            ExtensionBody::CertificateAuthorities(names) => Some(names),
            _ => None,
        }
    }

    /// The kinds of certificates that the client can send, or the server wants.
    #[must_use]
    pub fn client_certificate_types(&self) -> Option<&[CertificateType]> {
        self.certificate_types(ExtensionType::CLIENT_CERTIFICATE_TYPE)
    }

    /// The kinds of certificates that the client takes, or the server sends.
    #[must_use]
    pub fn server_certificate_types(&self) -> Option<&[CertificateType]> {
        self.certificate_types(ExtensionType::SERVER_CERTIFICATE_TYPE)
    }

    fn certificate_types(&self, kind: ExtensionType) -> Option<&[CertificateType]> {
        match self.body(kind)? {
            ExtensionBody::CertificateTypes(types) => Some(types),
            _ => None,
        }
    }

    /// The largest record that the sender takes, in bytes (RFC 8449 §4).
    #[must_use]
    pub fn record_size_limit(&self) -> Option<u16> {
        match self.body(ExtensionType::RECORD_SIZE_LIMIT)? {
            ExtensionBody::RecordSizeLimit(limit) => Some(*limit),
            _ => None,
        }
    }

    /// The largest fragment in bytes by `max_fragment_length`; `None` for illegal codes too.
    #[must_use]
    pub fn max_fragment_length(&self) -> Option<u16> {
        match self.body(ExtensionType::MAX_FRAGMENT_LENGTH)? {
            ExtensionBody::MaxFragmentLength(code @ 1..=4) => Some(256 << code),
            _ => None,
        }
    }

    /// The status that is stapled to a certificate in TLS 1.3.
    #[must_use]
    pub fn certificate_status(&self) -> Option<&CertificateStatus> {
        match self.body(ExtensionType::STATUS_REQUEST)? {
            ExtensionBody::CertificateStatus(status) => Some(status),
            _ => None,
        }
    }

    /// The timestamps that a server sends.
    #[must_use]
    pub fn signed_certificate_timestamps(&self) -> Option<&[SignedCertificateTimestamp]> {
        match self.body(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP)? {
            ExtensionBody::Timestamps(timestamps) => Some(timestamps),
            _ => None,
        }
    }

    /// QUIC's transport parameters, at most [`MAX_RAW_BYTES`] of them.
    #[must_use]
    pub fn quic_transport_parameters(&self) -> Option<&[u8]> {
        let parameters = self.body(ExtensionType::QUIC_TRANSPORT_PARAMETERS);
        match parameters.or_else(|| self.body(ExtensionType::QUIC_TRANSPORT_PARAMETERS_DRAFT))? {
            ExtensionBody::QuicTransportParameters(parameters) => Some(parameters),
            _ => None,
        }
    }

    /// Reads the list with its length; no bytes at all are a message without extensions.
    pub(crate) fn parse(cursor: &mut Cursor<'_>, carrier: Carrier, notes: &mut Notes) -> Self {
        let mut draft = Draft::default();
        draft.read_extensions(cursor, carrier, notes);
        draft.finish()
    }
}

#[cfg(test)]
mod tests;
