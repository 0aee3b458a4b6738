//! Stapled OCSP responses (RFC 6960).

use std::fmt;

use crate::{Certificate, Hash, SignatureCheck};

/// What a responder says of one certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CertStatus {
    /// It is not revoked.
    Good,
    /// It is revoked.
    Revoked {
        /// When, in seconds since 1970.
        at: i64,
        /// Why: a CRLReason (RFC 5280 §5.3.1).
        reason: Option<u8>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// One answer of a response.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SingleResponse {
    /// The hash that names the issuer.
    pub hash: Hash,
    /// The hash of the issuer's name.
    pub issuer_name_hash: Box<[u8]>,
    /// The hash of the issuer's key.
    pub issuer_key_hash: Box<[u8]>,
    /// The serial number of the certificate that it is about.
    pub serial: crate::Serial,
    /// What it says.
    pub status: CertStatus,
    /// From when, in seconds since 1970.
    pub this_update: i64,
    /// Until when.
    pub next_update: Option<i64>,
}

/// A parsed OCSPResponse.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspResponse {
    /// What does not parse, if anything.
    pub malformed: Option<crate::Malformed>,
    /// responseStatus: 0 is successful, 1 malformedRequest, 2 internalError, 3 tryLater,
    /// 5 sigRequired, 6 unauthorized.
    pub response_status: Option<u8>,
    /// When it was made, in seconds since 1970.
    pub produced_at: Option<i64>,
    /// The answers; at most 64 are kept.
    pub responses: Vec<SingleResponse>,
}

/// Who signed a response.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OcspSigner {
    /// The issuer itself.
    Issuer,
    /// A responder that the issuer delegated to, by its certificate.
    Delegated(std::sync::Arc<Certificate>),
}

/// What is wrong with a stapled response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OcspProblem {
    /// It does not parse.
    Malformed,
    /// The responder gave an error instead of an answer.
    NotSuccessful(u8),
    /// No answer is about the leaf.
    NotAboutLeaf,
    /// nextUpdate lies in the past.
    Stale,
    /// thisUpdate lies in the future.
    Future,
    /// The signature is wrong.
    BadSignature,
    /// The signer is neither the issuer nor delegated by it.
    UnauthorizedSigner,
    /// The signature could not be checked: no issuer, or an algorithm that is not checked.
    Unchecked,
}

/// What a stapled response says of a leaf, and whether it may be believed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspJudgement {
    /// The answer about the leaf.
    pub response: Option<SingleResponse>,
    /// Who signed.
    pub signer: Option<OcspSigner>,
    /// The signature.
    pub signature: SignatureCheck,
    /// What is wrong.
    pub problems: Vec<OcspProblem>,
}

impl fmt::Display for OcspProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl OcspResponse {
    /// Reads a DER response; never fails.
    #[must_use]
    pub fn parse(der: &[u8]) -> Self {
        let _ = der;
        Self { malformed: None, response_status: None, produced_at: None, responses: Vec::new() }
    }

    /// Judges it for a leaf and its issuer at a time, in seconds since 1970.
    #[must_use]
    pub fn judge(
        &self,
        leaf: &Certificate,
        issuer: Option<&Certificate>,
        at: i64,
    ) -> OcspJudgement {
        let _ = (leaf, issuer, at);
        OcspJudgement {
            response: None,
            signer: None,
            signature: SignatureCheck::Unchecked("no issuer"),
            problems: Vec::new(),
        }
    }
}

pub(crate) fn fuzz(data: &[u8]) {
    let _ = OcspResponse::parse(data);
}
