//! `version.intolerant`: a hello with newer versions fails where an older one succeeds.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription as Alert;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// A hello with newer versions fails, and the same client's older hello to the same server works.
    ///
    /// ## What happened
    /// The server, or something in front of it, does not stand a hello that offers newer versions, in
    /// place of choosing an older one.
    /// ## Likely causes
    /// An old TLS library or middlebox with a bug in its version negotiation, or one that drops large
    /// hellos.
    /// ## When it cannot be told
    /// Only where the capture has both attempts.
    pub static VERSION_INTOLERANT {
        code: "version.intolerant",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["peer.handshake-failure", "peer.internal-error", "protocol.malformed", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello", "tcp.server-silent", "tcp.client-hello-lost"],
        references: ["RFC 8446 §D.5", "RFC 7507 §1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    if case.completed() || !case.ending.is(Side::Server, Phase::ClientHello) {
        return Ok(None);
    }
    // A server that says protocol_version or unrecognized_name has understood the hello.
    if matches!(
        case.ending.description(),
        Some(
            Alert::PROTOCOL_VERSION
                | Alert::UNRECOGNIZED_NAME
                | Alert::NO_APPLICATION_PROTOCOL
                | Alert::INAPPROPRIATE_FALLBACK
        )
    ) {
        return Ok(None);
    }
    let Some(newest) = hello.value.newest_version() else { return Ok(None) };
    let Some(older) = case.context.servers.succeeded_with_older(case.connection) else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(
            Party::Server,
            format!("the server does not stand a hello with {newest}; one up to {} works", older.value),
        )
        .evidence(hello.at, format!("the client offers up to {newest}, and the server breaks off"))
        .evidence(
            older.at,
            format!("the same client offers up to {}, and the handshake completes", older.value),
        )
        .likely("Inferred from the two attempts: a server that is merely older would choose the older version.")
        .remedy("Update the server's TLS library, or the load balancer or firewall in front of it; until then limit the client to the older version."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_an_older_hello_works() {
        check(
            &super::VERSION_INTOLERANT,
            "client ClientHello sni=shop.example
             server FIN
             connection
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                error version.intolerant (likely, server): the server does not stand a hello with TLS 1.3; one up to TLS 1.2 works
                  frame 4: the client offers up to TLS 1.3, and the server breaks off
                  frame 9: the same client offers up to TLS 1.2, and the handshake completes
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_no_older_hello_was_tried() {
        check(
            &super::VERSION_INTOLERANT,
            "client ClientHello sni=shop.example
             server FIN",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_server_understood_it() {
        check(
            &super::VERSION_INTOLERANT,
            "client ClientHello sni=shop.example
             server Alert fatal protocol_version
             connection
             client ClientHello sni=shop.example versions=1.2
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_tls() {
        check(
            &super::VERSION_INTOLERANT,
            "client SYN
             server RST",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::VERSION_INTOLERANT,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
