//! What servers call their settings whose protocol begins in clear, or has its own port of TLS: the
//! usual programs for it, so that a remedy names them in place of web servers.

use tlsleuth_handshake::connection::Connection;
use tlsleuth_handshake::preamble::Protocol;

/// The protocol inside TLS: by its preamble, or by the port of implicit TLS (RFC 8314 §3).
fn protocol(connection: &Connection) -> Option<Protocol> {
    let mut said = connection.preambles.iter().map(|preamble| preamble.value.protocol);
    said.rfind(|protocol| !protocol.is_tunnel()).or(match connection.server.port {
        465 => Some(Protocol::Smtp),
        993 => Some(Protocol::Imap),
        995 => Some(Protocol::Pop3),
        _ => None,
    })
}

/// Where a server is told which authorities of clients it takes.
pub(crate) fn client_authorities(connection: &Connection) -> &'static str {
    match protocol(connection) {
        Some(Protocol::PostgreSql) => "PostgreSQL: ssl_ca_file in postgresql.conf, then reload",
        Some(Protocol::MySql) => "MySQL, MariaDB: ssl_ca",
        Some(Protocol::Smtp | Protocol::Lmtp) => {
            "Postfix: smtpd_tls_CAfile; Exim: tls_verify_certificates"
        }
        Some(Protocol::Imap | Protocol::Pop3 | Protocol::Sieve) => "Dovecot: ssl_ca",
        Some(Protocol::Ldap) => "OpenLDAP: olcTLSCACertificateFile",
        _ => {
            "nginx: ssl_client_certificate; Apache: SSLCACertificateFile; HAProxy: ca-file; stunnel: CAfile; Go: tls.Config.ClientCAs"
        }
    }
}

/// Where a server is told that a client needs no certificate.
pub(crate) fn optional_certificate(connection: &Connection) -> &'static str {
    match protocol(connection) {
        Some(Protocol::PostgreSql) => "PostgreSQL: no clientcert= and no cert in pg_hba.conf",
        Some(Protocol::MySql) => "MySQL, MariaDB: ALTER USER ... REQUIRE SSL",
        Some(Protocol::Smtp | Protocol::Lmtp) => {
            "Postfix: smtpd_tls_req_ccert = no; Exim: tls_try_verify_hosts"
        }
        Some(Protocol::Imap | Protocol::Pop3 | Protocol::Sieve) => {
            "Dovecot: auth_ssl_require_client_cert = no"
        }
        Some(Protocol::Ldap) => "OpenLDAP: olcTLSVerifyClient: try",
        _ => {
            "nginx: ssl_verify_client optional; Apache: SSLVerifyClient optional; HAProxy: verify optional; stunnel: requireCert = no; Go: tls.VerifyClientCertIfGiven"
        }
    }
}

/// Where a server is told which versions it takes; `None` where no program is known for the protocol.
pub(crate) fn versions(connection: &Connection) -> Option<&'static str> {
    Some(match protocol(connection)? {
        Protocol::PostgreSql => "PostgreSQL: ssl_min_protocol_version and ssl_max_protocol_version",
        Protocol::MySql => "MySQL, MariaDB: tls_version",
        Protocol::Smtp | Protocol::Lmtp => {
            "Postfix: smtpd_tls_protocols and smtpd_tls_mandatory_protocols"
        }
        Protocol::Imap | Protocol::Pop3 | Protocol::Sieve => "Dovecot: ssl_min_protocol",
        Protocol::Ldap => "OpenLDAP: olcTLSProtocolMin",
        _ => return None,
    })
}
