//! The command `diff`: reads two sides and writes what changed between them.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::Parser as _;
use tlsleuth::Event;
use tlsleuth::diagnosis::Fleet;
use tlsleuth_report::diff::{self, Input, html, markdown, table};
use tlsleuth_report::json;

use crate::analysis::{Analysis, Take, analyze};
use crate::arguments::{Arguments, Diff, DiffFormat, Main};
use crate::read::Read;
use crate::run::{BAD, options};
use crate::say::shown;
use crate::secrets::Secrets;
use crate::{output, read, terminal};

/// What one side gives.
struct Side {
    read: Read,
    fleet: Fleet,
}

/// Compares two captures, or directories of captures.
///
/// # Errors
/// When an option does not do, or the comparison cannot be written.
pub(crate) fn run(arguments: &Diff) -> anyhow::Result<ExitCode> {
    if arguments.before.as_os_str() == "-" && arguments.after.as_os_str() == "-" {
        bail!("standard input (-) can be read only once");
    }
    for path in [&arguments.before, &arguments.after] {
        if let Some(output) = &arguments.output
            && path.is_file()
            && path.canonicalize().ok() == output.canonicalize().ok()
        {
            bail!("{}: the output would replace the capture", shown(path));
        }
    }
    let before = side(arguments, &arguments.before)?;
    let after = side(arguments, &arguments.after)?;
    if before.read.readable == 0 || after.read.readable == 0 {
        return Ok(ExitCode::from(BAD));
    }
    let unreadable = before.read.unreadable || after.read.unreadable;
    let found = diff::diff(&input(&before), &input(&after));
    let (width, color) = terminal::style(&main(arguments, &arguments.before));
    output::write(arguments.output.as_deref(), |out| match arguments.format {
        DiffFormat::Table => {
            table::write(&found, tlsleuth_report::table::Style::new(width, color), out)
        }
        DiffFormat::Json => json::write(&found, out),
        DiffFormat::Markdown => markdown::write(&found, out),
        DiffFormat::Html => html::write(&found, out),
    })?;
    Ok(if unreadable { ExitCode::from(BAD) } else { ExitCode::SUCCESS })
}

fn input(side: &Side) -> Input<'_> {
    Input { captures: &side.read.captures, fleet: &side.fleet, interrupted: side.read.interrupted }
}

/// Analyzes one side; of its connections only what they show together is kept.
fn side(arguments: &Diff, path: &Path) -> anyhow::Result<Side> {
    let main = main(arguments, path);
    let mut options = options(&main)?;
    let inputs = read::inputs(&main);
    let mut secrets = Secrets::load(&main, &inputs.paths)?;
    options.secrets = secrets.source(&inputs.paths);
    let Analysis { read, taker, .. } =
        analyze(&main, options, inputs, &mut secrets, Together::default())?;
    Ok(Side { read, fleet: taker.0 })
}

/// Keeps what the connections show together.
#[derive(Default)]
struct Together(Fleet);

impl Take for Together {
    fn take(&mut self, event: Event) -> io::Result<()> {
        if let Event::Fleet(told) = event {
            self.0 = *told;
        }
        Ok(())
    }
}

/// The arguments with which the main command reads one side: its defaults, but for what was said.
fn main(arguments: &Diff, path: &Path) -> Main {
    let words = [OsString::from("tlsleuth"), OsString::from("--"), path.into()];
    let mut main = Arguments::parse_from(words).main;
    main.output.clone_from(&arguments.output);
    main.ca_file.clone_from(&arguments.ca_file);
    main.roots = arguments.roots;
    main.keylog.clone_from(&arguments.keylog);
    main.rsa_key.clone_from(&arguments.rsa_key);
    main.port.clone_from(&arguments.port);
    main.color = arguments.color;
    main.quiet = arguments.quiet;
    main
}
