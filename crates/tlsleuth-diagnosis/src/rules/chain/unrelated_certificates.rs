//! `chain.unrelated-certificates`: certificates were sent that are no part of the path.

use tlsleuth_cert::DefectKind;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

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
    let Some((found, _)) = defect(chain, |kind| {
        matches!(kind, DefectKind::Unrelated { .. } | DefectKind::Duplicate { .. })
    }) else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(
            owner(chain),
            "certificates were sent that are no part of the path".to_owned(),
        )
        .evidence(chain.at(), found.kind.to_string())
        .remedy("Take them out of the chain file."),
    ))
}
