//! `protocol.starttls-refused`: the server refused or did not offer STARTTLS.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::preamble::{Protocol, Refusal};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// The server refused or did not offer STARTTLS.
    ///
    /// ## What happened
    /// The protocol begins in clear. The client wanted to turn to TLS, and the server said no, or had
    /// never offered it.
    /// ## Likely causes
    /// No certificate is configured on the server; TLS is switched off on that port; a firewall that
    /// inspects mail and removes STARTTLS (Cisco's `inspect esmtp` writes XXXXXXXA in its place).
    /// ## When it cannot be told
    /// Where the server's answer is not in the capture.
    pub static PROTOCOL_STARTTLS_REFUSED {
        code: "protocol.starttls-refused",
        severity: Error,
        since: "0.1.0",
        leads_to: [
            "tcp.no-client-hello",
            "tcp.closed-after-client-hello",
            "tcp.closed-during-handshake",
            "tcp.reset-during-handshake",
            "protocol.plaintext-reply",
        ],
        references: ["RFC 3207 §4", "RFC 2595 §3.1", "RFC 4511 §4.14.2"],
    }
}

/// What to do about a protocol.
fn remedy(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        Some(Protocol::Smtp | Protocol::Lmtp) => {
            "Configure a certificate and switch TLS on: Postfix smtpd_tls_security_level=may with smtpd_tls_cert_file and smtpd_tls_key_file; Exim tls_certificate and tls_advertise_hosts; Exchange: a certificate assigned to SMTP. If EHLO shows XXXXXXXA, a firewall removes STARTTLS (Cisco: no inspect esmtp)."
        }
        Some(Protocol::Imap | Protocol::Pop3 | Protocol::Sieve) => {
            "Configure a certificate and switch TLS on (Dovecot: ssl = yes, ssl_cert, ssl_key), or use the port of implicit TLS (993, 995)."
        }
        Some(Protocol::PostgreSql) => {
            "Set ssl = on with ssl_cert_file and ssl_key_file in postgresql.conf and reload; behind PgBouncer set client_tls_sslmode. Or let the client accept plain text (sslmode=prefer)."
        }
        Some(Protocol::MySql) => {
            "Start the server with ssl_cert and ssl_key (SHOW VARIABLES LIKE 'have_ssl'), or let the client accept plain text (ssl-mode=PREFERRED)."
        }
        Some(Protocol::Ldap) => {
            "Give the directory a certificate (OpenLDAP: olcTLSCertificateFile, olcTLSCertificateKeyFile), or use LDAPS on 636 if that works."
        }
        Some(Protocol::Tds) => {
            "Give SQL Server a certificate, or set Encrypt=Optional on the client."
        }
        Some(Protocol::Rdp) => {
            "Allow TLS on the RDP listener (SecurityLayer), or let the client negotiate."
        }
        Some(Protocol::Ftp) => {
            "Switch TLS on (vsftpd: ssl_enable=YES with rsa_cert_file), or use implicit TLS on 990."
        }
        Some(Protocol::Xmpp | Protocol::Irc | Protocol::Nntp) => {
            "Configure a certificate and switch TLS on in the server."
        }
        _ => "Configure a certificate on the server and switch TLS on for this port.",
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let Some(refusal) = &connection.refusal else {
        let turned =
            connection.preambles.iter().any(|preamble| !preamble.value.protocol.is_tunnel());
        return if turned { Ok(None) } else { Err(Skip::NotApplicable) };
    };
    let protocol = refusal.value.protocol;
    if protocol.is_some_and(Protocol::is_tunnel) {
        return Ok(None);
    }
    let name = protocol.map_or_else(|| "the protocol".to_owned(), |protocol| protocol.to_string());
    let (title, says) = match &refusal.value.reason {
        Refusal::NotOffered => (
            format!("the server does not offer STARTTLS ({name})"),
            "the client leaves; the server had not offered TLS".to_owned(),
        ),
        reason => (
            format!("the server refused STARTTLS ({name}): {reason}"),
            format!("the server refuses: {reason}"),
        ),
    };
    let mut finding = Finding::new(Party::Server, title).evidence(refusal.at, says);
    if connection.stream(Side::Client).data_segments == 0 {
        finding = finding.possible(
            "The client said nothing before it left: it may as well have been a health check.",
        );
    }
    Ok(Some(
        finding
            .explain("The client wanted TLS before it went on, and did not get it.")
            .remedy(remedy(protocol))
            .seen_as(&[
                "Postfix: TLS is required, but was not offered by host",
                "curl: (64) Requested SSL level failed; STARTTLS not supported",
                "OpenSSL s_client: Didn't find STARTTLS in server response, trying anyway...",
                "libpq: server does not support SSL, but SSL was required",
                "MySQL: ERROR 2026 (HY000): SSL connection error: SSL is required but the server doesn't support it",
                "Python: smtplib.SMTPNotSupportedError: STARTTLS extension not supported by server",
                "ldap_start_tls: Protocol error (2) / Operations error",
            ]),
    ))
}
