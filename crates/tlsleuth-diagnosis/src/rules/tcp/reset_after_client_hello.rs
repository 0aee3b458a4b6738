//! `tcp.reset-after-client-hello`: a reset answered the ClientHello.

use tlsleuth_handshake::Side;

use crate::ending::{How, Phase};
use crate::path::{self, Origin};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// A reset answered the ClientHello before any byte of the server.
    ///
    /// ## What happened
    /// TCP was established, the client sent its ClientHello, and a reset came back in the server's
    /// name.
    /// ## Likely causes
    /// A filter on the way that reads the server name or does not like the hello; a server that
    /// crashed or refuses without an alert (Windows, F5, HAProxy with `silent-drop` or `reject`); a
    /// load balancer without a healthy server behind it; a server that does not speak TLS there.
    /// ## When it cannot be told
    /// Who sent the reset is told by its TTL: from another distance than the server's own segments,
    /// another host sent it. A forger may imitate the TTL.
    pub static TCP_RESET_AFTER_CLIENT_HELLO {
        code: "tcp.reset-after-client-hello",
        severity: Error,
        since: "0.1.0",
        needs: [RESET],
        leads_to: [],
        references: ["RFC 9293 §3.5.2", "RFC 3360"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let ending = &case.ending;
    let hello = path::hello(connection)?;
    let How::Reset(reset) = ending.how else { return Ok(None) };
    if !ending.is(Side::Server, Phase::ClientHello) || path::server_answered(connection) {
        return Ok(None);
    }
    path::both_seen(connection)?;
    let origin = path::origin(connection, &reset);
    let after = reset.at.time.since(hello.time);
    let name = case.server_name().ok().map(|name| name.value.to_string());
    let (party, title) = match origin {
        Origin::Other => (
            Party::Network,
            "another host than the server answered the ClientHello with a reset".to_owned(),
        ),
        Origin::Same | Origin::Unknown => {
            (Party::Server, "the ClientHello was answered by a reset".to_owned())
        }
    };
    let finding = Finding::new(party, title)
        .evidence(
            hello,
            match &name {
                Some(name) => format!("the ClientHello, for `{name}`"),
                None => "the ClientHello, without a server name".to_owned(),
            },
        )
        .evidence(
            reset.at,
            format!("{} later {}", path::duration(after), path::reset_says(connection, &reset)),
        );
    let finding = match origin {
        Origin::Other => finding
            .likely("Inferred: the reset came from another distance (its TTL differs) than the server's own segments, so a device on the way sent it in the server's name: a firewall, an intrusion prevention system or a censor that read the ClientHello.")
            .remedy("Ask whoever runs the firewall or proxy between the two why this name, address or client is blocked.")
            .remedy("To see what it dislikes, try another server name, and another version (openssl s_client -tls1_2)."),
        Origin::Same => finding
            .explain("The reset came from as far away as the server's own segments: the server's host sent it, or the load balancer that stands for it.")
            .remedy("Look in the server's log at this time: a crash, a refusal (Windows: Schannel events 36874 and 36888), a full queue. A load balancer (AWS NLB, HAProxy, Kubernetes Service) resets when no healthy server is behind it.")
            .remedy("Check that the port is one for TLS, and that it expects no PROXY protocol header (HAProxy accept-proxy, nginx proxy_protocol)."),
        Origin::Unknown => finding
            .explain("Whether the server or a device on the way sent it cannot be told by its TTL.")
            .remedy("Look in the server's log at this time; if it shows nothing, ask whoever runs the firewall between the two."),
    };
    Ok(Some(
        finding
            .seen_as(&[
                "curl: (35) Recv failure: Connection reset by peer / OpenSSL SSL_connect: Connection reset by peer",
                "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL",
                "Go: read tcp ...: read: connection reset by peer",
                "Java: java.net.SocketException: Connection reset",
                "Node: read ECONNRESET",
                "browsers: ERR_CONNECTION_RESET, PR_CONNECT_RESET_ERROR",
            ])
            .next_step("capture on the server as well: a reset that the server never sent was made on the way")
            .next_step(wording::s_client(&connection.server, name.as_deref())),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_and_says_that_the_server_did_it() {
        check(
            &super::TCP_RESET_AFTER_CLIENT_HELLO,
            "client ClientHello sni=shop.example
             server RST",
            expect![[r#"
                error tcp.reset-after-client-hello (certain, server): the ClientHello was answered by a reset
                  frame 4: the ClientHello, for `shop.example`
                  frame 5: 1.0 ms later a reset in the server's name: TTL 64, IP ID 1002, window 64240; the server's own segments have TTL 64, last IP ID 1001
            "#]],
        );
    }

    #[test]
    fn fires_and_says_that_another_host_did_it() {
        check(
            &super::TCP_RESET_AFTER_CLIENT_HELLO,
            "client ClientHello sni=shop.example
             server ACK
             server RST ttl=57 id=0",
            expect![[r#"
                error tcp.reset-after-client-hello (likely, network): another host than the server answered the ClientHello with a reset
                  frame 4: the ClientHello, for `shop.example`
                  frame 6: 2.0 ms later a reset in the server's name: TTL 57, IP ID 0, window 64240; the server's own segments have TTL 64, last IP ID 1002
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_had_answered() {
        check(
            &super::TCP_RESET_AFTER_CLIENT_HELLO,
            "client ClientHello
             server ServerHello
             server RST",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_client_resets() {
        check(
            &super::TCP_RESET_AFTER_CLIENT_HELLO,
            "client ClientHello
             client RST",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_hello() {
        check(
            &super::TCP_RESET_AFTER_CLIENT_HELLO,
            "client SYN
             server RST",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_server_side_is_missing() {
        check(
            &super::TCP_RESET_AFTER_CLIENT_HELLO,
            "client SYN
             server SYN-ACK lose
             client ACK
             client ClientHello sni=shop.example
             server ServerHello lose
             client ACK
             server RST",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
