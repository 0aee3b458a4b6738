//! Paths from a leaf to a root.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use crate::{
    Anchors, Certificate, Chain, Fingerprint, Intermediates, Limits, Name, WireText, anchor,
    signature, store::lock,
};

/// Where a certificate of a path was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// It was sent, at this place of the chain, counted from 0.
    Sent(usize),
    /// It is a trust anchor that was not sent.
    Anchor,
    /// It was not sent here but in another chain of the capture.
    SeenElsewhere,
}

/// What the check of a signature gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureCheck {
    /// It is right.
    Valid,
    /// It is wrong.
    Invalid,
    /// It was not checked; why.
    Unchecked(&'static str),
}

/// One certificate of a path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PathStep {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Where it was found.
    pub origin: Origin,
    /// Whether it is a trust anchor, or holds the name and key of one. Only the last step can.
    pub is_anchor: bool,
    /// Its signature, checked with the key of the next step; at a self-signed end with its own key.
    /// None at an anchor, whose signature does not matter, and where the issuer is not there.
    pub signature: Option<SignatureCheck>,
}

/// What is known of an issuer that was not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerHints {
    /// Its name.
    pub issuer: Name,
    /// The identifier of its key, if the certificate tells.
    pub authority_key_id: Option<Box<[u8]>>,
    /// Where it can be fetched, if the certificate tells.
    pub issuer_urls: Vec<WireText>,
    /// What fills the gap: certificates seen in other chains of the capture, the issuer first, and
    /// the anchor, if they reach one. Empty if the issuer was seen nowhere.
    pub found: Vec<PathStep>,
    /// How many authorities' certificates were sent and used before the gap.
    pub intermediates_sent: usize,
    /// Whether the leaf carries certificate timestamps, as all certificates of publicly trusted
    /// authorities do.
    pub leaf_is_public: bool,
    /// Whether it has the name of a root that was publicly trusted once: an old capture, or an old
    /// chain.
    pub was_public: bool,
    /// Whether its name says that it is a root. A hint, as anybody may take such a name.
    pub is_named_root: bool,
    /// An anchor of the same organization.
    pub same_organization: Option<Arc<Certificate>>,
    /// A certificate (sent, anchor or seen elsewhere) that has the issuer's name, but another key.
    pub same_name_other_key: Option<Arc<Certificate>>,
    /// Whether that one is an anchor: then the authority changed its key, or somebody took its name.
    pub other_key_is_anchor: bool,
    /// A certificate (sent, or an added anchor) whose subject says the same as the issuer in another encoding, which
    /// OpenSSL takes and others do not.
    pub name_differs_in_encoding: Option<Arc<Certificate>>,
}

impl IssuerHints {
    /// Whether certificates that were seen elsewhere lead to an anchor: then nothing but them is
    /// missing.
    #[must_use]
    pub fn leads_to_anchor(&self) -> bool {
        self.found.last().is_some_and(|step| step.is_anchor)
    }
}

/// How a path ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum End {
    /// In an anchor.
    Anchor,
    /// In a self-signed certificate that is no anchor.
    SelfSigned,
    /// With a certificate whose issuer is not there.
    Gap,
}

/// Certificates that one path may have. webpki follows 6 intermediates, OpenSSL 100.
const MAX_PATH: usize = 24;

/// Paths that are weighed against each other.
const MAX_PATHS: usize = 64;

/// Builds the paths that are possible with what was sent, the anchors, and, if asked, what was seen
/// elsewhere. Remembers signature checks, so that several searches cost them once.
pub(crate) struct Builder<'a> {
    chain: &'a Chain,
    anchors: &'a Anchors,
    by_subject: HashMap<&'a [u8], Vec<usize>>,
    checks: HashMap<(Fingerprint, Fingerprint), SignatureCheck>,
    shared: &'a SharedChecks,
    signatures_left: usize,
    steps_left: usize,
    /// A cap ended the search.
    pub(crate) is_exhausted: bool,
    /// Every certificate that had a say: the judgement depends on their validity.
    pub(crate) touched: Vec<Arc<Certificate>>,
    touched_set: HashSet<Fingerprint>,
    /// Certificates with the name of an issuer that another key signed for.
    other_keys: HashMap<Fingerprint, Arc<Certificate>>,
}

/// Signature checks of all judgements of a judge: chains share their upper parts.
#[derive(Debug, Default)]
pub(crate) struct SharedChecks(Mutex<HashMap<(Fingerprint, Fingerprint), SignatureCheck>>);

impl SharedChecks {
    fn get(&self, key: (Fingerprint, Fingerprint)) -> Option<SignatureCheck> {
        lock(&self.0).get(&key).copied()
    }

    fn keep(&self, key: (Fingerprint, Fingerprint), check: SignatureCheck) {
        // Some 6 MB at most.
        const MAX_CHECKS: usize = 65_536;
        let mut checks = lock(&self.0);
        if checks.len() >= MAX_CHECKS {
            checks.clear();
        }
        checks.insert(key, check);
    }
}

struct Candidate {
    certificate: Arc<Certificate>,
    origin: Origin,
    is_anchor: bool,
    check: SignatureCheck,
}

struct Frame {
    candidates: std::vec::IntoIter<Candidate>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        chain: &'a Chain,
        anchors: &'a Anchors,
        limits: &Limits,
        shared: &'a SharedChecks,
    ) -> Self {
        let mut by_subject: HashMap<&[u8], Vec<usize>> = HashMap::new();
        let mut seen = HashSet::new();
        for (place, certificate) in chain.certificates().iter().enumerate() {
            // What has no readable name, or an empty one, is nobody's issuer.
            if seen.insert(certificate.sha256) && !certificate.subject.is_empty() {
                by_subject.entry(certificate.subject.der()).or_default().push(place);
            }
        }
        Self {
            chain,
            anchors,
            by_subject,
            checks: HashMap::new(),
            shared,
            signatures_left: limits.max_signatures,
            steps_left: limits.max_path_steps,
            is_exhausted: false,
            touched: Vec::new(),
            touched_set: HashSet::new(),
            other_keys: HashMap::new(),
        }
    }

    /// Goes through the paths from the leaf, depth first and without recursion; `weigh` gets each
    /// and tells whether to go on.
    pub(crate) fn search(
        &mut self,
        known: Option<&dyn Intermediates>,
        mut weigh: impl FnMut(&[PathStep], End) -> bool,
    ) {
        let Some(leaf) = self.chain.leaf() else { return };
        let mut paths = 0_usize;
        let mut steps = vec![PathStep {
            certificate: Arc::clone(leaf),
            origin: Origin::Sent(0),
            is_anchor: false,
            signature: None,
        }];
        self.touch(leaf);
        let mut report = |steps: &[PathStep], end: End| {
            paths += 1;
            paths < MAX_PATHS && weigh(steps, end)
        };
        // Only the very certificate: another one with its name and key was vouched for by nobody.
        if self.anchors.by_subject(&leaf.subject).contains(leaf) {
            if let Some(step) = steps.first_mut() {
                step.is_anchor = true;
            }
            report(&steps, End::Anchor);
            return;
        }
        let Some(first) = self.expand(&mut steps, known, &mut report) else { return };
        let mut stack = vec![first];
        while let Some(frame) = stack.last_mut() {
            let Some(next) = frame.candidates.next() else {
                stack.pop();
                // The leaf stays; every other step belongs to the frame that is left.
                if !stack.is_empty() {
                    steps.pop();
                }
                continue;
            };
            if self.is_exhausted {
                return;
            }
            if let Some(child) = steps.last_mut() {
                child.signature = Some(next.check);
            }
            steps.push(PathStep {
                certificate: next.certificate,
                origin: next.origin,
                is_anchor: next.is_anchor,
                signature: None,
            });
            if next.is_anchor {
                if !report(&steps, End::Anchor) {
                    return;
                }
                steps.pop();
                continue;
            }
            match self.expand(&mut steps, known, &mut report) {
                Some(frame) => stack.push(frame),
                None => return,
            }
        }
    }

    /// The issuers of the last step; reports the path if it ends there. None to stop.
    fn expand(
        &mut self,
        steps: &mut [PathStep],
        known: Option<&dyn Intermediates>,
        report: &mut impl FnMut(&[PathStep], End) -> bool,
    ) -> Option<Frame> {
        let none = || Some(Frame { candidates: Vec::new().into_iter() });
        let depth = steps.len();
        let last = Arc::clone(&steps.last()?.certificate);
        let mut end = End::Gap;
        let mut own = None;
        if last.is_self_issued() {
            let other_key = contradicts(&last, &last);
            let check = self.check(&last, &last)?;
            if !other_key || check == SignatureCheck::Valid {
                end = End::SelfSigned;
                own = Some(check);
            }
        }
        let candidates = if depth >= MAX_PATH {
            Vec::new()
        } else {
            // A self-signed certificate has no issuer but itself, or an anchor of its name and key.
            self.issuers(&last, steps, known, own == Some(SignatureCheck::Valid))?
        };
        if candidates.is_empty() {
            if let Some(step) = steps.last_mut() {
                step.signature = own;
            }
            return if report(steps, end) { none() } else { None };
        }
        Some(Frame { candidates: candidates.into_iter() })
    }

    /// Who can have issued a certificate: anchors first, then what was sent, then what was seen
    /// elsewhere. Those whose key did not sign it only count if nobody else is there.
    fn issuers(
        &mut self,
        child: &Arc<Certificate>,
        steps: &[PathStep],
        known: Option<&dyn Intermediates>,
        anchors_only: bool,
    ) -> Option<Vec<Candidate>> {
        if child.issuer.is_empty() {
            return Some(Vec::new());
        }
        let mut found: Vec<(Arc<Certificate>, Origin, bool)> = Vec::new();
        let places: &[usize] = self.by_subject.get(child.issuer.der()).map_or(&[], |places| places);
        let sent = self.chain.certificates();
        let place_of = |certificate: &Certificate| {
            let mut places = places.iter().copied();
            places.find(|place| sent.get(*place).is_some_and(|sent| **sent == *certificate))
        };
        for anchor in self.anchors.by_subject(&child.issuer) {
            let origin = place_of(&anchor).map_or(Origin::Anchor, Origin::Sent);
            found.push((anchor, origin, true));
        }
        for place in places {
            let Some(certificate) = sent.get(*place).filter(|_| !anchors_only) else { continue };
            if !found.iter().any(|(other, ..)| other == certificate) {
                found.push((Arc::clone(certificate), Origin::Sent(*place), false));
            }
        }
        let known = known.filter(|_| !anchors_only);
        for certificate in known.map(|known| known.by_subject(&child.issuer)).unwrap_or_default() {
            if !found.iter().any(|(other, ..)| *other == certificate) {
                found.push((certificate, Origin::SeenElsewhere, false));
            }
        }
        let (mut signers, mut others) = (Vec::new(), Vec::new());
        for (certificate, origin, is_anchor) in found {
            let Some(left) = self.steps_left.checked_sub(1) else {
                self.is_exhausted = true;
                return None;
            };
            self.steps_left = left;
            self.touch(&certificate);
            // The same authority twice would be a loop (RFC 4158 §5.2).
            let is_on_path =
                || steps.iter().any(|step| step.certificate.is_same_entity(&certificate));
            if !is_anchor && is_on_path() {
                continue;
            }
            let check = self.check(child, &certificate)?;
            let candidate = Candidate { certificate, origin, is_anchor, check };
            match check {
                SignatureCheck::Valid => signers.push(candidate),
                _ if contradicts(child, &candidate.certificate) => {
                    self.other_keys.entry(child.sha256).or_insert(candidate.certificate);
                }
                SignatureCheck::Unchecked(_) => signers.push(candidate),
                SignatureCheck::Invalid => others.push(candidate),
            }
        }
        Some(if signers.is_empty() { others } else { signers })
    }

    /// Checks whether a key signed a certificate. None, and the search ends, when no check is left.
    fn check(&mut self, child: &Certificate, issuer: &Certificate) -> Option<SignatureCheck> {
        let key = (child.sha256, issuer.sha256);
        if let Some(known) = self.checks.get(&key) {
            return Some(*known);
        }
        let Some(left) = self.signatures_left.checked_sub(1) else {
            self.is_exhausted = true;
            return None;
        };
        self.signatures_left = left;
        // Counted whether or not another chain has paid for it: judgements must not depend on what
        // was judged before.
        if let Some(check) = self.shared.get(key) {
            self.checks.insert(key, check);
            return Some(check);
        }
        let check = if child.signature.is_empty() {
            SignatureCheck::Unchecked("the signature cannot be read")
        } else if issuer.key.der().is_empty() {
            SignatureCheck::Unchecked("the issuer's key cannot be read")
        } else {
            signature::check(
                &child.signature_algorithm,
                &issuer.key,
                &child.signed,
                &child.signature,
            )
        };
        self.checks.insert(key, check);
        self.shared.keep(key, check);
        Some(check)
    }

    fn touch(&mut self, certificate: &Arc<Certificate>) {
        if self.touched_set.insert(certificate.sha256) {
            self.touched.push(Arc::clone(certificate));
        }
    }

    /// What is known of the issuer behind the last step of a path that has a gap.
    pub(crate) fn hints(
        &mut self,
        path: &[PathStep],
        known: &dyn Intermediates,
    ) -> Option<IssuerHints> {
        let leaf = path.first()?;
        let last = &path.last()?.certificate;
        let mut found: Vec<PathStep> = Vec::new();
        if !known.by_subject(&last.issuer).is_empty() {
            let mut best = None;
            self.search(Some(known), |steps, end| {
                let is_longer = steps.len() > path.len()
                    && steps.iter().zip(path).all(|(a, b)| a.certificate == b.certificate);
                if is_longer && best.is_none_or(|best| end < best) {
                    best = Some(end);
                    found = steps.get(path.len()..).unwrap_or_default().to_vec();
                }
                best != Some(End::Anchor)
            });
        }
        let sent = self.chain.certificates();
        let name_differs_in_encoding = sent
            .iter()
            .find(|other| {
                other.subject != last.issuer && other.subject.same_but_for_encoding(&last.issuer)
            })
            .cloned()
            .or_else(|| self.anchors.same_but_for_encoding(&last.issuer));
        let other_key = self.other_keys.get(&last.sha256).cloned();
        Some(IssuerHints {
            issuer: last.issuer.clone(),
            authority_key_id: last.authority_key_id.clone(),
            issuer_urls: last.issuer_urls.clone(),
            found,
            intermediates_sent: path.len().saturating_sub(1),
            was_public: anchor::was_public(&last.issuer),
            is_named_root: last.issuer.to_string().to_ascii_lowercase().contains("root"),
            leaf_is_public: leaf.certificate.scts.count > 0,
            same_organization: self.anchors.same_organization(&last.issuer),
            other_key_is_anchor: other_key
                .as_ref()
                .is_some_and(|other| self.anchors.contains(other)),
            same_name_other_key: other_key,
            name_differs_in_encoding,
        })
    }

    /// The places, as sent, that can be reached from a place by the names of issuers, that place
    /// first.
    pub(crate) fn related(&self, from: usize) -> Vec<usize> {
        let sent = self.chain.certificates();
        let mut reached = vec![from];
        let mut seen = HashSet::from([from]);
        let mut next = 0;
        while let Some(certificate) = reached.get(next).and_then(|place| sent.get(*place)) {
            for place in self.by_subject.get(certificate.issuer.der()).into_iter().flatten() {
                let possible =
                    sent.get(*place).is_some_and(|issuer| !contradicts(certificate, issuer));
                if possible && seen.insert(*place) {
                    reached.push(*place);
                }
            }
            next += 1;
        }
        reached
    }
}

/// Whether the key identifiers say that another key signed (RFC 5280 §4.2.1.1).
pub(crate) fn contradicts(child: &Certificate, issuer: &Certificate) -> bool {
    match (&child.authority_key_id, &issuer.subject_key_id) {
        (Some(wanted), Some(own)) => wanted != own,
        _ => false,
    }
}
