//! `version.no-overlap`: the two sides have no protocol version in common.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::{AlertDescription, ProtocolVersion};
use tlsleuth_handshake::connection::Alert;
use tlsleuth_handshake::message::OfferedVersions;

use crate::ending::Phase;
use crate::offer::Part;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, server_setting, wording};

declare_rule! {
    /// The client and the server have no protocol version in common.
    ///
    /// ## What happened
    /// The server refused the ClientHello for its versions, or the client refused the version that
    /// the server chose.
    /// ## Likely causes
    /// An old client (TLS 1.0 or 1.1 only) meets a server that allows TLS 1.2 and newer; or a client
    /// or server is set to TLS 1.3 alone and the other side is older.
    /// ## When it cannot be told
    /// GnuTLS says `handshake_failure` instead of `protocol_version`: then the verdict is inferred
    /// from an offer in which nothing else is unusual.
    pub static VERSION_NO_OVERLAP {
        code: "version.no-overlap",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["peer.handshake-failure", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello"],
        references: ["RFC 5246 §7.2.2", "RFC 8446 §4.2.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let ending = &case.ending;
    if let Some(ssl2) = refused_ssl2(case) {
        return Ok(Some(ssl2));
    }
    let hello = match (case.client_hello(), ending.alert()) {
        (Err(Skip::Undetermined), Some(alert))
            if alert.description == Some(AlertDescription::PROTOCOL_VERSION) =>
        {
            return Ok(Some(without_hello(case, alert)));
        }
        (hello, _) => hello?,
    };
    let offered = hello.value.offered_versions();
    let Some(alert) = ending.alert() else { return Ok(None) };
    let at_hello = ending.phase == Phase::ClientHello && ending.by == Side::Server;
    let said = alert.description;
    if !matches!(
        said,
        Some(AlertDescription::PROTOCOL_VERSION | AlertDescription::HANDSHAKE_FAILURE)
    ) {
        return Ok(None);
    }
    let shown = match offered {
        OfferedVersions::UpTo(highest) => format!("up to {highest}"),
        OfferedVersions::Listed(_) => wording::list(offered.known()),
    };
    let finding = if at_hello && said == Some(AlertDescription::PROTOCOL_VERSION) {
        if hello.value.has_fallback_scsv() {
            return Ok(None);
        }
        Finding::new(
            party(&offered),
            format!("the server takes none of the client's versions ({shown})"),
        )
        .evidence(hello.at, format!("the client offers {shown}"))
        .evidence(alert.at, "the server answers protocol_version")
        .explain(match offered.highest() {
            Some(ProtocolVersion::TLS1_2) => "So the server allows TLS 1.3 alone.",
            Some(highest) if highest.is_tls13() && offers(&offered, ProtocolVersion::TLS1_2) => {
                "TLS 1.2 is among them: the server wants TLS 1.3 in another draft, or does not understand the offer."
            }
            Some(highest) if highest.is_deprecated() => "Servers of today allow TLS 1.2 and newer.",
            _ => "So the server has nothing newer than TLS 1.2.",
        })
    } else if ending.by == Side::Client
        && said == Some(AlertDescription::PROTOCOL_VERSION)
        && let Some(version) = case.connection.negotiated_version()
    {
        let chosen = version.value;
        Finding::new(
            if chosen.is_deprecated() { Party::Server } else { Party::Client },
            format!("the client refuses {chosen}, which the server chose"),
        )
        .evidence(hello.at, format!("the client offers {shown}"))
        .evidence(version.at, format!("the server chooses {chosen}"))
        .evidence(alert.at, "the client answers protocol_version")
        .explain(format!(
            "The server's newest version is {chosen}, and the client's policy forbids it."
        ))
    } else if at_hello
        && matches!(said, Some(AlertDescription::HANDSHAKE_FAILURE))
        && let Some(suspect) = case.prime_suspect()
        && suspect.part == Part::Versions
    {
        let finding = Finding::new(
            party(&offered),
            format!("the server takes none of the client's versions ({shown})"),
        )
        .evidence(hello.at, format!("the client offers {shown}"))
        .evidence(alert.at, "the server answers handshake_failure");
        // TLS 1.2 is still usual: that the client names no server is as good a reason.
        let finding = if suspect.weight < 2 && hello.value.extensions.server_name().is_none() {
            finding.possible(
                "The client sends no server name either, which some servers refuse like this.",
            )
        } else {
            finding
        };
        finding
        .likely(format!(
            "Inferred: {}, and nothing else in the hello is unusual. Some stacks (GnuTLS) say \
                 handshake_failure where others say protocol_version.",
            suspect.says
        ))
        .next_step(format!(
            "ask the server for each version: openssl s_client -connect {} -tls1_2, then -tls1_3",
            case.connection.server
        ))
    } else {
        return Ok(None);
    };
    Ok(Some(remedy(case, finding, &offered)))
}

fn offers(offered: &OfferedVersions<'_>, version: ProtocolVersion) -> bool {
    match offered {
        OfferedVersions::Listed(_) => offered.known().into_iter().any(|known| known == version),
        OfferedVersions::UpTo(highest) => *highest >= version,
    }
}

/// The alert says it by itself; what was offered is not in the capture.
fn without_hello(case: &Case<'_>, alert: &Alert) -> Finding {
    let (who, other) = (alert.from.name(), alert.from.peer().name());
    let finding =
        Finding::new(Party::Unknown, format!("the {who} takes none of the {other}'s versions"))
            .evidence(alert.at, format!("the {who} answers protocol_version"))
            .explain("Which versions were offered is not in the capture.")
            .next_step("capture the connection from its first packet");
    remedy(case, finding, &OfferedVersions::UpTo(ProtocolVersion::TLS1_2))
}

/// Whoever lags behind: a client without TLS 1.2, a server without TLS 1.3.
fn party(offered: &OfferedVersions<'_>) -> Party {
    match offered.highest() {
        Some(version) if version.is_tls13() => Party::Server,
        _ => Party::Client,
    }
}

fn remedy(case: &Case<'_>, finding: Finding, offered: &OfferedVersions<'_>) -> Finding {
    let highest = offered.highest().unwrap_or(ProtocolVersion::TLS1_2);
    let mut finding = finding;
    if let Some(seen) = case.context.servers.chose(case.connection) {
        let version = seen.value.negotiated_version();
        finding = finding
            .evidence(seen.at, format!("in another connection the same server chooses {version}"));
    }
    if let Some(setting) = server_setting::versions(case.connection) {
        finding = finding.remedy(format!("The server's versions are set in {setting}."));
    }
    let finding = if highest.is_tls13() {
        finding
            .remedy("Allow TLS 1.3 on the server (nginx: ssl_protocols TLSv1.2 TLSv1.3; Java 8: update to 8u261 or newer; OpenSSL 1.1.1 or newer),")
            .remedy("or let the client offer TLS 1.2 as well (curl: drop --tlsv1.3; Go: lower tls.Config.MinVersion).")
    } else {
        finding
            .remedy("Let the client offer newer versions: update it, or lift the limit in its settings (Java: jdk.tls.client.protocols; .NET: SslProtocols; Python: ssl.PROTOCOL_TLS_CLIENT; OpenSSL: MaxProtocol in openssl.cnf).")
            .remedy(if highest == ProtocolVersion::TLS1_2 {
                "Or allow TLS 1.2 on the server again, which is still sound (nginx: ssl_protocols TLSv1.2 TLSv1.3; HAProxy: ssl-min-ver TLSv1.2; Go: tls.Config.MinVersion; Java: jdk.tls.disabledAlgorithms)."
            } else {
                "Only if it cannot be updated: allow the old version on the server (nginx: ssl_protocols; HAProxy: ssl-min-ver; with OpenSSL 3 TLS 1.0 and 1.1 also need @SECLEVEL=0 in the ciphers)."
            })
    };
    finding.seen_as(&[
        "OpenSSL: tlsv1 alert protocol version",
        "Go: remote error: tls: protocol version not supported",
        "Java: Received fatal alert: protocol_version",
        "nginx: SSL_do_handshake() failed ... unsupported protocol",
        "browsers: ERR_SSL_VERSION_OR_CIPHER_MISMATCH, SSL_ERROR_UNSUPPORTED_VERSION",
    ])
}

/// An SSL 2 hello that offers nothing newer, or whose offer was refused.
fn refused_ssl2(case: &Case<'_>) -> Option<Finding> {
    let ssl2 = &case.connection.ssl2;
    let hello = ssl2.client_hello.as_ref()?;
    if ssl2.server_hello.is_some() || case.connection.hello().is_some() {
        return None;
    }
    if case.connection.outcome != tlsleuth_handshake::Outcome::Failed {
        return None;
    }
    let highest = hello.value.client_version;
    let refused = case.ending.by == Side::Server || case.ending.alert().is_none();
    (refused && highest < ProtocolVersion::TLS1_2).then(|| {
        Finding::new(
            Party::Client,
            format!("the server refuses an SSL 2 hello that offers up to {highest}"),
        )
        .evidence(
            hello.at,
            format!("the client sends an SSL 2 ClientHello that offers up to {highest}"),
        )
        .evidence_if(case.ending.at, || "the server refuses it".to_owned())
        .likely("Inferred: servers of today know neither the format nor the version.")
        .remedy("Update the client: its TLS library is from before 2010.")
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_says_so() {
        check(
            &super::VERSION_NO_OVERLAP,
            "client ClientHello versions=1.0
             server Alert fatal protocol_version",
            expect![[r#"
                error version.no-overlap (certain, client): the server takes none of the client's versions (up to TLS 1.0)
                  frame 4: the client offers up to TLS 1.0
                  frame 5: the server answers protocol_version
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_refuses_what_was_chosen() {
        check(
            &super::VERSION_NO_OVERLAP,
            "client ClientHello
             server ServerHello negotiated=1.0
             client Alert fatal protocol_version",
            expect![[r#"
                error version.no-overlap (certain, server): the client refuses TLS 1.0, which the server chose
                  frame 4: the client offers TLS 1.3, TLS 1.2
                  frame 5: the server chooses TLS 1.0
                  frame 6: the client answers protocol_version
            "#]],
        );
    }

    #[test]
    fn likely_when_the_server_says_only_handshake_failure() {
        check(
            &super::VERSION_NO_OVERLAP,
            "client ClientHello versions=1.0 suites=ECDHE-RSA-AES128-GCM-SHA256
             server Alert fatal handshake_failure",
            expect![[r#"
                error version.no-overlap (likely, client): the server takes none of the client's versions (up to TLS 1.0)
                  frame 4: the client offers up to TLS 1.0
                  frame 5: the server answers handshake_failure
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::VERSION_NO_OVERLAP,
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
    fn clear_when_a_fallback_is_refused() {
        check(
            &super::VERSION_NO_OVERLAP,
            "client ClientHello versions=1.0 suites=ECDHE-RSA-AES128-SHA,fallback-scsv
             server Alert fatal protocol_version",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_tls() {
        check(
            &super::VERSION_NO_OVERLAP,
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
            &super::VERSION_NO_OVERLAP,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }

    #[test]
    fn fires_for_the_alert_alone() {
        check(
            &super::VERSION_NO_OVERLAP,
            "no-syn
             server Alert fatal protocol_version",
            expect![[r#"
                error version.no-overlap (certain, unknown): the server takes none of the client's versions
                  frame 1: the server answers protocol_version
            "#]],
        );
    }
}
