//! `protocol.proxy-refused`: a proxy refused the tunnel.

use tlsleuth_handshake::preamble::{Protocol, Refusal};

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// An HTTP CONNECT or SOCKS proxy refused the tunnel.
    ///
    /// ## What happened
    /// The client asked a proxy for a way to the server; the proxy said no, so TLS never began.
    /// ## Likely causes
    /// The proxy wants credentials (407); its rules forbid the target or the port (403; Squid's
    /// SSL_ports); it cannot resolve or reach the target (502, 503, 504).
    /// ## When it cannot be told
    /// Where the proxy's answer is not in the capture.
    pub static PROTOCOL_PROXY_REFUSED {
        code: "protocol.proxy-refused",
        severity: Error,
        since: "0.1.0",
        needs: [REFUSAL],
        leads_to: [
            "tcp.no-client-hello",
            "tcp.closed-after-client-hello",
            "tcp.closed-during-handshake",
            "tcp.reset-during-handshake",
            "protocol.plaintext-reply",
            "protocol.http-to-tls-port",
        ],
        references: ["RFC 9110 §9.3.6", "RFC 1928 §6"],
    }
}

/// The status in a line such as `HTTP/1.1 407 Proxy Authentication Required`.
fn status(reason: &Refusal) -> Option<u16> {
    let Refusal::Line(line) = reason else { return None };
    line.to_string().split(' ').nth(1)?.parse().ok()
}

/// What to do, and who has to do it.
fn remedy(protocol: Option<Protocol>, reason: &Refusal) -> (Party, &'static str) {
    match (protocol, status(reason), reason) {
        (_, Some(407), _) => (
            Party::Client,
            "Give the client the proxy's credentials (curl --proxy-user, https_proxy=http://user:password@proxy:port; Java disables Basic for tunnels unless jdk.http.auth.tunneling.disabledSchemes is empty).",
        ),
        (_, Some(403 | 405), _) => (
            Party::Network,
            "Ask whoever runs the proxy to allow this target and port (Squid: acl SSL_ports, http_access), or take the target out of the proxy (NO_PROXY) if it can be reached directly.",
        ),
        (_, Some(502..=504), _) => (
            Party::Network,
            "The proxy could not resolve or reach the target: check the name in the proxy's eyes, its route and its firewall.",
        ),
        (Some(Protocol::Socks5), _, Refusal::Code { code: 2, .. }) => {
            (Party::Network, "The SOCKS proxy's rules forbid the target: ask whoever runs it.")
        }
        (Some(Protocol::Socks5), _, Refusal::Code { code: 3..=6, .. }) => (
            Party::Network,
            "The SOCKS proxy could not reach the target: check the name in the proxy's eyes (socks5h:// lets the proxy resolve it), its route, and whether the target listens.",
        ),
        (Some(Protocol::Socks5), _, Refusal::Code { code: 255, .. }) => (
            Party::Client,
            "The SOCKS proxy accepts none of the client's ways to log in: give it a user name and a password.",
        ),
        _ => (
            Party::Network,
            "Look in the proxy's log at this time; check the proxy's address and rules, and whether this target needs the proxy at all (NO_PROXY).",
        ),
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let Some(refusal) = &connection.refusal else {
        path::both_seen(connection)?;
        let tunnel =
            connection.preambles.iter().any(|preamble| preamble.value.protocol.is_tunnel());
        return if tunnel { Ok(None) } else { Err(Skip::NotApplicable) };
    };
    let protocol = refusal.value.protocol;
    if !protocol.is_some_and(Protocol::is_tunnel) {
        return Ok(None);
    }
    let reason = &refusal.value.reason;
    let (party, remedy) = remedy(protocol, reason);
    let target = match &refusal.value.target {
        Some(target) => format!("the tunnel to `{target}`"),
        None => "the tunnel".to_owned(),
    };
    Ok(Some(
        Finding::new(party, format!("the proxy refused {target}: {reason}"))
            .evidence(refusal.at, format!("the proxy answers: {reason}"))
            .explain(format!("{} is a proxy, not the server that the client wants; TLS never began.", connection.server))
            .remedy(remedy)
            .seen_as(&[
                "curl: (56) CONNECT tunnel failed, response 403 / Received HTTP code 407 from proxy after CONNECT",
                "curl: (97) cannot complete SOCKS5 connection",
                "Go: Proxy Authentication Required / Forbidden",
                "Java: java.io.IOException: Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 407 ...\"",
                "Python: ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))",
                "browsers: ERR_TUNNEL_CONNECTION_FAILED",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_proxy_wants_credentials() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
            r#"port 3128
             client Plain "CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n"
             server Plain "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
             client FIN"#,
            expect![[r#"
                error protocol.proxy-refused (certain, client): the proxy refused the tunnel to `shop.example:443`: HTTP/1.1 407 Proxy Authentication Required
                  frame 5: the proxy answers: HTTP/1.1 407 Proxy Authentication Required
            "#]],
        );
    }

    #[test]
    fn fires_when_socks_is_not_allowed() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
            "port 1080
             client Bytes 050100
             server Bytes 0500
             client Bytes 05010003 0c 73686f702e6578616d706c65 01bb
             server Bytes 05020001 00000000 0000
             client FIN",
            expect![[r#"
                error protocol.proxy-refused (certain, network): the proxy refused the tunnel to `shop.example:443`: connection not allowed by ruleset (2)
                  frame 7: the proxy answers: connection not allowed by ruleset (2)
            "#]],
        );
    }

    #[test]
    fn fires_when_the_target_cannot_be_reached() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
            r#"port 3128
             client Plain "CONNECT shop.example:443 HTTP/1.1\r\n\r\n"
             server Plain "HTTP/1.1 503 Service Unavailable\r\n\r\n"
             server FIN"#,
            expect![[r#"
                error protocol.proxy-refused (certain, network): the proxy refused the tunnel to `shop.example:443`: HTTP/1.1 503 Service Unavailable
                  frame 5: the proxy answers: HTTP/1.1 503 Service Unavailable
            "#]],
        );
    }

    #[test]
    fn clear_when_the_tunnel_opens() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
            r#"port 3128
             client Plain "CONNECT shop.example:443 HTTP/1.1\r\n\r\n"
             server Plain "HTTP/1.1 200 Connection established\r\n\r\n"
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
    fn clear_when_it_is_starttls_that_was_refused() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
            r#"port 5432
             client Bytes 00000008 04d2162f
             server Plain "N"
             client FIN"#,
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_proxy() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
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
    fn undetermined_when_the_proxys_side_is_missing() {
        check(
            &super::PROTOCOL_PROXY_REFUSED,
            r#"port 3128
             client SYN
             server SYN-ACK lose
             client ACK
             client Plain "CONNECT shop.example:443 HTTP/1.1\r\n\r\n"
             server Plain "HTTP/1.1 503 No\r\n\r\n" lose
             client FIN"#,
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
