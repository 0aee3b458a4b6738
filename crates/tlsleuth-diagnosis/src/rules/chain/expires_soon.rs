//! `chain.expires-soon`: a certificate expires within 14 days.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner, place};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// A certificate expires within 14 days.
    ///
    /// ## What happened
    /// A certificate on the path is valid and will not be for long.
    /// ## Likely causes
    /// A renewal that should have happened did not.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_EXPIRES_SOON of chain {
        code: "chain.expires-soon",
        severity: Warning,
        since: "0.1.0",
        needs: [DATES],
        leads_to: [],
        references: ["RFC 5280 §4.1.2.5"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::ExpiresSoon { .. }))
    else {
        return Ok(None);
    };
    let DefectKind::ExpiresSoon { not_after } = found.kind else { return Ok(None) };
    // Certificates that live for days are renewed within days: that is no delay.
    let short_lived = certificate.as_ref().is_some_and(|certificate| {
        matches!((certificate.not_before, certificate.not_after),
            (Some(from), Some(to)) if (to - chain.judged_at) > (to - from) / 3)
    });
    if short_lived {
        return Ok(None);
    }
    let left = wording::span(not_after.saturating_sub(chain.judged_at));
    Ok(Some(
        Finding::new(owner(chain), format!("the certificate {} expires in {left}", named(certificate.as_deref())))
            .certificate(place(chain, certificate.as_deref()))
            .evidence(chain.at(), format!("{} is valid until {}", named(certificate.as_deref()), wording::date(not_after)))
            .remedy("Renew it and reload the service; look why the automatic renewal has not happened (certbot renew --dry-run; cert-manager's events)."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_a_week_before() {
        check(
            &super::CHAIN_EXPIRES_SOON,
            "client ClientHello sni=shop.example versions=1.2
             server ServerHello + Certificate leaf=shop.example expires-soon + ServerKeyExchange + ServerHelloDone
             client ClientKeyExchange",
            expect![[r#"
                warning chain.expires-soon (certain, server): the certificate "shop.example" expires in 7 days
                  frame 5: "shop.example" is valid until 2026-11-27 10:00:00 UTC
            "#]],
        );
    }

    #[test]
    fn clear_when_the_chain_is_good() {
        check(
            &super::CHAIN_EXPIRES_SOON,
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
            &super::CHAIN_EXPIRES_SOON,
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
            &super::CHAIN_EXPIRES_SOON,
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
