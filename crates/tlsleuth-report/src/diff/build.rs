//! Makes the report of what changed.

use tlsleuth::capture::Endpoint;
use tlsleuth::diagnosis::Fleet;
use tlsleuth::diagnosis::diff::{self as compared, Comparison};
use tlsleuth::diagnosis::fleet::chance::ALPHA_ASIDE;

use super::schema;
use crate::CaptureInput;
use crate::build;

/// One side of a comparison.
#[derive(Debug)]
pub struct Input<'i> {
    /// Its captures.
    pub captures: &'i [CaptureInput],
    /// What its connections show together.
    pub fleet: &'i Fleet,
    /// Whether the reading was broken off by the user.
    pub interrupted: bool,
}

/// Compares two sides.
#[must_use]
pub fn diff(before: &Input<'_>, after: &Input<'_>) -> schema::Diff {
    let comparison: Comparison = compared::compare(before.fleet, after.fleet);
    schema::Diff {
        schema: schema::SCHEMA,
        generator: build::generator(),
        before: side(before, comparison.before),
        after: side(after, comparison.after),
        changed: comparison.changed.iter().map(changed).collect(),
        appeared: comparison.appeared.iter().map(single).collect(),
        gone: comparison.gone.iter().map(single).collect(),
        unchanged: comparison.unchanged,
        tests: comparison.tests,
        alpha: ALPHA_ASIDE,
    }
}

fn side(input: &Input<'_>, counts: compared::Tallied) -> schema::Side {
    let known = input.fleet.servers.keys().map(|server| server.address.to_string()).collect();
    schema::Side {
        captures: input.captures.iter().map(|capture| build::capture(capture, &known)).collect(),
        counts: tallied(counts),
        left_out: build::left_out(input.fleet),
        interrupted: input.interrupted,
    }
}

fn tallied(counts: compared::Tallied) -> schema::Tallied {
    schema::Tallied {
        connections: counts.connections,
        completed: counts.completed,
        failed: counts.failed,
    }
}

fn changed(changed: &compared::Changed) -> schema::Changed {
    let Endpoint { address, port } = changed.server;
    schema::Changed {
        address: address.to_string(),
        port,
        sni: changed.name.as_ref().map(ToString::to_string),
        moved_from: changed.moved_from.map(build::endpoint),
        reach: changed.reach,
        before: tallied(changed.before),
        after: tallied(changed.after),
        changes: changed.changes.iter().map(change).collect(),
    }
}

fn change(change: &compared::Change) -> schema::Change {
    schema::Change {
        aspect: change.aspect.name(),
        confidence: change.confidence.name(),
        p: change.ln_p.exp().min(1.0),
        before: change.before.iter().map(value).collect(),
        after: change.after.iter().map(value).collect(),
        says: (!change.says.is_empty()).then(|| change.says.clone()),
    }
}

fn value(value: &compared::Value) -> schema::Value {
    schema::Value {
        text: value.text.clone(),
        count: value.count,
        of: value.of,
        capture: value.at.map(|at| at.capture),
        frame: value.at.map(|at| at.frame),
    }
}

fn single(single: &compared::Single) -> schema::Single {
    schema::Single {
        address: single.server.address.to_string(),
        port: single.server.port,
        sni: single.name.as_ref().map(ToString::to_string),
        counts: tallied(single.tallied),
        confidence: single.confidence.name(),
    }
}
