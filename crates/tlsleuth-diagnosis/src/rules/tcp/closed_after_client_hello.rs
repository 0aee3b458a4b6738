//! `tcp.closed-after-client-hello`: the server closed without one byte.

use tlsleuth_handshake::Side;

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, path, wording};

/// The port of PostgreSQL (IANA).
const POSTGRESQL: u16 = 5432;

declare_rule! {
    /// The server closed after the ClientHello without one byte.
    ///
    /// ## What happened
    /// The ClientHello arrived, and the server ended the connection with a FIN instead of an answer
    /// or an alert.
    /// ## Likely causes
    /// A server that refuses silently (gRPC's C core for a version, a suite or a protocol that it
    /// does not take); one that expects something before TLS, such as a PROXY protocol header or
    /// STARTTLS; a load balancer without a healthy server behind it; an old server that does not
    /// bear a new hello.
    /// ## When it cannot be told
    /// Why it closed is only in the server's log.
    pub static TCP_CLOSED_AFTER_CLIENT_HELLO {
        code: "tcp.closed-after-client-hello",
        severity: Error,
        since: "0.1.0",
        needs: [CLOSED],
        leads_to: [],
        references: ["RFC 9293 §3.6", "RFC 9846 §6.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let ending = &case.ending;
    let hello = path::hello(connection)?;
    // A server may close on what comes before the hello (a PROXY header that it does not expect).
    let early = ending.phase == Phase::BeforeClientHello && !connection.preambles.is_empty();
    let in_place = ending.phase == Phase::ClientHello || early;
    if ending.how != How::Closed || ending.by != Side::Server || !in_place {
        return Ok(None);
    }
    path::both_seen(connection)?;
    if path::server_answered(connection) {
        return Ok(None);
    }
    let name = case.server_name().ok().map(|name| name.value.to_string());
    let waited = ending.at.map_or(0, |at| at.time.since(hello.time));
    let finding =
        Finding::new(Party::Server, "the server closed after the ClientHello without a byte")
            .evidence(
                hello,
                match &name {
                    Some(name) => format!("the ClientHello, for `{name}`"),
                    None => "the ClientHello, without a server name".to_owned(),
                },
            )
            .evidence_if(ending.at, || {
                format!("{} later the server closes; it has sent nothing", path::duration(waited))
            });
    let finding = if waited >= 1_000_000_000 {
        finding.explain(path::waited("The server", waited))
    } else {
        finding.explain("The server refused without saying why.")
    };
    let finding = if connection.server.port == POSTGRESQL && connection.preambles.is_empty() {
        finding
            .explain("This is PostgreSQL's port, where TLS begins behind an SSLRequest: only servers from 17 on take a ClientHello as the first message.")
            .remedy("Let the client ask with an SSLRequest (libpq: sslmode=require without sslnegotiation=direct; openssl s_client -starttls postgres), and no proxy in TCP mode add TLS on the way to the server.")
    } else {
        finding
    };
    Ok(Some(
        finding
            .explain("Candidates: a server that closes without its alert (gRPC's C core, Dovecot) and did not like the version, the suites or the ALPN offer; a port that expects a PROXY protocol header or STARTTLS first; a load balancer without a healthy server behind it.")
            .remedy("Look in the server's log at this time.")
            .remedy("HAProxy accept-proxy, nginx listen ... proxy_protocol, AWS NLB proxy protocol v2: both ends must agree on the PROXY header. gRPC: the client must offer ALPN h2 and TLS 1.2 or newer. Dovecot: ssl_min_protocol and ssl_cipher_list must fit the client.")
            .seen_as(&[
                "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL / unexpected eof while reading",
                "OpenSSL: error:0A000126:SSL routines::unexpected eof while reading",
                "Go: EOF",
                "Java: javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake",
                "Node: Client network socket disconnected before secure TLS connection was established",
                "browsers: ERR_CONNECTION_CLOSED, PR_END_OF_FILE_ERROR",
            ])
            .next_step(wording::s_client(&connection.server, name.as_deref())),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_says_nothing() {
        check(
            &super::TCP_CLOSED_AFTER_CLIENT_HELLO,
            "client ClientHello sni=shop.example
             server FIN
             client FIN",
            expect![[r#"
                error tcp.closed-after-client-hello (certain, server): the server closed after the ClientHello without a byte
                  frame 4: the ClientHello, for `shop.example`
                  frame 5: 1.0 ms later the server closes; it has sent nothing
            "#]],
        );
    }

    #[test]
    fn says_how_long_the_server_waited() {
        check(
            &super::TCP_CLOSED_AFTER_CLIENT_HELLO,
            "client ClientHello
             server ACK
             wait 60s
             server FIN",
            expect![[r#"
                error tcp.closed-after-client-hello (certain, server): the server closed after the ClientHello without a byte
                  frame 4: the ClientHello, without a server name
                  frame 6: 60.0 s later the server closes; it has sent nothing
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_said_why() {
        check(
            &super::TCP_CLOSED_AFTER_CLIENT_HELLO,
            "client ClientHello
             server Alert fatal handshake_failure
             server FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_client_closes() {
        check(
            &super::TCP_CLOSED_AFTER_CLIENT_HELLO,
            "client ClientHello
             client FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_hello() {
        check(
            &super::TCP_CLOSED_AFTER_CLIENT_HELLO,
            "client SYN
             server SYN-ACK
             client ACK
             server FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::TCP_CLOSED_AFTER_CLIENT_HELLO,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example
             server FIN",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
