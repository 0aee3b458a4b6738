//! `chain.unrelated-certificates`: certificates were sent that are no part of the path.

use tlsleuth_cert::DefectKind;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// Certificates were sent that are no part of the path.
    ///
    /// ## What happened
    /// They cost bytes in every handshake and confuse some clients.
    /// ## Likely causes
    /// Leftovers of an earlier authority in the chain file.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_UNRELATED_CERTIFICATES of chain {
        code: "chain.unrelated-certificates",
        severity: Warning,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: [],
        references: ["RFC 8446 §4.4.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, _)) = defect(chain, |kind| {
        matches!(kind, DefectKind::Unrelated { .. } | DefectKind::Duplicate { .. })
    }) else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(
            owner(chain),
            "certificates were sent that are no part of the path".to_owned(),
        )
        .evidence(chain.at(), says(chain, &found.kind))
        .remedy("Take them out of the chain file."),
    ))
}

/// Which ones, by name.
fn says(chain: &JudgedChain<'_>, kind: &DefectKind) -> String {
    let sent = chain.sent.value.chain.certificates();
    match kind {
        DefectKind::Unrelated { places } => format!(
            "no part of the path: {}",
            wording::list(
                places
                    .iter()
                    .filter_map(|place| sent.get(*place))
                    .map(|one| wording::certificate(one))
            )
        ),
        DefectKind::Duplicate { first } => match sent.get(*first) {
            Some(certificate) => format!("{} was sent twice", wording::certificate(certificate)),
            None => kind.to_string(),
        },
        _ => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_another_root() {
        check(
            &super::CHAIN_UNRELATED_CERTIFICATES,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=unrelated + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                warning chain.unrelated-certificates (certain, server): certificates were sent that are no part of the path
                  frame 5: no part of the path: "Private Root"
            "#]],
        );
    }

    #[test]
    fn fires_for_the_same_twice() {
        check(
            &super::CHAIN_UNRELATED_CERTIFICATES,
            "client ClientHello sni=api.example.test versions=1.2
             server ServerHello + Certificate story=duplicate-leaf + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                warning chain.unrelated-certificates (certain, server): certificates were sent that are no part of the path
                  frame 5: "api.example.test" was sent twice
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_UNRELATED_CERTIFICATES,
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
            &super::CHAIN_UNRELATED_CERTIFICATES,
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
            &super::CHAIN_UNRELATED_CERTIFICATES,
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
