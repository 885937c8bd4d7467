//! What an evaluation found; serialises to the one object of `--json`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::dataset::Skipped;
use super::fit::Fit;
use super::task::{Task, Unit};
use crate::run_folder::ModelUsed;

/// Scores of one task on one file. Shares are in 0..=1; an absent value has no meaning for the task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    pub task: Task,
    /// Examples scored.
    pub n: usize,
    /// Share decided right; `None` for multi-label.
    pub accuracy: Option<f64>,
    pub accuracy_ci: Option<[f64; 2]>,
    /// Mean F1 over the labels that are carried or decided.
    pub macro_f1: Option<f64>,
    pub macro_f1_ci: Option<[f64; 2]>,
    /// F1 of all decisions together; equals accuracy with one label a text.
    pub micro_f1: Option<f64>,
    pub micro_f1_ci: Option<[f64; 2]>,
    /// Mean over labels of the area under the ROC curve, each against the rest.
    pub auc_mean: Option<f64>,
    pub auc_mean_ci: Option<[f64; 2]>,
    /// Expected calibration error with the manifest's temperature: of the decided label's probability, or of each
    /// label's own where a cut-off decides.
    pub ece: Option<f64>,
    /// With temperature 1.
    pub ece_uncalibrated: Option<f64>,
    #[serde(serialize_with = "by_label")]
    pub per_class: Vec<LabelScores>,
    /// Texts, sentences or pairs a second through the models, loading not counted.
    pub sentences_per_second: f64,
    /// Rows gold, columns decided; only with one label a text.
    pub confusion: Option<Vec<Vec<u64>>>,
    pub multi_label: bool,
    pub temperature: Option<f32>,
    /// Examples that are resampled together count as one.
    pub clusters: usize,
    pub resamples: u32,
    pub confidence: f64,
    pub seed: u64,
    /// Texts, sentences or pairs that went through the models.
    pub passed: usize,
    pub seconds: f64,
    pub threads: usize,
    pub unit: Unit,
    /// Of frames.
    pub scorer: Option<&'static str>,
    pub scheme: Option<String>,
    pub engine: String,
    pub models: Vec<ModelUsed>,
    pub skipped: Skipped,
    /// What a reader of the numbers must know.
    pub notes: Vec<String>,
    pub fit: Option<Fit>,
}

/// Scores of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelScores {
    #[serde(skip)]
    pub label: String,
    /// `None` where the label was never decided.
    pub precision: Option<f64>,
    /// `None` where no example carries it.
    pub recall: Option<f64>,
    pub f1: Option<f64>,
    /// Examples that carry it.
    pub support: u64,
    /// Examples for which it was decided.
    pub decided: u64,
    pub auc: Option<f64>,
    /// Cut-off in force; `None` where the most probable label is decided.
    pub threshold: Option<f32>,
}

fn by_label<S: Serializer>(labels: &[LabelScores], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(labels.len()))?;
    for scores in labels {
        map.serialize_entry(&scores.label, scores)?;
    }
    map.end()
}
