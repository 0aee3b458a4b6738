//! `tcp.refused`: the SYN was answered by a reset.

use tlsleuth_handshake::Side;

use crate::ending::{How, Phase};
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// The SYN was answered by a reset.
    ///
    /// ## What happened
    /// The server's host, or a firewall in its place, refused the connection at once.
    /// ## Likely causes
    /// Nothing listens on that port: the service is down, listens on another port or on another
    /// address; or a firewall rejects with a reset.
    /// ## When it cannot be told
    /// Where the SYN is not in the capture.
    pub static TCP_REFUSED {
        code: "tcp.refused",
        severity: Error,
        since: "0.1.0",
        needs: [RESET],
        leads_to: [],
        references: ["RFC 9293 §3.5.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let transport = &connection.transport;
    let Some(syn) = &transport.syn else {
        let joined = connection.tls_seen() || connection.stream(Side::Client).data_segments > 0;
        return Err(if joined { Skip::NotApplicable } else { Skip::Undetermined });
    };
    let ending = &case.ending;
    let How::Reset(reset) = ending.how else { return Ok(None) };
    if !ending.is(Side::Server, Phase::Connecting) || transport.syn_ack.is_some() {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(Party::Server, format!("{} refused the connection", connection.server))
            .evidence(syn.at, "the client asks for a connection")
            .evidence(reset.at, format!("a reset answers the SYN (TTL {})", reset.ttl))
            .explain("The host is there, and nothing listens on that port; or a firewall in front of it rejects with a reset.")
            .remedy("Start the service, or correct the port: on the server, ss -ltnp shows what listens where (127.0.0.1 or [::1] is not reached from outside).")
            .remedy("Kubernetes: the Service's targetPort against the container's port, and whether the pod is ready. Linux firewall: look for REJECT --reject-with tcp-reset.")
            .seen_as(&[
                "curl: (7) Failed to connect to ... port 443: Connection refused",
                "Go: dial tcp ...: connect: connection refused",
                "Java: java.net.ConnectException: Connection refused",
                "Node: connect ECONNREFUSED",
                "nginx: connect() failed (111: Connection refused) while connecting to upstream",
                "browsers: ERR_CONNECTION_REFUSED",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_a_reset_answers_the_syn() {
        check(
            &super::TCP_REFUSED,
            "client SYN
             server RST",
            expect![[r#"
                error tcp.refused (certain, server): 10.0.0.2:443 refused the connection
                  frame 1: the client asks for a connection
                  frame 2: a reset answers the SYN (TTL 64)
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_accepted() {
        check(
            &super::TCP_REFUSED,
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
    fn clear_when_the_reset_comes_later() {
        check(
            &super::TCP_REFUSED,
            "client ClientHello
             server RST",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_the_capture_starts_later() {
        check(
            &super::TCP_REFUSED,
            "no-syn
             client ClientHello sni=shop.example versions=1.2
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
    fn undetermined_when_the_syn_is_not_there() {
        check(
            &super::TCP_REFUSED,
            "no-syn
             server RST",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
