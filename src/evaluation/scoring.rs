//! The models' answers on the examples: the same tokenising, batches, heads and scorers as `framescope score` uses.

use std::time::Instant;

use rand::SeedableRng;

use super::dataset::Example;
use super::task::{Aggregate, Task};
use crate::config::Config;
use crate::error::Result;
use crate::run_folder::ModelUsed;
use crate::stages::infer::checkpoint::{self, Role};
use crate::stages::infer::heads::softmax;
use crate::stages::infer::models::Manifest;
use crate::stages::infer::tokens::Tokens;
use crate::stages::infer::{Classifier, ClassifierOptions, Loaded, Scorer, batches, load_model};

/// Texts tokenised at a time: bounds memory, and is thousands of sequences so that batches stay full.
const AT_ONCE: usize = 4096;

/// What the models say of each example, in order.
pub(super) struct Answers {
    /// Examples × labels, calibrated as the manifest says.
    pub probabilities: Vec<Vec<f32>>,
    /// Examples × labels before temperature; only of a head with one label a text.
    pub logits: Option<Vec<Vec<f32>>>,
    /// Single-best frame with its share; only of frames scored text by text.
    pub best: Option<Vec<(usize, f32)>>,
    /// Cut-off of each label, from the models and the scheme.
    pub cutoffs: Vec<f32>,
    /// In force for `probabilities`.
    pub temperature: Option<f32>,
    /// Texts, sentences or pairs that went through the models, and the seconds it took, loading not counted.
    pub passed: usize,
    pub seconds: f64,
    pub models: Vec<ModelUsed>,
    pub engine: String,
}

/// Runs the head of a task with one label a text.
pub(super) fn head(
    task: Task,
    labels: &[String],
    examples: &[Example],
    config: &Config,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<Answers> {
    let manifest = Manifest::load(&config.models)?;
    let mut models = Vec::new();
    let name = if task == Task::Entailment { &manifest.pair_model } else { &manifest.sentence_model };
    let model = match (task, &config.tone_checkpoint, &config.frame_checkpoint) {
        (Task::Tone, Some(folder), _) => {
            checkpoint::load(folder, Role::Tone, (&config.engine, config.placement), &mut models)?
        }
        _ => load_model(&manifest, name, (&config.engine, config.placement), &mut models)?,
    };
    let head = model.entry.head(task.name())?;
    let columns = labels.iter().map(|label| head.column(label)).collect::<Result<Vec<_>>>()?;
    let started = Instant::now();
    let done = batches::share_of(examples.len(), progress);
    let mut logits = Vec::with_capacity(examples.len());
    for some in examples.chunks(AT_ONCE) {
        let tokens = some.iter().map(|example| tokens(&model, example)).collect::<Result<Vec<_>>>()?;
        let output = batches::run(model.engine.as_ref(), &tokens, &[&head.output], &done)?.remove(0);
        logits.extend(output.rows().map(|row| columns.iter().map(|&column| row[column]).collect::<Vec<f32>>()));
    }
    let seconds = started.elapsed().as_secs_f64();
    let cutoff = head.threshold.unwrap_or(0.5);
    Ok(Answers {
        probabilities: logits.iter().map(|row| softmax(row, head.temperature)).collect(),
        logits: Some(logits),
        best: None,
        cutoffs: vec![cutoff; labels.len()],
        temperature: Some(head.temperature),
        passed: examples.len(),
        seconds,
        engine: model.engine.name(),
        models,
    })
}

fn tokens(model: &Loaded, example: &Example) -> Result<Tokens> {
    let text = model.tokenizer.piece(&example.text)?;
    match &example.hypothesis {
        Some(hypothesis) => model.tokenizer.pair(&text, &model.tokenizer.piece(hypothesis)?),
        None => model.tokenizer.single(&text),
    }
}

/// Runs the frame scorer. `sentences[i]` are the texts of example `i`, never none; `aggregate` combines them.
pub(super) fn frames(
    sentences: &[Vec<String>],
    aggregate: Option<Aggregate>,
    config: &Config,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<Answers> {
    let mut classifier = Classifier::new(&ClassifierOptions {
        models: &config.models,
        engine: &config.engine,
        placement: config.placement,
        scorer: config.scorer,
        cascade_budget: config.cascade_budget,
        scheme: &config.scheme,
        checkpoints: config.checkpoints(),
    })?;
    let texts: Vec<&str> = sentences.iter().flatten().map(String::as_str).collect();
    let started = Instant::now();
    if config.scorer == Scorer::Student {
        classifier.teach(&lesson(&texts, config), progress)?;
    }
    let mut scores = Vec::with_capacity(texts.len());
    // The classifier scores equal texts once, so the rate counts distinct ones.
    let mut passed = 0;
    for (chunk, some) in texts.chunks(AT_ONCE).enumerate() {
        let within = |share: f64| {
            progress(((chunk * AT_ONCE) as f64 + share * some.len() as f64) / texts.len() as f64);
        };
        let (new, counted) = classifier.score(some, &within)?;
        scores.extend(new);
        passed += counted.scored as usize;
    }
    let seconds = started.elapsed().as_secs_f64();
    let best = scores.iter().map(|s| s.top_frame).collect::<Option<Vec<_>>>().filter(|_| aggregate.is_none());
    let mut rest = scores.into_iter().map(|s| s.frames);
    let probabilities = sentences.iter().map(|own| combined(rest.by_ref().take(own.len()), aggregate)).collect();
    Ok(Answers {
        probabilities,
        logits: None,
        best,
        cutoffs: classifier.thresholds().frames.clone(),
        temperature: None,
        passed,
        seconds,
        engine: classifier.engine(),
        models: classifier.models().to_vec(),
    })
}

/// At most half of the texts, at random: the other half is scored by a student that has not seen it.
fn lesson<'a>(texts: &[&'a str], config: &Config) -> Vec<&'a str> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(config.tables.seed);
    let count = (texts.len() / 2).clamp(1, config.student_sample).min(texts.len());
    rand::seq::index::sample(&mut random, texts.len(), count).into_iter().map(|at| texts[at]).collect()
}

/// Frame by frame over the sentences of one example.
fn combined(sentences: impl Iterator<Item = Vec<f32>>, aggregate: Option<Aggregate>) -> Vec<f32> {
    let mut n = 0.0;
    let mut all: Vec<f32> = Vec::new();
    for sentence in sentences {
        n += 1.0;
        if all.is_empty() {
            all = sentence;
            continue;
        }
        for (total, value) in all.iter_mut().zip(sentence) {
            *total = if aggregate == Some(Aggregate::Mean) { *total + value } else { total.max(value) };
        }
    }
    if aggregate == Some(Aggregate::Mean) {
        all.iter_mut().for_each(|total| *total /= n);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_an_article_are_combined_frame_by_frame() {
        let sentences = || vec![vec![0.2, 0.9], vec![0.6, 0.1]].into_iter();
        assert_eq!(combined(sentences(), Some(Aggregate::Max)), [0.6, 0.9]);
        assert_eq!(combined(sentences(), Some(Aggregate::Mean)), [0.4, 0.5]);
        assert_eq!(combined(sentences().take(1), None), [0.2, 0.9]);
    }
}
