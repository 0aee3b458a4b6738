//! `tlsleuth slim`: reads captures, chooses frames, writes them with what was found.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tlsleuth::Event;
use tlsleuth::capture::{
    CaptureInput, MergedReader, OpenOptions, SecretsBlock, order_captures, prescan_secrets,
};
use tlsleuth::diagnosis::Fleet;
use tlsleuth_report::build::assemble;
use tlsleuth_report::quantity::{bytes, count, counted};
use tlsleuth_report::redact::is_usual_word;
use tlsleuth_report::schema::Connection;
use tlsleuth_report::{Redact, Report, comments};
use tlsleuth_slim::{Annotations, Attempt, Need, Redaction, Sizes, Slim};

use crate::analysis::{Analysis, Take, analyze};
use crate::arguments::{Format, Main};
use crate::say::{say, shown};
use crate::secrets::Secrets;
use crate::{filter, output, read, run};

/// Reads captures and writes a slim one.
///
/// # Errors
/// When an option does not do, or the file cannot be written.
pub(crate) fn run(arguments: &Main, keep_secrets: bool) -> anyhow::Result<ExitCode> {
    let out = arguments.output.as_deref().context("slim writes a file: -o OUT")?;
    check(arguments, out)?;
    run::check(arguments)?;
    let redact = arguments.redact.load()?;
    let mut options = run::options(arguments)?;
    let inputs = read::inputs(arguments);
    let paths = inputs.paths.clone();
    paths.iter().try_for_each(|path| readable_again(path, out))?;
    let mut secrets = Secrets::load(arguments, &paths)?;
    options.secrets = secrets.source(&paths);
    let roots = options.policy.roots;
    let chosen = Chosen::new(arguments, roots, redact);
    let Analysis { read, counts, taker: chosen, .. } =
        analyze(arguments, options.clone(), inputs, &mut secrets, chosen)?;
    if read.readable == 0 {
        return Ok(ExitCode::from(run::BAD));
    }
    if read.interrupted {
        bail!("broken off: nothing is written");
    }
    let Chosen { connections, needs, fleet, redact, .. } = chosen;
    let mut report = assemble(&read.captures, connections, &fleet, &counts);
    redact.iter().for_each(|redact| redact.report(&mut report));

    let open = || open(&paths);
    let annotations = annotations(&report, if keep_secrets { blocks(&paths) } else { Vec::new() });
    let mut slim = Slim::new(&open, options, annotations, needs);
    if let Some(redact) = &redact {
        slim = slim.redacted(Redaction { redactor: redact.redactor(), usual_word: &is_usual_word });
    }
    let sizes = loop {
        let mut came = Attempt::Again;
        let mut again = false;
        let written = output::write(Some(out), |out| {
            came = slim.attempt(out)?;
            again = came == Attempt::Again;
            // What was written is thrown away like any output that breaks off.
            if again { Err(io::Error::other("another attempt is needed")) } else { Ok(()) }
        });
        match came {
            Attempt::Again if again => {}
            Attempt::Again => written?,
            Attempt::Done(sizes) => {
                written?;
                break sizes;
            }
        }
    };
    tell(arguments, out, &sizes);
    Ok(if read.unreadable { ExitCode::from(run::BAD) } else { ExitCode::SUCCESS })
}

/// The connections that are to be written.
struct Chosen<'a> {
    arguments: &'a Main,
    roots: &'static str,
    redact: Option<Redact>,
    connections: Vec<Connection>,
    needs: Vec<Need>,
    fleet: Fleet,
}

impl<'a> Chosen<'a> {
    fn new(arguments: &'a Main, roots: &'static str, redact: Option<Redact>) -> Self {
        let (connections, needs, fleet) = (Vec::new(), Vec::new(), Fleet::default());
        Self { arguments, roots, redact, connections, needs, fleet }
    }
}

impl Take for Chosen<'_> {
    fn take(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Connection(analyzed) => {
                if let Some(redact) = &mut self.redact {
                    redact.learn(&analyzed);
                }
                if filter::keeps(self.arguments, &analyzed) {
                    self.needs.push(Need::of(&analyzed));
                    self.connections.push(tlsleuth_report::connection(&analyzed, self.roots));
                }
            }
            Event::Fleet(fleet) => self.fleet = *fleet,
        }
        Ok(())
    }
}

/// Refuses options that belong to a report, and outputs that are no file.
fn check(arguments: &Main, out: &Path) -> anyhow::Result<()> {
    if arguments.format != Format::Table
        || arguments.all
        || !arguments.log.is_empty()
        || arguments.fail_on.is_some()
    {
        bail!("slim writes a capture: --format, --all, --log and --fail-on are for reports");
    }
    if !(arguments.redact.redact.is_empty() || arguments.redact.is_all()) {
        bail!("packets hold addresses and names together: slim --redact addresses,names");
    }
    if out.as_os_str() == "-" || out.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        bail!("{}: slim writes a file that it can replace", shown(out));
    }
    Ok(())
}

/// Refuses what can be read only once, and the output itself.
fn readable_again(path: &Path, out: &Path) -> anyhow::Result<()> {
    let standard_input = path.as_os_str() == "-";
    if standard_input || path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        bail!(
            "{}: slim reads a capture more than once; save it to a file first (tcpdump -w FILE)",
            shown(path)
        );
    }
    if let (Ok(path), Ok(out)) = (path.canonicalize(), out.canonicalize())
        && path == out
    {
        bail!("{}: the output would replace the capture", shown(&path));
    }
    Ok(())
}

/// Starts reading the captures, in the same order every time.
fn open(paths: &[PathBuf]) -> MergedReader {
    let options = OpenOptions::default();
    let inputs = paths.iter().cloned().map(CaptureInput::Path).collect();
    MergedReader::new(order_captures(inputs, &options), options)
}

fn blocks(paths: &[PathBuf]) -> Vec<SecretsBlock> {
    let options = OpenOptions::default();
    paths.iter().flat_map(|path| prescan_secrets(path, &options).unwrap_or_default()).collect()
}

/// What the file says beside its frames.
fn annotations(report: &Report, secrets: Vec<SecretsBlock>) -> Annotations {
    let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut file = vec![format!(
        "Only the frames that TLS handshakes need, of {}. Each frame says which one it was; what was \
         found is in the comments too.",
        counted(count_of(report.captures.len()), "capture")
    )];
    for capture in report.captures.iter().take(100) {
        file.push(format!(
            "{}: {}, {}",
            file_name(&capture.path),
            counted(capture.frames, "frame"),
            bytes(capture.bytes)
        ));
        for finding in capture.findings.iter().take(5) {
            file.push(format!("[{}] {}", finding.code, finding.title));
        }
    }
    for finding in report.fleet.findings.iter().take(20) {
        file.push(format!("[{}] {} (who: {})", finding.code, finding.title, finding.party));
    }
    if report.redaction.is_some() {
        file.push(
            "Redacted: addresses and names are tokens of the same length; hardware addresses, \
             tunnels, random numbers, keys, signatures and encrypted data are replaced, other \
             plaintext is masked. Signatures no longer verify and frames are rebuilt, so an \
             analysis of this file may tell something else: the verdicts in the comments are \
             those on the originals."
                .to_owned(),
        );
    }
    Annotations {
        file,
        captures: report.captures.iter().map(|capture| file_name(&capture.path)).collect(),
        frames: comments::comments(report),
        secrets,
    }
}

/// By how much it became smaller.
fn tell(arguments: &Main, out: &Path, sizes: &Sizes) {
    if sizes.told_otherwise > 0 {
        say(&format!(
            "{}: {} told otherwise by this file alone",
            shown(out),
            counted(sizes.told_otherwise, "connection")
        ));
    }
    if sizes.blanked > 0 {
        say(&format!(
            "{}: {} of payload blanked: more than redaction keeps at once",
            shown(out),
            bytes(sizes.blanked)
        ));
    }
    if arguments.quiet {
        return;
    }
    let times = sizes.bytes / sizes.file_bytes.max(1);
    let smaller =
        if times > 1 { format!(", {} times smaller", count(times)) } else { String::new() };
    say(&format!(
        "{}: {} of {} ({} of {}), {} as a file{smaller}",
        shown(out),
        count(sizes.kept_frames),
        counted(sizes.frames, "frame"),
        bytes(sizes.kept_bytes),
        bytes(sizes.bytes),
        bytes(sizes.file_bytes)
    ));
}

fn count_of(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
