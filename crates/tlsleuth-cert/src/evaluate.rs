//! How a judgement is made.

use std::sync::Arc;

use crate::{
    Anchors, Certificate, Chain, ChainJudgement, Defect, DefectAt, DefectKind, Intermediates,
    IssuerHints, KeyAlgorithm, Limits, Malformed, Name, Origin, PathStep, Purpose, SignatureCheck,
    Trust, Usage, Violation, anchor, constraint, interceptor,
    limits::MAX_RSA_BITS,
    path::{Builder, End, SharedChecks, contradicts},
    placeholder, verify,
};

/// Two weeks, in seconds: from then on an end of validity is worth a word.
const SOON: i64 = 14 * 86_400;

/// Intermediates that webpki follows.
const MAX_INTERMEDIATES: usize = 6;

/// What is asked.
pub(crate) struct Question<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) purpose: Purpose,
    pub(crate) known: &'a dyn Intermediates,
    pub(crate) at: i64,
    pub(crate) limits: &'a Limits,
}

/// A path with what is wrong with it.
struct Weighed {
    steps: Vec<PathStep>,
    end: End,
    defects: Vec<Defect>,
    score: Score,
}

/// The lower, the better; compared field by field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    bad_signatures: usize,
    end: End,
    fatal_beyond_time: usize,
    fatal: usize,
    unchecked: usize,
    length: usize,
}

/// Judges a chain; tells whether the known intermediates had a say in it.
pub(crate) fn judge(
    question: &Question<'_>,
    anchors: &Anchors,
    checks: &SharedChecks,
) -> (ChainJudgement, bool) {
    let mut builder = Builder::new(question.chain, anchors, question.limits, checks);
    let mut names = constraint::Budget(question.limits.max_name_checks);
    let mut best: Option<Weighed> = None;
    builder.search(None, |steps, end| {
        let weighed = weigh(steps, end, question, &mut names);
        let is_perfect = end == End::Anchor && weighed.score.fatal + weighed.score.unchecked == 0;
        if best.as_ref().is_none_or(|best| weighed.score < best.score) {
            best = Some(weighed);
        }
        !is_perfect
    });
    let mut defects = Vec::new();
    let mut asked_known = false;
    let mut path = Vec::new();
    let mut trust = Trust::Refused;
    let mut objection = None;
    let mut could_be_checked = false;
    let mut is_accepted = false;
    if question.chain.is_empty() {
        let refused_by = match question.purpose {
            Purpose::ServerAuth => "every client",
            Purpose::ClientAuth => "servers that require a certificate",
        };
        defects.push(Defect {
            kind: DefectKind::Empty,
            at: DefectAt::Chain,
            refused_by: Some(refused_by),
        });
    }
    if let Some(best) = best {
        let score = best.score;
        defects = best.defects;
        // Where no issuer could be read, being malformed says it all.
        let names_issuer = best.steps.last().is_some_and(|last| {
            !last.certificate.issuer.is_empty() || last.certificate.malformed.is_none()
        });
        if best.end == End::Gap
            && names_issuer
            && let Some(hints) = builder.hints(&best.steps, question.known)
        {
            asked_known = true;
            defects.extend(explain_gap(hints, best.steps.len() - 1));
        }
        let is_fatal = defects.iter().any(Defect::is_fatal);
        if !is_fatal {
            let verdict = verify::verify_path(&best.steps, question.purpose, question.at);
            if let (Err(reason), 0) = (&verdict, score.unchecked) {
                defects.push(Defect {
                    kind: DefectKind::RefusedByVerifier { reason: reason.clone() },
                    at: DefectAt::Chain,
                    refused_by: Some("rustls"),
                });
            }
            is_accepted = verdict.is_ok();
            objection = verdict.err();
        }
        could_be_checked = best.end == End::Anchor && score.unchecked == 0;
        path = best.steps;
        if !is_fatal && score.unchecked > 0 {
            trust = Trust::Undetermined;
        }
    } else if builder.is_exhausted {
        trust = Trust::Undetermined;
    }
    let found = whole_chain(question, &builder, &path);
    defects.extend(found);
    if is_accepted {
        trust = Trust::Trusted;
    }
    if defects.iter().any(Defect::is_fatal) {
        trust = Trust::Refused;
    }
    let beyond_time = defects.iter().any(|d| d.is_fatal() && !is_of_time(&d.kind));
    let trusted_but_for_time = trust == Trust::Refused
        && could_be_checked
        && !beyond_time
        && common_time(&path)
            .is_some_and(|at| verify::verify_path(&path, question.purpose, at).is_ok());
    defects.sort_by_key(|defect| !defect.is_fatal());
    let (holds_from, holds_until) = span(&builder.touched, question.chain, question.at);
    let judgement = ChainJudgement {
        trust,
        trusted_but_for_time,
        path,
        defects,
        verifier_objection: objection,
        is_exhausted: builder.is_exhausted || names.0 == 0,
        holds_from,
        holds_until,
        placeholder: question.chain.leaf().and_then(|leaf| placeholder(leaf)),
        interceptor: interceptor(question.chain),
    };
    (judgement, asked_known)
}

fn is_of_time(kind: &DefectKind) -> bool {
    matches!(kind, DefectKind::Expired { .. } | DefectKind::NotYetValid { .. })
}

/// A time at which every certificate of a path is valid.
fn common_time(steps: &[PathStep]) -> Option<i64> {
    let start = steps.iter().filter_map(|step| step.certificate.not_before).max()?;
    let end = steps.iter().filter_map(|step| step.certificate.not_after).min()?;
    (start <= end).then(|| start + (end - start) / 2)
}

/// The span around `at` within which no certificate begins, ends or comes near its end.
fn span(touched: &[Arc<Certificate>], chain: &Chain, at: i64) -> (i64, i64) {
    let (mut from, mut until) = (i64::MIN, i64::MAX);
    for certificate in touched.iter().chain(chain.certificates()) {
        let end = certificate.not_after.map(|end| end + 1);
        let changes = [certificate.not_before, end, end.map(|end| end - SOON)];
        for change in changes.into_iter().flatten() {
            if change <= at {
                from = from.max(change);
            } else {
                until = until.min(change - 1);
            }
        }
    }
    (from, until)
}

/// What is wrong with a path.
fn weigh(
    steps: &[PathStep],
    end: End,
    question: &Question<'_>,
    names: &mut constraint::Budget,
) -> Weighed {
    let mut defects = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let at = match step.origin {
            Origin::Sent(sent) => DefectAt::Sent(sent),
            Origin::Anchor | Origin::SeenElsewhere => DefectAt::Path(place),
        };
        let mut add = |kind: DefectKind, refused_by: Option<&'static str>| {
            defects.push(Defect { kind, at, refused_by });
        };
        let next = steps.get(place + 1).map(|step| &*step.certificate);
        weigh_form(step, &mut add);
        weigh_time(step, question.at, &mut add);
        weigh_signature(step, next, place, &mut add);
        if place == 0 {
            weigh_leaf(step, steps.len() == 1, question.purpose, &mut add);
        } else {
            weigh_issuer(step, place, question.purpose, &mut add);
        }
        for issuer in steps.iter().skip(place + 1) {
            if let Some(outside) =
                constraint::outside(&step.certificate, &issuer.certificate, names)
            {
                let issuer = issuer.certificate.subject.clone();
                let kind = DefectKind::NameConstraints { name: outside.name, issuer };
                add(kind, Some(outside.refused_by));
                break;
            }
        }
    }
    let intermediates = steps.iter().skip(1).filter(|step| !step.is_anchor).count();
    if intermediates > MAX_INTERMEDIATES {
        defects.push(Defect {
            kind: DefectKind::TooDeep { found: intermediates },
            at: DefectAt::Chain,
            refused_by: Some("rustls; not OpenSSL"),
        });
    }
    if end == End::SelfSigned
        && let Some(root) = steps.last()
    {
        let at = match root.origin {
            Origin::Sent(place) => DefectAt::Sent(place),
            _ => DefectAt::Path(steps.len() - 1),
        };
        let kind = if steps.len() == 1 {
            DefectKind::SelfSignedLeaf
        } else {
            let root = root.certificate.subject.clone();
            let was_public = anchor::was_public(&root);
            DefectKind::UntrustedRoot { root, sent: true, was_public, hints: None }
        };
        defects.push(Defect { kind, at, refused_by: Some("every client without that root") });
    }
    let fatal = defects.iter().filter(|defect| defect.is_fatal());
    let score = Score {
        bad_signatures: defects
            .iter()
            .filter(|defect| matches!(defect.kind, DefectKind::BadSignature { .. }))
            .count(),
        end,
        fatal_beyond_time: fatal.clone().filter(|defect| !is_of_time(&defect.kind)).count(),
        fatal: fatal.count(),
        unchecked: defects
            .iter()
            .filter(|defect| matches!(defect.kind, DefectKind::SignatureUnchecked(_)))
            .count(),
        length: steps.len(),
    };
    Weighed { steps: steps.to_vec(), end, defects, score }
}

/// What clients refuse in any certificate of a path; an anchor's form is its owner's business.
fn weigh_form(step: &PathStep, add: &mut impl FnMut(DefectKind, Option<&'static str>)) {
    let certificate = &step.certificate;
    if step.is_anchor {
        return;
    }
    if let Some(malformed) = certificate.malformed {
        add(DefectKind::Malformed(malformed), Some(who_refuses(malformed)));
    }
    for violation in &certificate.violations {
        add(DefectKind::Violation(violation.clone()), violation.refused_by());
    }
    for extension in certificate.extensions.iter().filter(|extension| extension.critical) {
        if extension.is_processed_by_rustls() {
            continue;
        }
        let refused_by =
            if extension.is_processed() { "rustls; not OpenSSL, Go" } else { "every client" };
        add(DefectKind::UnknownCritical(extension.clone()), Some(refused_by));
    }
}

fn who_refuses(malformed: Malformed) -> &'static str {
    if malformed.in_extension { "Go, and clients that read the extension" } else { "every client" }
}

fn weigh_time(step: &PathStep, at: i64, add: &mut impl FnMut(DefectKind, Option<&'static str>)) {
    let refused_by = Some(if step.is_anchor {
        "OpenSSL, Go; not rustls, Java, whose anchors do not expire"
    } else {
        "every client"
    });
    if let Some(not_before) = step.certificate.not_before
        && at < not_before
    {
        add(DefectKind::NotYetValid { not_before }, refused_by);
    }
    if let Some(not_after) = step.certificate.not_after {
        if at > not_after {
            add(DefectKind::Expired { not_after }, refused_by);
        } else if at > not_after - SOON {
            add(DefectKind::ExpiresSoon { not_after }, None);
        }
    }
}

fn weigh_signature(
    step: &PathStep,
    issuer: Option<&Certificate>,
    place: usize,
    add: &mut impl FnMut(DefectKind, Option<&'static str>),
) {
    let certificate = &step.certificate;
    if certificate.key.is_weak() {
        add(DefectKind::WeakKey, Some("OpenSSL from security level 2, browsers, rustls"));
    }
    let is_rsa = matches!(certificate.key.algorithm, KeyAlgorithm::Rsa | KeyAlgorithm::RsaPss);
    if is_rsa && certificate.key.key_bits.is_some_and(|bits| bits > MAX_RSA_BITS) {
        add(DefectKind::OversizedKey, Some("Go, rustls"));
    }
    // Nobody looks at the signature of an anchor or of a root.
    if step.is_anchor || (issuer.is_none() && certificate.is_self_issued() && place > 0) {
        return;
    }
    if certificate.signature_algorithm.is_weak() && issuer.is_some() {
        add(DefectKind::WeakSignature, Some("OpenSSL from security level 2, Go, browsers, rustls"));
    }
    match step.signature {
        Some(SignatureCheck::Invalid) => {
            let issuer = certificate.issuer.clone();
            add(DefectKind::BadSignature { issuer }, Some("every client"));
        }
        // That it is malformed has been said.
        Some(SignatureCheck::Unchecked(_)) if certificate.signature.is_empty() => {}
        Some(SignatureCheck::Unchecked(why)) => add(DefectKind::SignatureUnchecked(why), None),
        Some(SignatureCheck::Valid)
            if issuer.is_some_and(|issuer| contradicts(certificate, issuer)) =>
        {
            let violation = Violation::OtherKeyIdentifier;
            let refused_by = violation.refused_by();
            add(DefectKind::Violation(violation), refused_by);
        }
        Some(SignatureCheck::Valid) | None => {}
    }
}

fn weigh_leaf(
    step: &PathStep,
    is_alone: bool,
    purpose: Purpose,
    add: &mut impl FnMut(DefectKind, Option<&'static str>),
) {
    let leaf = &step.certificate;
    if leaf.is_ca() {
        // As its own anchor it is accepted; alone and unknown it is refused as self-signed anyway.
        add(DefectKind::CaAsLeaf, (!is_alone).then_some("rustls, Firefox; not OpenSSL, Go"));
    }
    if let Some(usage) = wrong_extended_usage(leaf, purpose) {
        add(usage, Some("every client"));
    }
    if let Some(usage) = leaf.key_usage {
        let enough = usage.digital_signature()
            || usage.key_agreement()
            || (purpose == Purpose::ServerAuth && usage.key_encipherment());
        if !enough {
            add(DefectKind::WrongUsage(Usage::Key(usage)), Some("OpenSSL, Java; not Go, rustls"));
        }
    }
}

fn weigh_issuer(
    step: &PathStep,
    place: usize,
    purpose: Purpose,
    add: &mut impl FnMut(DefectKind, Option<&'static str>),
) {
    let issuer = &step.certificate;
    // A root from before version 3 cannot say that it is an authority (OpenSSL and Go take it).
    let is_old_anchor = step.is_anchor && !issuer.is_version_3();
    if !issuer.is_ca() && !is_old_anchor {
        let refused_by = if step.is_anchor { "OpenSSL, Go; not rustls" } else { "every client" };
        add(DefectKind::NotACa { lacks_key_cert_sign: false }, Some(refused_by));
    } else if issuer.key_usage.is_some_and(|usage| !usage.key_cert_sign()) {
        let kind = DefectKind::NotACa { lacks_key_cert_sign: true };
        add(kind, Some("OpenSSL, Go, Java; not rustls"));
    }
    let below = u32::try_from(place - 1).unwrap_or(u32::MAX);
    if let Some(allowed) = issuer.basic_constraints.and_then(|constraints| constraints.path_len)
        && below > allowed
    {
        let refused_by = if step.is_anchor { "OpenSSL, Go; not rustls" } else { "every client" };
        add(DefectKind::PathTooLong { allowed, found: below }, Some(refused_by));
    }
    if let Some(usage) = wrong_extended_usage(issuer, purpose) {
        let refused_by = if step.is_anchor { "OpenSSL, Go; not rustls" } else { "every client" };
        add(usage, Some(refused_by));
    }
}

fn wrong_extended_usage(certificate: &Certificate, purpose: Purpose) -> Option<DefectKind> {
    let usage = certificate.extended_key_usage.as_ref()?;
    let allowed = match purpose {
        Purpose::ServerAuth => usage.server_auth,
        Purpose::ClientAuth => usage.client_auth,
    };
    (!allowed).then(|| DefectKind::WrongUsage(Usage::Extended(usage.to_string())))
}

/// What an issuer that was not sent means.
fn explain_gap(hints: IssuerHints, place: usize) -> Vec<Defect> {
    let at = DefectAt::Sent(place);
    let refused_by = Some("every client that does not have the issuer");
    let hints = Box::new(hints);
    let root = hints.issuer.clone();
    let unsent_root = |root: Name, hints: &IssuerHints| DefectKind::UntrustedRoot {
        was_public: anchor::was_public(&root),
        root,
        sent: false,
        hints: Some(Box::new(hints.clone())),
    };
    let mut kinds = Vec::new();
    if let (Some(first), Some(last)) = (hints.found.first(), hints.found.last()) {
        let is_root = |step: &PathStep| {
            step.certificate.is_self_issued() && step.signature == Some(SignatureCheck::Valid)
        };
        if is_root(first) && !first.is_anchor {
            kinds.push(unsent_root(root, &hints));
        } else {
            if is_root(last) && !last.is_anchor {
                kinds.push(unsent_root(last.certificate.subject.clone(), &hints));
            }
            kinds.push(DefectKind::MissingIntermediate(hints));
        }
    } else if hints.name_differs_in_encoding.is_some() {
        kinds.push(DefectKind::UnknownIssuer(hints));
    } else if hints.other_key_is_anchor || hints.was_public {
        kinds.push(unsent_root(root, &hints));
    } else if hints.is_named_root && !(hints.leaf_is_public && hints.intermediates_sent == 0) {
        // Whoever sends intermediates leaves out the root, and that is right so; a private root
        // often issues leaves by itself. Publicly trusted roots do not.
        kinds.push(unsent_root(root, &hints));
    } else if hints.same_organization.is_some() {
        // The authority is a known one, and so are its roots: this is none of them.
        kinds.push(DefectKind::MissingIntermediate(hints));
    } else if hints.intermediates_sent == 0 && hints.leaf_is_public {
        kinds.push(DefectKind::MissingIntermediate(hints));
    } else if hints.intermediates_sent == 0 || hints.leaf_is_public {
        kinds.push(DefectKind::UnknownIssuer(hints));
    } else {
        kinds.push(unsent_root(root, &hints));
    }
    kinds.into_iter().map(|kind| Defect { kind, at, refused_by }).collect()
}

/// What is remarkable about the chain beside the path.
fn whole_chain(question: &Question<'_>, builder: &Builder<'_>, path: &[PathStep]) -> Vec<Defect> {
    let sent = question.chain.certificates();
    let mut defects = Vec::new();
    let mut add = |kind: DefectKind, at: DefectAt, refused_by: Option<&'static str>| {
        defects.push(Defect { kind, at, refused_by });
    };
    if question.chain.total() > sent.len() {
        let kind = DefectKind::TooManyCertificates { total: question.chain.total() };
        add(kind, DefectAt::Chain, Some("clients that bound the length of a chain"));
    }
    let on_path = |place: usize| path.iter().any(|step| step.origin == Origin::Sent(place));
    let mut firsts: std::collections::HashMap<_, usize> = std::collections::HashMap::new();
    let mut duplicates = std::collections::HashSet::new();
    for (place, certificate) in sent.iter().enumerate() {
        if let Some(first) = firsts.get(&certificate.sha256) {
            add(DefectKind::Duplicate { first: *first }, DefectAt::Sent(place), None);
            duplicates.insert(place);
            continue;
        }
        firsts.insert(certificate.sha256, place);
        if let Some(malformed) = certificate.malformed
            && !on_path(place)
        {
            add(DefectKind::Malformed(malformed), DefectAt::Sent(place), Some("Go"));
        }
    }
    let leaf = real_leaf(sent, builder);
    let related = builder.related(leaf);
    for place in related.iter().copied().filter(|place| *place > 0) {
        // An untrusted root is a defect of its own.
        let is_untrusted_end =
            path.last().is_some_and(|step| step.origin == Origin::Sent(place) && !step.is_anchor);
        if sent.get(place).is_some_and(|c| c.is_self_issued() && c.is_ca()) && !is_untrusted_end {
            add(DefectKind::RootIncluded, DefectAt::Sent(place), None);
        }
    }
    let places: Vec<usize> = (0..sent.len())
        .filter(|p| !related.contains(p) && !on_path(*p) && !duplicates.contains(p))
        .collect();
    if !places.is_empty() {
        add(DefectKind::Unrelated { places }, DefectAt::Chain, None);
    }
    let right_order: Vec<usize> = if leaf == 0 {
        let sent_place = |step: &PathStep| match step.origin {
            Origin::Sent(place) => Some(place),
            Origin::Anchor | Origin::SeenElsewhere => None,
        };
        path.iter().filter_map(sent_place).collect()
    } else {
        related
    };
    let is_ascending = right_order.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if leaf != 0 || !is_ascending {
        add(DefectKind::WrongOrder { right_order }, DefectAt::Chain, None);
    }
    defects
}

/// The place of what must be meant as the leaf: the first certificate, unless that is an authority
/// and another certificate, which is none, descends from it.
fn real_leaf(sent: &[Arc<Certificate>], builder: &Builder<'_>) -> usize {
    if !sent.first().is_some_and(|first| first.is_ca()) {
        return 0;
    }
    let mut others = sent.iter().enumerate().skip(1).filter(|(_, other)| !other.is_ca());
    // Each look costs a walk through the chain; a chain in reverse has its leaf at the end.
    others
        .by_ref()
        .take(8)
        .map(|(place, _)| place)
        .find(|place| builder.related(*place).contains(&0))
        .unwrap_or(0)
}
