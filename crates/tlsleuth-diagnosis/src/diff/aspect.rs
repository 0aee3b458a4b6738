//! What may have changed at one server and name, each with its test.

use tlsleuth_capture::Place;

use super::{Aspect, Change, Value, latency, share};
use crate::Confidence;
use crate::fleet::chance::{ALPHA_ASIDE, real, significant};
use crate::fleet::counts::Counts;
use crate::fleet::hello::Hellos;
use crate::fleet::latency::Spans;
use crate::fleet::{Group, LeafFacts, Population};
use crate::wording;

/// How far a share must have moved: five percentage points.
const POINTS: f64 = 0.05;
/// How far a median must have moved: by a quarter, which the steps of spans cannot feign.
const QUARTER: f64 = 0.25;
/// And by so much, in nanoseconds: what is less nobody feels.
const LEAST_NS: i64 = 1_000_000;
/// Values told of each side.
const TOLD: usize = 6;

/// A change that is still to be judged by how many tests there are.
pub(super) struct Candidate {
    change: Change,
    /// Whether nothing of before is left.
    apart: bool,
    /// Whether it is large enough to matter.
    matters: bool,
    pub(super) tests: u64,
}

impl Candidate {
    pub(super) fn aspect(&self) -> Aspect {
        self.change.aspect
    }

    /// The change, if it is one.
    pub(super) fn judge(mut self, tests: u64) -> Option<Change> {
        let sure = significant(self.change.ln_p, tests, ALPHA_ASIDE);
        self.change.confidence = match (self.apart, sure) {
            (true, true) => Confidence::Certain,
            (true, false) => Confidence::Possible,
            (false, true) if self.matters => Confidence::Likely,
            (false, _) => return None,
        };
        self.change.ln_p = (self.change.ln_p + real(tests).ln()).min(0.0);
        Some(self.change)
    }
}

type Seen<'g> = (&'g Group, &'g Hellos);

/// Everything that can be compared, whether it changed or not: each is a test.
pub(super) fn candidates(before: Seen<'_>, after: Seen<'_>) -> Vec<Candidate> {
    let (old, new) = (before.0, after.0);
    let mut all = Vec::new();
    all.extend(ended(&old.asked, &new.asked));
    all.extend(values(Aspect::Certificate, leafs(old), leafs(new)).map(|mut candidate| {
        candidate.change.says = certificates(old, new);
        candidate
    }));
    all.extend(values(Aspect::Chain, chains(old), chains(new)));
    all.extend(values(Aspect::Version, texts(&old.versions), texts(&new.versions)));
    all.extend(values(Aspect::CipherSuite, texts(&old.suites), texts(&new.suites)));
    all.extend(values(Aspect::Group, texts(&old.groups), texts(&new.groups)));
    all.extend(values(Aspect::Alpn, protocols(old), protocols(new)));
    all.extend(values(Aspect::ClientHello, hellos(before), hellos(after)));
    for (aspect, old, new) in [
        (Aspect::TcpTime, &old.latency.tcp, &new.latency.tcp),
        (Aspect::ServerHelloTime, &old.latency.server_hello, &new.latency.server_hello),
        (Aspect::ClientTime, &old.latency.client, &new.latency.client),
        (Aspect::HandshakeTime, &old.latency.handshake, &new.latency.handshake),
    ] {
        all.extend(spans(aspect, old, new));
    }
    all
}

/// How connections ended.
pub(super) fn ended(old: &Population, new: &Population) -> Vec<Candidate> {
    let outcome = values(Aspect::Outcome, outcomes(old), outcomes(new));
    outcome.into_iter().chain(failure_rate(old, new)).collect()
}

type Counted = Vec<(String, u64, Option<Place>)>;

/// Compares two sets of values with their counts. Nothing is said where one side shows none: that
/// is out of sight, not absent.
fn values(aspect: Aspect, before: Counted, after: Counted) -> Option<Candidate> {
    let total = |counted: &Counted| counted.iter().map(|(_, count, _)| *count).sum::<u64>();
    let (old, new) = (total(&before), total(&after));
    if old == 0 || new == 0 {
        return None;
    }
    let count_in = |counted: &Counted, text: &str| {
        counted.iter().find(|(held, _, _)| held == text).map_or(0, |(_, count, _)| *count)
    };
    let mut texts: Vec<&str> =
        before.iter().chain(&after).map(|(text, _, _)| text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let mut ln_p = 0.0f64;
    let mut matters = false;
    for text in &texts {
        let (a, b) = ((count_in(&before, text), old), (count_in(&after, text), new));
        ln_p = ln_p.min(share::ln_p(a, b));
        matters |= (share::share(a) - share::share(b)).abs() >= POINTS;
    }
    // One value is the same on both sides; of two the second says what the first one does.
    let tests = match texts.len() {
        0 | 1 => 0,
        2 => 1,
        more => u64::try_from(more).unwrap_or(u64::MAX),
    };
    let apart = !before.iter().any(|(text, _, _)| count_in(&after, text) > 0);
    Some(Candidate {
        change: Change {
            aspect,
            before: told(before, old),
            after: told(after, new),
            confidence: Confidence::Possible,
            says: String::new(),
            ln_p,
        },
        apart,
        matters,
        tests,
    })
}

/// The commonest values, the rest as one.
fn told(mut counted: Counted, of: u64) -> Vec<Value> {
    counted.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let rest: u64 = counted.iter().skip(TOLD).map(|(_, count, _)| *count).sum();
    let more = counted.len().saturating_sub(TOLD);
    let mut values: Vec<Value> = counted
        .into_iter()
        .take(TOLD)
        .map(|(text, count, at)| Value { text, count, of, at })
        .collect();
    if more > 0 {
        values.push(Value { text: format!("{more} others"), count: rest, of, at: None });
    }
    values
}

fn texts<T: ToString + PartialEq>(values: &Counts<T>) -> Counted {
    values.iter().map(|(value, count, at)| (value.to_string(), count, Some(at))).collect()
}

fn outcomes(population: &Population) -> Counted {
    let tally = population.tally;
    let verdicts = population.verdicts.iter();
    let mut counted: Counted =
        verdicts.map(|(verdict, (count, at))| ((*verdict).to_owned(), *count, Some(*at))).collect();
    if tally.completed > 0 {
        counted.push(("completed".to_owned(), tally.completed, tally.first_completed));
    }
    counted
}

fn leafs(group: &Group) -> Counted {
    group.leafs.iter().map(|leaf| (leaf.facts.display(), leaf.count, Some(leaf.first))).collect()
}

/// What differs between the commonest leafs.
fn certificates(old: &Group, new: &Group) -> String {
    let most = |group: &Group| {
        group.leafs.iter().max_by_key(|leaf| leaf.count).map(|leaf| leaf.facts.clone())
    };
    let (Some(old), Some(new)) = (most(old), most(new)) else { return String::new() };
    if old.sha256 == new.sha256 {
        return "the commonest certificate is the same".to_owned();
    }
    let mut says = Vec::new();
    let mut note = |what: &str, get: fn(&LeafFacts) -> String| {
        let (a, b) = (get(&old), get(&new));
        says.push(if a == b { format!("same {what}") } else { format!("{what} {a}, now {b}") });
    };
    note("issuer", |leaf| leaf.issuer.clone());
    note("sort of key", |leaf| leaf.key.to_owned());
    let date = |seconds: Option<i64>| seconds.map_or_else(|| "unknown".to_owned(), wording::date);
    says.push(format!(
        "valid from {} to {}, now from {} to {}",
        date(old.not_before),
        date(old.not_after),
        date(new.not_before),
        date(new.not_after)
    ));
    says.join("; ")
}

fn chains(group: &Group) -> Counted {
    let chains = group.chains.iter().map(|(chain, count, at)| {
        let noun = if chain.certificates == 1 { "certificate" } else { "certificates" };
        let missing = if chain.incomplete { ", an intermediate is missing" } else { "" };
        (format!("{} {noun}{missing}", chain.certificates), count, Some(at))
    });
    chains.collect()
}

fn protocols(group: &Group) -> Counted {
    let protocols = group.protocols.iter().map(|(protocol, count, at)| {
        let text = protocol.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        (text, count, Some(at))
    });
    protocols.collect()
}

/// The fingerprints of those hellos whose connections ended.
fn hellos((group, hellos): Seen<'_>) -> Counted {
    if group.hellos_left_out > 0 {
        return Vec::new();
    }
    let mut counted: Counted = Vec::new();
    for (id, tally) in &group.hellos {
        let Some(offer) = hellos.get(*id).filter(|_| tally.ended() > 0) else { continue };
        let at = match (tally.first_completed, tally.first_failed) {
            (Some(completed), Some(failed)) => Some(completed.earlier(failed)),
            (completed, failed) => completed.or(failed),
        };
        match counted.iter_mut().find(|(ja4, _, _)| *ja4 == offer.ja4) {
            Some((_, count, _)) => *count = count.saturating_add(tally.ended()),
            None => counted.push((offer.ja4.clone(), tally.ended(), at)),
        }
    }
    counted
}

fn failure_rate(old: &Population, new: &Population) -> Option<Candidate> {
    let (old, new) = (old.tally, new.tally);
    if old.ended() == 0 || new.ended() == 0 {
        return None;
    }
    let (a, b) = ((old.failed, old.ended()), (new.failed, new.ended()));
    let (before, after) = (share::share(a), share::share(b));
    let value = |(count, of), at| vec![Value { text: "failed".to_owned(), count, of, at }];
    Some(Candidate {
        change: Change {
            aspect: Aspect::FailureRate,
            before: value(a, old.first_failed),
            after: value(b, new.first_failed),
            confidence: Confidence::Possible,
            says: String::new(),
            ln_p: share::ln_p(a, b),
        },
        apart: false,
        matters: (before - after).abs() >= POINTS || before >= after * 2.0 || after >= before * 2.0,
        tests: 1,
    })
}

fn spans(aspect: Aspect, old: &Spans, new: &Spans) -> Option<Candidate> {
    let ln_p = latency::ln_p(old, new)?;
    let (before, after) = (old.quantile(50)?, new.quantile(50)?);
    let moved = before.abs_diff(after);
    let value = |spans: &Spans| {
        let each = [50, 90, 99].map(|percent| {
            let span = spans.quantile(percent).unwrap_or(0);
            let micros = u64::try_from(span).unwrap_or(0) / 1_000;
            format!("{}.{:03} ms", micros / 1_000, micros % 1_000)
        });
        let [median, ninety, most] = each;
        let text = format!("median {median}, 90 % within {ninety}, 99 % within {most}");
        vec![Value { text, count: spans.count(), of: spans.count(), at: None }]
    };
    let smaller = u64::try_from(before.min(after)).unwrap_or(0);
    Some(Candidate {
        change: Change {
            aspect,
            before: value(old),
            after: value(new),
            confidence: Confidence::Possible,
            says: String::new(),
            ln_p,
        },
        apart: false,
        matters: moved >= LEAST_NS.unsigned_abs() && real(moved) >= real(smaller) * QUARTER,
        tests: 1,
    })
}
