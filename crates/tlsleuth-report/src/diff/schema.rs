//! What changed, field by field. These names are what scripts rely on: a field may be added, none may
//! change its meaning or leave. An absent value is `null`, never left out.

use serde::Serialize;

use crate::schema::{Capture, Endpoint, Generator, LeftOut};

/// The version of its form.
pub const SCHEMA: &str = "tlsleuth.diff/1";

/// Its JSON Schema, made from the types below; a test keeps it so.
pub const JSON_SCHEMA: &str = include_str!("diff.schema.json");

/// What changed between two captures.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Diff {
    /// `tlsleuth.diff/1`.
    pub schema: &'static str,
    /// What made it.
    pub generator: Generator,
    /// The first side.
    pub before: Side,
    /// The second side.
    pub after: Side,
    /// Servers and names in both that changed, by address, port and name.
    pub changed: Vec<Changed>,
    /// Servers and names on the second side only.
    pub appeared: Vec<Single>,
    /// Servers and names on the first side only.
    pub gone: Vec<Single>,
    /// How many servers and names are on both sides and did not change.
    pub unchanged: u64,
    /// How many tests were made.
    pub tests: u64,
    /// The probability below which chance is held over all tests of one sort together: how
    /// connections end, certificates, what was chosen and offered, times, which servers are there.
    pub alpha: f64,
}

/// One side of a comparison.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Side {
    /// Its captures, in the order of their numbers.
    pub captures: Vec<Capture>,
    /// How many connections.
    pub counts: Tallied,
    /// What did not fit under a cap and is not compared; empty as a rule.
    pub left_out: Vec<LeftOut>,
    /// Whether the reading was broken off by the user.
    pub interrupted: bool,
}

/// How connections ended.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tallied {
    /// All.
    pub connections: u64,
    /// Those that completed.
    pub completed: u64,
    /// Those that failed, health checks among them.
    pub failed: u64,
}

/// A server and name that changed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changed {
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// The name that was asked for.
    pub sni: Option<String>,
    /// Where the name was before, if it moved.
    pub moved_from: Option<Endpoint>,
    /// Whether this is about reaching the server at all, whatever the name: failures without a
    /// ClientHello, among all that completed.
    pub reach: bool,
    /// Its connections before.
    pub before: Tallied,
    /// Its connections after.
    pub after: Tallied,
    /// What changed.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// `outcome`, `failure_rate`, `certificate`, `chain`, `version`, `cipher_suite`, `group`, `alpn`,
    /// `client_hello` (by JA4), `tcp_ms`, `server_hello_ms`, `client_ms`, `handshake_ms`.
    pub aspect: &'static str,
    /// `certain`: nothing of before is left, and chance is excluded; `likely`: shares, rates or spans
    /// moved by more than chance; `possible`: nothing of before is left, and it was seen too seldom.
    pub confidence: &'static str,
    /// The probability that chance alone explains it, over all tests of its sort; at most 1.
    pub p: f64,
    /// What it was, the commonest first.
    pub before: Vec<Value>,
    /// What it is.
    pub after: Vec<Value>,
    /// What else is to be said.
    pub says: Option<String>,
}

/// A value and how often it was seen.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Value {
    /// In words.
    pub text: String,
    /// How many connections had it.
    pub count: u64,
    /// Of how many in which it could be seen.
    pub of: u64,
    /// The capture of the first frame that shows it, in its side's list.
    pub capture: Option<u32>,
    /// That frame.
    pub frame: Option<u64>,
}

/// A server and name on one side only.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Single {
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// The name that was asked for.
    pub sni: Option<String>,
    /// Its connections.
    pub counts: Tallied,
    /// `likely` where chance is excluded; `possible` where it was used too seldom to tell.
    pub confidence: &'static str,
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;
    use schemars::generate::SchemaSettings;

    #[test]
    fn the_schema_is_made_from_the_types() {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<super::Diff>();
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        expect_file!["diff.schema.json"].assert_eq(&text);
    }
}
