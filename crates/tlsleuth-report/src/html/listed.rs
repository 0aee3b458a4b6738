//! The connections that a page lists when there are too many to hold them all.

use std::collections::{HashMap, VecDeque};

use tlsleuth::Analyzed;
use tlsleuth::handshake::Outcome;

use super::data::Row;
use crate::Redact;
use crate::schema::Connection;
use crate::summary::HEALTH_CHECK;

/// Connections in the table.
pub(super) const ROWS: usize = 50_000;
/// Connections that can be opened.
pub(super) const DETAILS: usize = 10_000;

/// Takes connections one after the other and keeps those that the page lists: failures before others,
/// the first before later ones. Of most of them a row is kept and nothing else, so that what is held is
/// bounded however many there are.
#[derive(Debug)]
pub struct Listed {
    failures: List,
    others: List,
    taken: usize,
    rows: usize,
    details: usize,
}

/// The first ones can be opened.
#[derive(Debug, Default)]
struct List {
    open: Vec<Connection>,
    closed: VecDeque<Row>,
}

impl List {
    fn len(&self) -> usize {
        self.open.len().saturating_add(self.closed.len())
    }
}

impl Default for Listed {
    fn default() -> Self {
        Self::with_room(ROWS, DETAILS)
    }
}

impl Listed {
    fn with_room(rows: usize, details: usize) -> Self {
        Self { failures: List::default(), others: List::default(), taken: 0, rows, details }
    }

    /// Takes a connection, in the order of the report. `roots` names the anchors, as the report does.
    pub fn take(&mut self, analyzed: &Analyzed, roots: &'static str) {
        self.taken = self.taken.saturating_add(1);
        let diagnosis = &analyzed.diagnosis;
        let is_failure = diagnosis.outcome == Outcome::Failed
            && diagnosis.verdict().map(|finding| finding.code) != Some(HEALTH_CHECK);
        // What there is no room for need not be put into words.
        if self.has_room(is_failure) {
            self.push(crate::connection(analyzed, roots), is_failure);
        }
    }

    fn has_room(&self, is_failure: bool) -> bool {
        let before = if is_failure { 0 } else { self.others.len() };
        self.failures.len().saturating_add(before) < self.rows
    }

    fn push(&mut self, connection: Connection, is_failure: bool) {
        let open = self.failures.open.len();
        let (list, room) = if is_failure {
            (&mut self.failures, open < self.details)
        } else {
            let room = open.saturating_add(self.others.open.len()) < self.details;
            (&mut self.others, room)
        };
        // Behind one that cannot be opened none can.
        if room && list.closed.is_empty() {
            list.open.push(connection);
        } else {
            list.closed.push_back(Row::of(&connection));
        }
        if is_failure {
            self.make_room();
        }
    }

    /// A failure takes the place of the last of the others.
    fn make_room(&mut self) {
        if self.failures.len().saturating_add(self.others.len()) > self.rows
            && self.others.closed.pop_back().is_none()
        {
            self.others.open.pop();
        }
        if self.failures.open.len().saturating_add(self.others.open.len()) > self.details
            && let Some(last) = self.others.open.pop()
        {
            self.others.closed.push_front(Row::of(&last));
        }
    }

    /// Replaces in what is kept what the report must not tell.
    pub fn redact(&mut self, redact: &Redact) {
        for list in [&mut self.failures, &mut self.others] {
            list.open.iter_mut().for_each(|connection| redact.connection(connection));
            list.closed.iter_mut().for_each(|row| row.redact(redact));
        }
    }

    /// How many were taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// The rows in the order of the report, each with the connection if it can be opened. `examples`
    /// are among them, and can.
    pub(super) fn rows<'r>(
        &'r self,
        examples: &'r [Connection],
    ) -> Vec<(Row, Option<&'r Connection>)> {
        let lists = [&self.failures, &self.others];
        let closed =
            lists.iter().flat_map(|list| &list.closed).map(|row| (row.id, (row.clone(), None)));
        let open = lists.iter().flat_map(|list| &list.open).chain(examples);
        let open = open.map(|connection| (connection.id, (Row::of(connection), Some(connection))));
        let by_id: HashMap<u64, _> = closed.chain(open).collect();
        let mut rows: Vec<(Row, Option<&Connection>)> = by_id.into_values().collect();
        rows.sort_unstable_by_key(|(row, _)| row.id);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlsleuth::{Analyzer, Event, Options};

    const FAILS: &str = "client ClientHello sni=a.example\nserver Alert fatal handshake_failure";
    const GOES_ON: &str = "client ClientHello sni=a.example";

    fn analyzed(script: &str) -> Box<Analyzed> {
        let mut analyzer = Analyzer::new(Options::default());
        for frame in tlsleuth_testkit::script(script).frames() {
            analyzer.push_frame(&frame.frame());
        }
        analyzer.finish();
        loop {
            if let Some(Event::Connection(analyzed)) = analyzer.poll() {
                return analyzed;
            }
        }
    }

    /// Numbers of the rows; those that can be opened are negative.
    fn listed(rows: usize, details: usize, outcomes: &str) -> (Listed, Vec<i64>) {
        let (failed, other) = (analyzed(FAILS), analyzed(GOES_ON));
        let mut listed = Listed::with_room(rows, details);
        for (outcome, id) in outcomes.bytes().zip(1..) {
            let of = if outcome == b'f' { &failed } else { &other };
            listed.take(&Analyzed { id, ..Analyzed::clone(of) }, "none");
        }
        let shown = listed.rows(&[]).into_iter().map(|(row, open)| {
            let id = i64::try_from(row.id).unwrap();
            if open.is_some() { -id } else { id }
        });
        let shown = shown.collect();
        (listed, shown)
    }

    /// What is kept is what would be chosen from all of them.
    #[test]
    fn failures_come_before_others_and_first_ones_before_later_ones() {
        for (outcomes, kept) in [
            ("", vec![]),
            ("oo", vec![-1, -2]),
            ("oooooo", vec![-1, -2, 3, 4, 5]),
            ("ffffff", vec![-1, -2, 3, 4, 5]),
            ("oooooof", vec![-1, 2, 3, 4, -7]),
            ("oooooofff", vec![1, 2, -7, -8, 9]),
            ("fofofofofof", vec![-1, -3, 5, 7, 9]),
            ("of", vec![-1, -2]),
            ("ooof", vec![-1, 2, 3, -4]),
        ] {
            let (listed, shown) = listed(5, 2, outcomes);
            assert_eq!(shown, kept, "{outcomes}");
            assert_eq!(listed.taken(), outcomes.len());
        }
    }

    #[test]
    fn an_example_can_be_opened() {
        let (listed, _) = listed(5, 1, "fff");
        let example = crate::connection(&Analyzed { id: 3, ..*analyzed(FAILS) }, "none");
        let examples = [example];
        let rows = listed.rows(&examples);
        let open: Vec<bool> = rows.iter().map(|(_, open)| open.is_some()).collect();
        assert_eq!(open, [true, false, true]);
    }

    #[test]
    fn what_is_kept_is_redacted() {
        use tlsleuth_redact::{Key, What};
        let (mut listed, _) = listed(5, 1, "fff");
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        let mut redact = Redact::new(What { addresses: true, names: true }, &key, true);
        redact.learn(&analyzed(FAILS));
        let said = format!("{listed:?}");
        assert!(said.contains("a.example"));
        let client = analyzed(FAILS).connection.client.address.to_string();
        assert!(said.contains(&client));
        listed.redact(&redact);
        let said = format!("{listed:?}");
        assert!(!said.contains("a.example") && !said.contains(&client), "{said}");
    }
}
