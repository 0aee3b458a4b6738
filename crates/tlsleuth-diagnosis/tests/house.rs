//! Is the house in order? What a machine can check of `rules/` is not left to reviewers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tlsleuth_diagnosis::{FLEET_RULES, RULES, Rule, fleet_rule, rule};

/// The parts of the documentation of a rule, in their order.
const HEADINGS: [&str; 3] = ["## What happened", "## Likely causes", "## When it cannot be told"];

/// The least number of tests of a rule: fires, clear, not applicable, undetermined.
const TESTS: usize = 4;

fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")
}

/// The file of a code: `client-auth.missing` is `client_auth/missing.rs`.
fn file_of(code: &str) -> String {
    format!("{}.rs", code.replace('-', "_").replace('.', "/"))
}

fn source(rule: &Rule) -> String {
    let path = rules_folder().join(file_of(rule.code));
    fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{}: no file {}", rule.code, path.display()))
}

/// Every file of a rule, as its path below `rules/`.
fn files() -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for area in fs::read_dir(rules_folder()).unwrap().flatten() {
        // Findings about many connections are no rules of one connection.
        if !area.path().is_dir() || area.file_name() == "fleet" {
            continue;
        }
        for file in fs::read_dir(area.path()).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            if name.ends_with(".rs") && name != "mod.rs" {
                files.insert(format!("{}/{name}", area.file_name().into_string().unwrap()));
            }
        }
    }
    files
}

/// Collects what is wrong, so that one run tells all of it.
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_file_is_a_registered_rule() {
    let registered: BTreeSet<String> = RULES.iter().map(|rule| file_of(rule.code)).collect();
    let wrong: Vec<String> = files()
        .difference(&registered)
        // A file without a declaration is shared code of its area.
        .filter(|file| {
            fs::read_to_string(rules_folder().join(file)).unwrap().contains("declare_rule! {")
        })
        .map(|file| format!("{file}: not in registry.rs, or its code has another name"))
        .collect();
    none(&wrong);
    assert_eq!(registered.len(), RULES.len(), "a code is there twice");
}

#[test]
fn every_rule_is_named_like_its_code() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let name = rule.code.replace(['-', '.'], "_").to_uppercase();
        let source = source(rule);
        if !source.contains(&format!("pub static {name}")) {
            wrong.push(format!("{}: its static is not {name}", rule.code));
        }
        if !source.starts_with(&format!("//! `{}`: ", rule.code)) {
            wrong.push(format!("{}: its file does not begin with its code", rule.code));
        }
        let parts: Vec<&str> = rule.code.split('.').collect();
        let plain = |part: &&str| {
            part.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if parts.len() != 2 || !parts.iter().all(plain) {
            wrong.push(format!("{}: not area.problem", rule.code));
        }
    }
    none(&wrong);
}

#[test]
fn every_rule_is_documented() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let mut rest = rule.docs;
        for heading in HEADINGS {
            match rest.split_once(heading) {
                Some((_, behind)) => rest = behind,
                None => wrong.push(format!("{}: no {heading:?}, or in another order", rule.code)),
            }
        }
        if !rule.summary().ends_with('.') {
            wrong.push(format!("{}: the first line is no sentence", rule.code));
        }
        if rule.references.is_empty() {
            wrong.push(format!("{}: cites nothing", rule.code));
        }
        if rule.since.split('.').count() != 3 {
            wrong.push(format!("{}: since what version?", rule.code));
        }
    }
    none(&wrong);
}

#[test]
fn every_symptom_exists_and_no_rule_leads_to_itself() {
    let mut wrong = Vec::new();
    for cause in RULES {
        for code in cause.leads_to {
            if rule(code).is_none() {
                wrong.push(format!("{} leads to {code}, which there is not", cause.code));
            }
            if *code == cause.code {
                wrong.push(format!("{} leads to itself", cause.code));
            }
        }
        let distinct: BTreeSet<_> = cause.leads_to.iter().collect();
        if distinct.len() != cause.leads_to.len() {
            wrong.push(format!("{} leads to a code twice", cause.code));
        }
    }
    none(&wrong);
}

#[test]
fn no_two_rules_lead_to_each_other() {
    let mut wrong = Vec::new();
    for cause in RULES {
        for code in cause.leads_to {
            if rule(code).is_some_and(|other| other.leads_to.contains(&cause.code)) {
                wrong.push(format!("{} and {code} lead to each other", cause.code));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_rule_is_tested() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let tests = source(rule).matches("#[test]").count();
        if tests < TESTS {
            wrong.push(format!("{}: {tests} tests, {TESTS} are wanted", rule.code));
        }
    }
    none(&wrong);
}

#[test]
fn rules_neither_parse_nor_print() {
    let mut wrong = Vec::new();
    for file in files() {
        let source = fs::read_to_string(rules_folder().join(&file)).unwrap();
        for word in ["println!", "tls_parser", "x509_parser", "serde"] {
            if source.contains(word) {
                wrong.push(format!("{file}: has {word}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_fleet_rule_has_its_file_its_page_and_its_tests() {
    let mut wrong = Vec::new();
    for rule in FLEET_RULES {
        let path = rules_folder().join(file_of(rule.code));
        let source = fs::read_to_string(&path).unwrap_or_default();
        if source.matches("#[test]").count() < 3 {
            wrong.push(format!("{}: fires, clear and too few to tell are to be tested", rule.code));
        }
        for heading in HEADINGS.iter().chain(&["## The test"]) {
            if !rule.docs.contains(heading) {
                wrong.push(format!("{}: no `{heading}`", rule.code));
            }
        }
        if fleet_rule(rule.code).map(|found| found.code) != Some(rule.code)
            || !source.contains(rule.code)
        {
            wrong.push(format!("{}: not found by its code", rule.code));
        }
    }
    none(&wrong);
}
