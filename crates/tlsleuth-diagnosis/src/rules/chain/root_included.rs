//! `chain.root-included`: the root was sent too.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
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
            .evidence(
                chain.at(),
                format!("{who} is self-signed, at the end of the chain ({})", found.kind),
            )
            .remedy("Take the root out of the chain file: it saves a kilobyte in every handshake."),
    ))
}
