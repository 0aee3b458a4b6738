//! `renegotiation.insecure`: neither the extension nor the SCSV of RFC 5746.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// A side does not know secure renegotiation: neither the extension nor the SCSV of RFC 5746.
    ///
    /// ## What happened
    /// In TLS 1.2 and below a renegotiation must be bound to what it renegotiates. One side did not
    /// say that it does so.
    /// ## Likely causes
    /// A stack from before 2010, or one with secure renegotiation switched off.
    /// ## When it cannot be told
    /// TLS 1.3 has no renegotiation. A server need not say anything to a client that did not ask.
    pub static RENEGOTIATION_INSECURE {
        code: "renegotiation.insecure",
        severity: Warning,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 5746 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let server = case.server_hello()?;
    if case.connection.is_tls13() {
        return Err(Skip::NotApplicable);
    }
    let client_knows = hello.value.has_secure_renegotiation();
    let server_knows = server.value.extensions.renegotiation_info().is_some();
    let (party, who, evidence, at) = match (client_knows, server_knows) {
        (_, true) => return Ok(None),
        (true, false) => (
            Party::Server,
            "the server does not know secure renegotiation",
            "the server's hello has no renegotiation_info",
            server.at,
        ),
        (false, false) => (
            Party::Client,
            "the client does not know secure renegotiation",
            "the client's hello has neither renegotiation_info nor the SCSV",
            hello.at,
        ),
    };
    let finding = Finding::new(party, who).evidence(at, evidence);
    let finding = match case.connection.renegotiation {
        Some(at) => finding.evidence(at, "a renegotiation takes place"),
        None => finding,
    };
    Ok(Some(
        finding
            .explain("An attacker on the way could put a request of their own before the client's (CVE-2009-3555). OpenSSL 3 refuses to connect to such a server, unless it is told not to.")
            .remedy(match party {
                Party::Server => "Update the server's TLS stack, or switch secure renegotiation on, or negotiate TLS 1.3.",
                _ => "Update the client's TLS stack, or let it offer TLS 1.3.",
            })
            .seen_as(&[
                "OpenSSL: error:0A000152:SSL routines::unsafe legacy renegotiation disabled",
                "Java: javax.net.ssl.SSLHandshakeException: Insecure renegotiation is not allowed",
                "Node: unsafe legacy renegotiation disabled",
            ]),
    ))
}
