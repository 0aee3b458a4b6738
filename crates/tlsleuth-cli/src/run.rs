//! Reads the captures, writes the report, tells the exit status.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::diagnosis::{VerifyTime, capture_findings};
use tlsleuth::handshake::WireText;
use tlsleuth::{Analyzed, Analyzer, Event, FrameReader, OpenOptions, Options, Timestamp};
use tlsleuth_report::{CaptureInput, Report, json, table};

use crate::arguments::{Arguments, Format, RootsChoice};
use crate::secrets::Secrets;

/// Exit status for bad usage and for a capture that cannot be read at all.
const BAD: u8 = 2;

/// Runs the main command.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match analyze(arguments) {
        Ok(status) => status,
        Err(error) => {
            if error.downcast_ref::<io::Error>().is_some_and(is_closed_pipe) {
                return ExitCode::SUCCESS;
            }
            say(&format!("{error:#}"));
            ExitCode::from(BAD)
        }
    }
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// One line on standard error. Nothing can be done if even that fails.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "tlsleuth: {text}");
}

pub(crate) fn shown(path: &Path) -> String {
    WireText::new(path.as_os_str().as_encoded_bytes()).to_string()
}

fn analyze(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut options = options(arguments)?;
    let mut secrets = Secrets::load(arguments)?;
    options.secrets = secrets.source(arguments);
    let roots = options.policy.roots;
    let mut analyzer = Analyzer::new(options);
    let mut captures = Vec::new();
    let mut unreadable = false;
    for (path, number) in arguments.captures.iter().zip(0..) {
        let opened = open(path, number);
        let mut input = CaptureInput {
            path: path.to_string_lossy().into_owned(),
            facts: None,
            decoded: Default::default(),
            findings: Vec::new(),
        };
        match opened {
            Ok(mut reader) => {
                let trouble = read(&mut reader, &mut analyzer, &mut secrets);
                if let Err(error) = trouble {
                    say(&format!("{}: {error}", shown(path)));
                }
                input.findings = capture_findings(reader.facts(), number);
                input.facts = Some(reader.facts().clone());
                input.decoded = analyzer.decode_stats(number);
                if !arguments.quiet {
                    for finding in &input.findings {
                        say(&format!("{}: {}: {}", shown(path), finding.code, finding.title));
                    }
                }
            }
            Err(error) => {
                say(&format!("{}: {error}", shown(path)));
                unreadable = true;
            }
        }
        captures.push(input);
    }
    if captures.iter().all(|capture| capture.facts.is_none()) {
        return Ok(ExitCode::from(BAD));
    }
    analyzer.finish();
    let mut connections: Vec<Box<Analyzed>> = Vec::new();
    while let Some(event) = analyzer.poll() {
        match event {
            Event::Connection(analyzed) => connections.push(analyzed),
        }
    }
    if arguments.failed {
        connections.retain(|analyzed| {
            analyzed.diagnosis.outcome != tlsleuth::handshake::Outcome::Completed
        });
    }
    let report = tlsleuth_report::report(&captures, &connections, &analyzer.counts(), roots);
    write(arguments, &report)?;
    Ok(if unreadable { ExitCode::from(BAD) } else { ExitCode::SUCCESS })
}

fn read(
    reader: &mut FrameReader,
    analyzer: &mut Analyzer,
    secrets: &mut Secrets,
) -> Result<(), tlsleuth::capture::Error> {
    while let Some(frame) = reader.next_frame()? {
        analyzer.push_frame(&frame);
        secrets.take(reader);
    }
    Ok(())
}

fn open(path: &Path, capture: u32) -> Result<FrameReader, tlsleuth::capture::Error> {
    let mut options = OpenOptions::default();
    options.capture = capture;
    if path.as_os_str() == "-" { options.read(io::stdin()) } else { options.open(path) }
}

fn options(arguments: &Arguments) -> anyhow::Result<Options> {
    let roots = match arguments.roots {
        RootsChoice::Mozilla => Roots::Mozilla,
        RootsChoice::System => Roots::System,
        RootsChoice::None => Roots::None,
    };
    let mut options = Options::with_roots(roots).context("the trust anchors")?;
    let mut anchors = Anchors::new(roots).context("the trust anchors")?;
    for path in &arguments.ca_file {
        let pem = std::fs::read(path).with_context(|| shown(path))?;
        let added = anchors.add_pem(&pem).with_context(|| shown(path))?;
        if added == 0 {
            bail!("{}: no certificate in it", shown(path));
        }
    }
    options.policy.judge = Arc::new(Judge::new(anchors));
    options.policy.own_anchors = !arguments.ca_file.is_empty();
    options.policy.verify_time = match arguments.verify_time.as_str() {
        "capture" => VerifyTime::Capture,
        "now" => {
            let now = jiff::Timestamp::now().as_nanosecond();
            VerifyTime::At(Timestamp(i64::try_from(now).unwrap_or(i64::MAX)))
        }
        text => {
            let time: jiff::Timestamp = text.parse().with_context(|| {
                format!("--verify-time {text:?}: neither capture, now nor RFC 3339")
            })?;
            VerifyTime::At(Timestamp(i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)))
        }
    };
    options.ports.clone_from(&arguments.port);
    Ok(options)
}

fn write(arguments: &Arguments, report: &Report) -> anyhow::Result<()> {
    match &arguments.output {
        None => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            render(arguments, report, &mut out)?;
            out.flush()?;
        }
        Some(path) => {
            // Written beside it and renamed: an output that breaks off leaves no half file.
            let mut partial = path.as_os_str().to_owned();
            partial.push(".partial");
            let written = (|| -> io::Result<()> {
                let mut out = io::BufWriter::new(File::create(&partial)?);
                render(arguments, report, &mut out)?;
                out.flush()?;
                std::fs::rename(&partial, path)
            })();
            if let Err(error) = written {
                // The report is lost already; a temporary file that cannot be removed stays.
                let _ = std::fs::remove_file(&partial);
                return Err(error).with_context(|| shown(path));
            }
        }
    }
    Ok(())
}

fn render(arguments: &Arguments, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match arguments.format {
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Table => {
            let listing = match (arguments.all, arguments.failed) {
                (true, _) => table::Listing::Every,
                (_, true) => table::Listing::Failures,
                _ => table::Listing::Page,
            };
            let (width, color) = crate::terminal::style(arguments);
            table::write(report, table::Style::new(width, color).listing(listing), out)
        }
    }
}
