//! The command `tlsleuth`.

mod analysis;
mod arguments;
mod diff;
mod explain;
mod filter;
mod output;
mod progress;
mod read;
mod redact;
mod run;
mod say;
mod secrets;
mod sink;
mod slim;
mod terminal;

use std::env;
use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;

use arguments::{Command, Document, wants_whole_help, whole};
use say::say;

/// A handshake is some fifty small pieces of memory that come and go together, on two threads: this
/// takes a quarter less time for them than the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match arguments::typed() {
        Ok(arguments) => arguments,
        Err(error)
            if error.kind() == ErrorKind::DisplayHelp && wants_whole_help(env::args_os()) =>
        {
            // Whoever closes the pipe has read enough.
            let _ = whole().print_help();
            return ExitCode::SUCCESS;
        }
        Err(error) => error.exit(),
    };
    let status = match &arguments.command {
        None => run::run(&arguments.main),
        Some(Command::Slim { main, keep_secrets }) => slim::run(main, *keep_secrets),
        Some(Command::Diff(arguments)) => diff::run(arguments),
        Some(command) => other(command),
    };
    match status {
        Ok(status) => status,
        // Whoever reads has enough: no reason to complain.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(is_closed_pipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(run::BAD)
        }
    }
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// The commands that read no capture.
fn other(command: &Command) -> anyhow::Result<ExitCode> {
    let mut known = true;
    output::write(None, |out| match command {
        Command::Explain { words } => {
            known = explain::write(words, out)?;
            Ok(())
        }
        // It reads captures, and is none of these.
        Command::Diff(_) => Ok(()),
        Command::Schema { document } => out.write_all(match document {
            Document::Report => tlsleuth_report::schema::JSON_SCHEMA.as_bytes(),
            Document::Diff => tlsleuth_report::diff::schema::JSON_SCHEMA.as_bytes(),
        }),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut arguments::command(), "tlsleuth", &mut &mut *out);
            Ok(())
        }
        // It reads captures, so it does not come here.
        Command::Slim { .. } => Ok(()),
        Command::Man => clap_mangen::Man::new(whole().mut_subcommands(|other| other.hide(false)))
            .render(&mut &mut *out),
    })?;
    Ok(if known { ExitCode::SUCCESS } else { ExitCode::from(run::BAD) })
}
