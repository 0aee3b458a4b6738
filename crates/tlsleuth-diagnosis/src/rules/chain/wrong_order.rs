//! `chain.wrong-order`: the certificates are not in issuing order.

use tlsleuth_cert::DefectKind;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// The certificates are not in issuing order.
    ///
    /// ## What happened
    /// Each certificate should certify the one before it. Most clients sort; some do not.
    /// ## Likely causes
    /// The chain file was put together in the wrong order.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WRONG_ORDER of chain {
        code: "chain.wrong-order",
        severity: Warning,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: [],
        references: ["RFC 5246 §7.4.2", "RFC 8446 §4.4.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, _)) = defect(chain, |kind| matches!(kind, DefectKind::WrongOrder { .. }))
    else {
        return Ok(None);
    };
    let sent = chain.sent.value.chain.certificates();
    let called =
        |place: &usize| sent.get(*place).map(|certificate| wording::certificate(certificate));
    let DefectKind::WrongOrder { right_order } = &found.kind else { return Ok(None) };
    let came = wording::list(sent.iter().map(|certificate| wording::certificate(certificate)));
    let right = wording::list(right_order.iter().filter_map(called));
    Ok(Some(
        Finding::new(owner(chain), "the certificates are not in issuing order".to_owned())
            .evidence(chain.at(), format!("they come as {came}; the right order is {right}"))
            .remedy("Put the leaf first, then each issuer behind the certificate that it issued."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_root_comes_before_the_intermediate() {
        check(
            &super::CHAIN_WRONG_ORDER,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=wrong-order + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                warning chain.wrong-order (certain, server): the certificates are not in issuing order
                  frame 5: they come as "api.example.test", "Example Root CA", "Example Issuing CA"; the right order is "api.example.test", "Example Issuing CA", "Example Root CA"
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_WRONG_ORDER,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=good + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_no_chain_was_sent() {
        check(
            &super::CHAIN_WRONG_ORDER,
            "client ClientHello
             server Alert fatal handshake_failure",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_chain_is_encrypted() {
        check(
            &super::CHAIN_WRONG_ORDER,
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
