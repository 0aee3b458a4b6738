//! Where connections go as they are told: counted for the table, written as lines at once, or held
//! for the formats that need them all.

use std::io;

use tlsleuth::diagnosis::Fleet;
use tlsleuth::{Analyzed, Counts, Event};
use tlsleuth_report::build::assemble;
use tlsleuth_report::schema::{self, Report};
use tlsleuth_report::{CaptureInput, Redact, Tally, html, json};

use crate::analysis::Take;
use crate::arguments::{Format, Main, SeverityChoice};
use crate::filter;
use crate::output::Output;

/// Takes what the analysis tells.
pub(crate) struct Sink<'a> {
    arguments: &'a Main,
    roots: &'static str,
    redact: Option<Redact>,
    form: Form<'a>,
    /// Held until the logs' lines are beside them.
    awaiting_logs: Option<Vec<Box<Analyzed>>>,
    fleet: Fleet,
    worst: Option<SeverityChoice>,
    left_out: u64,
}

enum Form<'a> {
    Counted(Box<Tally>),
    Lines(Output<'a>),
    Held(Vec<schema::Connection>),
    /// Begun when there were too many to be held.
    Stream(Box<json::Stream<Output<'a>>>),
    /// A ticket or a page: counted when there are too many to be held.
    Few(Vec<Box<Analyzed>>),
    /// A page of more than that.
    Page(Box<Tally>, Box<html::Listed>),
}

/// Connections that are held for a format that needs them all, where it can do without.
const HELD: usize = 10_000;

impl<'a> Sink<'a> {
    /// A sink for the format that is asked for.
    ///
    /// # Errors
    /// When the output cannot be opened.
    pub(crate) fn new(
        arguments: &'a Main,
        roots: &'static str,
        redact: Option<Redact>,
    ) -> anyhow::Result<Self> {
        let page = !arguments.all && arguments.connection.is_empty();
        let form = match arguments.format {
            Format::Table if page => Form::Counted(Box::new(Tally::new(roots))),
            // What one connection is told by another may name what is learned only later, so lines
            // that are to be redacted wait for the end.
            Format::Jsonl if redact.is_none() => {
                Form::Lines(Output::open(arguments.output.as_deref())?)
            }
            Format::Markdown | Format::Html => Form::Few(Vec::new()),
            _ => Form::Held(Vec::new()),
        };
        Ok(Self {
            arguments,
            roots,
            redact,
            form,
            awaiting_logs: (!arguments.log.is_empty()).then(Vec::new),
            fleet: Fleet::default(),
            worst: None,
            left_out: 0,
        })
    }

    /// Those that wait for the lines of logs.
    pub(crate) fn awaiting_logs(&mut self) -> Option<&mut [Box<Analyzed>]> {
        self.awaiting_logs.as_deref_mut()
    }

    fn connection(&mut self, analyzed: Box<Analyzed>) -> io::Result<()> {
        if let Some(redact) = &mut self.redact {
            redact.learn(&analyzed);
        }
        if !filter::keeps(self.arguments, &analyzed) {
            self.left_out = self.left_out.saturating_add(1);
            return Ok(());
        }
        let findings = &analyzed.diagnosis.findings;
        let worst = findings.iter().map(|f| SeverityChoice::of(f.severity.name())).max();
        self.worst = self.worst.max(worst);
        self.put(analyzed)
    }

    /// Takes a connection that is to be told.
    fn put(&mut self, analyzed: Box<Analyzed>) -> io::Result<()> {
        match &mut self.form {
            Form::Counted(tally) => tally.push(analyzed),
            Form::Lines(out) => {
                json::write_line(&tlsleuth_report::connection(&analyzed, self.roots), out)?;
            }
            Form::Held(held) => {
                held.push(tlsleuth_report::connection(&analyzed, self.roots));
                if held.len() > HELD
                    && self.arguments.format == Format::Json
                    && self.redact.is_none()
                {
                    let held = std::mem::take(held);
                    let out = Output::open(self.arguments.output.as_deref());
                    let mut stream = json::Stream::new(out.map_err(io::Error::other)?)?;
                    held.iter().try_for_each(|connection| stream.push(connection))?;
                    self.form = Form::Stream(Box::new(stream));
                }
            }
            Form::Stream(stream) => {
                stream.push(&tlsleuth_report::connection(&analyzed, self.roots))?;
            }
            Form::Few(held) => {
                held.push(analyzed);
                if held.len() > HELD {
                    let held = std::mem::take(held);
                    let tally = Box::new(Tally::new(self.roots));
                    self.form = match self.arguments.format {
                        Format::Html => Form::Page(tally, Box::default()),
                        _ => Form::Counted(tally),
                    };
                    held.into_iter().try_for_each(|analyzed| self.put(analyzed))?;
                }
            }
            Form::Page(tally, listed) => {
                listed.take(&analyzed, self.roots);
                tally.push(analyzed);
            }
        }
        Ok(())
    }

    /// Everything is told: what was written, or the report that is to be.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(
        mut self,
        captures: &[CaptureInput],
        counts: &Counts,
        interrupted: bool,
    ) -> anyhow::Result<Told> {
        for analyzed in self.awaiting_logs.take().unwrap_or_default() {
            self.connection(analyzed)?;
        }
        let found = captures.iter().flat_map(|capture| &capture.findings);
        let found = found.chain(&self.fleet.findings);
        let worst = found.map(|finding| SeverityChoice::of(finding.severity.name())).max();
        let worst = self.worst.max(worst);
        let mut stream = None;
        let mut listed = None;
        let mut report = match self.form {
            Form::Lines(out) => {
                out.commit()?;
                return Ok(Told { report: None, listed, worst });
            }
            Form::Counted(tally) => tally.finish(captures, &self.fleet, counts),
            Form::Held(held) => assemble(captures, held, &self.fleet, counts),
            Form::Stream(begun) => {
                stream = Some(begun);
                assemble(captures, Vec::new(), &self.fleet, counts)
            }
            Form::Few(held) => {
                tlsleuth_report::report(captures, held, &self.fleet, counts, self.roots)
            }
            Form::Page(tally, connections) => {
                listed = Some(connections);
                tally.finish(captures, &self.fleet, counts)
            }
        };
        report.counts.connections_left_out = self.left_out;
        report.counts.interrupted = interrupted;
        if let Some(stream) = stream {
            stream.finish(&report)?.commit()?;
            return Ok(Told { report: None, listed, worst });
        }
        if let Some(redact) = &self.redact {
            redact.report(&mut report);
            listed.iter_mut().for_each(|listed| listed.redact(redact));
        }
        Ok(Told { report: Some(Box::new(report)), listed, worst })
    }
}

/// What came of it.
pub(crate) struct Told {
    /// What is still to be written.
    pub(crate) report: Option<Box<Report>>,
    /// The connections of a page, where the report has but examples.
    pub(crate) listed: Option<Box<html::Listed>>,
    /// The worst severity among the findings shown.
    pub(crate) worst: Option<SeverityChoice>,
}

impl Take for Sink<'_> {
    fn take(&mut self, event: Event) -> io::Result<()> {
        match (event, &mut self.awaiting_logs) {
            (Event::Fleet(fleet), _) => {
                self.fleet = *fleet;
                Ok(())
            }
            (Event::Connection(analyzed), Some(awaiting)) => {
                awaiting.push(analyzed);
                Ok(())
            }
            (Event::Connection(analyzed), None) => self.connection(analyzed),
        }
    }
}
