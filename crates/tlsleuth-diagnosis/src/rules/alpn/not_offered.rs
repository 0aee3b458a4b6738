//! `alpn.not-offered`: the server selected a protocol that was not offered.

use crate::ending::offended;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, wording};

declare_rule! {
    /// The server selected an application protocol that the client did not offer.
    ///
    /// ## What happened
    /// The server's ALPN is not in the client's list; clients break off.
    /// ## Likely causes
    /// A server or load balancer with a fixed protocol.
    /// ## When it cannot be told
    /// TLS 1.3 hides the answer.
    pub static ALPN_NOT_OFFERED {
        code: "alpn.not-offered",
        severity: Error,
        since: "0.1.0",
        needs: [ALPN_SELECTED],
        leads_to: ["protocol.malformed", "peer.handshake-failure", "peer.client-aborted", "tcp.reset-during-handshake", "tcp.closed-during-handshake"],
        references: ["RFC 7301 §3.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let client = case.client_hello()?;
    let selected = case.connection.alpn_selected().ok_or(Skip::NotApplicable)?;
    let offered = client.value.extensions.alpn().unwrap_or_default();
    if offered.contains(selected.value) {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(Party::Server, format!("the server selected {}, which the client did not offer", selected.value))
            .evidence(client.at, format!("the client offers ALPN {}", wording::list(offered)))
            .evidence(selected.at, format!("the server selects {}", selected.value))
            .remedy("Let the server choose among the client's protocols; a fixed protocol in a load balancer's setting is the usual culprit.")
            .seen_as(&["Go: tls: server selected unadvertised ALPN protocol", "Java: Invalid server ALPN"])
            .severity(offended(case)),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_another_one_is_selected() {
        check(
            &super::ALPN_NOT_OFFERED,
            "client ClientHello alpn=h2 versions=1.2
             server ServerHello alpn=http/1.1
             client Alert fatal illegal_parameter",
            expect![[r#"
                error alpn.not-offered (certain, server): the server selected http/1.1, which the client did not offer
                  frame 4: the client offers ALPN h2
                  frame 5: the server selects http/1.1
            "#]],
        );
    }

    #[test]
    fn fires_when_none_was_offered() {
        check(
            &super::ALPN_NOT_OFFERED,
            "client ClientHello versions=1.2
             server ServerHello alpn=h2",
            expect![[r#"
                error alpn.not-offered (certain, server): the server selected h2, which the client did not offer
                  frame 4: the client offers ALPN none
                  frame 5: the server selects h2
            "#]],
        );
    }

    #[test]
    fn clear_when_it_was_offered() {
        check(
            &super::ALPN_NOT_OFFERED,
            "client ClientHello alpn=h2 versions=1.2
             server ServerHello alpn=h2",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_none_is_selected() {
        check(
            &super::ALPN_NOT_OFFERED,
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
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::ALPN_NOT_OFFERED,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
