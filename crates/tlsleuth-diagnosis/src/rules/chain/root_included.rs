//! `chain.root-included`: the root was sent too.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// The root was sent too.
    ///
    /// ## What happened
    /// Clients have their own roots: sending one is of no use.
    /// ## Likely causes
    /// The chain file holds the root.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_ROOT_INCLUDED of chain {
        code: "chain.root-included",
        severity: Info,
        since: "0.1.0",
        needs: [DEFECT],
        leads_to: [],
        references: ["RFC 8446 §4.4.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) = defect(chain, |kind| matches!(kind, DefectKind::RootIncluded))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), format!("the root {who} was sent too"))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(
                chain.at(),
                format!("{who} is self-signed, at the end of the chain ({})", found.kind),
            )
            .remedy("Take the root out of the chain file: it saves a kilobyte in every handshake."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_root_is_sent() {
        check(
            &super::CHAIN_ROOT_INCLUDED,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example chain=root + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                info chain.root-included (certain, server): the root "Test Root" was sent too
                  frame 5: "Test Root" is self-signed, at the end of the chain (root included)
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_ROOT_INCLUDED,
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
            &super::CHAIN_ROOT_INCLUDED,
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
            &super::CHAIN_ROOT_INCLUDED,
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
