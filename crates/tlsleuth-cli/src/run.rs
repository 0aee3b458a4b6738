//! The main command: reads the captures, writes the report, tells the exit status.

use std::io::{self, Read as _, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tlsleuth::cert::{Anchors, Judge, Roots};
use tlsleuth::diagnosis::VerifyTime;
use tlsleuth::log::Logs;
use tlsleuth::{Analyzed, Options, Timestamp};
use tlsleuth_report::{Report, html, json, markdown, table};

use crate::analysis::{Analysis, analyze};
use crate::arguments::{Format, Main, RootsChoice};
use crate::say::{say, shown};
use crate::secrets::Secrets;
use crate::sink::Sink;
use crate::{output, read, terminal};

/// Exit status when a finding is as severe as `--fail-on` says.
const FOUND: u8 = 1;
/// Exit status for bad usage and for a capture that cannot be read at all.
pub(crate) const BAD: u8 = 2;

/// Reads captures and writes the report.
///
/// # Errors
/// When an option does not do, or the report cannot be written.
pub(crate) fn run(arguments: &Main) -> anyhow::Result<ExitCode> {
    check(arguments)?;
    let redact = arguments.redact.load()?;
    let mut options = options(arguments)?;
    let inputs = read::inputs(arguments);
    let mut secrets = Secrets::load(arguments, &inputs.paths)?;
    options.secrets = secrets.source(&inputs.paths);
    let roots = options.policy.roots;
    let sink = Sink::new(arguments, roots, redact)?;
    let Analysis { read, counts, taker: mut sink, spent } =
        analyze(arguments, options, inputs, &mut secrets, sink)?;
    // The process ends soon.
    std::mem::forget(spent);
    if read.readable == 0 {
        return Ok(ExitCode::from(BAD));
    }
    if let Some(connections) = sink.awaiting_logs() {
        logs(arguments, connections)?;
    }
    let told = sink.finish(&read.captures, &counts, read.interrupted)?;
    if let Some(report) = told.report {
        output::write(arguments.output.as_deref(), |out| match &told.listed {
            Some(listed) => html::write_listed(&report, listed, out),
            None => render(arguments, &report, out),
        })?;
        std::mem::forget(report);
    }
    Ok(if read.unreadable {
        ExitCode::from(BAD)
    } else if arguments.fail_on.is_some_and(|least| told.worst >= Some(least)) {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

/// Puts the lines of the logs beside their connections.
fn logs(arguments: &Main, connections: &mut [Box<Analyzed>]) -> anyhow::Result<()> {
    let mut logs = Logs::default();
    for path in &arguments.log {
        let unreadable = || format!("{}: cannot be read", shown(path));
        let mut file = std::fs::File::open(path).with_context(unreadable)?;
        // The name alone says enough, unless another log has the same.
        let alike = |other: &&std::path::PathBuf| other.file_name() == path.file_name();
        let named = match path.file_name() {
            Some(name) if arguments.log.iter().filter(alike).count() == 1 => name,
            _ => path.as_os_str(),
        };
        logs.begin(&named.to_string_lossy());
        let mut buffer = vec![0; 65_536];
        loop {
            let count = file.read(&mut buffer).with_context(unreadable)?;
            if count == 0 {
                break;
            }
            logs.push(buffer.get(..count).unwrap_or_default());
        }
        logs.end();
    }
    logs.attach(connections);
    let counts = logs.counts();
    if arguments.verbose || (!arguments.quiet && (counts.matched == 0 || counts.dropped > 0)) {
        let dropped = match counts.dropped {
            0 => String::new(),
            dropped => format!(", {dropped} passed over because there are too many"),
        };
        say(&format!(
            "logs: {} of {} lines are of interest, {} belong to a connection{dropped}",
            counts.of_interest, counts.lines, counts.matched
        ));
    }
    Ok(())
}

/// Refuses what can only be a mistake.
pub(crate) fn check(arguments: &Main) -> anyhow::Result<()> {
    if arguments.captures.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        bail!("standard input (-) can be read only once");
    }
    if let Some(output) = &arguments.output {
        let same = |capture: &Path| match (capture.canonicalize(), output.canonicalize()) {
            (Ok(capture), Ok(output)) => capture == output && capture.is_file(),
            _ => false,
        };
        if let Some(capture) = arguments.captures.iter().find(|capture| same(capture)) {
            bail!("{}: the output would replace the capture", shown(capture));
        }
    }
    Ok(())
}

/// How to judge, as the arguments say.
pub(crate) fn options(arguments: &Main) -> anyhow::Result<Options> {
    let roots = match arguments.roots {
        RootsChoice::Mozilla => Roots::Mozilla,
        RootsChoice::System => Roots::System,
        RootsChoice::None => Roots::None,
    };
    let mut options = Options::with_roots(roots).context("the trust anchors")?;
    let mut anchors = Anchors::new(roots).context("the trust anchors")?;
    for path in &arguments.ca_file {
        let pem =
            std::fs::read(path).with_context(|| format!("{}: cannot be read", shown(path)))?;
        let added = anchors.add_pem(&pem).with_context(|| shown(path))?;
        if added == 0 {
            bail!("{}: no certificate in it", shown(path));
        }
    }
    options.policy.judge = Arc::new(Judge::new(anchors));
    options.policy.own_anchors = !arguments.ca_file.is_empty();
    options.policy.verify_time = verify_time(&arguments.verify_time)?;
    options.ports.clone_from(&arguments.port);
    if let Some(bytes) = arguments.memory {
        options.limits = options.limits.with_flow_bytes(bytes);
    }
    Ok(options)
}

fn verify_time(text: &str) -> anyhow::Result<VerifyTime> {
    let time = match text {
        "capture" => return Ok(VerifyTime::Capture),
        "now" => jiff::Timestamp::now(),
        text => match text.parse() {
            Ok(time) => time,
            Err(_) => bail!("--verify-time {text}: neither capture, now nor a time as RFC 3339"),
        },
    };
    let nanoseconds = i64::try_from(time.as_nanosecond())
        .with_context(|| format!("--verify-time {text}: too far away"))?;
    Ok(VerifyTime::At(Timestamp(nanoseconds)))
}

fn render(arguments: &Main, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match arguments.format {
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Html => html::write(report, out),
        Format::Markdown => markdown::write(report, out),
        Format::Table => {
            let listing = if arguments.all {
                table::Listing::Every
            } else if !arguments.connection.is_empty() {
                table::Listing::Full
            } else {
                table::Listing::Page
            };
            let (width, color) = terminal::style(arguments);
            table::write(report, table::Style::new(width, color).listing(listing), out)
        }
    }
}
