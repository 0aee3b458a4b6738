//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::filter::{AddressFilter, Instant, Pattern};
use crate::redact::RedactArguments;

/// Says why TLS handshakes failed, from packet captures: what went wrong, who has to act, which
/// frames prove it.
#[derive(Parser, Debug)]
#[command(
    name = "tlsleuth",
    version,
    about = "Says why TLS handshakes failed, from packet captures",
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES,
    override_usage = "tlsleuth [OPTIONS] CAPTURE...\n       tlsleuth <COMMAND>"
)]
pub(crate) struct Arguments {
    /// Another command than reading captures.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Reading captures.
    #[command(flatten)]
    pub(crate) main: Main,
}

const EXAMPLES: &str = "\
Examples:
  tlsleuth incident.pcap                         what went wrong, who has to act, the proof
  tlsleuth ring/*.pcap.gz --since 2026-11-20T10:00:00Z    rotated files are one incident
  tlsleuth incident.pcap --server 10.0.0.2:443 --sni '*.example.test' --failed
  tlsleuth incident.pcap --ca-file corporate-root.pem     trust a private authority too
  tlsleuth incident.pcap -f markdown -o ticket.md         for a ticket; -f json for scripts
  tcpdump -i any -w - port 443 | tlsleuth -               until Ctrl-C
  tlsleuth explain chain.missing-intermediate             or an alert: explain unknown_ca

Exit status: 0 analyzed, 1 with --fail-on, 2 bad usage or a capture that cannot be read.";

const SLIM_EXAMPLES: &str = "\
Examples:
  tlsleuth slim ring/*.pcap.gz -o ticket.pcapng
  tlsleuth slim incident.pcap --failed --redact addresses,names -o ticket.pcapng
  tshark -r ticket.pcapng -Y frame.comment -T fields -e frame.number -e frame.comment";

/// Reading captures.
#[derive(Args, Debug)]
pub(crate) struct Main {
    /// Captures (pcap, pcapng, snoop; compressed or not), directories of them, or `-`.
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(crate) captures: Vec<PathBuf>,

    /// How to print the report.
    #[arg(short, long, value_enum, default_value_t = Format::Table, hide_default_value = true)]
    pub(crate) format: Format,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Only connections that did not complete.
    #[arg(long, help_heading = "What to show")]
    pub(crate) failed: bool,

    /// Every connection on a line of its own, however many.
    #[arg(long, help_heading = "What to show")]
    pub(crate) all: bool,

    /// Client: ADDRESS, CIDR, ADDRESS:PORT or :PORT.
    #[arg(long, value_name = "END", help_heading = "What to show")]
    pub(crate) client: Vec<AddressFilter>,

    /// Server, in the same forms.
    #[arg(long, value_name = "END", help_heading = "What to show")]
    pub(crate) server: Vec<AddressFilter>,

    /// Name that the client asked for; `*` and `?` match anything.
    #[arg(long, value_name = "GLOB", help_heading = "What to show")]
    pub(crate) sni: Vec<Pattern>,

    /// Finding, such as `chain.*`.
    #[arg(long, value_name = "GLOB", help_heading = "What to show")]
    pub(crate) code: Vec<Pattern>,

    /// Connection by its number, in full.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "What to show")]
    pub(crate) connection: Vec<u64>,

    /// Connections that went on at or after TIME (RFC 3339).
    #[arg(long, value_name = "TIME", help_heading = "What to show")]
    pub(crate) since: Option<Instant>,

    /// Connections that began at or before TIME.
    #[arg(long, value_name = "TIME", help_heading = "What to show")]
    pub(crate) until: Option<Instant>,

    /// More trust anchors.
    #[arg(long, value_name = "PEM", help_heading = "How to judge", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Vec<PathBuf>,

    /// Trust anchors to start with: mozilla, system or none.
    #[arg(long, value_enum, default_value_t = RootsChoice::Mozilla, help_heading = "How to judge",
          hide_possible_values = true, hide_default_value = true)]
    pub(crate) roots: RootsChoice,

    /// Clock for validity: capture, now or a time (RFC 3339).
    #[arg(
        long,
        value_name = "TIME",
        default_value = "capture",
        help_heading = "How to judge",
        hide_default_value = true
    )]
    pub(crate) verify_time: String,

    /// Logged secrets (SSLKEYLOGFILE); `env` takes the file so named.
    #[arg(long, value_name = "FILE", help_heading = "How to judge", value_hint = ValueHint::FilePath)]
    pub(crate) keylog: Vec<PathBuf>,

    /// A log of a server or client: its lines are put beside their connections.
    #[arg(long, value_name = "FILE", help_heading = "How to judge", value_hint = ValueHint::FilePath)]
    pub(crate) log: Vec<PathBuf>,

    /// What to leave out of the report.
    #[command(flatten)]
    pub(crate) redact: RedactArguments,

    /// Treat connections to PORT as TLS even if no TLS is seen.
    #[arg(long, value_name = "PORT", help_heading = "How to judge")]
    pub(crate) port: Vec<u16>,

    /// Exit with 1 at a finding this severe: info, warning or error.
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "SEVERITY",
        help_heading = "How to run"
    )]
    pub(crate) fail_on: Option<SeverityChoice>,

    /// Threads to use; the report is the same with any number.
    #[arg(long, value_name = "N", help_heading = "How to run",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// Color: auto, always or never.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto,
          help_heading = "How to run", hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: Color,

    /// Progress on standard error: auto or never.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Progress::Auto,
          help_heading = "How to run", hide_possible_values = true, hide_default_value = true)]
    pub(crate) progress: Progress,

    /// Only errors on standard error.
    #[arg(short, long, help_heading = "How to run", conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is being done on standard error.
    #[arg(short, long, help_heading = "How to run")]
    pub(crate) verbose: bool,
}

/// Commands beside reading captures.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// What a finding, an alert or a line of a log means, its causes and remedies.
    Explain {
        /// A code (`chain.expired`), an area (`chain`), an alert (`unknown_ca`, 48), or a line of a log
        /// in quotes.
        #[arg(value_name = "CODE|ALERT|TEXT")]
        words: Vec<String>,
    },
    /// Write only the frames that the handshakes need, with the findings as packet comments.
    ///
    /// Reads the captures more than once: standard input must be saved first. The verdicts on what
    /// is written are those on the captures. Filters choose connections.
    #[command(
        override_usage = "tlsleuth slim [OPTIONS] CAPTURE... -o OUT",
        after_help = SLIM_EXAMPLES,
        mut_arg("format", |arg| arg.hide(true)),
        mut_arg("all", |arg| arg.hide(true)),
        mut_arg("log", |arg| arg.hide(true)),
        mut_arg("color", |arg| arg.hide(true)),
        mut_arg("fail_on", |arg| arg.hide(true)),
        mut_arg("output", |arg| arg.required(true).help("The pcapng to write; never one of the captures")),
    )]
    Slim {
        /// What to read and which connections.
        #[command(flatten)]
        main: Box<Main>,

        /// Put the secrets blocks of the captures into it too.
        #[arg(long, conflicts_with = "redact", help_heading = "What to show")]
        keep_secrets: bool,
    },
    /// The JSON Schema of the report.
    Schema,
    /// Completions for a shell, to be put where it looks for them.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The manual page, for man(1).
    Man,
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
    /// For a ticket.
    Markdown,
    /// One page that works offline.
    Html,
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

/// When to show progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Progress {
    /// On a terminal, when it takes long.
    Auto,
    /// Never.
    Never,
}

/// A severity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub(crate) enum SeverityChoice {
    /// Worth knowing.
    Info,
    /// Risky or fragile.
    Warning,
    /// Explains a failure.
    Error,
}

impl SeverityChoice {
    /// The severity of a finding of the report.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "warning" => Self::Warning,
            _ => Self::Info,
        }
    }
}
