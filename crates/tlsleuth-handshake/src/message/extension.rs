//! Hello extensions: the list, and the bodies that are understood.
//!
//! The list is walked by type and length, and each body is parsed by itself: one that is malformed
//! hides none of the others.

use core::net::IpAddr;

use tlsleuth_cert::{Fingerprint, Sct};

use crate::{
    WireText,
    anomaly::{Notes, Problem, len32},
    codepoint::{
        CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, EcPointFormat,
        ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme,
        SrtpProfile,
    },
    cursor::Cursor,
};

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    list: Box<[Extension]>,
    is_present: bool,
}

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its type.
    pub kind: ExtensionType,
    /// The length of its body as claimed, in bytes.
    pub len_bytes: u16,
    /// Where its body begins, in bytes from the start of the message's body.
    pub offset: u32,
    /// What it says.
    pub body: ExtensionBody,
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

impl Extensions {
    /// Whether the message had a list of extensions at all, be it empty.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.is_present
    }

    /// The extensions in the order in which they were sent, GREASE and unknown ones among them.
    pub fn iter(&self) -> core::slice::Iter<'_, Extension> {
        self.list.iter()
    }

    /// Their types, in the same order.
    pub fn types(&self) -> impl ExactSizeIterator<Item = ExtensionType> + '_ {
        self.list.iter().map(|extension| extension.kind)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first extension of a type.
    #[must_use]
    pub fn get(&self, kind: ExtensionType) -> Option<&Extension> {
        self.list.iter().find(|extension| extension.kind == kind)
    }

    /// Whether there is an extension of a type, whatever its body.
    #[must_use]
    pub fn contains(&self, kind: ExtensionType) -> bool {
        self.get(kind).is_some()
    }

    fn body(&self, kind: ExtensionType) -> Option<&ExtensionBody> {
        self.get(kind).map(|extension| &extension.body)
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
        match self.body(ExtensionType::SUPPORTED_VERSIONS)? {
            ExtensionBody::SelectedVersion(version) => Some(*version),
            _ => None,
        }
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
        if cursor.is_empty() {
            return Self::default();
        }
        let Some(list) = cursor.vec16("extensions", notes) else { return Self::default() };
        Self::parse_list(list, carrier, notes)
    }

    fn parse_list(mut list: Cursor<'_>, carrier: Carrier, notes: &mut Notes) -> Self {
        let mut extensions = Vec::with_capacity(count(list.rest()));
        // One bit for each of the types 0 to 63, which nearly all are.
        let mut seen = 0_u64;
        while !list.is_empty() {
            if extensions.len() == MAX_EXTENSIONS {
                let problem = Problem::TooMany { kept: len32(MAX_EXTENSIONS) };
                notes.add("extensions", list.offset(), problem);
                break;
            }
            let Some(kind) = list.u16("extension_type", notes) else { break };
            let kind = ExtensionType(kind);
            notes.extension = Some(kind);
            let claimed = list.rest().first_chunk::<2>().copied().map(u16::from_be_bytes);
            let Some(body) = list.vec16("extension_data", notes) else { break };
            let is_known = match 1_u64.checked_shl(u32::from(kind.0)) {
                Some(bit) => {
                    let is_known = seen & bit != 0;
                    seen |= bit;
                    is_known
                }
                None => extensions.iter().any(|known: &Extension| known.kind == kind),
            };
            if is_known {
                notes.add("extension_type", body.offset(), Problem::Duplicate);
            }
            // RFC 8446 §4.2.11: pre_shared_key is the last one of a ClientHello.
            if kind == ExtensionType::PRE_SHARED_KEY
                && carrier == Carrier::ClientHello
                && !list.is_empty()
            {
                notes.add("extension_type", body.offset(), Problem::NotLast);
            }
            extensions.push(Extension {
                kind,
                len_bytes: claimed.unwrap_or(0),
                offset: len32(body.offset()),
                body: parse_body(kind, body, carrier, notes),
            });
            notes.extension = None;
        }
        notes.extension = None;
        Self { list: extensions.into_boxed_slice(), is_present: true }
    }
}

impl<'a> IntoIterator for &'a Extensions {
    type Item = &'a Extension;
    type IntoIter = core::slice::Iter<'a, Extension>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// How many extensions a list holds at most, so that room for them is taken once.
fn count(mut list: &[u8]) -> usize {
    let mut count = 0;
    while let Some((head, tail)) = list.split_first_chunk::<4>() {
        count += 1;
        if count == MAX_EXTENSIONS {
            break;
        }
        let [_, _, high, low] = *head;
        list = tail.get(usize::from(u16::from_be_bytes([high, low]))..).unwrap_or(&[]);
    }
    count
}

/// At most [`MAX_RAW_BYTES`] of a body.
fn bounded(bytes: &[u8]) -> Box<[u8]> {
    bytes.get(..MAX_RAW_BYTES).unwrap_or(bytes).into()
}

fn parse_body(
    kind: ExtensionType,
    mut body: Cursor<'_>,
    carrier: Carrier,
    notes: &mut Notes,
) -> ExtensionBody {
    let whole = body;
    let parsed = parse_known(kind, &mut body, carrier, notes);
    match parsed {
        Some(parsed) => {
            body.end("extension_data", notes);
            parsed
        }
        None => ExtensionBody::Malformed(bounded(whole.rest())),
    }
}

/// Reads the body of an extension; `None` when its form is broken so that it says nothing, with a
/// note. A form that is not known for this carrier is kept raw.
fn parse_known(
    kind: ExtensionType,
    body: &mut Cursor<'_>,
    carrier: Carrier,
    notes: &mut Notes,
) -> Option<ExtensionBody> {
    use Carrier as C;
    use ExtensionBody as B;
    use ExtensionType as T;
    let is_answer = matches!(carrier, C::ServerHello | C::EncryptedExtensions);
    Some(match (kind, carrier) {
        (T::SERVER_NAME, C::ClientHello) => B::ServerName(parse_server_name(body, notes)?),
        (T::MAX_FRAGMENT_LENGTH, _) => {
            let at = body.offset();
            let code = body.u8("max_fragment_length", notes)?;
            if !(1..=4).contains(&code) {
                let problem = Problem::IllegalValue { value: u32::from(code) };
                notes.add("max_fragment_length", at, problem);
            }
            B::MaxFragmentLength(code)
        }
        (T::STATUS_REQUEST, C::ClientHello) => B::StatusRequest(parse_status_request(body, notes)?),
        (T::STATUS_REQUEST_V2, C::ClientHello) => {
            let mut list = body.vec16("certificate_status_req_list", notes)?;
            let mut requests = Vec::new();
            while !list.is_empty() {
                let Some(request) = parse_status_request_item(&mut list, notes) else { break };
                requests.push(request);
            }
            B::StatusRequests(requests.into())
        }
        (T::STATUS_REQUEST, C::Certificate) => {
            B::CertificateStatus(Box::new(parse_certificate_status(body, notes)?))
        }
        (T::SUPPORTED_GROUPS, _) => {
            B::SupportedGroups(parse_u16_list(body, "named_group_list", notes)?)
        }
        (T::EC_POINT_FORMATS, _) => {
            let list = body.vec8("ec_point_format_list", notes)?;
            list.expect_len(1, 255, "ec_point_format_list", notes);
            B::EcPointFormats(list.u8_list())
        }
        (T::SIGNATURE_ALGORITHMS | T::SIGNATURE_ALGORITHMS_CERT, _)
        | (T::DELEGATED_CREDENTIAL, C::ClientHello) => {
            B::SignatureSchemes(parse_u16_list(body, "supported_signature_algorithms", notes)?)
        }
        (T::USE_SRTP, _) => {
            let profiles = parse_u16_list(body, "SRTPProtectionProfiles", notes)?;
            body.vec8("srtp_mki", notes)?;
            B::UseSrtp(profiles)
        }
        (T::HEARTBEAT, _) => {
            let at = body.offset();
            let mode = body.u8("mode", notes)?;
            if !matches!(mode, 1 | 2) {
                notes.add("mode", at, Problem::IllegalValue { value: u32::from(mode) });
            }
            B::Heartbeat(mode)
        }
        (T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, _) => {
            let protocols = parse_protocols(body, "protocol_name_list", notes)?;
            if is_answer && protocols.len() > 1 {
                // RFC 7301 §3.1: exactly one.
                notes.add("protocol_name_list", body.offset(), Problem::TooMany { kept: 1 });
            }
            B::Protocols(protocols)
        }
        (T::APPLICATION_SETTINGS | T::APPLICATION_SETTINGS_OLD, C::ClientHello) => {
            B::Protocols(parse_protocols(body, "supported_protocols", notes)?)
        }
        (T::NEXT_PROTOCOL_NEGOTIATION, C::ServerHello) => {
            let mut protocols = Vec::new();
            while !body.is_empty() {
                let Some(name) = body.vec8("protocol", notes) else { break };
                protocols.push(WireText::new(name.rest()));
            }
            B::Protocols(protocols.into())
        }
        (T::SIGNED_CERTIFICATE_TIMESTAMP, C::ServerHello | C::Certificate) => {
            B::Timestamps(parse_timestamps(body, notes)?)
        }
        (T::CLIENT_CERTIFICATE_TYPE | T::SERVER_CERTIFICATE_TYPE, C::ClientHello) => {
            let list = body.vec8("certificate_types", notes)?;
            list.expect_len(1, 255, "certificate_types", notes);
            B::CertificateTypes(list.u8_list())
        }
        (T::CLIENT_CERTIFICATE_TYPE | T::SERVER_CERTIFICATE_TYPE, _) => {
            let selected = CertificateType(body.u8("certificate_type", notes)?);
            B::CertificateTypes(Box::new([selected]))
        }
        (T::PADDING, _) => {
            let at = body.offset();
            let bytes = body.take(body.len(), "padding", notes)?;
            let is_zero = bytes.iter().all(|byte| *byte == 0);
            if !is_zero {
                notes.add("padding", at, Problem::IllegalText);
            }
            B::Padding { is_zero }
        }
        (T::COMPRESS_CERTIFICATE, _) => {
            let list = body.vec8("algorithms", notes)?;
            list.expect_len(2, 254, "algorithms", notes);
            B::CompressionAlgorithms(list.u16_list("algorithms", notes))
        }
        (T::RECORD_SIZE_LIMIT, _) => {
            let at = body.offset();
            let limit = body.u16("RecordSizeLimit", notes)?;
            // RFC 8449 §4: below 64 is illegal_parameter.
            if limit < 64 {
                let problem = Problem::IllegalValue { value: u32::from(limit) };
                notes.add("RecordSizeLimit", at, problem);
            }
            B::RecordSizeLimit(limit)
        }
        (T::SESSION_TICKET, C::ClientHello) => {
            B::Opaque(Opaque::new(body.take(body.len(), "ticket", notes)?))
        }
        (T::COOKIE, _) => {
            let cookie = body.vec16("cookie", notes)?;
            cookie.expect_len(1, 65_535, "cookie", notes);
            B::Opaque(Opaque::new(cookie.rest()))
        }
        (T::RENEGOTIATION_INFO, _) => {
            B::Opaque(Opaque::new(body.vec8("renegotiated_connection", notes)?.rest()))
        }
        (T::PRE_SHARED_KEY, C::ClientHello) => {
            B::PreSharedKeys(Box::new(parse_offered_psks(body, notes)?))
        }
        (T::PRE_SHARED_KEY, _) => B::SelectedIdentity(body.u16("selected_identity", notes)?),
        (T::EARLY_DATA, C::NewSessionTicket) => {
            B::MaxEarlyDataSize(body.u32("max_early_data_size", notes)?)
        }
        (T::SUPPORTED_VERSIONS, C::ClientHello) => {
            let list = body.vec8("versions", notes)?;
            list.expect_len(2, 254, "versions", notes);
            B::SupportedVersions(list.u16_list("versions", notes))
        }
        (T::SUPPORTED_VERSIONS, _) => {
            B::SelectedVersion(ProtocolVersion(body.u16("selected_version", notes)?))
        }
        (T::PSK_KEY_EXCHANGE_MODES, _) => {
            let list = body.vec8("ke_modes", notes)?;
            list.expect_len(1, 255, "ke_modes", notes);
            B::PskKeyExchangeModes(list.u8_list())
        }
        (T::CERTIFICATE_AUTHORITIES, _) => {
            let list = body.vec16("authorities", notes)?;
            B::CertificateAuthorities(parse_names(list, notes))
        }
        (T::KEY_SHARE | T::KEY_SHARE_DRAFT, C::ClientHello) => {
            let mut list = body.vec16("client_shares", notes)?;
            let mut shares = Vec::with_capacity(4);
            while !list.is_empty() {
                let Some(share) = parse_key_share(&mut list, true, notes) else { break };
                shares.push(share);
            }
            B::KeyShares(shares.into())
        }
        (T::KEY_SHARE | T::KEY_SHARE_DRAFT, C::HelloRetryRequest) => {
            B::SelectedGroup(NamedGroup(body.u16("selected_group", notes)?))
        }
        (T::KEY_SHARE | T::KEY_SHARE_DRAFT, _) => {
            // Some drafts put only the group into a ServerHello that retries.
            if body.len() == 2 {
                B::SelectedGroup(NamedGroup(body.u16("selected_group", notes)?))
            } else {
                B::KeyShare(parse_key_share(body, false, notes)?)
            }
        }
        (T::QUIC_TRANSPORT_PARAMETERS | T::QUIC_TRANSPORT_PARAMETERS_DRAFT, _) => {
            let parameters = body.take(body.len(), "quic_transport_parameters", notes)?;
            B::QuicTransportParameters(bounded(parameters))
        }
        (T::ENCRYPTED_CLIENT_HELLO, _) => B::EncryptedClientHello(parse_ech(body, carrier, notes)?),
        // Their presence says it all; parse_body notes what is in them.
        (T::ENCRYPT_THEN_MAC | T::EXTENDED_MASTER_SECRET | T::TRUNCATED_HMAC, _)
        | (T::POST_HANDSHAKE_AUTH, C::ClientHello)
        | (T::SIGNED_CERTIFICATE_TIMESTAMP, C::ClientHello | C::CertificateRequest)
        | (T::EARLY_DATA | T::NEXT_PROTOCOL_NEGOTIATION, C::ClientHello)
        | (T::EARLY_DATA | T::SERVER_NAME, C::EncryptedExtensions)
        | (T::SERVER_NAME | T::SESSION_TICKET | T::STATUS_REQUEST, C::ServerHello) => B::Empty,
        _ if body.is_empty() => B::Empty,
        _ => {
            // Not understood here. Whatever it is, it is not malformed.
            B::Raw(bounded(body.take(body.len(), "extension_data", notes)?))
        }
    })
}

fn parse_u16_list<T: From<u16>>(
    body: &mut Cursor<'_>,
    field: &'static str,
    notes: &mut Notes,
) -> Option<Box<[T]>> {
    let list = body.vec16(field, notes)?;
    list.expect_len(2, 65_534, field, notes);
    Some(list.u16_list(field, notes))
}

/// `ServerNameList`: pairs of a type and a name (RFC 6066 §3).
fn parse_server_name(body: &mut Cursor<'_>, notes: &mut Notes) -> Option<ServerName> {
    let mut list = body.vec16("server_name_list", notes)?;
    list.expect_len(1, 65_535, "server_name_list", notes);
    let mut host_name = None;
    let mut names = 0_u16;
    while !list.is_empty() {
        let at = list.offset();
        let Some(kind) = list.u8("name_type", notes) else { break };
        let Some(name) = list.vec16("host_name", notes) else { break };
        names = names.saturating_add(1);
        if kind != 0 {
            notes.add("name_type", at, Problem::IllegalValue { value: u32::from(kind) });
        } else if host_name.is_some() {
            notes.add("host_name", at, Problem::Duplicate);
        } else {
            name.expect_len(1, 65_535, "host_name", notes);
            // RFC 6066 §3: ASCII, and no NUL can be part of a name.
            if name.rest().iter().any(|byte| !byte.is_ascii_graphic()) {
                notes.add("host_name", name.offset(), Problem::IllegalText);
            }
            host_name = Some(name.rest());
        }
    }
    let host_name = host_name?;
    Some(ServerName {
        host_name: WireText::new(host_name),
        is_ip_literal: is_ip_literal(host_name),
        names,
    })
}

/// Whether a name is an IP address, with or without the brackets and the zone of a URL.
fn is_ip_literal(name: &[u8]) -> bool {
    // Every address begins with a hex digit, a colon or a bracket, and holds only these.
    let could_be = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    let name = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(name);
    let name = name.split(|byte| *byte == b'%').next().unwrap_or(name);
    name.iter().all(could_be)
        && str::from_utf8(name).is_ok_and(|name| name.parse::<IpAddr>().is_ok())
}

fn parse_status_request(body: &mut Cursor<'_>, notes: &mut Notes) -> Option<StatusRequest> {
    let status_type = CertificateStatusType(body.u8("status_type", notes)?);
    parse_status_request_rest(status_type, body, notes)
}

fn parse_status_request_rest(
    status_type: CertificateStatusType,
    body: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<StatusRequest> {
    let mut responders = body.vec16("responder_id_list", notes)?;
    let mut responder_ids = 0_u16;
    while !responders.is_empty() && responders.vec16("ResponderID", notes).is_some() {
        responder_ids = responder_ids.saturating_add(1);
    }
    let extensions = body.vec16("request_extensions", notes)?;
    Some(StatusRequest {
        status_type,
        responder_ids,
        extensions_len: u16::try_from(extensions.len()).unwrap_or(u16::MAX),
    })
}

fn parse_status_request_item(list: &mut Cursor<'_>, notes: &mut Notes) -> Option<StatusRequest> {
    let status_type = CertificateStatusType(list.u8("status_type", notes)?);
    let mut request = list.vec16("request", notes)?;
    let parsed = parse_status_request_rest(status_type, &mut request, notes);
    // An unknown kind of request has a length, so that the next one can be found.
    Some(parsed.unwrap_or(StatusRequest { status_type, responder_ids: 0, extensions_len: 0 }))
}

/// `CertificateStatus`, as a message of its own or in a Certificate entry.
pub(crate) fn parse_certificate_status(
    body: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<CertificateStatus> {
    let at = body.offset();
    let status_type = CertificateStatusType(body.u8("status_type", notes)?);
    let responses = match status_type {
        CertificateStatusType::OCSP => {
            let response = body.vec24("OCSPResponse", notes)?;
            response.expect_len(1, 0xff_ffff, "OCSPResponse", notes);
            Box::from([Box::from(response.rest())])
        }
        CertificateStatusType::OCSP_MULTI => {
            let mut list = body.vec24("ocsp_response_list", notes)?;
            let mut responses = Vec::new();
            while !list.is_empty() {
                let Some(response) = list.vec24("OCSPResponse", notes) else { break };
                responses.push(Box::from(response.rest()));
            }
            responses.into()
        }
        other => {
            let problem = Problem::IllegalValue { value: u32::from(other.0) };
            notes.add("status_type", at, problem);
            return None;
        }
    };
    Some(CertificateStatus { status_type, responses })
}

fn parse_protocols(
    body: &mut Cursor<'_>,
    field: &'static str,
    notes: &mut Notes,
) -> Option<Box<[WireText]>> {
    let mut list = body.vec16(field, notes)?;
    list.expect_len(2, 65_535, field, notes);
    let mut protocols = Vec::with_capacity(2);
    while let Some((claimed, rest)) = list.rest().split_first() {
        let is_whole = usize::from(*claimed) <= rest.len();
        let Some(name) = list.vec8("ProtocolName", notes) else { break };
        // What a length that lies has cut out is no name.
        if !is_whole {
            break;
        }
        // RFC 7301 §3.1: empty strings must not be included.
        name.expect_len(1, 255, "ProtocolName", notes);
        protocols.push(WireText::new(name.rest()));
    }
    Some(protocols.into())
}

fn parse_timestamps(
    body: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<Box<[SignedCertificateTimestamp]>> {
    let mut list = body.vec16("sct_list", notes)?;
    list.expect_len(1, 65_535, "sct_list", notes);
    let mut timestamps = Vec::new();
    while !list.is_empty() {
        let Some(mut item) = list.vec16("SerializedSCT", notes) else { break };
        let Some(sct_version) = item.u8("sct_version", notes) else { continue };
        // The form of later versions is not known.
        if sct_version != 0 {
            continue;
        }
        let Some(log_id) = item.array("log_id", notes) else { continue };
        let Some(timestamp) = item.array("timestamp", notes) else { continue };
        let timestamp_ms = u64::from_be_bytes(timestamp);
        timestamps.push(SignedCertificateTimestamp { sct_version, log_id, timestamp_ms });
    }
    Some(timestamps.into())
}

/// `OfferedPsks`: identities, then a binder for each (RFC 8446 §4.2.11).
fn parse_offered_psks(body: &mut Cursor<'_>, notes: &mut Notes) -> Option<OfferedPsks> {
    let mut list = body.vec16("identities", notes)?;
    list.expect_len(7, 65_535, "identities", notes);
    let mut identities = Vec::with_capacity(1);
    while !list.is_empty() {
        let Some(identity) = list.vec16("identity", notes) else { break };
        identity.expect_len(1, 65_535, "identity", notes);
        let Some(obfuscated_ticket_age) = list.u32("obfuscated_ticket_age", notes) else { break };
        let identity = Opaque::new(identity.rest());
        identities.push(PskIdentity { identity, obfuscated_ticket_age });
    }
    let mut binder_lens = Vec::with_capacity(identities.len());
    let at = body.offset();
    if let Some(mut list) = body.vec16("binders", notes) {
        list.expect_len(33, 65_535, "binders", notes);
        while !list.is_empty() {
            let Some(binder) = list.vec8("PskBinderEntry", notes) else { break };
            binder.expect_len(32, 255, "PskBinderEntry", notes);
            binder_lens.push(u8::try_from(binder.len()).unwrap_or(u8::MAX));
        }
        if binder_lens.len() != identities.len() {
            notes.add("binders", at, Problem::Inconsistent { with: "identities" });
        }
    }
    Some(OfferedPsks { identities: identities.into(), binder_lens: binder_lens.into() })
}

/// Distinguished names in DER, each with a length of two bytes (RFC 8446 §4.2.4, RFC 5246 §7.4.4).
pub(crate) fn parse_names(mut list: Cursor<'_>, notes: &mut Notes) -> Box<[Box<[u8]>]> {
    let mut names = Vec::new();
    while !list.is_empty() {
        let Some(name) = list.vec16("DistinguishedName", notes) else { break };
        names.push(Box::from(name.rest()));
    }
    names.into()
}

fn parse_key_share(
    list: &mut Cursor<'_>,
    is_from_client: bool,
    notes: &mut Notes,
) -> Option<KeyShareEntry> {
    let group = NamedGroup(list.u16("group", notes)?);
    let key = list.vec16("key_exchange", notes)?;
    key.expect_len(1, 65_535, "key_exchange", notes);
    let fixed = if is_from_client { group.client_share_len() } else { group.server_share_len() };
    if let Some(fixed) = fixed {
        let fixed = usize::from(fixed);
        key.expect_len(fixed, fixed, "key_exchange", notes);
    }
    Some(KeyShareEntry { group, key_len: u16::try_from(key.len()).unwrap_or(u16::MAX) })
}

fn parse_ech(
    body: &mut Cursor<'_>,
    carrier: Carrier,
    notes: &mut Notes,
) -> Option<EncryptedClientHello> {
    match carrier {
        Carrier::ClientHello => {
            let at = body.offset();
            match body.u8("ECHClientHelloType", notes)? {
                0 => {
                    let kdf = body.u16("kdf_id", notes)?;
                    let aead = body.u16("aead_id", notes)?;
                    let config_id = body.u8("config_id", notes)?;
                    let enc = body.vec16("enc", notes)?;
                    let payload = body.vec16("payload", notes)?;
                    payload.expect_len(1, 65_535, "payload", notes);
                    Some(EncryptedClientHello::Outer {
                        config_id,
                        kdf,
                        aead,
                        enc_len: u16::try_from(enc.len()).unwrap_or(u16::MAX),
                        payload_len: u16::try_from(payload.len()).unwrap_or(u16::MAX),
                    })
                }
                1 => Some(EncryptedClientHello::Inner),
                other => {
                    let problem = Problem::IllegalValue { value: u32::from(other) };
                    notes.add("ECHClientHelloType", at, problem);
                    None
                }
            }
        }
        Carrier::HelloRetryRequest => {
            Some(EncryptedClientHello::Confirmation(body.array("confirmation", notes)?))
        }
        _ => {
            let mut list = body.vec16("retry_configs", notes)?;
            let len_bytes = u16::try_from(list.len()).unwrap_or(u16::MAX);
            let mut public_names = Vec::new();
            while !list.is_empty() {
                let Some(version) = list.u16("version", notes) else { break };
                let Some(config) = list.vec16("contents", notes) else { break };
                // RFC 9849 §4: the version is the number of the extension.
                if version == ExtensionType::ENCRYPTED_CLIENT_HELLO.0 {
                    public_names.extend(parse_ech_public_name(config, notes));
                }
            }
            Some(EncryptedClientHello::RetryConfigs {
                len_bytes,
                public_names: public_names.into(),
            })
        }
    }
}

/// `ECHConfigContents` up to its public name (RFC 9849 §4).
fn parse_ech_public_name(mut config: Cursor<'_>, notes: &mut Notes) -> Option<WireText> {
    config.u8("config_id", notes)?;
    config.u16("kem_id", notes)?;
    config.vec16("public_key", notes)?;
    config.vec16("cipher_suites", notes)?;
    config.u8("maximum_name_length", notes)?;
    Some(WireText::new(config.vec8("public_name", notes)?.rest()))
}

#[cfg(test)]
mod tests;
