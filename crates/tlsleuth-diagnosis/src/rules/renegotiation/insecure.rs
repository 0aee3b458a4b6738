//! `renegotiation.insecure`: neither the extension nor the SCSV of RFC 5746.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// A side does not know secure renegotiation: neither the extension nor the SCSV of RFC 5746.
    ///
    /// ## What happened
    /// In TLS 1.2 and below a renegotiation must be bound to what it renegotiates. One side did not
    /// say that it does so.
    /// ## Likely causes
    /// A stack from before 2010, or one with secure renegotiation switched off.
    /// ## When it cannot be told
    /// TLS 1.3 has no renegotiation. A server need not say anything to a client that did not ask.
    pub static RENEGOTIATION_INSECURE {
        code: "renegotiation.insecure",
        severity: Warning,
        since: "0.1.0",
        needs: [OLDER],
        leads_to: [],
        references: ["RFC 5746 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let server = case.server_hello()?;
    if case.connection.is_tls13() {
        return Err(Skip::NotApplicable);
    }
    if server.value.extensions.renegotiation_info().is_some() {
        return Ok(None);
    }
    let (party, who, evidence, at) = if hello.value.has_secure_renegotiation() {
        (
            Party::Server,
            "the server does not know secure renegotiation",
            "the server's hello has no renegotiation_info",
            server.at,
        )
    } else {
        (
            Party::Client,
            "the client does not know secure renegotiation",
            "the client's hello has neither renegotiation_info nor the SCSV",
            hello.at,
        )
    };
    let finding = Finding::new(party, who).evidence(at, evidence);
    let finding = match case.connection.renegotiation.as_deref() {
        Some(at) => finding.evidence(*at, "a renegotiation takes place"),
        None => finding,
    };
    Ok(Some(
        finding
            .explain("An attacker on the way could put a request of their own before the client's (CVE-2009-3555). OpenSSL 3 refuses to connect to such a server, unless it is told not to.")
            .remedy(match party {
                Party::Server => "Update the server's TLS stack, or switch secure renegotiation on, or negotiate TLS 1.3.",
                _ => "Update the client's TLS stack, or let it offer TLS 1.3.",
            })
            .seen_as(&[
                "OpenSSL: error:0A000152:SSL routines::unsafe legacy renegotiation disabled",
                "Java: javax.net.ssl.SSLHandshakeException: Insecure renegotiation is not allowed",
                "Node: unsafe legacy renegotiation disabled",
            ]),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_server_does_not_know_it() {
        check(
            &super::RENEGOTIATION_INSECURE,
            "client ClientHello versions=1.2
             server ServerHello renegotiation=none",
            expect![[r#"
                warning renegotiation.insecure (certain, server): the server does not know secure renegotiation
                  frame 5: the server's hello has no renegotiation_info
            "#]],
        );
    }

    #[test]
    fn fires_when_the_client_does_not_know_it() {
        check(
            &super::RENEGOTIATION_INSECURE,
            "client ClientHello versions=1.2 renegotiation=none
             server ServerHello renegotiation=none",
            expect![[r#"
                warning renegotiation.insecure (certain, client): the client does not know secure renegotiation
                  frame 4: the client's hello has neither renegotiation_info nor the SCSV
            "#]],
        );
    }

    #[test]
    fn clear_when_both_know_it() {
        check(
            &super::RENEGOTIATION_INSECURE,
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
    fn clear_when_the_client_says_so_by_a_suite() {
        check(
            &super::RENEGOTIATION_INSECURE,
            "client ClientHello versions=1.2 renegotiation=scsv
             server ServerHello",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_in_tls_1_3() {
        check(
            &super::RENEGOTIATION_INSECURE,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_without_the_hello() {
        check(
            &super::RENEGOTIATION_INSECURE,
            "no-syn
             client ClientHello lose
             server ServerHello renegotiation=none",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
