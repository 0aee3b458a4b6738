//! `version.fallback`: the client fell back to an older version and the server refused that.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// The client fell back with TLS_FALLBACK_SCSV, and the server has a newer version.
    ///
    /// ## What happened
    /// The client failed with a newer version, tried again with an older one and marked the attempt;
    /// the server knows a newer version and refused the detour.
    /// ## Likely causes
    /// The first attempt failed for another reason (network, a crash, a middlebox): look at it.
    /// ## When it cannot be told
    /// Without the ClientHello the mark cannot be seen.
    pub static VERSION_FALLBACK {
        code: "version.fallback",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: [],
        references: ["RFC 7507 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    let refused = alert.from == Side::Server
        && (alert.description == Some(AlertDescription::INAPPROPRIATE_FALLBACK)
            || (alert.description == Some(AlertDescription::PROTOCOL_VERSION)
                && hello.value.has_fallback_scsv()));
    if !refused {
        return Ok(None);
    }
    let newest = hello.value.newest_version();
    let newest =
        newest.map_or_else(|| "an older version".to_owned(), |version| version.to_string());
    Ok(Some(
        Finding::new(Party::Client, format!("the client fell back to {newest}, and the server refused the detour"))
            .evidence(hello.at, format!("the client offers {newest} with TLS_FALLBACK_SCSV"))
            .evidence(alert.at, format!("the server answers {}", alert.description.map_or_else(String::new, |d| d.to_string())))
            .explain("The server knows a newer version. The reason is in the client's attempt before this one.")
            .remedy("Find out why the first attempt with the newer version failed; switch the fallback off in the client.")
            .seen_as(&["OpenSSL: tlsv1 alert inappropriate fallback", "browsers: ERR_SSL_FALLBACK_BEYOND_MINIMUM_VERSION"]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_refuses_the_detour() {
        check(
            &super::VERSION_FALLBACK,
            "client ClientHello versions=1.0 suites=ECDHE-RSA-AES128-SHA,fallback-scsv
             server Alert fatal inappropriate_fallback",
            expect![[r#"
                error version.fallback (certain, client): the client fell back to TLS 1.0, and the server refused the detour
                  frame 4: the client offers TLS 1.0 with TLS_FALLBACK_SCSV
                  frame 5: the server answers inappropriate_fallback
            "#]],
        );
    }

    #[test]
    fn fires_when_the_server_says_protocol_version() {
        check(
            &super::VERSION_FALLBACK,
            "client ClientHello versions=1.0 suites=ECDHE-RSA-AES128-SHA,fallback-scsv
             server Alert fatal protocol_version",
            expect![[r#"
                error version.fallback (certain, client): the client fell back to TLS 1.0, and the server refused the detour
                  frame 4: the client offers TLS 1.0 with TLS_FALLBACK_SCSV
                  frame 5: the server answers protocol_version
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::VERSION_FALLBACK,
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
    fn not_applicable_without_tls() {
        check(
            &super::VERSION_FALLBACK,
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
            &super::VERSION_FALLBACK,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
