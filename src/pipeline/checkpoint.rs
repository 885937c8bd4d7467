//! The checkpoint: finished chunks under `.partial/` of the run folder. Each chunk is two files, the rows and then the
//! account of the chunk; the account is renamed into place last, so a chunk is either whole or not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use polars::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lesson::Learnt;
use crate::error::{Error, Result};
use crate::record::{Field, Rejected};
use crate::stages::report::write_atomically;

/// What happened to the records of one chunk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ChunkAccount {
    pub articles: u64,
    pub sentences: u64,
    pub distinct_sentences: u64,
    #[serde(default)]
    pub cached_sentences: u64,
    pub rejected: Vec<Rejected>,
    pub removals: Vec<RemovalRow>,
    pub seconds: BTreeMap<String, f64>,
}

/// One row of `removals.csv`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemovalRow {
    pub article_id: String,
    pub rule: String,
    pub field: Field,
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// The `.partial/` folder of one run.
pub struct Checkpoint {
    folder: PathBuf,
}

/// What to do with an interrupted run that is found in the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// Stop and say so.
    Refuse,
    Resume,
    Restart,
}

/// Chunks that an interrupted run in a run folder has finished.
pub fn finished_chunks(run: &Path) -> usize {
    Checkpoint { folder: run.join(FOLDER) }.finished()
}

const FOLDER: &str = ".partial";
/// What the folder is called while it is removed.
const DONE: &str = ".partial-done";
const PLAN: &str = "plan.json";
const LEARNT: &str = "learnt.json";

impl Checkpoint {
    /// Opens the checkpoint for `plan`, a text that holds everything the chunks depend on.
    ///
    /// # Errors
    /// An interrupted run that is to be neither resumed nor restarted, or one of another plan.
    pub fn open(run: &Path, plan: &serde_json::Value, interrupted: Interrupted) -> Result<Self> {
        let checkpoint = Self { folder: run.join(FOLDER) };
        let plan_path = checkpoint.folder.join(PLAN);
        let fail = |reason: String| Error::Run { path: run.to_owned(), reason };
        if plan_path.exists() {
            let text = std::fs::read_to_string(&plan_path).map_err(Error::io(&plan_path))?;
            let found: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            match interrupted {
                Interrupted::Refuse => {
                    let done = checkpoint.finished();
                    return Err(fail(format!(
                        "holds an interrupted run ({done} chunks done); add --resume to go on with it, or --restart to \
                         throw it away"
                    )));
                }
                Interrupted::Resume if found == *plan => return Ok(checkpoint),
                Interrupted::Resume => {
                    return Err(fail(format!(
                        "the interrupted run had other {}; repeat the command it was started with, or add --restart \
                         to throw it away",
                        difference(&found, plan)
                    )));
                }
                Interrupted::Restart => {}
            }
        }
        checkpoint.remove()?;
        std::fs::create_dir_all(&checkpoint.folder).map_err(Error::io(&checkpoint.folder))?;
        write_json(&plan_path, plan)?;
        Ok(checkpoint)
    }

    /// Chunks done so far: they are numbered without a gap.
    pub fn finished(&self) -> usize {
        (0..).take_while(|&chunk| self.account_path(chunk).exists()).count()
    }

    /// Stores one chunk.
    pub fn store(&self, chunk: usize, rows: &mut DataFrame, account: &ChunkAccount) -> Result<()> {
        write_atomically(&self.rows_path(chunk), |file| {
            ParquetWriter::new(file).finish(rows)?;
            Ok(())
        })?;
        write_json(&self.account_path(chunk), account)
    }

    /// What the student scorer learnt before the first chunk.
    pub fn store_learnt(&self, learnt: &Learnt) -> Result<()> {
        write_json(&self.folder.join(LEARNT), learnt)
    }

    /// `None` where the run did not get so far.
    pub fn learnt(&self) -> Result<Option<Learnt>> {
        let path = self.folder.join(LEARNT);
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|e| Error::Run { path, reason: e.to_string() }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(path)(e)),
        }
    }

    pub fn account(&self, chunk: usize) -> Result<ChunkAccount> {
        let path = self.account_path(chunk);
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        serde_json::from_str(&text).map_err(|e| Error::Run { path, reason: e.to_string() })
    }

    pub fn rows(&self, chunk: usize) -> Result<DataFrame> {
        let path = self.rows_path(chunk);
        let file = std::fs::File::open(&path).map_err(Error::io(&path))?;
        Ok(ParquetReader::new(file).finish()?)
    }

    /// Removes the folder once the run is finished. It is renamed first: half a folder must not look like a run to resume.
    pub fn remove(&self) -> Result<()> {
        let done = self.folder.with_file_name(DONE);
        remove_folder(&done)?;
        match std::fs::rename(&self.folder, &done) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(Error::io(&self.folder)(e)),
            Ok(()) => remove_folder(&done),
        }
    }

    fn rows_path(&self, chunk: usize) -> PathBuf {
        self.folder.join(format!("{chunk:08}.parquet"))
    }

    fn account_path(&self, chunk: usize) -> PathBuf {
        self.folder.join(format!("{chunk:08}.json"))
    }
}

fn remove_folder(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(folder)(e)),
        _ => Ok(()),
    }
}

/// Which keys of the plan differ.
fn difference(found: &serde_json::Value, plan: &serde_json::Value) -> String {
    let keys = plan.as_object().into_iter().flatten().filter(|(key, value)| found.get(key) != Some(value));
    let names: Vec<&str> = keys.map(|(key, _)| key.as_str()).collect();
    if names.is_empty() { "settings".into() } else { names.join(", ") }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_atomically(path, |file| serde_json::to_writer(file, value).map_err(|error| Error::io(path)(error.into())))
}

/// A short name for a text of any length, as the plan keeps for lexicons, rules and schemes.
pub fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows() -> DataFrame {
        df!("x" => [1, 2]).unwrap()
    }

    #[test]
    fn an_interrupted_run_goes_on_only_with_its_own_plan() {
        let run = tempfile::tempdir().unwrap();
        let plan = json!({"chunk": 2, "frames": "a"});
        let checkpoint = Checkpoint::open(run.path(), &plan, Interrupted::Refuse).unwrap();
        checkpoint.store(0, &mut rows(), &ChunkAccount { articles: 2, ..Default::default() }).unwrap();
        let message = |plan, how| Checkpoint::open(run.path(), plan, how).err().unwrap().to_string();
        assert!(message(&plan, Interrupted::Refuse).contains("--resume"));
        assert!(message(&json!({"chunk": 2, "frames": "b"}), Interrupted::Resume).contains("other frames"));
        let resumed = Checkpoint::open(run.path(), &plan, Interrupted::Resume).unwrap();
        assert_eq!(resumed.finished(), 1);
        assert_eq!(resumed.account(0).unwrap().articles, 2);
        let restarted = Checkpoint::open(run.path(), &plan, Interrupted::Restart).unwrap();
        assert_eq!(restarted.finished(), 0);
    }

    #[test]
    fn a_removal_that_was_cut_short_is_no_run_to_resume() {
        let run = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::open(run.path(), &json!({}), Interrupted::Refuse).unwrap();
        checkpoint.store(0, &mut rows(), &ChunkAccount::default()).unwrap();
        std::fs::rename(run.path().join(FOLDER), run.path().join(DONE)).unwrap();
        let next = Checkpoint::open(run.path(), &json!({}), Interrupted::Resume).unwrap();
        assert_eq!(next.finished(), 0);
        assert!(!run.path().join(DONE).exists());
        next.remove().unwrap();
        assert_eq!(std::fs::read_dir(run.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_chunk_without_its_account_does_not_count() {
        let run = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::open(run.path(), &json!({}), Interrupted::Refuse).unwrap();
        checkpoint.store(0, &mut rows(), &ChunkAccount::default()).unwrap();
        std::fs::remove_file(checkpoint.account_path(0)).unwrap();
        assert_eq!(checkpoint.finished(), 0);
    }
}
