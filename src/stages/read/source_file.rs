//! One input file while it is being read.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::discover::{Found, file_stem};
use super::mapper::{Mapper, shown};
use super::open::{Opened, open};
use super::options::ReadOptions;
use super::records::{Failure, RawRecord, Records};
use super::stream::RawFile;
use crate::record::Rejected;
use crate::run_folder::InputUsed;

/// Records looked at before the first one is given out: they settle which columns exist and how dates are written.
const LOOKAHEAD_RECORDS: usize = 200;
const LOOKAHEAD_BYTES: usize = 8 << 20;

/// A file, its records and their meaning.
pub(super) struct SourceFile {
    pub file: Arc<str>,
    pub mapper: Mapper,
    pub format: String,
    pub encoding: &'static str,
    /// Columns of the file, or those of its first records.
    pub columns: Vec<Arc<str>>,
    records: Box<dyn Records>,
    lookahead: VecDeque<Result<RawRecord, Failure>>,
    raw: RawFile,
    ended: bool,
    share: Share,
    pub articles: u64,
    pub rejected: u64,
}

/// A file's part in the progress of all files. The records looked at ahead count as they are given out, else a small file would
/// be done before its first article is.
struct Share {
    /// Bytes of this file that its reader has used.
    used: Arc<AtomicU64>,
    all: Arc<AtomicU64>,
    told: u64,
    ahead: usize,
}

impl Share {
    fn tell(&mut self, still_ahead: usize) {
        let given = if still_ahead == 0 { 1.0 } else { 1.0 - still_ahead as f64 / self.ahead.max(1) as f64 };
        let bytes = (self.used.load(Ordering::Relaxed) as f64 * given) as u64;
        self.all.fetch_add(bytes.saturating_sub(self.told), Ordering::Relaxed);
        self.told = self.told.max(bytes);
    }
}

/// A file that could not be opened as records.
pub(super) struct Unopened {
    pub failure: Failure,
    pub used: InputUsed,
}

impl SourceFile {
    pub fn open(
        found: &Found,
        options: &Arc<ReadOptions>,
        every_column: bool,
        progress: &Arc<AtomicU64>,
    ) -> Result<Self, Box<Unopened>> {
        let file: Arc<str> = shown(&found.path).into();
        let mut share = Share { used: Arc::default(), all: Arc::clone(progress), told: 0, ahead: 0 };
        let used = Arc::clone(&share.used);
        let unopened = |failure: Failure, raw: Option<RawFile>| {
            let all_of_it = raw.is_some();
            let used = input_used(&file, raw, 0, 1);
            progress.fetch_add(if all_of_it { used.bytes } else { found.bytes }, Ordering::Relaxed);
            Box::new(Unopened { failure: failure.ending(), used })
        };
        let Opened { mut records, raw, format, encoding } =
            open(found, options, every_column, &used).map_err(|(failure, raw)| unopened(failure, raw))?;
        let own_columns = records.has_own_columns();
        let mapper = Mapper::new(Arc::clone(options), Arc::clone(&file), file_stem(&found.path), own_columns);
        let mut fixed = records.columns().map(<[_]>::to_vec);
        let mut source = {
            let lookahead = look_ahead(&mut *records);
            if lookahead.is_empty() {
                let failure = Failure::new("no_records", format!("the {format} file holds no article"));
                drop(records);
                return Err(unopened(failure, Some(raw)));
            }
            share.ahead = lookahead.len();
            let columns = fixed.take().unwrap_or_else(|| columns_of(&lookahead));
            let (articles, rejected, ended) = (0, 0, false);
            Self {
                file: Arc::clone(&file),
                mapper,
                format,
                encoding,
                columns,
                records,
                lookahead,
                raw,
                ended,
                share,
                articles,
                rejected,
            }
        };
        if own_columns
            && source.has_columns()
            && let Err(failure) = source.mapper.check_columns(&source.columns)
        {
            let Self { raw, records, .. } = source;
            drop(records);
            return Err(unopened(failure, Some(raw)));
        }
        source.mapper.settle_day_order(source.lookahead.iter().flatten());
        Ok(source)
    }

    /// Nothing can be said of the columns of a file whose first records are all broken.
    fn has_columns(&self) -> bool {
        self.records.columns().is_some() || self.lookahead.iter().any(Result::is_ok)
    }

    pub fn lookahead(&self) -> impl Iterator<Item = &RawRecord> {
        self.lookahead.iter().flatten()
    }

    pub fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        let next = match self.lookahead.pop_front() {
            Some(next) => Some(next),
            None if self.ended => None,
            None => self.records.next_record(),
        };
        self.share.tell(self.lookahead.len());
        self.ended |= !matches!(&next, Some(Ok(_)) | Some(Err(Failure { ends: false, .. })));
        next
    }

    pub fn reject(&mut self, id: Option<String>, failure: Failure) -> Rejected {
        self.rejected += 1;
        rejected(&self.file, id, failure)
    }

    /// What to tell the user about the whole file.
    pub fn notes(&self) -> Vec<String> {
        let (file, dates) = (&self.file, &self.mapper.dates);
        let mut notes = Vec::new();
        if let Some((row, content)) = &dates.first_unreadable {
            let at = row.map_or(String::new(), |row| format!("row {row}: "));
            let n = dates.unreadable;
            notes.push(format!(
                "{file}: {n} dates could not be read (first: {at}\"{content}\"); these articles have no date"
            ));
        }
        if dates.ambiguous > 0 {
            let n = dates.ambiguous;
            notes.push(format!(
                "{file}: {n} dates such as 3/4/2020 were read with the month first; give --day-order day-first if \
                 the day comes first"
            ));
        }
        if let Some(column) = self.mapper.summary_used(&self.columns) {
            notes.push(format!("{file}: the text is taken from the column \"{column}\", for want of a full text"));
        }
        notes
    }

    /// Ends the file: the hash covers all of it, also what was left unread.
    pub fn finish(self) -> InputUsed {
        let Self { file, records, raw, articles, rejected, mut share, .. } = self;
        drop(records);
        let used = input_used(&file, Some(raw), articles, rejected);
        share.used.fetch_max(used.bytes, Ordering::Relaxed);
        share.tell(0);
        used
    }
}

fn look_ahead(records: &mut dyn Records) -> VecDeque<Result<RawRecord, Failure>> {
    let mut lookahead = VecDeque::new();
    let mut bytes = 0;
    while lookahead.len() < LOOKAHEAD_RECORDS && bytes < LOOKAHEAD_BYTES {
        let Some(next) = records.next_record() else { break };
        bytes += next.as_ref().map_or(0, |record| record.cells.iter().map(|(_, content)| content.len()).sum());
        let ends = next.as_ref().is_err_and(|failure| failure.ends);
        lookahead.push_back(next);
        if ends {
            break;
        }
    }
    lookahead
}

fn columns_of(records: &VecDeque<Result<RawRecord, Failure>>) -> Vec<Arc<str>> {
    let mut seen = HashSet::new();
    let all = records.iter().flatten().flat_map(|record| &record.cells).map(|(column, _)| column);
    all.filter(|column| seen.insert(Arc::clone(column))).cloned().collect()
}

fn input_used(file: &str, raw: Option<RawFile>, articles: u64, rejected: u64) -> InputUsed {
    let (sha256, bytes) = raw.map(RawFile::finish).unwrap_or_default();
    InputUsed { file: file.to_owned(), sha256, bytes, articles, rejected }
}

pub(super) fn rejected(file: &str, id: Option<String>, failure: Failure) -> Rejected {
    Rejected { file: file.to_owned(), row: failure.row, id, reason: failure.reason.to_owned(), detail: failure.detail }
}
