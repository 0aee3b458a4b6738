//! The answer in a line and three sentences: what happened, since when, who has to act. Shared by the
//! ticket and the page; each escapes it for its own form.

use crate::Report;
use crate::quantity::{self, count, counted};
use crate::schema::Connection;
use crate::story;
use crate::summary::{Kind, Summary, verdicts};

/// Kinds of failures that are told one by one; of more only the verdicts are.
pub(crate) const KINDS: usize = 30;
/// Ends that have to act, by address.
const ENDS: usize = 4;

/// Whether there are too many kinds of failures to tell each: the same verdict at many servers.
pub(crate) fn by_verdict(summary: &Summary<'_>) -> bool {
    summary.kinds.len() > KINDS
}

/// What it is about, in one line.
pub(crate) fn title(summary: &Summary<'_>) -> String {
    let totals = summary.totals;
    match summary.kinds.as_slice() {
        [] => match totals.connections {
            0 => "TLS: no connection in the capture".to_owned(),
            all => format!("TLS: nothing failed among {}", counted(all, "connection")),
        },
        [kind] => format!(
            "TLS: {} of {} to {} failed: {}",
            count(kind.count()),
            counted(kind.of, "connection"),
            end(kind),
            kind.verdict.unwrap_or("unexplained")
        ),
        kinds => format!(
            "TLS: {} of {} failed in {} ways",
            count(summary.failures()),
            counted(totals.connections, "connection"),
            if by_verdict(summary) { verdicts(kinds).len() } else { kinds.len() }
        ),
    }
}

/// The server of a kind, with the name that it was asked for.
pub(crate) fn end(kind: &Kind<'_>) -> String {
    let server = story::socket(kind.server);
    match kind.sni {
        Some(sni) => format!("{sni} ({server})"),
        None => server,
    }
}

/// A failure of the most frequent kind; nothing if nothing failed.
pub(crate) fn example<'r>(summary: &'r Summary<'r>) -> Option<&'r Connection> {
    if by_verdict(summary) {
        // Of many servers with the same verdict the first is no more than chance.
        return verdicts(&summary.kinds).first().and_then(|verdict| verdict.kind.example());
    }
    summary.kinds.first().and_then(Kind::example)
}

/// When the first and the last failure began, and how many completed before.
pub(crate) fn since(report: &Report, summary: &Summary<'_>) -> Option<String> {
    let first = summary.kinds.iter().map(Kind::first_start).min()?;
    let last = summary.kinds.iter().map(Kind::last_start).max()?;
    let (first, last) = (first.as_str(), last.as_str());
    let when = if first == last {
        format!("{} {} UTC", quantity::date(first), quantity::fine_clock(first))
    } else {
        quantity::range(first, last)
    };
    if report.grouped.is_some() {
        // The report holds but examples: nobody knows how many completed before.
        return Some(when);
    }
    let completed = report
        .connections
        .iter()
        .filter(|c| c.outcome == "completed" && c.start.as_str() < first)
        .count();
    Some(match (completed, report.counts.connections_left_out) {
        (0, 0) => format!("{when}; none completed before"),
        (0, _) => format!("{when}; none completed before in what is shown"),
        (some, _) => format!("{when}; {} completed before", count(number(some))),
    })
}

/// Whoever has to act, the most frequent first: each end while they are few, else what they are.
pub(crate) fn who(summary: &Summary<'_>) -> Option<String> {
    let mut ends: Vec<String> = Vec::new();
    let mut parties: Vec<(&str, u64)> = Vec::new();
    let mut all_named = true;
    for kind in &summary.kinds {
        // Of many kinds the report has an example of some only.
        let words = kind.example().map(|example| story::who(kind.party(), example));
        all_named &= words.is_some();
        if let Some(words) = words.filter(|words| !ends.contains(words) && ends.len() <= ENDS) {
            ends.push(words);
        }
        match parties.iter_mut().find(|(party, _)| *party == kind.party()) {
            Some((_, failures)) => *failures += kind.count(),
            None => parties.push((kind.party(), kind.count())),
        }
    }
    if parties.is_empty() {
        return None;
    }
    if all_named && ends.len() <= ENDS {
        return Some(ends.join("; "));
    }
    parties.sort_by_key(|(_, failures)| std::cmp::Reverse(*failures));
    let named = parties.into_iter().map(|(party, failures)| {
        let who = match party {
            "client" | "server" => format!("{party}s"),
            "unknown" => "cannot be told".to_owned(),
            party => party.to_owned(),
        };
        format!("{who}: {}", counted(failures, "failure"))
    });
    Some(named.collect::<Vec<_>>().join("; "))
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
