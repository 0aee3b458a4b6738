//! `group.no-overlap`: the two sides have no key exchange group in common.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::{AlertDescription, GroupKind, NamedGroup};

use crate::ending::Phase;
use crate::offer::Part;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, wording};

declare_rule! {
    /// The client and the server have no key exchange group in common.
    ///
    /// ## What happened
    /// The server refused the ClientHello, and of all parts of the offer the groups are the unusual
    /// one: neither x25519 nor secp256r1 is among them. Or it went on with a group that the client
    /// does not offer, as Java's servers of TLS 1.2 do, and the client refused that.
    /// ## Likely causes
    /// A client set to one curve (a compliance profile, an HSM) meets a server set to others.
    /// ## When it cannot be told
    /// The server's list is seldom sent. Java says `unexpected_message` where others say
    /// `handshake_failure`.
    pub static GROUP_NO_OVERLAP {
        code: "group.no-overlap",
        severity: Error,
        since: "0.1.0",
        needs: [UNFINISHED],
        leads_to: ["peer.handshake-failure", "protocol.malformed", "peer.client-aborted", "peer.client-rejected-certificate", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello"],
        references: ["RFC 8446 §4.2.7", "RFC 8422 §5.1.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let Some(groups) = hello.value.extensions.supported_groups() else {
        return Err(crate::Skip::NotApplicable);
    };
    if let Some(chosen) = not_offered(case, groups) {
        return Ok(Some(remedy(chosen.evidence(
            hello.at,
            format!("the client offers the groups {}", wording::list(groups)),
        ))));
    }
    if !case.ending.is(Side::Server, Phase::ClientHello) {
        return Ok(None);
    }
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    let said = match alert.description {
        Some(
            said @ (AlertDescription::HANDSHAKE_FAILURE
            | AlertDescription::UNEXPECTED_MESSAGE
            | AlertDescription::ILLEGAL_PARAMETER
            | AlertDescription::MISSING_EXTENSION
            | AlertDescription::INSUFFICIENT_SECURITY),
        ) => said,
        _ => return Ok(None),
    };
    let suspect = case.prime_suspect().filter(|suspect| suspect.part == Part::Groups);
    let elsewhere = case.context.servers.chose(case.connection).and_then(|seen| {
        let group = seen.value.selected_group()?;
        (!groups.contains(&group)).then_some((seen.at, group))
    });
    let inference = match (&suspect, &elsewhere) {
        (Some(suspect), _) => format!("Inferred: {}", suspect.says),
        (None, Some((_, group))) => {
            format!("Inferred: what the server chose elsewhere, {group}, is not offered here")
        }
        (None, None) => return Ok(None),
    };
    let mut finding = Finding::new(
        Party::Client,
        format!("the server takes none of the client's groups ({})", wording::list(groups)),
    )
    .evidence(hello.at, format!("the client offers the groups {}", wording::list(groups)))
    .evidence(alert.at, format!("the server answers {said}"))
    .likely(format!(
        "{inference}; a server does not say which part of the offer it refuses, but this part is the \
         unusual one."
    ));
    if let Some((at, group)) = elsewhere {
        finding = finding.evidence(
            at,
            format!(
                "in another connection the server chooses {group}, which this client does not offer"
            ),
        );
    }
    Ok(Some(remedy(finding)))
}

/// The server went on with an elliptic curve that the client does not offer, and the client refused.
fn not_offered(case: &Case<'_>, groups: &[NamedGroup]) -> Option<Finding> {
    let chosen = case.connection.group()?;
    // A finite field of TLS 1.2 need not be one of the list.
    let finite = chosen.value.kind() == Some(GroupKind::Ffdhe) && !case.connection.is_tls13();
    let refused = case.ending.by == Side::Client && !case.completed();
    if finite || !refused || groups.contains(&chosen.value) {
        return None;
    }
    let group = chosen.value;
    Some(
        Finding::new(
            Party::Client,
            format!("the server goes on with {group}, which the client does not offer"),
        )
        .evidence(chosen.at, format!("the server chooses {group}"))
        .evidence_if(case.ending.at, || "the client refuses".to_owned())
        .explain("A server that has none of the client's groups should say handshake_failure (RFC 8422 §5.1)."),
    )
}

fn remedy(finding: Finding) -> Finding {
    finding
            .remedy("Let the client offer x25519 and secp256r1 (OpenSSL: Groups in openssl.cnf; Go: tls.Config.CurvePreferences; Java: jdk.tls.namedGroups),")
            .remedy("or add the client's groups on the server (nginx: ssl_ecdh_curve; Apache: SSLOpenSSLConfCmd Curves; HAProxy: curves).")
            .seen_as(&[
                "OpenSSL server: no suitable key share, no shared group",
                "OpenSSL client: sslv3 alert handshake failure",
                "Go: tls: no ECDHE curve supported by both client and server",
                "Java: No available named group",
                "OpenSSL client: wrong curve",
            ])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::{check, check_verdict};

    #[test]
    fn fires_where_the_server_goes_on_with_another_group() {
        let story = "client ClientHello sni=shop.example versions=1.2 groups=x448
             server ServerHello negotiated=1.2 + Certificate leaf=shop.example + ServerKeyExchange group=secp256r1 + ServerHelloDone
             client Alert fatal illegal_parameter";
        check(
            &super::GROUP_NO_OVERLAP,
            story,
            expect![[r#"
                error group.no-overlap (certain, client): the server goes on with secp256r1, which the client does not offer
                  frame 5: the server chooses secp256r1
                  frame 6: the client refuses
                  frame 4: the client offers the groups x448
            "#]],
        );
        check_verdict(
            story,
            expect![[r#"
                failed: group.no-overlap
            "#]],
        );
    }

    #[test]
    fn fires_for_an_unusual_group() {
        check(
            &super::GROUP_NO_OVERLAP,
            "client ClientHello groups=secp521r1 versions=1.3
             server Alert fatal handshake_failure",
            expect![[r#"
                error group.no-overlap (likely, client): the server takes none of the client's groups (secp521r1)
                  frame 4: the client offers the groups secp521r1
                  frame 5: the server answers handshake_failure
            "#]],
        );
    }

    #[test]
    fn fires_for_java_s_word_for_it() {
        check(
            &super::GROUP_NO_OVERLAP,
            "client ClientHello groups=x448 versions=1.3
             server Alert fatal unexpected_message",
            expect![[r#"
                error group.no-overlap (likely, client): the server takes none of the client's groups (x448)
                  frame 4: the client offers the groups x448
                  frame 5: the server answers unexpected_message
            "#]],
        );
    }

    #[test]
    fn clear_when_the_groups_are_usual() {
        check(
            &super::GROUP_NO_OVERLAP,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::GROUP_NO_OVERLAP,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_groups() {
        check(
            &super::GROUP_NO_OVERLAP,
            "client ClientHello versions=1.2 groups=none
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::GROUP_NO_OVERLAP,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
