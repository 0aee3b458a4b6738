//! `group.retry`: a HelloRetryRequest cost one round trip.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip, wording};

declare_rule! {
    /// A HelloRetryRequest cost one round trip.
    ///
    /// ## What happened
    /// The client sent no key share for a group that the server takes; the server asked for one.
    /// ## Likely causes
    /// The client's first group is not the server's; or the server asks for a cookie.
    /// ## When it cannot be told
    /// Without the HelloRetryRequest.
    pub static GROUP_RETRY {
        code: "group.retry",
        severity: Info,
        since: "0.1.0",
        needs: [RETRY],
        leads_to: [],
        references: ["RFC 8446 §4.1.4"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let retry = case.connection.hello_retry.as_ref().ok_or(Skip::NotApplicable)?;
    let shares = hello.value.extensions.key_shares().unwrap_or_default();
    let sent = wording::list(shares.iter().map(|share| share.group));
    let asked = match retry.value.selected_group() {
        Some(group) => group.to_string(),
        None => "another hello".to_owned(),
    };
    Ok(Some(
        Finding::new(Party::Server, format!("the server asked for {asked}, which cost one round trip"))
            .evidence(hello.at, format!("the client sends key shares for {sent}"))
            .evidence(retry.at, format!("the server asks for {asked}"))
            .remedy("Let the server take the client's first group (nginx: ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1).")
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_another_share_is_asked_for() {
        check(
            &super::GROUP_RETRY,
            "client ClientHello groups=x25519,secp256r1
             server HelloRetryRequest group=secp256r1
             client ClientHello groups=x25519,secp256r1 shares=secp256r1
             server ServerHello negotiated=1.3 group=secp256r1",
            expect![[r#"
                info group.retry (certain, server): the server asked for secp256r1, which cost one round trip
                  frame 4: the client sends key shares for x25519
                  frame 5: the server asks for secp256r1
            "#]],
        );
    }

    #[test]
    fn says_that_no_share_was_sent() {
        check(
            &super::GROUP_RETRY,
            "client ClientHello groups=x25519 shares=none
             server HelloRetryRequest group=x25519",
            expect![[r#"
                info group.retry (certain, server): the server asked for x25519, which cost one round trip
                  frame 4: the client sends key shares for none
                  frame 5: the server asks for x25519
            "#]],
        );
    }

    #[test]
    fn not_applicable_when_the_share_fits() {
        check(
            &super::GROUP_RETRY,
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
    fn not_applicable_in_tls_1_2() {
        check(
            &super::GROUP_RETRY,
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
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::GROUP_RETRY,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}
