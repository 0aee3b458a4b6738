//! `early-data.rejected`: early data was sent and refused.

use tlsleuth_handshake::codepoint::ExtensionType;
use tlsleuth_handshake::observed::Observed;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, path};

declare_rule! {
    /// Early data (0-RTT) was sent and refused.
    ///
    /// ## What happened
    /// The client sent application data with its first flight; the server ignored it, and the client
    /// had to send it again after the handshake.
    /// ## Likely causes
    /// The session was not resumed; the server does not take early data (nginx `ssl_early_data off`),
    /// or not this often (replay protection); it asked for another key share; another ALPN protocol.
    /// ## When it cannot be told
    /// Where the session was resumed, only EncryptedExtensions tells, which is encrypted.
    pub static EARLY_DATA_REJECTED {
        code: "early-data.rejected",
        severity: Info,
        since: "0.1.0",
        needs: [EARLY_DATA],
        leads_to: [],
        references: ["RFC 9846 §4.2.10", "RFC 8470"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let connection = case.connection;
    let hello = case.client_hello()?;
    if !hello.value.has_early_data() {
        return Err(Skip::NotApplicable);
    }
    let sent = connection.early_data.as_deref().copied().unwrap_or_default();
    let (at, says) = if let Some(retry) = &connection.hello_retry {
        (retry.at, "the server asks for another hello, which refuses early data")
    } else {
        let server = case.server_hello()?;
        if !connection.is_tls13() {
            (server.at, "the server chooses an older version, which knows no early data")
        } else if connection.resumed() == Some(false) {
            (server.at, "the server does not resume the session that the early data belongs to")
        } else {
            match &connection.encrypted_extensions {
                Observed::Present(extensions) => {
                    if extensions.value.extensions.contains(ExtensionType::EARLY_DATA) {
                        return Ok(None);
                    }
                    (extensions.at, "the server's EncryptedExtensions do not accept it")
                }
                Observed::Absent => return Err(Skip::NotApplicable),
                Observed::Encrypted | Observed::Missed => return Err(Skip::Undetermined),
            }
        }
    };
    Ok(Some(
        Finding::new(Party::Server, "the server refused the client's early data")
            .evidence(hello.at, "the client offers early data")
            .evidence_if(sent.first, || format!("early data: {} bytes in {}", sent.bytes, path::count(sent.records, "record")))
            .evidence(at, says)
            .explain("The client has to send it again after the handshake, which costs the round trip that it was to save.")
            .remedy("To have early data accepted: nginx ssl_early_data on, HAProxy allow-0rtt, and ticket keys that all nodes share. Only requests that may be repeated should be sent that way."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_session_is_not_resumed() {
        check(
            &super::EARLY_DATA_REJECTED,
            "client ClientHello sni=shop.example psk early-data
             client ApplicationData 300
             server ServerHello negotiated=1.3 + Encrypted 1200",
            expect![[r#"
                info early-data.rejected (certain, server): the server refused the client's early data
                  frame 4: the client offers early data
                  frame 5: early data: 300 bytes in 1 record
                  frame 6: the server does not resume the session that the early data belongs to
            "#]],
        );
    }

    #[test]
    fn fires_when_another_hello_is_asked_for() {
        check(
            &super::EARLY_DATA_REJECTED,
            "client ClientHello psk early-data
             client ApplicationData 300
             server HelloRetryRequest group=secp256r1",
            expect![[r#"
                info early-data.rejected (certain, server): the server refused the client's early data
                  frame 4: the client offers early data
                  frame 5: early data: 300 bytes in 1 record
                  frame 6: the server asks for another hello, which refuses early data
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_early_data() {
        check(
            &super::EARLY_DATA_REJECTED,
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
    fn undetermined_when_only_the_encrypted_answer_tells() {
        check(
            &super::EARLY_DATA_REJECTED,
            "client ClientHello psk early-data
             client ApplicationData 300
             server ServerHello negotiated=1.3 psk + Encrypted 120",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
