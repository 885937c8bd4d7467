//! From finished chunks to a finished run folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use polars::prelude::*;

use super::checkpoint::{Checkpoint, ChunkAccount, RemovalRow};
use super::hold::Held;
use super::lesson::Learnt;
use super::{Job, Read, Setup, add_seconds, sentence_table};
use crate::config::{Settings, TableSettings};
use crate::engines::fast::Steps;
use crate::engines::placement::Precision;
use crate::error::{Error, Result};
use crate::record::Rejected;
use crate::run_folder::{
    self, Counts, REJECTED, REMOVALS, RUN_JSON, RunManifest, SCHEMA_VERSION, SENTENCES, StudentUsed,
};
use crate::stages::aggregate::{AggregateOptions, Period, aggregate_each};
use crate::stages::infer::frames::Agreement;
use crate::stages::report;

/// Rows of one row group of `sentences.parquet`.
const ROW_GROUP: usize = 100_000;

/// All chunks are stored.
pub(super) struct Finished<'a> {
    pub job: &'a Job<'a>,
    pub setup: &'a Setup,
    pub checkpoint: &'a Checkpoint,
    /// Of a run whose scorer learns from a sample.
    pub learnt: Option<&'a Learnt>,
    pub read: Read,
    pub started: chrono::DateTime<chrono::Utc>,
}

/// The accounts of all chunks, added up.
#[derive(Default)]
struct Total {
    counts: Counts,
    rejected: Vec<Rejected>,
    removals: BTreeMap<String, u64>,
    seconds: BTreeMap<String, f64>,
}

const REJECTED_COLUMNS: [&str; 5] = ["file", "row", "id", "reason", "detail"];
const REMOVALS_COLUMNS: [&str; 6] = ["article_id", "rule", "field", "start", "end", "text"];

impl Total {
    fn add(&mut self, account: ChunkAccount) {
        self.counts.articles += account.articles;
        self.counts.sentences += account.sentences;
        self.counts.distinct_sentences += account.distinct_sentences;
        self.counts.cached_sentences += account.cached_sentences;
        self.counts.rejected += account.rejected.len() as u64;
        add_seconds(&mut self.seconds, &account.seconds);
        for removal in &account.removals {
            *self.removals.entry(removal.rule.clone()).or_default() += 1;
        }
        self.rejected.extend(account.rejected);
    }
}

impl Finished<'_> {
    /// Writes everything; `run.json` comes last, and only then the checkpoint goes.
    pub fn write(&self) -> Result<RunManifest> {
        let output = self.job.output;
        let total = self.total()?;
        write_rows(&output.join(REJECTED), &REJECTED_COLUMNS, |writer| {
            total.rejected.iter().try_for_each(|rejected| writer.write_record(rejected_row(rejected)))
        })?;
        let mut manifest = self.manifest(total);
        self.write_sentences(&manifest)?;
        write_tables_and_page(output, &mut manifest, &self.job.config.tables)?;
        save(output, &manifest)?;
        self.checkpoint.remove()?;
        Ok(manifest)
    }

    /// One chunk in memory at a time, gathered into row groups of even size.
    fn write_sentences(&self, manifest: &RunManifest) -> Result<()> {
        let empty = sentence_table(&[], &self.setup.frames, self.learnt.is_some())?;
        let names = empty.get_column_names().into_iter().map(|name| name.as_str());
        let metadata = KeyValueMetadata::from_static(report::parquet_metadata("sentences", names, manifest));
        report::write_atomically(&self.job.output.join(SENTENCES), |file| {
            let mut writer =
                ParquetWriter::new(file).with_key_value_metadata(Some(metadata)).batched(empty.schema())?;
            let mut gathered = empty.clone();
            for chunk in 0..self.read.chunks {
                gathered.vstack_mut(&self.checkpoint.rows(chunk)?)?;
                if gathered.height() >= ROW_GROUP || chunk + 1 == self.read.chunks {
                    gathered.rechunk_mut_par();
                    writer.write_batch(&gathered)?;
                    gathered = empty.clone();
                }
            }
            writer.finish()?;
            Ok(())
        })
    }

    /// `removals.csv` is written on the way, a chunk at a time.
    fn total(&self) -> Result<Total> {
        let mut total = Total::default();
        let mut accounts = (0..self.read.chunks).map(|chunk| self.checkpoint.account(chunk));
        let mut failed = Ok(());
        write_rows(&self.job.output.join(REMOVALS), &REMOVALS_COLUMNS, |writer| {
            for account in &mut accounts {
                match account {
                    Ok(account) => {
                        account.removals.iter().try_for_each(|removal| writer.write_record(removal_row(removal)))?;
                        total.add(account);
                    }
                    Err(error) => {
                        failed = Err(error);
                        break;
                    }
                }
            }
            Ok(())
        })?;
        failed.map(|()| total)
    }

    fn manifest(&self, total: Total) -> RunManifest {
        let config = self.job.config;
        let classifier = &self.setup.classifier;
        let mut seconds = total.seconds;
        if let Some(learnt) = self.learnt {
            seconds.insert("learn".into(), learnt.seconds);
        }
        let neutral = self.setup.lexicon.entries().iter().filter(|entry| !entry.neutral.is_empty());
        RunManifest {
            schema_version: SCHEMA_VERSION,
            framescope: env!("CARGO_PKG_VERSION").into(),
            started: rfc3339(self.started),
            finished: String::new(),
            command: self.job.command.clone(),
            config: serde_json::to_value(config).expect("a configuration is plain JSON"),
            engine: classifier.engine(),
            scorer: config.scorer.name().into(),
            models: classifier.models().to_vec(),
            scheme: config.scheme.used(),
            thresholds: classifier.thresholds().clone(),
            neutral_wording: neutral.map(|entry| (entry.term.clone(), entry.neutral.clone())).collect(),
            notes: self
                .read
                .notes
                .iter()
                .cloned()
                .chain(self.learnt.map(student_note))
                .chain(
                    (config.placement.precision == Precision::Int8)
                        .then(|| Steps::of_this_processor().effect().to_owned()),
                )
                .chain(classifier.cache_note())
                .collect(),
            student: self.learnt.map(|learnt| StudentUsed {
                sampled: learnt.sampled.len() as u64,
                agreement: learnt.agreement.clone(),
            }),
            table_notes: Vec::new(),
            inputs: self.read.inputs.clone(),
            counts: total.counts,
            removals: total.removals,
            seconds,
        }
    }
}

/// What a reader has to know of frames that a student scored.
fn student_note(learnt: &Learnt) -> String {
    let Agreement { decisions, correlation, .. } = learnt.agreement;
    format!(
        "frames are scored by a student of --scorer cross, which learnt from {} sentences; of those, read by heads that had not seen \
         them, it decides as cross does in {:.1} % of sentences and frames (correlation of probabilities {:.2})",
        learnt.sampled.len(),
        100.0 * decisions,
        correlation
    )
}

/// Makes tables and page again from `sentences.parquet` and `run.json`, with no inference.
///
/// # Errors
/// A folder that is no finished run, or that another framescope writes to, or settings out of range.
pub fn rebuild(run: &Path, settings: Settings) -> Result<RunManifest> {
    let _held = Held::new(run)?;
    let mut manifest = RunManifest::load(run)?;
    let fail = |reason: String| Error::Run { path: run.join(RUN_JSON), reason };
    let earlier = table_settings(run, &manifest)?;
    let tables = settings.tables(Some(&earlier))?;
    let changed = serde_json::to_value(&tables).map_err(|e| fail(e.to_string()))?;
    if let (Some(config), Some(changed)) = (manifest.config.as_object_mut(), changed.as_object()) {
        config.extend(changed.clone());
    }
    write_tables_and_page(run, &mut manifest, &tables)?;
    save(run, &manifest)?;
    Ok(manifest)
}

/// The settings that a finished run's tables were made with.
pub(super) fn table_settings(run: &Path, manifest: &RunManifest) -> Result<TableSettings> {
    serde_json::from_value(manifest.config.clone())
        .map_err(|error| Error::Run { path: run.join(RUN_JSON), reason: error.to_string() })
}

fn write_tables_and_page(run: &Path, manifest: &mut RunManifest, settings: &TableSettings) -> Result<()> {
    let sentences = run.join(SENTENCES);
    manifest.thresholds = settings.applied_to(manifest.thresholds.clone());
    let frames: Vec<String> = manifest.scheme.frames.iter().map(|frame| frame.name.clone()).collect();
    let started = Instant::now();
    let mut writer = report::TableWriter::new(run)?;
    let options = options(settings)?;
    let account = aggregate_each(&sentences, &frames, &manifest.thresholds, &options, &mut |name, table| {
        writer.write(name, &table, manifest)
    })?;
    let written = writer.finish(manifest)?;
    manifest.seconds.retain(|name, _| !name.starts_with("aggregate"));
    manifest.seconds.insert("aggregate".into(), started.elapsed().as_secs_f64());
    manifest.seconds.extend(account.seconds);
    manifest.table_notes = account.notes;
    manifest.finished = rfc3339(chrono::Utc::now());
    report::write_page(run, &report::tables_of_page(run, &written)?, manifest, &sentences)
}

pub(super) fn options(settings: &TableSettings) -> Result<AggregateOptions> {
    let period = if settings.events.is_empty() {
        settings
            .period
            .parse::<Period>()
            .map_err(|_| Error::Config(format!("unknown period \"{}\"", settings.period)))?
    } else {
        Period::Events(settings.events.clone())
    };
    Ok(AggregateOptions {
        period,
        wire: settings.wire,
        seed: settings.seed,
        resamples: settings.resamples,
        confidence: settings.confidence,
        min_articles: settings.min_articles,
        contrasts_by_period: settings.contrasts_by_period,
        ..AggregateOptions::default()
    })
}

fn save(run: &Path, manifest: &RunManifest) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(manifest).expect("a manifest is plain JSON");
    json.push(b'\n');
    report::write_atomically(&run.join(run_folder::RUN_JSON), |file| {
        file.write_all(&json).map_err(Error::io(run.join(RUN_JSON)))
    })
}

type RowWriter<'a> = csv::Writer<&'a mut dyn std::io::Write>;

fn write_rows(path: &Path, header: &[&str], rows: impl FnOnce(&mut RowWriter<'_>) -> csv::Result<()>) -> Result<()> {
    report::write_atomically(path, |file| {
        let failed = |error: csv::Error| Error::io(path)(error.into());
        file.write_all(report::BYTE_ORDER_MARK).map_err(Error::io(path))?;
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(header).map_err(failed)?;
        rows(&mut writer).map_err(failed)?;
        writer.flush().map_err(Error::io(path))
    })
}

fn rejected_row(rejected: &Rejected) -> [String; 5] {
    let row = rejected.row.map_or(String::new(), |row| row.to_string());
    let id = rejected.id.clone().unwrap_or_default();
    [guarded(&rejected.file), row, guarded(&id), rejected.reason.clone(), guarded(&rejected.detail)]
}

fn removal_row(removal: &RemovalRow) -> [String; 6] {
    let RemovalRow { article_id, rule, field, start, end, text } = removal;
    [guarded(article_id), rule.clone(), field.to_string(), start.to_string(), end.to_string(), guarded(text)]
}

fn guarded(cell: &str) -> String {
    report::guard_cell(cell).into_owned()
}

fn rfc3339(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
