//! `sni.default-certificate`: the server answered with a known placeholder certificate.

use tlsleuth_cert::PlaceholderKind;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// The server answered with a known placeholder certificate.
    ///
    /// ## What happened
    /// The leaf is one that software makes for itself when it is installed, or serves when it has
    /// none for the name.
    /// ## Likely causes
    /// The secret or file with the real certificate is missing or not loaded; the name has no
    /// virtual host; the request reached the wrong machine.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the server's Certificate message: without secrets the rule is undetermined.
    pub static SNI_DEFAULT_CERTIFICATE {
        code: "sni.default-certificate",
        severity: Error,
        since: "0.1.0",
        needs: [SERVER_CHAIN],
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 6066 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let chain = case.server_chain()?;
    let leaf = chain.leaf()?;
    let Some(known) = chain.judgement.placeholder else { return Ok(None) };
    // Whoever asked for a name that it covers got what they asked for.
    match case.server_name() {
        Ok(name) if leaf.covers(&name.value) => return Ok(None),
        // A certificate for this machine itself may be just what was asked for.
        Err(Skip::Undetermined) if leaf.names_for_display().contains("localhost") => {
            return Err(Skip::Undetermined);
        }
        _ => {}
    }
    let asked = case.server_display();
    let (what, remedy) = match known.kind {
        PlaceholderKind::Default => (
            format!(
                "It was made by {}: it stands in where nobody chose a certificate for `{asked}`.",
                known.product
            ),
            "Give the server the certificate for this name and reload it: in Kubernetes the Ingress's spec.tls.secretName must exist in the same namespace and its host be listed under spec.tls.hosts; in Traefik a router's tls section; in nginx and Apache ssl_certificate or SSLCertificateFile of the virtual host.",
        ),
        PlaceholderKind::NoServerName => (
            format!(
                "{} answers so when the client sends no server name, or one that nobody configured.",
                known.product
            ),
            "Let the client send the server name (SNI), and check that the name is configured.",
        ),
        PlaceholderKind::Staging => (
            format!("An authority for tests issued it ({}).", known.product),
            "Request the certificate from the production directory of the authority.",
        ),
        PlaceholderKind::Development => (
            format!("An authority on a developer's machine issued it ({}).", known.product),
            "Install a certificate of an authority that the clients trust.",
        ),
        PlaceholderKind::Origin => (
            format!(
                "It is meant for the way from a content network to the origin, and only that network trusts it ({}).",
                known.product
            ),
            "Let clients go through the content network, or install a publicly trusted certificate on the origin.",
        ),
        _ => (
            format!("It comes from {}.", known.product),
            "Give the server the certificate for this name.",
        ),
    };
    Ok(Some(
        Finding::new(
            Party::Server,
            format!("the server answered with a placeholder certificate ({})", known.product),
        )
        .certificate(Some(0))
        .evidence(chain.at(), format!("the leaf is {}, issued by {}", leaf.subject, leaf.issuer))
        .explain(what)
        .remedy(remedy)
        .needs_symptom(),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_a_placeholder() {
        check(
            &super::SNI_DEFAULT_CERTIFICATE,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=a1b2.traefik.default cn=TRAEFIK_DEFAULT_CERT self-signed + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                error sni.default-certificate (certain, server): the server answered with a placeholder certificate (Traefik)
                  frame 5: the leaf is CN=TRAEFIK DEFAULT CERT, issued by CN=TRAEFIK DEFAULT CERT
            "#]],
        );
    }

    #[test]
    fn clear_for_a_usual_certificate() {
        check(
            &super::SNI_DEFAULT_CERTIFICATE,
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
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::SNI_DEFAULT_CERTIFICATE,
            "client ClientHello sni=shop.example
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_it_is_encrypted() {
        check(
            &super::SNI_DEFAULT_CERTIFICATE,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
