//! `sni.ip-literal`: an IP address was sent as server name.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// An IP address was sent as server name, which the standard forbids.
    ///
    /// ## What happened
    /// The server_name extension holds an address. Some servers refuse it, others answer with their
    /// default certificate.
    /// ## Likely causes
    /// A client that puts whatever it dials into SNI.
    /// ## When it cannot be told
    /// Without the ClientHello.
    pub static SNI_IP_LITERAL {
        code: "sni.ip-literal",
        severity: Warning,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 6066 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let name = hello.value.extensions.server_name().ok_or(Skip::NotApplicable)?;
    if !name.is_ip_literal {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(
            Party::Client,
            format!("the client sends the address `{}` as server name", name.host_name),
        )
        .evidence(hello.at, format!("server_name is `{}`", name.host_name))
        .explain("Literal addresses are not permitted there; strict servers end the handshake.")
        .remedy("Let the client dial a name, or send no server name with an address."),
    ))
}
