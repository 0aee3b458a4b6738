//! `version.intolerant`: a hello with newer versions fails where an older one succeeds.

use tlsleuth_handshake::Side;
use tlsleuth_handshake::codepoint::AlertDescription as Alert;

use crate::ending::Phase;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party};

declare_rule! {
    /// A hello with newer versions fails, and the same client's older hello to the same server works.
    ///
    /// ## What happened
    /// The server, or something in front of it, does not stand a hello that offers newer versions, in
    /// place of choosing an older one.
    /// ## Likely causes
    /// An old TLS library or middlebox with a bug in its version negotiation, or one that drops large
    /// hellos.
    /// ## When it cannot be told
    /// Only where the capture has both attempts.
    pub static VERSION_INTOLERANT {
        code: "version.intolerant",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.handshake-failure", "peer.internal-error", "protocol.malformed", "tcp.closed-after-client-hello", "tcp.reset-after-client-hello", "tcp.server-silent", "tcp.client-hello-lost"],
        references: ["RFC 8446 §D.5", "RFC 7507 §1"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    if case.completed() || !case.ending.is(Side::Server, Phase::ClientHello) {
        return Ok(None);
    }
    // A server that says protocol_version or unrecognized_name has understood the hello.
    if matches!(
        case.ending.description(),
        Some(
            Alert::PROTOCOL_VERSION
                | Alert::UNRECOGNIZED_NAME
                | Alert::NO_APPLICATION_PROTOCOL
                | Alert::INAPPROPRIATE_FALLBACK
        )
    ) {
        return Ok(None);
    }
    let Some(newest) = hello.value.offered_versions().highest() else { return Ok(None) };
    let Some(older) = case.context.servers.succeeded_with_older(case.connection) else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(
            Party::Server,
            format!("the server does not stand a hello with {newest}; one up to {} works", older.value),
        )
        .evidence(hello.at, format!("the client offers up to {newest}, and the server breaks off"))
        .evidence(
            older.at,
            format!("the same client offers up to {}, and the handshake completes", older.value),
        )
        .likely("Inferred from the two attempts: a server that is merely older would choose the older version.")
        .remedy("Update the server's TLS library, or the load balancer or firewall in front of it; until then limit the client to the older version."),
    ))
}
