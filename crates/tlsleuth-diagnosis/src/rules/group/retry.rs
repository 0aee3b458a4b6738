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
