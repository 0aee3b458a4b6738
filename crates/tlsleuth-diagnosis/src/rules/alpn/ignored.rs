//! `alpn.ignored`: the client offered application protocols, and the server selected none.

use tlsleuth_handshake::Observed;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, wording};

declare_rule! {
    /// The client offered application protocols, and the server selected none.
    ///
    /// ## What happened
    /// The server's answer has no ALPN extension. Clients then speak HTTP/1.1, or give up if they
    /// need another protocol (gRPC).
    /// ## Likely causes
    /// The server or the load balancer in front of it has no ALPN configured.
    /// ## When it cannot be told
    /// TLS 1.3 hides the answer: without secrets it is undetermined.
    pub static ALPN_IGNORED {
        code: "alpn.ignored",
        severity: Info,
        since: "0.1.0",
        needs: [ALPN_IGNORED],
        leads_to: [],
        references: ["RFC 7301 §3.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let client = case.client_hello()?;
    let offered = client.value.extensions.alpn().ok_or(Skip::NotApplicable)?;
    let server = case.server_hello()?;
    let at = if case.connection.is_tls13() {
        match &case.connection.encrypted_extensions {
            Observed::Present(extensions) => extensions.at,
            Observed::Absent => return Err(Skip::NotApplicable),
            Observed::Encrypted | Observed::Missed => return Err(Skip::Undetermined),
        }
    } else {
        server.at
    };
    if case.connection.alpn_selected().is_some() {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(Party::Server, "the server selected no application protocol")
            .evidence(client.at, format!("the client offers ALPN {}", wording::list(offered)))
            .evidence(at, "the server's answer has no ALPN")
            .remedy("If HTTP/2 or gRPC is wanted, enable it where TLS ends (nginx: http2 on; HAProxy: alpn h2,http/1.1)."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_none_is_selected() {
        check(
            &super::ALPN_IGNORED,
            "client ClientHello alpn=h2,http/1.1 versions=1.2
             server ServerHello",
            expect![[r#"
                info alpn.ignored (certain, server): the server selected no application protocol
                  frame 4: the client offers ALPN h2, http/1.1
                  frame 5: the server's answer has no ALPN
            "#]],
        );
    }

    #[test]
    fn clear_when_one_is_selected() {
        check(
            &super::ALPN_IGNORED,
            "client ClientHello alpn=h2,http/1.1 versions=1.2
             server ServerHello alpn=h2",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_none_is_offered() {
        check(
            &super::ALPN_IGNORED,
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
    fn undetermined_when_it_is_encrypted() {
        check(
            &super::ALPN_IGNORED,
            "client ClientHello alpn=h2
             server ServerHello negotiated=1.3 + Encrypted 1200",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
