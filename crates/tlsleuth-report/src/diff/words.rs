//! The words of a comparison, shared by its renderers for people.

use super::schema::{Change, Changed, Diff, Side, Single, Tallied, Value};
use crate::quantity::{count, counted};

/// What an aspect is called.
pub(super) fn label(aspect: &str) -> &'static str {
    match aspect {
        "outcome" => "outcome",
        "failure_rate" => "failures",
        "certificate" => "certificate",
        "chain" => "chain",
        "version" => "version",
        "cipher_suite" => "suite",
        "group" => "group",
        "alpn" => "ALPN",
        "client_hello" => "hellos",
        "tcp_ms" => "TCP",
        "server_hello_ms" => "ServerHello",
        "client_ms" => "client",
        _ => "handshake",
    }
}

/// One line that says it all.
pub(super) fn headline(diff: &Diff) -> String {
    let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    let (changed, appeared, gone) =
        (number(diff.changed.len()), number(diff.appeared.len()), number(diff.gone.len()));
    if changed + appeared + gone + diff.unchanged == 0 {
        return "No TLS server on either side".to_owned();
    }
    let mut parts = vec![match changed {
        0 => "nothing changed".to_owned(),
        1 => "one server and name changed".to_owned(),
        some => format!("{} servers and names changed", count(some)),
    }];
    parts.push(format!("{} as before", count(diff.unchanged)));
    if appeared > 0 {
        parts.push(format!("{} appeared", count(appeared)));
    }
    if gone > 0 {
        parts.push(format!("{} gone", count(gone)));
    }
    crate::story::capitalized(&parts.join(", "))
}

/// The server and name that changed.
pub(super) fn called(changed: &Changed) -> String {
    let server = socket(&changed.address, changed.port);
    match (&changed.sni, changed.reach) {
        (_, true) => format!("reaching {server}"),
        (Some(sni), _) => format!("{sni} at {server}"),
        (None, _) => server,
    }
}

/// A server and name on one side.
pub(super) fn single(single: &Single) -> String {
    let server = socket(&single.address, single.port);
    match &single.sni {
        Some(sni) => format!("{sni} at {server}"),
        None => server,
    }
}

pub(super) fn socket(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// How many connections, and how they ended.
pub(super) fn tallied(counts: Tallied) -> String {
    let open = counts.connections.saturating_sub(counts.completed).saturating_sub(counts.failed);
    let mut text = format!(
        "{}: {} completed, {} failed",
        counted(counts.connections, "connection"),
        count(counts.completed),
        count(counts.failed)
    );
    if open > 0 {
        text.push_str(&format!(", {} incomplete", count(open)));
    }
    text
}

/// One value with its share, and the frame that shows it.
pub(super) fn value(value: &Value, aspect: &str, several: bool) -> String {
    let share = if aspect.ends_with("_ms") {
        format!(" ({})", counted(value.count, "handshake"))
    } else {
        format!(
            " ({} of {}{})",
            count(value.count),
            count(value.of),
            percent(value.count, value.of)
        )
    };
    let frame = match (value.frame, value.capture) {
        (Some(frame), Some(capture)) if several => format!(", frame {}:{frame}", capture + 1),
        (Some(frame), _) => format!(", frame {frame}"),
        _ => String::new(),
    };
    format!("{}{share}{frame}", value.text)
}

/// The share in percent, where it is neither none nor all.
fn percent(part: u64, of: u64) -> String {
    if part == 0 || part >= of {
        return String::new();
    }
    let tenths = u128::from(part) * 1_000 / u128::from(of);
    format!(", {}.{} %", tenths / 10, tenths % 10)
}

/// The values of one side.
pub(super) fn values(list: &[Value], aspect: &str, side: &Side) -> Vec<String> {
    let several = side.captures.len() > 1;
    list.iter().map(|one| value(one, aspect, several)).collect()
}

/// How sure it is, and why.
pub(super) fn sure(change: &Change) -> String {
    let p = if change.p < 0.000_001 {
        "p < 0.000001".to_owned()
    } else {
        format!("p = {:.6}", change.p)
    };
    match change.confidence {
        "possible" => "possible: seen too seldom to exclude chance".to_owned(),
        other => format!("{other}, {p}"),
    }
}

/// What is to be known about how it was judged.
pub(super) fn method(diff: &Diff) -> String {
    format!(
        "Shares and rates by Fisher's exact test, times by the Mann-Whitney test; chance over those \
         of one sort is held below {} ({}).",
        diff.alpha,
        counted(diff.tests, "test")
    )
}

/// Whether what clients offer changed with what the server chose: then they may be the cause.
pub(super) fn caution(changed: &Changed) -> Option<&'static str> {
    let has = |aspects: &[&str]| changed.changes.iter().any(|c| aspects.contains(&c.aspect));
    (has(&["client_hello"]) && has(&["version", "cipher_suite", "group", "alpn"])).then_some(
        "The clients offer something else than before: what was chosen may have changed because of them.",
    )
}

/// The changes to be told: what the outcomes show is not told again as a rate.
pub(super) fn told(changed: &Changed) -> impl Iterator<Item = &Change> {
    let outcome = changed.changes.iter().any(|change| change.aspect == "outcome");
    changed.changes.iter().filter(move |change| !(outcome && change.aspect == "failure_rate"))
}

/// Whether how connections end changed: such servers come first.
pub(super) fn fails_otherwise(changed: &Changed) -> bool {
    changed.changes.iter().any(|change| matches!(change.aspect, "outcome" | "failure_rate"))
}
