//! Every rule, in the order of the catalogue.

use crate::Rule;

/// All rules that look at one connection.
pub static RULES: &[&Rule] = &[];

/// The rule of a code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}
