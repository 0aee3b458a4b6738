//! Stapled OCSP responses (RFC 6960).

use std::{fmt, sync::Arc};

use ring::digest;

use crate::{
    Certificate, Hash, Malformed, PublicKey, Scts, Serial, SignatureAlgorithm, SignatureCheck,
    der::{Element, Fault, Reader, tag},
    signature, time,
};

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

impl CertStatus {
    /// The reason of a revocation, by its name in RFC 5280.
    #[must_use]
    pub fn reason_name(self) -> Option<&'static str> {
        let Self::Revoked { reason: Some(reason), .. } = self else { return None };
        Some(match reason {
            0 => "unspecified",
            1 => "keyCompromise",
            2 => "cACompromise",
            3 => "affiliationChanged",
            4 => "superseded",
            5 => "cessationOfOperation",
            6 => "certificateHold",
            8 => "removeFromCRL",
            9 => "privilegeWithdrawn",
            10 => "aACompromise",
            _ => return None,
        })
    }
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
    pub serial: Serial,
    /// What it says.
    pub status: CertStatus,
    /// From when, in seconds since 1970.
    pub this_update: i64,
    /// Until when.
    pub next_update: Option<i64>,
    /// Signed certificate timestamps of the certificate (RFC 6962 §3.3).
    pub scts: Scts,
}

/// An OCSPResponse, as a server staples it.
///
/// ```text
/// OCSPResponse ::= SEQUENCE {
///     responseStatus  ENUMERATED,
///     responseBytes   [0] EXPLICIT ResponseBytes OPTIONAL }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspResponse {
    /// What does not parse, if anything; answers before that place are kept.
    pub malformed: Option<Malformed>,
    /// responseStatus: 0 is successful, 1 malformedRequest, 2 internalError, 3 tryLater,
    /// 5 sigRequired, 6 unauthorized.
    pub response_status: Option<u8>,
    /// When it was made, in seconds since 1970.
    pub produced_at: Option<i64>,
    /// The answers; at most 64 are kept.
    pub responses: Vec<SingleResponse>,
    /// Certificates sent along, of a responder that the issuer delegated to; at most 4 are kept.
    pub certificates: Vec<Arc<Certificate>>,
    /// How it is signed.
    pub signature_algorithm: SignatureAlgorithm,
    signed: Box<[u8]>,
    signature: Box<[u8]>,
}

/// Who signed a response.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OcspSigner {
    /// The issuer itself.
    Issuer,
    /// A responder that the issuer delegated to, by its certificate.
    Delegated(Arc<Certificate>),
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

impl fmt::Display for OcspProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it does not parse",
            Self::NotSuccessful(1) => "the responder says malformedRequest",
            Self::NotSuccessful(2) => "the responder says internalError",
            Self::NotSuccessful(3) => "the responder says tryLater",
            Self::NotSuccessful(5) => "the responder says sigRequired",
            Self::NotSuccessful(6) => "the responder says unauthorized",
            Self::NotSuccessful(other) => {
                return write!(f, "the responder gives the status {other}");
            }
            Self::NotAboutLeaf => "it is about another certificate",
            Self::Stale => "its time is over",
            Self::Future => "it lies in the future",
            Self::BadSignature => "its signature is wrong",
            Self::UnauthorizedSigner => "its signer may not sign for the issuer",
            Self::Unchecked => "its signature could not be checked",
        })
    }
}

/// What a stapled response says of a leaf, and whether it may be believed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspJudgement {
    /// The answer about the leaf.
    pub response: Option<SingleResponse>,
    /// Who signed, if the signature is right.
    pub signer: Option<OcspSigner>,
    /// The signature.
    pub signature: SignatureCheck,
    /// What is wrong.
    pub problems: Vec<OcspProblem>,
}

impl OcspJudgement {
    /// Whether the response may be believed: it is about the leaf, current and rightly signed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// What it says of the leaf, sound or not.
    #[must_use]
    pub fn status(&self) -> Option<CertStatus> {
        self.response.as_ref().map(|response| response.status)
    }
}

/// Answers that are kept; a staple has one.
const MAX_RESPONSES: usize = 64;

/// Certificates that are kept; a staple has one or none.
const MAX_CERTIFICATES: usize = 4;

/// How far clocks may be apart, in seconds: what OpenSSL's tools allow.
const CLOCK_SKEW: i64 = 300;

/// The extension with signed certificate timestamps (RFC 6962 §3.3).
const SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];

/// id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];

impl OcspResponse {
    /// Reads a DER response; never fails.
    #[must_use]
    pub fn parse(der: &[u8]) -> Self {
        let mut response = Self {
            malformed: None,
            response_status: None,
            produced_at: None,
            responses: Vec::new(),
            certificates: Vec::new(),
            signature_algorithm: SignatureAlgorithm::unknown(),
            signed: Box::default(),
            signature: Box::default(),
        };
        if let Err(Fault { offset, expected }) = response.read(der) {
            response.malformed = Some(Malformed { offset, expected, in_extension: false });
        }
        response
    }

    /// ```text
    /// ResponseBytes ::= SEQUENCE { responseType OBJECT IDENTIFIER, response OCTET STRING }
    /// BasicOCSPResponse ::= SEQUENCE {
    ///     tbsResponseData     ResponseData,
    ///     signatureAlgorithm  AlgorithmIdentifier,
    ///     signature           BIT STRING,
    ///     certs               [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
    /// ```
    fn read(&mut self, der: &[u8]) -> Result<(), Fault> {
        let mut outermost = Reader::new(der);
        let mut outer = outermost.expect(tag::SEQUENCE, "an OCSP response (SEQUENCE)")?.open();
        let status = outer.expect(tag::ENUMERATED, "a response status")?;
        self.response_status = u8::try_from(status.small_integer()?).ok();
        let Some(bytes) = outer.optional(tag::context(0), "the response bytes")? else {
            return if self.response_status == Some(0) {
                Err(outer.fault("the response bytes of a successful response"))
            } else {
                Ok(())
            };
        };
        let mut bytes = bytes.open().expect(tag::SEQUENCE, "the response bytes")?.open();
        let kind = bytes.expect(tag::OID, "the type of the response")?;
        if kind.content != BASIC {
            return Err(Fault { offset: kind.offset, expected: "a basic OCSP response" });
        }
        let basic = bytes.expect(tag::OCTET_STRING, "the response")?;
        let mut basic = basic.open().expect(tag::SEQUENCE, "a basic OCSP response")?.open();
        let signed = basic.expect(tag::SEQUENCE, "the response data")?;
        self.signed = signed.whole.into();
        let data = self.read_data(signed.open());
        let algorithm = basic.expect(tag::SEQUENCE, "the signature algorithm")?;
        self.signature_algorithm = SignatureAlgorithm::read(&algorithm)?;
        let signature = basic.expect(tag::BIT_STRING, "the signature")?;
        self.signature = signature.bit_string()?.into();
        if let Some(certificates) = basic.optional(tag::context(0), "certificates")? {
            let list = certificates.open().expect(tag::SEQUENCE, "a list of certificates");
            let mut list = list?.open();
            while !list.is_empty() && self.certificates.len() < MAX_CERTIFICATES {
                let certificate = list.expect(tag::SEQUENCE, "a certificate")?;
                self.certificates.push(Arc::new(Certificate::parse(certificate.whole)));
            }
        }
        data
    }

    /// ```text
    /// ResponseData ::= SEQUENCE {
    ///     version             [0] EXPLICIT Version DEFAULT v1,
    ///     responderID         CHOICE { byName [1] Name, byKey [2] KeyHash },
    ///     producedAt          GeneralizedTime,
    ///     responses           SEQUENCE OF SingleResponse,
    ///     responseExtensions  [1] EXPLICIT Extensions OPTIONAL }
    /// ```
    fn read_data(&mut self, mut data: Reader<'_>) -> Result<(), Fault> {
        data.optional(tag::context(0), "the version")?;
        data.next("who responds")?;
        self.produced_at = Some(time::parse_time(&data.next("when it was produced")?)?);
        let mut list = data.expect(tag::SEQUENCE, "a list of answers")?.open();
        while !list.is_empty() && self.responses.len() < MAX_RESPONSES {
            let single = list.expect(tag::SEQUENCE, "an answer")?;
            self.responses.push(read_single(single.open())?);
        }
        Ok(())
    }

    /// Judges it for a leaf and its issuer at a time, in seconds since 1970.
    ///
    /// Clocks may be five minutes apart, as OpenSSL's tools allow.
    #[must_use]
    pub fn judge(
        &self,
        leaf: &Certificate,
        issuer: Option<&Certificate>,
        at: i64,
    ) -> OcspJudgement {
        let mut problems = Vec::new();
        if self.malformed.is_some() {
            problems.push(OcspProblem::Malformed);
        }
        match self.response_status {
            Some(0) | None => {}
            Some(status) => {
                let signature = SignatureCheck::Unchecked("there is no answer");
                problems.push(OcspProblem::NotSuccessful(status));
                return OcspJudgement { response: None, signer: None, signature, problems };
            }
        }
        let response = self.responses.iter().find(|single| is_about(single, leaf, issuer)).cloned();
        match &response {
            None if self.malformed.is_some() => {}
            None => problems.push(OcspProblem::NotAboutLeaf),
            Some(single) => {
                if single.next_update.is_some_and(|end| at > end.saturating_add(CLOCK_SKEW)) {
                    problems.push(OcspProblem::Stale);
                }
                if at < single.this_update.saturating_sub(CLOCK_SKEW) {
                    problems.push(OcspProblem::Future);
                }
            }
        }
        let (signature, signer) = match issuer {
            Some(issuer) => self.check_signature(issuer, at),
            None => (SignatureCheck::Unchecked("the issuer is not there"), None),
        };
        match (signature, &signer) {
            (SignatureCheck::Unchecked(_), _) => problems.push(OcspProblem::Unchecked),
            (SignatureCheck::Invalid, _) => problems.push(OcspProblem::BadSignature),
            (SignatureCheck::Valid, None) => problems.push(OcspProblem::UnauthorizedSigner),
            (SignatureCheck::Valid, Some(_)) => {}
        }
        OcspJudgement { response, signer, signature, problems }
    }

    /// The first and the last second, around `at`, between which time changes nothing in what
    /// [`judge`](Self::judge) says.
    pub(crate) fn span(&self, at: i64) -> (i64, i64) {
        let (mut from, mut until) = (i64::MIN, i64::MAX);
        // From this second on something is otherwise than before.
        let mut changes = |second: i64| {
            if second <= at {
                from = from.max(second);
            } else {
                until = until.min(second - 1);
            }
        };
        for single in &self.responses {
            changes(single.this_update.saturating_sub(CLOCK_SKEW));
            if let Some(end) = single.next_update {
                changes(end.saturating_add(CLOCK_SKEW + 1));
            }
        }
        for responder in &self.certificates {
            responder.not_before.into_iter().for_each(&mut changes);
            if let Some(end) = responder.not_after {
                changes(end.saturating_add(1));
            }
        }
        (from, until)
    }

    /// Whether the issuer signed it, or a responder that the issuer delegated to (RFC 6960
    /// §4.2.2.2: a certificate issued by the same key, with id-kp-OCSPSigning). Valid without a
    /// signer means that somebody signed who may not.
    fn check_signature(
        &self,
        issuer: &Certificate,
        at: i64,
    ) -> (SignatureCheck, Option<OcspSigner>) {
        let signed_by = |key: &PublicKey| {
            signature::check(&self.signature_algorithm, key, &self.signed, &self.signature)
        };
        let own = signed_by(&issuer.key);
        if own == SignatureCheck::Valid {
            return (own, Some(OcspSigner::Issuer));
        }
        let mut result = own;
        for responder in &self.certificates {
            match signed_by(&responder.key) {
                SignatureCheck::Valid => {}
                SignatureCheck::Invalid => continue,
                unchecked => {
                    result = unchecked;
                    continue;
                }
            }
            let is_delegated = responder.issuer == issuer.subject
                && responder.extended_key_usage.as_ref().is_some_and(|usage| usage.ocsp_signing)
                && responder.is_valid_at(at)
                && signature::check(
                    &responder.signature_algorithm,
                    &issuer.key,
                    &responder.signed,
                    &responder.signature,
                ) == SignatureCheck::Valid;
            let signer = is_delegated.then(|| OcspSigner::Delegated(Arc::clone(responder)));
            return (SignatureCheck::Valid, signer);
        }
        (result, None)
    }
}

/// ```text
/// SingleResponse ::= SEQUENCE {
///     certID            CertID,
///     certStatus        CHOICE { good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL },
///     thisUpdate        GeneralizedTime,
///     nextUpdate        [0] EXPLICIT GeneralizedTime OPTIONAL,
///     singleExtensions  [1] EXPLICIT Extensions OPTIONAL }
/// CertID ::= SEQUENCE {
///     hashAlgorithm   AlgorithmIdentifier,
///     issuerNameHash  OCTET STRING,
///     issuerKeyHash   OCTET STRING,
///     serialNumber    CertificateSerialNumber }
/// ```
fn read_single(mut single: Reader<'_>) -> Result<SingleResponse, Fault> {
    let mut id = single.expect(tag::SEQUENCE, "which certificate it is about")?.open();
    let mut hash = id.expect(tag::SEQUENCE, "a hash algorithm")?.open();
    let hash = signature::hash_by_oid(hash.expect(tag::OID, "a hash's identifier")?.content);
    let issuer_name_hash = id.expect(tag::OCTET_STRING, "the hash of the issuer's name")?.content;
    let issuer_key_hash = id.expect(tag::OCTET_STRING, "the hash of the issuer's key")?.content;
    let serial = id.expect(tag::INTEGER, "the serial number")?.content;
    let status = read_status(&single.next("the status of the certificate")?)?;
    let this_update = time::parse_time(&single.next("thisUpdate")?)?;
    let next_update = match single.optional(tag::context(0), "nextUpdate")? {
        Some(explicit) => Some(time::parse_time(&explicit.open().next("nextUpdate")?)?),
        None => None,
    };
    let scts = match single.optional(tag::context(1), "singleExtensions")? {
        Some(explicit) => read_scts(explicit.open())?,
        None => Scts::default(),
    };
    Ok(SingleResponse {
        hash,
        issuer_name_hash: issuer_name_hash.into(),
        issuer_key_hash: issuer_key_hash.into(),
        serial: Serial::new(serial),
        status,
        this_update,
        next_update,
        scts,
    })
}

/// The timestamps among the extensions of an answer.
fn read_scts(mut extensions: Reader<'_>) -> Result<Scts, Fault> {
    let mut list = extensions.expect(tag::SEQUENCE, "a list of extensions")?.open();
    while !list.is_empty() {
        let mut extension = list.expect(tag::SEQUENCE, "an extension")?.open();
        let is_scts = extension.expect(tag::OID, "an extension's identifier")?.content == SCT_LIST;
        extension.optional(tag::BOOLEAN, "whether the extension is critical")?;
        let body = extension.expect(tag::OCTET_STRING, "the body of an extension")?;
        if is_scts {
            // What is wrong in it makes no client refuse the response.
            return Ok(Scts::read(body.content).unwrap_or_default());
        }
    }
    Ok(Scts::default())
}

/// ```text
/// RevokedInfo ::= SEQUENCE {
///     revocationTime    GeneralizedTime,
///     revocationReason  [0] EXPLICIT CRLReason OPTIONAL }
/// ```
fn read_status(status: &Element<'_>) -> Result<CertStatus, Fault> {
    match status.tag {
        0x80 => Ok(CertStatus::Good),
        0x82 => Ok(CertStatus::Unknown),
        0xa1 => {
            let mut info = status.open();
            let at = time::parse_time(&info.next("when it was revoked")?)?;
            let reason = match info.optional(tag::context(0), "why it was revoked")? {
                Some(explicit) => {
                    let reason = explicit.open().expect(tag::ENUMERATED, "a CRLReason")?;
                    u8::try_from(reason.small_integer()?).ok()
                }
                None => None,
            };
            Ok(CertStatus::Revoked { at, reason })
        }
        _ => Err(Fault { offset: status.offset, expected: "good, revoked or unknown" }),
    }
}

/// Whether an answer is about this leaf: its serial number and its issuer's name and key.
fn is_about(single: &SingleResponse, leaf: &Certificate, issuer: Option<&Certificate>) -> bool {
    let algorithm = match single.hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
        // With a hash that nobody uses only the number can be compared.
        _ => return single.serial == leaf.serial,
    };
    let is_hash = |hash: &[u8], of: &[u8]| digest::digest(algorithm, of).as_ref() == hash;
    single.serial == leaf.serial
        && is_hash(&single.issuer_name_hash, leaf.issuer.der())
        && issuer.is_none_or(|issuer| is_hash(&single.issuer_key_hash, &issuer.key.octets))
}

pub(crate) fn fuzz(data: &[u8]) {
    let response = OcspResponse::parse(data);
    let certificate = Certificate::parse(data);
    let _ = response.judge(&certificate, Some(&certificate), 0);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustls_pki_types::{CertificateDer, pem::PemObject as _};

    use super::{CertStatus, OcspJudgement, OcspProblem, OcspResponse, OcspSigner};
    use crate::{Certificate, SignatureCheck};

    fn file(name: &str) -> Vec<u8> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/ocsp/");
        fs::read(format!("{root}{name}")).unwrap()
    }

    fn certificate(name: &str) -> Certificate {
        Certificate::parse(&CertificateDer::from_pem_slice(&file(name)).unwrap())
    }

    /// Judged an hour after the response was made.
    fn judged(name: &str, later: i64) -> OcspJudgement {
        let response = OcspResponse::parse(&file(name));
        assert_eq!(response.malformed, None);
        let at = response.produced_at.unwrap_or(0) + later;
        response.judge(&certificate("leaf.pem"), Some(&certificate("issuer.pem")), at)
    }

    #[test]
    fn good() {
        let judgement = judged("good.der", 3600);
        assert_eq!(judgement.problems, []);
        assert_eq!(judgement.status(), Some(CertStatus::Good));
        assert_eq!(judgement.signer, Some(OcspSigner::Issuer));
        let response = judgement.response.unwrap();
        assert_eq!(response.next_update.unwrap() - response.this_update, 7 * 86_400);
    }

    #[test]
    fn revoked() {
        let judgement = judged("revoked.der", 3600);
        assert!(judgement.is_sound());
        let status = judgement.status().unwrap();
        assert_eq!(status, CertStatus::Revoked { at: 1_793_836_800, reason: Some(1) });
        assert_eq!(status.reason_name(), Some("keyCompromise"));
    }

    #[test]
    fn unknown_to_the_responder() {
        assert_eq!(judged("unknown.der", 0).status(), Some(CertStatus::Unknown));
    }

    #[test]
    fn by_a_delegated_responder() {
        let judgement = judged("delegated.der", 3600);
        assert_eq!(judgement.problems, []);
        assert!(matches!(judgement.signer, Some(OcspSigner::Delegated(_))));
    }

    #[test]
    fn by_somebody_else() {
        let judgement = judged("unauthorized.der", 3600);
        assert_eq!(judgement.problems, [OcspProblem::UnauthorizedSigner]);
        assert_eq!(judgement.signer, None);
    }

    #[test]
    fn stale_and_future() {
        assert_eq!(judged("good.der", 7 * 86_400 + 301).problems, [OcspProblem::Stale]);
        assert_eq!(judged("good.der", 7 * 86_400 + 300).problems, []);
        assert_eq!(judged("good.der", -86_400).problems, [OcspProblem::Future]);
        assert_eq!(judged("good.der", -300).problems, []);
    }

    #[test]
    fn about_another_certificate() {
        let response = OcspResponse::parse(&file("good.der"));
        let issuer = certificate("issuer.pem");
        let judgement = response.judge(&issuer, Some(&issuer), response.produced_at.unwrap());
        assert_eq!(judgement.problems, [OcspProblem::NotAboutLeaf]);
    }

    #[test]
    fn without_the_issuer_nothing_is_believed() {
        let response = OcspResponse::parse(&file("good.der"));
        let judgement =
            response.judge(&certificate("leaf.pem"), None, response.produced_at.unwrap());
        assert_eq!(judgement.status(), Some(CertStatus::Good));
        assert_eq!(judgement.problems, [OcspProblem::Unchecked]);
    }

    #[test]
    fn changed_on_the_way() {
        let mut bytes = file("good.der");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let response = OcspResponse::parse(&bytes);
        let judgement = response.judge(
            &certificate("leaf.pem"),
            Some(&certificate("issuer.pem")),
            response.produced_at.unwrap(),
        );
        assert_eq!(judgement.signature, SignatureCheck::Invalid);
        assert_eq!(judgement.problems, [OcspProblem::BadSignature]);
    }

    #[test]
    fn errors_of_the_responder() {
        let try_later = OcspResponse::parse(&[0x30, 3, 0x0a, 1, 3]);
        let judgement = try_later.judge(&certificate("leaf.pem"), None, 0);
        assert_eq!(judgement.problems, [OcspProblem::NotSuccessful(3)]);
    }

    #[test]
    fn cut_anywhere_it_says_where() {
        let bytes = file("delegated.der");
        for len in 0..bytes.len() {
            let cut = &bytes[..len];
            assert!(OcspResponse::parse(cut).malformed.is_some(), "{len}");
            crate::fuzz_ocsp(cut);
        }
    }
}
