//! Is `docs/diagnoses.md` what the rules say? `UPDATE_EXPECT=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tlsleuth_diagnosis::{FLEET_RULES, RULES};

/// What stands above the rules.
const HEAD: &str = "\
# What tlsleuth can find

Made from the rules by `UPDATE_EXPECT=1 cargo test -p tlsleuth-diagnosis --test docs`; do not edit it
here. `tlsleuth explain CODE` shows an entry on the terminal.

A finding is an *error* if it explains a failure or would cause one, a *warning* if it is risky, an
*info* if it is worth knowing. Of all findings about a connection that failed one is the verdict: a
cause wins over the symptoms that it leads to.
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n| code | usually | it means |\n| --- | --- | --- |\n");
    for rule in RULES {
        let anchor = rule.code.replace('.', "");
        writeln!(
            text,
            "| [`{}`](#{anchor}) | {} | {} |",
            rule.code,
            rule.severity.name(),
            rule.summary().trim_end_matches('.').replace('|', "\\|"),
        )
        .unwrap();
    }
    for rule in RULES {
        writeln!(text, "\n## {}\n", rule.code).unwrap();
        for line in rule.docs.trim().lines() {
            // Each line of a doc comment begins with a blank; headings go down one level.
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            match line.strip_prefix("## ") {
                Some(heading) if text.ends_with("\n\n") => {
                    writeln!(text, "**{heading}.**").unwrap()
                }
                Some(heading) => writeln!(text, "\n**{heading}.**").unwrap(),
                None => writeln!(text, "{line}").unwrap(),
            }
        }
        if !rule.leads_to.is_empty() {
            let codes: Vec<String> = rule.leads_to.iter().map(|code| format!("`{code}`")).collect();
            writeln!(text, "\nLeads to: {}.", codes.join(", ")).unwrap();
        }
        writeln!(
            text,
            "\nUsually: {}. References: {}. Since {}.",
            rule.severity.name(),
            rule.references.join("; "),
            rule.since
        )
        .unwrap();
    }
    text.push_str("\n# What only many connections together show\n");
    for rule in FLEET_RULES {
        writeln!(text, "\n## {}\n", rule.code).unwrap();
        for line in rule.docs.trim().lines() {
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            match line.strip_prefix("## ") {
                Some(heading) if text.ends_with("\n\n") => {
                    writeln!(text, "**{heading}.**").unwrap()
                }
                Some(heading) => writeln!(text, "\n**{heading}.**").unwrap(),
                None => writeln!(text, "{line}").unwrap(),
            }
        }
        let cited = if rule.references.is_empty() {
            String::new()
        } else {
            format!(" References: {}.", rule.references.join("; "))
        };
        writeln!(text, "\nUsually: {}.{cited} Since {}.", rule.severity.name(), rule.since)
            .unwrap();
    }
    text
}

#[test]
fn the_page_is_what_the_rules_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnoses.md");
    let made = document();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &made).unwrap();
        return;
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == made,
        "docs/diagnoses.md is not what the rules say: run it again with UPDATE_EXPECT=1"
    );
}
