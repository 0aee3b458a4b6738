//! What a rule finds: the words for a tired engineer, and the frames that prove them.

use std::borrow::Cow;

use tlsleuth_capture::Place;
use tlsleuth_handshake::Side;

use crate::rule::{FleetRule, Rule};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Risky or fragile.
    Warning,
    /// Explains a failure, or would cause one.
    Error,
}

impl Severity {
    /// The word of the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// One of several explanations.
    Possible,
    /// Inferred; the inference is stated.
    Likely,
    /// The bytes prove it.
    Certain,
}

impl Confidence {
    /// The word of the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// Who has to act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Party {
    /// Whoever runs the client.
    Client,
    /// Whoever runs the server.
    Server,
    /// Whoever runs what is between them.
    Network,
    /// Whoever captures.
    Capture,
    /// Cannot be told.
    Unknown,
}

impl Party {
    /// The word of the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Network => "network",
            Self::Capture => "capture",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Side> for Party {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

/// Words of a finding. Most are the same whatever was seen, and are not copied.
pub type Words = Cow<'static, str>;

/// A frame and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// The frame.
    pub at: Place,
    /// What it says.
    pub says: Words,
}

/// What one rule found in one connection (or in one capture, or in many connections).
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule's code, `area.problem`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who has to act.
    pub party: Party,
    /// For `chain.*`: whose chain it is.
    pub chain: Option<Side>,
    /// The place of the certificate that it is about, in the chain as it was sent; the leaf is 0.
    pub certificate: Option<usize>,
    /// One line: what is wrong, with the values seen. No full stop.
    pub title: Words,
    /// What happened, in sentences. Says what is inferred, and from what.
    pub explanation: Words,
    /// What to change and where.
    pub remedy: Words,
    /// The frames that it rests on.
    pub evidence: Vec<Evidence>,
    /// RFC and section.
    pub references: &'static [&'static str],
    /// What the usual clients and servers print for it.
    pub seen_as: Cow<'static, [&'static str]>,
    /// What would settle it where it is not certain.
    pub next_steps: Vec<String>,
    /// Whether it is the connection's verdict.
    pub root_cause: bool,
    /// Codes of the symptoms that it leads to.
    pub(crate) leads_to: &'static [&'static str],
    /// Whether the rule's usual severity was replaced.
    severity_set: bool,
    /// Whether it explains a failure only together with a symptom that it leads to.
    pub(crate) needs_symptom: bool,
}

/// Adds words behind those that are there.
pub(crate) fn add(held: &mut Words, between: char, more: Words) {
    if held.is_empty() {
        *held = more;
    } else if !more.is_empty() {
        let held = held.to_mut();
        held.reserve(more.len().saturating_add(1));
        held.push(between);
        held.push_str(&more);
    }
}

impl Finding {
    /// A certain finding; code, severity and references come from the rule.
    #[must_use]
    pub fn new(party: Party, title: impl Into<Words>) -> Self {
        Self {
            code: "",
            severity: Severity::Info,
            confidence: Confidence::Certain,
            party,
            chain: None,
            certificate: None,
            title: title.into(),
            explanation: Words::default(),
            remedy: Words::default(),
            evidence: Vec::new(),
            references: &[],
            seen_as: Cow::default(),
            next_steps: Vec::new(),
            root_cause: false,
            leads_to: &[],
            severity_set: false,
            needs_symptom: false,
        }
    }

    /// Adds a frame that it rests on, and what the frame says.
    #[must_use]
    pub fn evidence(mut self, at: Place, says: impl Into<Words>) -> Self {
        self.evidence.push(Evidence { at, says: says.into() });
        self
    }

    /// Adds a frame if there is one.
    #[must_use]
    pub fn evidence_if(self, at: Option<Place>, says: impl FnOnce() -> String) -> Self {
        match at {
            Some(at) => self.evidence(at, says()),
            None => self,
        }
    }

    /// Says which certificate of a chain, as it was sent, it is about.
    #[must_use]
    pub fn certificate(mut self, place: Option<usize>) -> Self {
        self.certificate = place;
        self
    }

    /// Adds a sentence to what happened; an empty one is none.
    #[must_use]
    pub fn explain(mut self, sentence: impl Into<Words>) -> Self {
        add(&mut self.explanation, ' ', sentence.into());
        self
    }

    /// Adds a sentence to what to change; an empty one is none.
    #[must_use]
    pub fn remedy(mut self, sentence: impl Into<Words>) -> Self {
        add(&mut self.remedy, '\n', sentence.into());
        self
    }

    /// It is inferred, and from what.
    #[must_use]
    pub fn likely(mut self, inference: impl Into<Words>) -> Self {
        self.confidence = self.confidence.min(Confidence::Likely);
        self.explain(inference)
    }

    /// It is one of several explanations.
    #[must_use]
    pub fn possible(mut self, inference: impl Into<Words>) -> Self {
        self.confidence = Confidence::Possible;
        self.explain(inference)
    }

    /// Adds what the usual clients and servers print for it.
    #[must_use]
    pub fn seen_as(mut self, words: &'static [&'static str]) -> Self {
        if self.seen_as.is_empty() {
            self.seen_as = Cow::Borrowed(words);
        } else {
            self.seen_as.to_mut().extend_from_slice(words);
        }
        self
    }

    /// Adds what would settle it.
    #[must_use]
    pub fn next_step(mut self, step: impl Into<String>) -> Self {
        self.next_steps.push(step.into());
        self
    }

    /// Another severity than the rule's usual one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self.severity_set = true;
        self
    }

    /// It is a defect that may or may not have mattered: it becomes the verdict only where the
    /// frames show a symptom that it leads to. Findings about chains always are of this kind.
    #[must_use]
    pub fn needs_symptom(mut self) -> Self {
        self.needs_symptom = true;
        self
    }

    pub(crate) fn of_fleet(mut self, rule: &FleetRule) -> Self {
        self.code = rule.code;
        if !self.severity_set {
            self.severity = rule.severity;
        }
        self.references = rule.references;
        self
    }

    pub(crate) fn of(mut self, rule: &Rule) -> Self {
        self.code = rule.code;
        if !self.severity_set {
            self.severity = rule.severity;
        }
        self.needs_symptom |= matches!(rule.check, crate::rule::Check::Chain(_));
        self.references = rule.references;
        self.leads_to = rule.leads_to;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_sentence_is_none() {
        let finding = Finding::new(Party::Server, "t").explain("").explain("One.").explain("");
        let finding = finding.explain("Two.").remedy("Do.").remedy("");
        assert_eq!((&*finding.explanation, &*finding.remedy), ("One. Two.", "Do."));
    }
}
