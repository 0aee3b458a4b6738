//! The command `tlsleuth`.

mod arguments;
mod run;
mod secrets;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run::run(&arguments)
}
