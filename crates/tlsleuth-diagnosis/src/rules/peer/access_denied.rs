//! `peer.access-denied`: one side said `access_denied`.

use tlsleuth_handshake::codepoint::AlertDescription;

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// One side said `access_denied`.
    ///
    /// ## What happened
    /// The other side was understood, and a policy forbids it.
    /// ## Likely causes
    /// An access list of names or certificates; a service mesh policy; rustls servers say it of an
    /// unknown server name, GnuTLS servers of a client certificate that they do not accept.
    /// ## When it cannot be told
    /// An encrypted alert does not say what it is.
    pub static PEER_ACCESS_DENIED {
        code: "peer.access-denied",
        severity: Error,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 8446 §6.2"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let Some(alert) = case.ending.alert() else { return Ok(None) };
    if alert.description != Some(AlertDescription::ACCESS_DENIED) {
        return Ok(None);
    }
    let who = alert.from.name();
    Ok(Some(
        Finding::new(Party::from(alert.from), format!("the {who} denied access"))
            .evidence(alert.at, format!("the {who} says access_denied"))
            .remedy("Look at the access rules and the log of the side that said it (an allow list of client certificates or names, a mesh policy).")
            .seen_as(&["OpenSSL: tlsv1 alert access denied", "Go: remote error: tls: access denied"]),
    ))
}
