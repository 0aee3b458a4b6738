//! `chain.wrong-order`: the certificates are not in issuing order.

use tlsleuth_cert::DefectKind;

use super::{defect, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding};

declare_rule! {
    /// The certificates are not in issuing order.
    ///
    /// ## What happened
    /// Each certificate should certify the one before it. Most clients sort; some do not.
    /// ## Likely causes
    /// The chain file was put together in the wrong order.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_WRONG_ORDER of chain {
        code: "chain.wrong-order",
        severity: Warning,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 5246 §7.4.2", "RFC 8446 §4.4.2"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, _)) = defect(chain, |kind| matches!(kind, DefectKind::WrongOrder { .. }))
    else {
        return Ok(None);
    };
    Ok(Some(
        Finding::new(owner(chain), "the certificates are not in issuing order".to_owned())
            .evidence(chain.at(), found.kind.to_string())
            .remedy("Put the leaf first, then each issuer behind the certificate that it issued."),
    ))
}
