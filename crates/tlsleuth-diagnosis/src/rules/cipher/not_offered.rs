//! `cipher.not-offered`: the server chose a suite that the client did not offer.

use crate::ending::offended;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// The server chose a suite that the client did not offer.
    ///
    /// ## What happened
    /// The suite of the ServerHello is not in the list of the ClientHello. The client must break off
    /// with `illegal_parameter`.
    /// ## Likely causes
    /// A broken server, or a middlebox that answers with the wrong hello.
    /// ## When it cannot be told
    /// Without both hellos.
    pub static CIPHER_NOT_OFFERED {
        code: "cipher.not-offered",
        severity: Error,
        since: "0.1.0",
        leads_to: ["protocol.malformed", "peer.handshake-failure", "peer.client-aborted", "tcp.reset-during-handshake", "tcp.closed-during-handshake"],
        references: ["RFC 8446 §4.1.3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let client = case.client_hello()?;
    let suite = case.cipher_suite()?;
    if client.value.cipher_suites.is_empty() || client.value.cipher_suites.contains(&suite.value) {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(Party::Server, format!("the server chose {}, which the client did not offer", suite.value))
            .evidence(client.at, format!("the client offers {} suites", client.value.real_suites().count()))
            .evidence(suite.at, format!("the server chooses {}", suite.value))
            .remedy("Update the server's TLS library; look for a middlebox that answers in its place (compare with a capture taken on the server).")
            .seen_as(&["OpenSSL: wrong cipher returned", "Go: tls: server chose an unconfigured cipher suite"])
            .severity(offended(case)),
    ))
}
