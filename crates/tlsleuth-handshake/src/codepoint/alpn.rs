//! Application protocols of ALPN.

/// What a protocol identifier belongs to, so that `h2` and `http/1.1` can be told to be one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlpnFamily {
    /// HTTP of any version.
    Http,
    /// Mail: SMTP, IMAP, POP3, ManageSieve.
    Mail,
    /// DNS over TLS, QUIC, and so on.
    Dns,
    /// Chat: XMPP, IRC.
    Chat,
    /// Databases and queues.
    Data,
    /// Real time media: WebRTC, STUN, SIP.
    Media,
    /// Validation for a certificate (RFC 8737).
    Acme,
    /// Anything else that is registered.
    Other,
}

/// IANA "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs", November 2026, with
/// `postgresql`, `h2-14` to `h2-17`, `spdy/*`, `grpc-exp` and `istio*` as met in the field.
const TABLE: &[(&[u8], AlpnFamily, &str)] = &[
    (b"acme-tls/1", AlpnFamily::Acme, "ACME TLS-ALPN-01 validation"),
    (b"c-webrtc", AlpnFamily::Media, "confidential WebRTC media and data"),
    (b"co", AlpnFamily::Other, "CoAP over DTLS"),
    (b"coap", AlpnFamily::Other, "CoAP over TLS"),
    (b"dicom", AlpnFamily::Other, "DICOM"),
    (b"doq", AlpnFamily::Dns, "DNS over dedicated QUIC"),
    (b"dot", AlpnFamily::Dns, "DNS over TLS"),
    (b"ftp", AlpnFamily::Other, "FTP"),
    (b"grpc-exp", AlpnFamily::Http, "gRPC, old name"),
    (b"h2", AlpnFamily::Http, "HTTP/2 over TLS"),
    (b"h2-14", AlpnFamily::Http, "HTTP/2, draft 14"),
    (b"h2-15", AlpnFamily::Http, "HTTP/2, draft 15"),
    (b"h2-16", AlpnFamily::Http, "HTTP/2, draft 16"),
    (b"h2c", AlpnFamily::Http, "HTTP/2 over TCP"),
    (b"h3", AlpnFamily::Http, "HTTP/3"),
    (b"h3-29", AlpnFamily::Http, "HTTP/3, draft 29"),
    (b"http/0.9", AlpnFamily::Http, "HTTP/0.9"),
    (b"http/1.0", AlpnFamily::Http, "HTTP/1.0"),
    (b"http/1.1", AlpnFamily::Http, "HTTP/1.1"),
    (b"imap", AlpnFamily::Mail, "IMAP"),
    (b"irc", AlpnFamily::Chat, "IRC"),
    (b"istio", AlpnFamily::Http, "Istio mutual TLS"),
    (b"istio-http/1.1", AlpnFamily::Http, "Istio mutual TLS, HTTP/1.1"),
    (b"istio-h2", AlpnFamily::Http, "Istio mutual TLS, HTTP/2"),
    (b"istio-peer-exchange", AlpnFamily::Other, "Istio metadata exchange"),
    (b"managesieve", AlpnFamily::Mail, "ManageSieve"),
    (b"mqtt", AlpnFamily::Data, "MQTT"),
    (b"netperfmeter/control", AlpnFamily::Other, "NetPerfMeter control"),
    (b"netperfmeter/data", AlpnFamily::Other, "NetPerfMeter data"),
    (b"nnsp", AlpnFamily::Other, "NNTP reading"),
    (b"nntp", AlpnFamily::Other, "NNTP"),
    (b"ntske/1", AlpnFamily::Other, "NTS key establishment"),
    (b"pop3", AlpnFamily::Mail, "POP3"),
    (b"postgresql", AlpnFamily::Data, "PostgreSQL"),
    (b"radius/1.0", AlpnFamily::Other, "RADIUS/1.0"),
    (b"radius/1.1", AlpnFamily::Other, "RADIUS/1.1"),
    (b"sip/2", AlpnFamily::Media, "SIP"),
    (b"smb", AlpnFamily::Other, "SMB"),
    (b"smtp", AlpnFamily::Mail, "SMTP"),
    (b"spdy/1", AlpnFamily::Http, "SPDY/1"),
    (b"spdy/2", AlpnFamily::Http, "SPDY/2"),
    (b"spdy/3", AlpnFamily::Http, "SPDY/3"),
    (b"spdy/3.1", AlpnFamily::Http, "SPDY/3.1"),
    (b"stun.nat-discovery", AlpnFamily::Media, "NAT discovery using STUN"),
    (b"stun.turn", AlpnFamily::Media, "TURN"),
    (b"sunrpc", AlpnFamily::Other, "SunRPC"),
    (b"tds/8.0", AlpnFamily::Data, "TDS 8.0 (SQL Server)"),
    (b"webrtc", AlpnFamily::Media, "WebRTC media and data"),
    (b"x-amzn-http-ca", AlpnFamily::Other, "AWS IoT HTTP with client certificates"),
    (b"x-amzn-mqtt-ca", AlpnFamily::Data, "AWS IoT MQTT with client certificates"),
    (b"xmpp-client", AlpnFamily::Chat, "XMPP, client to server"),
    (b"xmpp-server", AlpnFamily::Chat, "XMPP, server to server"),
];

/// The family of a protocol identifier, or `None` for one that is not known.
///
/// ```
/// # use tlsleuth_handshake::codepoint::{AlpnFamily, alpn_family};
/// assert_eq!(alpn_family(b"h2"), Some(AlpnFamily::Http));
/// ```
#[must_use]
pub fn alpn_family(id: &[u8]) -> Option<AlpnFamily> {
    TABLE.iter().find(|row| row.0 == id).map(|row| row.1)
}

/// What a protocol identifier stands for, in a few words; `None` for one that is not known.
#[must_use]
pub fn alpn_meaning(id: &[u8]) -> Option<&'static str> {
    TABLE.iter().find(|row| row.0 == id).map(|row| row.2)
}
