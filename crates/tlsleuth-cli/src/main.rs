//! The command `tlsleuth`.

mod arguments;
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

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use arguments::{Arguments, Command};
use say::say;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let status = match &arguments.command {
        None => run::run(&arguments.main),
        Some(Command::Slim { main, keep_secrets }) => slim::run(main, *keep_secrets),
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
        Command::Schema => out.write_all(tlsleuth_report::schema::JSON_SCHEMA.as_bytes()),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "tlsleuth", &mut &mut *out);
            Ok(())
        }
        // It reads captures, so it does not come here.
        Command::Slim { .. } => Ok(()),
        Command::Man => clap_mangen::Man::new(Arguments::command()).render(&mut &mut *out),
    })?;
    Ok(if known { ExitCode::SUCCESS } else { ExitCode::from(run::BAD) })
}
