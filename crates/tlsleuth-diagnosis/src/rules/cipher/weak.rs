//! `cipher.weak`: the chosen suite does not protect as it should.

use tlsleuth_handshake::codepoint::Weakness;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Severity};

declare_rule! {
    /// The chosen suite is weak.
    ///
    /// ## What happened
    /// The server chose a suite without encryption or authentication, with a broken cipher (export
    /// grade, DES, RC4, 3DES), or, which is only noted, without forward secrecy or with CBC.
    /// ## Likely causes
    /// One side offers or takes nothing better.
    /// ## When it cannot be told
    /// Without the ServerHello.
    pub static CIPHER_WEAK {
        code: "cipher.weak",
        severity: Warning,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 9325 §4.1", "RFC 9325 §4.2", "RFC 7465"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let suite = case.cipher_suite()?;
    let Some(weakness) = suite.value.weakness() else { return Ok(None) };
    let says = match weakness {
        Weakness::NullEncryption => "records are not encrypted",
        Weakness::Anonymous => "nobody is authenticated",
        Weakness::Export => "its keys were cut to 40 or 56 bits for export",
        Weakness::Des => "single DES or RC2 is broken by trying all keys",
        Weakness::Rc4 => "RC4 is broken, and RFC 7465 forbids it",
        Weakness::ShortBlocks => "blocks of 64 bits leak after some gigabytes (Sweet32)",
        Weakness::NoForwardSecrecy => {
            "there is no forward secrecy: who gets the server's key reads all of the past"
        }
        Weakness::Cbc => "CBC with MAC-then-encrypt has a history of padding oracles",
        _ => "it is no longer recommended",
    };
    let severity = if weakness.is_broken() { Severity::Warning } else { Severity::Info };
    Ok(Some(
        Finding::new(Party::Server, format!("the chosen suite {} is weak: {says}", suite.value))
            .evidence(suite.at, format!("the server chooses {}", suite.value))
            .remedy("Put suites with ECDHE and AES-GCM or ChaCha20 first, and take the weak ones out, on the server (nginx: ssl_ciphers) and in the client.")
            .severity(severity),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_rc4() {
        check(
            &super::CIPHER_WEAK,
            "client ClientHello versions=1.2 suites=RC4-SHA
             server ServerHello suite=RC4-SHA",
            expect![[r#"
                warning cipher.weak (certain, server): the chosen suite TLS_RSA_WITH_RC4_128_SHA is weak: RC4 is broken, and RFC 7465 forbids it
                  frame 5: the server chooses TLS_RSA_WITH_RC4_128_SHA
            "#]],
        );
    }

    #[test]
    fn fires_for_triple_des() {
        check(
            &super::CIPHER_WEAK,
            "client ClientHello versions=1.2 suites=DES-CBC3-SHA
             server ServerHello suite=DES-CBC3-SHA",
            expect![[r#"
                warning cipher.weak (certain, server): the chosen suite TLS_RSA_WITH_3DES_EDE_CBC_SHA is weak: blocks of 64 bits leak after some gigabytes (Sweet32)
                  frame 5: the server chooses TLS_RSA_WITH_3DES_EDE_CBC_SHA
            "#]],
        );
    }

    #[test]
    fn only_a_note_without_forward_secrecy() {
        check(
            &super::CIPHER_WEAK,
            "client ClientHello versions=1.2 suites=AES128-GCM-SHA256
             server ServerHello suite=AES128-GCM-SHA256",
            expect![[r#"
                info cipher.weak (certain, server): the chosen suite TLS_RSA_WITH_AES_128_GCM_SHA256 is weak: there is no forward secrecy: who gets the server's key reads all of the past
                  frame 5: the server chooses TLS_RSA_WITH_AES_128_GCM_SHA256
            "#]],
        );
    }

    #[test]
    fn clear_for_today_s_suites() {
        check(
            &super::CIPHER_WEAK,
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
            &super::CIPHER_WEAK,
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
            &super::CIPHER_WEAK,
            "client ClientHello
             server ServerHello lose
             server Certificate leaf=shop.example
             client ACK",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
