//! What is replaced before anything is written, and with which key.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum, ValueHint};
use tlsleuth_redact::{Key, What, key::MOST_BYTES};
use tlsleuth_report::Redact;

use crate::say::shown;

/// What to replace.
#[derive(Args, Debug)]
pub(crate) struct RedactArguments {
    /// Replace consistently: addresses,names or one.
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        help_heading = "What to show",
        hide_possible_values = true
    )]
    pub(crate) redact: Vec<Part>,

    /// Secret that gives the same tokens again.
    #[arg(long, value_name = "FILE", requires = "redact", help_heading = "What to show", hide_short_help = true,
          value_hint = ValueHint::FilePath)]
    pub(crate) redact_key: Option<PathBuf>,
}

/// A part of what can be replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Part {
    /// Addresses.
    Addresses,
    /// Names, and what identifies certificates.
    Names,
}

impl RedactArguments {
    /// Whether everything that can be replaced is to be.
    pub(crate) fn is_all(&self) -> bool {
        [Part::Addresses, Part::Names].iter().all(|part| self.redact.contains(part))
    }

    /// Whatever replaces it; nothing when nothing is to be replaced.
    ///
    /// # Errors
    /// When the key cannot be read, or is none.
    pub(crate) fn load(&self) -> anyhow::Result<Option<Redact>> {
        if self.redact.is_empty() {
            return Ok(None);
        }
        let what = What {
            addresses: self.redact.contains(&Part::Addresses),
            names: self.redact.contains(&Part::Names),
        };
        let Some(path) = &self.redact_key else {
            return Ok(Some(Redact::new(what, &Key::random()?, false)));
        };
        let named = || format!("--redact-key {}", shown(path));
        let file = File::open(path).with_context(named)?;
        // In one buffer that is wiped: no growing leaves pieces of a key behind.
        let mut bytes = zeroize::Zeroizing::new(vec![0; MOST_BYTES + 1]);
        let mut len = 0;
        let mut file = file;
        loop {
            let room = bytes.get_mut(len..).unwrap_or_default();
            match file.read(room).with_context(named)? {
                0 => break,
                count => len += count,
            }
        }
        let key = Key::parse(bytes.get(..len).unwrap_or_default()).with_context(named)?;
        Ok(Some(Redact::new(what, &key, true)))
    }
}
