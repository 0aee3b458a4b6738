//! Writes what was made: to standard output, or to a file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::say::shown;

/// Writes with `render` to `output`, or to standard output.
///
/// # Errors
/// When writing fails; a file that was to be replaced is as it was then.
pub(crate) fn write(
    output: Option<&Path>,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = output else {
        let mut out = BufWriter::new(io::stdout().lock());
        render(&mut out)?;
        out.flush()?;
        return Ok(());
    };
    let written = if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A device or a named pipe cannot be replaced.
        File::options().write(true).open(path).and_then(|file| through(file, render))
    } else {
        replace(path, render)
    };
    written.with_context(|| format!("{}: cannot be written", shown(path)))
}

fn through(file: File, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    render(&mut out)?;
    out.flush()
}

/// Writes beside it and renames: an output that breaks off leaves no half file.
fn replace(path: &Path, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    // `create_new` follows no link that somebody laid there.
    let file = File::options().write(true).create_new(true).open(&partial)?;
    let written = through(file, render).and_then(|()| fs::rename(&partial, &path));
    if written.is_err() {
        // The report is lost already; a temporary file that cannot be removed stays.
        let _ = fs::remove_file(&partial);
    }
    written
}
