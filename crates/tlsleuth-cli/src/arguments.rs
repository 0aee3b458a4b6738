//! The command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap::{ValueEnum, ValueHint};

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
    after_help = AFTER,
    override_usage = "tlsleuth [OPTIONS] CAPTURE... | tlsleuth COMMAND",
    help_template = "{about}\n\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}",
    before_help = EXAMPLES,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub(crate) struct Arguments {
    /// Another command than reading captures.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Reading captures.
    #[command(flatten)]
    pub(crate) main: Main,

    /// The options that are used most.
    #[arg(short = 'h', action = ArgAction::HelpShort, hide = true)]
    brief: Option<bool>,

    /// All options.
    #[arg(long, action = ArgAction::HelpLong, hide = true)]
    help: Option<bool>,

    /// The version.
    #[arg(short = 'V', long, action = ArgAction::Version, hide = true)]
    version: Option<bool>,
}

const EXAMPLES: &str = "\
Examples:
  tlsleuth incident.pcap             what went wrong, who has to act, the proof
  tlsleuth ring/*.pcap.gz            rotated files are one incident
  tlsleuth a.pcap --server 10.0.0.2:443 --sni '*.example.test' --failed
  tlsleuth a.pcap --ca-file ca.pem   trust a private authority too
  tlsleuth a.pcap -f html -o a.html  for a colleague; -f markdown for a ticket
  tcpdump -i any -w - port 443 | tlsleuth -";

const AFTER: &str = "\
Also: tlsleuth schema, completions SHELL, man; -h is shorter, --help is all.
Exit status: 0 analyzed, 1 with --fail-on, 2 bad usage or nothing can be read.";

/// With the options that `-h` leaves out. In clap's short form they take a line each, so that `--help`
/// fits a screen; its long form takes three for each.
pub(crate) fn whole() -> clap::Command {
    command().mut_args(|argument| argument.hide_short_help(false))
}

/// What is parsed. The main page has help options of its own, so clap adds none to the commands.
pub(crate) fn command() -> clap::Command {
    Arguments::command().mut_subcommands(|other| {
        let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
        other.arg(help.help("Print help"))
    })
}

/// The arguments that were typed.
pub(crate) fn typed() -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(&command().try_get_matches()?)
}

/// Whether what was typed asks for that page, and not for that of a command.
pub(crate) fn wants_whole_help(mut typed: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let command = Arguments::command();
    let other = |word: &std::ffi::OsStr| {
        word.to_str().is_some_and(|word| command.find_subcommand(word).is_some())
    };
    typed
        .find(|word| word == "--help" || word == "--" || other(word))
        .is_some_and(|word| word == "--help")
}

const SLIM_EXAMPLES: &str = "\
Examples:
  tlsleuth slim ring/*.pcap.gz -o ticket.pcapng
  tlsleuth slim incident.pcap --failed --redact addresses,names -o ticket.pcapng
  tshark -r ticket.pcapng -Y frame.comment -T fields -e frame.number -e frame.comment";

/// Reading captures.
#[derive(Args, Debug)]
pub(crate) struct Main {
    /// Captures (pcap, pcapng, snoop; compressed or not), directories of them, or `-`.
    #[arg(required = true, hide = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(crate) captures: Vec<PathBuf>,

    /// table, json, jsonl, markdown or html.
    #[arg(short, long, value_enum, default_value_t = Format::Table, hide_default_value = true,
          hide_possible_values = true, help_heading = "What to show")]
    pub(crate) format: Format,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath,
          help_heading = "What to show")]
    pub(crate) output: Option<PathBuf>,

    /// Only connections that did not complete.
    #[arg(long, help_heading = "What to show")]
    pub(crate) failed: bool,

    /// Every connection on a line of its own, however many.
    #[arg(long, help_heading = "What to show")]
    pub(crate) all: bool,

    /// Client: ADDRESS, CIDR, ADDRESS:PORT or :PORT.
    #[arg(long, value_name = "END", help_heading = "What to show", hide_short_help = true)]
    pub(crate) client: Vec<AddressFilter>,

    /// Server, in the same forms.
    #[arg(long, value_name = "END", help_heading = "What to show")]
    pub(crate) server: Vec<AddressFilter>,

    /// Name that the client asked for; * and ? are globs.
    #[arg(long, value_name = "GLOB", help_heading = "What to show")]
    pub(crate) sni: Vec<Pattern>,

    /// Finding, such as `chain.*`.
    #[arg(long, value_name = "GLOB", help_heading = "What to show", hide_short_help = true)]
    pub(crate) code: Vec<Pattern>,

    /// Connection by its number, in full.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "What to show")]
    pub(crate) connection: Vec<u64>,

    /// Connections still going at TIME (RFC 3339) or later.
    #[arg(long, value_name = "TIME", help_heading = "What to show")]
    pub(crate) since: Option<Instant>,

    /// Connections that began by TIME.
    #[arg(long, value_name = "TIME", help_heading = "What to show", hide_short_help = true)]
    pub(crate) until: Option<Instant>,

    /// More trust anchors.
    #[arg(long, value_name = "PEM", help_heading = "How to judge and run", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Vec<PathBuf>,

    /// Anchors to start with: mozilla, system or none.
    #[arg(long, value_enum, default_value_t = RootsChoice::Mozilla, help_heading = "How to judge and run",
          hide_possible_values = true, hide_default_value = true, hide_short_help = true)]
    pub(crate) roots: RootsChoice,

    /// Clock for validity: capture, now or RFC 3339.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "capture",
        help_heading = "How to judge and run",
        hide_default_value = true,
        hide_short_help = true
    )]
    pub(crate) verify_time: String,

    /// Logged secrets; env: those of SSLKEYLOGFILE.
    #[arg(long, value_name = "FILE", help_heading = "How to judge and run", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub(crate) keylog: Vec<PathBuf>,

    /// Server's RSA key, for suites with static RSA.
    #[arg(long, value_name = "PEM", help_heading = "How to judge and run", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub(crate) rsa_key: Vec<PathBuf>,

    /// A log, whose lines are put beside their connections.
    #[arg(long, value_name = "FILE", help_heading = "How to judge and run", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub(crate) log: Vec<PathBuf>,

    /// What to leave out of the report.
    #[command(flatten)]
    pub(crate) redact: RedactArguments,

    /// Take PORT for TLS even if no TLS is seen there.
    #[arg(
        long,
        value_name = "PORT",
        help_heading = "How to judge and run",
        hide_short_help = true
    )]
    pub(crate) port: Vec<u16>,

    /// Exit with 1 from info, warning or error on.
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "SEVERITY",
        help_heading = "How to judge and run",
        hide_short_help = true
    )]
    pub(crate) fail_on: Option<SeverityChoice>,

    /// What open connections may take, such as 1G; else 64M.
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "How to judge and run", hide_short_help = true)]
    pub(crate) memory: Option<usize>,

    /// Threads; the report is the same with any number.
    #[arg(long, value_name = "N", help_heading = "How to judge and run",
          value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    pub(crate) threads: Option<u16>,

    /// Color: auto, always or never.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto,
          help_heading = "How to judge and run", hide_possible_values = true, hide_default_value = true, hide_short_help = true)]
    pub(crate) color: Color,

    /// Progress on standard error: auto or never.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Progress::Auto,
          help_heading = "How to judge and run", hide_possible_values = true, hide_default_value = true, hide_short_help = true)]
    pub(crate) progress: Progress,

    /// Only errors on standard error.
    #[arg(short, long, help_heading = "How to judge and run", conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is being done on standard error.
    #[arg(short, long, help_heading = "How to judge and run", hide_short_help = true)]
    pub(crate) verbose: bool,
}

/// A number of bytes, with K, M, G or T for powers of 1024; as a usage error says it, if it is none.
fn memory(text: &str) -> Result<usize, String> {
    let unit = match text.chars().next_back() {
        Some('K' | 'k') => 1 << 10,
        Some('M' | 'm') => 1 << 20,
        Some('G' | 'g') => 1 << 30,
        Some('T' | 't') => 1_usize << 40,
        _ => 1,
    };
    let digits = if unit == 1 { text } else { text.get(..text.len() - 1).unwrap_or_default() };
    let number: usize = digits.parse().map_err(|_| "a size such as 512M or 2G".to_owned())?;
    let bytes = number.saturating_mul(unit);
    if bytes < LEAST_MEMORY { Err("at least 1M".to_owned()) } else { Ok(bytes) }
}

/// Less is of no use to anybody.
const LEAST_MEMORY: usize = 1 << 20;

/// Commands beside reading captures.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// What a finding, an alert or a line of a log means.
    Explain {
        /// A code (`chain.expired`), an area (`chain`), an alert (`unknown_ca`, 48), or a line of a log
        /// in quotes.
        #[arg(value_name = "CODE|ALERT|TEXT")]
        words: Vec<String>,
    },
    /// Only the frames that handshakes need, findings as packet comments.
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
    /// What changed between two captures, per server and name.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// The JSON Schema of the report, or of what `diff` prints.
    #[command(hide = true)]
    Schema {
        /// Whose: report or diff.
        #[arg(value_enum, default_value_t = Document::Report, hide_default_value = true,
              hide_possible_values = true)]
        document: Document,
    },
    /// Completions for a shell.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The manual page, for man(1).
    #[command(hide = true)]
    Man,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  tlsleuth diff monday.pcap tuesday.pcap           what is another on Tuesday
  tlsleuth diff before/ after/ -f markdown         all captures of two directories, for a ticket

Compared are how connections end, certificate, chain, version, suite, group, ALPN, what clients
offer, and how long it takes. What chance explains is no change: shares and rates are tested by
Fisher's exact test, times by the Mann-Whitney test, at 0.05 over all tests of a sort.";

/// Comparing two captures.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// A capture, or a directory of captures that are one incident.
    #[arg(value_name = "BEFORE", value_hint = ValueHint::AnyPath)]
    pub(crate) before: PathBuf,

    /// Likewise, to be held against it.
    #[arg(value_name = "AFTER", value_hint = ValueHint::AnyPath)]
    pub(crate) after: PathBuf,

    /// How to print it: table, json, markdown or html.
    #[arg(short, long, value_enum, default_value_t = DiffFormat::Table, hide_default_value = true,
          hide_possible_values = true)]
    pub(crate) format: DiffFormat,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// More trust anchors.
    #[arg(long, value_name = "PEM", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Vec<PathBuf>,

    /// Trust anchors to start with: mozilla, system or none.
    #[arg(long, value_enum, default_value_t = RootsChoice::Mozilla, hide_possible_values = true,
          hide_default_value = true)]
    pub(crate) roots: RootsChoice,

    /// Logged secrets (SSLKEYLOGFILE) of either side; `env` takes the file so named.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) keylog: Vec<PathBuf>,

    /// The server's RSA private key, for suites with static RSA.
    #[arg(long, value_name = "PEM", value_hint = ValueHint::FilePath)]
    pub(crate) rsa_key: Vec<PathBuf>,

    /// Treat connections to PORT as TLS even if no TLS is seen.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Vec<u16>,

    /// Color: auto, always or never.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto,
          hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: Color,

    /// Only errors on standard error.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// A document with a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Document {
    /// The report.
    Report,
    /// What changed between two captures.
    Diff,
}

/// How to print what changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For the terminal.
    Table,
    /// One object.
    Json,
    /// For a ticket.
    Markdown,
    /// One page that works offline.
    Html,
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
