//! The stream of articles over all inputs.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::discover::{Format, Found, discover};
use super::ids::IdLedger;
use super::options::ReadOptions;
use super::records::{Failure, RawRecord};
use super::source_file::{SourceFile, rejected};
use crate::error::{Error, Result};
use crate::record::{Article, Rejected};
use crate::run_folder::InputUsed;

/// Files whose columns are checked before anything is read.
const CHECKED_FILES: usize = 64;

/// How far a reader has come, in bytes of the files as they lie on the disk. Cheap to clone; may be read from any thread.
#[derive(Debug, Clone)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: u64,
}

impl Progress {
    /// Bytes read so far, at most [`Progress::total`].
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed).min(self.total)
    }

    /// Bytes of all input files.
    pub fn total(&self) -> u64 {
        self.total
    }
}

/// Every article of the inputs, one at a time, in a fixed order: inputs as given, files of a folder by name, records as
/// they stand. What cannot be read comes as [`Rejected`] in its place and never ends the stream.
pub struct Reader {
    options: Arc<ReadOptions>,
    files: VecDeque<Found>,
    current: Option<Box<SourceFile>>,
    pending: VecDeque<Rejected>,
    ids: IdLedger,
    inputs: Vec<InputUsed>,
    notes: Vec<String>,
    progress: Progress,
}

impl Reader {
    /// Finds the files and checks the columns of the first ones.
    ///
    /// # Errors
    /// [`Error::Input`] where an input does not exist or none can be read, a file that was named has no text column, or a
    /// mapped column is in none of the files.
    pub(super) fn open(inputs: &[PathBuf], options: &ReadOptions) -> Result<Self> {
        let options = Arc::new(options.clone());
        let found = discover(inputs)?;
        if found.files.is_empty() {
            let path = inputs.first().cloned().unwrap_or_default();
            let reason = match found.rejected.first() {
                Some(first) => format!("nothing that can be read; {}: {}", first.file, first.detail),
                None => {
                    "no article files here; read are CSV, TSV, JSON, JSON Lines, Parquet, TXT, HTML, WARC, SQLite, RSS \
                         and Atom, also as .gz and .zst"
                        .to_owned()
                }
            };
            return Err(Error::Input { path, reason });
        }
        check_columns(&found.files, &options)?;
        let progress = Progress { read: Arc::default(), total: found.files.iter().map(|file| file.bytes).sum() };
        Ok(Self {
            options,
            files: found.files.into(),
            current: None,
            pending: found.rejected.into(),
            ids: IdLedger::default(),
            inputs: Vec::new(),
            notes: Vec::new(),
            progress,
        })
    }

    /// Every file with its hash and counts, in the order in which they were read; complete once the stream has ended.
    pub fn inputs(&self) -> &[InputUsed] {
        &self.inputs
    }

    /// What to tell the user about whole files: dates that could not be read, summaries that stand for the text.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A handle for a progress bar.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Opens the next file; false where there is none.
    fn open_next(&mut self) -> bool {
        let Some(found) = self.files.pop_front() else { return false };
        match SourceFile::open(&found, &self.options, false, &self.progress.read) {
            Ok(source) => self.current = Some(Box::new(source)),
            Err(unopened) => {
                self.pending.push_back(rejected(&unopened.used.file, None, unopened.failure));
                self.inputs.push(unopened.used);
            }
        }
        true
    }

    fn finish_current(&mut self) {
        if let Some(source) = self.current.take() {
            self.notes.extend(source.notes());
            self.inputs.push(source.finish());
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Article, Rejected>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(rejected) = self.pending.pop_front() {
                return Some(Err(rejected));
            }
            let Some(source) = &mut self.current else {
                if !self.open_next() {
                    return None;
                }
                continue;
            };
            match source.next_record() {
                Some(Ok(record)) => return Some(admit(source, &mut self.ids, record)),
                Some(Err(failure)) => return Some(Err(source.reject(None, failure))),
                None => self.finish_current(),
            }
        }
    }
}

fn admit(source: &mut SourceFile, ids: &mut IdLedger, record: RawRecord) -> Result<Article, Rejected> {
    let row = record.row;
    let mut mapped = match source.mapper.article(record) {
        Ok(mapped) => mapped,
        Err((id, failure)) => return Err(source.reject(id, failure)),
    };
    if !ids.admit(&mut mapped) {
        let detail = "an earlier record has the same id, outlet, address, title and text; it counts once";
        return Err(source.reject(Some(mapped.article.id), Failure::new("duplicate_record", detail).at(row)));
    }
    source.articles += 1;
    Ok(mapped.article)
}

/// Finds a wrong column map, or a file without text, before the run rather than in its list of rejected files.
fn check_columns(files: &[Found], options: &Arc<ReadOptions>) -> Result<()> {
    let own_columns = |file: &&Found| {
        let documents = matches!(file.format, Format::Text | Format::Html | Format::Warc | Format::Feed);
        file.regular && !documents
    };
    let (mut unknown, mut fitting) = (None, 0);
    for file in files.iter().filter(own_columns).take(CHECKED_FILES) {
        match SourceFile::open(file, options, false, &Arc::default()) {
            Ok(_) => fitting += 1,
            Err(unopened) => {
                let Failure { reason, detail, .. } = unopened.failure;
                let error = Error::Input { path: file.path.clone(), reason: detail };
                match reason {
                    "no_text_column" | "unknown_column" if file.named => return Err(error),
                    "unknown_column" => unknown = unknown.or(Some(error)),
                    _ => {}
                }
            }
        }
    }
    match unknown {
        Some(error) if fitting == 0 => Err(error),
        _ => Ok(()),
    }
}
