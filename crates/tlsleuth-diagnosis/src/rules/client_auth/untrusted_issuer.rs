//! `client-auth.untrusted-issuer`: the client's issuer is not among those the server asked for.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity, Skip, server_setting, wording};
use tlsleuth_handshake::{Observed, Side};

declare_rule! {
    /// The client's certificate leads to none of the authorities that the server asked for.
    ///
    /// ## What happened
    /// The CertificateRequest names authorities; neither the leaf's issuer nor that of any other
    /// certificate that the client sent is among them.
    /// ## Likely causes
    /// The wrong certificate is configured in the client, or the server's list lacks an authority.
    /// ## When it cannot be told
    /// In TLS 1.3 both messages are encrypted. A request without names takes any authority.
    pub static CLIENT_AUTH_UNTRUSTED_ISSUER {
        code: "client-auth.untrusted-issuer",
        severity: Error,
        since: "0.1.0",
        needs: [CLIENT_CHAIN],
        leads_to: ["client-auth.rejected", "peer.server-aborted", "peer.handshake-failure", "peer.internal-error", "peer.access-denied", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5246 §7.4.4", "RFC 8446 §4.2.4"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let chain = case.client_chain()?;
    let request = match &case.connection.certificate_request {
        Observed::Present(request) => request,
        Observed::Absent => return Err(Skip::NotApplicable),
        Observed::Encrypted | Observed::Missed => return Err(Skip::Undetermined),
    };
    let authorities = request.value.authorities();
    if authorities.is_empty() {
        return Err(Skip::NotApplicable);
    }
    let leaf = chain.leaf()?;
    let named = |der: &[u8]| authorities.iter().any(|authority| **authority == *der);
    let leads = chain
        .sent
        .value
        .chain
        .certificates()
        .iter()
        .any(|certificate| named(certificate.issuer.der()) || named(certificate.subject.der()));
    if leads {
        return Ok(None);
    }
    let refused = case.ending.by == Side::Server && !case.completed();
    let finding = Finding::new(
        Party::Client,
        format!(
            "the client's issuer {} is none of the authorities that the server asked for",
            wording::authority(&leaf.issuer)
        ),
    )
    .evidence(
        request.at,
        format!(
            "the server asks for a certificate of {}",
            super::of_authorities(authorities.len())
        ),
    )
    .evidence(
        chain.at(),
        format!(
            "the client sends {}, issued by {}",
            wording::certificate(leaf),
            wording::authority(&leaf.issuer)
        ),
    )
    .remedy("Give the client a certificate of one of these authorities,")
    .remedy(format!(
        "or add its issuer on the server ({}).",
        server_setting::client_authorities(case.connection)
    ))
    .needs_symptom();
    Ok(Some(if refused { finding } else { finding.severity(Severity::Info) }))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_issuer_is_not_asked_for() {
        check(
            &super::CLIENT_AUTH_UNTRUSTED_ISSUER,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest authorities=Other_CA + ServerHelloDone
             client Certificate leaf=alice.example + ClientKeyExchange + CertificateVerify + ChangeCipherSpec + Finished
             server Alert fatal unknown_ca",
            expect![[r#"
                error client-auth.untrusted-issuer (certain, client): the client's issuer "Test Issuing CA" is none of the authorities that the server asked for
                  frame 5: the server asks for a certificate of one authority
                  frame 6: the client sends "alice.example", issued by "Test Issuing CA"
            "#]],
        );
    }

    #[test]
    fn clear_when_it_is_asked_for() {
        check(
            &super::CLIENT_AUTH_UNTRUSTED_ISSUER,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest authorities=Other_CA,Test_Root + ServerHelloDone
             client Certificate leaf=alice.example + ClientKeyExchange + CertificateVerify + ChangeCipherSpec + Finished
             server Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_any_authority_will_do() {
        check(
            &super::CLIENT_AUTH_UNTRUSTED_ISSUER,
            "client ClientHello versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + CertificateRequest + ServerHelloDone
             client Certificate leaf=alice.example + ClientKeyExchange + CertificateVerify + ChangeCipherSpec + Finished
             server Alert fatal unknown_ca",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_none_was_sent() {
        check(
            &super::CLIENT_AUTH_UNTRUSTED_ISSUER,
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
            &super::CLIENT_AUTH_UNTRUSTED_ISSUER,
            "client ClientHello
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Encrypted 1100 + Encrypted 281 + Finished
             server Encrypted 19",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
