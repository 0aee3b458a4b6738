//! Handshake messages: each `decode` takes the body of one message and never fails.
//!
//! What breaks the specification comes back as [`Anomaly`], and everything that can still be
//! trusted is read. Nothing is borrowed from the input. [`Message::decode`] chooses by type.

mod alert;
mod certificate;
mod certificate_request;
mod certificate_status;
mod certificate_verify;
mod client_hello;
mod client_key_exchange;
mod compressed_certificate;
mod encrypted_extensions;
mod extension;
mod finished;
mod hello_store;
mod hello_verify_request;
mod key_update;
mod new_session_ticket;
mod next_protocol;
mod packed;
mod server_hello;
mod server_key_exchange;
mod shape;
pub mod sslv2;
mod supplemental_data;

pub use alert::Alert;
pub use certificate::{
    ByteRange, Certificate, CertificateEntry, CertificateForm, MAX_CERTIFICATES,
};
pub use certificate_request::{CertificateRequest, RequestForm};
pub use certificate_verify::CertificateVerify;
pub use client_hello::{ClientHello, OfferedVersions, SessionId};
pub use client_key_exchange::ClientKeyExchange;
pub use compressed_certificate::{CompressedCertificate, MAX_EXPANDED_BYTES};
pub use encrypted_extensions::EncryptedExtensions;
pub use extension::{
    Carrier, CertificateStatus, EncryptedClientHello, Extension, ExtensionBody, Extensions,
    KeyShareEntry, MAX_EXTENSIONS, MAX_RAW_BYTES, OfferedPsks, Opaque, PskIdentity, ServerName,
    SignedCertificateTimestamp, StatusRequest,
};
pub use finished::Finished;
pub use hello_store::HelloStore;
pub use hello_verify_request::HelloVerifyRequest;
pub use key_update::KeyUpdate;
pub use new_session_ticket::NewSessionTicket;
pub use next_protocol::NextProtocol;
pub use server_hello::{DowngradeSentinel, HELLO_RETRY_REQUEST_RANDOM, ServerHello};
pub use server_key_exchange::{KeyParams, ServerKeyExchange};
pub use shape::ShapeId;
pub use supplemental_data::SupplementalData;

use crate::{
    Anomaly, Problem,
    anomaly::len32,
    codepoint::{CertificateType, CipherSuite, HandshakeType, ProtocolVersion},
};

/// What must be known of a connection to read its messages, whose forms depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The version that was negotiated, as far as it is known.
    pub version: Option<ProtocolVersion>,
    /// The suite that was chosen, as far as it is known.
    pub suite: Option<CipherSuite>,
    /// What Certificate messages of this direction carry (RFC 7250).
    pub certificate_type: CertificateType,
    /// Whether the transport is DTLS.
    pub is_dtls: bool,
}

/// A handshake message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// HelloRequest: the server wants to negotiate again (RFC 5246 §7.4.1.1).
    HelloRequest,
    /// ClientHello.
    ClientHello(Box<ClientHello>),
    /// ServerHello, or a HelloRetryRequest in its form.
    ServerHello(Box<ServerHello>),
    /// HelloVerifyRequest.
    HelloVerifyRequest(HelloVerifyRequest),
    /// NewSessionTicket.
    NewSessionTicket(NewSessionTicket),
    /// EndOfEarlyData (RFC 8446 §4.5).
    EndOfEarlyData,
    /// EncryptedExtensions.
    EncryptedExtensions(EncryptedExtensions),
    /// Certificate.
    Certificate(Certificate),
    /// ServerKeyExchange.
    ServerKeyExchange(ServerKeyExchange),
    /// CertificateRequest.
    CertificateRequest(Box<CertificateRequest>),
    /// ServerHelloDone (RFC 5246 §7.4.5).
    ServerHelloDone,
    /// CertificateVerify.
    CertificateVerify(CertificateVerify),
    /// ClientKeyExchange.
    ClientKeyExchange(ClientKeyExchange),
    /// Finished.
    Finished(Finished),
    /// CertificateStatus.
    CertificateStatus(CertificateStatus),
    /// SupplementalData.
    SupplementalData(SupplementalData),
    /// KeyUpdate.
    KeyUpdate(KeyUpdate),
    /// CompressedCertificate.
    CompressedCertificate(CompressedCertificate),
    /// NextProtocol.
    NextProtocol(NextProtocol),
    /// A type that is not understood, or a body that says nothing.
    Other {
        /// Bytes of the body.
        len_bytes: u32,
    },
}

impl Message {
    /// Reads the body of a message of some type.
    ///
    /// Where the version is not known, the form that fits the lengths is taken.
    #[must_use]
    pub fn decode(kind: HandshakeType, body: &[u8], context: &Context) -> (Self, Vec<Anomaly>) {
        use HandshakeType as T;
        fn with<M>(
            (message, anomalies): (M, Vec<Anomaly>),
            wrap: impl FnOnce(M) -> Message,
        ) -> (Message, Vec<Anomaly>) {
            (wrap(message), anomalies)
        }
        let version = context.version.unwrap_or(ProtocolVersion::TLS1_2);
        let suite = context.suite.unwrap_or_default();
        // TLS_NULL_WITH_NULL_NULL would be taken for a suite without key exchange.
        let suite = if context.suite.is_some() { suite } else { CipherSuite(0x0a0a) };
        match kind {
            T::HELLO_REQUEST => (Self::HelloRequest, empty(body)),
            T::CLIENT_HELLO if context.is_dtls => {
                with(ClientHello::decode_dtls(body), |m| Self::ClientHello(Box::new(m)))
            }
            T::CLIENT_HELLO => with(ClientHello::decode(body), |m| Self::ClientHello(Box::new(m))),
            T::SERVER_HELLO => with(ServerHello::decode(body), |m| Self::ServerHello(Box::new(m))),
            T::HELLO_RETRY_REQUEST => {
                with(ServerHello::decode_draft_retry(body), |m| Self::ServerHello(Box::new(m)))
            }
            T::HELLO_VERIFY_REQUEST => {
                with(HelloVerifyRequest::decode(body), Self::HelloVerifyRequest)
            }
            T::NEW_SESSION_TICKET => {
                with(NewSessionTicket::decode(body, version.is_tls13()), Self::NewSessionTicket)
            }
            T::END_OF_EARLY_DATA => (Self::EndOfEarlyData, empty(body)),
            T::ENCRYPTED_EXTENSIONS => {
                with(EncryptedExtensions::decode(body), Self::EncryptedExtensions)
            }
            T::CERTIFICATE => {
                let form = match context.version {
                    Some(version) => CertificateForm::of(version, context.certificate_type),
                    None => CertificateForm::guess(body),
                };
                with(Certificate::decode(body, form), Self::Certificate)
            }
            T::SERVER_KEY_EXCHANGE => {
                with(ServerKeyExchange::decode(body, suite, version), Self::ServerKeyExchange)
            }
            T::CERTIFICATE_REQUEST => {
                with(CertificateRequest::decode(body, RequestForm::of(version)), |m| {
                    Self::CertificateRequest(Box::new(m))
                })
            }
            T::SERVER_HELLO_DONE => (Self::ServerHelloDone, empty(body)),
            T::CERTIFICATE_VERIFY => with(
                CertificateVerify::decode(body, RequestForm::of(version)),
                Self::CertificateVerify,
            ),
            T::CLIENT_KEY_EXCHANGE => {
                with(ClientKeyExchange::decode(body, suite, version), Self::ClientKeyExchange)
            }
            T::FINISHED => (Self::Finished(Finished::decode(body)), Vec::new()),
            T::CERTIFICATE_STATUS => {
                let other = Self::Other { len_bytes: len32(body.len()) };
                with(CertificateStatus::decode(body), |status| {
                    status.map_or(other, Self::CertificateStatus)
                })
            }
            T::SUPPLEMENTAL_DATA => with(SupplementalData::decode(body), Self::SupplementalData),
            T::KEY_UPDATE => with(KeyUpdate::decode(body), Self::KeyUpdate),
            T::COMPRESSED_CERTIFICATE => {
                with(CompressedCertificate::decode(body), Self::CompressedCertificate)
            }
            T::NEXT_PROTOCOL => with(NextProtocol::decode(body), Self::NextProtocol),
            _ => (Self::Other { len_bytes: len32(body.len()) }, Vec::new()),
        }
    }
}

/// Notes the body of a message that must have none.
fn empty(body: &[u8]) -> Vec<Anomaly> {
    if body.is_empty() {
        return Vec::new();
    }
    let problem = Problem::TrailingBytes { count: len32(body.len()) };
    vec![Anomaly { extension: None, field: "body", offset: 0, problem }]
}

#[cfg(test)]
mod tests;
