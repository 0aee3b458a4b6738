//! `peer.user-canceled`: one side canceled in mid-handshake.

use tlsleuth_handshake::codepoint::AlertDescription;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// One side canceled in mid-handshake, without saying that anything is wrong.
    ///
    /// ## What happened
    /// `user_canceled` or `close_notify` came before the handshake was complete.
    /// ## Likely causes
    /// A user or a time-out ended it; a client that checks a certificate itself and did not like it.
    /// ## When it cannot be told
    /// An encrypted alert does not say what it is.
    pub static PEER_USER_CANCELED {
        code: "peer.user-canceled",
        severity: Error,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 8446 §6.1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    let said = match alert.description {
        Some(said @ (AlertDescription::USER_CANCELED | AlertDescription::CLOSE_NOTIFY)) => said,
        _ => return Ok(None),
    };
    let who = alert.from.name();
    Ok(Some(
        Finding::new(Party::from(alert.from), format!("the {who} canceled the handshake ({said})"))
            .evidence(alert.at, format!("the {who} says {said} before the handshake is complete"))
            .explain("It does not say why: a user, a time-out, or a check of its own.")
            .remedy(format!("Look at the {who}'s time-outs and its log at this time."))
            .seen_as(&[
                "Go: remote error: tls: user canceled",
                "Java: closing inbound before receiving peer's close_notify",
            ]),
    ))
}
