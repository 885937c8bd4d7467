//! Measures the classifiers on labelled examples: file → [`dataset::Dataset`] → [`Outcome`] and [`Predictions`].

pub mod dataset;
pub mod metrics;

mod articles;
mod fit;
mod outcome;
mod predictions;
mod scoring;
mod task;
#[cfg(test)]
mod tests;

pub use fit::{Fit, FittedCutoff};
pub use outcome::{LabelScores, Outcome};
pub use predictions::{Predictions, PredictionsFile};
pub use task::{Aggregate, Task, Unit};

use dataset::Dataset;
use metrics::bootstrap::{self, Resampling};
use metrics::calibration::ece;
use metrics::classification::{self, LabelMatrix, accuracy, macro_f1, micro_f1};
use metrics::confusion::Confusion;
use metrics::ranking::Ranking;
use scoring::Answers;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::stages::infer::Scorer;
use crate::stages::infer::models::Manifest;

/// What to measure.
pub struct EvaluationOptions<'a> {
    pub task: Task,
    /// Models, engine, scorer, scheme, threads, resampling.
    pub config: &'a Config,
    /// Of frames.
    pub unit: Unit,
    /// In place of every cut-off of models and scheme.
    pub threshold: Option<f32>,
    /// Also fit calibration and cut-offs on these examples.
    pub fit: bool,
}

/// Scores the examples and measures the decisions. Articles that cannot be scored are taken out of the dataset and
/// counted in its `skipped`. `progress` is told the share done, 0..=1.
///
/// # Errors
/// A model that cannot be used, or options that do not go together.
pub fn evaluate(
    dataset: &mut Dataset,
    options: &EvaluationOptions<'_>,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<(Outcome, Predictions)> {
    if options.fit && options.task == Task::Frames && !dataset.multi_label {
        return Err(Error::Config("--fit with --single has nothing to fit: the best frame needs no cut-off".into()));
    }
    let workers = rayon::ThreadPoolBuilder::new()
        .num_threads(options.config.threads)
        .build()
        .map_err(|e| Error::Engine(format!("threads: {e}")))?;
    workers.install(|| {
        let mut answers = answers(dataset, options, progress)?;
        if let Some(threshold) = options.threshold {
            answers.cutoffs.fill(threshold);
        }
        measure(dataset, &answers, options)
    })
}

fn answers(
    dataset: &mut Dataset,
    options: &EvaluationOptions<'_>,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<Answers> {
    let config = options.config;
    match (options.task, options.unit) {
        (Task::Frames, Unit::Sentences(aggregate)) => {
            let sentences = articles::sentences(dataset, config)?;
            scoring::frames(&sentences, Some(aggregate), config, progress)
        }
        (Task::Frames, Unit::Text) => {
            let texts: Vec<Vec<String>> = dataset.examples.iter().map(|e| vec![e.text.clone()]).collect();
            scoring::frames(&texts, None, config, progress)
        }
        (task, _) => scoring::head(task, &dataset.labels, &dataset.examples, config, progress),
    }
}

/// The labels decided for each example.
fn decide(task: Task, multi_label: bool, answers: &Answers) -> Vec<Vec<usize>> {
    let rows = answers.probabilities.iter().enumerate();
    let decided = rows.map(|(index, row)| match (task, &answers.best) {
        (Task::Loaded, _) => vec![usize::from(row[LOADED] >= answers.cutoffs[LOADED])],
        (Task::Frames, _) if multi_label => (0..row.len()).filter(|&frame| row[frame] >= answers.cutoffs[frame]).collect(),
        (Task::Frames, Some(best)) => vec![best[index].0],
        _ => vec![fit::argmax(row)],
    });
    decided.collect()
}

/// Place of "loaded" among the labels of its task.
const LOADED: usize = 1;

/// Labels, decisions and probabilities, ready for the measures.
struct Measured<'a> {
    gold: LabelMatrix,
    decided: LabelMatrix,
    rankings: Vec<Ranking>,
    answers: &'a Answers,
}

fn measure(dataset: &Dataset, answers: &Answers, options: &EvaluationOptions<'_>) -> Result<(Outcome, Predictions)> {
    let (task, config, width) = (options.task, options.config, dataset.labels.len());
    let decided = decide(task, dataset.multi_label, answers);
    let gold = LabelMatrix::from_indices(dataset.examples.iter().map(|e| e.gold.as_slice()), width);
    let ranking = |label| {
        let scores: Vec<f32> = answers.probabilities.iter().map(|row| row[label]).collect();
        Ranking::new(&scores, &gold.column(label))
    };
    let rankings = (0..width).map(ranking).collect();
    let measured = Measured { decided: LabelMatrix::from_indices(decided.iter().map(Vec::as_slice), width), gold, rankings, answers };
    let plain = vec![1; dataset.examples.len()];
    let [accuracy, macro_f1, micro_f1, auc_mean] = measured.averages(&plain, dataset.multi_label);
    let settings = &config.tables;
    let resampling = Resampling { resamples: settings.resamples, confidence: settings.confidence, seed: settings.seed };
    let clusters: Vec<usize> = dataset.examples.iter().map(|e| e.cluster).collect();
    let [accuracy_ci, macro_f1_ci, micro_f1_ci, auc_mean_ci] =
        bootstrap::intervals(&clusters, resampling, |weights| measured.averages(weights, dataset.multi_label));
    let single: Option<Vec<usize>> = (!dataset.multi_label).then(|| dataset.examples.iter().map(|e| e.gold[0]).collect());
    let (ece, ece_uncalibrated) = measured.calibration(task, single.as_deref());
    let outcome = Outcome {
        task,
        n: dataset.examples.len(),
        accuracy,
        accuracy_ci,
        macro_f1,
        macro_f1_ci,
        micro_f1,
        micro_f1_ci,
        auc_mean,
        auc_mean_ci,
        ece,
        ece_uncalibrated,
        per_class: measured.per_label(task, dataset, &plain),
        sentences_per_second: answers.passed as f64 / answers.seconds.max(1e-9),
        confusion: single.as_deref().map(|gold| {
            Confusion::new(gold, &decided.iter().map(|d| d[0]).collect::<Vec<_>>(), width).counts
        }),
        multi_label: dataset.multi_label,
        temperature: answers.temperature,
        clusters: dataset.clusters,
        resamples: settings.resamples,
        confidence: settings.confidence,
        seed: settings.seed,
        passed: answers.passed,
        seconds: answers.seconds,
        threads: config.threads,
        unit: options.unit,
        scorer: (task == Task::Frames).then(|| config.scorer.name()),
        scheme: (task == Task::Frames).then(|| config.scheme.name.clone()),
        engine: answers.engine.clone(),
        models: answers.models.clone(),
        skipped: dataset.skipped.clone(),
        notes: notes(dataset, &measured.gold, answers, options),
        fit: options.fit.then(|| measured.fit(options, single.as_deref())).transpose()?,
    };
    Ok((outcome, Predictions { decided, probabilities: answers.probabilities.clone() }))
}

impl Measured<'_> {
    /// Accuracy, macro-F1, micro-F1, mean AUC.
    fn averages(&self, weights: &[u32], multi_label: bool) -> [Option<f64>; 4] {
        let counts = classification::counts(&self.gold, &self.decided, weights);
        let aucs = self.rankings.iter().filter_map(|ranking| ranking.auc(weights));
        let accuracy = if multi_label { None } else { accuracy(&counts) };
        [accuracy, macro_f1(&counts), micro_f1(&counts), classification::mean(aucs)]
    }

    fn per_label(&self, task: Task, dataset: &Dataset, weights: &[u32]) -> Vec<LabelScores> {
        let counts = classification::counts(&self.gold, &self.decided, weights);
        let labels = dataset.labels.iter().zip(counts).enumerate();
        let has_cutoff = |label| if task == Task::Loaded { label == LOADED } else { dataset.multi_label };
        let scores = labels.map(|(label, (name, count))| LabelScores {
            label: name.clone(),
            precision: count.precision(),
            recall: count.recall(),
            f1: count.f1(),
            support: count.support(),
            decided: count.true_positive + count.false_positive,
            auc: self.rankings[label].auc(weights),
            threshold: has_cutoff(label).then(|| self.answers.cutoffs[label]),
        });
        scores.collect()
    }

    /// Expected calibration error as calibrated, and with temperature 1 where that is known.
    fn calibration(&self, task: Task, single: Option<&[usize]>) -> (Option<f64>, Option<f64>) {
        let answers = self.answers;
        if let (Some(logits), Some(gold)) = (&answers.logits, single) {
            let loaded = (task == Task::Loaded).then_some(LOADED);
            let at = |temperature| Some(fit::head_ece(logits, gold, temperature, loaded));
            return (at(answers.temperature.map_or(1.0, f64::from)), at(1.0));
        }
        let (stated, happened): (Vec<f64>, Vec<bool>) = match (single, &answers.best) {
            (Some(gold), Some(best)) => {
                best.iter().zip(gold).map(|((frame, share), gold)| (f64::from(*share), frame == gold)).unzip()
            }
            (Some(_), None) => return (None, None),
            (None, _) => {
                let all = answers.probabilities.iter().flatten().map(|&p| f64::from(p));
                all.zip(self.gold.rows().flatten().copied()).unzip()
            }
        };
        (Some(ece(&stated, &happened)), None)
    }

    fn fit(&self, options: &EvaluationOptions<'_>, single: Option<&[usize]>) -> Result<Fit> {
        let answers = self.answers;
        if let (Some(logits), Some(gold)) = (&answers.logits, single) {
            let loaded = (options.task == Task::Loaded).then_some(LOADED);
            return Ok(fit::head(logits, gold, answers.temperature.unwrap_or(1.0), loaded));
        }
        let manifest = Manifest::load(&options.config.models)?;
        let scorer = options.config.scorer;
        let calibration = match scorer {
            Scorer::Cross => {
                let temperature = manifest.model(&manifest.pair_model)?.head("frames")?.temperature;
                fit::FrameCalibration { scorer, temperature, embedding: None }
            }
            Scorer::Embedding => {
                let embedding = manifest.model(&manifest.sentence_model)?.embedding.as_ref();
                fit::FrameCalibration { scorer, temperature: 1.0, embedding }
            }
        };
        Ok(fit::frames(answers, &self.gold, (options.unit == Unit::Text).then_some(calibration)))
    }
}

/// Percentile intervals of fewer clusters are too narrow.
const FEW: usize = 20;

/// What a reader of the numbers must know.
fn notes(dataset: &Dataset, gold: &LabelMatrix, answers: &Answers, options: &EvaluationOptions<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if answers.engine.starts_with("fake") {
        notes.push("scores are from the fake engine and mean nothing".to_owned());
    }
    let absent: Vec<&str> = (0..dataset.labels.len())
        .filter(|&label| !gold.column(label).contains(&true))
        .map(|label| dataset.labels[label].as_str())
        .collect();
    if !absent.is_empty() {
        let leave_out = if options.task == Task::Frames { "; if the file is not coded for it, leave it out with --without" } else { "" };
        notes.push(format!("no text carries {}: deciding it is always wrong here{leave_out}", absent.join(", ")));
    }
    if dataset.skipped.total() > 0 || !dataset.skipped.unknown_labels.is_empty() {
        notes.push(dataset::describe(&dataset.skipped));
    }
    if dataset.clusters < dataset.examples.len() {
        notes.push(format!("intervals resample {} clusters of {} texts", dataset.clusters, dataset.examples.len()));
    }
    if dataset.clusters < FEW {
        notes.push(format!("{} independent texts are too few for an interval to be trusted", dataset.clusters));
    }
    if options.fit {
        notes.push("fitted values are for a development set; on the set you report, they flatter".into());
    }
    notes
}
