//! Joins the stages: reads, cleans and segments ahead while the models score, a chunk of articles at a time, with a
//! checkpoint after each. Memory is bounded by a few chunks, whatever the size of the collection.

mod checkpoint;
mod comparison;
mod finish;
mod hold;
mod inspection;
mod lesson;
mod output;
mod prepare;
mod sentence_table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Instant;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::run_folder::{Counts, RunManifest};
use crate::stages::infer::{Cache, Classifier, ClassifierOptions, Scorer, lexicon};

pub use checkpoint::{Interrupted, finished_chunks};
pub use comparison::{
    Compared, ComparedTerm, Comparison, Correction, Difference, Estimate, OutletListed, Published, SameStory,
    outlets_of,
};
pub use finish::rebuild;
pub use inspection::Inspection;
use prepare::Stretch;
pub use prepare::{Preparation, Prepared};
pub use sentence_table::{Scored, ScoredArticle, sentence_table};

use checkpoint::{Checkpoint, ChunkAccount, fingerprint};
use lesson::{Learnt, Sample};

/// Told how a run goes on; the command line shows it as a bar.
pub trait Progress: Sync {
    /// What is being done now.
    fn stage(&self, name: &str);
    /// Bytes of input done, of how many; articles and sentences so far.
    fn advance(&self, bytes: u64, of: u64, articles: u64, sentences: u64);
}

/// A run to make.
pub struct Job<'a> {
    pub config: &'a Config,
    pub inputs: &'a [PathBuf],
    pub output: &'a Path,
    pub interrupted: Interrupted,
    /// As typed, for `run.json`.
    pub command: Vec<String>,
}

/// What came of it.
pub struct Outcome {
    pub counts: Counts,
    pub manifest: RunManifest,
}

/// Scores a collection into a run folder.
///
/// # Errors
/// An output that cannot be written, a model that cannot be used, an input that cannot be opened: all found before the
/// first sentence is scored. A bad record never is an error: it is listed in `rejected.csv`.
pub fn score(job: &Job<'_>, progress: &dyn Progress) -> Result<Outcome> {
    let started = chrono::Utc::now();
    let _held = output::prepare(job.output, job.inputs)?;
    let workers = rayon::ThreadPoolBuilder::new()
        .num_threads(job.config.threads)
        .build()
        .map_err(|e| Error::Engine(format!("threads: {e}")))?;
    progress.stage("loading models");
    let mut setup = Setup::new(job.config)?;
    let preparation = Preparation::new(job.config)?;
    let checkpoint = Checkpoint::open(job.output, &setup.plan(job), job.interrupted)?;
    let learnt = (job.config.scorer == Scorer::Student)
        .then(|| learnt(job, &mut setup, &preparation, &checkpoint, &workers, progress))
        .transpose()?;
    if let Some(folder) = &job.config.cache {
        let most = job.config.cache_megabytes as u64 * 1_000_000;
        let cache = Cache::open(folder, &setup.classifier.identity(), most);
        setup.classifier.use_cache(cache);
    }
    progress.stage("scoring");
    let sample = learnt.as_ref().map(Learnt::sample);
    let scoring = Scoring { setup: &setup, sample: sample.as_ref() };
    let read = score_chunks(job, scoring, preparation, &checkpoint, &workers, progress)?;
    progress.stage("tables");
    let nothing = nothing_scored(job, &checkpoint, read.chunks)?;
    let run = finish::Finished { job, setup: &setup, checkpoint: &checkpoint, learnt: learnt.as_ref(), read, started };
    match (workers.install(|| run.write()), nothing) {
        (Ok(manifest), _) => Ok(Outcome { counts: manifest.counts, manifest }),
        // There is nothing to go on with, either.
        (Err(_), Some(nothing)) => checkpoint.remove().and(Err(nothing)),
        (Err(error), None) => Err(error),
    }
}

/// Taught now, or as an interrupted run was.
fn learnt(
    job: &Job<'_>,
    setup: &mut Setup,
    preparation: &Preparation,
    checkpoint: &Checkpoint,
    workers: &rayon::ThreadPool,
    progress: &dyn Progress,
) -> Result<Learnt> {
    if let Some(learnt) = checkpoint.learnt()? {
        setup.classifier.set_student(learnt.student.clone());
        return Ok(learnt);
    }
    let learnt = lesson::learn(job, setup, preparation, workers, progress)?;
    checkpoint.store_learnt(&learnt)?;
    Ok(learnt)
}

/// What to say of a collection of which every record was rejected: without articles there are no tables.
fn nothing_scored(job: &Job<'_>, checkpoint: &Checkpoint, chunks: usize) -> Result<Option<Error>> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for chunk in 0..chunks {
        let account = checkpoint.account(chunk)?;
        if account.articles > 0 {
            return Ok(None);
        }
        account.rejected.into_iter().for_each(|rejected| *reasons.entry(rejected.reason).or_default() += 1);
    }
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    let reason =
        format!("no article could be scored ({}); rejected.csv there lists each with the reason", reasons.join(", "));
    Ok(Some(Error::Run { path: job.output.to_owned(), reason }))
}

/// Models, lexicon and scheme in force.
pub(crate) struct Setup {
    pub classifier: Classifier,
    pub lexicon: lexicon::Lexicon,
    pub frames: Vec<String>,
    lexicon_fingerprint: String,
}

impl Setup {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let classifier = Classifier::new(&ClassifierOptions {
            models: &config.models,
            engine: &config.engine,
            placement: config.placement,
            scorer: config.scorer,
            cascade_budget: config.cascade_budget,
            scheme: &config.scheme,
            checkpoints: config.checkpoints(),
        })?;
        let mut texts = Vec::new();
        if config.built_in_lexicon {
            texts.push((lexicon::BUILT_IN.to_owned(), "built-in".to_owned()));
        }
        for path in &config.lexicon {
            texts.push((std::fs::read_to_string(path).map_err(Error::io(path))?, path.display().to_string()));
        }
        let mut entries = Vec::new();
        for (text, origin) in &texts {
            entries.extend(lexicon::parse(text, origin)?);
        }
        let all: String = texts.iter().map(|(text, _)| text.as_str()).collect();
        Ok(Self {
            classifier,
            lexicon: lexicon::Lexicon::new(entries)?,
            frames: config.scheme.frames.iter().map(|f| f.name.clone()).collect(),
            lexicon_fingerprint: fingerprint(&all),
        })
    }

    /// Everything that the rows of a chunk depend on.
    fn plan(&self, job: &Job<'_>) -> serde_json::Value {
        let config = job.config;
        let models: Vec<_> = self.classifier.models().iter().map(|m| m.sha256.clone()).collect();
        let rules = config.rules.as_ref().map(|path| std::fs::read_to_string(path).unwrap_or_default());
        serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "inputs": job.inputs,
            "input files": output::input_sizes(job.inputs),
            "models": models,
            "engine": config.engine,
            "placement": config.placement,
            "checkpoints": [config.tone_checkpoint, config.frame_checkpoint],
            "scorer": config.scorer,
            "scorer settings": match config.scorer {
                Scorer::Cascade => serde_json::json!(config.cascade_budget),
                Scorer::Student => serde_json::json!([config.student_sample, config.tables.seed]),
                Scorer::Cross | Scorer::Embedding => serde_json::Value::Null,
            },
            "frames": fingerprint(&format!("{:?}", config.scheme)),
            "lexicon": self.lexicon_fingerprint,
            "map": config.map,
            "aliases": config.aliases.as_ref().map(|path| fingerprint(&std::fs::read_to_string(path).unwrap_or_default())),
            "language": config.language,
            "rules": [fingerprint(&rules.unwrap_or_default()), config.disabled_rules.join(",")],
            "chunk": config.chunk,
        })
    }
}

/// How far reading got.
struct Read {
    chunks: usize,
    inputs: Vec<crate::run_folder::InputUsed>,
    notes: Vec<String>,
}

/// What turns a chunk into rows.
#[derive(Clone, Copy)]
struct Scoring<'a> {
    setup: &'a Setup,
    /// Of a run whose scorer learns from a sample.
    sample: Option<&'a Sample<'a>>,
}

/// One thread reads ahead, and cleans and segments on the worker pool; this one scores and stores.
fn score_chunks(
    job: &Job<'_>,
    scoring: Scoring<'_>,
    preparation: Preparation,
    checkpoint: &Checkpoint,
    workers: &rayon::ThreadPool,
    progress: &dyn Progress,
) -> Result<Read> {
    let done = checkpoint.finished();
    let mut reader = preparation.open(job.inputs)?;
    let (sender, receiver) = mpsc::sync_channel::<Prepared>(1);
    std::thread::scope(|scope| {
        let preparing = scope.spawn(move || {
            let (mut chunks, mut start) = (0, 0);
            while let Some(records) = reader.records(job.config.chunk) {
                chunks += 1;
                let (end, of) = reader.position();
                if chunks > done {
                    let stretch = Stretch { start, end, of };
                    let prepared = workers.install(|| preparation.prepare(records, stretch));
                    if sender.send(prepared).is_err() {
                        break;
                    }
                }
                start = end;
            }
            Read { chunks, inputs: reader.inputs(), notes: reader.notes() }
        });
        let mut totals = (0, 0);
        for chunk in 0..done {
            let account = checkpoint.account(chunk)?;
            totals = (totals.0 + account.articles, totals.1 + account.sentences);
        }
        for (number, prepared) in receiver.iter().enumerate() {
            let Stretch { start, end, of } = prepared.stretch;
            let (articles, sentences) = (prepared.articles.len() as u64, prepared.sentences() as u64);
            let within = |share: f64| {
                let part = |whole: u64| (whole as f64 * share) as u64;
                let bytes = start + part(end.saturating_sub(start));
                progress.advance(bytes, of, totals.0 + part(articles), totals.1 + part(sentences));
            };
            let (mut rows, account) = workers.install(|| score_chunk(scoring, prepared, &within))?;
            checkpoint.store(done + number, &mut rows, &account)?;
            totals = (totals.0 + articles, totals.1 + sentences);
            progress.advance(end, of, totals.0, totals.1);
        }
        Ok(preparing.join().expect("reading and cleaning report errors, they do not panic"))
    })
}

fn score_chunk(
    Scoring { setup, sample }: Scoring<'_>,
    prepared: Prepared,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<(polars::frame::DataFrame, ChunkAccount)> {
    let started = Instant::now();
    let Prepared { articles, mut account, .. } = prepared;
    let texts: Vec<&str> = articles.iter().flat_map(|a| a.sentences.iter().map(|s| s.text.as_str())).collect();
    let (scores, passed) = setup.classifier.score(&texts, progress)?;
    let mut scores = scores.into_iter();
    let scored: Vec<ScoredArticle> = articles
        .into_iter()
        .map(|prepared| {
            let sentences = prepared.sentences.into_iter().zip(scores.by_ref());
            let sentences = sentences.map(|(sentence, scores)| {
                let drawn = sample.and_then(|sample| sample.get(&(prepared.article.id.as_str(), sentence.index)));
                let scored = with_terms(sentence, scores, &setup.lexicon);
                match drawn {
                    Some(drawn) => drawn.in_place_of(scored),
                    None => scored,
                }
            });
            ScoredArticle { sentences: sentences.collect(), article: prepared.article, agency: prepared.agency }
        })
        .collect();
    account.distinct_sentences = passed.scored;
    account.cached_sentences = passed.cached;
    let rows = sentence_table(&scored, &setup.frames, sample.is_some())?;
    account.seconds.insert("infer".into(), started.elapsed().as_secs_f64());
    Ok((rows, account))
}

/// Adds what the lexicon says of a sentence.
pub(crate) fn with_terms(
    sentence: crate::record::Sentence,
    scores: crate::record::Scores,
    lexicon: &lexicon::Lexicon,
) -> Scored {
    let terms = lexicon.find(&sentence);
    let (n_tokens, n_tokens_quoted) = lexicon::count_words(&sentence);
    Scored { sentence, scores, cross: None, terms, n_tokens, n_tokens_quoted }
}

/// Seconds by stage, added up.
pub(crate) fn add_seconds(total: &mut BTreeMap<String, f64>, part: &BTreeMap<String, f64>) {
    for (stage, seconds) in part {
        *total.entry(stage.clone()).or_default() += seconds;
    }
}
