//! Pages of `tlsleuth explain`, as plain text of a given width.

use std::io::{self, Write};

use tlsleuth::diagnosis::RULES;
use tlsleuth::diagnosis::Rule;
use tlsleuth::diagnosis::explain::{Explanation, Line as LogLine, Pattern, Topic, seen_as};
use tlsleuth::handshake::codepoint::AlertDescription;

use crate::layout::{Line, Tone, cut, wrap};
use crate::table::Style;

/// How many examples a page shows of what software prints.
const EXAMPLES: usize = 8;
/// Where the text of a part begins.
const INDENT: usize = 2;

/// Writes what is known of `asked`.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(
    asked: &str,
    explanation: &Explanation,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page { width: style.width.max(60), lines: Vec::new() };
    match explanation {
        Explanation::Code(rule) => page.rule(rule),
        Explanation::Area(rules) => page.list(rules),
        Explanation::Alert(alert, topic) => page.alert(*alert, topic),
        Explanation::Line(line) => page.log_line(asked, line),
        Explanation::Mentioned(rules) => {
            page.text(
                0,
                &format!("Findings whose pages speak of \"{}\":", short(asked)),
                Tone::Plain,
            );
            page.gap();
            page.list(rules);
        }
        Explanation::Unknown(near) => page.unknown(asked, near),
    }
    for line in &page.lines {
        line.write(style.color, out)?;
    }
    Ok(())
}

/// Writes a list of all that can be found.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_all(style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { width: style.width.max(60), lines: Vec::new() };
    page.text(
        0,
        "What tlsleuth can find. tlsleuth explain takes one of these codes, the name or number of an \
         alert, or a line of a log in quotes.",
        Tone::Plain,
    );
    page.gap();
    page.list(RULES);
    for line in &page.lines {
        line.write(style.color, out)?;
    }
    Ok(())
}

/// A quoted text at a length that can be read.
fn short(text: &str) -> String {
    cut(text, 200)
}

struct Page {
    width: usize,
    lines: Vec<Line>,
}

impl Page {
    fn gap(&mut self) {
        self.lines.push(Line::new());
    }

    /// Text in lines, each indented.
    fn text(&mut self, indent: usize, text: &str, tone: Tone) {
        for part in wrap(text, self.width.saturating_sub(indent)) {
            let mut line = Line::new();
            line.to(indent).push(&part, tone);
            self.lines.push(line);
        }
    }

    fn heading(&mut self, title: &str) {
        self.gap();
        let mut line = Line::new();
        line.push(title, Tone::Label);
        self.lines.push(line);
    }

    /// A part with its title; nothing when it is empty.
    fn part(&mut self, title: &str, items: &[&str], numbered: bool) {
        if items.is_empty() {
            return;
        }
        self.heading(title);
        for (item, number) in items.iter().zip(1_usize..) {
            let mark =
                if numbered && items.len() > 1 { format!("{number}. ") } else { String::new() };
            let hang = INDENT + mark.len();
            for (index, part) in wrap(item, self.width.saturating_sub(hang)).iter().enumerate() {
                let mut line = Line::new();
                line.to(INDENT);
                if index == 0 {
                    line.push(&mark, Tone::Faint);
                }
                line.to(hang).push(part, Tone::Plain);
                self.lines.push(line);
            }
        }
    }

    /// Codes with their first lines.
    fn list(&mut self, rules: &[&'static Rule]) {
        let widest = rules.iter().map(|rule| rule.code.len()).max().unwrap_or_default();
        let column = INDENT + widest + 2;
        for rule in rules {
            for (index, part) in
                wrap(rule.summary(), self.width.saturating_sub(column)).iter().enumerate()
            {
                let mut line = Line::new();
                line.to(INDENT);
                if index == 0 {
                    line.push(rule.code, Tone::Strong);
                }
                line.to(column).push(part, Tone::Plain);
                self.lines.push(line);
            }
        }
    }

    /// The page of a rule: its documentation, with the headings of Markdown as plain ones.
    fn rule(&mut self, rule: &Rule) {
        let mut line = Line::new();
        line.push(rule.code, Tone::Strong);
        line.push(&format!("   {}, since {}", rule.severity.name(), rule.since), Tone::Plain);
        self.lines.push(line);
        self.gap();
        let mut paragraph = String::new();
        for line in rule.docs.lines().map(str::trim).chain([""]) {
            let heading = line.strip_prefix("## ");
            if heading.is_none() && !line.is_empty() && !line.starts_with("- ") {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
                continue;
            }
            if !paragraph.is_empty() {
                self.text(INDENT, &std::mem::take(&mut paragraph), Tone::Plain);
            }
            match heading {
                Some(heading) => self.heading(&heading.to_uppercase()),
                None => paragraph.push_str(line),
            }
        }
        let mut examples: Vec<&Pattern> = Vec::new();
        for pattern in seen_as(rule.code) {
            // One of each software: the page is no list of messages.
            if examples.len() < EXAMPLES
                && !examples.iter().any(|other| other.stack == pattern.stack)
            {
                examples.push(pattern);
            }
        }
        let examples: Vec<String> = examples
            .iter()
            .map(|pattern| format!("{}: {}", pattern.stack, pattern.example))
            .collect();
        self.part("SEEN AS", &examples.iter().map(String::as_str).collect::<Vec<_>>(), false);
        self.joined("LEADS TO", rule.leads_to);
        let causes: Vec<&str> = RULES
            .iter()
            .filter(|other| other.leads_to.contains(&rule.code))
            .map(|other| other.code)
            .collect();
        self.joined("COMES FROM", &causes);
        self.joined("REFERENCES", rule.references);
    }

    fn joined(&mut self, title: &str, items: &[&str]) {
        if !items.is_empty() {
            self.heading(title);
            self.text(INDENT, &items.join(", "), Tone::Plain);
        }
    }

    fn alert(&mut self, alert: AlertDescription, topic: &Topic) {
        let mut line = Line::new();
        line.push(alert.name().unwrap_or_default(), Tone::Strong);
        line.push(&format!("   alert {}", alert.0), Tone::Plain);
        self.lines.push(line);
        self.gap();
        self.text(INDENT, topic.what, Tone::Plain);
        self.heading("WHO SAYS IT");
        self.text(
            INDENT,
            "The side that gives up sends it. \"remote error\" or \"received\" in a log means that the \
             other side sent it, not the writer of the log.",
            Tone::Plain,
        );
        self.topic(topic, &topic.codes);
    }

    fn log_line(&mut self, asked: &str, line: &LogLine) {
        self.text(0, &short(asked), Tone::Faint);
        self.gap();
        let title = match line.alert.and_then(|alert| Some((alert.name()?, alert.0))) {
            Some((name, number)) => format!("alert {name} ({number})"),
            None => line.topic.name.replace('-', " "),
        };
        let from = match line.stack {
            "" | "system" => String::new(),
            stack => format!("   in the words of {stack}"),
        };
        let mut first = Line::new();
        first.push(&title, Tone::Strong).push(&from, Tone::Plain);
        self.lines.push(first);
        self.text(INDENT, line.topic.what, Tone::Plain);
        self.heading("WHO SAID IT");
        self.text(INDENT, line.who(), Tone::Plain);
        self.topic(line.topic, &line.codes());
        self.heading("KNOWN FROM");
        self.text(INDENT, line.source, Tone::Faint);
    }

    fn topic(&mut self, topic: &Topic, codes: &[&str]) {
        self.part("LIKELY CAUSES", &topic.causes, true);
        self.part("LOOK FOR, IN A CAPTURE", &topic.look, false);
        self.part("FIX", &topic.fixes, false);
        let rules: Vec<&'static Rule> =
            codes.iter().filter_map(|code| tlsleuth::diagnosis::rule(code)).collect();
        if !rules.is_empty() {
            self.heading("CAN BE");
            self.list(&rules);
        }
    }

    fn unknown(&mut self, asked: &str, near: &[&str]) {
        let meant = match near {
            [] => "tlsleuth explain alone lists all codes; alerts go by name or number; a line of a log \
                   goes in quotes."
                .to_owned(),
            near => format!("Did you mean {}?", near.join(" or ")),
        };
        self.text(0, &format!("Nothing is known of \"{}\". {meant}", short(asked)), Tone::Plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlsleuth::diagnosis::explain::{PATTERN_TABLE, explain};

    fn page(text: &str, width: usize) -> String {
        let mut out = Vec::new();
        write(text, &explain(text), Style::new(width, false), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pages_keep_to_the_width_and_hold_no_control_character() {
        let hostile = "\u{1b}[31m remote error: tls: bad certificate \u{202e}\u{7}\n";
        let texts = PATTERN_TABLE.iter().step_by(7).map(|pattern| pattern.example);
        for text in texts.chain(["48", "chain.expired", "chain", "chain.expird", "qwertz", hostile])
        {
            for width in [60, 80, 100] {
                let page = page(text, width);
                assert!(!page.is_empty());
                for line in page.lines() {
                    assert!(line.chars().count() <= width, "{line}");
                    assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_line_of_a_log_gets_cause_and_remedy() {
        let bad = page(
            "http: TLS handshake error from 10.0.0.7:1: remote error: tls: bad certificate",
            100,
        );
        for part in [
            "alert bad_certificate (42)",
            "The client said it to the server",
            "LIKELY CAUSES",
            "FIX",
            "chain.missing-intermediate",
        ] {
            assert!(bad.contains(part), "{part} in {bad}");
        }
        assert!(page("unkown_ca", 80).contains("Did you mean unknown_ca?"));
    }
}
