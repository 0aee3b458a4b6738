//! `protocol.starttls-refused`: the server refused or did not offer STARTTLS.

use tlsleuth_capture::Place;
use tlsleuth_cert::WireText;
use tlsleuth_handshake::Side;
use tlsleuth_handshake::preamble::{Protocol, Refusal};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

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
        needs: [REFUSAL],
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
        path::both_seen(connection)?;
        let turned =
            connection.preambles.iter().any(|preamble| !preamble.value.protocol.is_tunnel());
        return if turned { Ok(None) } else { Err(Skip::NotApplicable) };
    };
    let protocol = refusal.value.protocol;
    if protocol.is_some_and(Protocol::is_tunnel) {
        return Ok(None);
    }
    let name = protocol.map_or_else(|| "the protocol".to_owned(), |protocol| protocol.to_string());
    let unasked = connection.stream(Side::Client).data_segments == 0;
    if let (Some(Protocol::MySql), true, Refusal::Line(text)) =
        (protocol, unasked, &refusal.value.reason)
    {
        return Ok(Some(turned_away(refusal.at, text)));
    }
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
    if unasked {
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

/// MySQL's server says an error in place of its greeting where it does not talk to the client at all.
fn turned_away(at: Place, text: &WireText) -> Finding {
    Finding::new(
        Party::Server,
        format!("the server turned the client away before TLS (mysql): {text}"),
    )
    .evidence(at, format!("the server says in place of its greeting: {text}"))
    .explain("It did so before a name, a password or TLS came up: it judges by the client's address, or takes nobody now.")
    .remedy("Host is not allowed: create the user for that host (CREATE USER 'name'@'10.0.0.%'), and look whether a proxy or NAT changes the client's address.")
    .remedy("Too many connections: raise max_connections, or find who leaves them open (SHOW PROCESSLIST). Host is blocked: mariadb-admin flush-hosts, and find what breaks off its connections (a TCP health check does).")
    .seen_as(&[
        "MySQL: ERROR 1130 (HY000): Host '...' is not allowed to connect to this MySQL server",
        "MySQL: ERROR 1040 (HY000): Too many connections",
        "MySQL: ERROR 1129 (HY000): Host '...' is blocked because of many connection errors",
        "MariaDB: ERROR 2002 (HY000): Received error packet before completion of TLS handshake",
    ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_refuses() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 25
             server Plain "220 mail.example ESMTP\r\n"
             client Plain "EHLO me\r\n"
             server Plain "250-mail.example\r\n250 STARTTLS\r\n"
             client Plain "STARTTLS\r\n"
             server Plain "454 4.7.0 TLS not available\r\n"
             client Plain "QUIT\r\n"
             client FIN"#,
            expect![[r#"
                error protocol.starttls-refused (certain, server): the server refused STARTTLS (smtp): 454 4.7.0 TLS not available
                  frame 8: the server refuses: 454 4.7.0 TLS not available
            "#]],
        );
    }

    #[test]
    fn a_mysql_server_that_turns_the_client_away_is_no_health_check() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 3306
             server Bytes 14000000 ff6a04 486f7374206973206e6f7420616c6c6f776564
             server FIN
             client FIN"#,
            expect![[r#"
                error protocol.starttls-refused (certain, server): the server turned the client away before TLS (mysql): Host is not allow
                  frame 4: the server says in place of its greeting: Host is not allow
            "#]],
        );
    }

    #[test]
    fn fires_when_it_is_not_offered() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 25
             server Plain "220 mail.example ESMTP\r\n"
             client Plain "EHLO me\r\n"
             server Plain "250-mail.example\r\n250 8BITMIME\r\n"
             client FIN"#,
            expect![[r#"
                error protocol.starttls-refused (certain, server): the server does not offer STARTTLS (smtp)
                  frame 7: the client leaves; the server had not offered TLS
            "#]],
        );
    }

    #[test]
    fn fires_for_a_database() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 5432
             client Bytes 00000008 04d2162f
             server Plain "N"
             client FIN"#,
            expect![[r#"
                error protocol.starttls-refused (certain, server): the server refused STARTTLS (postgresql): N
                  frame 5: the server refuses: N
            "#]],
        );
    }

    #[test]
    fn clear_when_tls_starts() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 25
             server Plain "220 mail.example ESMTP\r\n"
             client Plain "EHLO me\r\n"
             server Plain "250-mail.example\r\n250 STARTTLS\r\n"
             client Plain "STARTTLS\r\n"
             server Plain "220 go\r\n"
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200"#,
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_the_peers_go_on_in_clear() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 5432
             client Bytes 00000008 04d2162f
             server Plain "N"
             client Bytes 00000009 00030000 00
             server Bytes 5200000008 00000000
             client FIN"#,
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn not_applicable_for_plain_tls() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_server_side_is_missing() {
        check(
            &super::PROTOCOL_STARTTLS_REFUSED,
            r#"port 25
             client SYN
             server SYN-ACK lose
             client ACK
             server Plain "220 mail.example ESMTP\r\n" lose
             client Plain "EHLO me\r\n"
             server Plain "250 mail.example\r\n" lose
             client FIN"#,
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
