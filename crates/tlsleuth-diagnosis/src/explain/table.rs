//! The two data files, read once: what can be meant, and the words that mean it.

use std::sync::LazyLock;

use super::words;

/// Topics, see the head of the file.
const TOPICS: &str = include_str!("topics.txt");
/// Patterns, see the head of the file.
const PATTERNS: &str = include_str!("patterns.txt");

/// What a log line or an alert can mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// Its name; that of an alert's topic is `alert.` and the alert's name.
    pub name: &'static str,
    /// The condition, in a sentence or two.
    pub what: &'static str,
    /// Likely causes, the likeliest first.
    pub causes: Vec<&'static str>,
    /// What to look for in a capture.
    pub look: Vec<&'static str>,
    /// What to change, by product where they differ.
    pub fixes: Vec<&'static str>,
    /// Codes of the catalogue that it can be, the likeliest first.
    pub codes: Vec<&'static str>,
    /// Whether it says so little that every other topic is to be preferred.
    pub vague: bool,
    fixes_of: Vec<&'static str>,
}

/// Who writes a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writer {
    /// The TLS client.
    Client,
    /// The TLS server.
    Server,
    /// The words alone do not tell.
    Either,
}

/// Whose judgement a line reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Voice {
    /// The writer found it itself.
    Own,
    /// The other side said it, with an alert.
    Peer,
    /// Nobody said anything: a close, a reset, silence.
    Nobody,
}

/// Words that a piece of software prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The software.
    pub stack: &'static str,
    /// The topic's name.
    pub topic: &'static str,
    /// Who writes it.
    pub writer: Writer,
    /// Whose judgement it is.
    pub voice: Voice,
    /// What must stand in the line, in this order.
    pub words: Vec<String>,
    /// A line that it matches.
    pub example: &'static str,
    /// Where the words are known from.
    pub source: &'static str,
    /// Characters in `words`: the longest pattern is the most specific one.
    pub(crate) weight: usize,
}

/// All topics, in the order of the file.
pub static TOPIC_TABLE: LazyLock<Vec<Topic>> = LazyLock::new(topics);

/// All patterns, in the order of the file.
pub static PATTERN_TABLE: LazyLock<Vec<Pattern>> =
    LazyLock::new(|| lines(PATTERNS).filter_map(pattern).collect());

/// The topic of a name.
#[must_use]
pub fn topic(name: &str) -> Option<&'static Topic> {
    TOPIC_TABLE.iter().find(|topic| topic.name == name)
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn topics() -> Vec<Topic> {
    let mut topics: Vec<Topic> = Vec::new();
    for line in lines(TOPICS) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if key == "topic" {
            topics.push(Topic { name: value, ..Topic::default() });
            continue;
        }
        let Some(topic) = topics.last_mut() else { continue };
        match key {
            "what" => topic.what = value,
            "cause" => topic.causes.push(value),
            "look" => topic.look.push(value),
            "fix" => topic.fixes.push(value),
            "fixes-of" => topic.fixes_of.push(value),
            "code" => topic.codes.push(value),
            "vague" => topic.vague = true,
            _ => {}
        }
    }
    // Each step takes over what a topic refers to; two are enough for a reference of a reference.
    for _ in 0..2 {
        let before = topics.clone();
        for topic in &mut topics {
            for name in &topic.fixes_of {
                let other = before.iter().find(|other| other.name == *name);
                for fix in other.map(|other| other.fixes.as_slice()).unwrap_or_default() {
                    if !topic.fixes.contains(fix) {
                        topic.fixes.push(fix);
                    }
                }
            }
        }
    }
    topics
}

/// A line of the file; `None` for one that is not well formed, which a test forbids.
fn pattern(line: &'static str) -> Option<Pattern> {
    let mut fields = line.split(" | ");
    let stack = fields.next()?;
    let topic = fields.next()?;
    let (writer, voice) = fields.next()?.split_once(' ')?;
    let writer = match writer {
        "client" => Writer::Client,
        "server" => Writer::Server,
        "either" => Writer::Either,
        _ => return None,
    };
    let voice = match voice {
        "own" => Voice::Own,
        "peer" => Voice::Peer,
        "none" => Voice::Nobody,
        _ => return None,
    };
    let words: Vec<String> = fields.next()?.split(" … ").map(words::normalized).collect();
    let weight = words.iter().map(String::len).sum();
    let example = fields.next()?;
    let source = fields.next()?;
    if fields.next().is_some() || weight == 0 {
        return None;
    }
    Some(Pattern { stack, topic, writer, voice, words, example, source, weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;
    use std::collections::HashSet;

    #[test]
    fn the_files_are_well_formed() {
        assert_eq!(PATTERN_TABLE.len(), lines(PATTERNS).count(), "a line was not understood");
        let known = ["topic", "what", "cause", "look", "fix", "fixes-of", "code", "vague"];
        for line in lines(TOPICS) {
            let key = line.split(' ').next().unwrap();
            assert!(known.contains(&key), "{line}");
        }
        let mut names = HashSet::new();
        for entry in TOPIC_TABLE.iter() {
            assert!(names.insert(entry.name), "{} twice", entry.name);
            assert!(!entry.what.is_empty() && !entry.causes.is_empty(), "{}", entry.name);
            assert!(!entry.look.is_empty() && !entry.fixes.is_empty(), "{}", entry.name);
            assert!(!entry.codes.is_empty(), "{}", entry.name);
            for code in &entry.codes {
                assert!(rule(code).is_some(), "{}: no rule {code}", entry.name);
            }
            for other in &entry.fixes_of {
                assert!(topic(other).is_some(), "{}: no topic {other}", entry.name);
            }
        }
        let mut words = HashSet::new();
        for pattern in PATTERN_TABLE.iter() {
            assert!(topic(pattern.topic).is_some(), "{pattern:?}");
            assert!(words.insert(pattern.words.clone()), "twice: {:?}", pattern.words);
            assert!(!pattern.source.is_empty() && !pattern.example.is_empty(), "{pattern:?}");
        }
        assert!(PATTERN_TABLE.len() >= 150);
    }

    #[test]
    fn every_topic_is_used() {
        for topic in TOPIC_TABLE.iter().filter(|topic| !topic.name.starts_with("alert.")) {
            let used = PATTERN_TABLE.iter().any(|pattern| pattern.topic == topic.name);
            assert!(used, "no pattern leads to {}", topic.name);
        }
    }
}
