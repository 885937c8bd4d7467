//! From answers to measures.

use super::dataset::Dataset;
use super::metrics::bootstrap::{self, Resampling};
use super::metrics::calibration::ece;
use super::metrics::classification::{self, LabelMatrix, accuracy, macro_f1, micro_f1};
use super::metrics::confusion::Confusion;
use super::metrics::ranking::Ranking;
use super::notes::notes;
use super::scoring::Answers;
use super::{EvaluationOptions, LabelScores, Outcome, Predictions, Task, Unit, fit};
use crate::error::Result;
use crate::stages::infer::Scorer;
use crate::stages::infer::models::Manifest;

/// The labels decided for each example.
fn decide(task: Task, multi_label: bool, answers: &Answers) -> Vec<Vec<usize>> {
    let rows = answers.probabilities.iter().enumerate();
    let decided = rows.map(|(index, row)| match (task, &answers.best) {
        (Task::Loaded, _) => vec![usize::from(row[LOADED] >= answers.cutoffs[LOADED])],
        (Task::Frames, _) if multi_label => {
            (0..row.len()).filter(|&frame| row[frame] >= answers.cutoffs[frame]).collect()
        }
        (Task::Frames, Some(best)) => vec![best[index].0],
        _ => vec![fit::argmax(row)],
    });
    decided.collect()
}

/// Place of "loaded" among the labels of its task.
pub(super) const LOADED: usize = 1;

/// Labels, decisions and rankings, ready for the measures.
struct Measured<'a> {
    dataset: &'a Dataset,
    answers: &'a Answers,
    options: &'a EvaluationOptions<'a>,
    gold: LabelMatrix,
    /// The one label of each example; `None` for multi-label.
    single: Option<Vec<usize>>,
    decided: LabelMatrix,
    rankings: Vec<Ranking>,
}

/// Every measure, with intervals.
pub(super) fn measure(
    dataset: &Dataset,
    answers: &Answers,
    options: &EvaluationOptions<'_>,
) -> Result<(Outcome, Predictions)> {
    let decided = decide(options.task, dataset.multi_label, answers);
    let measured = Measured::new(dataset, answers, &decided, options);
    let (config, settings) = (options.config, &options.config.tables);
    let plain = vec![1; dataset.examples.len()];
    let [accuracy, macro_f1, micro_f1, auc_mean] = measured.averages(&plain);
    let [accuracy_ci, macro_f1_ci, micro_f1_ci, auc_mean_ci] = measured.intervals();
    let (ece, ece_uncalibrated) = measured.calibration();
    let frames = options.task == Task::Frames;
    let outcome = Outcome {
        task: options.task,
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
        per_class: measured.per_label(&plain),
        sentences_per_second: answers.passed as f64 / answers.seconds.max(1e-9),
        confusion: measured.confusion(&decided),
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
        scorer: frames.then(|| config.scorer.name()),
        scheme: frames.then(|| config.scheme.name.clone()),
        engine: answers.engine.clone(),
        models: answers.models.clone(),
        skipped: dataset.skipped.clone(),
        notes: notes(dataset, &measured.gold, answers, options),
        fit: options.fit.then(|| measured.fit()).transpose()?,
    };
    Ok((outcome, Predictions { decided, probabilities: answers.probabilities.clone() }))
}

impl<'a> Measured<'a> {
    fn new(
        dataset: &'a Dataset,
        answers: &'a Answers,
        decided: &[Vec<usize>],
        options: &'a EvaluationOptions<'a>,
    ) -> Self {
        let width = dataset.labels.len();
        let gold = LabelMatrix::from_indices(dataset.examples.iter().map(|e| e.gold.as_slice()), width);
        let ranking = |label| {
            let scores: Vec<f32> = answers.probabilities.iter().map(|row| row[label]).collect();
            Ranking::new(&scores, &gold.column(label))
        };
        let rankings = (0..width).map(ranking).collect();
        let decided = LabelMatrix::from_indices(decided.iter().map(Vec::as_slice), width);
        let single = (!dataset.multi_label).then(|| dataset.examples.iter().map(|e| e.gold[0]).collect());
        Self { dataset, answers, options, gold, single, decided, rankings }
    }

    /// Accuracy, macro-F1, micro-F1, mean AUC.
    fn averages(&self, weights: &[u32]) -> [Option<f64>; 4] {
        let counts = classification::counts(&self.gold, &self.decided, weights);
        let aucs = self.rankings.iter().filter_map(|ranking| ranking.auc(weights));
        let accuracy = if self.dataset.multi_label { None } else { accuracy(&counts) };
        [accuracy, macro_f1(&counts), micro_f1(&counts), classification::mean(aucs)]
    }

    fn intervals(&self) -> [Option<[f64; 2]>; 4] {
        let settings = &self.options.config.tables;
        let resampling =
            Resampling { resamples: settings.resamples, confidence: settings.confidence, seed: settings.seed };
        let clusters: Vec<usize> = self.dataset.examples.iter().map(|e| e.cluster).collect();
        bootstrap::intervals(&clusters, resampling, |weights| self.averages(weights))
    }

    fn confusion(&self, decided: &[Vec<usize>]) -> Option<Vec<Vec<u64>>> {
        let decided: Vec<usize> = decided.iter().filter_map(|labels| labels.first().copied()).collect();
        let gold = self.single.as_deref()?;
        Some(Confusion::new(gold, &decided, self.dataset.labels.len()).counts)
    }

    fn per_label(&self, weights: &[u32]) -> Vec<LabelScores> {
        let (task, dataset) = (self.options.task, self.dataset);
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
    fn calibration(&self) -> (Option<f64>, Option<f64>) {
        let (answers, single) = (self.answers, self.single.as_deref());
        if let (Some(logits), Some(gold)) = (&answers.logits, single) {
            let loaded = (self.options.task == Task::Loaded).then_some(LOADED);
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

    fn fit(&self) -> Result<fit::Fit> {
        let (answers, options) = (self.answers, self.options);
        if let (Some(logits), Some(gold)) = (&answers.logits, &self.single) {
            let loaded = (options.task == Task::Loaded).then_some(LOADED);
            return Ok(fit::head(logits, gold, answers.temperature.unwrap_or(1.0), loaded));
        }
        let manifest = Manifest::load(&options.config.models)?;
        let calibration = match options.config.scorer {
            // Weighed together with the vectors, which models/training/stack.py fits; and a checkpoint has no manifest to put it in.
            Scorer::Cross if manifest.stacked.is_some() || options.config.frame_checkpoint.is_some() => None,
            Scorer::Cross => Some(fit::FrameCalibration::Cross(manifest.model(&manifest.pair_model)?.head("frames")?)),
            Scorer::Embedding => {
                manifest.model(&manifest.vector_model)?.embedding.as_ref().map(fit::FrameCalibration::Embedding)
            }
            // They take those of cross: they are to be fitted there.
            Scorer::Cascade | Scorer::Student => None,
        };
        Ok(fit::frames(answers, &self.gold, calibration.filter(|_| options.unit == Unit::Text)))
    }
}
