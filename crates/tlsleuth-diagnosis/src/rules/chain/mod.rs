//! Rules about chains: the server's, and the client's by the same code.

use std::sync::Arc;

use tlsleuth_cert::{Certificate, Defect, DefectAt, DefectKind};

use tlsleuth_handshake::Side;

use crate::case::JudgedChain;
use crate::{Case, Finding, Party, Severity, wording};

pub mod bad_signature;
pub mod empty;
pub mod expired;
pub mod expires_soon;
pub mod malformed;
pub mod missing_intermediate;
pub mod name_constraints;
pub mod not_a_ca;
pub mod not_yet_valid;
pub mod path_too_long;
pub mod revoked;
pub mod root_included;
pub mod self_signed;
pub mod staple_expired;
pub mod staple_missing;
pub mod unrelated_certificates;
pub mod untrusted_root;
pub mod weak_key;
pub mod weak_signature;
pub mod wrong_order;
pub mod wrong_usage;

/// The first defect of a kind, with its certificate. One for which clients refuse the chain goes
/// before one that lies off the path.
fn defect<'j>(
    chain: &'j JudgedChain<'_>,
    wanted: impl Fn(&DefectKind) -> bool,
) -> Option<(&'j Defect, Option<Arc<Certificate>>)> {
    let found = chain.judgement.defects.iter().filter(|defect| wanted(&defect.kind));
    let found = found.min_by_key(|defect| !defect.is_fatal())?;
    let leaf = chain.sent.value.chain.leaf();
    if leaf.is_some_and(|leaf| leaf.acme_identifier.is_some()) {
        // A challenge's certificate is self-signed and unusual by design (RFC 8737 §3).
        return None;
    }
    let about_trust = matches!(
        found.kind,
        DefectKind::SelfSignedLeaf
            | DefectKind::MissingIntermediate(_)
            | DefectKind::UnknownIssuer(_)
            | DefectKind::UntrustedRoot { .. }
    );
    if about_trust && chain.leads_to_requested {
        // The server named an issuer of this chain: it knows more than what is judged by here.
        return None;
    }
    // What lies off the path hurts nobody, unless it is about the chain's form.
    let about_form = matches!(
        found.kind,
        DefectKind::WrongOrder { .. }
            | DefectKind::Unrelated { .. }
            | DefectKind::Duplicate { .. }
            | DefectKind::RootIncluded
            | DefectKind::ExpiresSoon { .. }
    );
    // What clients took at the time is told as what today's do not take.
    let about_strength = matches!(found.kind, DefectKind::WeakKey | DefectKind::WeakSignature);
    if !found.is_fatal() && !about_form && !about_strength {
        return None;
    }
    let certificate = match found.at {
        DefectAt::Chain => None,
        DefectAt::Sent(place) => chain.sent.value.chain.certificates().get(place).cloned(),
        DefectAt::Path(place) => {
            chain.judgement.path.get(place).map(|step| Arc::clone(&step.certificate))
        }
    };
    Some((found, certificate))
}

/// A weakness that clients took at the time by which the chain is judged is only told. `refused_from`
/// is the first second at which they refuse it.
fn told_by_its_time(finding: Finding, defect: &Defect, refused_from: Option<i64>) -> Finding {
    match refused_from {
        Some(from) if !defect.is_fatal() => finding.severity(Severity::Info).explain(format!(
            "Clients of that time took it, and refuse it from {} on: it is not taken for the cause of anything here.",
            wording::day(from)
        )),
        _ => finding,
    }
}

/// The place of a certificate in the chain as it was sent.
fn place(chain: &JudgedChain<'_>, certificate: Option<&Certificate>) -> Option<usize> {
    let sha256 = &certificate?.sha256;
    chain.sent.value.chain.certificates().iter().position(|sent| sent.sha256 == *sha256)
}

/// Whether a defect is about the leaf.
fn is_leaf(defect: &Defect) -> bool {
    matches!(defect.at, DefectAt::Sent(0) | DefectAt::Path(0))
}

/// Whoever owns the chain.
fn owner(chain: &JudgedChain<'_>) -> Party {
    Party::from(chain.side)
}

fn named(certificate: Option<&Certificate>) -> String {
    certificate.map_or_else(|| "the chain".to_owned(), wording::certificate)
}

/// How to give the peer of a chain's owner a trust anchor.
fn give_an_anchor(side: Side) -> &'static str {
    match side {
        Side::Server => {
            "curl --cacert; Go: tls.Config.RootCAs; Java: keytool -importcert into its trustStore; Debian: /usr/local/share/ca-certificates and update-ca-certificates; Node: NODE_EXTRA_CA_CERTS; Python: SSL_CERT_FILE; Kubernetes: a caBundle"
        }
        Side::Client => {
            "nginx: ssl_client_certificate; HAProxy: ca-file; Apache: SSLCACertificateFile; Go: tls.Config.ClientCAs; Java: the server's trustStore"
        }
    }
}

/// What the anchors are called.
fn anchors(case: &Case<'_>) -> &'static str {
    match (case.policy.roots, case.policy.own_anchors) {
        ("mozilla", false) => "Mozilla's roots",
        ("mozilla", true) => "Mozilla's roots and those of --ca-file",
        ("system", false) => "the system's roots",
        ("system", true) => "the system's roots and those of --ca-file",
        (_, true) => "the anchors of --ca-file",
        (_, false) => "the anchors (none were given)",
    }
}
