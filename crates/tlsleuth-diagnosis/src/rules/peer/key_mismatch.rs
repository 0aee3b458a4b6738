//! `peer.key-mismatch`: keys did not fit: `decrypt_error` or `bad_record_mac`.

use tlsleuth_handshake::codepoint::AlertDescription;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// A signature or a record could not be verified with the keys in use.
    ///
    /// ## What happened
    /// One side said `decrypt_error` (a handshake signature or Finished is wrong) or
    /// `bad_record_mac` (a record does not authenticate).
    /// ## Likely causes
    /// A private key that does not belong to the certificate; a server that signs with another key
    /// after a rotation; bytes changed on the path; a bug in one of the stacks.
    /// ## When it cannot be told
    /// An encrypted alert does not say what it is.
    pub static PEER_KEY_MISMATCH {
        code: "peer.key-mismatch",
        severity: Error,
        since: "0.1.0",
        needs: [ALERT],
        leads_to: [],
        references: ["RFC 8446 §6.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    case.ended_in_sight()?;
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    let said = match alert.description {
        Some(
            said @ (AlertDescription::DECRYPT_ERROR
            | AlertDescription::BAD_RECORD_MAC
            | AlertDescription::DECRYPTION_FAILED),
        ) => said,
        _ => return Ok(None),
    };
    let other = alert.from.peer();
    let finding = Finding::new(
        Party::from(other),
        format!("the keys do not fit: the {} says {said}", alert.from.name()),
    )
    .evidence(alert.at, format!("the {} says {said}", alert.from.name()));
    let finding = if said == AlertDescription::DECRYPT_ERROR {
        finding
            .explain(format!("A signature, key exchange or Finished of the {} did not verify.", other.name()))
            .remedy("Check that the private key belongs to the certificate: openssl x509 -noout -pubkey -in cert.pem and openssl pkey -pubout -in key.pem must print the same.")
    } else {
        finding
            .explain("A record did not authenticate: it was changed on the path, or the two sides came to different keys.")
            .remedy("Look for a middlebox or a faulty network card that changes bytes (capture on both sides and compare); update both TLS libraries.")
    };
    Ok(Some(finding.seen_as(&[
        "OpenSSL: tlsv1 alert decrypt error, sslv3 alert bad record mac, key values mismatch",
        "Go: remote error: tls: error decrypting message, tls: bad record MAC",
        "Java: Received fatal alert: decrypt_error",
        "browsers: ERR_SSL_DECRYPT_ERROR_ALERT, ERR_SSL_BAD_RECORD_MAC_ALERT",
    ])))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_a_signature_does_not_verify() {
        check(
            &super::PEER_KEY_MISMATCH,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal decrypt_error",
            expect![[r#"
                error peer.key-mismatch (certain, server): the keys do not fit: the client says decrypt_error
                  frame 6: the client says decrypt_error
            "#]],
        );
    }

    #[test]
    fn fires_when_a_record_does_not() {
        check(
            &super::PEER_KEY_MISMATCH,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange + ChangeCipherSpec + Finished
             server Alert fatal bad_record_mac",
            expect![[r#"
                error peer.key-mismatch (certain, client): the keys do not fit: the server says bad_record_mac
                  frame 7: the server says bad_record_mac
            "#]],
        );
    }

    #[test]
    fn clear_for_another_alert() {
        check(
            &super::PEER_KEY_MISMATCH,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_other_side_had_left() {
        check(
            &super::PEER_KEY_MISMATCH,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone
             client Alert fatal unknown_ca
             client FIN
             server Alert fatal bad_record_mac",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_it_completes() {
        check(
            &super::PEER_KEY_MISMATCH,
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
}
