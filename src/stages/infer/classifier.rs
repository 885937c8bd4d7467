//! Tone, loaded language and frames of a sentence, from one or two models behind the engine seam.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::batches;
use super::frames::{CrossScorer, EmbeddingScorer, FrameReading, Scheme};
use super::heads::softmax;
use super::memo::Memo;
use super::models::{Manifest, ModelEntry};
use super::tokens::{Piece, TextTokenizer, Tokens};
use crate::engines::{Engine, embedded::Embedded, fake::Fake};
use crate::error::{Error, Result};
use crate::record::Scores;
use crate::run_folder::{ModelUsed, Thresholds};

/// How frames are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// A cross-encoder reads sentence and hypothesis together: one pass a sentence and hypothesis.
    Cross,
    /// Sentence vector against frame vectors: one pass a sentence, whatever the number of frames.
    Embedding,
}

impl Scorer {
    pub const NAMES: &'static [&'static str] = &["cross", "embedding"];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cross => "cross",
            Self::Embedding => "embedding",
        }
    }
}

/// Which engine, scorer and scheme.
pub struct ClassifierOptions<'a> {
    /// Folder with `manifest.toml`.
    pub models: &'a Path,
    /// `embedded`, or `fake` for tests.
    pub engine: &'a str,
    pub scorer: Scorer,
    pub scheme: &'a Scheme,
}

/// Scores sentences. Each distinct sentence goes through the models once in the classifier's life.
pub struct Classifier {
    sentence: Loaded,
    /// Present only when the frames are read by a model of their own.
    second: Option<Loaded>,
    frames: FrameScorer,
    thresholds: Thresholds,
    used: Vec<ModelUsed>,
    memo: Mutex<Memo>,
}

enum FrameScorer {
    Cross(CrossScorer),
    Embedding(EmbeddingScorer),
}

/// A verified model with its engine and tokenizer.
pub(crate) struct Loaded {
    pub(crate) entry: ModelEntry,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) tokenizer: TextTokenizer,
}

/// Texts of a call that are not in the memo yet, each once.
struct Fresh<'a> {
    keys: Vec<[u8; 16]>,
    texts: Vec<&'a str>,
}

impl Classifier {
    /// Verifies and loads the models that the scorer needs.
    ///
    /// # Errors
    /// A model that is missing or is not what the manifest says, or a head that lacks a label.
    pub fn new(options: &ClassifierOptions<'_>) -> Result<Self> {
        let manifest = Manifest::load(options.models)?;
        let mut used = Vec::new();
        let mut load = |name: &str| load_model(&manifest, name, options.engine, &mut used);
        let sentence = load(&manifest.sentence_model)?;
        let (second, frames, threshold) = match options.scorer {
            Scorer::Cross => {
                let pair = (manifest.pair_model != manifest.sentence_model).then(|| load(&manifest.pair_model));
                let pair = pair.transpose()?;
                let model = pair.as_ref().unwrap_or(&sentence);
                let head = model.entry.head("frames")?;
                let scorer = CrossScorer::new(options.scheme, head, &model.tokenizer)?;
                let threshold = head.threshold.unwrap_or(0.5);
                (pair, FrameScorer::Cross(scorer), threshold)
            }
            Scorer::Embedding => {
                let second = (manifest.vector_model != manifest.sentence_model).then(|| load(&manifest.vector_model));
                let second = second.transpose()?;
                let model = second.as_ref().unwrap_or(&sentence);
                let entry = model.entry.embedding.as_ref().ok_or_else(|| {
                    Error::Config(format!("model {} has no sentence vectors; use --scorer cross", model.entry.name))
                })?;
                let scorer = EmbeddingScorer::new(options.scheme, entry, model.engine.as_ref(), &model.tokenizer)?;
                let threshold = entry.threshold;
                (second, FrameScorer::Embedding(scorer), threshold)
            }
        };
        let thresholds = Thresholds {
            loaded: sentence.entry.head("loaded")?.threshold.unwrap_or(0.5),
            frames: options.scheme.frames.iter().map(|f| f.threshold.unwrap_or(threshold)).collect(),
        };
        for (task, labels) in [("tone", &["negative", "neutral", "positive"][..]), ("loaded", &["loaded"][..])] {
            labels.iter().try_for_each(|label| sentence.entry.head(task)?.column(label).map(drop))?;
        }
        Ok(Self { sentence, second, frames, thresholds, used, memo: Mutex::default() })
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
        match &self.frames {
            FrameScorer::Cross(scorer) => 1 + scorer.pairs_per_sentence(),
            FrameScorer::Embedding(_) => 1 + usize::from(self.second.is_some()),
        }
    }

    /// One `Scores` a text, in order, and how many distinct texts were new. `progress` is told the share done, 0..=1.
    pub fn score(&self, texts: &[&str], progress: &(dyn Fn(f64) + Sync)) -> Result<(Vec<Scores>, u64)> {
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
        for (key, scores) in fresh.keys.iter().zip(self.score_new(&fresh.texts, progress)?) {
            memo.insert(*key, scores.clone());
            known.insert(*key, scores);
        }
        Ok((keys.iter().map(|key| known[key].clone()).collect(), fresh.texts.len() as u64))
    }

    fn score_new(&self, texts: &[&str], progress: &(dyn Fn(f64) + Sync)) -> Result<Vec<Scores>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let total = texts.len() * self.passes_per_sentence();
        let passed = std::sync::atomic::AtomicUsize::new(0);
        let done = |rows: usize| {
            let before = passed.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
            progress((before + rows) as f64 / total as f64);
        };
        let model = &self.sentence;
        let pieces = texts.iter().map(|text| model.tokenizer.piece(text)).collect::<Result<Vec<Piece>>>()?;
        let singles = pieces.iter().map(|p| model.tokenizer.single(p)).collect::<Result<Vec<Tokens>>>()?;
        let (tone, loaded) = (model.entry.head("tone")?, model.entry.head("loaded")?);
        let mut outputs = vec![tone.output.as_str(), loaded.output.as_str()];
        let shared = self.second.is_none().then_some(model.entry.embedding.as_ref()).flatten();
        if let (FrameScorer::Embedding(_), Some(embedding)) = (&self.frames, shared) {
            outputs.push(&embedding.output);
        }
        let results = batches::run(model.engine.as_ref(), &singles, &outputs, &done)?;
        let readings = match &self.frames {
            FrameScorer::Embedding(scorer) => match &self.second {
                None => results[2].rows().map(|vector| scorer.read(vector)).collect(),
                Some(vectors) => score_vectors(scorer, vectors, texts, &done)?,
            },
            FrameScorer::Cross(scorer) => self.score_pairs(scorer, texts, &pieces, &done)?,
        };
        let columns = ["negative", "neutral", "positive"].map(|label| tone.column(label).unwrap_or_default());
        let loaded_column = loaded.column("loaded")?;
        let scores = results[0].rows().zip(results[1].rows()).zip(readings).map(|((tones, loadeds), reading)| {
            let tones = softmax(tones, tone.temperature);
            let FrameReading { probabilities, top } = reading;
            let loaded = softmax(loadeds, loaded.temperature)[loaded_column];
            Scores { tone: columns.map(|c| tones[c]), loaded, frames: probabilities, top_frame: top }
        });
        Ok(scores.collect())
    }

    /// The sentence model's pieces serve the pair model too, when they are one model.
    fn score_pairs(
        &self,
        scorer: &CrossScorer,
        texts: &[&str],
        pieces: &[Piece],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<FrameReading>> {
        let Some(pair) = &self.second else {
            return scorer.score(self.sentence.engine.as_ref(), &self.sentence.tokenizer, pieces, done);
        };
        let pieces = texts.iter().map(|text| pair.tokenizer.piece(text)).collect::<Result<Vec<Piece>>>()?;
        scorer.score(pair.engine.as_ref(), &pair.tokenizer, &pieces, done)
    }
}

fn score_vectors(
    scorer: &EmbeddingScorer,
    model: &Loaded,
    texts: &[&str],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<FrameReading>> {
    let singles = texts.iter().map(|text| model.tokenizer.single(&model.tokenizer.piece(text)?));
    let output = &model.entry.embedding.as_ref().expect("checked when the scorer was made").output;
    let vectors = batches::run(model.engine.as_ref(), &singles.collect::<Result<Vec<Tokens>>>()?, &[output], done)?;
    Ok(vectors[0].rows().map(|vector| scorer.read(vector)).collect())
}

pub(crate) fn load_model(manifest: &Manifest, name: &str, engine: &str, used: &mut Vec<ModelUsed>) -> Result<Loaded> {
    let entry = manifest.model(name)?.clone();
    let tokenizer = TextTokenizer::load(&manifest.path(&entry.tokenizer), entry.max_tokens)?;
    let engine: Arc<dyn Engine> = match engine {
        "embedded" => {
            manifest.require_verified(&entry)?;
            Arc::new(Embedded::load(&manifest.path(&entry.file))?)
        }
        "fake" => {
            let heads = entry.heads.values().map(|head| (head.output.clone(), head.labels.len()));
            let embedding = entry.embedding.iter().map(|e| (e.output.clone(), e.width));
            Arc::new(Fake::new(heads.chain(embedding).collect()))
        }
        other => return Err(Error::Config(crate::error::unknown("engine", other, ["embedded"]))),
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
