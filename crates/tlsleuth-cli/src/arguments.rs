//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Says why TLS handshakes failed, from packet captures.
#[derive(Parser, Debug)]
#[command(name = "tlsleuth", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Captures: pcap, pcapng or snoop, compressed or not; `-` reads standard input.
    #[arg(required = true, value_name = "CAPTURE")]
    pub(crate) captures: Vec<PathBuf>,

    /// How to print the report.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,

    /// Write to FILE, not to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Only connections that did not complete.
    #[arg(long)]
    pub(crate) failed: bool,

    /// Every connection one by one, however many.
    #[arg(long, conflicts_with = "failed")]
    pub(crate) all: bool,

    /// More trust anchors.
    #[arg(long, value_name = "PEM")]
    pub(crate) ca_file: Vec<PathBuf>,

    /// The trust anchors to start with.
    #[arg(long, value_enum, default_value_t = RootsChoice::Mozilla)]
    pub(crate) roots: RootsChoice,

    /// The clock that decides whether a certificate is valid: `capture`, `now`, or a time as
    /// RFC 3339.
    #[arg(long, value_name = "TIME", default_value = "capture")]
    pub(crate) verify_time: String,

    /// Logged secrets in the NSS key log format; `env` takes the file that SSLKEYLOGFILE names.
    /// Those inside of a pcapng are used without asking.
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Vec<PathBuf>,

    /// Treat connections to this port as TLS.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Vec<u16>,

    /// Whether to color the output.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Say less on standard error.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// An output format.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For the terminal.
    Table,
    /// One object.
    Json,
    /// One connection a line.
    Jsonl,
}

/// Trust anchors to start with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum RootsChoice {
    /// Mozilla's, embedded.
    Mozilla,
    /// The operating system's.
    System,
    /// None.
    None,
}

/// When to color.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
