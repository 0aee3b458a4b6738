//! `cipher.not-offered`: the server chose a suite that the client did not offer.

use crate::ending::offended;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The server chose a suite that the client did not offer.
    ///
    /// ## What happened
    /// The suite of the ServerHello is not in the list of the ClientHello. The client must break off
    /// with `illegal_parameter`.
    /// ## Likely causes
    /// A broken server, or a middlebox that answers with the wrong hello.
    /// ## When it cannot be told
    /// Without both hellos.
    pub static CIPHER_NOT_OFFERED {
        code: "cipher.not-offered",
        severity: Error,
        since: "0.1.0",
        leads_to: ["protocol.malformed", "peer.handshake-failure", "peer.client-aborted", "tcp.reset-during-handshake", "tcp.closed-during-handshake"],
        references: ["RFC 8446 §4.1.3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let client = case.client_hello()?;
    let suite = case.cipher_suite()?;
    if client.value.cipher_suites().is_empty()
        || client.value.cipher_suites().contains(&suite.value)
    {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(Party::Server, format!("the server chose {}, which the client did not offer", suite.value))
            .evidence(client.at, format!("the client offers {}", wording::counted(client.value.real_suites().count(), "suite")))
            .evidence(suite.at, format!("the server chooses {}", suite.value))
            .remedy("Update the server's TLS library; look for a middlebox that answers in its place (compare with a capture taken on the server).")
            .seen_as(&["OpenSSL: wrong cipher returned", "Go: tls: server chose an unconfigured cipher suite"])
            .severity(offended(case)),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_another_one_is_chosen() {
        check(
            &super::CIPHER_NOT_OFFERED,
            "client ClientHello versions=1.2 suites=ECDHE-RSA-AES128-GCM-SHA256
             server ServerHello suite=ECDHE-RSA-AES256-GCM-SHA384
             client Alert fatal illegal_parameter",
            expect![[r#"
                error cipher.not-offered (certain, server): the server chose TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, which the client did not offer
                  frame 4: the client offers 1 suite
                  frame 5: the server chooses TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
            "#]],
        );
    }

    #[test]
    fn clear_when_it_was_offered() {
        check(
            &super::CIPHER_NOT_OFFERED,
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
    fn not_applicable_without_an_answer() {
        check(
            &super::CIPHER_NOT_OFFERED,
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
            &super::CIPHER_NOT_OFFERED,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
