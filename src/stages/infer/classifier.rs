//! Tone, loaded language and frames of a sentence, from one or two models behind the engine seam.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use super::batches;
use super::cache::Cache;
use super::checkpoint::{self, Role};
use super::frames::{Agreement, FrameReader, FrameReading, Scheme, Scorer, Sentences, Student};
use super::heads::softmax;
use super::memo::Memo;
use super::models::{EmbeddingEntry, Manifest, ModelEntry};
use super::tokens::{Piece, TextTokenizer, Tokens};
use crate::engines::placement::Placement;
use crate::engines::{Engine, Output, fake::Fake, open};
use crate::error::{Error, Result};
use crate::record::Scores;
use crate::run_folder::{ModelUsed, Thresholds};

/// Which engine, scorer and scheme.
pub struct ClassifierOptions<'a> {
    /// Folder with `manifest.toml`.
    pub models: &'a Path,
    /// One of [`open::NAMES`], or `fake` for tests.
    pub engine: &'a str,
    pub placement: Placement,
    pub scorer: Scorer,
    /// Most frames of a sentence that the cross-encoder reads under [`Scorer::Cascade`].
    pub cascade_budget: usize,
    pub scheme: &'a Scheme,
    /// Checkpoint folders that take the place of our own models.
    pub checkpoints: Checkpoints<'a>,
}

/// Folders of other people's classifiers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checkpoints<'a> {
    /// Reads tone.
    pub tone: Option<&'a Path>,
    /// Reads sentence and hypothesis.
    pub frames: Option<&'a Path>,
}

/// Scores sentences. Each distinct sentence goes through the models once in the classifier's life.
pub struct Classifier {
    sentence: Loaded,
    /// Present only when tone is read by a checkpoint.
    tone: Option<Loaded>,
    frames: FrameReader,
    thresholds: Thresholds,
    used: Vec<ModelUsed>,
    /// The scheme in force, as far as scores depend on it.
    scheme: String,
    memo: Mutex<Memo>,
    cache: Option<Cache>,
}

/// A verified model with its engine and tokenizer.
pub(crate) struct Loaded {
    pub(crate) entry: ModelEntry,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) tokenizer: TextTokenizer,
}

impl Loaded {
    /// # Errors
    /// A model without sentence vectors.
    pub(super) fn embedding(&self) -> Result<&EmbeddingEntry> {
        let missing =
            || Error::Config(format!("model {} has no sentence vectors; use --scorer cross", self.entry.name));
        self.entry.embedding.as_ref().ok_or_else(missing)
    }

    /// Everything that its outputs, and what is read from them, depend on.
    pub(super) fn identity(&self) -> String {
        let ModelEntry { sha256, tokenizer_sha256, max_tokens, embedding, heads, .. } = &self.entry;
        format!("{} {sha256} {tokenizer_sha256} {max_tokens} {embedding:?} {heads:?}", self.engine.name())
    }

    pub(super) fn pieces(&self, texts: &[&str]) -> Result<Vec<Piece>> {
        texts.iter().map(|text| self.tokenizer.piece(text)).collect()
    }

    /// One output of texts that stand alone.
    pub(super) fn run_alone(&self, pieces: &[Piece], output: &str, done: &(dyn Fn(usize) + Sync)) -> Result<Output> {
        let singles = pieces.iter().map(|piece| self.tokenizer.single(piece)).collect::<Result<Vec<Tokens>>>()?;
        Ok(batches::run(self.engine.as_ref(), &singles, &[output], done)?.remove(0))
    }

    /// Whether a text's tokens for one model are those for the other.
    pub(super) fn cuts_text_like(&self, other: &Self) -> bool {
        (&self.entry.tokenizer_sha256, self.entry.max_tokens) == (&other.entry.tokenizer_sha256, other.entry.max_tokens)
    }
}

/// Texts of a call that are not in the memo yet, each once.
struct Fresh<'a> {
    keys: Vec<[u8; 16]>,
    texts: Vec<&'a str>,
}

impl<'a> Fresh<'a> {
    /// Hands over those whose scores are kept; the others are left.
    fn without(self, kept: Vec<Option<Scores>>, mut take: impl FnMut([u8; 16], Scores)) -> Self {
        let mut left = Self { keys: Vec::new(), texts: Vec::new() };
        for ((key, text), kept) in self.keys.into_iter().zip(self.texts).zip(kept) {
            match kept {
                Some(scores) => take(key, scores),
                None => {
                    left.keys.push(key);
                    left.texts.push(text);
                }
            }
        }
        left
    }
}

/// What came of a lesson, text by text of the sample.
pub struct Taught {
    pub cross: Vec<FrameReading>,
    /// By heads that have not learnt from the text.
    pub student: Vec<FrameReading>,
    pub agreement: Agreement,
}

/// How the distinct texts of a call that were new to the classifier got their scores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Through the models.
    pub scored: u64,
    /// From the cache of earlier runs.
    pub cached: u64,
}

impl Classifier {
    /// Verifies and loads the models that the scorer needs.
    ///
    /// # Errors
    /// A model that is missing or is not what the manifest says, or a head that lacks a label.
    pub fn new(options: &ClassifierOptions<'_>) -> Result<Self> {
        let manifest = Manifest::load(options.models)?;
        let mut used = Vec::new();
        let by = (options.engine, options.placement);
        let mut checkpoint = |folder: Option<&Path>, role| {
            folder.map(|folder| checkpoint::load(folder, role, by, &mut used)).transpose()
        };
        let tone = checkpoint(options.checkpoints.tone, Role::Tone)?;
        let pair = checkpoint(options.checkpoints.frames, Role::Frames)?;
        let mut load = |name: &str| load_model(&manifest, name, by, &mut used);
        let sentence = load(&manifest.sentence_model)?;
        let how = (options.scorer, options.cascade_budget);
        let (frames, threshold) = FrameReader::new(how, options.scheme, &manifest, &sentence, pair, &mut load)?;
        let thresholds = Thresholds {
            loaded: sentence.entry.head("loaded")?.threshold.unwrap_or(0.5),
            frames: options.scheme.cutoffs(threshold),
        };
        for (task, labels) in [("tone", &["negative", "neutral", "positive"][..]), ("loaded", &["loaded"][..])] {
            labels.iter().try_for_each(|label| sentence.entry.head(task)?.column(label).map(drop))?;
        }
        let scheme = format!("{:?}", options.scheme.frames);
        Ok(Self { sentence, tone, frames, thresholds, used, scheme, memo: Mutex::default(), cache: None })
    }

    /// Cut-offs chosen with the models, for the tables' shares.
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// The models in use, for `run.json`.
    pub fn models(&self) -> &[ModelUsed] {
        &self.used
    }

    /// The engine in use, for `run.json`.
    pub fn engine(&self) -> String {
        self.sentence.engine.name()
    }

    /// Model passes that one new sentence costs.
    pub fn passes_per_sentence(&self) -> usize {
        1 + usize::from(self.tone.is_some()) + self.frames.passes_per_sentence()
    }

    /// Teaches the student scorer from a sample, which should be in random order.
    ///
    /// # Errors
    /// Another scorer, a sample too small to learn from, or a failure of the engine.
    pub fn teach(&mut self, sample: &[&str], progress: &(dyn Fn(f64) + Sync)) -> Result<Taught> {
        if sample.len() < Student::FEWEST {
            return Err(Error::Config(format!(
                "the student scorer has {} sentences to learn from and needs {}; use --scorer embedding or cross",
                sample.len(),
                Student::FEWEST
            )));
        }
        let model = &self.sentence;
        let pieces = model.pieces(sample)?;
        let done = batches::share_of(sample.len() * self.frames.lesson_passes(), progress);
        let shares = self.frames.shares_vectors();
        let own = shares.then(|| model.run_alone(&pieces, &model.embedding()?.output, &done));
        let own = own.transpose()?;
        let sentences = Sentences { model, texts: sample, pieces: &pieces, vectors: own.as_ref() };
        let [cross, student] = self.frames.teach(sentences, &done)?;
        Ok(Taught { agreement: Agreement::of(&student, &cross, &self.thresholds.frames), cross, student })
    }

    /// What the student has learnt, once it has.
    pub fn student(&self) -> Option<&Student> {
        self.frames.student()
    }

    /// A student that has learnt before.
    pub fn set_student(&mut self, student: Student) {
        self.frames.set_student(student);
    }

    /// Keeps scores between runs.
    pub fn use_cache(&mut self, cache: Cache) {
        self.cache = Some(cache);
    }

    /// What a reader of the run has to know of the cache.
    pub fn cache_note(&self) -> Option<String> {
        self.cache.as_ref().and_then(Cache::note)
    }

    /// Everything that a score depends on besides the text.
    pub fn identity(&self) -> String {
        let (models, thresholds) = (self.frames.identity(), &self.thresholds.frames);
        let tone = self.tone.as_ref().map(|model| format!(" tone {}", model.identity())).unwrap_or_default();
        let sentence = self.sentence.identity();
        format!("{} {sentence}{tone} {models} {} {thresholds:?}", env!("CARGO_PKG_VERSION"), self.scheme)
    }

    /// One `Scores` a text, in order. `progress` is told the share done, 0..=1.
    pub fn score(&self, texts: &[&str], progress: &(dyn Fn(f64) + Sync)) -> Result<(Vec<Scores>, Passed)> {
        let keys: Vec<[u8; 16]> = texts.iter().map(|text| Memo::key(text)).collect();
        let mut memo = self.memo.lock().expect("no scorer panics while it holds the memo");
        let mut known: FxHashMap<[u8; 16], Scores> = FxHashMap::default();
        let mut fresh = Fresh { keys: Vec::new(), texts: Vec::new() };
        let mut seen = rustc_hash::FxHashSet::default();
        for (key, text) in keys.iter().zip(texts).filter(|(key, _)| seen.insert(**key)) {
            if let Some(scores) = memo.get(key) {
                known.insert(*key, scores.clone());
            } else {
                fresh.keys.push(*key);
                fresh.texts.push(text);
            }
        }
        let mut passed = Passed::default();
        if let Some(cache) = &self.cache {
            let kept = cache.get(&fresh.keys);
            passed.cached = kept.iter().flatten().count() as u64;
            fresh = fresh.without(kept, |key, scores| {
                memo.insert(key, scores.clone());
                known.insert(key, scores);
            });
        }
        passed.scored = fresh.texts.len() as u64;
        let scored = self.score_new(&fresh.texts, progress)?;
        if let Some(cache) = self.cache.as_ref().filter(|_| !scored.is_empty()) {
            cache.put(fresh.keys.iter().zip(&scored));
        }
        for (key, scores) in fresh.keys.iter().zip(scored) {
            memo.insert(*key, scores.clone());
            known.insert(*key, scores);
        }
        Ok((keys.iter().map(|key| known[key].clone()).collect(), passed))
    }

    fn score_new(&self, texts: &[&str], progress: &(dyn Fn(f64) + Sync)) -> Result<Vec<Scores>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let done = batches::share_of(texts.len() * self.passes_per_sentence(), progress);
        let model = &self.sentence;
        let pieces = model.pieces(texts)?;
        let singles = pieces.iter().map(|p| model.tokenizer.single(p)).collect::<Result<Vec<Tokens>>>()?;
        let (tone, loaded) = (model.entry.head("tone")?, model.entry.head("loaded")?);
        let mut outputs = vec![tone.output.as_str(), loaded.output.as_str()];
        if self.frames.shares_vectors() {
            outputs.push(&model.embedding()?.output);
        }
        let results = batches::run(model.engine.as_ref(), &singles, &outputs, &done)?;
        let sentences = Sentences { model, texts, pieces: &pieces, vectors: results.get(2) };
        let readings = self.frames.read(sentences, &done)?;
        let apart = self.tone.as_ref().map(|model| score_tone(model, texts, &done)).transpose()?;
        let tone = self.tone.as_ref().map_or(Ok(tone), |model| model.entry.head("tone"))?;
        // A checkpoint of two classes knows no neutral.
        let columns = ["negative", "neutral", "positive"].map(|label| tone.column(label).ok());
        let loaded_column = loaded.column("loaded")?;
        let scores = apart.as_ref().unwrap_or(&results[0]).rows().zip(results[1].rows()).zip(readings).map(
            |((tones, loadeds), reading)| {
                let tones = softmax(tones, tone.temperature);
                let FrameReading { probabilities, top } = reading;
                let loaded = softmax(loadeds, loaded.temperature)[loaded_column];
                Scores {
                    tone: columns.map(|c| c.map_or(0.0, |c| tones[c])),
                    loaded,
                    frames: probabilities,
                    top_frame: top,
                }
            },
        );
        Ok(scores.collect())
    }
}

/// Unit-length sentence vectors of the models folder's vector model, by the embedded engine.
///
/// # Errors
/// A model that is missing, is not what the manifest says, or has no vectors.
pub fn vectors(models: &Path, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
    let manifest = Manifest::load(models)?;
    let model = load_model(&manifest, &manifest.vector_model, ("embedded", Placement::default()), &mut Vec::new())?;
    let vectors = model.run_alone(&model.pieces(texts)?, &model.embedding()?.output, &|_| {})?;
    Ok(vectors.rows().map(<[f32]>::to_vec).collect())
}

fn score_tone(model: &Loaded, texts: &[&str], done: &(dyn Fn(usize) + Sync)) -> Result<Output> {
    model.run_alone(&model.pieces(texts)?, &model.entry.head("tone")?.output, done)
}

/// `by`: the engine's name, and where it computes.
pub(crate) fn load_model(
    manifest: &Manifest,
    name: &str,
    by: (&str, Placement),
    used: &mut Vec<ModelUsed>,
) -> Result<Loaded> {
    let entry = manifest.model(name)?.clone();
    let tokenizer = TextTokenizer::load(&manifest.path(&entry.tokenizer), entry.max_tokens)?;
    let engine: Arc<dyn Engine> = match by.0 {
        "fake" => {
            let heads = entry.heads.values().map(|head| (head.output.clone(), head.labels.len()));
            let embedding = entry.embedding.iter().map(|e| (e.output.clone(), e.width));
            Arc::new(Fake::new(heads.chain(embedding).collect()))
        }
        engine => {
            manifest.require_verified(&entry)?;
            open::open(engine, &manifest.path(&entry.file), by.1)?
        }
    };
    let missing = |output: &String| !engine.outputs().contains(output);
    if let Some(head) = entry.heads.values().find(|head| missing(&head.output)) {
        let reason = format!("has no output {} that the manifest names", head.output);
        return Err(Error::Model { path: manifest.path(&entry.file), reason });
    }
    used.push(ModelUsed {
        name: entry.name.clone(),
        file: entry.file.display().to_string(),
        sha256: entry.sha256.clone(),
        licence: entry.licence.clone(),
        measured: entry.measured.clone(),
    });
    Ok(Loaded { entry, engine, tokenizer })
}
