//! `protocol.not-tls`: what the client sent to a TLS port is no TLS.

use tlsleuth_handshake::preamble::PlaintextKind;
use tlsleuth_handshake::{Outcome, Side};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// The client's first bytes at a TLS port are no TLS.
    ///
    /// ## What happened
    /// Where a ClientHello was expected the client sent something else, and the server did not speak
    /// that: it closed, answered with an alert, or said nothing.
    /// ## Likely causes
    /// A client without TLS (mail programs set to "none" or "STARTTLS" on the port of implicit TLS); a
    /// proxy that adds a PROXY header which the server does not expect; a VPN or messenger that uses
    /// port 443 to get through firewalls; a scanner; somebody with telnet.
    /// ## When it cannot be told
    /// Where the client's first bytes are not in the capture. Plain HTTP has a code of its own.
    pub static PROTOCOL_NOT_TLS {
        code: "protocol.not-tls",
        severity: Error,
        since: "0.1.0",
        needs: [IN_CLEAR],
        leads_to: ["protocol.malformed", "peer.handshake-failure"],
        references: ["RFC 9846 §5.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let Some(said) = &connection.plaintext.client else {
        return if connection.first_tls.client.is_some() {
            Ok(None)
        } else if connection.stream(Side::Client).data_segments > 0 {
            Err(Skip::Undetermined)
        } else {
            Err(Skip::NotApplicable)
        };
    };
    let kind = said.value.kind;
    if connection.first_tls.client.is_some()
        || connection.refusal.is_some()
        || !connection.preambles.is_empty()
        || matches!(kind, PlaintextKind::HttpRequest | PlaintextKind::Http2)
    {
        return Ok(None);
    }
    let closed_before =
        connection.first_close().is_some_and(|(_, closed)| closed.order() < said.at.order());
    if closed_before {
        // Nobody reads what comes behind the end.
        return Err(Skip::NotApplicable);
    }
    let established =
        connection.transport.syn_ack.is_some() || connection.stream(Side::Server).segments > 0;
    if !established
        || !connection.stream(Side::Client).from_start
        || connection.outcome == Outcome::Incomplete
    {
        return Err(Skip::Undetermined);
    }
    path::both_seen(connection)?;
    let what = match kind {
        PlaintextKind::Binary => "bytes that are no ClientHello".to_owned(),
        PlaintextKind::Text => "text".to_owned(),
        _ => kind.to_string(),
    };
    let quote = said.value.quote.to_string();
    let first = match quote.is_empty() {
        true => "the client's first bytes, which hold no text".to_owned(),
        false => format!("the client's first bytes: {quote}"),
    };
    let mut finding =
        Finding::new(Party::Client, format!("the client sent {what} to a TLS port, and no TLS"))
            .evidence(said.at, first);
    let alert = connection.alerts.iter().find(|alert| alert.from == Side::Server);
    if let Some(alert) = alert {
        let says = alert.description.map_or_else(|| "an alert".to_owned(), |said| said.to_string());
        finding = finding.evidence(alert.at, format!("the server answers in TLS: {says}"));
    } else if let Some(first) = connection.first_tls.server {
        finding = finding.evidence(first, "the server answers in TLS");
    } else if let Some(answer) = &connection.plaintext.server {
        finding = finding
            .evidence(answer.at, format!("the server answers in clear: {}", answer.value.quote));
    } else {
        let says = "without an answer: inferred from the port that it expects TLS";
        finding = match connection.first_close() {
            Some((by, at)) => finding.evidence(at, format!("the {} ends it", by.name())),
            None => finding,
        }
        .likely(format!("The connection ended {says}."));
    }
    Ok(Some(
        finding
            .remedy(remedy(of_the_port(kind, connection.server.port)))
            .seen_as(&[
                "OpenSSL: error:0A00010B:SSL routines::wrong version number",
                "Go: http: TLS handshake error from ...: tls: first record does not look like a TLS handshake",
                "Java: javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",
                "nginx: SSL_do_handshake() failed (... wrong version number)",
            ]),
    ))
}

/// What text is meant to be at a port of implicit TLS (RFC 8314 §3).
fn of_the_port(kind: PlaintextKind, port: u16) -> PlaintextKind {
    match (kind, port) {
        (PlaintextKind::Text, 465) => PlaintextKind::Smtp,
        (PlaintextKind::Text, 990) => PlaintextKind::Ftp,
        (PlaintextKind::Text, 993) => PlaintextKind::Imap,
        (PlaintextKind::Text, 995) => PlaintextKind::Pop3,
        _ => kind,
    }
}

fn remedy(kind: PlaintextKind) -> &'static str {
    match kind {
        PlaintextKind::Smtp | PlaintextKind::SmtpOrFtp | PlaintextKind::Ftp => {
            "Set the client to implicit TLS (\"SSL/TLS\") on this port, or to STARTTLS on port 587 (FTP: AUTH TLS on 21)."
        }
        PlaintextKind::Imap => {
            "Set the client to implicit TLS (\"SSL/TLS\") on port 993, or to STARTTLS on 143."
        }
        PlaintextKind::Pop3 => {
            "Set the client to implicit TLS (\"SSL/TLS\") on port 995, or to STLS on 110."
        }
        PlaintextKind::ProxyProtocol => {
            "Both ends must agree on the PROXY protocol: switch it on at the server (HAProxy accept-proxy; nginx listen ... proxy_protocol; Traefik proxyProtocol), or off at the load balancer."
        }
        PlaintextKind::Ssh => {
            "This is an SSH client: correct its port, or put a multiplexer such as sslh in front."
        }
        PlaintextKind::Mqtt | PlaintextKind::Amqp | PlaintextKind::Redis => {
            "Switch TLS on in the client (MQTT: mqtts:// or --cafile; AMQP: amqps://; Redis: rediss:// or --tls), or dial the port without TLS."
        }
        PlaintextKind::PostgreSql | PlaintextKind::MySql | PlaintextKind::Ldap => {
            "Let the client speak TLS from the first byte (PostgreSQL 17: sslnegotiation=direct; LDAP: ldaps://), or dial the port where the protocol begins in clear."
        }
        _ => {
            "Find out which program that is (on the client: ss -tnp with this port) and switch TLS on in it, or let it dial another port. A VPN or scanner that uses the port of HTTPS needs no mending."
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_closes() {
        check(
            &super::PROTOCOL_NOT_TLS,
            r#"client Plain "EHLO mail.example\r\n"
             server FIN"#,
            expect![[r#"
                error protocol.not-tls (likely, client): the client sent SMTP to a TLS port, and no TLS
                  frame 4: the client's first bytes: EHLO mail.example
                  frame 5: the server ends it
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_answers_with_an_alert() {
        check(
            &super::PROTOCOL_NOT_TLS,
            r#"client Plain "SSH-2.0-OpenSSH_9.7\r\n"
             server Alert fatal unexpected_message"#,
            expect![[r#"
                error protocol.not-tls (certain, client): the client sent SSH to a TLS port, and no TLS
                  frame 4: the client's first bytes: SSH-2.0-OpenSSH_9.7
                  frame 5: the server answers in TLS: unexpected_message
            "#]],
        );
    }

    #[test]
    fn clear_when_the_client_speaks_tls() {
        check(
            &super::PROTOCOL_NOT_TLS,
            "client ClientHello
             server FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_http() {
        check(
            &super::PROTOCOL_NOT_TLS,
            r#"client Plain "GET / HTTP/1.1\r\n\r\n"
             server FIN"#,
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn does_not_apply_without_a_byte() {
        check(
            &super::PROTOCOL_NOT_TLS,
            "client FIN",
            expect![[r#"
            not applicable
        "#]],
        );
    }

    #[test]
    fn undetermined_when_joined_late() {
        check(
            &super::PROTOCOL_NOT_TLS,
            r#"no-syn
             client Plain "EHLO mail.example\r\n"
             server FIN"#,
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
