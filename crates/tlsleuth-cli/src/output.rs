//! Where the report goes: to standard output, or to a file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::say::shown;

/// An output that is being written. A file is there when it is committed, not before; one that is
/// dropped leaves what was there.
pub(crate) struct Output<'a> {
    named: Option<&'a Path>,
    to: To,
}

enum To {
    Stdout(BufWriter<Stdout>),
    /// A device or a named pipe, which cannot be replaced.
    Device(BufWriter<File>),
    /// Written beside the file and renamed.
    Replacement {
        out: BufWriter<File>,
        partial: Partial,
        path: PathBuf,
    },
}

/// A temporary file, removed unless it was renamed.
struct Partial(Option<PathBuf>);

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // The report is lost already; a temporary file that cannot be removed stays.
            let _ = fs::remove_file(path);
        }
    }
}

impl<'a> Output<'a> {
    /// Opens it: `None` is standard output.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn open(path: Option<&'a Path>) -> anyhow::Result<Self> {
        let to = match path {
            None => To::Stdout(BufWriter::new(io::stdout())),
            Some(path) => {
                to_file(path).with_context(|| format!("{}: cannot be written", shown(path)))?
            }
        };
        Ok(Self { named: path, to })
    }

    /// All is written.
    ///
    /// # Errors
    /// When writing fails; a file that was to be replaced is as it was then.
    pub(crate) fn commit(self) -> anyhow::Result<()> {
        match (self.named, commit(self.to)) {
            (Some(path), written) => {
                written.with_context(|| format!("{}: cannot be written", shown(path)))
            }
            (None, written) => Ok(written?),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Stdout(out) => out.write(bytes),
            To::Device(out) | To::Replacement { out, .. } => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => out.flush(),
            To::Device(out) | To::Replacement { out, .. } => out.flush(),
        }
    }
}

fn to_file(path: &Path) -> io::Result<To> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(To::Device(BufWriter::new(File::options().write(true).open(path)?)));
    }
    // A link stays a link: what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    // `create_new` follows no link that somebody laid there.
    let file = File::options().write(true).create_new(true).open(&partial)?;
    let partial = Partial(Some(partial));
    Ok(To::Replacement { out: BufWriter::new(file), partial, path })
}

fn commit(to: To) -> io::Result<()> {
    match to {
        To::Stdout(mut out) => out.flush(),
        To::Device(mut out) => out.flush(),
        To::Replacement { mut out, mut partial, path } => {
            out.flush()?;
            if let Some(written) = &partial.0 {
                fs::rename(written, &path)?;
            }
            partial.0 = None;
            Ok(())
        }
    }
}

/// Writes with `render` to `output`, or to standard output.
///
/// # Errors
/// When writing fails; a file that was to be replaced is as it was then.
pub(crate) fn write(
    output: Option<&Path>,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = Output::open(output)?;
    match (output, render(&mut out)) {
        (Some(path), written) => {
            written.with_context(|| format!("{}: cannot be written", shown(path)))?;
        }
        (None, written) => written?,
    }
    out.commit()
}
