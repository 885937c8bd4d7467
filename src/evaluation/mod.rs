//! Measures the classifiers on labelled examples: file → [`dataset::Dataset`] → [`Outcome`] and [`Predictions`].

pub mod dataset;
pub mod metrics;

mod articles;
mod fit;
mod measured;
mod notes;
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
use scoring::Answers;

use crate::config::Config;
use crate::error::{Error, Result};

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
        measured::measure(dataset, &answers, options)
    })
}

fn answers(dataset: &mut Dataset, options: &EvaluationOptions<'_>, progress: &(dyn Fn(f64) + Sync)) -> Result<Answers> {
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
