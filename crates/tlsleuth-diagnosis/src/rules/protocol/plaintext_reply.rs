//! `protocol.plaintext-reply`: the server answered the ClientHello with something that is no TLS.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::preamble::PlaintextKind;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The server answered the ClientHello with something that is not TLS.
    ///
    /// ## What happened
    /// The client began with TLS, the server speaks another protocol in clear.
    /// ## Likely causes
    /// The wrong port; a server on which TLS is not switched on; a protocol that begins in clear and
    /// turns to TLS by STARTTLS (mail, databases), which the client did not ask for; a captive portal.
    /// ## When it cannot be told
    /// Where the server's first bytes are not in the capture.
    pub static PROTOCOL_PLAINTEXT_REPLY {
        code: "protocol.plaintext-reply",
        severity: Error,
        since: "0.1.0",
        needs: [IN_CLEAR],
        leads_to: [
            "tcp.closed-during-handshake",
            "tcp.reset-during-handshake",
            "tcp.closed-after-client-hello",
            "tcp.reset-after-client-hello",
            "tcp.server-silent",
            "protocol.malformed",
            "peer.user-canceled",
        ],
        references: ["RFC 9846 §5.1"],
    }
}

/// What to do about a protocol.
fn remedy(kind: PlaintextKind) -> &'static str {
    match kind {
        PlaintextKind::HttpRequest
        | PlaintextKind::HttpResponse(_)
        | PlaintextKind::Html
        | PlaintextKind::Http2 => {
            "The port speaks plain HTTP: use http://, or the port of HTTPS, or switch TLS on there (nginx: listen 443 ssl; Apache: SSLEngine on; Caddy: no http:// in the address; Kubernetes: the Service's targetPort)."
        }
        PlaintextKind::Ssh => {
            "This is an SSH server: the port number is wrong, on the client or in a port forwarding."
        }
        PlaintextKind::Smtp | PlaintextKind::SmtpOrFtp | PlaintextKind::Ftp => {
            "The protocol begins in clear: let the client use STARTTLS (port 25 or 587; FTP: AUTH TLS on 21), or the port of implicit TLS (465; FTP: 990). openssl s_client -starttls smtp."
        }
        PlaintextKind::Imap => "Use STARTTLS on port 143, or the port of implicit TLS, 993.",
        PlaintextKind::Pop3 => "Use STLS on port 110, or the port of implicit TLS, 995.",
        PlaintextKind::MySql => {
            "MySQL begins in clear: the client must use MySQL's own TLS mode (ssl-mode=REQUIRED), not TLS from the first byte; a proxy in TCP mode must not add TLS."
        }
        PlaintextKind::PostgreSql => {
            "PostgreSQL begins in clear: use sslmode=require, or sslnegotiation=direct with server and client of version 17 or later."
        }
        PlaintextKind::Ldap => "Use StartTLS on port 389, or LDAPS on 636.",
        PlaintextKind::Rdp | PlaintextKind::Tds => {
            "This protocol wraps its TLS in messages of its own: a client or proxy must not speak TLS from the first byte."
        }
        PlaintextKind::Redis
        | PlaintextKind::Memcached
        | PlaintextKind::Mqtt
        | PlaintextKind::Amqp => {
            "TLS is not switched on at that port: use the server's TLS port (Redis: tls-port; memcached: -Z; MQTT: 8883; AMQP: 5671)."
        }
        PlaintextKind::Socks | PlaintextKind::ProxyProtocol => {
            "A proxy answers: tell the client that it is one, or make both ends agree on the PROXY protocol."
        }
        _ => "Check the port, and that TLS is switched on there.",
    }
}

/// What to do where the port is the usual one of implicit TLS: the client is right there.
fn remedy_on_tls_port(kind: PlaintextKind, port: u16) -> Option<&'static str> {
    Some(match (kind, port) {
        (PlaintextKind::Smtp | PlaintextKind::SmtpOrFtp, 465) => {
            "Port 465 is for TLS from the first byte: switch that on in the mail server (Postfix master.cf: smtpd_tls_wrappermode=yes for submissions; Exim: tls_on_connect_ports = 465; Sendmail: M=s)."
        }
        (PlaintextKind::Ftp | PlaintextKind::SmtpOrFtp, 990) => {
            "Port 990 is for TLS from the first byte: switch that on in the FTP server (vsftpd: implicit_ssl=YES; ProFTPD: TLSOptions UseImplicitSSL)."
        }
        (PlaintextKind::Imap, 993) => {
            "Port 993 is for TLS from the first byte: switch that on in the mail server (Dovecot: inet_listener imaps with ssl = yes)."
        }
        (PlaintextKind::Pop3, 995) => {
            "Port 995 is for TLS from the first byte: switch that on in the mail server (Dovecot: inet_listener pop3s with ssl = yes)."
        }
        (
            PlaintextKind::HttpResponse(_) | PlaintextKind::Html | PlaintextKind::Http2,
            443 | 8443,
        ) => {
            "The server speaks plain HTTP on a port of HTTPS: switch TLS on there (nginx: listen 443 ssl; Apache: SSLEngine on; HAProxy: bind ... ssl crt; Kubernetes: the Service's targetPort and the Ingress's tls)."
        }
        (PlaintextKind::Redis | PlaintextKind::Mqtt | PlaintextKind::Amqp, 8883 | 5671 | 6380) => {
            "The port is the usual one for TLS: switch TLS on at the server (Mosquitto: listener 8883 with certfile and keyfile; RabbitMQ: listeners.ssl.default = 5671; Redis: tls-port)."
        }
        _ => return None,
    })
}

fn check(case: &Case<'_>) -> Verdict {
    if case.connection.has_gap(Side::Client) {
        // What was missed may have been the request that this answers, of STARTTLS or to a proxy.
        return Err(Skip::Undetermined);
    }
    let connection = case.connection;
    let Some(hello) = path::hello_at(connection) else { return Err(Skip::NotApplicable) };
    if connection.first_tls.server.is_some() {
        return Ok(None);
    }
    path::both_seen(connection)?;
    let Some(answer) = &connection.plaintext.server else {
        let waiting = connection.stream(Side::Server).data_segments > 0;
        return if waiting { Err(Skip::Undetermined) } else { Ok(None) };
    };
    if !connection.stream(Side::Server).from_start {
        // The stream was joined in its middle: this may be the middle of a record.
        return Err(Skip::Undetermined);
    }
    let kind = answer.value.kind;
    let first = answer.at.order() < hello.order();
    let title = if first {
        format!("the server speaks {kind}, which does not begin with TLS")
    } else {
        format!("the server answered the ClientHello with {kind}")
    };
    let port = connection.server.port;
    let (party, remedy) = match remedy_on_tls_port(kind, port) {
        Some(remedy) => (Party::Server, remedy),
        None => (Party::Client, remedy(kind)),
    };
    Ok(Some(
        Finding::new(party, title)
            .evidence_if(Some(hello).filter(|_| !first), || "the ClientHello".to_owned())
            .evidence(answer.at, format!("the server sends in clear: {}", answer.value.quote))
            .evidence_if(Some(hello).filter(|_| first), || "the ClientHello".to_owned())
            .explain(if first {
                "The server greeted before the client spoke, as protocols do that turn to TLS later, if at all."
            } else {
                "The server did not recognize the ClientHello: it speaks another protocol on that port."
            })
            .remedy(remedy)
            .seen_as(&[
                "OpenSSL: error:0A00010B:SSL routines::wrong version number",
                "curl: (35) ... wrong version number",
                "Go: tls: first record does not look like a TLS handshake",
                "Go: http: server gave HTTP response to HTTPS client",
                "Java: javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",
                "Node: Error: write EPROTO ... wrong version number",
                "GnuTLS: An unexpected TLS packet was received",
                "browsers: ERR_SSL_PROTOCOL_ERROR, SSL_ERROR_RX_RECORD_TOO_LONG",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn undetermined_where_the_request_may_have_been_missed() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            r#"client Plain "CONNECT shop.example:443 HTTP/1.1\r\n\r\n" lose
             server Plain "HTTP/1.1 200 OK\r\n\r\n"
             client ClientHello sni=shop.example versions=1.2
             server Alert fatal handshake_failure"#,
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_speaks_http() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            r#"client ClientHello sni=shop.example
             server Plain "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
             server FIN"#,
            expect![[r#"
                error protocol.plaintext-reply (certain, server): the server answered the ClientHello with an HTTP answer with status 400
                  frame 4: the ClientHello
                  frame 5: the server sends in clear: HTTP/1.1 400 Bad Request
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_had_greeted() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            r#"port 25
             server Plain "220 mail.example ESMTP Postfix\r\n"
             client ClientHello sni=mail.example
             server Plain "500 5.5.2 Error: bad syntax\r\n"
             client FIN"#,
            expect![[r#"
                error protocol.plaintext-reply (certain, client): the server speaks SMTP, which does not begin with TLS
                  frame 4: the server sends in clear: 220 mail.example ESMTP Postfix
                  frame 5: the ClientHello
            "#]],
        );
    }

    #[test]
    fn fires_when_it_is_ssh() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            r#"port 22
             client ClientHello
             server Plain "SSH-2.0-OpenSSH_9.2\r\n"
             client FIN"#,
            expect![[r#"
                error protocol.plaintext-reply (certain, client): the server answered the ClientHello with SSH
                  frame 4: the ClientHello
                  frame 5: the server sends in clear: SSH-2.0-OpenSSH_9.2
            "#]],
        );
    }

    #[test]
    fn clear_when_the_answer_is_tls() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_starttls_came_first() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
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
    fn not_applicable_without_a_hello() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            r#"client SYN
             server SYN-ACK
             client ACK
             server Plain "220 mail.example ESMTP\r\n"
             client FIN"#,
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_stream_was_joined_late() {
        check(
            &super::PROTOCOL_PLAINTEXT_REPLY,
            r#"no-syn
             client ClientHello
             server Plain "what may be the middle of something"
             client FIN"#,
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
