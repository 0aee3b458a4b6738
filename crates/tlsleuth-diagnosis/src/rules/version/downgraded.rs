//! `version.downgraded`: the server's random warns that somebody took the newer version away.

use tlsleuth_handshake::codepoint::ProtocolVersion;
use tlsleuth_handshake::message::DowngradeSentinel;

use crate::ending::offended;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// The ServerHello carries the downgrade mark though the client offered more.
    ///
    /// ## What happened
    /// The server knows a newer version, saw an older offer than the client made, and said so in the
    /// last bytes of its random. The client must break off with `illegal_parameter`.
    /// ## Likely causes
    /// A middlebox that rewrites the ClientHello; rarely an attack.
    /// ## When it cannot be told
    /// Without the ClientHello it is not known what was offered.
    pub static VERSION_DOWNGRADED {
        code: "version.downgraded",
        severity: Error,
        since: "0.1.0",
        needs: [OLDER],
        leads_to: ["protocol.malformed", "tcp.reset-during-handshake", "tcp.closed-during-handshake", "peer.client-aborted"],
        references: ["RFC 8446 §4.1.3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let client = case.client_hello()?;
    let server = case.server_hello()?;
    let Some(mark) = server.value.downgrade_sentinel() else { return Ok(None) };
    let negotiated = server.value.negotiated_version();
    let offered = client.value.offered_versions();
    let offered_more = match mark {
        DowngradeSentinel::ToTls12 => {
            negotiated == ProtocolVersion::TLS1_2
                && offered.contains(ProtocolVersion::TLS1_3) == Some(true)
        }
        DowngradeSentinel::ToTls11 => {
            negotiated.rank() < ProtocolVersion::TLS1_2.rank()
                && offered.highest().is_some_and(|highest| highest.rank() > negotiated.rank())
        }
    };
    if !offered_more {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(Party::Network, "the server saw an older offer than the client made")
            .evidence(client.at, format!("the client offers {}", crate::wording::list(offered.known())))
            .evidence(server.at, format!("the server chooses {negotiated} and marks it as a downgrade"))
            .explain("Something between the two took the newer version out of the hello.")
            .remedy("Look for a middlebox with TLS inspection on the path, and capture on the server's side: the hello there differs.")
            .severity(offended(case)),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_mark_is_there() {
        check(
            &super::VERSION_DOWNGRADED,
            "client ClientHello
             server ServerHello negotiated=1.2 sentinel=1.2
             client Alert fatal illegal_parameter",
            expect![[r#"
                error version.downgraded (certain, network): the server saw an older offer than the client made
                  frame 4: the client offers TLS 1.3, TLS 1.2
                  frame 5: the server chooses TLS 1.2 and marks it as a downgrade
            "#]],
        );
    }

    #[test]
    fn clear_without_the_mark() {
        check(
            &super::VERSION_DOWNGRADED,
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
    fn clear_when_the_client_offers_no_more() {
        check(
            &super::VERSION_DOWNGRADED,
            "client ClientHello versions=1.2
             server ServerHello negotiated=1.2 sentinel=1.2",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_an_answer() {
        check(
            &super::VERSION_DOWNGRADED,
            "client ClientHello
             server FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::VERSION_DOWNGRADED,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
