//! `chain.expired`: a certificate had expired when it was sent.

use tlsleuth_cert::DefectKind;

use super::{defect, named, owner};
use crate::case::JudgedChain;
use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, wording};

declare_rule! {
    /// A certificate had expired when it was sent.
    ///
    /// ## What happened
    /// The validity of a certificate on the path had ended at the time of the capture.
    /// ## Likely causes
    /// The renewal failed, or the renewed certificate is on disk and the server was not reloaded; an
    /// intermediate or cross-signed root expired; the clock that judges is wrong.
    /// ## When it cannot be told
    /// TLS 1.3 encrypts the Certificate message: without secrets nothing is said.
    pub static CHAIN_EXPIRED of chain {
        code: "chain.expired",
        severity: Error,
        since: "0.1.0",
        leads_to: ["peer.client-rejected-certificate", "peer.client-aborted", "peer.server-aborted", "peer.key-mismatch", "peer.handshake-failure", "peer.user-canceled", "peer.internal-error", "peer.access-denied", "protocol.malformed", "client-auth.rejected", "tcp.closed-during-handshake", "tcp.reset-during-handshake"],
        references: ["RFC 5280 §4.1.2.5"],
    }
}

fn check(_case: &Case<'_>, chain: &JudgedChain<'_>) -> Verdict {
    let Some((found, certificate)) =
        defect(chain, |kind| matches!(kind, DefectKind::Expired { .. }))
    else {
        return Ok(None);
    };
    let DefectKind::Expired { not_after } = found.kind else { return Ok(None) };
    let ago = wording::span(chain.judged_at.saturating_sub(not_after));
    let leaf = super::is_leaf(found);
    let what = if leaf { "the certificate" } else { "an issuing certificate" };
    Ok(Some(
        Finding::new(owner(chain), format!("{what} {} expired {ago} before it was sent", named(certificate.as_deref())))
            .evidence(chain.at(), format!(
                "{} (serial {}) was valid until {}",
                named(certificate.as_deref()),
                certificate.as_ref().map_or_else(String::new, |certificate| certificate.serial.to_string()),
                wording::date(not_after)
            ))
            .explain(format!("It ended at {}; the frame is from {}.", wording::date(not_after), wording::date(chain.judged_at)))
            .remedy(if leaf {
                "Renew it and reload the service: a renewed file alone changes nothing until nginx -s reload, systemctl reload apache2, or a restart of a Go or Java server that reads it once (certbot: a deploy hook; Kubernetes: cert-manager's Certificate and its events)."
            } else {
                "Replace the chain file by the one that the authority gives out today; drop the expired intermediate or cross-signed root from it."
            })
            .seen_as(&[
                "curl: (60) SSL certificate problem: certificate has expired",
                "Go: x509: certificate has expired or is not yet valid",
                "Java: CertificateExpiredException: NotAfter",
                "OpenSSL: certificate has expired (10), sslv3 alert certificate expired",
                "browsers: NET::ERR_CERT_DATE_INVALID, SEC_ERROR_EXPIRED_CERTIFICATE",
            ]),
    ))
}
