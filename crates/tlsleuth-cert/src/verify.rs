//! Asks webpki.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::{Certificate, PathStep, Purpose, signature::P521_ALGORITHMS};

/// Whether webpki accepts a leaf with these intermediates and anchors at a time; else what it says.
pub(crate) fn verify<'a>(
    leaf: &Certificate,
    intermediates: impl Iterator<Item = &'a Certificate>,
    anchors: &[&Certificate],
    purpose: Purpose,
    at: i64,
) -> Result<(), String> {
    let anchors: Vec<CertificateDer<'_>> =
        anchors.iter().map(|anchor| CertificateDer::from(&*anchor.der)).collect();
    let anchors: Vec<TrustAnchor<'_>> =
        anchors.iter().filter_map(|anchor| anchor_from_trusted_cert(anchor).ok()).collect();
    let intermediates: Vec<CertificateDer<'_>> =
        intermediates.map(|certificate| CertificateDer::from(&*certificate.der)).collect();
    let leaf = CertificateDer::from(&*leaf.der);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| format!("{error:?}"))?;
    let seconds = u64::try_from(at).unwrap_or(0);
    let usage = match purpose {
        Purpose::ServerAuth => KeyUsage::server_auth(),
        Purpose::ClientAuth => KeyUsage::client_auth(),
    };
    let algorithms: Vec<_> =
        webpki::ALL_VERIFICATION_ALGS.iter().chain(&P521_ALGORITHMS).copied().collect();
    leaf.verify_for_usage(
        &algorithms,
        &anchors,
        &intermediates,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        usage,
        None,
        None,
    )
    .map(|_| ())
    .map_err(|error| format!("{error:?}"))
}

/// Whether webpki accepts a path that ends in an anchor.
///
/// It gets this path and nothing else: offered all 200 certificates of a hostile chain, its search
/// may parse them millions of times before its own limits end it.
pub(crate) fn verify_path(path: &[PathStep], purpose: Purpose, at: i64) -> Result<(), String> {
    let (Some((leaf, rest)), Some(anchor)) =
        (path.split_first(), path.last().filter(|step| step.is_anchor))
    else {
        return Err("UnknownIssuer".to_owned());
    };
    // An anchor that is itself the leaf: webpki has no such notion, OpenSSL and Go have.
    if rest.is_empty() {
        return Ok(());
    }
    let intermediates = rest.iter().filter(|step| !step.is_anchor).map(|step| &*step.certificate);
    verify(&leaf.certificate, intermediates, &[&*anchor.certificate], purpose, at)
}
