//! `version.deprecated`: a version that RFC 8996 or an older one took out of use was negotiated.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// SSL 2, SSL 3, TLS 1.0 or TLS 1.1 was negotiated.
    ///
    /// ## What happened
    /// The two sides agreed on a version that is no longer safe, and that today's clients refuse.
    /// ## Likely causes
    /// One side is old, or allows old versions for old peers.
    /// ## When it cannot be told
    /// Without the ServerHello the negotiated version is not known.
    pub static VERSION_DEPRECATED {
        code: "version.deprecated",
        severity: Warning,
        since: "0.1.0",
        needs: [OLDER],
        leads_to: [],
        references: ["RFC 8996", "RFC 7568", "RFC 6176"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let (version, at) = match &case.connection.ssl2.server_hello {
        Some(hello) => (hello.value.server_version, hello.at),
        None => {
            let version = case.negotiated_version()?;
            (version.value, version.at)
        }
    };
    if !version.is_deprecated() {
        return Ok(None);
    }
    let newest = case.client_hello().ok().and_then(|hello| hello.value.newest_version());
    let party = match newest {
        Some(newest) if newest.rank() > version.rank() => Party::Server,
        _ => Party::Client,
    };
    let lags = match party {
        Party::Server => "The client offers more; the server has nothing newer.".to_owned(),
        _ => format!("The client offers nothing newer than {version}."),
    };
    Ok(Some(
        Finding::new(party, format!("{version} was negotiated, which is deprecated"))
            .evidence(at, format!("the server chooses {version}"))
            .explain(lags)
            .explain("Browsers, Go, Java and OpenSSL of today refuse it by default.")
            .remedy("Allow TLS 1.2 and 1.3 on both sides (nginx: ssl_protocols TLSv1.2 TLSv1.3; Apache: SSLProtocol -all +TLSv1.2 +TLSv1.3), then take the old versions out.")
            .seen_as(&[
                "OpenSSL: unsupported protocol",
                "Go: tls: server selected unsupported protocol version",
                "Java: The server selected protocol version TLS10 is not accepted by client preferences",
                "browsers: ERR_SSL_OBSOLETE_VERSION",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_tls_1_0() {
        check(
            &super::VERSION_DEPRECATED,
            "client ClientHello versions=1.0
             server ServerHello negotiated=1.0 + Certificate leaf=shop.example",
            expect![[r#"
                warning version.deprecated (certain, client): TLS 1.0 was negotiated, which is deprecated
                  frame 5: the server chooses TLS 1.0
            "#]],
        );
    }

    #[test]
    fn blames_the_server_that_has_nothing_newer() {
        check(
            &super::VERSION_DEPRECATED,
            "client ClientHello
             server ServerHello negotiated=1.1",
            expect![[r#"
                warning version.deprecated (certain, server): TLS 1.1 was negotiated, which is deprecated
                  frame 5: the server chooses TLS 1.1
            "#]],
        );
    }

    #[test]
    fn clear_for_tls_1_2() {
        check(
            &super::VERSION_DEPRECATED,
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
            &super::VERSION_DEPRECATED,
            "client ClientHello
             server FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_answer_was_missed() {
        check(
            &super::VERSION_DEPRECATED,
            "client ClientHello versions=1.0
             server ServerHello negotiated=1.0 lose
             server Certificate leaf=shop.example
             client ACK",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
