//! Where secrets come from: files that the user names, and blocks of the captures.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tlsleuth::OpenOptions;
use tlsleuth::capture::{MergedReader, SecretsBlock, prescan_secrets};
use tlsleuth::handshake::opener::SecretSource;
use tlsleuth::keylog::KeyLog;

use crate::arguments::Main;
use crate::say::{say, shown};

/// The secrets of an analysis.
pub(crate) struct Secrets {
    log: KeyLog,
    /// A block that holds no TLS secrets was told.
    told_other: bool,
    quiet: bool,
}

impl Secrets {
    /// Reads the key logs, the RSA keys, and the secrets blocks of captures that can be read twice: a block may
    /// come behind the frames that it opens.
    pub(crate) fn load(arguments: &Main, captures: &[PathBuf]) -> anyhow::Result<Self> {
        let mut secrets = Self { log: KeyLog::new(), told_other: false, quiet: arguments.quiet };
        for path in &arguments.keylog {
            let path = if path.as_os_str() == "env" { from_environment()? } else { path.clone() };
            let before = secrets.log.counts();
            let file = File::open(&path).with_context(|| shown(&path))?;
            secrets.log.read(file).with_context(|| shown(&path))?;
            let after = secrets.log.counts();
            if !arguments.quiet {
                let malformed = after.malformed - before.malformed;
                if malformed > 0 {
                    say(&format!("{}: lines that are no key log: {malformed}", shown(&path)));
                }
                let dropped = after.dropped - before.dropped;
                if dropped > 0 {
                    say(&format!("{}: lines beyond what is kept: {dropped}", shown(&path)));
                }
                if after.used == before.used {
                    say(&format!("{}: no secret that opens records", shown(&path)));
                }
            }
        }
        for path in &arguments.rsa_key {
            let file = File::open(path).with_context(|| shown(path))?;
            secrets.log.read_rsa_keys(file).with_context(|| shown(path))?;
        }
        for path in captures.iter().filter(|path| is_regular(path)) {
            // A file that cannot be read is told when its frames are to be read.
            for block in prescan_secrets(path, &OpenOptions::default()).unwrap_or_default() {
                secrets.add(&block);
            }
        }
        Ok(secrets)
    }

    /// What the analysis asks; nothing, where there are no secrets and none can come.
    pub(crate) fn source(
        &self,
        captures: &[PathBuf],
    ) -> Option<Arc<dyn SecretSource + Send + Sync>> {
        let may_come = captures.iter().any(|path| !is_regular(path));
        (may_come || !self.log.is_empty())
            .then(|| Arc::new(self.log.clone()) as Arc<dyn SecretSource + Send + Sync>)
    }

    /// Takes the secrets that the reader passed.
    pub(crate) fn take(&mut self, reader: &mut MergedReader) {
        while let Some(block) = reader.poll_secrets() {
            self.add(&block);
        }
    }

    fn add(&mut self, block: &SecretsBlock) {
        if block.kind() == SecretsBlock::TLS_KEY_LOG {
            self.log.add(block.data());
        } else if !self.told_other && !self.quiet {
            self.told_other = true;
            say(&format!(
                "secrets of another kind than TLS in a capture are not used ({:#010x})",
                block.kind()
            ));
        }
    }
}

fn is_regular(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command reads the environment where it is asked to"
)]
fn from_environment() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("SSLKEYLOGFILE");
    path.map(PathBuf::from).context("--keylog env: SSLKEYLOGFILE is not set")
}
