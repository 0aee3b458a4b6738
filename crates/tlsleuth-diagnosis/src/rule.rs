//! A rule: one check, with its code, its words and its place among the others.

use crate::case::{Case, JudgedChain};
use crate::fleet::Summary;
use crate::signs::Signs;
use crate::{Finding, Severity};

/// Why a rule gives no judgement. Not the same as finding nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Skip {
    /// What the rule is about was not sent.
    NotApplicable,
    /// What the rule is about is encrypted or was missed.
    Undetermined,
}

/// What a check answers: `Ok(None)` is clear, `Err` is no judgement.
pub type Verdict = Result<Option<Finding>, Skip>;

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Check {
    /// One connection.
    Connection(fn(&Case<'_>) -> Verdict),
    /// One chain of a connection: called for the server's and for the client's.
    Chain(fn(&Case<'_>, &JudgedChain<'_>) -> Verdict),
}

/// One check. Declared with `declare_rule!`, listed in [`registry`](crate::registry).
pub struct Rule {
    /// `area.problem`. Never changes its meaning, never used again.
    pub code: &'static str,
    /// How bad a finding of it usually is.
    pub severity: Severity,
    /// The version that brought it.
    pub since: &'static str,
    /// The signs that each finding of it has: without one of them it need not run.
    pub needs: Signs,
    /// Codes of the symptoms that this cause produces.
    pub leads_to: &'static [&'static str],
    /// RFC and section.
    pub references: &'static [&'static str],
    /// The documentation: what happened, likely causes, when it cannot be told.
    pub docs: &'static str,
    /// The check.
    pub check: Check,
}

impl Rule {
    /// The first part of the code.
    #[must_use]
    pub fn area(&self) -> &'static str {
        self.code.split_once('.').map_or(self.code, |(area, _)| area)
    }

    /// The first line of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.docs.trim().lines().next().unwrap_or_default()
    }
}

/// A check over many connections. Declared with `declare_fleet_rule!`, listed in
/// [`registry`](crate::registry).
pub struct FleetRule {
    /// `fleet.problem`. Never changes its meaning, never used again.
    pub code: &'static str,
    /// How bad a finding of it usually is.
    pub severity: Severity,
    /// The version that brought it.
    pub since: &'static str,
    /// RFC and section.
    pub references: &'static [&'static str],
    /// The documentation: what happened, likely causes, the test, when it cannot be told.
    pub docs: &'static str,
    /// The check.
    pub check: fn(&Summary) -> Vec<Finding>,
}

impl FleetRule {
    /// The first line of the documentation.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.docs.trim().lines().next().unwrap_or_default()
    }
}

impl std::fmt::Debug for FleetRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FleetRule").field("code", &self.code).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("code", &self.code).finish_non_exhaustive()
    }
}

/// Declares a rule; its doc comment becomes its page. The module's `check` is what it runs, for a
/// `chain` rule on each chain of the connection.
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])+
        pub static $name:ident {
            code: $code:literal,
            severity: $severity:ident,
            since: $since:literal,
            $(needs: [$($need:ident),* $(,)?],)?
            leads_to: [$($leads_to:literal),* $(,)?],
            references: [$($reference:literal),* $(,)?] $(,)?
        }
    ) => {
        declare_rule!(@ Connection, [$($doc)+], $name, $code, $severity, $since,
            [$($($need),*)?], [$($leads_to),*], [$($reference),*]);
    };
    (
        $(#[doc = $doc:literal])+
        pub static $name:ident of chain {
            code: $code:literal,
            severity: $severity:ident,
            since: $since:literal,
            $(needs: [$($need:ident),* $(,)?],)?
            leads_to: [$($leads_to:literal),* $(,)?],
            references: [$($reference:literal),* $(,)?] $(,)?
        }
    ) => {
        declare_rule!(@ Chain, [$($doc)+], $name, $code, $severity, $since,
            [$($($need),*)?], [$($leads_to),*], [$($reference),*]);
    };
    (@ $kind:ident, [$($doc:literal)+], $name:ident, $code:literal, $severity:ident, $since:literal,
        [$($need:ident),*], [$($leads_to:literal),*], [$($reference:literal),*]) => {
        $(#[doc = $doc])+
        pub static $name: $crate::Rule = $crate::Rule {
            code: $code,
            severity: $crate::Severity::$severity,
            since: $since,
            needs: $crate::signs::Signs::none()$(.and($crate::signs::Signs::$need))*,
            leads_to: &[$($leads_to),*],
            references: &[$($reference),*],
            docs: concat!($($doc, "\n"),+),
            check: $crate::rule::Check::$kind(check),
        };
    };
}
pub(crate) use declare_rule;

/// Declares a rule over many connections; the module's `check` is what it runs.
macro_rules! declare_fleet_rule {
    (
        $(#[doc = $doc:literal])+
        pub static $name:ident {
            code: $code:literal,
            severity: $severity:ident,
            since: $since:literal,
            references: [$($reference:literal),* $(,)?] $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        pub static $name: $crate::FleetRule = $crate::FleetRule {
            code: $code,
            severity: $crate::Severity::$severity,
            since: $since,
            references: &[$($reference),*],
            docs: concat!($($doc, "\n"),+),
            check,
        };
    };
}
pub(crate) use declare_fleet_rule;
