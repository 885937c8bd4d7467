//! One writer a run folder: chunks of one run among those of another would be a wrong number that looks right.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::{Error, Result};
use crate::stages::report::UNFINISHED;

/// A run folder that no other framescope writes to until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Held {
    _lock: Option<File>,
}

impl Held {
    /// Locks the folder itself, so that nothing is left behind in it, and clears away what a killed run had begun to write.
    /// Where the system or the disk cannot lock a folder (Windows, some network disks) it stays unlocked.
    ///
    /// # Errors
    /// Another framescope that writes to it. A folder that is not there is left to whoever reads it.
    pub fn new(run: &Path) -> Result<Self> {
        let Ok(folder) = File::open(run) else { return Ok(Self { _lock: None }) };
        match folder.try_lock() {
            Ok(()) => {
                clear(run)?;
                Ok(Self { _lock: Some(folder) })
            }
            Err(TryLockError::WouldBlock) => Err(Error::Run {
                path: run.to_owned(),
                reason: "another framescope is writing to this folder; wait until it ends, or name another folder"
                    .into(),
            }),
            Err(TryLockError::Error(_)) => Ok(Self { _lock: None }),
        }
    }
}

/// Files and folders with the names that unfinished ones have.
fn clear(run: &Path) -> Result<()> {
    for entry in std::fs::read_dir(run).map_err(Error::io(run))? {
        let entry = entry.map_err(Error::io(run))?;
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(Error::io(&path))?;
    }
    Ok(())
}
