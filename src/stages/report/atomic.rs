//! A file appears complete or not at all.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// How the names of files and folders begin that are not finished.
pub const UNFINISHED: &str = ".writing-";

/// Writes `path` through a temporary file in the same folder and renames it into place.
///
/// # Errors
/// [`Error::Io`] naming `path`, or what `fill` returns; the former file, if any, is then untouched.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(Error::io(path))?;
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    fill(&mut buffered)?;
    buffered.flush().map_err(Error::io(path))?;
    drop(buffered);
    temporary.as_file().sync_all().map_err(Error::io(path))?;
    temporary.persist(path).map_err(|error| Error::io(path)(error.error))?;
    Ok(())
}

/// A temporary file is private by default; a run's files follow the user's umask as any other file does.
#[cfg(unix)]
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(not(unix))]
fn permissions() -> std::fs::Permissions {
    std::fs::metadata(".").map(|folder| folder.permissions()).expect("the current folder can be looked at")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_former_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        write_atomically(&path, |to| to.write_all(b"first").map_err(Error::io(&path))).unwrap();
        let failed = write_atomically(&path, |to| {
            to.write_all(b"half").map_err(Error::io(&path))?;
            Err(Error::Page("stopped".into()))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays behind");
    }
}
