//! Judges TLS connections: findings, and one verdict for each that failed.
//!
//! Pure functions: facts in, findings out. A rule is one file under `rules/<area>/<problem>.rs`.

pub mod capture_fault;
pub mod case;
pub mod diagnose;
pub mod diff;
pub mod ending;
pub mod explain;
pub mod finding;
pub mod fleet;
pub mod offer;
pub mod path;
pub mod policy;
pub mod registry;
pub mod rule;
pub mod rules;
mod runnable;
mod server_setting;
pub mod signs;
pub mod timing;
mod verdict;
pub mod wording;

pub use capture_fault::capture_findings;
pub use case::{Case, Context, JudgedChain, NoServerKnowledge, ServerKnowledge};
pub use diagnose::{Diagnosis, diagnose};
pub use ending::{Ending, How, Phase};
pub use finding::{Confidence, Evidence, Finding, Party, Severity, Words};
pub use fleet::{Fleet, Summary};
pub use policy::{Policy, VerifyTime};
pub use registry::{FLEET_RULES, RULES, fleet_rule, rule};
pub use rule::{FleetRule, Rule, Skip};
