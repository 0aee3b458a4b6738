//! The judgement of a chain.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use crate::{
    Anchors, Certificate, Chain, Extension, Fingerprint, Interceptor, Intermediates, IssuerHints,
    KeyUsage, Limits, Name, OcspJudgement, PathStep, Placeholder, Violation, WireText, evaluate,
    path::SharedChecks, staple::KeptStaples, store::lock,
};

/// What the chain's owner wants to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Purpose {
    /// A TLS server.
    ServerAuth,
    /// A TLS client.
    ClientAuth,
}

/// Whether a client with these anchors would accept a chain, names aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Yes: webpki accepts it, and no defect is fatal.
    Trusted,
    /// No: at least one defect is fatal.
    Refused,
    /// There is a path without a fatal defect, but a signature on it could not be checked (ML-DSA,
    /// Ed448, …), it has a key or a hash that was taken then and is not today, or the work ran out.
    Undetermined,
}

/// What was found about one chain. Depends on the time only as far as
/// [`holds_from`](Self::holds_from) and [`holds_until`](Self::holds_until) tell.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainJudgement {
    /// Whether it is trusted.
    pub trust: Trust,
    /// Whether it would be trusted at some time within the validity of its leaf: then only the clock
    /// stands in the way.
    pub trusted_but_for_time: bool,
    /// The best path that could be built: the leaf first. Empty for an empty chain.
    pub path: Vec<PathStep>,
    /// Everything that is wrong or remarkable, fatal defects first, then in the order of the path.
    pub defects: Vec<Defect>,
    /// What webpki said against the path; None if it accepts it, or was not asked since a defect is
    /// fatal anyway.
    pub verifier_objection: Option<String>,
    /// Whether the search was ended by a cap of [`Limits`], so that a better path may exist.
    pub is_exhausted: bool,
    /// The first second, since 1970, for which this judgement holds.
    pub holds_from: i64,
    /// The last second for which it holds.
    pub holds_until: i64,
    /// The placeholder that the leaf is, if it is a known one.
    pub placeholder: Option<&'static Placeholder>,
    /// The interceptor whose authority issued the chain, if it is a known one.
    pub interceptor: Option<&'static Interceptor>,
}

impl ChainJudgement {
    /// Whether the chain is trusted.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trust == Trust::Trusted
    }

    /// The defects for which a client refuses the chain.
    pub fn fatal(&self) -> impl Iterator<Item = &Defect> {
        self.defects.iter().filter(|defect| defect.is_fatal())
    }

    /// The anchor that the path ends in.
    #[must_use]
    pub fn anchor(&self) -> Option<&PathStep> {
        self.path.last().filter(|step| step.is_anchor)
    }
}

/// One thing that is wrong or remarkable.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Defect {
    /// What.
    pub kind: DefectKind,
    /// With which certificate.
    pub at: DefectAt,
    /// Who refuses the chain for it; None if nobody does: it lies off the path, or is just untidy.
    pub refused_by: Option<&'static str>,
}

impl Defect {
    /// Whether a client of note refuses the chain for it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.refused_by.is_some()
    }
}

/// Where a defect lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefectAt {
    /// In the chain as a whole.
    Chain,
    /// In the certificate at this place of the chain as sent, counted from 0.
    Sent(usize),
    /// In the certificate at this place of the path, which was not sent.
    Path(usize),
}

/// Which rule of usage a certificate breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Usage {
    /// Its extendedKeyUsage leaves the purpose out; what it says instead.
    Extended(String),
    /// A leaf's keyUsage allows nothing that TLS needs.
    Key(KeyUsage),
}

/// What can be wrong with a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DefectKind {
    /// No certificate was sent.
    Empty,
    /// A certificate does not parse; see [`Certificate::malformed`](crate::Certificate::malformed).
    Malformed(crate::Malformed),
    /// A certificate breaks a rule of RFC 5280 though it can be read.
    Violation(Violation),
    /// Its validity has ended.
    Expired {
        /// When, in seconds since 1970.
        not_after: i64,
    },
    /// Its validity has not begun.
    NotYetValid {
        /// When it begins, in seconds since 1970.
        not_before: i64,
    },
    /// It expires within 14 days.
    ExpiresSoon {
        /// When, in seconds since 1970.
        not_after: i64,
    },
    /// The leaf is its own issuer and no anchor.
    SelfSignedLeaf,
    /// The issuer of the last certificate that can be linked is an intermediate that was not sent.
    MissingIntermediate(Box<IssuerHints>),
    /// The chain is complete, and its root is not trusted.
    UntrustedRoot {
        /// The root's name.
        root: Name,
        /// Whether the root itself was sent.
        sent: bool,
        /// Whether it has the name of a root that was publicly trusted once.
        was_public: bool,
        /// What is known of it if it was not sent.
        hints: Option<Box<IssuerHints>>,
    },
    /// The issuer was not sent, and whether it is a private root or a missing intermediate cannot
    /// be told.
    UnknownIssuer(Box<IssuerHints>),
    /// The signature does not verify with the issuer's key.
    BadSignature {
        /// Who is said to have signed.
        issuer: Name,
    },
    /// The signature could not be checked; why. Not fatal, but the chain cannot be called trusted.
    SignatureUnchecked(&'static str),
    /// The key is too short. Not fatal at a time when clients took it.
    WeakKey,
    /// The RSA key is so large that clients refuse to work with it.
    OversizedKey,
    /// The signature's hash is broken. Not fatal at a time when clients took it.
    WeakSignature,
    /// It issued the certificate before it in the path, but is no authority.
    NotACa {
        /// Whether it is one by basicConstraints, and only keyUsage lacks keyCertSign.
        lacks_key_cert_sign: bool,
    },
    /// The leaf is an authority's certificate (`CA:TRUE`).
    CaAsLeaf,
    /// More intermediates stand below it than its pathLenConstraint allows.
    PathTooLong {
        /// How many it allows.
        allowed: u32,
        /// How many there are.
        found: u32,
    },
    /// The path has more intermediates than clients follow.
    TooDeep {
        /// How many there are.
        found: usize,
    },
    /// A name lies outside of what an issuer may certify.
    NameConstraints {
        /// The name, of the certificate at the place of the defect.
        name: WireText,
        /// Who set the constraint.
        issuer: Name,
    },
    /// Key usage or extended key usage does not allow the purpose.
    WrongUsage(Usage),
    /// A critical extension that clients do not know, so that they must refuse.
    UnknownCritical(Extension),
    /// The certificates are not in issuing order.
    WrongOrder {
        /// The places, as sent, in the order in which they should have been sent.
        right_order: Vec<usize>,
    },
    /// Certificates that are no part of any path from the leaf.
    Unrelated {
        /// Their places in the chain as sent.
        places: Vec<usize>,
    },
    /// A self-signed root was sent too, which no client needs.
    RootIncluded,
    /// The same certificate was sent before.
    Duplicate {
        /// Where it was sent first.
        first: usize,
    },
    /// More certificates were sent than are looked at.
    TooManyCertificates {
        /// How many were sent.
        total: usize,
    },
    /// webpki refuses the chain for a reason that none of the other defects explains.
    RefusedByVerifier {
        /// What it said.
        reason: String,
    },
}

impl fmt::Display for DefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no certificate was sent"),
            Self::Malformed(malformed) => write!(f, "malformed: {malformed}"),
            Self::Violation(violation) => write!(f, "breaks RFC 5280: {violation}"),
            Self::Expired { not_after } => write!(f, "expired at {not_after}"),
            Self::NotYetValid { not_before } => write!(f, "not valid before {not_before}"),
            Self::ExpiresSoon { not_after } => write!(f, "expires soon, at {not_after}"),
            Self::SelfSignedLeaf => f.write_str("the leaf is self-signed"),
            Self::MissingIntermediate(hints) => {
                write!(f, "missing intermediate: {}", hints.issuer)
            }
            Self::UntrustedRoot { root, sent, .. } => {
                write!(f, "untrusted root ({}): {root}", if *sent { "sent" } else { "not sent" })
            }
            Self::UnknownIssuer(hints) => write!(f, "unknown issuer: {}", hints.issuer),
            Self::BadSignature { issuer } => write!(f, "the signature is not by {issuer}"),
            Self::SignatureUnchecked(why) => write!(f, "signature not checked: {why}"),
            Self::WeakKey => f.write_str("weak key"),
            Self::OversizedKey => f.write_str("oversized key"),
            Self::WeakSignature => f.write_str("weak signature"),
            Self::NotACa { lacks_key_cert_sign: true } => f.write_str("issuer without keyCertSign"),
            Self::NotACa { .. } => f.write_str("issuer is no CA"),
            Self::CaAsLeaf => f.write_str("a CA certificate as leaf"),
            Self::PathTooLong { allowed, found } => {
                write!(f, "path too long: {found} intermediates, {allowed} allowed")
            }
            Self::TooDeep { found } => write!(f, "path too deep: {found} intermediates"),
            Self::NameConstraints { name, issuer } => {
                write!(f, "`{name}` is outside of the name constraints of {issuer}")
            }
            Self::WrongUsage(Usage::Extended(says)) => {
                write!(f, "wrong extended key usage: {says}")
            }
            Self::WrongUsage(Usage::Key(says)) => write!(f, "wrong key usage: {says}"),
            Self::UnknownCritical(extension) => {
                write!(f, "unknown critical extension {extension}")
            }
            Self::WrongOrder { right_order } => write!(f, "wrong order, right: {right_order:?}"),
            Self::Unrelated { places } => write!(f, "unrelated certificates: {places:?}"),
            Self::RootIncluded => f.write_str("root included"),
            Self::Duplicate { first } => write!(f, "duplicate of certificate {first}"),
            Self::TooManyCertificates { total } => write!(f, "{total} certificates"),
            Self::RefusedByVerifier { reason } => write!(f, "refused by webpki: {reason}"),
        }
    }
}

/// Judges chains against a set of anchors and remembers its judgements.
///
/// A chain that comes again for the same purpose costs a look-up, as long as the time lies in the
/// span for which the first judgement holds.
#[derive(Debug)]
pub struct Judge {
    anchors: Anchors,
    limits: Limits,
    checks: SharedChecks,
    kept: Mutex<Kept>,
    staples: KeptStaples,
}

/// The generation that a judgement rests on, if it does, and the judgement.
type KeptJudgement = (Option<u64>, Arc<ChainJudgement>);

/// Judgements made, by chain and purpose, and by the generation of the known intermediates where
/// these had a say.
#[derive(Debug, Default)]
struct Kept {
    judgements:
        HashMap<(Box<[Fingerprint]>, Purpose), Vec<KeptJudgement>, foldhash::fast::RandomState>,
    count: usize,
    made: u64,
}

impl Judge {
    /// A judge with the default [`Limits`].
    #[must_use]
    pub fn new(anchors: Anchors) -> Self {
        Self::with_limits(anchors, Limits::default())
    }

    /// A judge with other limits.
    #[must_use]
    pub fn with_limits(anchors: Anchors, limits: Limits) -> Self {
        Self {
            anchors,
            limits,
            checks: SharedChecks::default(),
            kept: Mutex::default(),
            staples: KeptStaples::default(),
        }
    }

    /// The anchors.
    #[must_use]
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// How many judgements of chains and of stapled responses were made rather than remembered.
    #[must_use]
    pub fn made(&self) -> u64 {
        lock(&self.kept).made + self.staples.made()
    }

    /// Judges a stapled OCSP response, in DER, as [`OcspResponse::judge`](crate::OcspResponse::judge)
    /// does. One that comes again for the same leaf and issuer costs a look-up.
    #[must_use]
    pub fn judge_staple(
        &self,
        response: &[u8],
        leaf: &Certificate,
        issuer: Option<&Certificate>,
        at: i64,
    ) -> Arc<OcspJudgement> {
        self.staples.judge(response, leaf, issuer, at)
    }

    /// Judges a chain for a purpose at a time, in seconds since 1970.
    ///
    /// `known` are intermediates seen elsewhere. They never make a chain trusted, since the peer may
    /// not have them; they tell what is missing.
    pub fn judge(
        &self,
        chain: &Chain,
        purpose: Purpose,
        known: &dyn Intermediates,
        at: i64,
    ) -> Arc<ChainJudgement> {
        let key = (chain.fingerprints(), purpose);
        let holds = |(generation, judgement): &&KeptJudgement| {
            (judgement.holds_from..=judgement.holds_until).contains(&at)
                && generation.is_none_or(|generation| generation == known.generation())
        };
        if let Some(made) = lock(&self.kept).judgements.get(&key)
            && let Some((_, judgement)) = made.iter().find(holds)
        {
            return Arc::clone(judgement);
        }
        let generation = known.generation();
        let (judgement, asked_known) = evaluate::judge(
            &evaluate::Question { chain, purpose, known, at, limits: &self.limits },
            &self.anchors,
            &self.checks,
        );
        let judgement = Arc::new(judgement);
        let mut kept = lock(&self.kept);
        kept.made += 1;
        if kept.count >= self.limits.max_judgements {
            kept.judgements.clear();
            kept.count = 0;
        }
        kept.count += 1;
        let made = kept.judgements.entry(key).or_default();
        // An answer that rested on fewer known intermediates will not be asked for again.
        made.retain(|(old, _)| old.is_none_or(|old| old == generation));
        made.push((asked_known.then_some(generation), Arc::clone(&judgement)));
        judgement
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use rustls_pki_types::{CertificateDer, pem::PemObject as _};

    use super::{DefectKind, Judge, Purpose};
    use crate::{Anchors, CertificateStore, Chain, NoIntermediates, Roots, SeenIntermediates};

    fn story(name: &str) -> (Chain, Judge) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/certs/");
        let store = CertificateStore::default();
        let pem = fs::read(format!("{root}{name}/chain.pem")).unwrap();
        let chain = CertificateDer::pem_slice_iter(&pem).map(|der| store.intern(&der.unwrap()));
        let mut anchors = Anchors::new(Roots::None).unwrap();
        anchors.add_pem(&fs::read(format!("{root}{name}/anchors.pem")).unwrap()).unwrap();
        (Chain::new(chain), Judge::new(anchors))
    }

    /// The leaf of `good` is valid from 1,790,812,800 to 1,822,348,800.
    #[test]
    fn a_judgement_holds_as_long_as_nothing_begins_or_ends() {
        let (chain, judge) = story("good");
        let at = |at: i64| judge.judge(&chain, Purpose::ServerAuth, &NoIntermediates, at);
        let (start, end) = (1_790_812_800, 1_822_348_800);
        assert!(!at(start - 1).is_trusted());
        assert!(at(start).is_trusted());
        assert!(Arc::ptr_eq(&at(start), &at(end - 14 * 86_400)));
        let soon = at(end - 14 * 86_400 + 1);
        assert!(soon.is_trusted());
        assert!(matches!(soon.defects[0].kind, DefectKind::ExpiresSoon { .. }));
        assert!(Arc::ptr_eq(&soon, &at(end)));
        assert!(!at(end + 1).is_trusted());
        assert_eq!(judge.made(), 4);
        assert_eq!((at(start).holds_from, at(start).holds_until), (start, end - 14 * 86_400));
    }

    #[test]
    fn purposes_are_judged_apart() {
        let (chain, judge) = story("wrong-usage-client");
        let of = |purpose| judge.judge(&chain, purpose, &NoIntermediates, 1_795_168_800);
        assert!(of(Purpose::ServerAuth).is_trusted());
        assert!(!of(Purpose::ClientAuth).is_trusted());
    }

    #[test]
    fn what_is_seen_later_changes_the_answer() {
        let (chain, judge) = story("missing-intermediate");
        let (other, _) = story("good");
        let known = SeenIntermediates::default();
        let leads = || {
            let judgement = judge.judge(&chain, Purpose::ServerAuth, &known, 1_795_168_800);
            match &judgement.defects[0].kind {
                DefectKind::MissingIntermediate(hints) => hints.leads_to_anchor(),
                other => panic!("{other}"),
            }
        };
        assert!(!leads() && !leads());
        assert_eq!(judge.made(), 1);
        known.add(&other);
        assert!(leads() && leads());
        assert_eq!(judge.made(), 2);
    }

    #[test]
    fn absurd_times() {
        let (chain, judge) = story("good");
        for at in [i64::MIN, -1, 0, i64::MAX] {
            let judgement = judge.judge(&chain, Purpose::ServerAuth, &NoIntermediates, at);
            assert!(judgement.trusted_but_for_time);
        }
    }
}
