//! `chain.unrelated-certificates`: certificates were sent that are no part of the path.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::{Case, Finding};
use crate::rule::{Verdict, declare_rule};

declare_rule! {
    /// Certificates were sent that are no part of the path.
    ///
    /// ## What happened
    /// They cost bytes in every handshake and confuse some clients.
    /// ## Likely causes
    /// Leftovers of an earlier authority in the chain file.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_UNRELATED_CERTIFICATES of chain {
        code: "chain.unrelated-certificates",
        severity: Warning,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 8446 §4.4.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) = defect(chain, |kind| matches!(kind, DefectKind::Unrelated { .. } | DefectKind::Duplicate { .. }))
    else {
        return Ok(None);
    };
    let who = named(certificate.as_deref());
    Ok(Some(
        Finding::new(owner(chain), "certificates were sent that are no part of the path".to_owned())
            .evidence(chain.at(), format!("{} {}", found.kind, who.as_str().get(..0).unwrap_or_default()))
            .remedy("Take them out of the chain file."),
    ))
}
